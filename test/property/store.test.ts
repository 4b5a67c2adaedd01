import type { EntryState } from '../../src/core/entry.ts';
import type { Fact } from '../../src/core/outbox.ts';
import type { Store } from '../../src/core/ports.ts';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ENTRY_STATES } from '../../src/core/entry.ts';
import { errorReport } from '../../src/core/errors.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { checkStore } from '../../src/store/sqlite/check.ts';
import {
  ACCOUNT,
  batchOf,
  callback,
  claimQuery,
  countingRandom,
  NOON,
  newEntry,
  SENDER,
  taken,
} from '../support/entries.ts';
import { SEED } from '../support/property.ts';
import { sqliteHarness } from '../support/sqlite-store.ts';

const OTHER = '+15550000002';
const RECIPIENTS = ['+15551230001', '+15551230002'];
const SIDS = Array.from({ length: 4 }, (_, index) => `SM${String(index).repeat(32)}`);
const ERROR = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });
const CONFIGURED = { [`${ACCOUNT}/${OTHER}`]: 2 };

/** One step of a store's life; ids are those of the entries accepted so far, by index. */
type Step = (store: Store, ids: string[]) => Promise<unknown>;

const times = fc.integer({ min: -30_000, max: 30_000 }).map((offset) => NOON + offset);
const sids = fc.constantFrom(...SIDS);

const facts: fc.Arbitrary<(now: number) => Fact> = fc.oneof(
  fc.tuple(sids, fc.constantFrom('queued', 'sent', 'delivered')).map(
    ([sid, word]) =>
      () =>
        taken(sid, word),
  ),
  fc.tuple(sids, fc.constantFrom('sent', 'delivered', 'undelivered', 'read')).map(
    ([sid, word]) =>
      () =>
        callback(sid, word),
  ),
  fc.constant(() => ({ type: 'rejected', error: ERROR }) as const),
  fc
    .integer({ min: 0, max: 5000 })
    .map((wait) => (now: number) => ({ type: 'retry', error: ERROR, at: now + wait }) as const),
  fc.constant(() => ({ type: 'lost', error: ERROR }) as const),
  fc.constant(() => ({ type: 'interrupted' }) as const),
  fc.constant(() => ({ type: 'polled', why: 'polled' }) as const),
  fc.boolean().map((complete) => () => ({ type: 'listed', complete, windowMs: 10_000, why: 'listed' }) as const),
  sids.map((sid) => () => ({ ...taken(sid), type: 'found', why: 'found' }) as const),
  fc.constant(() => ({ type: 'absent', why: 'absent' }) as const),
  fc.constant(() => ({ type: 'ambiguous', error: ERROR, why: 'ambiguous' }) as const),
  fc.constantFrom('sent', 'resend', 'drop').map((choice) => () => ({ type: 'chosen', choice, sid: null }) as const),
  fc.constant(() => ({ type: 'canceled', why: 'canceled' }) as const),
  fc.constant(() => ({ type: 'redacted' }) as const),
  fc.constant(() => ({ type: 'idGiven' }) as const),
  fc.constant(() => ({ type: 'deleted' }) as const),
);

const accepting = fc.record({
  from: fc.constantFrom(SENDER, OTHER, OTHER),
  to: fc.constantFrom(...RECIPIENTS),
  account: fc.constantFrom(ACCOUNT, ACCOUNT, ACCOUNT, 'AC_other'),
  createdAt: times,
  wait: fc.constantFrom(0, 0, 10_000),
  life: fc.constantFrom(null, null, 5000),
  told: fc.boolean(),
});

const accept: fc.Arbitrary<Step> = fc
  .tuple(
    fc.array(accepting, { minLength: 1, maxLength: 6 }),
    fc.option(fc.constantFrom('k1', 'k2')),
    fc.constantFrom('h1', 'h2'),
  )
  .map(([given, key, hash]) => {
    const entries = given.map(({ from, to, account, createdAt, wait, life, told }) => {
      const statusCallback = told ? { statusCallback: 'https://example.org/s' } : {};
      const state: EntryState = wait > 0 ? 'scheduled' : 'queued';
      const expiresAt = life === null ? null : createdAt + wait + life;
      return newEntry({
        from,
        to,
        account,
        createdAt,
        state,
        dueAt: createdAt + wait,
        expiresAt,
        params: { from, ...statusCallback },
      });
    });
    const batch = batchOf(entries, key === null ? undefined : { key, hash, answer: `answer to ${hash}` });
    return async (store, ids) => {
      const answer = await store.accept(batch);
      if (answer.outcome === 'accepted') ids.push(...answer.entries.map(({ id }) => id));
      return answer;
    };
  });

