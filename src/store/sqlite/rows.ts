/** Records as rows and back: one table of columns, from which the statements are written. */

import type { EntryRecord, NewEntry } from '../../core/entry.ts';
import type { EventRecord } from '../../core/event.ts';
import type { Forward, TokenRecord } from '../../core/ports.ts';
import type { SenderPace } from '../../core/throttle.ts';
import type { StoredEntry } from '../tables.ts';

export type SqlValue = string | number | null;
export type Row = Record<string, SqlValue>;

/** How a field is kept: as it is, as 0 or 1, or as JSON (an empty list as null). */
type Form = 'plain' | 'boolean' | 'json' | 'list';

/** Every field of an entry: its column and form. A field that is missing here does not compile. */
export const ENTRY_COLUMNS = {
  seq: ['seq', 'plain'],
  id: ['id', 'plain'],
  kind: ['kind', 'plain'],
  sid: ['sid', 'plain'],
  state: ['state', 'plain'],
  status: ['status', 'plain'],
  to: ['recipient', 'plain'],
  from: ['sender', 'plain'],
  body: ['body', 'plain'],
  params: ['params', 'json'],
  extra: ['extra', 'list'],
  host: ['host', 'plain'],
  account: ['account', 'plain'],
  idempotencyKey: ['idempotency_key', 'plain'],
  segments: ['segments', 'plain'],
  encoding: ['encoding', 'plain'],
  attempts: ['attempts', 'plain'],
  error: ['error', 'json'],
  resolution: ['resolution', 'json'],
  simulated: ['simulated', 'boolean'],
  onUnknown: ['on_unknown', 'plain'],
  callbackMode: ['callback_mode', 'plain'],
  dueAt: ['due_at', 'plain'],
  notBefore: ['not_before', 'plain'],
  expiresAt: ['expires_at', 'plain'],
  sendingAt: ['sending_at', 'plain'],
  listings: ['listings', 'list'],
  lookups: ['lookups', 'plain'],
  polls: ['polls', 'plain'],
  failedPolls: ['failed_polls', 'plain'],
  leftAfter: ['left_after', 'plain'],
  createdAt: ['created_at', 'plain'],
  updatedAt: ['updated_at', 'plain'],
  idGiven: ['id_given', 'boolean'],
  deleted: ['deleted', 'boolean'],
} as const satisfies Record<keyof EntryRecord, readonly [column: string, form: Form]>;

export type EntryField = keyof typeof ENTRY_COLUMNS;
export const ENTRY_FIELDS = Object.keys(ENTRY_COLUMNS) as EntryField[];

export function encodeField(field: EntryField, value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  switch (ENTRY_COLUMNS[field][1]) {
    case 'plain':
      return value as SqlValue;
    case 'boolean':
      return value === true ? 1 : 0;
    case 'json':
      return JSON.stringify(value);
    case 'list':
      return (value as readonly unknown[]).length === 0 ? null : JSON.stringify(value);
  }
}

/** A row as an array: objects with thirty names cost ten times as much to make. */
export type Values = readonly SqlValue[];

/** Reads entries as {@link Values}, in the order of {@link ENTRY_COLUMNS}, then what only the store knows. */
export const SELECT_ENTRIES = `select ${ENTRY_FIELDS.map((field) => ENTRY_COLUMNS[field][0]).join(', ')}, lane, decided from entries`;

/** A new entry as such a row, without a number yet. */
export function rowOf(entry: NewEntry): Values {
  return ENTRY_FIELDS.map((field) => (field === 'seq' ? 0 : encodeField(field, entry[field])));
}

/** The same from a row with names. */
export function entryFromNamed(row: Row): EntryRecord {
  return entryFromValues(ENTRY_FIELDS.map((field) => row[ENTRY_COLUMNS[field][0]] ?? null));
}

/** Written out by position: it runs several times for every text sent, and a loop over the table costs twice as much. */
export function entryFromValues(row: Values): EntryRecord {
  return {
    seq: row[0] as number,
    id: row[1] as string,
    kind: row[2] as EntryRecord['kind'],
    sid: row[3] as string | null,
    state: row[4] as EntryRecord['state'],
    status: row[5] as string | null,
    to: row[6] as string,
    from: row[7] as string | null,
    body: row[8] as string | null,
    params: parse(row[9], {}),
    extra: parse(row[10], []),
    host: row[11] as string,
    account: row[12] as string,
    idempotencyKey: row[13] as string | null,
    segments: row[14] as number | null,
    encoding: row[15] as EntryRecord['encoding'],
    attempts: row[16] as number,
    error: parse(row[17], null),
    resolution: parse(row[18], null),
    simulated: row[19] === 1,
    onUnknown: row[20] as EntryRecord['onUnknown'],
    callbackMode: row[21] as EntryRecord['callbackMode'],
    dueAt: row[22] as number | null,
    notBefore: row[23] as number | null,
    expiresAt: row[24] as number | null,
    sendingAt: row[25] as number | null,
    listings: parse(row[26], []),
    lookups: row[27] as number,
    polls: row[28] as number,
    failedPolls: row[29] as number,
    leftAfter: row[30] as number | null,
    createdAt: row[31] as number,
    updatedAt: row[32] as number,
    idGiven: row[33] === 1,
    deleted: row[34] === 1,
  };
}

export function storedFromValues(row: Values): StoredEntry {
  return { record: entryFromValues(row), lane: row[35] as string | null, decided: row[36] as number };
}

export function eventFromRow(row: Row): EventRecord {
  return {
    seq: row.seq as number,
    id: row.id as string,
    type: row.type as EventRecord['type'],
    at: row.at as number,
    entryId: row.entry_id as string | null,
    data: parse(row.data, {}),
    ...(typeof row.form === 'string' ? { form: parse(row.form, []) } : {}),
    simulated: row.simulated === 1,
  };
}

export function forwardFromRow(row: Row): Forward {
  return {
    seq: row.seq as number,
    entryId: row.entry_id as string,
    account: row.account as string,
    url: row.url as string,
    fields: parse(row.fields, []),
    attempts: row.attempts as number,
    dueAt: row.due_at as number,
  };
}

export function paceFromRow(row: Row): SenderPace {
  return {
    sender: row.sender as string,
    configured: row.configured as number | null,
    slowed: row.slowed as number | null,
    changedAt: row.changed_at as number,
    nextAt: row.next_at as number,
  };
}

export function tokenFromRow(row: Row): TokenRecord {
  return {
    sid: row.sid as string,
    name: row.name as string,
    hash: row.hash as string,
    createdAt: row.created_at as number,
    revokedAt: row.revoked_at as number | null,
  };
}

export function parse<T>(text: SqlValue | undefined, empty: T): T {
  return typeof text === 'string' ? (JSON.parse(text) as T) : empty;
}
