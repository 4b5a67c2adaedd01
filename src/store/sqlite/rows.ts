/** Records as rows and back: one table of columns, from which the statements are written. */

import type { EntryRecord } from '../../core/entry.ts';
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
  createdAt: ['created_at', 'plain'],
  updatedAt: ['updated_at', 'plain'],
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

/** Written out field by field: it runs several times for every text sent, and a loop over the table costs twice as much. */
export function entryFromRow(row: Row): EntryRecord {
  return {
    seq: row.seq as number,
    id: row.id as string,
    kind: row.kind as EntryRecord['kind'],
    sid: row.sid as string | null,
    state: row.state as EntryRecord['state'],
    status: row.status as string | null,
    to: row.recipient as string,
    from: row.sender as string | null,
    body: row.body as string | null,
    params: parse(row.params, {}),
    extra: parse(row.extra, []),
    host: row.host as string,
    account: row.account as string,
    idempotencyKey: row.idempotency_key as string | null,
    segments: row.segments as number | null,
    encoding: row.encoding as EntryRecord['encoding'],
    attempts: row.attempts as number,
    error: parse(row.error, null),
    resolution: parse(row.resolution, null),
    simulated: row.simulated === 1,
    onUnknown: row.on_unknown as EntryRecord['onUnknown'],
    callbackMode: row.callback_mode as EntryRecord['callbackMode'],
    dueAt: row.due_at as number | null,
    notBefore: row.not_before as number | null,
    expiresAt: row.expires_at as number | null,
    sendingAt: row.sending_at as number | null,
    listings: parse(row.listings, []),
    lookups: row.lookups as number,
    polls: row.polls as number,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
  };
}

export function storedFromRow(row: Row): StoredEntry {
  return { record: entryFromRow(row), lane: row.lane as string | null, decided: row.decided as number };
}

export function eventFromRow(row: Row): EventRecord {
  return {
    seq: row.seq as number,
    id: row.id as string,
    type: row.type as EventRecord['type'],
    at: row.at as number,
    entryId: row.entry_id as string | null,
    data: parse(row.data, {}),
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
