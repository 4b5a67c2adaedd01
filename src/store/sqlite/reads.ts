/** The reading half of the store: a connection of its own, which never waits for a write (WAL). */

import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import type { EntryRecord, EntryState } from '../../core/entry.ts';
import type { EntryQuery, Store } from '../../core/ports.ts';
import type { StoreWrites } from '../writes.ts';
import type { Schema } from './kysely.ts';
import type { Row } from './rows.ts';
import { ENTRY_STATES } from '../../core/entry.ts';
import { WAITING_STATES } from '../tables.ts';
import { createConsumerReads } from './consumer-reads.ts';
import {
  entryFromNamed,
  entryFromValues,
  eventFromRow,
  forwardFromRow,
  parse,
  SELECT_ENTRIES,
  tokenFromRow,
} from './rows.ts';
import { Statements } from './statements.ts';

export type StoreReads = Omit<Store, keyof StoreWrites | 'backup' | 'onCommit' | 'close'>;

const OPTED_OUT = 'select 1 from opt_outs where account = ? and sender = ? and recipient = ? and until > ?';

/** A forward that no older one of its entry holds up. */
const HEAD = `not exists (select 1 from forwards older where older.entry_id = forwards.entry_id and older.seq < forwards.seq)`;

export function createReads(db: DatabaseSync): StoreReads {
  const sql = new Statements(db);
  let kysely: Promise<Kysely<Schema>> | null = null;
  const ordinary = () => {
    kysely ??= import('./kysely.ts').then(({ kyselyOver }) => kyselyOver(db));
    return kysely;
  };
  return {
    ...createConsumerReads(sql),
    async entry(key) {
      const row = 'id' in key ? sql.firstValues(BY_ID, key.id) : sql.firstValues(`${BY_SID} limit 1`, key.sid);
      return row === undefined ? null : entryFromValues(row);
    },
    async entriesBySid(sids) {
      return sids.flatMap((sid) => sql.values(BY_SID, sid)).map(entryFromValues);
    },
    entries: async (query) => listEntries(await ordinary(), query),
    async given({ account, kind, limit, at, beforeSeq = Number.MAX_SAFE_INTEGER, to = null, from = null }) {
      const of = [account, kind, beforeSeq, at, to, to, from, from] as const;
      const rows = [...sql.values(GIVEN_WITHOUT_SID, ...of, limit), ...sql.values(GIVEN_SENT_SINCE, ...of, at, limit)];
      const found = rows.map(entryFromValues).sort((a, b) => b.seq - a.seq);
      return found.slice(0, limit);
    },
    async due(states, now, limit) {
      const rows = states.flatMap((state) => sql.values(DUE, state, now, limit));
      const found = rows.map(entryFromValues).sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || a.seq - b.seq);
      return found.slice(0, limit);
    },
    async nextDue(states, paused = []) {
      const but = paused.length === 0 ? [] : [JSON.stringify(paused)];
      const [next, inLanes] = but.length === 0 ? [NEXT_DUE, NEXT_IN_LANES] : [NEXT_DUE_BUT, NEXT_IN_LANES_BUT];
      const times = states.map((state) => sql.get(next, state, ...but)?.due_at);
      if (states.some((state) => WAITING_STATES.has(state)))
        times.push(sql.get(inLanes, ...but)?.at, sql.get(NEXT_LAPSE)?.at);
      const known = times.filter((time): time is number => typeof time === 'number');
      return known.length === 0 ? null : Math.min(...known);
    },
    async inState(state, limit) {
      const indexed = state === 'done' ? '' : " and state <> 'done'";
      return sql
        .values(`${SELECT_ENTRIES} where state = ?${indexed} order by seq limit ? + 0`, state, limit)
        .map(entryFromValues);
    },
    async twins(account, kind, to, since) {
      const rows = sql.values(
        `${SELECT_ENTRIES} where recipient = ? and account = ? and kind = ? and created_at >= ? order by seq`,
        to,
        account,
        kind,
        since,
      );
      return rows.map(entryFromValues);
    },
    async counts() {
      const counts = Object.fromEntries(ENTRY_STATES.map((state) => [state, 0])) as Record<EntryState, number>;
      for (const row of sql.all('select state, entries from counts'))
        counts[row.state as EntryState] = Number(row.entries);
      return counts;
    },
    async decisions(id) {
      const rows = sql.all(
        'select decisions.* from decisions where entry_seq = (select seq from entries where id = ?) order by number',
        id,
      );
      return rows.map((row) => {
        const facts = parse<Record<string, unknown> | null>(row.facts, null);
        return {
          at: Number(row.at),
          what: String(row.what),
          why: String(row.why),
          ...(facts === null ? {} : { facts }),
        };
      });
    },
    async events({ limit, afterSeq = 0, type, since }) {
      let query = (await ordinary()).selectFrom('events').selectAll().where('seq', '>', afterSeq);
      if (type !== undefined) query = query.where('type', '=', type);
      if (since !== undefined) query = query.where('at', '>=', since);
      const rows = await query.orderBy('seq').limit(limit).execute();
      return rows.map((row) => eventFromRow(row as Row));
    },
    async answered(key) {
      const row = sql.get('select hash, answer from idempotency where key = ?', key);
      return row === undefined ? null : { hash: String(row.hash), answer: String(row.answer) };
    },
    async optedOut(account, sender, recipient, now) {
      return sql.get(OPTED_OUT, account, sender, recipient, now) !== undefined;
    },
    async tokens() {
      return sql.all('select * from tokens order by rowid').map(tokenFromRow);
    },
    async accounts() {
      const rows = sql.all('select account, simulated from accounts order by rowid');
      return rows.map((row) => ({ account: String(row.account), simulated: row.simulated === 1 }));
    },
    async dueForwards(now, limit) {
      const due = `select * from forwards where due_at <= ? and ${HEAD} order by due_at, seq limit ? + 0`;
      return sql.all(due, now, limit).map(forwardFromRow);
    },
    async nextForward() {
      const row = sql.get(`select due_at from forwards where ${HEAD} order by due_at limit 1`);
      return row === undefined ? null : Number(row.due_at);
    },
  };
}

