/** The tables of a store that forgets everything when the process ends: plain maps. */

import type { Decision, EntryRecord, NewEntry } from '../core/entry.ts';
import type { EventRecord, NewEvent } from '../core/event.ts';
import type { EntryPatch } from '../core/outbox.ts';
import type { EntryKey, Forward, TokenRecord } from '../core/ports.ts';
import type { SenderPace } from '../core/throttle.ts';
import type { IdempotencyRow, Pruned, PrunedTable, StoredEntry, Tables } from './tables.ts';
import { FINAL_STATES } from '../core/entry.ts';
import { MemoryConsumers } from './memory-consumers.ts';
import { UNDECIDED_STATES, WAITING_STATES } from './tables.ts';

/** Rows looked at in one chunk of pruning. */
const CHUNK = 1000;

export class MemoryTables implements Tables {
  /** By `seq`, which is also the order of insertion. */
  readonly entries = new Map<number, StoredEntry>();
  readonly ids = new Map<string, number>();
  /** Twilio's SID to every entry that claims it, oldest first: a person's choice can name one twice. */
  readonly sids = new Map<string, number[]>();
  /** Those a claim may look at. */
  readonly #waiting = new Set<number>();
  readonly ledger = new Map<number, Decision[]>();
  readonly events = new Map<number, EventRecord>();
  readonly consumers = new MemoryConsumers(this.events, () => this.#seqs.events);
  readonly forwards = new Map<number, Forward>();
  readonly tokens = new Map<string, TokenRecord>();
  readonly accounts = new Map<string, boolean>();
  readonly #paces = new Map<string, SenderPace>();
  readonly #optOuts = new Map<string, number>();
  readonly #idempotency = new Map<string, IdempotencyRow & { seq: number; createdAt: number }>();
  readonly #seqs = { entries: 0, events: 0, forwards: 0, idempotency: 0 };

  entry(key: EntryKey): StoredEntry | null {
    const seq = 'id' in key ? this.ids.get(key.id) : this.sids.get(key.sid)?.[0];
    return seq === undefined ? null : (this.entries.get(seq) ?? null);
  }

  insertEntries(entries: readonly NewEntry[], decisions: readonly Decision[]): EntryRecord[] {
    const taken = new Set<string>();
    for (const { id } of entries) {
      if (this.ids.has(id) || taken.has(id)) throw new Error(`the entry id ${id} is taken`);
      taken.add(id);
    }
    return entries.map((entry, index) => {
      const decision = decisions[index];
      const record = { seq: this.#next('entries'), ...entry };
      this.ids.set(record.id, record.seq);
      this.#put({ record, lane: null, decided: decision === undefined ? 0 : 1 });
      this.ledger.set(record.seq, decision === undefined ? [] : [decision]);
      return record;
    });
  }

  updateEntry(stored: StoredEntry, patch: EntryPatch, lane: string | null, decision: Decision): StoredEntry {
    const written = { record: { ...stored.record, ...patch }, lane, decided: stored.decided + 1 };
    this.#put(written);
    this.ledger.get(written.record.seq)?.push(decision);
    return written;
  }

  writtenAfter(now: number): StoredEntry[] {
    return this.all().filter(({ record }) => record.updatedAt > now && !FINAL_STATES.has(record.state));
  }

  undecided(): StoredEntry[] {
    return this.all().filter(({ record }) => UNDECIDED_STATES.includes(record.state));
  }

  /** Nothing is copied from memory. */
  takeCopiedAt(): null {
    return null;
  }

  moveEntry(stored: StoredEntry, times: Pick<EntryRecord, 'dueAt' | 'expiresAt'>, updatedAt: number): void {
    this.#put({ ...stored, record: { ...stored.record, ...times, updatedAt } });
  }

  dueEntries(now: number, limit: number, paused: readonly string[]): StoredEntry[] {
    return this.#inTurn()
      .filter(({ lane, record }) => lane === null && record.dueAt !== null && record.dueAt <= now)
      .filter(({ record }) => !paused.includes(record.account))
      .sort(byDue)
      .slice(0, limit);
  }

  lapsedInLanes(now: number, limit: number): StoredEntry[] {
    return this.#inTurn()
      .filter(({ lane, record }) => lane !== null && record.expiresAt !== null && record.expiresAt <= now)
      .slice(0, limit);
  }

  laneHead(sender: string): StoredEntry | null {
    const lane = this.#inTurn().filter((stored) => stored.lane === sender);
    return lane.sort((a, b) => a.record.seq - b.record.seq)[0] ?? null;
  }

  laneLength(sender: string): number {
    return this.#inTurn().filter((stored) => stored.lane === sender).length;
  }

  lanes(): SenderPace[] {
    const senders = new Set(this.#inTurn().flatMap(({ lane }) => (lane === null ? [] : [lane])));
    return [...this.#paces.values()]
      .filter(({ sender }) => senders.has(sender))
      .sort((a, b) => (a.sender < b.sender ? -1 : 1));
  }

  isSlowed(sender: string): boolean {
    return (this.#paces.get(sender)?.slowed ?? null) !== null;
  }

  pace(sender: string): SenderPace | null {
    return this.#paces.get(sender) ?? null;
  }

  savePace(pace: SenderPace): void {
    this.#paces.set(pace.sender, pace);
  }

  idempotency(key: string): IdempotencyRow | null {
    return this.#idempotency.get(key) ?? null;
  }

  rewriteAnswer(key: string, answer: string): void {
    const row = this.#idempotency.get(key);
    if (row !== undefined) this.#idempotency.set(key, { ...row, answer });
  }

  insertIdempotency(key: string, { hash, answer }: IdempotencyRow, now: number): void {
    this.#idempotency.set(key, { hash, answer, seq: this.#next('idempotency'), createdAt: now });
  }

  insertEvent(event: NewEvent): EventRecord {
    const record = { seq: this.#next('events'), ...event };
    this.events.set(record.seq, record);
    return record;
  }

  insertForward(forward: Omit<Forward, 'seq'>): void {
    const seq = this.#next('forwards');
    this.forwards.set(seq, { seq, ...forward });
  }

  hastenForwards(now: number): void {
    for (const forward of this.forwards.values()) forward.dueAt = Math.min(forward.dueAt, now);
  }

  deleteForward(seq: number): void {
    this.forwards.delete(seq);
  }

  postponeForward(seq: number, dueAt: number): void {
    const forward = this.forwards.get(seq);
    if (forward !== undefined) Object.assign(forward, { dueAt, attempts: forward.attempts + 1 });
  }

  isOptedOut(account: string, sender: string, recipient: string, now: number): boolean {
    return (this.#optOuts.get(JSON.stringify([account, sender, recipient])) ?? now) > now;
  }

  setOptOut(account: string, sender: string, recipient: string, until: number | null): void {
    const key = JSON.stringify([account, sender, recipient]);
    if (until !== null) this.#optOuts.set(key, until);
    else this.#optOuts.delete(key);
  }

  insertToken(token: TokenRecord): void {
    if (this.tokens.has(token.sid)) throw new Error(`the token ${token.sid} is taken`);
    this.tokens.set(token.sid, { ...token });
  }

  revokeToken(sid: string, now: number): boolean {
    const token = this.tokens.get(sid);
    if (token === undefined || token.revokedAt !== null) return false;
    token.revokedAt = now;
    return true;
  }

  noteAccount(account: string, simulated: boolean, _now: number): void {
    this.accounts.set(account, (this.accounts.get(account) ?? true) && simulated);
  }

  prune(table: PrunedTable, olderThan: number, after: number): Pruned {
    return PRUNING[table](this, olderThan, after);
  }

  all(): StoredEntry[] {
    return [...this.entries.values()];
  }

  removeEntry({ seq, id, sid }: EntryRecord): void {
    this.entries.delete(seq);
    this.ids.delete(id);
    if (sid !== null) this.sids.set(sid, this.sids.get(sid)?.filter((other) => other !== seq) ?? []);
    this.ledger.delete(seq);
    for (const forward of this.forwards.values()) if (forward.entryId === id) this.forwards.delete(forward.seq);
  }

  /** Rows with a key, oldest first, for pruning. */
  keys(): Array<[key: string, row: { seq: number; createdAt: number }]> {
    return [...this.#idempotency];
  }

  removeKey(key: string): void {
    this.#idempotency.delete(key);
  }

  #next(table: PrunedTable | 'forwards'): number {
    this.#seqs[table] += 1;
    return this.#seqs[table];
  }

  #put(stored: StoredEntry): void {
    const { seq, sid, state } = stored.record;
    this.entries.set(seq, stored);
    if (sid !== null) this.#noteSid(sid, seq);
    if (WAITING_STATES.has(state)) this.#waiting.add(seq);
    else this.#waiting.delete(seq);
  }

  #noteSid(sid: string, seq: number): void {
    const owners = this.sids.get(sid) ?? [];
    if (!owners.includes(seq))
      this.sids.set(
        sid,
        [...owners, seq].sort((a, b) => a - b),
      );
  }

  #inTurn(): StoredEntry[] {
    return [...this.#waiting].flatMap((seq) => this.entries.get(seq) ?? []);
  }
}

export function byDue(a: StoredEntry, b: StoredEntry): number {
  return (a.record.dueAt ?? 0) - (b.record.dueAt ?? 0) || a.record.seq - b.record.seq;
}

const PRUNING: Record<PrunedTable, (tables: MemoryTables, olderThan: number, after: number) => Pruned> = {
  entries(tables, olderThan, after) {
    return pruneChunk(
      tables.all().map(({ record }) => record),
      after,
      {
        old: (record) => FINAL_STATES.has(record.state) && record.updatedAt < olderThan,
        remove: (record) => tables.removeEntry(record),
      },
    );
  },
  events(tables, olderThan, after) {
    return pruneChunk([...tables.events.values()], after, {
      old: (event) => event.at < olderThan && !tables.consumers.isOwed(event.seq),
      remove: ({ seq }) => {
        tables.events.delete(seq);
        tables.consumers.forgetEvent(seq);
      },
    });
  },
  idempotency(tables, olderThan, after) {
    return pruneChunk(
      tables.keys().map(([key, row]) => ({ key, ...row })),
      after,
      {
        old: (row) => row.createdAt < olderThan,
        remove: (row) => tables.removeKey(row.key),
      },
    );
  },
};

function pruneChunk<T extends { seq: number }>(
  rows: T[],
  after: number,
  rule: { old(row: T): boolean; remove(row: T): void },
): Pruned {
  const chunk = rows.filter(({ seq }) => seq > after).slice(0, CHUNK);
  const old = chunk.filter(rule.old);
  old.forEach(rule.remove);
  return { removed: old.length, next: chunk.length < CHUNK ? null : (chunk.at(-1)?.seq ?? null) };
}
