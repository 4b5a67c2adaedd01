/** Calls and test credentials, judged by the official SDK and by Twilio's OpenAPI: of the simulator and of a gateway alike. */

import type { StartTwilio } from '../support/facade.ts';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { ask, FROM, PHONE, pass } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

const TWIML = '<Response><Say>Hi</Say></Response>';
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

export function twilioCalls(name: string, start: StartTwilio): void {
  describe(name, () => {
    describe('calls', () => {
      test('ring, are answered and completed, told by events in sequence', async () => {
        const twilio = await start();
        const receiver = await startReceiver();
        const client = sdkFor(twilio);
        const call = await client.calls.create({
          to: PHONE,
          from: FROM,
          twiml: TWIML,
          statusCallback: receiver.url,
          statusCallbackEvent: EVENTS,
        });
        expect(call).toMatchObject({ status: 'queued', duration: null, price: null, direction: 'outbound-api' });
        const statuses: string[] = [];
        for (const ms of [100, 200, 1000]) {
          await pass(twilio, ms);
          statuses.push((await client.calls(call.sid).fetch()).status);
        }
        expect(statuses).toEqual(['ringing', 'in-progress', 'completed']);
        expect(await client.calls(call.sid).fetch()).toMatchObject({ duration: '1', price: '-0.01400' });
        expect(receiver.values('CallStatus')).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
        expect(receiver.values('SequenceNumber')).toEqual(['0', '1', '2', '3']);
        expect(receiver.received[3]?.fields).toMatchObject({
          CallDuration: '1',
          Duration: '1',
          CallbackSource: 'call-progress-events',
          Timestamp: 'Wed, 01 Jul 2026 12:00:01 +0000',
        });
      });

      test.each(['busy', 'no-answer', 'failed'] as const)(
        'end %s where the phone is so, told by one callback',
        async (answer) => {
          const twilio = await start();
          twilio.control.scenarios.add({ to: PHONE, answer });
          const receiver = await startReceiver();
          const client = sdkFor(twilio);
          const { sid } = await client.calls.create({
            to: PHONE,
            from: FROM,
            url: 'http://h.example/',
            statusCallback: receiver.url,
          });
          await pass(twilio, 5000);
          expect(await client.calls(sid).fetch()).toMatchObject({ status: answer, duration: null });
          expect(receiver.values('CallStatus')).toEqual([answer]);
        },
      );

      test('are listed newest first with their filters, and deleted once finished', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const first = await client.calls.create({ to: PHONE, from: FROM, twiml: TWIML });
        await expect(client.calls(first.sid).remove()).rejects.toMatchObject({ code: 20009, status: 409 });
        await pass(twilio, 86_400_000);
        const second = await client.calls.create({ to: '+15551112223', from: FROM, twiml: TWIML });
        const sids = async (filter: object) => (await client.calls.list(filter)).map(({ sid }) => sid);
        expect(await sids({})).toEqual([second.sid, first.sid]);
        expect(await sids({ to: PHONE })).toEqual([first.sid]);
        expect(await sids({ status: 'queued' })).toEqual([second.sid]);
        expect(await sids({ startTimeBefore: new Date('2026-07-01T00:00:00Z') })).toEqual([]);
        expect(await sids({ startTime: new Date('2026-07-01T00:00:00Z') })).toEqual([]);
        expect((await ask(twilio, 'GET', 'Calls.json?StartTime=2026-07-01')).json.calls).toHaveLength(1);
        expect(await client.calls(first.sid).remove()).toBe(true);
        expect(await sids({})).toEqual([second.sid]);
      });

      test.each([
        [
          'no recipient',
          21201,
          [
            ['From', FROM],
            ['Url', 'http://h.example/'],
          ],
        ],
        [
          'a caller that is neither owned nor verified',
          21210,
          [
            ['To', PHONE],
            ['From', '+15559999999'],
            ['Url', 'http://h.example/'],
          ],
        ],
        [
          'an event that is none',
          21626,
          [
            ['To', PHONE],
            ['From', FROM],
            ['Url', 'http://h.example/'],
            ['StatusCallbackEvent', 'hiccup'],
          ],
        ],
      ] as Array<[string, number, Array<[string, string]>]>)(
        'with %s are refused with %i',
        async (_what, code, form) => {
          const twilio = await start();
          const { status, json } = await ask(twilio, 'POST', 'Calls.json', { form });
          expect({ status, code: json.code }).toEqual({ status: 400, code });
        },
      );

      test('of a trial account reach verified numbers only, begin with a notice and end after ten minutes', async () => {
        const twilio = await start();
        twilio.control.scenarios.add({ to: '+15550100001', after: { durationMs: 3_600_000 } });
        const client = sdkFor(twilio, 1);
        await expect(client.calls.create({ to: PHONE, from: FROM, twiml: TWIML })).rejects.toMatchObject({
          code: 21219,
        });
        const { sid } = await client.calls.create({ to: '+15550100001', from: FROM, twiml: TWIML });
        await pass(twilio, 3_700_000);
        expect((await client.calls(sid).fetch()).duration).toBe('600');
        expect(twilio.control.calls().calls[0]).toMatchObject({ sid, notice: true, twiml: TWIML });
      });

      test('of an upgraded account reach any number, begin without a notice and last as long as they last', async () => {
        const twilio = await start();
        twilio.control.scenarios.add({ to: PHONE, after: { durationMs: 3_600_000 } });
        const client = sdkFor(twilio);
        const { sid } = await client.calls.create({ to: PHONE, from: FROM, twiml: TWIML });
        await pass(twilio, 3_700_000);
        expect((await client.calls(sid).fetch()).duration).toBe('3600');
        expect(twilio.control.calls().calls[0]).toMatchObject({ sid, notice: false });
      });
    });

    describe('test credentials', () => {
      const MAGIC = '+15005550006';
      const text = (to: string, from = MAGIC): Array<[string, string]> => [
        ['To', to],
        ['From', from],
        ['Body', 'x'],
      ];
      const dial = (to: string, from = MAGIC): Array<[string, string]> => [
        ['To', to],
        ['From', from],
        ['Url', 'http://h.example/'],
      ];

      test.each([
        ['Messages.json', text(PHONE), 201, undefined],
        ['Messages.json', text(PHONE, '+15005550001'), 400, 21212],
        ['Messages.json', text(PHONE, '+15005550007'), 400, 21606],
        ['Messages.json', text(PHONE, FROM), 400, 21606],
        ['Messages.json', text('+15005550001'), 400, 21211],
        ['Messages.json', text('+15005550002'), 400, 21612],
        ['Messages.json', text('+15005550003'), 400, 21408],
        ['Messages.json', text('+15005550004'), 400, 21610],
        ['Messages.json', text('+15005550009'), 400, 21614],
        ['Calls.json', dial(PHONE), 201, undefined],
        ['Calls.json', dial(PHONE, '+15005550001'), 400, 21212],
        ['Calls.json', dial(PHONE, FROM), 400, 21210],
        ['Calls.json', dial('+15005550001'), 400, 21217],
        ['Calls.json', dial('+15005550002'), 400, 21214],
        ['Calls.json', dial('+15005550003'), 400, 21215],
        ['Calls.json', dial('+15005550004'), 400, 21216],
        ['IncomingPhoneNumbers.json', [['PhoneNumber', MAGIC]], 201, undefined],
        ['IncomingPhoneNumbers.json', [['PhoneNumber', '+15005550000']], 400, 21422],
        ['IncomingPhoneNumbers.json', [['PhoneNumber', '+15005550001']], 400, 21421],
        ['IncomingPhoneNumbers.json', [['AreaCode', '533']], 400, 21452],
        ['IncomingPhoneNumbers.json', [['AreaCode', '500']], 201, undefined],
      ] as Array<[string, Array<[string, string]>, number, number | undefined]>)(
        'POST %s with %j answers %i %s',
        async (path, form, status, code) => {
          const twilio = await start();
          const answer = await ask(twilio, 'POST', path, { form, account: 3 });
          expect([answer.status, answer.json.code]).toEqual([status, code]);
        },
      );

      test('nothing is kept or told, and everything else is 403/20008', async () => {
        const twilio = await start();
        const receiver = await startReceiver();
        await ask(twilio, 'POST', 'Messages.json', {
          form: [...text(PHONE), ['StatusCallback', receiver.url]],
          account: 3,
        });
        await pass(twilio, 5000);
        expect(receiver.received).toEqual([]);
        expect(twilio.control.messages().messages).toEqual([]);
        for (const path of ['Messages.json', 'Balance.json', 'OutgoingCallerIds.json']) {
          const { status, json } = await ask(twilio, 'GET', path, { account: 3 });
          expect({ status, code: json.code }).toEqual({ status: 403, code: 20008 });
        }
      });

      test('magic numbers do nothing with live credentials', async () => {
        const twilio = await start();
        const { status } = await ask(twilio, 'POST', 'Messages.json', { form: text('+15005550009', FROM) });
        expect(status).toBe(201);
      });
    });
  });
}
