/** The simulator's other resources and its access rules, judged by the official SDK and by Twilio's OpenAPI. */

import { describe, expect, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { ask, FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

const TWIML = '<Response><Say>Hi</Say></Response>';
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

describe('access', () => {
  test('wrong, missing or foreign credentials get 401/20003 with a Basic challenge', async () => {
    const simulator = await startSimulator();
    const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const [full, trial] = simulator.accounts;
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
      const { status, json, headers } = await ask(simulator, 'GET', 'Messages.json', { authorization });
      expect({ status, code: json.code, message: json.message }).toEqual({
        status: 401,
        code: 20003,
        message: 'Authenticate',
      });
      expect(headers.get('www-authenticate')).toBe('Basic realm="Twilio API"');
    }
  });

  test('a suspended account looks like a wrong password', async () => {
    const simulator = await startSimulator();
    const { status, json } = await ask(simulator, 'GET', 'Messages.json', { account: 2 });
    expect({ status, code: json.code }).toEqual({ status: 401, code: 20003 });
  });

  test('a path naming an unknown account is 404/20404 in the words of the Splunk SOAR example', async () => {
    const simulator = await startSimulator();
    const path = '/2010-04-01/Accounts/ABCDEF48541a12345fef18219497c47101/Messages.json';
    const { text } = await ask(simulator, 'GET', path);
    expect(text).toBe(
      `{"code": 20404, "message": "The requested resource ${path} was not found", "more_info": "https://www.twilio.com/docs/errors/20404", "status": 404}`,
    );
  });

  test('an API key reads messages but no account', async () => {
    const sid = `AC${'e'.repeat(32)}`;
    const key = { sid: `SK${'1'.repeat(32)}`, secret: 'key-secret' };
    const simulator = await startSimulator({ accounts: { accounts: [{ sid, auth_token: 'x', api_keys: [key] }] } });
    const client = sdkFor(simulator, { accountSid: sid, username: key.sid, password: key.secret });
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
    const simulator = await startSimulator({ accounts: { accounts } });
    const both = await sdkFor(simulator, { accountSid: parent, password: 'p' }).api.v2010.accounts.list();
    expect(both.map(({ sid }) => sid)).toEqual([parent, child]);
    const up = sdkFor(simulator, { accountSid: parent, username: child, password: 'c' });
    await expect(up.messages.list()).rejects.toMatchObject({ status: 401 });
  });

  test('other formats than JSON, other methods and other paths are refused', async () => {
    const simulator = await startSimulator();
    expect((await ask(simulator, 'GET', 'Messages')).status).toBe(406);
    expect((await ask(simulator, 'GET', 'Messages.xml')).status).toBe(406);
    expect((await ask(simulator, 'DELETE', 'Messages.json')).json).toMatchObject({ status: 405, code: 20004 });
    expect((await ask(simulator, 'GET', 'Sandbox.json')).json).toMatchObject({ status: 404, code: 20404 });
    expect((await ask(simulator, 'GET', '/2008-08-01/Accounts.json')).status).toBe(404);
    expect((await ask(simulator, 'GET', '/')).status).toBe(404);
  });

  test('a form over 256 kB is refused with 413', async () => {
    const simulator = await startSimulator();
    const { status, json } = await ask(simulator, 'POST', 'Messages.json', { form: [['Body', 'x'.repeat(300_000)]] });
    expect({ status, code: json.code }).toEqual({ status: 413, code: 20413 });
  });
});

describe('accounts and balance', () => {
  test('an account reads itself with its token, and its balance', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    const account = await client.api.v2010.accounts(client.accountSid).fetch();
    expect(account).toMatchObject({ status: 'active', type: 'Full', authToken: '1'.repeat(32) });
    expect(await client.balance.fetch()).toMatchObject({ balance: '100.00', currency: 'USD' });
    expect((await sdkFor(simulator, 1).api.v2010.accounts.list()).map(({ type }) => type)).toEqual(['Trial']);
  });
});

describe('verified caller IDs', () => {
  test('can be listed, filtered, renamed and deleted', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
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
    const simulator = await startSimulator({ accounts: { accounts: [{ sid, auth_token: 'x', verified }] } });
    const client = sdkFor(simulator, { accountSid: sid, password: 'x' });
    const listed = await client.outgoingCallerIds.list();
    expect(listed.map(({ phoneNumber }) => phoneNumber)).toEqual(verified);
  });

  test('a validation answers 200 with six digits, tells its callback, and cannot be repeated', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const client = sdkFor(simulator);
    const asked = { phoneNumber: PHONE, friendlyName: 'Mine', statusCallback: receiver.url };
    const validation = await client.validationRequests.create(asked);
    expect(validation.validationCode).toMatch(/^\d{6}$/);
    await simulator.control.settled();
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
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
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
      const simulator = await startSimulator();
      const [number] = await sdkFor(simulator).incomingPhoneNumbers.list({ phoneNumber: FROM });
      const { json } = await ask(simulator, 'POST', `IncomingPhoneNumbers/${number?.sid}.json`, { form });
      expect(json.code).toBe(code);
      expect((await ask(simulator, 'GET', `IncomingPhoneNumbers/${number?.sid}.json`)).json.sms_url).toBe('');
    },
  );

  test('a number that is taken cannot be bought', async () => {
    const simulator = await startSimulator();
    const call = sdkFor(simulator).incomingPhoneNumbers.create({ phoneNumber: FROM });
    await expect(call).rejects.toMatchObject({ code: 21422 });
  });

  test('a trial account that has a number gets no other', async () => {
    const simulator = await startSimulator();
    const call = sdkFor(simulator, 1).incomingPhoneNumbers.create({ phoneNumber: '+15557770001' });
    await expect(call).rejects.toMatchObject({ code: 21404 });
  });
});

