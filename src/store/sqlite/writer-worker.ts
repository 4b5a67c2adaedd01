/** The writer's thread: takes a batch of operations and commits them together. */

import type { StatementSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import type { Failure, WriteAnswer, WriteBatch, WriteRequest } from './crossing.ts';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { TollboardError } from '../../core/errors.ts';
import { perform } from '../operations.ts';
import { packAnswer, unpackInput } from './crossing.ts';
import { storeError } from './errors.ts';
import { SqliteTables } from './tables.ts';

export interface WriterSettings {
  file: string;
  /** Pages the database may have (SQLite's `max_page_count`), null for no limit. */
  maxPageCount: number | null;
}

/** A {@link WriteBatch} as JSON, or null: finish what was asked for and close. */
export type ToWriter = string | null;
/** Answers ({@link WriteAnswer}) as JSON, after the word that the thread is ready or cannot be. */
export type FromWriter = string | { ready: true } | { failed: Failure };

/** How long an operation may have waited for the lock of another program when it is given up. */
const BUSY_MS = 1300;

/** Operations of one commit; of a larger batch the rest waits for the next, so that the first are answered in time. */
const GROUP = 512;

class Writer {
  readonly #db: DatabaseSync;
  readonly #tables: SqliteTables;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #file: string;
  #busyMs = -1;

  constructor({ file, maxPageCount }: WriterSettings) {
    this.#file = file;
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS });
    // 8 MB of cache: at every commit SQLite looks through the table of all cached pages. With 64 MB a commit of 20 texts
    // costs twice as much once the database has filled the cache, more than reading pages from the system's cache again.
    this.#db.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -8192; pragma wal_autocheckpoint = 8000; pragma secure_delete = fast',
    );
    if (maxPageCount !== null) this.#db.exec(`pragma max_page_count = ${Math.trunc(maxPageCount)}`);
    this.#tables = new SqliteTables(this.#db);
    this.#begin = this.#db.prepare('begin immediate');
    this.#commit = this.#db.prepare('commit');
  }

  /**
   * One transaction for all. When one operation of several fails, everything is undone and each is written in a
   * transaction of its own, so that the one hurts no other; the usual case then needs no savepoints.
   */
  write(group: readonly WriteRequest[], at: number): WriteAnswer[] {
    try {
      this.#waitForLock(BUSY_MS - (now() - at));
      this.#begin.run();
      this.#tables.begin();
      const answers = group.map(({ name, input }) => {
        const performed = perform(this.#tables, name, unpackInput(name, input));
        const answer = packAnswer(name, performed, this.#tables.patchOf);
        return this.#tables.tellCleared() ? { ...answer, cleared: true as const } : answer;
      });
      this.#tables.flushCounts();
      this.#commit.run();
      return answers;
    } catch (error) {
      this.#abandon();
      const failure = this.failure(error);
      if (group.length > 1 && failure.code !== 'TOLLBOARD_STORE_BUSY')
        return group.flatMap((one) => this.write([one], at));
      return group.map(() => ({ error: failure }));
    }
  }

  close(): void {
    try {
      this.#db.exec('pragma busy_timeout = 0; pragma wal_checkpoint(truncate)');
    } catch {
      // Readers or another program are in the way: the next start does it.
    }
    this.#db.close();
  }

  failure(error: unknown): Failure {
    const { code, message, details, cause } = storeError(error, this.#file);
    return { code, message, details, cause: cause instanceof Error ? cause.message : null };
  }

  #abandon(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('rollback');
    } catch {
      // The next group meets the same trouble and says so.
    }
    try {
      this.#tables.reload();
    } catch {
      // The next group meets the same trouble and says so.
    }
  }

  /** The oldest operation of the batch decides: it must be answered within two seconds of being asked for. */
  #waitForLock(ms: number): void {
    const busyMs = Math.max(0, Math.round(ms / 50) * 50);
    if (busyMs === this.#busyMs) return;
    this.#db.exec(`pragma busy_timeout = ${busyMs}`);
    this.#busyMs = busyMs;
  }
}

function run(port: MessagePort, settings: WriterSettings): void {
  const send = (message: FromWriter) => port.postMessage(message);
  let writer: Writer;
  try {
    writer = new Writer(settings);
  } catch (error) {
    const { code, message, details } = error instanceof TollboardError ? error : storeError(error, settings.file);
    send({ failed: { code, message, details, cause: null } });
    port.close();
    return;
  }
  port.on('message', (message: ToWriter) => {
    if (message === null) {
      writer.close();
      port.close();
      return;
    }
    const { at, requests } = JSON.parse(message) as WriteBatch;
    while (requests.length > 0) send(JSON.stringify(writer.write(requests.splice(0, GROUP), at)));
  });
  send({ ready: true });
}

/** Monotonic, and the same in every thread of the process. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

if (parentPort !== null) run(parentPort, workerData as WriterSettings);
