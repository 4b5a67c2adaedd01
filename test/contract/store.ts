/** What every store must do: the writes. The reads are in store-reads.ts. */

import type { EntryRecord, NewEntry } from '../../src/core/entry.ts';
import type { Commit, Store } from '../../src/core/ports.ts';
import type { CreateHarness } from '../support/store-harness.ts';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  accepted,
  batchOf,
  callback,
  claimQuery,
  NOON,
  newEntry,
  recordsOf,
  SENDER,
  taken,
  tell,
} from '../support/entries.ts';
import { eachTest } from '../support/store-harness.ts';

const SID = `SM${'f'.repeat(32)}`;
const OWN_URL = 'https://example.org/status';

export function storeWrites(name: string, create: CreateHarness): void {
  describe(`${name} store`, () => {
    let store: Store;
    eachTest(create, (fresh) => {
      store = fresh.store;
    });

    describe('accept', () => {
      it('keeps every field of an entry', async () => {
        const entry = newEntry({
          state: 'rejected',
          params: { mediaUrl: ['https://example.org/a.png'], validityPeriod: 60, provideFeedback: true },
          extra: [
            ['NewField', 'a'],
            ['NewField', 'b'],
          ],
          idempotencyKey: 'key-1',
          error: {
            code: 'X',
            kind: 'invalid',
            message: 'm',
            remedy: 'r',
            stage: 'before_send',
            twilioCode: 1,
            twilioMessage: null,
            httpStatus: 2,
            requestId: 'RQ',
            moreInfo: null,
          },
          resolution: { choices: ['sent', 'drop'] },
          onUnknown: 'hold',
          callbackMode: 'own',
          dueAt: null,
          notBefore: NOON + 1,
          expiresAt: NOON + 2,
          sendingAt: NOON + 3,
          listings: [NOON, NOON + 4],
          lookups: 3,
          polls: 4,
          attempts: 5,
          body: 'Grüße 👍\u0000\n',
          simulated: false,
        });
        const [record] = recordsOf(await store.accept(batchOf([entry])));
        expect(record).toEqual({ seq: 1, ...entry });
        expect(await store.entry({ id: entry.id })).toEqual(record);
      });

      it('numbers entries in order of acceptance', async () => {
        const first = await accepted(store, {}, {});
        const second = await accepted(store, {});
        expect([...first, ...second].map(({ seq }) => seq)).toEqual([1, 2, 3]);
      });

      it('writes the first decision of each entry', async () => {
        const [record] = await accepted(store, {});
        expect(await store.decisions(record?.id ?? '')).toEqual([{ at: NOON, what: 'accepted', why: 'Accepted.' }]);
      });

      it('keeps nothing of a batch in which one id is taken', async () => {
        const [known] = await accepted(store, {});
        const fresh = newEntry();
        const batch = batchOf([fresh, newEntry({ id: known?.id ?? '' })], { key: 'k', hash: 'h', answer: 'a' });
        await expect(store.accept(batch)).rejects.toMatchObject({ code: 'TOLLBOARD_INTERNAL' });
        expect(await store.entry({ id: fresh.id })).toBeNull();
        expect((await store.counts()).queued).toBe(1);
        expect(await store.accept(batchOf([fresh], { key: 'k', hash: 'h', answer: 'a' }))).toMatchObject({
          outcome: 'accepted',
        });
      });

      it('takes ten thousand entries at once', async () => {
        const entries = Array.from({ length: 10_000 }, () => newEntry());
        expect(recordsOf(await store.accept(batchOf(entries)))).toHaveLength(10_000);
        expect((await store.counts()).queued).toBe(10_000);
      });
    });

    describe('idempotency', () => {
      const once = (hash: string, answer: string) => store.accept(batchOf([newEntry()], { key: 'key', hash, answer }));

      it('gives the stored answer word for word to the same request, and stores nothing again', async () => {
        await once('same', '{"messages": [1]}');
        expect(await once('same', 'other text')).toEqual({ outcome: 'replayed', answer: '{"messages": [1]}' });
        expect((await store.counts()).queued).toBe(1);
      });

      it('tells another request under the same key', async () => {
        await once('one', 'a');
        expect(await once('two', 'b')).toEqual({ outcome: 'mismatch' });
        expect((await store.counts()).queued).toBe(1);
      });

      it('lets one of many concurrent requests win, and gives its answer to the others', async () => {
        const results = await Promise.all(Array.from({ length: 20 }, (_, index) => once('same', `answer ${index}`)));
        expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
        expect(
          new Set(results.flatMap((result) => (result.outcome === 'replayed' ? [result.answer] : []))),
        ).toHaveLength(1);
        expect((await store.counts()).queued).toBe(1);
      });
    });

    describe('claim', () => {
      it('puts the intent on disk: state, attempt and time', async () => {
        const [record] = await accepted(store, {});
        const claimed = await store.claim(claimQuery({ now: NOON + 5 }));
        expect(claimed).toMatchObject([
          { id: record?.id, state: 'sending', attempts: 1, sendingAt: NOON + 5, dueAt: null },
        ]);
        expect(await store.entry({ id: record?.id ?? '' })).toEqual(claimed[0]);
        expect((await store.decisions(record?.id ?? '')).map(({ what }) => what)).toEqual(['accepted', 'claimed']);
      });

      it('remembers by which of Twilio’s times a request left, where that is known', async () => {
        const [first] = await accepted(store, {});
        await store.claim(claimQuery({ twilioNow: { [ACCOUNT]: NOON - 30_000, AC_other: 1 } }));
        const [second] = await accepted(store, {});
        await store.claim(claimQuery());
        const leftAfter = async (record: typeof first) => (await store.entry({ id: record?.id ?? '' }))?.leftAfter;
        expect([await leftAfter(first), await leftAfter(second)]).toEqual([NOON - 30_000, null]);
      });

      it('takes each entry once, however many claims run', async () => {
        await accepted(store, ...Array.from({ length: 50 }, () => ({})));
        const claims = await Promise.all(Array.from({ length: 10 }, () => store.claim(claimQuery({ limit: 8 }))));
        const claimed = claims.flat().map(({ id }) => id);
        expect(claimed).toHaveLength(50);
        expect(new Set(claimed)).toHaveLength(50);
      });

      it('takes what is due first, then in order of acceptance, and no more than asked', async () => {
        const later = { dueAt: NOON + 10, state: 'scheduled' as const };
        const records = await accepted(store, later, {}, { dueAt: NOON - 1 }, later, {});
        const [a, b, c, d, e] = records.map(({ id }) => id);
        const claimed = await store.claim(claimQuery({ now: NOON + 10, limit: 4 }));
        expect(claimed.map(({ id }) => id)).toEqual([c, b, e, a]);
        expect((await store.claim(claimQuery({ now: NOON + 10 }))).map(({ id }) => id)).toEqual([d]);
      });

      it('leaves what is not due yet', async () => {
        await accepted(store, { state: 'scheduled', dueAt: NOON + 1000, notBefore: NOON + 1000 });
        expect(await store.claim(claimQuery({ now: NOON + 999 }))).toEqual([]);
        expect(await store.claim(claimQuery({ now: NOON + 1000 }))).toHaveLength(1);
      });

      it('lets what may not be given to Twilio any more expire', async () => {
        const [record] = await accepted(store, { expiresAt: NOON + 1 });
        expect(await store.claim(claimQuery({ now: NOON + 1 }))).toEqual([]);
        const error = { code: 'TOLLBOARD_DELIVERY_EXPIRED', stage: 'before_send' };
        expect(await store.entry({ id: record?.id ?? '' })).toMatchObject({ state: 'expired', error });
      });

      it('holds entries of an account that is not configured, and sends the others', async () => {
        const [stranger, known] = await accepted(store, { account: 'AC_other' }, {});
        expect((await store.claim(claimQuery())).map(({ id }) => id)).toEqual([known?.id]);
        const error = { code: 'TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN' };
        expect(await store.entry({ id: stranger?.id ?? '' })).toMatchObject({ state: 'held', error });
      });

      it('leaves entries of a paused account where they are, and sends the others', async () => {
        const [paused, free] = await accepted(store, { account: 'AC_slow' }, {});
        const query = claimQuery({ accounts: [ACCOUNT, 'AC_slow'], paused: ['AC_slow'] });
        expect((await store.claim(query)).map(({ id }) => id)).toEqual([free?.id]);
        expect(await store.entry({ id: paused?.id ?? '' })).toEqual(paused);
        expect(await store.claim({ ...query, paused: [] })).toHaveLength(1);
      });

      it('says when others than the paused accounts are due, in lanes and outside', async () => {
        await accepted(
          store,
          { account: 'AC_slow' },
          { account: 'AC_slow' },
          { account: 'AC_slow' },
          { dueAt: NOON + 9 },
        );
        await store.claim(claimQuery({ accounts: ['AC_slow'], configured: { [`AC_slow/${SENDER}`]: 10 }, limit: 1 }));
        await store.claim(claimQuery({ accounts: ['AC_slow'], configured: { [`AC_slow/${SENDER}`]: 10 }, limit: 1 }));
        await accepted(store, { account: 'AC_slow', from: '+15550000009' });
        expect(await store.nextDue(['queued'])).toBe(NOON);
        expect(await store.nextDue(['queued'], ['AC_slow'])).toBe(NOON + 9);
        expect(await store.nextDue(['queued'], ['AC_slow', ACCOUNT])).toBeNull();
      });

      it('gives no account more than its room, paced or not, and the others theirs', async () => {
        const [a, b] = [{ account: 'AC_slow' }, {}];
        await accepted(store, a, a, a, b, b);
        const query = claimQuery({ accounts: [ACCOUNT, 'AC_slow'], room: { AC_slow: 2, [ACCOUNT]: 5 }, limit: 7 });
        const taken = (await store.claim(query)).map(({ account }) => account);
        expect(taken.sort()).toEqual(['AC_slow', 'AC_slow', ACCOUNT, ACCOUNT].sort());
        expect(await store.claim({ ...query, room: { AC_slow: 9 } })).toHaveLength(1);
      });

      it('leaves those that wait for the pace of a paused account where they are', async () => {
        const configured = { [`AC_slow/${SENDER}`]: 10 };
        const [, waiting] = await accepted(store, { account: 'AC_slow' }, { account: 'AC_slow' });
        const query = claimQuery({ accounts: [ACCOUNT, 'AC_slow'], configured });
        await store.claim(query);
        const later = { ...query, now: NOON + 5000 };
        expect(await store.claim({ ...later, paused: ['AC_slow'] })).toEqual([]);
        expect((await store.claim(later)).map(({ id }) => id)).toEqual([waiting?.id]);
      });

      it('refuses a text to somebody who opted out of its sender, and no other', async () => {
        await store.setOptOut(ACCOUNT, SENDER, '+15551230001', Number.MAX_SAFE_INTEGER);
        const [out, other, call] = await accepted(store, {}, { to: '+15551230002' }, { kind: 'call' });
        expect((await store.claim(claimQuery())).map(({ id }) => id)).toEqual([other?.id, call?.id]);
        expect(await store.entry({ id: out?.id ?? '' })).toMatchObject({
          state: 'rejected',
          error: { twilioCode: 21610 },
        });
        await store.setOptOut(ACCOUNT, SENDER, '+15551230001', null);
        await accepted(store, {});
        expect(await store.claim(claimQuery())).toHaveLength(1);
      });

      it('chooses whose status callback goes out', async () => {
        const url = { statusCallback: OWN_URL };
        await accepted(
          store,
          {},
          { params: url },
          { params: { ...url, messagingServiceSid: 'MG1' } },
          { params: { applicationSid: 'AP1' } },
        );
        const modes = (await store.claim(claimQuery())).map(({ callbackMode }) => callbackMode);
        expect(modes).toEqual(['own', 'own', 'caller', 'none']);
      });
    });

    describe('apply', () => {
      const sent = async (given: Partial<NewEntry> = {}) => {
        const [record] = await accepted(store, given);
        await store.claim(claimQuery());
        return record?.id ?? '';
      };

      it('answers each change: applied, refused, missing', async () => {
        const id = await sent();
        const answers = await store.apply(
          [
            { key: { id }, fact: taken(SID) },
            { key: { id }, fact: { type: 'expired' } },
            { key: { id: 'SM_unknown' }, fact: { type: 'expired' } },
          ],
          NOON,
        );
        expect(answers.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'missing']);
        expect(await store.entry({ id })).toMatchObject({ state: 'sent', sid: SID, status: 'queued' });
      });

      it('writes nothing for a refused change', async () => {
        const id = await sent();
        await tell(store, id, taken(SID, 'delivered'));
        const before = await store.entry({ id });
        const ledger = await store.decisions(id);
        expect(await tell(store, id, callback(SID, 'sent'), NOON + 1)).toMatchObject({
          outcome: 'refused',
          entry: before,
        });
        expect(await store.entry({ id })).toEqual(before);
        expect(await store.decisions(id)).toEqual(ledger);
        expect(await store.events({ limit: 10 })).toEqual([]);
      });

      it('finds the entry by Twilio’s SID', async () => {
        const id = await sent();
        await tell(store, id, taken(SID));
        const [applied] = await store.apply([{ key: { sid: SID }, fact: callback(SID, 'delivered') }], NOON);
        expect(applied).toMatchObject({ outcome: 'applied', entry: { id, state: 'done', status: 'delivered' } });
      });

      it('stores a status with its event, which carries Twilio’s fields and the entry’s id', async () => {
        const id = await sent();
        await tell(store, id, taken(SID));
        const applied = await tell(store, id, callback(SID, 'delivered'), NOON + 7);
        const [event] = await store.events({ limit: 10 });
        expect(applied).toMatchObject({ outcome: 'applied', event });
        expect(event).toMatchObject({
          seq: 1,
          type: 'twilio_message_status',
          at: NOON + 7,
          entryId: id,
          simulated: true,
        });
        expect(event?.id).toMatch(/^EV[0-9a-f]{32}$/);
        expect(event?.data).toEqual({ MessageSid: SID, MessageStatus: 'delivered', entryId: id });
      });

      it('writes a decision for every fact, in order, with its time', async () => {
        const id = await sent();
        await tell(store, id, taken(SID), NOON + 1);
        await tell(store, id, callback(SID, 'delivered'), NOON + 2);
        const ledger = (await store.decisions(id)).map(({ at, what }) => [at - NOON, what]);
        expect(ledger).toEqual([
          [0, 'accepted'],
          [0, 'claimed'],
          [1, 'answered'],
          [2, 'status'],
        ]);
      });

      it('keeps the counts by state', async () => {
        await sent();
        await sent();
        const id = await sent();
        await tell(store, id, taken(SID));
        await accepted(store, {});
        expect(await store.counts()).toMatchObject({ sending: 2, sent: 1, queued: 1, done: 0 });
      });
    });

    describe('forwards', () => {
      const own = async (params: NewEntry['params'], kind: NewEntry['kind'] = 'message') => {
        const [record] = await accepted(store, { params, kind });
        await store.claim(claimQuery());
        await tell(store, record?.id ?? '', taken(SID));
        return record?.id ?? '';
      };

      it('stores each status of an entry for its caller’s own URL', async () => {
        const id = await own({ statusCallback: OWN_URL });
        await tell(store, id, callback(SID, 'sent'), NOON + 1);
        const fields = callback(SID, 'sent').fields;
        const expected = { seq: 1, entryId: id, account: ACCOUNT, url: OWN_URL, fields, attempts: 0, dueAt: NOON + 1 };
        expect(await store.dueForwards(NOON + 1, 10)).toEqual([expected]);
        expect(await store.nextForward()).toBe(NOON + 1);
      });

      it('gives the oldest of each entry only, until it is settled', async () => {
        const id = await own({ statusCallback: OWN_URL });
        await tell(store, id, callback(SID, 'sent'), NOON + 1);
        await tell(store, id, callback(SID, 'delivered'), NOON + 2);
        expect((await store.dueForwards(NOON + 9, 10)).map(({ seq }) => seq)).toEqual([1]);
        await store.settleForward(1, NOON + 60_000);
        expect(await store.dueForwards(NOON + 9, 10)).toEqual([]);
        expect(await store.nextForward()).toBe(NOON + 60_000);
        expect(await store.dueForwards(NOON + 60_000, 10)).toMatchObject([{ seq: 1, attempts: 1 }]);
        await store.settleForward(1, null);
        expect(await store.dueForwards(NOON + 9, 10)).toMatchObject([{ seq: 2, attempts: 0 }]);
        await store.settleForward(2, null);
        expect(await store.nextForward()).toBeNull();
      });

      it('stores none where the caller’s URL went out itself, or there is none', async () => {
        await tell(store, await own({}), callback(SID, 'sent'));
        const id = await own({ statusCallback: OWN_URL, messagingServiceSid: 'MG1' });
        await tell(store, id, callback(SID, 'sent'));
        expect(await store.nextForward()).toBeNull();
      });

      it('tells the caller of a call only the events that were asked for', async () => {
        const id = await own({ statusCallback: OWN_URL }, 'call');
        await tell(store, id, callback(SID, 'ringing'));
        expect(await store.nextForward()).toBeNull();
        await tell(store, id, callback(SID, 'completed'));
        expect(await store.dueForwards(NOON, 10)).toHaveLength(1);
      });
    });

    describe('after the clock was set back', () => {
      it('moves due times back by as much as they were written ahead, but not those of a schedule', async () => {
        const ahead = { createdAt: NOON + 3_600_000 };
        const [queued, scheduled, before] = await accepted(
          store,
          { ...ahead, dueAt: NOON + 3_600_500 },
          { ...ahead, state: 'scheduled', dueAt: NOON + 4_000_000 },
          { dueAt: NOON + 9 },
        );
        expect(await store.rebase(NOON)).toBe(2);
        expect(await store.entry({ id: queued?.id ?? '' })).toMatchObject({ dueAt: NOON + 500, updatedAt: NOON });
        expect(await store.entry({ id: scheduled?.id ?? '' })).toMatchObject({
          dueAt: NOON + 4_000_000,
          updatedAt: NOON,
        });
        expect(await store.entry({ id: before?.id ?? '' })).toEqual(before);
        expect(await store.rebase(NOON)).toBe(0);
      });

      it('moves the expiry of what was accepted ahead, but not one that counts from a schedule or an earlier acceptance', async () => {
        const HOUR = 3_600_000;
        const ahead = { createdAt: NOON + HOUR };
        const [relative, late, planned, before] = await accepted(
          store,
          { ...ahead, expiresAt: NOON + HOUR + 60_000 },
          { ...ahead, notBefore: NOON, expiresAt: NOON + HOUR + 60_000 },
          { ...ahead, state: 'scheduled', notBefore: NOON + 2 * HOUR, expiresAt: NOON + 2 * HOUR + 60_000 },
          { updatedAt: NOON + HOUR, dueAt: NOON + HOUR, expiresAt: NOON + 60_000 },
        );
        expect(await store.rebase(NOON)).toBe(4);
        const expiry = async (record: EntryRecord | undefined) => {
          const entry = await store.entry({ id: record?.id ?? '' });
          return (entry?.expiresAt ?? 0) - NOON;
        };
        expect(await Promise.all([relative, late, planned, before].map(expiry))).toEqual([
          60_000,
          60_000,
          2 * HOUR + 60_000,
          60_000,
        ]);
        await store.claim(claimQuery({ now: NOON + 30 * 60_000 }));
        expect(await store.entry({ id: relative?.id ?? '' })).toMatchObject({ state: 'expired' });
      });

      it('does not let forwards wait for the old time', async () => {
        const [record] = await accepted(store, { params: { statusCallback: OWN_URL } });
        await store.claim(claimQuery());
        await tell(store, record?.id ?? '', taken(SID));
        await tell(store, record?.id ?? '', callback(SID, 'sent'), NOON + 3_600_000);
        await store.rebase(NOON);
        expect(await store.dueForwards(NOON, 10)).toHaveLength(1);
      });
    });

    describe('listeners', () => {
      it('learn of each commit in order, with whole records', async () => {
        const commits: Commit[] = [];
        const off = store.onCommit((commit) => commits.push(commit));
        const [record] = await accepted(store, {});
        const [claimed] = await store.claim(claimQuery());
        await tell(store, record?.id ?? '', taken(SID));
        const done = await tell(store, record?.id ?? '', callback(SID, 'delivered'));
        off();
        await accepted(store, {});
        expect(commits.map(({ entries }) => entries.map(({ state }) => state))).toEqual([
          ['queued'],
          ['sending'],
          ['sent'],
          ['done'],
        ]);
        expect(commits[0]?.entries).toEqual([record]);
        expect(commits[1]?.entries).toEqual([claimed]);
        expect(commits[3]?.entries).toEqual([await store.entry({ id: record?.id ?? '' })]);
        expect(commits[3]?.events).toEqual(done.outcome === 'applied' ? [done.event] : []);
      });

      it('find what they are told of on disk already', async () => {
        const found = new Promise<unknown>((resolve) => {
          store.onCommit(({ entries }) => resolve(store.entry({ id: entries[0]?.id ?? '' })));
        });
        const [record] = await accepted(store, {});
        expect(await found).toEqual(record);
      });
    });

    describe('closing', () => {
      it('finishes the writes under way, refuses later ones, and may be done twice', async () => {
        const write = store.accept(batchOf([newEntry()]));
        await Promise.all([store.close(), store.close()]);
        expect(await write).toMatchObject({ outcome: 'accepted' });
        await expect(store.accept(batchOf([newEntry()]))).rejects.toMatchObject({ code: 'TOLLBOARD_STORE_CLOSED' });
      });
    });
  });
}
