/** Every write of a store as an operation on its tables: the same code for memory and SQLite, run in one transaction each. */

import type { InboundResult, Keeping } from '../core/consumer.ts';
import type { EntryRecord } from '../core/entry.ts';
import type { EventRecord, NewEvent } from '../core/event.ts';
import type { AcceptBatch, AcceptResult, Applied, Change, ClaimQuery, Commit, TokenRecord } from '../core/ports.ts';
import type { SenderPace } from '../core/throttle.ts';
import type { Changes } from './changes.ts';
import type { Pruned, PrunedTable, Tables } from './tables.ts';
import { transition } from '../core/outbox.ts';
import { newPace, slow } from '../core/throttle.ts';
import { forward, writeTransition } from './changes.ts';
import { claim } from './claim.ts';
import { keep, receive, replay, subscribe } from './consume.ts';

/** What each operation takes and answers; plain data, so that it can cross to a thread. */
export interface Operations {
  accept: { input: AcceptBatch; value: AcceptResult };
  claim: { input: ClaimQuery; value: EntryRecord[] };
  apply: {
    input: { changes: readonly Change[]; eventIds: ReadonlyArray<string | null>; now: number };
    value: Applied[];
  };
  rebase: { input: { now: number }; value: number };
  recoverCopy: { input: { now: number }; value: number };
  slow: { input: { sender: string; configured: number | null; now: number }; value: SenderPace };
  addEvent: { input: NewEvent; value: EventRecord };
  receive: { input: { keys: readonly string[]; event: NewEvent }; value: InboundResult };
  keepAnswer: { input: { eventSeq: number; answer: string }; value: null };
  subscribe: { input: { consumers: readonly string[] }; value: null };
  keep: { input: Keeping; value: boolean };
  replay: { input: { eventSeq: number; consumers: readonly string[] | null }; value: string[] };
  setOptOut: { input: { account: string; sender: string; recipient: string; until: number | null }; value: null };
  settleForward: { input: { seq: number; retryAt: number | null }; value: null };
  addToken: { input: TokenRecord; value: null };
  revokeToken: { input: { sid: string; now: number }; value: boolean };
  noteAccount: { input: { account: string; simulated: boolean; now: number }; value: null };
  prune: { input: { table: PrunedTable; olderThan: number; after: number }; value: Pruned };
}

export type OperationName = keyof Operations;

/** An operation's answer and what it changed. */
export interface Performed<N extends OperationName = OperationName> extends Commit {
  value: Operations[N]['value'];
}

/** Runs one operation. What it throws must undo all its writes: the caller's transaction sees to that. */
export function perform<N extends OperationName>(tables: Tables, name: N, input: Operations[N]['input']): Performed<N> {
  const changes: Changes = { entries: [], events: [], replayed: [] };
  const value = HANDLERS[name](tables, input, changes);
  return { value, ...changes };
}

type Handler<N extends OperationName> = (
  tables: Tables,
  input: Operations[N]['input'],
  changes: Changes,
) => Operations[N]['value'];

const HANDLERS: { readonly [N in OperationName]: Handler<N> } = {
  accept,
  claim,
  apply,
  rebase,
  recoverCopy,
  slow(tables, { sender, configured, now }) {
    const pace = slow({ ...(tables.pace(sender) ?? newPace(sender, configured, now)), configured }, now);
    tables.savePace(pace);
    return pace;
  },
  addEvent(tables, event, changes) {
    const record = tables.insertEvent(event);
    changes.events.push(record);
    return record;
  },
  receive,
  keepAnswer(tables, { eventSeq, answer }) {
    tables.consumers.insertAnswer(eventSeq, answer);
    return null;
  },
  subscribe,
  keep,
  replay,
  setOptOut(tables, { account, sender, recipient, until }) {
    tables.setOptOut(account, sender, recipient, until);
    return null;
  },
  settleForward(tables, { seq, retryAt }) {
    if (retryAt === null) tables.deleteForward(seq);
    else tables.postponeForward(seq, retryAt);
    return null;
  },
  addToken(tables, token) {
    tables.insertToken(token);
    return null;
  },
  revokeToken: (tables, { sid, now }) => tables.revokeToken(sid, now),
  noteAccount(tables, { account, simulated, now }) {
    tables.noteAccount(account, simulated, now);
    return null;
  },
  prune: (tables, { table, olderThan, after }) => tables.prune(table, olderThan, after),
};

