/** A consistent copy of a database that may be in use. */

import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { isTollboardError, TollboardError } from '../../core/errors.ts';
import { storeError } from './errors.ts';
import { COPIES, refuseForeignLog } from './schema.ts';

/** Larger than any database has pages. */
const ALL_PAGES = 2 ** 31 - 1;

/** What a copy that was interrupted may consist of. */
const LEFT_BEHIND = ['', '-wal', '-shm', '-journal'];

/**
 * Copies `file` as one snapshot to `target` (0600), while others read and write. The copy appears under its name only
 * when it is whole, and remembers that it is a copy of `now` (milliseconds). Throws `TOLLBOARD_STORE_BACKUP_EXISTS` when `target` exists,
 * `TOLLBOARD_STORE_BACKUP_FAILED`, `TOLLBOARD_STORE_LOG_FOREIGN` and the store's errors.
 */
export async function backupStore(file: string, target: string, now: number): Promise<void> {
  if (existsSync(target)) throw new TollboardError('TOLLBOARD_STORE_BACKUP_EXISTS', { details: { file: target } });
  refuseForeignLog(file);
  const partial = `${target}.partial`;
  try {
    for (const suffix of LEFT_BEHIND) rmSync(`${partial}${suffix}`, { force: true });
    closeSync(openSync(partial, 'wx', 0o600));
    // A connection of its own: the copy holds its lock for as long as it takes.
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1500 });
    try {
      // All pages in one step: in several, each commit of another connection would start the copy again.
      await backup(db, partial, { rate: ALL_PAGES });
    } finally {
      db.close();
    }
    remember(partial, now);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw (error as NodeJS.ErrnoException).syscall === undefined ? storeError(error, file) : copyFailure(error, target);
  }
}

/** A file that cannot be made or written, as one of ours; errors of ours stay as they are. */
export function copyFailure(cause: unknown, file: string): TollboardError {
  if (isTollboardError(cause)) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TollboardError('TOLLBOARD_STORE_BACKUP_FAILED', { cause, details: { file, reason: code ?? message } });
}

/**
 * What was to be sent may be sent by whoever goes on with the original: the first start on the copy has to know. And until
 * then it has no log of its own, so that one of another database beside it is noticed.
 */
function remember(copy: string, now: number): void {
  const db = new DatabaseSync(copy);
  try {
    db.exec('pragma journal_mode = delete');
    db.exec(COPIES);
    db.prepare('insert into copies (at) values (?)').run(now);
  } finally {
    db.close();
  }
}
