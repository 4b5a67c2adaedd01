import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ACCOUNT,
  batchOf,
  callback,
  claimQuery,
  NOON,
  newEntry,
  SENDER,
  taken,
} from '../../../test/support/entries.ts';
import { ENTRY_STATES } from '../../core/entry.ts';
import { perform } from '../operations.ts';
import { kyselyOver } from './kysely.ts';
import { MIGRATIONS } from './migrations.ts';
import { createReads } from './reads.ts';
import { ENTRY_COLUMNS, ENTRY_FIELDS, encodeField } from './rows.ts';
import { APPLICATION_ID, prepareDatabase, SCHEMA_VERSION } from './schema.ts';
import { SqliteTables } from './tables.ts';

describe('the statements', () => {
  let dir: string;
  let db: DatabaseSync;
  const asked = new Set<string>();
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tollboard-tables-'));
    await prepareDatabase(join(dir, 'a.sqlite'));
    db = new DatabaseSync(join(dir, 'a.sqlite'));
    asked.clear();
    const prepare = DatabaseSync.prototype.prepare;
    vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql) {
      asked.add(sql);
      return prepare.call(this, sql);
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    db.close();
    await rm(dir, { recursive: true });
  });

  /** The steps of SQLite's plans that read every row of a table that grows. */
  function scans(): string[] {
    vi.restoreAllMocks();
    return [...asked].flatMap((sql) => {
      const values = Array.from(sql.matchAll(/\?/g), () => null);
      const plan = db.prepare(`explain query plan ${sql}`).all(...values);
      const bad = plan.filter(({ detail }) =>
        /^SCAN (entries|decisions|idempotency|events|receipts|answers|replays|records)(?! USING INDEX entries_)/.test(
          String(detail),
        ),
      );
      return bad.map(({ detail }) => `${String(detail)}: ${sql}`);
    });
  }

  it('of sending read no table as a whole, so that a million finished entries cost nothing', () => {
    const tables = new SqliteTables(db);
    const configured = { [`${ACCOUNT}/+15550000002`]: 1 };
    const entries = [
      newEntry(),
      newEntry({ from: '+15550000002' }),
      newEntry({ from: '+15550000002', expiresAt: NOON + 9 }),
    ];
    perform(tables, 'slow', { sender: `${ACCOUNT}/${SENDER}`, configured: null, now: NOON - 60_000 });
    perform(tables, 'accept', batchOf(entries, { key: 'k', hash: 'h', answer: 'a' }));
    perform(tables, 'claim', claimQuery({ configured, paused: ['AC_other'] }));
    perform(tables, 'claim', claimQuery({ configured, now: NOON + 60_000 }));
    const [first] = entries;
    const sid = `SM${'1'.repeat(32)}`;
    perform(tables, 'apply', {
      changes: [
        { key: { id: first?.id ?? '' }, fact: taken(sid) },
        { key: { sid }, fact: callback(sid, 'delivered') },
      ],
      eventIds: ['EV1', 'EV2'],
      now: NOON,
    });
    perform(tables, 'rebase', { now: NOON - 5 });
    const event = {
      id: 'EV3',
      type: 'twilio_data_received',
      at: NOON,
      entryId: null,
      data: {},
      simulated: true,
    } as const;
    perform(tables, 'subscribe', { consumers: ['a'] });
    perform(tables, 'receive', { keys: ['a', 'b'], event });
    perform(tables, 'receive', { keys: ['a'], event });
    perform(tables, 'keepAnswer', { eventSeq: 1, answer: '' });
    perform(tables, 'replay', { eventSeq: 1, consumers: null });
    const put = [{ room: 'a', key: 'k', value: 1, dueAt: null }];
    perform(tables, 'keep', { put, remove: put, settle: [{ consumer: 'a', eventSeq: 1, replay: null }] });
    perform(tables, 'keep', { settle: [{ consumer: 'a', eventSeq: 1, replay: 1 }] });
    perform(tables, 'prune', { table: 'events', olderThan: NOON + 1, after: 0 });
    perform(tables, 'prune', { table: 'entries', olderThan: NOON, after: 0 });
    tables.flushCounts();
    expect(asked.size).toBeGreaterThan(20);
    expect([...asked].filter((sql) => /limit \?(?! \+ 0)/.test(sql))).toEqual([]);
    expect(scans()).toEqual([]);
  });

  it('of reading go through an index where a question is asked often or its answer is rare', async () => {
    const reads = createReads(db);
    await reads.entry({ id: 'x' });
    await reads.entry({ sid: 'x' });
    await reads.entriesBySid(['x']);
    await reads.due(ENTRY_STATES, NOON, 10);
    await reads.nextDue(ENTRY_STATES);
    for (const state of ENTRY_STATES.filter((word) => word !== 'done')) await reads.inState(state, 10);
    await reads.twins(ACCOUNT, 'message', '+1', NOON);
    await reads.counts();
    await reads.decisions('x');
    await reads.dueForwards(NOON, 10);
    await reads.nextForward();
    await reads.given({ account: ACCOUNT, kind: 'message', limit: 10, at: NOON });
    await reads.entries({ kind: 'message', limit: 10, state: 'held' });
    await reads.entries({ kind: 'message', limit: 10, status: 'undelivered' });
    await reads.entries({ kind: 'call', limit: 10 });
    await reads.entries({ kind: 'message', limit: 10, to: '+1' });
    await reads.entries({ kind: 'message', limit: 10, idempotencyKey: 'k' });
    await reads.entries({ kind: 'message', limit: 10, after: 'x' });
    await reads.events({ limit: 10, afterSeq: 5 });
    await reads.event('x');
    await reads.deliveries('a', 10);
    await reads.record('a', 'x');
    await reads.records({ room: 'a', limit: 10 });
    await reads.records({ room: 'a', limit: 10, dueBy: NOON });
    await reads.nextRecord('a');
    expect(asked.size).toBeGreaterThan(15);
    expect(scans()).toEqual([]);
  });

  it('belong to the schema version that the migrations lead to', () => {
    expect(MIGRATIONS).toHaveLength(SCHEMA_VERSION);
  });

  it('fit a database of the first version once it is opened', async () => {
    const file = join(dir, 'old.sqlite');
    const old = new DatabaseSync(file);
    await MIGRATIONS[0]?.(kyselyOver(old) as never);
    old.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = 1`);
    const { idGiven, deleted, failedPolls, leftAfter, ...entry } = newEntry();
    const fields = ENTRY_FIELDS.filter((field): field is keyof typeof entry => field in entry);
    const columns = fields.map((field) => ENTRY_COLUMNS[field][0]);
    old
      .prepare(`insert into entries (${columns.join(', ')}, decided) values (${columns.map(() => '?').join(', ')}, 0)`)
      .run(...fields.map((field) => encodeField(field, entry[field])));
    old.close();
    await prepareDatabase(file);
    const opened = new DatabaseSync(file);
    expect(await createReads(opened).entry({ id: entry.id })).toEqual({
      ...{ seq: 1, ...entry },
      ...{ idGiven, deleted, failedPolls, leftAfter },
    });
    opened.close();
  });
});
