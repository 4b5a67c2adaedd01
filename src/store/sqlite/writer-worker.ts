/** The writer's thread: takes the operations that have gathered, and commits them together. */

import type { StatementSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '../../core/errors.ts';
import type { OperationName, Operations, Performed } from '../operations.ts';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { TollboardError } from '../../core/errors.ts';
import { perform } from '../operations.ts';
import { storeError } from './errors.ts';
import { SqliteTables } from './tables.ts';

export interface WriterSettings {
  file: string;
  /** Pages the database may have (SQLite's `max_page_count`), null for no limit. */
  maxPageCount: number | null;
}

/** An operation on its way to the thread. `at` is the process's monotonic time in milliseconds when it was asked for. */
export interface WriteRequest {
  number: number;
  at: number;
  name: OperationName;
  input: Operations[OperationName]['input'];
}

export type WriteAnswer =
  | { number: number; performed: Performed }
  | { number: number; error: { code: ErrorCode; message: string; details: Record<string, unknown>; cause: unknown } };

export type ToWriter = WriteRequest[] | 'close';
export type FromWriter =
  | { ready: true }
  | { failed: Extract<WriteAnswer, { error: unknown }>['error'] }
  | WriteAnswer[];

/** How long an operation may have waited for the lock of another program when it is given up. */
const BUSY_MS = 1300;

/** Operations of one commit; more than this wait for the next, so that the first are answered in time. */
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
    this.#db.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536; pragma wal_autocheckpoint = 8000; pragma secure_delete = fast',
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
  write(group: readonly WriteRequest[]): WriteAnswer[] {
    try {
      this.#waitForLock(BUSY_MS - (now() - (group[0]?.at ?? now())));
      this.#begin.run();
      const answers = group.map(({ number, name, input }) => ({
        number,
        performed: perform(this.#tables, name, input),
      }));
      this.#tables.flushCounts();
      this.#commit.run();
      return answers;
    } catch (error) {
      this.#abandon();
      const failure = this.failure(error);
      if (group.length > 1 && failure.code !== 'TOLLBOARD_STORE_BUSY') return group.flatMap((one) => this.write([one]));
      return group.map(({ number }) => ({ number, error: failure }));
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

  failure(error: unknown): Extract<WriteAnswer, { error: unknown }>['error'] {
    const { code, message, details, cause } = storeError(error, this.#file);
    return { code, message, details, cause: cause instanceof Error ? cause.message : null };
  }

  #abandon(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      this.#tables.reload();
    } catch {
      // The next group meets the same trouble and says so.
    }
  }

  /** The oldest operation of the group decides: it must be answered within two seconds of being asked for. */
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
  let waiting: WriteRequest[] = [];
  let closing = false;

  /** What arrived while the last commit was on its way belongs to the next one. */
  function gather(): void {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      take(next.message as ToWriter);
    }
  }

  function take(message: ToWriter): void {
    if (message === 'close') closing = true;
    else waiting = waiting.length === 0 ? message : waiting.concat(message);
  }

  port.on('message', (message: ToWriter) => {
    take(message);
    gather();
    while (waiting.length > 0) {
      send(writer.write(waiting.splice(0, GROUP)));
      gather();
    }
    if (!closing) return;
    writer.close();
    port.close();
  });
  send({ ready: true });
}

/** Monotonic, and the same in every thread of the process. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

if (parentPort !== null) run(parentPort, workerData as WriterSettings);
