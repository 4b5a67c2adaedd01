/** What Twilio's Messages do, judged by the official SDK and by Twilio's OpenAPI: of the simulator and of a gateway alike. */

import type { StartTwilio } from '../support/facade.ts';
import { RestException } from 'twilio';
import { describe, expect, test } from 'vitest';
import { ask, FROM, PHONE, pass } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

const SERVICE = `MG${'a'.repeat(32)}`;

/** The SDK's exception of a call that must fail. */
async function fault(call: Promise<unknown>): Promise<{ code: number | undefined; status: number; message: string }> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RestException);
  const { code, status, message } = error as RestException;
  return { code, status, message };
}

export function twilioMessages(name: string, start: StartTwilio): void {
  describe(name, () => {
    describe('a message created by the official SDK', () => {
      test('is queued, then sent, then delivered, and has a price in the end', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const created = await client.messages.create({ to: PHONE, from: FROM, body: 'Hello' });
        expect(created).toMatchObject({
          status: 'queued',
          direction: 'outbound-api',
          numSegments: '1',
          price: null,
          priceUnit: 'USD',
          dateSent: null,
          messagingServiceSid: null,
          errorCode: null,
        });
        expect(created.sid).toMatch(/^SM[0-9a-f]{32}$/);
        await pass(twilio, 100);
        expect(await client.messages(created.sid).fetch()).toMatchObject({
          status: 'sent',
          dateSent: expect.any(Date),
          price: null,
        });
        await pass(twilio, 200);
        expect(await client.messages(created.sid).fetch()).toMatchObject({ status: 'delivered', price: null });
        await pass(twilio, 200);
        expect(await client.messages(created.sid).fetch()).toMatchObject({ status: 'delivered', price: '-0.00750' });
      });

      test('has members in the order of a real answer and blanks where Twilio writes them', async () => {
        const twilio = await start();
        const { status, text, headers } = await ask(twilio, 'POST', 'Messages.json', {
          form: [
            ['To', PHONE],
            ['From', FROM],
            ['Body', 'He said "hi"'],
          ],
        });
        expect(status).toBe(201);
        expect(Object.keys(JSON.parse(text) as object).join(' ')).toBe(
          'body num_segments direction from date_updated price error_message uri account_sid num_media to date_created status sid date_sent messaging_service_sid error_code price_unit api_version subresource_uris',
        );
        expect(text).toContain('{"body": "He said \\"hi\\"", "num_segments": "1", ');
        expect(text).toContain('"date_created": "Wed, 01 Jul 2026 12:00:00 +0000"');
        expect(headers.get('content-type')).toBe('application/json');
        expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
        expect(headers.get('twilio-concurrent-requests')).toBe('1');
        expect(headers.get('access-control-allow-origin')).toBeNull();
      });

      test('with media is an MMS whose media can be listed, fetched and deleted', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const mediaUrl = ['https://demo.twilio.com/logo.png', 'https://demo.twilio.com/owl.jpg'];
        const { sid, numMedia } = await client.messages.create({ to: PHONE, from: FROM, body: 'Look', mediaUrl });
        expect(sid).toMatch(/^MM/);
        expect(numMedia).toBe('2');
        const media = await client.messages(sid).media.list();
        expect(media.map(({ contentType }) => contentType)).toEqual(['image/png', 'image/jpeg']);
        const first = media[0]?.sid ?? '';
        expect(await client.messages(sid).media(first).fetch()).toMatchObject({ parentSid: sid });
        const redirect = await ask(twilio, 'GET', `Messages/${sid}/Media/${first}`);
        expect([redirect.status, redirect.headers.get('location')]).toEqual([307, mediaUrl[0]]);
        expect(await client.messages(sid).media(first).remove()).toBe(true);
        expect(await client.messages(sid).media.list()).toHaveLength(1);
      });

      test('of a service is accepted without a sender, which is picked when it is queued', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const { sid, ...created } = await client.messages.create({
          to: PHONE,
          messagingServiceSid: SERVICE,
          body: 'Hi',
        });
        expect(created).toMatchObject({
          status: 'accepted',
          from: null,
          numSegments: '0',
          messagingServiceSid: SERVICE,
        });
        await pass(twilio, 50);
        expect(await client.messages(sid).fetch()).toMatchObject({ status: 'queued', from: FROM, numSegments: '1' });
      });

      test('takes feedback, answered with 200', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'Hi', provideFeedback: true });
        expect(await client.messages(sid).feedback.create({ outcome: 'confirmed' })).toMatchObject({ messageSid: sid });
        const wrong = await ask(twilio, 'POST', `Messages/${sid}/Feedback.json`, { form: [['Outcome', 'perhaps']] });
        expect(wrong.status).toBe(400);
      });
    });

    describe('the effect of create parameters', () => {
      test('SmartEncoded replaces look-alikes, and the answer shows the new text', async () => {
        const twilio = await start();
        const { body } = await sdkFor(twilio).messages.create({
          to: PHONE,
          from: FROM,
          body: '“Hi”',
          smartEncoded: true,
        });
        expect(body).toBe('"Hi"');
      });

      test('ContentRetention discards the text and AddressRetention hides the recipient, but the phone gets both', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const options = { contentRetention: 'discard', addressRetention: 'obfuscate' } as const;
        const { body, to } = await client.messages.create({ to: PHONE, from: FROM, body: 'Secret', ...options });
        expect([body, to]).toEqual(['', '+1555111XXXX']);
        expect(await client.messages.list({ to: PHONE })).toEqual([]);
        expect(twilio.control.messages().messages[0]).toMatchObject({ body: 'Secret', to: PHONE });
      });

      test('a price over MaxPrice ends failed with 30010', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'Hi', maxPrice: 0.001 });
        await pass(twilio, 500);
        expect(await client.messages(sid).fetch()).toMatchObject({
          status: 'failed',
          errorCode: 30010,
          dateSent: null,
        });
      });

      test('ValidityPeriod ends a message that waits too long in a paced queue with 30036', async () => {
        const twilio = await start();
        twilio.control.scenarios.add({ from: FROM, perSecond: 0.1 });
        const client = sdkFor(twilio);
        await client.messages.create({ to: PHONE, from: FROM, body: 'first' });
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'second', validityPeriod: 5 });
        await pass(twilio, 5000);
        expect(await client.messages(sid).fetch()).toMatchObject({ status: 'failed', errorCode: 30036 });
      });

      test('unknown parameters are ignored', async () => {
        const twilio = await start();
        const form: Array<[string, string]> = [
          ['To', PHONE],
          ['From', FROM],
          ['Body', 'Hi'],
          ['Colour', 'red'],
        ];
        expect((await ask(twilio, 'POST', 'Messages.json', { form })).status).toBe(201);
      });
    });

    describe('a refused message has the code, status and sentence of Twilio', () => {
      const long = 'x'.repeat(1601);
      const urls = Array.from({ length: 11 }, (_, index) => `https://example.com/${index}.png`);
      const cases: Array<[what: string, code: number, fields: Array<[string, string]>]> = [
        [
          'no recipient',
          21604,
          [
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          'no sender',
          21603,
          [
            ['To', PHONE],
            ['Body', 'x'],
          ],
        ],
        [
          'no content',
          21602,
          [
            ['To', PHONE],
            ['From', FROM],
          ],
        ],
        [
          'a recipient that is no number',
          21211,
          [
            ['To', 'abc'],
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          'a recipient whose + became a blank',
          21211,
          [
            ['To', ' 15551112222'],
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          'a short code as recipient',
          21265,
          [
            ['To', '12345'],
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          'itself as recipient',
          21266,
          [
            ['To', FROM],
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          '1601 characters',
          21617,
          [
            ['To', PHONE],
            ['From', FROM],
            ['Body', long],
          ],
        ],
        [
          'eleven media',
          21623,
          [['To', PHONE], ['From', FROM], ...urls.map((url): [string, string] => ['MediaUrl', url])],
        ],
        [
          'media that is no URL',
          21620,
          [
            ['To', PHONE],
            ['From', FROM],
            ['MediaUrl', 'logo.png'],
          ],
        ],
        [
          'a callback host with an underscore',
          21609,
          [
            ['To', PHONE],
            ['From', FROM],
            ['Body', 'x'],
            ['StatusCallback', 'http://my_host.example/'],
          ],
        ],
        [
          'a validity of ten hours and a second',
          21624,
          [
            ['To', PHONE],
            ['From', FROM],
            ['Body', 'x'],
            ['ValidityPeriod', '36001'],
          ],
        ],
        [
          'a sender that nobody owns',
          21659,
          [
            ['To', PHONE],
            ['From', '+15559999999'],
            ['Body', 'x'],
          ],
        ],
        [
          'a caller ID as sender',
          21606,
          [
            ['To', PHONE],
            ['From', '+15550100001'],
            ['Body', 'x'],
          ],
        ],
        [
          'channels that differ',
          21910,
          [
            ['To', `whatsapp:${PHONE}`],
            ['From', FROM],
            ['Body', 'x'],
          ],
        ],
        [
          'a schedule in five minutes',
          35114,
          [
            ['To', PHONE],
            ['MessagingServiceSid', SERVICE],
            ['Body', 'x'],
            ['ScheduleType', 'fixed'],
            ['SendAt', '2026-07-01T12:05:00Z'],
          ],
        ],
        [
          'a schedule without a service',
          35118,
          [
            ['To', PHONE],
            ['From', FROM],
            ['Body', 'x'],
            ['ScheduleType', 'fixed'],
            ['SendAt', '2026-07-01T13:05:00Z'],
          ],
        ],
      ];
      test.each(cases)('%s: %i', async (_what, code, form) => {
        const twilio = await start();
        const { status, json } = await ask(twilio, 'POST', 'Messages.json', { form });
        expect({ status, code: json.code }).toEqual({ status: 400, code });
        expect(twilio.control.messages().messages).toEqual([]);
      });

      test('the sentence names the recipient with its last four characters hidden', async () => {
        const twilio = await start();
        const { message } = await fault(sdkFor(twilio).messages.create({ to: '+1555', from: FROM, body: 'x' }));
        expect(message).toBe("Invalid 'To' Phone Number: +XXXX");
      });

      test("another account's number is a mismatch: 21660", async () => {
        const accounts = { accounts: [{ sid: 'ACother', auth_token: 'other', numbers: ['+15558880001'] }] };
        const twilio = await start({ accounts });
        const call = sdkFor(twilio).messages.create({ to: PHONE, from: '+15558880001', body: 'x' });
        expect(await fault(call)).toMatchObject({ code: 21660 });
      });

      test('a scenario refuses a phone with any code', async () => {
        const twilio = await start();
        twilio.control.scenarios.add({ to: PHONE, refuse: 21614 });
        const call = sdkFor(twilio).messages.create({ to: PHONE, from: FROM, body: 'x' });
        expect(await fault(call)).toMatchObject({ code: 21614, status: 400 });
      });
    });

    describe('trial accounts', () => {
      test('text verified numbers only, with the prefix in text and segments', async () => {
        const twilio = await start();
        const client = sdkFor(twilio, 1);
        const { body, numSegments } = await client.messages.create({
          to: '+15550100001',
          from: FROM,
          body: 'x'.repeat(123),
        });
        expect(body.startsWith('Sent from your Twilio trial account - xxx')).toBe(true);
        expect(numSegments).toBe('2');
        expect(await fault(client.messages.create({ to: PHONE, from: FROM, body: 'x' }))).toMatchObject({
          code: 21608,
        });
        expect(await fault(client.messages.create({ to: '+15550100001', from: 'ACME', body: 'x' }))).toMatchObject({
          code: 21267,
        });
      });

      test('of 2026 send predefined templates only, without a prefix', async () => {
        const twilio = await start({ trial: '2026' });
        const client = sdkFor(twilio, 1);
        const { body } = await client.messages.create({ to: '+15550100001', from: FROM, body: 'sms_2fa' });
        expect(body).toBe('sms_2fa');
        expect(await fault(client.messages.create({ to: '+15550100001', from: FROM, body: 'x' }))).toMatchObject({
          code: 572006,
        });
      });
    });

    describe('update and delete', () => {
      test('a finished message can be redacted, and the phone keeps its text', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'Secret' });
        expect(await fault(client.messages(sid).update({ body: '' }))).toMatchObject({ code: 20009, status: 409 });
        await pass(twilio, 300);
        expect((await client.messages(sid).update({ body: '' })).body).toBe('');
        expect(twilio.control.messages().messages[0]?.body).toBe('Secret');
      });

      test('a scheduled message can be canceled once', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const schedule = { scheduleType: 'fixed' as const, sendAt: new Date(Date.UTC(2026, 6, 1, 13)) };
        const { sid, status } = await client.messages.create({
          to: PHONE,
          messagingServiceSid: SERVICE,
          body: 'x',
          ...schedule,
        });
        expect(status).toBe('scheduled');
        expect((await client.messages(sid).update({ status: 'canceled' })).status).toBe('canceled');
        expect(await fault(client.messages(sid).update({ status: 'canceled' }))).toMatchObject({
          code: 30409,
          status: 409,
        });
        await pass(twilio, 3_700_000);
        expect((await client.messages(sid).fetch()).status).toBe('canceled');
      });

      test('a scheduled message goes out at its time', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const schedule = { scheduleType: 'fixed' as const, sendAt: new Date(Date.UTC(2026, 6, 1, 13)) };
        const { sid } = await client.messages.create({
          to: PHONE,
          messagingServiceSid: SERVICE,
          body: 'x',
          ...schedule,
        });
        await pass(twilio, 3_599_999);
        expect((await client.messages(sid).fetch()).status).toBe('scheduled');
        await pass(twilio, 301);
        expect((await client.messages(sid).fetch()).dateSent).toEqual(new Date(Date.UTC(2026, 6, 1, 13)));
      });

      test.each([
        ['neither', []],
        [
          'both',
          [
            ['Body', ''],
            ['Status', 'canceled'],
          ],
        ],
        ['a text', [['Body', 'new']]],
        ['another status', [['Status', 'sent']]],
      ] as Array<[string, Array<[string, string]>]>)('an update with %s is refused with 30400', async (_what, form) => {
        const twilio = await start();
        const { sid } = await sdkFor(twilio).messages.create({ to: PHONE, from: FROM, body: 'x' });
        const { status, json } = await ask(twilio, 'POST', `Messages/${sid}.json`, { form });
        expect({ status, code: json.code }).toEqual({ status: 400, code: 30400 });
      });

      test('a delete answers 204 once, then 404; a message under way is refused with 20009', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'x' });
        expect(await fault(client.messages(sid).remove())).toMatchObject({ code: 20009, status: 409 });
        await pass(twilio, 300);
        expect(await client.messages(sid).remove()).toBe(true);
        expect(await fault(client.messages(sid).remove())).toMatchObject({ code: 20404, status: 404 });
        expect(await client.messages.list()).toEqual([]);
      });
    });

    describe('scenarios of a phone', () => {
      test.each([
        ['undelivered', 30005],
        ['failed', 30008],
        ['sent', null],
        ['read', null],
      ] as const)('a message ends %s', async (deliver, errorCode) => {
        const twilio = await start();
        twilio.control.scenarios.add({ to: PHONE, deliver });
        const client = sdkFor(twilio);
        const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'x' });
        await pass(twilio, 10_000);
        expect(await client.messages(sid).fetch()).toMatchObject({ status: deliver, errorCode });
      });
    });
  });
}
