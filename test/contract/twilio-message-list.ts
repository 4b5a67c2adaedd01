/** What Twilio's list of messages does, order, filters and pages: of the simulator and of a gateway alike. */

import type { StartTwilio } from '../support/facade.ts';
import { describe, expect, test } from 'vitest';
import { ask, FROM, PHONE, pass } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

/** What pages share in the SDK's types. */
interface Page {
  instances: Array<{ sid: string }>;
  nextPage(): Promise<Page> | undefined;
}

export function twilioMessageList(name: string, start: StartTwilio): void {
  describe(name, () => {
    describe('the list', () => {
      test('pages through 1200 messages, each exactly once, as the SDK follows next_page_uri', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        for (let batch = 0; batch < 24; batch += 1) {
          await Promise.all(
            Array.from({ length: 50 }, () => client.messages.create({ to: PHONE, from: FROM, body: 'x' })),
          );
        }
        const listed = await client.messages.list({ to: PHONE, from: FROM });
        expect(new Set(listed.map(({ sid }) => sid)).size).toBe(1200);
        expect(listed).toHaveLength(1200);
        expect(await client.messages.list({ limit: 120, pageSize: 50 })).toHaveLength(120);
      });

      test('misses nothing when messages are sent between two pages', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const made = await Promise.all(
          Array.from({ length: 30 }, () => client.messages.create({ to: PHONE, from: FROM, body: 'x' })),
        );
        const seen = new Set<string>();
        let page: Page | undefined = await client.messages.page({ pageSize: 7 });
        while (page !== undefined) {
          for (const { sid } of page.instances) seen.add(sid);
          await pass(twilio, 60);
          page = await page.nextPage();
        }
        expect(seen).toEqual(new Set(made.map(({ sid }) => sid)));
      });

      test('goes back by previous_page_uri to the page before', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        for (let index = 0; index < 5; index += 1)
          await client.messages.create({ to: PHONE, from: FROM, body: String(index) });
        const first = await client.messages.page({ pageSize: 2 });
        const second = await first.nextPage();
        const back = await second?.previousPage();
        expect(back?.instances.map(({ body }) => body)).toEqual(first.instances.map(({ body }) => body));
        expect(first.previousPageUrl).toBeUndefined();
      });

      test('is newest first by DateSent, those not yet sent before them, and filters by day', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const send = (body: string) => client.messages.create({ to: PHONE, from: FROM, body });
        await send('Wednesday');
        await pass(twilio, 86_400_000);
        await send('Thursday');
        await pass(twilio, 86_400_000);
        await send('Friday, not sent yet');
        const bodies = async (filter: object) => (await client.messages.list(filter)).map(({ body }) => body);
        expect(await bodies({})).toEqual(['Friday, not sent yet', 'Thursday', 'Wednesday']);
        expect(await bodies({ dateSent: new Date('2026-07-01T12:00:00Z') })).toEqual(['Wednesday']);
        expect(await bodies({ dateSentAfter: new Date('2026-07-02T00:00:00Z') })).toEqual(['Thursday']);
        expect(await bodies({ dateSentBefore: new Date('2026-07-01T23:59:59Z') })).toEqual(['Wednesday']);
        expect((await ask(twilio, 'GET', 'Messages.json?DateSent%3E=2026-07-02')).json.messages).toHaveLength(1);
        expect((await ask(twilio, 'GET', 'Messages.json?DateSent<=2026-07-01')).json.messages).toHaveLength(1);
        expect((await ask(twilio, 'GET', 'Messages.json?DateSent=soon')).status).toBe(400);
      });

      test('keeps the filters in its URIs, and an empty page starts and ends at 0', async () => {
        const twilio = await start();
        const { json } = await ask(twilio, 'GET', 'Messages.json?To=%2B15551112222&PageSize=2');
        const base = `/2010-04-01/Accounts/${twilio.accounts[0]?.sid}/Messages.json`;
        expect(json).toMatchObject({
          first_page_uri: `${base}?To=%2B15551112222&PageSize=2&Page=0`,
          next_page_uri: null,
          previous_page_uri: null,
          messages: [],
          page: 0,
          page_size: 2,
          start: 0,
          end: 0,
        });
      });

      test('refuses a page of 1001 with 20007 and a strange token with 21481', async () => {
        const twilio = await start();
        expect((await ask(twilio, 'GET', 'Messages.json?PageSize=1001')).json.code).toBe(20007);
        expect((await ask(twilio, 'GET', 'Messages.json?PageToken=nonsense')).json.code).toBe(21481);
        expect((await ask(twilio, 'GET', `Messages.json?Page=1&PageToken=PASM${'0'.repeat(32)}`)).json.code).toBe(
          21481,
        );
      });
    });
  });
}
