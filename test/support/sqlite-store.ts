/** SQLite stores in directories that go away with the test. */

import type { Store } from '../../src/core/ports.ts';
import type { SqliteStoreOptions } from '../../src/store/sqlite/store.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { countingRandom } from './entries.ts';

export interface SqliteHarness {
  dir: string;
  file: string;
  store: Store;
  /** Closes and opens again. */
  reopen(): Promise<Store>;
  /** Removes every row behind the store's back, faster than opening another one. */
  clear(): Promise<void>;
  /** Closes everything and removes the directory. */
  end(): Promise<void>;
}

export async function sqliteHarness(options: Pick<SqliteStoreOptions, 'maxPageCount'> = {}): Promise<SqliteHarness> {
  const dir = await mkdtemp(join(tmpdir(), 'tollboard-store-'));
  const file = join(dir, 'data', 'tollboard.sqlite');
  const open = () => createSqliteStore({ file, random: countingRandom(), ...options });
  const harness: SqliteHarness = {
    dir,
    file,
    store: await open(),
    async reopen() {
      await harness.store.close();
      harness.store = await open();
      return harness.store;
    },
    clear: () => clear(file, harness.store),
    async end() {
      await harness.store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return harness;
}

/** One store for many tests, emptied in between: opening one, with its thread, takes longer than most tests. */
export function sharedSqlite(): { take(): Promise<SqliteHarness>; end(): Promise<void> } {
  let shared: SqliteHarness | null = null;
  async function end() {
    await shared?.end();
    shared = null;
  }
  return {
    end,
    async take() {
      shared ??= await sqliteHarness();
      const { dir, file, store } = shared;
      let touched = false;
      const close = store.close;
      function markAndClose() {
        touched = true;
        return close();
      }
      const harness: SqliteHarness = {
        dir,
        file,
        clear: () => clear(file, harness.store),
        store: { ...store, close: markAndClose },
        async reopen() {
          await markAndClose();
          harness.store = await createSqliteStore({ file, random: countingRandom() });
          return harness.store;
        },
        async end() {
          if (!touched) return clear(file, store);
          await harness.store.close();
          await end();
        },
      };
      return harness;
    },
  };
}

/** The write makes the store see that somebody else wrote. */
async function clear(file: string, store: Store): Promise<void> {
  empty(file);
  await store.revokeToken('SKnone', 0);
}

function empty(file: string): void {
  const db = new DatabaseSync(file, { timeout: 1500 });
  const tables = db.prepare("select name from sqlite_schema where type = 'table' and name <> 'counts'").all();
  for (const { name } of tables) db.exec(`delete from ${String(name)}`);
  db.exec('update counts set entries = 0');
  db.close();
}
