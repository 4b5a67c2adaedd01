/** Access, accounts, caller IDs and numbers, judged by the official SDK and by Twilio's OpenAPI: of the simulator and of a gateway alike. */

import type { StartTwilio } from '../support/facade.ts';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { ask, FROM, PHONE } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

export function twilioAccount(name: string, start: StartTwilio, { authToken }: { authToken: string }): void {
  describe(name, () => {
    describe('access', () => {
      test('wrong, missing or foreign credentials get 401/20003 with a Basic challenge', async () => {
        const twilio = await start();
        const basic = (user: string, password: string) =>
          `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
        const [full, trial] = twilio.accounts;
        const wrong = [
          null,
          'Bearer x',
          'Basic !!!',
          basic(full?.sid ?? '', 'wrong'),
          basic(full?.sid ?? '', 'ü'.repeat(16)),
          basic(trial?.sid ?? '', trial?.authToken ?? ''),
          basic('SKunknown', 'x'),
        ];
        for (const authorization of wrong) {
          const { status, json, headers } = await ask(twilio, 'GET', 'Messages.json', { authorization });
          expect({ status, code: json.code, message: json.message }).toEqual({
            status: 401,
            code: 20003,
            message: 'Authenticate',
          });
          expect(headers.get('www-authenticate')).toBe('Basic realm="Twilio API"');
        }
      });

      test('a suspended account looks like a wrong password', async () => {
        const twilio = await start();
        const { status, json } = await ask(twilio, 'GET', 'Messages.json', { account: 2 });
        expect({ status, code: json.code }).toEqual({ status: 401, code: 20003 });
      });

      test('a path naming an unknown account is 404/20404 in the words of the Splunk SOAR example', async () => {
        const twilio = await start();
        const path = '/2010-04-01/Accounts/ABCDEF48541a12345fef18219497c47101/Messages.json';
        const { text } = await ask(twilio, 'GET', path);
        expect(text).toBe(
          `{"code": 20404, "message": "The requested resource ${path} was not found", "more_info": "https://www.twilio.com/docs/errors/20404", "status": 404}`,
        );
      });

      test('an API key reads messages but no account', async () => {
        const sid = `AC${'e'.repeat(32)}`;
        const key = { sid: `SK${'1'.repeat(32)}`, secret: 'key-secret' };
        const twilio = await start({ accounts: { accounts: [{ sid, auth_token: 'x', api_keys: [key] }] } });
        const client = sdkFor(twilio, { accountSid: sid, username: key.sid, password: key.secret });
        expect(await client.messages.list()).toEqual([]);
        await expect(client.api.v2010.accounts(sid).fetch()).rejects.toMatchObject({ status: 401, code: 20003 });
        await expect(client.api.v2010.accounts.list()).rejects.toMatchObject({ status: 401 });
      });

      test('a parent account acts for its subaccount, not the other way round', async () => {
        const [parent, child] = [`AC${'a'.repeat(32)}`, `AC${'b'.repeat(32)}`];
        const accounts = [
          { sid: parent, auth_token: 'p', numbers: [] },
          { sid: child, auth_token: 'c', owner: parent },
        ];
        const twilio = await start({ accounts: { accounts } });
        const both = await sdkFor(twilio, { accountSid: parent, password: 'p' }).api.v2010.accounts.list();
        expect(both.map(({ sid }) => sid)).toEqual([parent, child]);
        const up = sdkFor(twilio, { accountSid: parent, username: child, password: 'c' });
        await expect(up.messages.list()).rejects.toMatchObject({ status: 401 });
      });

      test('a form over 256 kB is refused with 413', async () => {
        const twilio = await start();
        const { status, json } = await ask(twilio, 'POST', 'Messages.json', { form: [['Body', 'x'.repeat(300_000)]] });
        expect({ status, code: json.code }).toEqual({ status: 413, code: 20413 });
      });
    });

    describe('accounts and balance', () => {
      test('an account reads itself with its token, and its balance', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const account = await client.api.v2010.accounts(client.accountSid).fetch();
        expect(account).toMatchObject({ status: 'active', type: 'Full', authToken });
        expect(await client.balance.fetch()).toMatchObject({ balance: '100.00', currency: 'USD' });
        expect((await sdkFor(twilio, 1).api.v2010.accounts.list()).map(({ type }) => type)).toEqual(['Trial']);
      });
    });

    describe('verified caller IDs', () => {
      test('can be listed, filtered, renamed and deleted', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        const all = await client.outgoingCallerIds.list();
        expect(all.map(({ phoneNumber }) => phoneNumber)).toEqual(['+15550100001', '+15550100002', '+15550100003']);
        const [first] = await client.outgoingCallerIds.list({ phoneNumber: '+15550100001' });
        const sid = first?.sid ?? '';
        expect((await client.outgoingCallerIds(sid).update({ friendlyName: 'Ann' })).friendlyName).toBe('Ann');
        expect(await client.outgoingCallerIds.list({ friendlyName: 'Ann' })).toHaveLength(1);
        expect(await client.outgoingCallerIds(sid).remove()).toBe(true);
        await expect(client.outgoingCallerIds(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
      });

      test('come in pages that the SDK follows', async () => {
        const verified = Array.from({ length: 120 }, (_, index) => `+1555200${String(index).padStart(4, '0')}`);
        const sid = `AC${'c'.repeat(32)}`;
        const twilio = await start({ accounts: { accounts: [{ sid, auth_token: 'x', verified }] } });
        const client = sdkFor(twilio, { accountSid: sid, password: 'x' });
        const listed = await client.outgoingCallerIds.list();
        expect(listed.map(({ phoneNumber }) => phoneNumber)).toEqual(verified);
      });

      test('a validation answers 200 with six digits, tells its callback, and cannot be repeated', async () => {
        const twilio = await start();
        const receiver = await startReceiver();
        const client = sdkFor(twilio);
        const asked = { phoneNumber: PHONE, friendlyName: 'Mine', statusCallback: receiver.url };
        const validation = await client.validationRequests.create(asked);
        expect(validation.validationCode).toMatch(/^\d{6}$/);
        await twilio.control.settled();
        const [created] = await client.outgoingCallerIds.list({ phoneNumber: PHONE });
        expect(receiver.received[0]?.fields).toMatchObject({
          VerificationStatus: 'success',
          OutgoingCallerIdSid: created?.sid,
        });
        await expect(client.validationRequests.create(asked)).rejects.toMatchObject({ code: 21450, status: 400 });
      });
    });

    describe('phone numbers', () => {
      test('can be found by pattern, given URLs, bought and released', async () => {
        const twilio = await start();
        const client = sdkFor(twilio);
        expect(await client.incomingPhoneNumbers.list({ phoneNumber: '+1555*0002' })).toHaveLength(1);
        const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
        const sid = number?.sid ?? '';
        expect(
          await client.incomingPhoneNumbers(sid).update({ smsUrl: 'https://h.example/sms', voiceUrl: '' }),
        ).toMatchObject({
          smsUrl: 'https://h.example/sms',
          smsMethod: 'POST',
          voiceUrl: '',
          capabilities: { voice: true, sms: true, mms: true, fax: false },
        });
        const bought = await client.incomingPhoneNumbers.create({ phoneNumber: '+15557770001' });
        expect((await client.messages.create({ to: PHONE, from: '+15557770001', body: 'x' })).status).toBe('queued');
        expect(await client.incomingPhoneNumbers(bought.sid).remove()).toBe(true);
        expect(await client.incomingPhoneNumbers.list()).toHaveLength(2);
      });

      test.each([
        ['a URL that is none', [['SmsUrl', 'nowhere']], 21402],
        ['a method that is none', [['SmsMethod', 'PUT']], 21209],
        ['a voice fallback without a URL', [['VoiceFallbackUrl', 'https://h.example/']], 21405],
        ['a text fallback without a URL', [['SmsFallbackUrl', 'https://h.example/']], 21406],
      ] as Array<[string, Array<[string, string]>, number]>)(
        'an update with %s is refused and changes nothing',
        async (_what, form, code) => {
          const twilio = await start();
          const [number] = await sdkFor(twilio).incomingPhoneNumbers.list({ phoneNumber: FROM });
          const { json } = await ask(twilio, 'POST', `IncomingPhoneNumbers/${number?.sid}.json`, { form });
          expect(json.code).toBe(code);
          expect((await ask(twilio, 'GET', `IncomingPhoneNumbers/${number?.sid}.json`)).json.sms_url).toBe('');
        },
      );

      test('a number that is taken cannot be bought', async () => {
        const twilio = await start();
        const call = sdkFor(twilio).incomingPhoneNumbers.create({ phoneNumber: FROM });
        await expect(call).rejects.toMatchObject({ code: 21422 });
      });

      test('a trial account that has a number gets no other', async () => {
        const twilio = await start();
        const call = sdkFor(twilio, 1).incomingPhoneNumbers.create({ phoneNumber: '+15557770001' });
        await expect(call).rejects.toMatchObject({ code: 21404 });
      });
    });
  });
}
