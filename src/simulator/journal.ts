/** The simulator's memory on disk: one SQLite file, records as JSON, many writes per commit. */

import type { StatementSync } from 'node:sqlite';
import type { Journal } from './store.ts';
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { TollboardError } from '../core/errors.ts';

const SCHEMA_VERSION = 1;

/**
 * Opens or creates `file` (readable by its owner only). Commits survive the death of the process; after a power
 * cut the last ones may be missing, which a simulator may lose. Errors: `TOLLBOARD_SIMULATOR_FILE`.
 */
export function openJournal(file: string): Journal {
  let connection: Connection | null = connect(file);
  /** Latest record per key: ten changes within one turn of the event loop are one row. */
  const pending = new Map<string, { kind: string; key: string; record: unknown }>();
  let flushed: Promise<void> | null = null;

  /** A simulator that was stopped may be started again. */
  function connected(): Connection {
    connection ??= connect(file);
    return connection;
  }

  function flush(): void {
    flushed = null;
    const { database, write, erase } = connected();
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { kind, key, record } of pending.values()) {
        if (record === null) erase.run(kind, key);
        else write.run(kind, key, JSON.stringify(record));
      }
      database.exec('COMMIT');
      pending.clear();
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw fileError(file, cause);
    }
  }

  function schedule(): Promise<void> {
    flushed ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          flush();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return flushed;
  }

  return {
    put(kind, key, record) {
      pending.set(`${kind} ${key}`, { kind, key, record });
      schedule().catch(() => undefined);
    },
    committed: () => (pending.size === 0 ? Promise.resolve() : schedule()),
    load: (kind) =>
      connected()
        .database.prepare('SELECT json FROM records WHERE kind = ? ORDER BY place')
        .all(kind)
        .map((row) => JSON.parse(row.json as string) as unknown),
    async close() {
      if (connection === null) return;
      if (pending.size > 0) flush();
      connection.database.close();
      connection = null;
    },
  };
}

interface Connection {
  database: DatabaseSync;
  write: StatementSync;
  erase: StatementSync;
}

function connect(file: string): Connection {
  const database = open(file);
  return {
    database,
    write: database.prepare(
      'INSERT INTO records (kind, key, json) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json',
    ),
    erase: database.prepare('DELETE FROM records WHERE kind = ? AND key = ?'),
  };
}

function open(file: string): DatabaseSync {
  try {
    closeSync(openSync(file, 'a', 0o600));
    // Short: the wait blocks the whole process, and nobody else should hold this file.
    const database = new DatabaseSync(file, { timeout: 100 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const version = database.prepare('PRAGMA user_version').get()?.user_version as number;
    if (version > SCHEMA_VERSION) throw new Error(`written by a newer version (schema ${version})`);
    database.exec(`
      CREATE TABLE IF NOT EXISTS records (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        json TEXT NOT NULL,
        UNIQUE (kind, key)
      ) STRICT;
      PRAGMA user_version = ${SCHEMA_VERSION};
    `);
    return database;
  } catch (cause) {
    throw fileError(file, cause);
  }
}

function fileError(file: string, cause: unknown): TollboardError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TollboardError('TOLLBOARD_SIMULATOR_FILE', { cause, details: { file, reason } });
}
