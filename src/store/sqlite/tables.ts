/** The tables over the writing connection: every statement of the hot path, prepared once. Runs in the writer's thread. */

import type { DatabaseSync } from 'node:sqlite';
import type { Decision, EntryRecord, EntryState, NewEntry } from '../../core/entry.ts';
import type { EventRecord, NewEvent } from '../../core/event.ts';
import type { EntryPatch } from '../../core/outbox.ts';
import type { EntryKey, Forward, TokenRecord } from '../../core/ports.ts';
import type { SenderPace } from '../../core/throttle.ts';
import type { IdempotencyRow, Pruned, PrunedTable, StoredEntry, Tables } from '../tables.ts';
import type { EntryField, SqlValue } from './rows.ts';
import { ENTRY_STATES, FINAL_STATES } from '../../core/entry.ts';
import { UNDECIDED_STATES } from '../tables.ts';
import { SqliteConsumers } from './consumers.ts';
import { HotEntries } from './hot-entries.ts';
import { ENTRY_COLUMNS, ENTRY_FIELDS, encodeField, paceFromRow, SELECT_ENTRIES, storedFromValues } from './rows.ts';
import { Statements } from './statements.ts';

/** Rows looked at in one chunk of pruning: a chunk must not hold up the writes behind it. */
const CHUNK = 500;

export class SqliteTables implements Tables {
  readonly consumers: SqliteConsumers;
  readonly #sql: Statements;
  /** Senders whose rows have to be asked: at least those that are slowed. */
  readonly #slowed = new Set<string>();
  #counted = new Map<EntryState, number>();
  readonly #hot = new HotEntries<StoredEntry>();
  /** What the transaction under way changed of entries kept before, by the changed record. Never cleared, for the reason that `LinkedList` gives. */
  #patches = new Map<EntryRecord, EntryPatch>();
  #dataVersion: SqlValue | undefined;
  #cleared = false;
  /** Where nobody ever opted out, no text has to be asked for. */
  #anyOptOut = false;

