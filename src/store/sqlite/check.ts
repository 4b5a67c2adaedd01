/** Is a database intact, and does what is in it make sense? For `tollboard store check`. */

import type { CheckReport } from '../../core/ports.ts';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isTollboardError, TollboardError } from '../../core/errors.ts';
import { storeError } from './errors.ts';
import { refuseForeignLog, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { Statements } from './statements.ts';

export interface StoreCheck extends CheckReport {
  schemaVersion: number | null;
  /** Entries by state; empty when the file could not be read. */
  counts: Record<string, number>;
}

/** Reads only; the gateway may be running. Throws `TOLLBOARD_STORE_DAMAGED` when there is no such file. */
export function checkStore(file: string): StoreCheck {
  if (!existsSync(file)) {
    throw new TollboardError('TOLLBOARD_STORE_DAMAGED', { details: { file, reason: 'it does not exist' } });
  }
  const report: StoreCheck = { ok: true, checks: [], schemaVersion: null, counts: {} };
  let db: DatabaseSync | null = null;
  try {
    refuseForeignLog(file);
    db = new DatabaseSync(file, { readOnly: true, timeout: 1500 });
    report.schemaVersion = schemaVersion(db, file);
    const older = report.schemaVersion < SCHEMA_VERSION;
    const later = older ? ': the next start of a gateway brings it up to date, and then its rows can be checked' : '';
    add(report, 'schema', true, `Schema version ${report.schemaVersion} of ${SCHEMA_VERSION}${later}.`);
    const sql = new Statements(db);
    const faults = sql.all('pragma integrity_check(20)').map((row) => String(row.integrity_check));
    add(
      report,
      'integrity',
      faults.length === 1 && faults[0] === 'ok',
      `SQLite's integrity check: ${faults.join('; ')}.`,
    );
    if (!older) checkRows(sql, report);
    if (report.schemaVersion > 0) countStates(sql, report);
  } catch (error) {
    const failure = isTollboardError(error) ? error : storeError(error, file);
    report.ok = false;
    const { message, remedy, report: fault } = failure;
    report.checks.push({ name: 'file', ok: false, message, remedy, error: fault });
  } finally {
    db?.close();
  }
  return report;
}

/** Rows that no sequence of writes can have left; each query counts them. */
const CONTRADICTIONS: ReadonlyArray<[name: string, message: string, sql: string]> = [
  [
    'due times',
    'entries wait for their turn without a due time',
    `select count(*) as rows from entries where state in ('queued', 'scheduled', 'unknown') and state <> 'done' and due_at is null`,
  ],
  [
    'held entries',
    'held entries offer no choice',
    `select count(*) as rows from entries where state = 'held' and state <> 'done' and resolution is null`,
  ],
  [
    'lanes',
    'entries wait for the pace of a sender that has none',
    `select count(*) as rows from entries where lane is not null
      and (state not in ('queued', 'scheduled') or lane not in (select sender from senders))`,
  ],
  [
    'decisions',
    'entries whose decisions are not all there',
    `select count(*) as rows from entries
      where decided <> (select count(*) from decisions where decisions.entry_seq = entries.seq)`,
  ],
  [
    'orphans',
    'decisions or forwards without their entry',
    `select (select count(*) from decisions where entry_seq not in (select seq from entries))
      + (select count(*) from forwards where entry_id not in (select id from entries)) as rows`,
  ],
  [
    'consumers',
    'consumers are ahead of the events, or have replays of events that are gone',
    `select (select count(*) from consumers
        where seq > coalesce((select seq from sqlite_sequence where name = 'events'), 0))
      + (select count(*) from replays where event_seq not in (select seq from events)
        or consumer not in (select consumer from consumers)) as rows`,
  ],
  [
    'counts',
    'states whose count is wrong',
    `select count(*) as rows from counts
      where entries <> (select count(*) from entries where entries.state = counts.state)`,
  ],
];

function checkRows(sql: Statements, report: StoreCheck): void {
  for (const [name, message, query] of CONTRADICTIONS) {
    const rows = Number(sql.get(query)?.rows);
    add(report, name, rows === 0, `${rows} ${message}.`);
  }
}

function countStates(sql: Statements, report: StoreCheck): void {
  for (const row of sql.all('select state, count(*) as rows from entries group by state')) {
    report.counts[String(row.state)] = Number(row.rows);
  }
}

function add(report: StoreCheck, name: string, ok: boolean, message: string): void {
  report.ok &&= ok;
  const remedy = ok ? null : 'Stop the gateway, keep a copy of the file, and restore the newest backup.';
  report.checks.push({ name, ok, message, remedy, error: null });
}
