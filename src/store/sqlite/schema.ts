/** Bringing a database file to the schema of this program, or refusing it. */

import type { Kysely } from 'kysely';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TollboardError } from '../../core/errors.ts';
import { storeError } from './errors.ts';

/** The newest schema that this program knows: the number of migrations (a test compares the two). */
export const SCHEMA_VERSION = 5;

/** `TOLL` in the file's header tells our databases from others (SQLite docs: PRAGMA application_id). */
export const APPLICATION_ID = 0x544f4c4c;

/** A row means: this file is a copy, made at that time, and no gateway has run on it. Copies of older files get the table late. */
export const COPIES = 'create table if not exists copies (at integer not null)';

/**
 * Creates the file (0600, its directory 0700) and takes the migrations it lacks, all in one transaction. Throws
 * `TOLLBOARD_STORE_NEWER`, `TOLLBOARD_STORE_LOG_FOREIGN`, and `TOLLBOARD_STORE_DAMAGED` for a file that is no database of ours.
 */
export async function prepareDatabase(file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  refuseForeignLog(file);
  const db = new DatabaseSync(file, { timeout: 1500 });
  try {
    const found = schemaVersion(db, file);
    if (found < SCHEMA_VERSION) await migrate(db, found);
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db.close();
  }
}

/**
 * A copy says in its header that it keeps no log, until its first start. A log beside it was left by the database that was
 * there before, and SQLite would play it into the copy. Throws `TOLLBOARD_STORE_LOG_FOREIGN`. SQLite docs: database file
 * format, 1.3.3 (file format version numbers).
 */
export function refuseForeignLog(file: string): void {
  const log = `${file}-wal`;
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const header = Buffer.alloc(READ_VERSION_AT + 1);
  const open = openSync(file, 'r');
  try {
    readSync(open, header);
  } finally {
    closeSync(open);
  }
  if (header[READ_VERSION_AT] === WITHOUT_LOG)
    throw new TollboardError('TOLLBOARD_STORE_LOG_FOREIGN', { details: { file, log } });
}

const READ_VERSION_AT = 19;
const WITHOUT_LOG = 1;

/** The schema version of an open database; 0 for an empty one. */
export function schemaVersion(db: DatabaseSync, file: string): number {
  const found = pragma(db, 'user_version');
  const tables = db.prepare('select count(*) as tables from sqlite_schema').get()?.tables;
  if ((found > 0 || tables !== 0) && pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new TollboardError('TOLLBOARD_STORE_DAMAGED', { details: { file, reason: 'another program wrote it' } });
  }
  if (found > SCHEMA_VERSION) {
    throw new TollboardError('TOLLBOARD_STORE_NEWER', { details: { file, found, known: SCHEMA_VERSION } });
  }
  return found;
}

async function migrate(db: DatabaseSync, found: number): Promise<void> {
  const [{ kyselyOver }, { MIGRATIONS }] = await Promise.all([import('./kysely.ts'), import('./migrations.ts')]);
  db.exec('pragma journal_mode = wal; pragma synchronous = full; begin immediate');
  try {
    const kysely = kyselyOver(db) as Kysely<unknown>;
    for (const step of MIGRATIONS.slice(found)) await step(kysely);
    db.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION}; commit`);
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`pragma ${name}`).get()?.[name]);
}
