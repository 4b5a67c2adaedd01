/** One gateway per data directory: a lock that the operating system lets go of when the process ends, however it ends. */

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TollboardError } from '../../core/errors.ts';
import { storeError } from './errors.ts';

export interface DataLock {
  /** May be called twice. */
  release(): void;
}

/**
 * Holds `BEGIN EXCLUSIVE` on `<dir>/lock.db` until released. Throws `TOLLBOARD_DATA_IN_USE`, naming the holder's process
 * where `<dir>/lock.pid` tells it. The directory is created (0700) when missing.
 */
export async function lockDataDirectory(dir: string): Promise<DataLock> {
  const file = join(dir, 'lock.db');
  const pidFile = join(dir, 'lock.pid');
  let db: DatabaseSync;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Never opened this way again while locked: closing any handle of the file would drop the lock (POSIX).
    createOnce(file);
    db = new DatabaseSync(file);
  } catch (error) {
    throw storeError(error, file);
  }
  try {
    db.exec('begin exclusive');
  } catch (error) {
    db.close();
    const failure = storeError(error, file);
    if (failure.code !== 'TOLLBOARD_STORE_BUSY') throw failure;
    throw new TollboardError('TOLLBOARD_DATA_IN_USE', { cause: error, details: { dir, owner: ownerOf(pidFile) } });
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
}

function createOnce(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function ownerOf(pidFile: string): string {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isInteger(pid) ? `process ${pid}` : 'process unknown';
  } catch {
    return 'process unknown';
  }
}
