/** The schema as numbered steps; a database remembers the last one it took in `user_version`. */

import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { ENTRY_STATES } from '../../core/entry.ts';
import { COPIES } from './schema.ts';

/** Migration `n` (from 1) leads to schema version `n`. Never edit one that was released: add the next. */
export const MIGRATIONS: ReadonlyArray<(db: Kysely<unknown>) => Promise<void>> = [first, second, third, fourth, fifth];

async function first(db: Kysely<unknown>): Promise<void> {
  await entries(db);
  await db.schema
    .createTable('decisions')
    .addColumn('entry_seq', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('what', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('facts', 'text')
    .addPrimaryKeyConstraint('decisions_key', ['entry_seq', 'number'])
    .modifyEnd(sql`without rowid`)
    .execute();
  await eventsAndForwards(db);
  await db.schema
    .createTable('idempotency')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .execute();
  await sendersAndAccounts(db);
}

async function second(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('entries').addColumn('left_after', 'integer').execute();
  await db.schema
    .alterTable('entries')
    .addColumn('failed_polls', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql.raw(COPIES).execute(db);
}

/**
 * Each index serves one question; the partial ones hold only unfinished or rare rows, so that sending costs the same with
 * a million finished rows behind it.
 */
async function entries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('sid', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('status', 'text')
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('sender', 'text')
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text')
    .addColumn('segments', 'integer')
    .addColumn('encoding', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('simulated', 'integer', (column) => column.notNull())
    .addColumn('on_unknown', 'text', (column) => column.notNull())
    .addColumn('callback_mode', 'text', (column) => column.notNull())
    .addColumn('due_at', 'integer')
    .addColumn('not_before', 'integer')
    .addColumn('expires_at', 'integer')
    .addColumn('sending_at', 'integer')
    .addColumn('lookups', 'integer', (column) => column.notNull())
    .addColumn('polls', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('updated_at', 'integer', (column) => column.notNull())
    .addColumn('lane', 'text')
    .addColumn('decided', 'integer', (column) => column.notNull())
    .addColumn('error', 'text')
    .addColumn('resolution', 'text')
    .addColumn('listings', 'text')
    .addColumn('extra', 'text')
    .addColumn('params', 'text', (column) => column.notNull())
    .addColumn('body', 'text')
    .execute();
  for (const index of ENTRY_INDEXES) await sql.raw(index).execute(db);
}

/** Written as SQL: a partial index is used only where a query repeats its condition word for word. */
const ENTRY_INDEXES = [
  'create unique index entries_id on entries (id)',
  'create index entries_sid on entries (sid) where sid is not null',
  'create index entries_due on entries (state, due_at, seq, account) where due_at is not null and lane is null',
  'create index entries_lane on entries (lane, seq) where lane is not null',
  'create index entries_lapse on entries (expires_at) where lane is not null and expires_at is not null',
  "create index entries_state on entries (state, seq) where state <> 'done'",
  'create index entries_recipient on entries (recipient, seq)',
  "create index entries_calls on entries (seq) where kind = 'call'",
  'create index entries_key on entries (idempotency_key, seq) where idempotency_key is not null',
  "create index entries_bad_end on entries (status, seq) where status in ('failed', 'undelivered', 'busy', 'no-answer', 'canceled')",
];

async function eventsAndForwards(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('entry_id', 'text')
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('simulated', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('forwards')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('entry_id', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('fields', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('forwards_entry').on('forwards').columns(['entry_id', 'seq']).execute();
  await db.schema.createIndex('forwards_due').on('forwards').columns(['due_at', 'seq']).execute();
}

async function sendersAndAccounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('senders')
    .addColumn('sender', 'text', (column) => column.primaryKey())
    .addColumn('configured', 'real')
    .addColumn('slowed', 'real')
    .addColumn('changed_at', 'real', (column) => column.notNull())
    .addColumn('next_at', 'real', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('opt_outs')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('sender', 'text', (column) => column.notNull())
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('until', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('opt_outs_key', ['account', 'sender', 'recipient'])
    .modifyEnd(sql`without rowid`)
    .execute();
  await db.schema
    .createTable('tokens')
    .addColumn('sid', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('revoked_at', 'integer')
    .execute();
  await db.schema
    .createTable('accounts')
    .addColumn('account', 'text', (column) => column.primaryKey())
    .addColumn('simulated', 'integer', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('counts')
    .addColumn('state', 'text', (column) => column.primaryKey())
    .addColumn('entries', 'integer', (column) => column.notNull())
    .execute();
  for (const state of ENTRY_STATES) await sql`insert into counts (state, entries) values (${state}, 0)`.execute(db);
}

/** What the facade remembers of an entry, and the two questions that a list of messages asks of it. */
async function third(db: Kysely<unknown>): Promise<void> {
  for (const name of ['id_given', 'deleted']) {
    await db.schema
      .alterTable('entries')
      .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  }
  for (const index of GIVEN_INDEXES) await sql.raw(index).execute(db);
}

const GIVEN_INDEXES = [
  'create index entries_given on entries (account, kind, seq) where id_given = 1 and sid is null',
  'create index entries_given_sent on entries (account, kind, sending_at) where id_given = 1 and sid is not null',
];

/** Webhooks that were taken, what they were answered with, and how far each consumer of events is. */
async function fourth(db: Kysely<unknown>): Promise<void> {
  for (const statement of CONSUMING) await sql.raw(statement).execute(db);
}

const CONSUMING = [
  'create index events_id on events (id)',
  // Kept for good, so as small as may be.
  'create table receipts (key text primary key, event_seq integer not null) without rowid',
  'create table answers (event_seq integer primary key, answer text not null)',
  'create table consumers (consumer text primary key, seq integer not null) without rowid',
  `create table replays (seq integer primary key autoincrement, consumer text not null, event_seq integer not null)`,
  'create index replays_consumer on replays (consumer, seq)',
  'create index replays_event on replays (event_seq)',
  `create table records (room text not null, key text not null, value text not null, due_at integer,
    primary key (room, key)) without rowid`,
  'create index records_due on records (room, due_at, key) where due_at is not null',
];

/** The form of a webhook, where the data of its event do not tell it. */
async function fifth(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('events').addColumn('form', 'text').execute();
}