  constructor(db: DatabaseSync) {
    this.#sql = new Statements(db);
    this.consumers = new SqliteConsumers(this.#sql);
    this.reload();
  }

  /** Begins a transaction: what is kept of entries holds only while nobody else writes to the file. */
  begin(): void {
    this.#patches = new Map();
    const version = this.#sql.get('pragma data_version')?.data_version;
    if (version !== this.#dataVersion) this.#forgetEntries();
    this.#dataVersion = version;
  }

  /** Forgets what a rolled-back transaction left in memory. */
  reload(): void {
    this.#forgetEntries();
    this.#counted = new Map();
    this.#slowed.clear();
    this.#anyOptOut = this.#sql.get('select 1 from opt_outs limit 1') !== undefined;
    for (const row of this.#sql.all('select sender from senders where slowed is not null'))
      this.#slowed.add(String(row.sender));
  }

  /** What changed of a record since it was kept before; undefined when it was not. */
  readonly patchOf = (record: EntryRecord): EntryPatch | undefined => this.#patches.get(record);

  /** True once after the kept entries were forgotten. */
  tellCleared(): boolean {
    const cleared = this.#cleared;
    this.#cleared = false;
    return cleared;
  }

  /** Writes the counts, once for all operations of a transaction. */
  flushCounts(): void {
    for (const [state, change] of this.#counted) {
      if (change !== 0) this.#sql.run('update counts set entries = entries + ? where state = ?', change, state);
    }
    this.#counted = new Map();
  }

  entry(key: EntryKey): StoredEntry | null {
    const kept = 'id' in key ? this.#hot.byId(key.id) : undefined;
    if (kept !== undefined) return kept;
    const row = 'id' in key ? this.#sql.firstValues(BY_ID, key.id) : this.#sql.firstValues(BY_SID, key.sid);
    return row === undefined ? null : storedFromValues(row);
  }

  insertEntries(entries: readonly NewEntry[], decisions: readonly Decision[]): EntryRecord[] {
    return entries.map((entry, index) => {
      const decision = decisions[index];
      const values = INSERTED.map((field) => encodeField(field, entry[field]));
      const seq = this.#sql.run(INSERT_ENTRY, ...values, decision === undefined ? 0 : 1).rowid;
      if (decision !== undefined) this.#insertDecision(seq, 1, decision);
      this.#count(entry.state, 1);
      const record = { ...entry, seq };
      this.#hot.put({ record, lane: null, decided: decision === undefined ? 0 : 1 });
      return record;
    });
  }

  updateEntry(stored: StoredEntry, patch: EntryPatch, lane: string | null, decision: Decision): StoredEntry {
    const { record } = stored;
    const decided = stored.decided + 1;
    let columns = 'decided = ?';
    const values: SqlValue[] = [decided];
    for (const field of Object.keys(patch) as Array<keyof EntryPatch>) {
      // Values that stay need no writing, and above all no work on the indexes over them.
      if (record[field] === patch[field]) continue;
      columns += `, ${ENTRY_COLUMNS[field][0]} = ?`;
      values.push(encodeField(field, patch[field]));
    }
    if (lane !== stored.lane) {
      columns += ', lane = ?';
      values.push(lane);
    }
    this.#sql.run(`update entries set ${columns} where seq = ?`, ...values, record.seq);
    this.#insertDecision(record.seq, decided, decision);
    if (patch.state !== undefined && patch.state !== record.state) {
      this.#count(record.state, -1);
      this.#count(patch.state, 1);
    }
    const written = { record: { ...record, ...patch }, lane, decided };
    if (this.#hot.bySeq(record.seq) !== undefined) this.#patches.set(written.record, patch);
    this.#hot.put(written);
    return written;
  }

  writtenAfter(now: number): StoredEntry[] {
    const rows = UNFINISHED.flatMap((state) => this.#sql.values(WRITTEN_AFTER, state, now));
    return rows.map(storedFromValues).sort((a, b) => a.record.seq - b.record.seq);
  }

  undecided(): StoredEntry[] {
    const rows = UNDECIDED_STATES.flatMap((state) => this.#sql.values(IN_STATE, state));
    return rows.map(storedFromValues).sort((a, b) => a.record.seq - b.record.seq);
  }

  takeCopiedAt(): number | null {
    const at = this.#sql.get('select max(at) as at from copies')?.at ?? null;
    if (at !== null) this.#sql.run('delete from copies');
    return at === null ? null : Number(at);
  }

  moveEntry(stored: StoredEntry, times: Pick<EntryRecord, 'dueAt' | 'expiresAt'>, updatedAt: number): void {
    const sql = 'update entries set due_at = ?, expires_at = ?, updated_at = ? where seq = ?';
    this.#sql.run(sql, times.dueAt, times.expiresAt, updatedAt, stored.record.seq);
    this.#forgetEntries();
  }

  dueEntries(now: number, limit: number, paused: readonly string[]): StoredEntry[] {
    const due = (state: EntryState) =>
      paused.length === 0
        ? this.#sql.values(DUE, state, now, limit)
        : this.#sql.values(DUE_BUT_PAUSED, state, now, JSON.stringify(paused), limit);
    const [queued, scheduled] = [due('queued'), due('scheduled')];
    const found = [...queued, ...scheduled].flatMap(([seq]) => this.#bySeq(Number(seq)) ?? []);
    if (queued.length === 0 || scheduled.length === 0) return found;
    return found
      .sort((a, b) => (a.record.dueAt ?? 0) - (b.record.dueAt ?? 0) || a.record.seq - b.record.seq)
      .slice(0, limit);
  }

  lapsedInLanes(now: number, limit: number): StoredEntry[] {
    return this.#sql.values(LAPSED, now, limit).map(storedFromValues);
  }

  laneHead(sender: string): StoredEntry | null {
    const row = this.#sql.firstValues(LANE_HEAD, sender);
    return row === undefined ? null : storedFromValues(row);
  }

  laneLength(sender: string): number {
    return Number(this.#sql.get('select count(*) as entries from entries where lane = ?', sender)?.entries);
  }

  lanes(): SenderPace[] {
    const sql =
      'select * from senders where exists (select 1 from entries where lane = senders.sender) order by sender';
    return this.#sql.all(sql).map(paceFromRow);
  }

  isSlowed(sender: string): boolean {
    if (!this.#slowed.has(sender)) return false;
    return this.#sql.get('select 1 from senders where sender = ? and slowed is not null', sender) !== undefined;
  }

  pace(sender: string): SenderPace | null {
    const row = this.#sql.get('select * from senders where sender = ?', sender);
    return row === undefined ? null : paceFromRow(row);
  }

  savePace({ sender, configured, slowed, changedAt, nextAt }: SenderPace): void {
    this.#sql.run(
      'insert or replace into senders (sender, configured, slowed, changed_at, next_at) values (?, ?, ?, ?, ?)',
      sender,
      configured,
      slowed,
      changedAt,
      nextAt,
    );
    if (slowed !== null) this.#slowed.add(sender);
  }

  idempotency(key: string): IdempotencyRow | null {
    const row = this.#sql.get('select hash, answer from idempotency where key = ?', key);
    return row === undefined ? null : { hash: String(row.hash), answer: String(row.answer) };
  }

  rewriteAnswer(key: string, answer: string): void {
    this.#sql.run('update idempotency set answer = ? where key = ?', answer, key);
  }

  insertIdempotency(key: string, { hash, answer }: IdempotencyRow, now: number): void {
    this.#sql.run(
      'insert into idempotency (key, hash, answer, created_at) values (?, ?, ?, ?)',
      key,
      hash,
      answer,
      now,
    );
  }

  insertEvent(event: NewEvent): EventRecord {
    const { id, type, at, entryId, data, form, simulated } = event;
    const { rowid } = this.#sql.run(
      'insert into events (id, type, at, entry_id, data, form, simulated) values (?, ?, ?, ?, ?, ?, ?)',
      id,
      type,
      at,
      entryId,
      JSON.stringify(data),
      form === undefined ? null : JSON.stringify(form),
      simulated ? 1 : 0,
    );
    return { ...event, seq: rowid };
  }

  insertForward({ entryId, account, url, fields, attempts, dueAt }: Omit<Forward, 'seq'>): void {
    this.#sql.run(
      'insert into forwards (entry_id, account, url, fields, attempts, due_at) values (?, ?, ?, ?, ?, ?)',
      entryId,
      account,
      url,
      JSON.stringify(fields),
      attempts,
      dueAt,
    );
  }

  hastenForwards(now: number): void {
    this.#sql.run('update forwards set due_at = ? where due_at > ?', now, now);
  }

  deleteForward(seq: number): void {
    this.#sql.run('delete from forwards where seq = ?', seq);
  }

  postponeForward(seq: number, dueAt: number): void {
    this.#sql.run('update forwards set due_at = ?, attempts = attempts + 1 where seq = ?', dueAt, seq);
  }

  isOptedOut(account: string, sender: string, recipient: string, now: number): boolean {
    if (!this.#anyOptOut) return false;
    const sql = 'select 1 from opt_outs where account = ? and sender = ? and recipient = ? and until > ?';
    return this.#sql.get(sql, account, sender, recipient, now) !== undefined;
  }

  setOptOut(account: string, sender: string, recipient: string, until: number | null): void {
    if (until === null) {
      const sql = 'delete from opt_outs where account = ? and sender = ? and recipient = ?';
      this.#sql.run(sql, account, sender, recipient);
      return;
    }
    const sql = 'insert or replace into opt_outs (account, sender, recipient, until) values (?, ?, ?, ?)';
    this.#sql.run(sql, account, sender, recipient, until);
    this.#anyOptOut = true;
  }

  insertToken({ sid, name, hash, createdAt, revokedAt }: TokenRecord): void {
    const sql = 'insert into tokens (sid, name, hash, created_at, revoked_at) values (?, ?, ?, ?, ?)';
    this.#sql.run(sql, sid, name, hash, createdAt, revokedAt);
  }

  revokeToken(sid: string, now: number): boolean {
    return this.#sql.run('update tokens set revoked_at = ? where sid = ? and revoked_at is null', now, sid).changes > 0;
  }

  noteAccount(account: string, simulated: boolean, now: number): void {
    const sql = `insert into accounts (account, simulated, at) values (?, ?, ?)
      on conflict (account) do update set simulated = min(simulated, excluded.simulated), at = excluded.at`;
    this.#sql.run(sql, account, simulated ? 1 : 0, now);
  }

  prune(table: PrunedTable, olderThan: number, after: number): Pruned {
    const chunk = this.#sql.all(
      `select ${PRUNED[table]} from ${table} where seq > ? order by seq limit ${CHUNK}`,
      after,
    );
    let removed = 0;
    for (const row of chunk) {
      if (Number(row.written_at) >= olderThan) continue;
      if (table === 'events' && this.consumers.isOwed(Number(row.seq))) continue;
      if (table === 'entries') {
        const state = row.state as EntryState;
        if (!FINAL_STATES.has(state)) continue;
        this.#sql.run('delete from decisions where entry_seq = ?', row.seq ?? null);
        this.#sql.run('delete from forwards where entry_id = ?', row.id ?? null);
        this.#count(state, -1);
      }
      this.#sql.run(`delete from ${table} where seq = ?`, row.seq ?? null);
      if (table === 'events') this.consumers.forgetEvent(Number(row.seq));
      removed += 1;
    }
    return { removed, next: chunk.length < CHUNK ? null : Number(chunk.at(-1)?.seq) };
  }

  #bySeq(seq: number): StoredEntry | null {
    const kept = this.#hot.bySeq(seq);
    if (kept !== undefined) return kept;
    const row = this.#sql.firstValues(BY_SEQ, seq);
    return row === undefined ? null : storedFromValues(row);
  }

  #forgetEntries(): void {
    this.#hot.clear();
    this.#patches = new Map();
    this.#cleared = true;
  }

  #insertDecision(entrySeq: number, number: number, { at, what, why, facts }: Decision): void {
    this.#sql.run(
      'insert into decisions (entry_seq, number, at, what, why, facts) values (?, ?, ?, ?, ?, ?)',
      entrySeq,
      number,
      at,
      what,
      why,
      facts === undefined ? null : JSON.stringify(facts),
    );
  }

  #count(state: EntryState, change: number): void {
    this.#counted.set(state, (this.#counted.get(state) ?? 0) + change);
  }
}

