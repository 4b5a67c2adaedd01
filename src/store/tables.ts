/** What the operations need of a place that keeps rows: synchronous, called inside one transaction. */

import type { Decision, EntryRecord, EntryState, NewEntry } from '../core/entry.ts';
import type { EventRecord, NewEvent } from '../core/event.ts';
import type { EntryPatch } from '../core/outbox.ts';
import type { EntryKey, Forward, TokenRecord } from '../core/ports.ts';
import type { SenderPace } from '../core/throttle.ts';
import type { ConsumerTables } from './consumer-tables.ts';

/** States in which an entry waits for its turn to be sent. */
export const WAITING_STATES: ReadonlySet<EntryState> = new Set(['queued', 'scheduled']);

/** States in which Twilio is not known to have an entry, and in which it may go on by itself. */
export const UNDECIDED_STATES: readonly EntryState[] = ['scheduled', 'queued', 'sending', 'unknown'];

/** A record with what only the store knows of it. */
export interface StoredEntry {
  readonly record: EntryRecord;
  /**
   * The sender (`<account>/<sender>`) whose pace it waits for, or null. Entries in a lane leave in order of `seq`, each
   * when the sender's `nextAt` has come; their `dueAt` is only an estimate.
   */
  readonly lane: string | null;
  /** Decisions written so far. */
  readonly decided: number;
}

export interface IdempotencyRow {
  readonly hash: string;
  readonly answer: string;
}

/** Tables whose old rows are removed. */
export type PrunedTable = 'entries' | 'events' | 'idempotency';

export interface Pruned {
  removed: number;
  /** Where the next chunk begins, or null when nothing older is left. */
  next: number | null;
}

export interface Tables {
  readonly consumers: ConsumerTables;

  entry(key: EntryKey): StoredEntry | null;
  /** Throws, and inserts none, when an id is taken. */
  insertEntries(entries: readonly NewEntry[], decisions: readonly Decision[]): EntryRecord[];
  updateEntry(stored: StoredEntry, patch: EntryPatch, lane: string | null, decision: Decision): StoredEntry;
  /** Unfinished entries written after `now`. */
  writtenAfter(now: number): StoredEntry[];
  /** Entries in `scheduled`, `queued`, `sending` and `unknown`: Twilio is not known to have them. */
  undecided(): StoredEntry[];
  /** When this database was copied, milliseconds, once; null where it is no copy or this was asked before. */
  takeCopiedAt(): number | null;
  /** Moves an entry in time, without a decision. */
  moveEntry(stored: StoredEntry, times: Pick<EntryRecord, 'dueAt' | 'expiresAt'>, updatedAt: number): void;

  /** Waiting entries outside the lanes whose `dueAt` has come, oldest due first, but those of `paused` accounts. */
  dueEntries(now: number, limit: number, paused: readonly string[]): StoredEntry[];
  /** Entries in lanes whose `expiresAt` has come. */
  lapsedInLanes(now: number, limit: number): StoredEntry[];
  laneHead(sender: string): StoredEntry | null;
  laneLength(sender: string): number;
  /** Paces of the senders that have a lane. */
  lanes(): SenderPace[];

  /** True when a pace of this sender is stored as slowed; must not touch the disk for senders that never were. */
  isSlowed(sender: string): boolean;
  pace(sender: string): SenderPace | null;
  savePace(pace: SenderPace): void;

  idempotency(key: string): IdempotencyRow | null;
  rewriteAnswer(key: string, answer: string): void;
  insertIdempotency(key: string, row: IdempotencyRow, now: number): void;
  insertEvent(event: NewEvent): EventRecord;
  insertForward(forward: Omit<Forward, 'seq'>): void;
  /** Makes forwards that are not due at `now` due then: after a change of the clock a retry too early does no harm. */
  hastenForwards(now: number): void;
  deleteForward(seq: number): void;
  postponeForward(seq: number, dueAt: number): void;
  isOptedOut(account: string, sender: string, recipient: string, now: number): boolean;
  setOptOut(account: string, sender: string, recipient: string, until: number | null): void;
  insertToken(token: TokenRecord): void;
  /** False when there is no such token, or it is revoked already. */
  revokeToken(sid: string, now: number): boolean;
  noteAccount(account: string, simulated: boolean, now: number): void;
  /** Removes finished rows last written before `olderThan` from a bounded stretch that begins after `after`. */
  prune(table: PrunedTable, olderThan: number, after: number): Pruned;
}