const BY_ID = `${SELECT_ENTRIES} where id = ?`;
const BY_SID = `${SELECT_ENTRIES} where sid = ?`;
const DUE = `${SELECT_ENTRIES} where state = ? and due_at is not null and lane is null and due_at <= ?
  order by due_at, seq limit ? + 0`;
const NEXT_DUE = `select due_at from entries where state = ? and due_at is not null and lane is null
  order by due_at limit 1`;
const NEXT_IN_LANES = `select min(next_at) as at from senders
  where exists (select 1 from entries where lane = senders.sender)`;
const NEXT_DUE_BUT = `select due_at from entries where state = ? and due_at is not null and lane is null
  and account not in (select value from json_each(?)) order by due_at limit 1`;
const NEXT_IN_LANES_BUT = `${NEXT_IN_LANES}
  and substr(sender, 1, instr(sender, '/') - 1) not in (select value from json_each(?))`;
const GIVEN = `account = ? and kind = ? and seq < ? and created_at <= ? and deleted = 0
  and (? is null or recipient = ?) and (? is null or sender = ?)`;
const GIVEN_WITHOUT_SID = `${SELECT_ENTRIES} where id_given = 1 and sid is null and ${GIVEN}
  order by seq desc limit ? + 0`;
const GIVEN_SENT_SINCE = `${SELECT_ENTRIES} where id_given = 1 and sid is not null and ${GIVEN} and sending_at >= ?
  order by seq desc limit ? + 0`;
const NEXT_LAPSE = 'select min(expires_at) as at from entries where lane is not null and expires_at is not null';

async function listEntries(db: Kysely<Schema>, query: EntryQuery): Promise<EntryRecord[]> {
  const { BAD_END, BAD_ENDS, CALL, UNLESS_DONE } = await import('./kysely.ts');
  const { kind, limit, after, state, status, to, from, account, since, idempotencyKey } = query;
  let found = db.selectFrom('entries').selectAll().where('kind', '=', kind);
  if (kind === 'call') found = found.where(CALL);
  if (after !== undefined) {
    found = found.where('seq', '<', (qb) => qb.selectFrom('entries').select('seq').where('id', '=', after));
  }
  if (state !== undefined) found = found.where('state', '=', state);
  if (state !== undefined && state !== 'done') found = found.where(UNLESS_DONE);
  if (status !== undefined) found = found.where('status', '=', status);
  if (status !== undefined && BAD_ENDS.has(status)) found = found.where(BAD_END);
  if (to !== undefined) found = found.where('recipient', '=', to);
  if (from !== undefined) found = found.where('sender', '=', from);
  if (account !== undefined) found = found.where('account', '=', account);
  if (since !== undefined) found = found.where('created_at', '>=', since);
  if (idempotencyKey !== undefined) found = found.where('idempotency_key', '=', idempotencyKey);
  const rows = await found.orderBy('seq', 'desc').limit(limit).execute();
  return rows.map((row) => entryFromNamed(row as Row));
}