/** What consumers and rooms do; events and places are small, so that they meet. */
const consuming: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.uniqueArray(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { minLength: 1, maxLength: 3 }), times).map(
    ([keys, now]): Step =>
      (store) =>
        store.receive({ keys, data: { Body: keys.join() }, simulated: false }, now),
  ),
  fc.integer({ min: 1, max: 9 }).map(
    (seq): Step =>
      (store) =>
        store.keepAnswer(seq, `answer to ${seq}`),
  ),
  fc.subarray(['a', 'b', 'c'], { minLength: 1 }).map(
    (consumers): Step =>
      (store) =>
        store.subscribe(consumers),
  ),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.option(fc.subarray(['a', 'b', 'c']))).map(
    ([seq, consumers]): Step =>
      (store) =>
        store.replay(seq, consumers ?? undefined),
  ),
  fc
    .record({
      settle: fc.array(
        fc.record({
          consumer: fc.constantFrom('a', 'b'),
          // No event is settled before it happened.
          eventSeq: fc.constant(1),
          replay: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 2 }),
        }),
        { maxLength: 2 },
      ),
      key: fc.constantFrom('x', 'y'),
      dueAt: fc.option(times),
      remove: fc.boolean(),
    })
    .map(
      ({ settle, key, dueAt, remove }): Step =>
        async (store) => {
          const happened = (await store.events({ limit: 1 })).length > 0;
          return store.keep({
            settle: happened ? settle : [],
            ...(remove ? { remove: [{ room: 'r', key }] } : { put: [{ room: 'r', key, value: { key }, dueAt }] }),
          });
        },
    ),
);

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: consuming },
  { weight: 3, arbitrary: accept },
  {
    weight: 4,
    arbitrary: fc.tuple(times, fc.integer({ min: 1, max: 5 }), fc.subarray(['AC_other'])).map(
      ([now, limit, paused]): Step =>
        (store) =>
          store.claim(claimQuery({ now, limit, paused, configured: CONFIGURED, room: { [ACCOUNT]: 3 } })),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.array(fc.tuple(fc.nat(30), facts), { minLength: 1, maxLength: 4 }), times).map(
      ([changes, now]): Step =>
        (store, ids) =>
          store.apply(
            changes.map(([index, fact]) => ({
              key: { id: ids[index % Math.max(1, ids.length)] ?? 'none' },
              fact: fact(now),
            })),
            now,
          ),
    ),
  },
  {
    weight: 1,
    arbitrary: times.map(
      (now): Step =>
        (store) =>
          store.rebase(now),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(SENDER, OTHER), times).map(
      ([sender, now]): Step =>
        (store) =>
          store.slow(`${ACCOUNT}/${sender}`, CONFIGURED[`${ACCOUNT}/${sender}`] ?? null, now),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...RECIPIENTS), fc.boolean()).map(
      ([to, out]): Step =>
        (store) =>
          store.setOptOut(ACCOUNT, SENDER, to, out ? Number.MAX_SAFE_INTEGER : null),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.option(times)).map(
      ([seq, retryAt]): Step =>
        (store) =>
          store.settleForward(seq, retryAt),
    ),
  },
  {
    weight: 1,
    arbitrary: times.map(
      (now): Step =>
        (store) =>
          store.prune({ messagesMs: 10_000, eventsMs: 10_000, idempotencyMs: 10_000 }, now),
    ),
  },
);

/** Everything that can be asked of a store. */
async function everything(store: Store, ids: readonly string[]): Promise<unknown> {
  return {
    entries: await store.entries({ kind: 'message', limit: 1000 }),
    found: await Promise.all(ids.map((id) => store.entry({ id }))),
    bySid: await Promise.all(SIDS.map(async (sid) => [await store.entry({ sid }), await store.entriesBySid([sid])])),
    decisions: await Promise.all(ids.map((id) => store.decisions(id))),
    events: await store.events({ limit: 1000 }),
    consumers: await store.consumers(),
    deliveries: await Promise.all(['a', 'b', 'c'].map((consumer) => store.deliveries(consumer, 20))),
    records: [await store.records({ room: 'r', limit: 9, dueBy: NOON }), await store.records({ room: 'r', limit: 9 })],
    counts: await store.counts(),
    due: await store.due(ENTRY_STATES, NOON, 7),
    next: await Promise.all(ENTRY_STATES.map((state) => store.nextDue([state]))),
    nextButPaused: await store.nextDue(['queued', 'scheduled'], [ACCOUNT]),
    inState: await Promise.all(ENTRY_STATES.map((state) => store.inState(state, 5))),
    twins: await store.twins(ACCOUNT, 'message', RECIPIENTS[0] ?? '', NOON),
    forwards: [await store.dueForwards(NOON, 5), await store.nextForward()],
  };
}

describe('a store in memory and one in SQLite', () => {
  const shared = sqliteHarness();
  afterAll(async () => (await shared).end());

  it('give the same answers after the same steps, and the file makes sense after each life', async () => {
    const harness = await shared;
    let lives = 0;
    const property = fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), async (life) => {
      lives += 1;
      await harness.clear();
      const memory = createMemoryStore({ random: countingRandom() });
      const ids = { memory: [] as string[], sqlite: [] as string[] };
      for (const step of life) {
        const answer = await step(memory, ids.memory);
        expect(withoutEventIds(await step(harness.store, ids.sqlite))).toEqual(withoutEventIds(answer));
      }
      const told = withoutEventIds(await everything(harness.store, ids.sqlite));
      expect(told).toEqual(withoutEventIds(await everything(memory, ids.memory)));
      expect(checkStore(harness.file).checks.filter(({ ok }) => !ok)).toEqual([]);
    });
    await fc.assert(property, { seed: SEED, numRuns: 60 });
    expect(lives).toBeGreaterThanOrEqual(60);
  }, 120_000);
});

/** Ids of events count on through the lives of the shared file. */
function withoutEventIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll(/"EV[0-9a-f]{32}"/g, '"EV"'));
}
