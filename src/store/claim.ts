/** Taking due entries: each is claimed, waits for its sender's pace, or meets an end before anything is sent. */

import type { EntryRecord } from '../core/entry.ts';
import type { Fact } from '../core/outbox.ts';
import type { ClaimQuery } from '../core/ports.ts';
import type { Changes } from './changes.ts';
import type { StoredEntry, Tables } from './tables.ts';
import { chooseCallbackMode } from '../core/callback-mode.ts';
import { errorReport } from '../core/errors.ts';
import { transition } from '../core/outbox.ts';
import { optedOutReport } from '../core/policy/opt-out.ts';
import { depart, newPace, rateAt, senderKey } from '../core/throttle.ts';
import { writeTransition } from './changes.ts';

/** Entries looked at in one claim; the rest stays due. Bounds the time that one write may take. */
const LOOKED_AT = 1000;

/** See `Store.claim`. The lanes of paced senders come first, then what is due, oldest first. */
export function claim(tables: Tables, query: ClaimQuery, changes: Changes): EntryRecord[] {
  const room = new Map(Object.entries(query.room ?? {}));
  const round: Round = { tables, query, changes, claimed: [], waiting: new Map(), room, left: LOOKED_AT };
  for (const lapsed of tables.lapsedInLanes(query.now, LOOKED_AT)) settle(round, lapsed, { type: 'expired' });
  for (const { sender } of tables.lanes()) {
    if (!isOfAccount(sender, query.paused)) emptyLane(round, sender);
  }
  while (hasRoom(round)) {
    const wanted = query.limit - round.claimed.length;
    const due = tables.dueEntries(query.now, wanted, closed(round));
    for (const stored of due) if (round.room.get(stored.record.account) !== 0) takeDue(round, stored);
    if (due.length < wanted) break;
  }
  return round.claimed;
}

/** Is this sender (`<account>/<sender>`) one of theirs? */
export function isOfAccount(sender: string, accounts: readonly string[]): boolean {
  return accounts.some((account) => sender.startsWith(`${account}/`));
}

interface Round {
  readonly tables: Tables;
  readonly query: ClaimQuery;
  readonly changes: Changes;
  readonly claimed: EntryRecord[];
  /** Length of each lane met in this round. */
  readonly waiting: Map<string, number>;
  /** How many each account may still get. */
  readonly room: Map<string, number>;
  /** How many entries may still be looked at. */
  left: number;
}

function hasRoom({ claimed, query, left }: Round): boolean {
  return claimed.length < query.limit && left > 0;
}

function closed({ query, room }: Round): readonly string[] {
  const full = [...room].flatMap(([account, left]) => (left === 0 ? [account] : []));
  return full.length === 0 ? query.paused : [...query.paused, ...full];
}

/** Lets the entries of a lane leave as far as the pace allows now. */
function emptyLane(round: Round, sender: string): void {
  const { tables, query } = round;
  while (hasRoom(round)) {
    const head = tables.laneHead(sender);
    if (head === null || round.room.get(head.record.account) === 0) return;
    const end = endBeforeSend(round, head.record);
    if (end !== null) {
      settle(round, head, end);
      continue;
    }
    const { go, pace } = depart(paceOf(round, sender), query.now, true);
    tables.savePace(pace);
    if (!go) return;
    send(round, head);
  }
}

function takeDue(round: Round, stored: StoredEntry): void {
  const { tables, query } = round;
  const end = endBeforeSend(round, stored.record);
  const sender = senderKey(stored.record);
  if (end !== null) settle(round, stored, end);
  else if (query.configured[sender] === undefined && !tables.isSlowed(sender)) send(round, stored);
  else takePaced(round, stored, sender);
}

/** Behind those that wait already, else when the pace has room; else it is the first to wait. */
function takePaced(round: Round, stored: StoredEntry, sender: string): void {
  const { tables, query } = round;
  const waiting = round.waiting.get(sender) ?? tables.laneLength(sender);
  const before = paceOf(round, sender);
  if (waiting === 0) {
    const { go, pace } = depart(before, query.now, false);
    tables.savePace(pace);
    if (go) {
      send(round, stored);
      return;
    }
  }
  round.waiting.set(sender, waiting + 1);
  // The estimate is for people; the lane itself decides by the sender's `nextAt`.
  const rate = rateAt(before, query.now) ?? 1000;
  const until = Math.ceil(Math.max(before.nextAt, query.now) + (waiting * 1000) / rate);
  const why = `Its sender's pace of ${Number(rate.toFixed(2))} per second leaves no room now; ${waiting} wait before it.`;
  settle(round, stored, { type: 'postponed', until, why }, sender);
}

/** What ends an entry before anything of it is sent, or null. */
function endBeforeSend({ query, tables }: Round, record: EntryRecord): Fact | null {
  if (record.expiresAt !== null && record.expiresAt <= query.now) return { type: 'expired' };
  if (!query.accounts.includes(record.account)) {
    const error = errorReport('TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN', {
      stage: 'before_send',
      details: { account: record.account },
    });
    return { type: 'ambiguous', error, why: error.message };
  }
  const sender = senderKey(record).slice(record.account.length + 1);
  if (record.kind === 'message' && tables.isOptedOut(record.account, sender, record.to, query.now)) {
    return { type: 'rejected', error: optedOutReport(sender, record.to) };
  }
  return null;
}

function send(round: Round, stored: StoredEntry): void {
  const leftAfter = round.query.twilioNow?.[stored.record.account];
  const callbackMode = chooseCallbackMode(stored.record, round.query);
  settle(round, stored, { type: 'claimed', callbackMode, ...(leftAfter === undefined ? {} : { leftAfter }) });
}

function paceOf({ tables, query }: Round, sender: string): ReturnType<typeof newPace> {
  const configured = query.configured[sender] ?? null;
  return { ...(tables.pace(sender) ?? newPace(sender, configured, query.now)), configured };
}

function settle(round: Round, stored: StoredEntry, fact: Fact, lane?: string): void {
  const { tables, query, changes } = round;
  round.left -= 1;
  const move = transition(stored.record, fact, query.now);
  if (!move.ok) throw new Error(`a waiting entry refused ${fact.type}: ${move.refused}`);
  const written = writeTransition(tables, stored, move, {
    now: query.now,
    changes,
    ...(lane === undefined ? {} : { lane }),
  });
  if (fact.type !== 'claimed') return;
  const { record } = written.stored;
  round.claimed.push(record);
  const room = round.room.get(record.account);
  if (room !== undefined) round.room.set(record.account, room - 1);
}
