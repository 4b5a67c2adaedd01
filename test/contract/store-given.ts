/** What every store must remember for the facade: which SID a client was given, and what it deleted. */

import type { Store } from '../../src/core/ports.ts';
import type { CreateHarness, StoreHarness } from '../support/store-harness.ts';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, accepted, callback, claimQuery, NOON, taken, tell } from '../support/entries.ts';
import { eachTest } from '../support/store-harness.ts';

const SID = `SM${'f'.repeat(32)}`;
const URL = 'https://example.org/status';

export function storeGiven(name: string, create: CreateHarness): void {
  describe(`${name} store`, () => {
    let harness: StoreHarness;
    let store: Store;
    eachTest(create, (fresh) => {
      harness = fresh;
      store = fresh.store;
    });

    /** Accepted, and its client was given our id. */
    async function given(...entries: Parameters<typeof accepted>[1][]) {
      const records = await accepted(store, ...entries);
      for (const { id } of records) await tell(store, id, { type: 'idGiven' });
      return records.map(({ id }) => id);
    }
    const ids = async (query: Partial<Parameters<Store['given']>[0]> = {}) =>
      (await store.given({ account: ACCOUNT, kind: 'message', limit: 10, at: NOON, ...query })).map(({ id }) => id);

    it('remembers that an id was given, also after it was closed and opened', async () => {
      const [id = ''] = await given({});
      expect(await store.entry({ id })).toMatchObject({ idGiven: true, deleted: false });
      if (harness.reopen !== null)
        expect(await (await harness.reopen()).entry({ id })).toMatchObject({ idGiven: true });
    });

    it('refuses to give an id once Twilio’s SID is known', async () => {
      const [record] = await accepted(store, {});
      await store.claim(claimQuery());
      await tell(store, record?.id ?? '', taken(SID));
      expect(await tell(store, record?.id ?? '', { type: 'idGiven' })).toMatchObject({ outcome: 'refused' });
    });

    it('lists what Twilio’s list lacks, newest first, of one account and kind', async () => {
      await accepted(store, {});
      const [a, b] = await given({}, {}, { account: 'AC_other' }, { kind: 'call' });
      expect(await ids()).toEqual([b, a]);
      expect(await ids({ limit: 1 })).toEqual([b]);
      expect(await ids({ kind: 'call' })).toHaveLength(1);
      expect(await ids({ beforeSeq: (await store.entry({ id: b ?? '' }))?.seq ?? 0 })).toEqual([a]);
    });

    it('narrows by recipient and sender, and to what was accepted by then', async () => {
      const [a, b] = await given({ to: '+1' }, { from: '+2' }, { createdAt: NOON + 1 });
      expect([await ids({ to: '+1' }), await ids({ from: '+2' })]).toEqual([[a], [b]]);
      expect(await ids({ at: NOON + 1 })).toHaveLength(3);
    });

    it('goes on listing what was sent since, so that pages fit together', async () => {
      const [id = ''] = await given({});
      await store.claim(claimQuery({ now: NOON + 5 }));
      await tell(store, id, taken(SID), NOON + 6);
      expect([await ids({ at: NOON }), await ids({ at: NOON + 5 }), await ids({ at: NOON + 6 })]).toEqual([
        [id],
        [id],
        [],
      ]);
    });

    it('leaves out what was deleted, and removes its text', async () => {
      const [id = ''] = await given({});
      await tell(store, id, { type: 'canceled', why: 'By its client.' });
      await tell(store, id, { type: 'deleted' });
      expect(await ids()).toEqual([]);
      expect(await store.entry({ id })).toMatchObject({ deleted: true, body: '' });
    });

    it('tells a caller’s own URL of the SID that the caller was given', async () => {
      const [id = ''] = await given({ params: { body: 'x', statusCallback: URL } });
      await store.claim(claimQuery());
      await tell(store, id, taken(SID));
      await tell(store, id, callback(SID, 'delivered'));
      expect((await store.dueForwards(NOON, 10))[0]?.fields).toEqual([
        ['MessageSid', id],
        ['MessageStatus', 'delivered'],
      ]);
    });

    it('tells it of an end that Twilio never heard of, but not where the create itself was refused', async () => {
      const params = { body: 'x', statusCallback: URL };
      const [id = ''] = await given({ params, expiresAt: NOON });
      await accepted(store, { params, expiresAt: NOON });
      await store.claim(claimQuery({ now: NOON + 1 }));
      const forwards = await store.dueForwards(NOON + 1, 10);
      expect(forwards.map(({ fields }) => Object.fromEntries(fields))).toEqual([
        expect.objectContaining({ MessageSid: id, MessageStatus: 'failed', AccountSid: ACCOUNT }),
      ]);
    });
  });
}
