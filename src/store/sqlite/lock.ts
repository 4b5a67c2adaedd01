/** One gateway per data directory: a lock that the operating system lets go of when the process ends, however it ends. */

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TollboardError } from '../../core/errors.ts';
import { storeError } from './errors.ts';

export interface DataLock {
  /** May be called twice. */
  release(): void;
}

/**
 * Holds `BEGIN EXCLUSIVE` on `<dir>/lock.db` until released. Throws `TOLLBOARD_DATA_IN_USE`, naming the holder's process
 * where `<dir>/lock.pid` tells it, and `TOLLBOARD_DATA_UNUSABLE` for a directory that cannot be made or written. It is
 * created (0700) when missing.
 */
export async function lockDataDirectory(dir: string): Promise<DataLock> {
  const file = join(dir, 'lock.db');
  const pidFile = join(dir, 'lock.pid');
  let db: DatabaseSync;
  try {
    makeDirectory(dir);
    // Never opened this way again while locked: closing any handle of the file would drop the lock (POSIX).
    createOnce(file);
    db = new DatabaseSync(file);
  } catch (error) {
    throw unusable(dir, error);
  }
  try {
    db.exec('begin exclusive');
  } catch (error) {
    db.close();
    const failure = storeError(error, file);
    if (failure.code !== 'TOLLBOARD_STORE_BUSY') throw failure;
    throw new TollboardError('TOLLBOARD_DATA_IN_USE', { cause: error, details: { dir, owner: ownerOf(pidFile) } });
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db.close();
    throw unusable(dir, error);
  }
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

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'it cannot be made there',
  EROFS: 'that disk is read-only',
  EEXIST: 'a file stands in its way',
  ENOTDIR: 'a file stands in its way',
  ENOSPC: 'the disk is full',
};

function unusable(dir: string, cause: unknown): TollboardError {
  const { code } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code ?? ''] ?? (cause as { errstr?: string }).errstr ?? code ?? 'unknown fault';
  return new TollboardError('TOLLBOARD_DATA_UNUSABLE', { cause, details: { dir, reason } });
}

/** Not Node's `recursive`: that never ends where a folder that exists takes no folders, as in /proc. */
function makeDirectory(dir: string): void {
  if (existsAsDirectory(dir)) return;
  if (dirname(dir) !== dir) makeDirectory(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!existsAsDirectory(dir)) throw error;
  }
}

function existsAsDirectory(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
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