const INSERTED = ENTRY_FIELDS.filter((field): field is Exclude<EntryField, 'seq'> => field !== 'seq');
const INSERT_ENTRY = `insert into entries (${INSERTED.map((field) => ENTRY_COLUMNS[field][0]).join(', ')}, decided)
  values (${INSERTED.map(() => '?').join(', ')}, ?)`;

const BY_SEQ = `${SELECT_ENTRIES} where seq = ?`;
const BY_ID = `${SELECT_ENTRIES} where id = ?`;
const BY_SID = `${SELECT_ENTRIES} where sid = ? limit 1`;
const WRITTEN_AFTER = `${SELECT_ENTRIES} where state = ? and state <> 'done' and updated_at > ?`;
const IN_STATE = `${SELECT_ENTRIES} where state = ? and state <> 'done'`;
const WHERE_DUE = 'where state = ? and due_at is not null and lane is null and due_at <= ?';
const DUE = `select seq from entries ${WHERE_DUE} order by due_at, seq limit ? + 0`;
const DUE_BUT_PAUSED = `select seq from entries ${WHERE_DUE} and account not in (select value from json_each(?))
  order by due_at, seq limit ? + 0`;
const LAPSED = `${SELECT_ENTRIES} where lane is not null and expires_at is not null and expires_at <= ?
  order by expires_at, seq limit ? + 0`;
const LANE_HEAD = `${SELECT_ENTRIES} where lane = ? order by seq limit 1`;

const UNFINISHED = ENTRY_STATES.filter((state) => !FINAL_STATES.has(state));

const PRUNED: Record<PrunedTable, string> = {
  entries: 'seq, id, state, updated_at as written_at',
  events: 'seq, at as written_at',
  idempotency: 'seq, created_at as written_at',
};
