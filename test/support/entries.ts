/** Entries, batches and queries for tests of what handles them. */

import type { Decision, EntryRecord, NewEntry } from '../../src/core/entry.ts';
import type { Fact } from '../../src/core/outbox.ts';
import type { AcceptBatch, AcceptResult, Applied, ClaimQuery, Random, Store } from '../../src/core/ports.ts';

/** Noon of 1 July 2026, UTC. */
export const NOON = Date.UTC(2026, 6, 1, 12);

export const ACCOUNT = `AC${'0'.repeat(31)}1`;
export const SENDER = '+15550000001';

/** The same numbers in the same order every time. */
export function countingRandom(): Random {
  let count = 0;
  return {
    number: () => 0.5,
    hex(length) {
      count += 1;
      return count.toString(16).padStart(length, '0');
    },
  };
}

const ids = countingRandom();

/** A queued message, due at once, with an id of its own. */
export function newEntry(given: Partial<NewEntry> = {}): NewEntry {
  const createdAt = given.createdAt ?? NOON;
  return {
    id: `${given.kind === 'call' ? 'CA' : 'SM'}${ids.hex(32)}`,
    kind: 'message',
    sid: null,
    state: 'queued',
    status: null,
    to: '+15551230001',
    from: SENDER,
    body: 'Hello',
    params: { body: 'Hello', from: SENDER },
    extra: [],
    idGiven: false,
    deleted: false,
    host: 'api',
    account: ACCOUNT,
    idempotencyKey: null,
    segments: 1,
    encoding: 'GSM-7',
    attempts: 0,
    error: null,
    resolution: null,
    simulated: true,
    onUnknown: 'resend',
    callbackMode: 'none',
    dueAt: createdAt,
    notBefore: null,
    expiresAt: null,
    sendingAt: null,
    leftAfter: null,
    listings: [],
    lookups: 0,
    polls: 0,
    failedPolls: 0,
    createdAt,
    updatedAt: createdAt,
    ...given,
  };
}

/** As a store keeps it: the first entry of a store, with the same id every time. */
export function entryRecord(given: Partial<EntryRecord> = {}): EntryRecord {
  return { seq: 1, ...newEntry({ id: `${given.kind === 'call' ? 'CA' : 'SM'}${'1'.repeat(32)}`, ...given }), ...given };
}

export function batchOf(entries: readonly NewEntry[], idempotency?: AcceptBatch['idempotency']): AcceptBatch {
  const decisions = entries.map(({ createdAt }): Decision => ({ at: createdAt, what: 'accepted', why: 'Accepted.' }));
  return {
    entries,
    decisions,
    now: entries[0]?.createdAt ?? NOON,
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** Accepts and gives back the records. */
export async function accepted(store: Store, ...entries: Partial<NewEntry>[]): Promise<EntryRecord[]> {
  return recordsOf(await store.accept(batchOf(entries.map(newEntry))));
}

export function recordsOf(result: AcceptResult): EntryRecord[] {
  if (result.outcome !== 'accepted') throw new Error(`expected acceptance, got ${result.outcome}`);
  return result.entries;
}

export function claimQuery(given: Partial<ClaimQuery> = {}): ClaimQuery {
  return {
    now: NOON,
    limit: 100,
    configured: {},
    accounts: [ACCOUNT],
    callbackMode: 'auto',
    callbackReachable: true,
    unsigned: [],
    paused: [],
    ...given,
  };
}

/** Applies one fact to one entry. */
export async function tell(store: Store, id: string, fact: Fact, now = NOON): Promise<Applied> {
  const [applied] = await store.apply([{ key: { id }, fact }], now);
  if (applied === undefined) throw new Error('no answer to a change');
  return applied;
}

export function taken(sid: string, status = 'queued'): Extract<Fact, { type: 'accepted' }> {
  return { type: 'accepted', sid, status, errorCode: null, errorMessage: null };
}

export function callback(sid: string, status: string): Extract<Fact, { type: 'status' }> {
  const fields: Array<[string, string]> = [
    ['MessageSid', sid],
    ['MessageStatus', status],
  ];
  return { type: 'status', source: 'callback', fields, sid, status, errorCode: null, errorMessage: null };
}