function accept(tables: Tables, batch: AcceptBatch, changes: Changes): AcceptResult {
  const { idempotency, now } = batch;
  if (idempotency !== undefined) {
    const earlier = tables.idempotency(idempotency.key);
    if (earlier !== null) {
      return earlier.hash === idempotency.hash
        ? { outcome: 'replayed', answer: earlier.answer }
        : { outcome: 'mismatch' };
    }
  }
  // The entries first: a store that cannot undo must not be left with a key whose entries it refused.
  const entries = tables.insertEntries(batch.entries, batch.decisions);
  if (idempotency !== undefined) tables.insertIdempotency(idempotency.key, idempotency, now);
  changes.entries.push(...entries);
  return { outcome: 'accepted', entries };
}

function apply(tables: Tables, input: Operations['apply']['input'], changes: Changes): Applied[] {
  return input.changes.map((change, index) => applyOne(tables, change, input.eventIds[index], input.now, changes));
}

function applyOne(
  tables: Tables,
  { key, fact }: Change,
  eventId: string | null | undefined,
  now: number,
  changes: Changes,
): Applied {
  const before = tables.entry(key);
  if (before === null) return { outcome: 'missing' };
  const move = transition(before.record, fact, now);
  if (!move.ok) return { outcome: 'refused', entry: before.record, refused: move.refused };
  if (fact.type === 'found' || fact.type === 'status') {
    // Equal texts are told apart by count alone, so two entries may be offered the same SID at the same time.
    const owner = before.record.sid === null ? tables.entry({ sid: fact.sid }) : null;
    if (owner !== null)
      return { outcome: 'refused', entry: before.record, refused: `${fact.sid} is shown by ${owner.record.id}.` };
  }
  const { stored, event } = writeTransition(tables, before, move, {
    now,
    changes,
    ...(typeof eventId === 'string' ? { eventId } : {}),
  });
  const { record } = stored;
  if (fact.type === 'redacted' || fact.type === 'deleted') redactAnswer(tables, record);
  if (fact.type === 'status' && record.callbackMode === 'own')
    forward(tables, record, fact.status, { fields: fact.fields, now });
  return { outcome: 'applied', entry: record, event };
}

/** The answer stored under its key repeats the text: it is removed there, too. */
function redactAnswer(tables: Tables, { id, idempotencyKey }: EntryRecord): void {
  const stored = idempotencyKey === null ? null : tables.idempotency(idempotencyKey);
  if (idempotencyKey === null || stored === null) return;
  const entries = JSON.parse(stored.answer) as Array<{ id: string | null; body: string | null }>;
  const answer = JSON.stringify(entries.map((entry) => (entry.id === id ? { ...entry, body: '' } : entry)));
  tables.rewriteAnswer(idempotencyKey, answer);
}

function rebase(tables: Tables, { now }: Operations['rebase']['input']): number {
  const ahead = tables.writtenAfter(now);
  for (const stored of ahead) {
    const { dueAt, expiresAt, notBefore, createdAt, updatedAt, state } = stored.record;
    const byMs = updatedAt - now;
    const dueStays = state === 'scheduled' || dueAt === null;
    // Counted from acceptance, so it moves where the acceptance itself was ahead; from a schedule it is absolute.
    const endStays = expiresAt === null || createdAt <= now || (notBefore ?? 0) > createdAt;
    const times = { dueAt: dueStays ? dueAt : dueAt - byMs, expiresAt: endStays ? expiresAt : expiresAt - byMs };
    tables.moveEntry(stored, times, now);
  }
  tables.hastenForwards(now);
  return ahead.length;
}

function recoverCopy(tables: Tables, { now }: Operations['recoverCopy']['input'], changes: Changes): number {
  const copiedAt = tables.takeCopiedAt();
  if (copiedAt === null) return 0;
  tables.consumers.settleAll();
  let moved = 0;
  for (const stored of tables.undecided()) {
    const move = transition(stored.record, { type: 'restored', copiedAt }, now);
    if (!move.ok) continue;
    writeTransition(tables, stored, move, { now, changes });
    moved += 1;
  }
  return moved;
}
