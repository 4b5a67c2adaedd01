/** The store in one SQLite file: one connection writes in a thread, another one reads here. */

import type { Random, Store } from '../../core/ports.ts';
import type { Mirrored } from './crossing.ts';
import { DatabaseSync } from 'node:sqlite';
import { createWrites, Listeners } from '../writes.ts';
import { backupStore } from './backup.ts';
import { storeError } from './errors.ts';
import { HotEntries } from './hot-entries.ts';
import { createReads } from './reads.ts';
import { prepareDatabase } from './schema.ts';
import { startWriter } from './writer.ts';

export interface SqliteStoreOptions {
  /** Created when missing (0600), with its directory (0700). */
  file: string;
  /** Mints the ids of events. */
  random: Random;
  /** Pages the database may have (SQLite's `max_page_count`); default: no limit. */
  maxPageCount?: number;
}

/**
 * Opens or creates the store. One store per file: who opens it holds the lock of {@link lockDataDirectory}. Throws
 * `TOLLBOARD_STORE_NEWER` for a schema of a later version, `TOLLBOARD_STORE_DAMAGED`, `TOLLBOARD_STORE_BUSY`.
 */
export async function createSqliteStore({ file, random, maxPageCount }: SqliteStoreOptions): Promise<Store> {
  await prepareDatabase(file);
  const listeners = new Listeners();
  const mirror = new HotEntries<Mirrored>();
  const writer = await startWriter({ file, maxPageCount: maxPageCount ?? null }, listeners, mirror);
  const db = openReader(file);
  let closed = false;
  const writes = createWrites(writer.write, random);
  const reads = createReads(db);
  // Most stores know no opt-out; then accepting a text must not cost a read for it.
  let anyOptOut = db.prepare('select 1 from opt_outs limit 1').get() !== undefined;
  return {
    ...writes,
    ...reads,
    async setOptOut(...pair) {
      anyOptOut = true;
      await writes.setOptOut(...pair);
    },
    // As of the last commit that was told; the disk may be a commit ahead of that, and is asked for all others.
    entry: async (key) => ('id' in key && mirror.byId(key.id)?.record) || reads.entry(key),
    optedOut: async (...pair) => anyOptOut && reads.optedOut(...pair),
    backup: (target, now) => backupStore(file, target, now),
    onCommit: (listener) => listeners.add(listener),
    async close() {
      // The writer last: only who may write can put the rest of the log into the file, and remove it.
      if (!closed) db.close();
      closed = true;
      await writer.close();
    },
  };
}

function openReader(file: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1500 });
    db.exec('pragma cache_size = -16384; pragma mmap_size = 268435456');
    return db;
  } catch (error) {
    throw storeError(error, file);
  }
}
