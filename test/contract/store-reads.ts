/** What every store must do: questions, pace, retention, tokens. The other writes are in store.ts. */

import type { EntryRecord } from '../../src/core/entry.ts';
import type { ClaimQuery, Store } from '../../src/core/ports.ts';
import type { CreateHarness, StoreHarness } from '../support/store-harness.ts';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, accepted, callback, claimQuery, NOON, SENDER, taken, tell } from '../support/entries.ts';
import { eachTest } from '../support/store-harness.ts';

const SID = `SM${'f'.repeat(32)}`;
const DAY = 86_400_000;
const RETENTION = { messagesMs: 90 * DAY, eventsMs: 90 * DAY, idempotencyMs: 7 * DAY };

export function storeReads(name: string, create: CreateHarness): void {
  describe(`${name} store`, () => {
    let harness: StoreHarness;
    let store: Store;
    eachTest(create, (fresh) => {
      harness = fresh;
      store = fresh.store;
    });

    describe('listings', () => {
      it('run from newest to oldest, of one kind', async () => {
        const [a, , c] = await accepted(store, {}, { kind: 'call' }, {});
        expect(await store.entries({ kind: 'message', limit: 10 })).toEqual([c, a]);
      });

      it.each([
        ['state', { state: 'rejected' }, { state: 'rejected', dueAt: null }],
        ['final state', { state: 'done' }, { state: 'done', dueAt: null }],
        ['status', { status: 'delivered' }, { status: 'delivered' }],
        ['bad status', { status: 'undelivered' }, { status: 'undelivered' }],
        ['recipient', { to: '+15559990000' }, { to: '+15559990000' }],
        ['sender', { from: '+15559990001' }, { from: '+15559990001' }],
        ['account', { account: 'AC_other' }, { account: 'AC_other' }],
        ['time', { since: NOON + 1 }, { createdAt: NOON + 1 }],
        ['idempotency key', { idempotencyKey: 'k:2' }, { idempotencyKey: 'k:2' }],
      ] as const)('can be narrowed by %s', async (_what, query, given) => {
        const records = await accepted(store, {}, given, { status: 'failed', state: 'canceled' });
        expect(await store.entries({ kind: 'message', limit: 10, ...query })).toEqual([records[1]]);
      });

      it('join conditions', async () => {
        const records = await accepted(
          store,
          { to: '+1', from: '+2' },
          { to: '+1', from: '+3' },
          { to: '+4', from: '+2' },
        );
        expect(await store.entries({ kind: 'message', limit: 10, to: '+1', from: '+2' })).toEqual([records[0]]);
      });

      it('take text for text, whatever is in it', async () => {
        await accepted(store, {});
        expect(await store.entries({ kind: 'message', limit: 10, to: "' or 1=1 --" })).toEqual([]);
      });
    });

    describe('pages', () => {
      it('follow each other without gap or repeat while entries come in', async () => {
        const records = await accepted(store, ...Array.from({ length: 7 }, () => ({})));
        const seen: EntryRecord[] = [];
        for (let after: string | undefined; ; ) {
          const page = await store.entries({ kind: 'message', limit: 3, ...(after === undefined ? {} : { after }) });
          seen.push(...page);
          await accepted(store, {});
          after = page.at(-1)?.id;
          if (page.length < 3) break;
        }
        expect(seen).toEqual([...records].reverse());
      });

      it('are empty after an id that nobody has', async () => {
        await accepted(store, {});
        expect(await store.entries({ kind: 'message', limit: 3, after: 'SM_unknown' })).toEqual([]);
      });
    });

    describe('questions of the delivery', () => {
      it('tell what is due in some states, oldest first', async () => {
        const [a, b, , d] = await accepted(
          store,
          { state: 'sent', dueAt: NOON + 2 },
          { state: 'unknown', dueAt: NOON + 1 },
          { state: 'queued', dueAt: NOON },
          { state: 'sent', dueAt: NOON + 9 },
        );
        expect(await store.due(['sent', 'unknown'], NOON + 5, 10)).toEqual([b, a]);
        expect(await store.due(['sent', 'unknown'], NOON + 5, 1)).toEqual([b]);
        expect(await store.nextDue(['sent'])).toBe(NOON + 2);
        expect(await store.nextDue(['sent', 'unknown'])).toBe(NOON + 1);
        expect(await store.nextDue(['held'])).toBeNull();
        expect(d?.state).toBe('sent');
      });

      it('find entries by SID and by state', async () => {
        const [a, b] = await accepted(store, { sid: SID, state: 'sent' }, { state: 'held', dueAt: null }, {});
        expect(await store.entry({ sid: SID })).toEqual(a);
        expect(await store.entry({ sid: 'SM_unknown' })).toBeNull();
        expect(await store.entriesBySid([SID, 'SM_unknown'])).toEqual([a]);
        expect(await store.inState('held', 10)).toEqual([b]);
        expect(await store.inState('sent', 10)).toEqual([a]);
        expect(await store.inState('done', 10)).toEqual([]);
      });

      it('find every entry that could be the same text', async () => {
        const records = await accepted(
          store,
          { createdAt: NOON - 1 },
          {},
          { state: 'done', dueAt: null },
          { kind: 'call' },
          { to: '+15550009999' },
          { account: 'AC_other' },
        );
        expect(await store.twins(ACCOUNT, 'message', '+15551230001', NOON)).toEqual([records[1], records[2]]);
      });
    });

    describe('events', () => {
      it('come in order, after a cursor, by type and time', async () => {
        const draft = { type: 'twilio_data_received' as const, data: { Body: 'hi' } };
        const first = await store.addEvent(draft, false, NOON);
        const second = await store.addEvent({ ...draft, type: 'twilio_call_status' }, true, NOON + 1);
        expect(await store.events({ limit: 10 })).toEqual([first, second]);
        expect(await store.events({ limit: 1 })).toEqual([first]);
        expect(await store.events({ limit: 10, afterSeq: first.seq })).toEqual([second]);
        expect(await store.events({ limit: 10, type: 'twilio_data_received' })).toEqual([first]);
        expect(await store.events({ limit: 10, since: NOON + 1 })).toEqual([second]);
        expect(first).toMatchObject({ data: { Body: 'hi' }, simulated: false, at: NOON, entryId: null });
      });
    });

    describe('tokens and accounts', () => {
      const token = { sid: 'SK1', name: 'ci', hash: 'abc', createdAt: NOON, revokedAt: null };

      it('keeps a token, and revokes it once', async () => {
        await store.addToken(token);
        expect(await store.tokens()).toEqual([token]);
        expect(await store.revokeToken('SK1', NOON + 1)).toBe(true);
        expect(await store.revokeToken('SK1', NOON + 2)).toBe(false);
        expect(await store.revokeToken('SK_unknown', NOON)).toBe(false);
        expect(await store.tokens()).toEqual([{ ...token, revokedAt: NOON + 1 }]);
      });

      it('remembers a real account for good, whatever is said later', async () => {
        await store.noteAccount('AC1', true, NOON);
        await store.noteAccount('AC2', false, NOON);
        await store.noteAccount('AC2', true, NOON + 1);
        expect(await store.accounts()).toEqual([
          { account: 'AC1', simulated: true },
          { account: 'AC2', simulated: false },
        ]);
      });

      it('remembers who opted out of which sender', async () => {
        await store.setOptOut(ACCOUNT, SENDER, '+1', NOON + 1000);
        expect(await store.optedOut(ACCOUNT, SENDER, '+1', NOON)).toBe(true);
        expect(await store.optedOut(ACCOUNT, '+15550000002', '+1', NOON)).toBe(false);
        expect(await store.optedOut(ACCOUNT, SENDER, '+1', NOON + 1000)).toBe(false);
        await store.setOptOut(ACCOUNT, SENDER, '+1', null);
        expect(await store.optedOut(ACCOUNT, SENDER, '+1', NOON)).toBe(false);
      });
    });

    describe('retention', () => {
      it('removes finished entries with their decisions past their time, and nothing unfinished', async () => {
        const old = { createdAt: NOON - 91 * DAY, dueAt: null };
        const [gone, held, unknown, recent] = await accepted(
          store,
          { ...old, state: 'done', sid: SID },
          { ...old, state: 'held' },
          { ...old, state: 'unknown', dueAt: NOON },
          { ...old, state: 'rejected', createdAt: NOON - 89 * DAY },
        );
        expect(await store.prune(RETENTION, NOON)).toBe(1);
        expect(await store.entry({ id: gone?.id ?? '' })).toBeNull();
        expect(await store.entry({ sid: SID })).toBeNull();
        expect(await store.decisions(gone?.id ?? '')).toEqual([]);
        for (const kept of [held, unknown, recent]) expect(await store.entry({ id: kept?.id ?? '' })).toEqual(kept);
        expect(await store.counts()).toMatchObject({ done: 0, held: 1, unknown: 1, rejected: 1 });
      });

      it('works through thousands of rows, and never gives a number of an entry or event twice', async () => {
        const old = { createdAt: NOON - 91 * DAY, dueAt: null, state: 'done' as const };
        await accepted(store, ...Array.from({ length: 2500 }, () => old));
        const event = await store.addEvent({ type: 'twilio_data_received', data: {} }, true, NOON - 91 * DAY);
        expect(await store.prune(RETENTION, NOON)).toBe(2501);
        expect(await accepted(store, {})).toMatchObject([{ seq: 2501 }]);
        const next = await store.addEvent({ type: 'twilio_data_received', data: {} }, true, NOON);
        expect(next.seq).toBe(event.seq + 1);
      });

      it('forgets idempotency keys past their time', async () => {
        const batch = (now: number) => ({
          entries: [],
          decisions: [],
          now,
          idempotency: { key: 'k', hash: 'h', answer: 'a' },
        });
        await store.accept(batch(NOON - 8 * DAY));
        expect(await store.accept(batch(NOON))).toMatchObject({ outcome: 'replayed' });
        await store.prune(RETENTION, NOON);
        expect(await store.accept(batch(NOON))).toMatchObject({ outcome: 'accepted' });
      });
    });

    describe('pace', () => {
      const sender = `${ACCOUNT}/${SENDER}`;
      const paced = (now: number, perSecond = 10): ClaimQuery =>
        claimQuery({ now, configured: { [sender]: perSecond } });

      /** Claims whenever the store says that something is due, and notes when each entry left. */
      async function departures(from: number, until: number, perSecond = 10): Promise<Array<[at: number, id: string]>> {
        const left: Array<[number, string]> = [];
        let now = from;
        for (let round = 0; now <= until && round < 1000; round += 1) {
          for (const { id } of await store.claim(paced(now, perSecond))) left.push([now - from, id]);
          const due = await store.nextDue(['queued', 'scheduled']);
          if (due === null) break;
          now = Math.max(now + 1, Math.ceil(due));
        }
        return left;
      }

      it('lets entries leave exactly at the rate, in order of acceptance, and none is left behind', async () => {
        const ids = (await accepted(store, ...Array.from({ length: 30 }, () => ({})))).map(({ id }) => id);
        expect(await departures(NOON, NOON + 60_000)).toEqual(ids.map((id, index) => [index * 100, id]));
      });

      it('does not hold up other senders', async () => {
        await accepted(store, {}, {}, {}, { from: '+15550000002' });
        expect((await store.claim(paced(NOON))).map(({ from }) => from)).toEqual([SENDER, '+15550000002']);
      });

      it('says when those that wait may leave', async () => {
        const [, second] = await accepted(store, {}, {});
        await store.claim(paced(NOON, 0.5));
        expect(await store.nextDue(['queued', 'scheduled'])).toBe(NOON + 2000);
        expect(await store.entry({ id: second?.id ?? '' })).toMatchObject({ state: 'queued', dueAt: NOON + 2000 });
      });

      it('puts an entry that comes later behind those that wait', async () => {
        const early = (await accepted(store, {}, {}, {})).map(({ id }) => id);
        await store.claim(paced(NOON));
        const [late] = await accepted(store, { createdAt: NOON + 50 });
        expect((await departures(NOON + 100, NOON + 60_000)).map(([, id]) => id)).toEqual([
          ...early.slice(1),
          late?.id,
        ]);
      });

      it('lets no burst leave after a pause', async () => {
        await accepted(store, ...Array.from({ length: 10 }, () => ({})));
        await store.claim(paced(NOON));
        const times = (await departures(NOON + 3_600_000, NOON + 4_000_000)).map(([at]) => at);
        expect(times).toHaveLength(9);
        expect(times.slice(0, 3)).toEqual([0, 50, 150]);
        expect(times.at(-1)).toBe(750);
      });

      it('goes on at the rate after the clock was set back by a day', async () => {
        await accepted(store, ...Array.from({ length: 5 }, () => ({})));
        await store.claim(paced(NOON));
        const times = (await departures(NOON - DAY, NOON - DAY + 60_000)).map(([at]) => at);
        expect(times).toEqual([100, 200, 300, 400]);
      });

      it('goes on at the rate after a restart', async () => {
        if (harness.reopen === null) return;
        const ids = (await accepted(store, ...Array.from({ length: 5 }, () => ({})))).map(({ id }) => id);
        await store.claim(paced(NOON));
        store = await harness.reopen();
        expect(await departures(NOON + 100, NOON + 60_000)).toEqual(ids.slice(1).map((id, index) => [index * 100, id]));
      });

      it('lets an entry that waits expire in its time', async () => {
        const [, second] = await accepted(store, {}, { expiresAt: NOON + 500 });
        await store.claim(paced(NOON, 0.1));
        expect(await store.nextDue(['queued', 'scheduled'])).toBe(NOON + 500);
        expect(await store.claim(paced(NOON + 500, 0.1))).toEqual([]);
        expect(await store.entry({ id: second?.id ?? '' })).toMatchObject({ state: 'expired' });
      });

      it('forgets an entry that was canceled while it waited', async () => {
        const [, second, third] = await accepted(store, {}, {}, {});
        await store.claim(paced(NOON));
        await tell(store, second?.id ?? '', { type: 'canceled', why: 'a person said so' });
        expect((await store.claim(paced(NOON + 100))).map(({ id }) => id)).toEqual([third?.id]);
        expect(await store.nextDue(['queued', 'scheduled'])).toBeNull();
      });

      it('slows a sender when Twilio says too fast, and lets it recover', async () => {
        expect(await store.slow(sender, null, NOON)).toMatchObject({ sender, slowed: 5 });
        await accepted(store, ...Array.from({ length: 3 }, () => ({})));
        expect(await store.claim(claimQuery())).toHaveLength(1);
        expect(await store.claim(claimQuery({ now: NOON + 100 }))).toHaveLength(0);
        expect(await store.claim(claimQuery({ now: NOON + 200 }))).toHaveLength(1);
        await accepted(store, ...Array.from({ length: 20 }, () => ({})));
        expect(await store.claim(claimQuery({ now: NOON + 120_000 }))).toHaveLength(21);
      });

      it('takes a new rate of the configuration at once', async () => {
        await accepted(store, {}, {}, {});
        await store.claim(paced(NOON, 0.001));
        expect((await departures(NOON + 1000, NOON + 60_000, 1)).map(([at]) => at)).toEqual([1000, 2000]);
      });
    });

    describe('what it keeps', () => {
      it('is all there when opened again', async () => {
        if (harness.reopen === null) return;
        const [record] = await accepted(store, {});
        await store.claim(claimQuery());
        await tell(store, record?.id ?? '', taken(SID));
        await tell(store, record?.id ?? '', callback(SID, 'delivered'));
        const kept = async () => [
          await store.entry({ id: record?.id ?? '' }),
          await store.decisions(record?.id ?? ''),
          await store.events({ limit: 10 }),
          await store.counts(),
        ];
        const before = await kept();
        store = await harness.reopen();
        expect(await kept()).toEqual(before);
      });
    });
  });
}