describe('calls', () => {
  test('ring, are answered and completed, told by events in sequence', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const client = sdkFor(simulator);
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
      await pass(simulator, ms);
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
      const simulator = await startSimulator();
      simulator.control.scenarios.add({ to: PHONE, answer });
      const receiver = await startReceiver();
      const client = sdkFor(simulator);
      const { sid } = await client.calls.create({
        to: PHONE,
        from: FROM,
        url: 'http://h.example/',
        statusCallback: receiver.url,
      });
      await pass(simulator, 5000);
      expect(await client.calls(sid).fetch()).toMatchObject({ status: answer, duration: null });
      expect(receiver.values('CallStatus')).toEqual([answer]);
    },
  );

  test('canceled while queued are silent; hung up while in progress are completed', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const client = sdkFor(simulator);
    const options = { to: PHONE, from: FROM, twiml: TWIML, statusCallback: receiver.url };
    const first = await client.calls.create(options);
    expect((await client.calls(first.sid).update({ status: 'canceled' })).status).toBe('canceled');
    const second = await client.calls.create(options);
    await pass(simulator, 300);
    await expect(client.calls(second.sid).update({ status: 'canceled' })).rejects.toMatchObject({ code: 21220 });
    expect((await client.calls(second.sid).update({ status: 'completed' })).status).toBe('completed');
    await pass(simulator, 5000);
    expect(receiver.values('CallSid')).toEqual([second.sid]);
    await expect(client.calls(second.sid).update({ twiml: TWIML })).rejects.toMatchObject({ code: 21220 });
  });

  test('are listed newest first with their filters, and deleted once finished', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    const first = await client.calls.create({ to: PHONE, from: FROM, twiml: TWIML });
    await expect(client.calls(first.sid).remove()).rejects.toMatchObject({ code: 20009, status: 409 });
    await pass(simulator, 86_400_000);
    const second = await client.calls.create({ to: '+15551112223', from: FROM, twiml: TWIML });
    const sids = async (filter: object) => (await client.calls.list(filter)).map(({ sid }) => sid);
    expect(await sids({})).toEqual([second.sid, first.sid]);
    expect(await sids({ to: PHONE })).toEqual([first.sid]);
    expect(await sids({ status: 'queued' })).toEqual([second.sid]);
    expect(await sids({ startTimeBefore: new Date('2026-07-01T00:00:00Z') })).toEqual([]);
    expect(await sids({ startTime: new Date('2026-07-01T00:00:00Z') })).toEqual([]);
    expect((await ask(simulator, 'GET', 'Calls.json?StartTime=2026-07-01')).json.calls).toHaveLength(1);
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
  ] as Array<[string, number, Array<[string, string]>]>)('with %s are refused with %i', async (_what, code, form) => {
    const simulator = await startSimulator();
    const { status, json } = await ask(simulator, 'POST', 'Calls.json', { form });
    expect({ status, code: json.code }).toEqual({ status: 400, code });
  });

  test('of a trial account reach verified numbers only, begin with a notice and end after ten minutes', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: '+15550100001', after: { durationMs: 3_600_000 } });
    const client = sdkFor(simulator, 1);
    await expect(client.calls.create({ to: PHONE, from: FROM, twiml: TWIML })).rejects.toMatchObject({ code: 21219 });
    const { sid } = await client.calls.create({ to: '+15550100001', from: FROM, twiml: TWIML });
    await pass(simulator, 3_700_000);
    expect((await client.calls(sid).fetch()).duration).toBe('600');
    expect(simulator.control.calls().calls[0]).toMatchObject({ sid, notice: true, twiml: TWIML });
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
    ['Messages.json', text(PHONE, '+15005550008'), 400, 21611],
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
      const simulator = await startSimulator();
      const answer = await ask(simulator, 'POST', path, { form, account: 3 });
      expect([answer.status, answer.json.code]).toEqual([status, code]);
    },
  );

  test('nothing is kept or told, and everything else is 403/20008', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    await ask(simulator, 'POST', 'Messages.json', {
      form: [...text(PHONE), ['StatusCallback', receiver.url]],
      account: 3,
    });
    await pass(simulator, 5000);
    expect(receiver.received).toEqual([]);
    expect(simulator.control.messages().messages).toEqual([]);
    for (const path of ['Messages.json', 'Balance.json', 'OutgoingCallerIds.json']) {
      const { status, json } = await ask(simulator, 'GET', path, { account: 3 });
      expect({ status, code: json.code }).toEqual({ status: 403, code: 20008 });
    }
  });

  test('magic numbers do nothing with live credentials', async () => {
    const simulator = await startSimulator();
    const { status } = await ask(simulator, 'POST', 'Messages.json', { form: text('+15005550009', FROM) });
    expect(status).toBe(201);
  });
});
