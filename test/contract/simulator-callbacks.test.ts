/** The simulator's webhooks: signed as the official SDK expects, in Twilio's order, with Twilio's delivery rules. */

import type { Simulator } from '../../src/simulator/server.ts';
import type { ReceivedCallback } from '../support/callback-receiver.ts';
import { createServer } from 'node:net';
import { validateRequest } from 'twilio';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

const SERVICE = `MG${'b'.repeat(32)}`;

function isSigned(simulator: Simulator, url: string, callback: ReceivedCallback): boolean {
  const { headers, target, fields } = callback;
  const token = simulator.accounts[0]?.authToken ?? '';
  return validateRequest(
    token,
    headers['x-twilio-signature'] ?? '',
    url + target,
    callback.method === 'GET' ? {} : fields,
  );
}

/** A port of this machine that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function sendText(simulator: Simulator, statusCallback: string, extra: object = {}): Promise<string> {
  const { sid } = await sdkFor(simulator).messages.create({
    to: PHONE,
    from: FROM,
    body: 'x',
    statusCallback,
    ...extra,
  });
  return sid;
}

describe('status callbacks of a message', () => {
  test('tell of sent and delivered, never of the first status, signed for the account', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const sid = await sendText(simulator, `${receiver.url}/status?ref=a%20b&x=1`);
    await pass(simulator, 1000);
    expect(receiver.values('MessageStatus')).toEqual(['sent', 'delivered']);
    for (const callback of receiver.received) {
      expect(callback.method).toBe('POST');
      expect(callback.target).toBe('/status?ref=a%20b&x=1');
      expect(callback.fields).toMatchObject({
        MessageSid: sid,
        SmsSid: sid,
        From: FROM,
        To: PHONE,
        ApiVersion: '2010-04-01',
      });
      expect(callback.fields.SmsStatus).toBe(callback.fields.MessageStatus);
      expect(callback.fields.AccountSid).toBe(simulator.accounts[0]?.sid);
      expect(isSigned(simulator, receiver.url, callback)).toBe(true);
    }
    expect(receiver.received[1]?.fields.RawDlrDoneDate).toBe('2607011200');
  });

  test('of a service begin with queued and name the service', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    await sendText(simulator, receiver.url, { from: undefined, messagingServiceSid: SERVICE });
    await pass(simulator, 1000);
    expect(receiver.values('MessageStatus')).toEqual(['queued', 'sent', 'delivered']);
    expect(receiver.values('MessagingServiceSid')).toEqual([SERVICE, SERVICE, SERVICE]);
  });

  test('of a declared service go to its own URL unless the request names one', async () => {
    const receiver = await startReceiver();
    const services = [{ sid: SERVICE, senders: ['+15557770001'], status_callback: `${receiver.url}/service` }];
    const account = { sid: `AC${'d'.repeat(32)}`, auth_token: 'secret', numbers: ['+15557770001'], services };
    const simulator = await startSimulator({ accounts: { accounts: [account] } });
    const client = sdkFor(simulator, 4);
    await client.messages.create({ to: PHONE, messagingServiceSid: SERVICE, body: 'x' });
    await pass(simulator, 1000);
    expect(receiver.received.map(({ target }) => target)).toEqual(['/service', '/service', '/service']);
  });

  test('carry the error code of a bad end', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, deliver: 'undelivered', errorCode: 30003 });
    const receiver = await startReceiver();
    await sendText(simulator, receiver.url);
    await pass(simulator, 1000);
    expect(receiver.values('ErrorCode')).toEqual(['', '30003']);
  });

  test('are silenced by an ApplicationSid', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    await sendText(simulator, receiver.url, { applicationSid: `AP${'0'.repeat(32)}` });
    await pass(simulator, 1000);
    expect(receiver.received).toEqual([]);
  });

  test('tell of a canceled schedule', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const schedule = { scheduleType: 'fixed', sendAt: new Date(Date.UTC(2026, 6, 1, 13)) };
    const sid = await sendText(simulator, receiver.url, { from: undefined, messagingServiceSid: SERVICE, ...schedule });
    await sdkFor(simulator).messages(sid).update({ status: 'canceled' });
    await simulator.control.settled();
    expect(receiver.values('MessageStatus')).toEqual(['canceled']);
  });
});

describe('disturbed callbacks', () => {
  test.each([
    ['lost', []],
    ['duplicated', ['sent', 'sent', 'delivered', 'delivered']],
    ['reordered', ['delivered', 'sent']],
  ] as const)('a scenario has them %s', async (callbacks, expected) => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, callbacks });
    const receiver = await startReceiver();
    await sendText(simulator, receiver.url);
    await pass(simulator, 5000);
    expect(receiver.values('MessageStatus')).toEqual(expected);
  });

  test('a fault strikes as often as it was told, also with a delay', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    simulator.control.faults.add({ fault: 'callback_lost', count: 1 });
    simulator.control.faults.add({ fault: 'callback_delayed', count: 1, delayMs: 60_000 });
    await sendText(simulator, receiver.url);
    await pass(simulator, 50_000);
    expect(receiver.received).toEqual([]);
    await pass(simulator, 20_000);
    expect(receiver.values('MessageStatus')).toEqual(['delivered']);
  });
});

describe('delivery rules', () => {
  test('a 500 is not repeated, and a connection that was refused is tried twice in all', async () => {
    const simulator = await startSimulator();
    const failing = await startReceiver(() => ({ status: 500 }));
    await sendText(simulator, failing.url);
    await pass(simulator, 1000);
    expect(failing.values('MessageStatus')).toEqual(['sent', 'delivered']);
    const client = sdkFor(simulator);
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client.incomingPhoneNumbers(number?.sid ?? '').update({ smsUrl: `http://127.0.0.1:${await closedPort()}/` });
    const { webhook } = await simulator.control.inbound({ From: PHONE, To: FROM, Body: 'x' });
    expect(webhook).toMatchObject({ status: null, attempts: 2, errorCode: 11205 });
  });

  test('the fragment asks for retries of a 5xx, which carry one idempotency token and sign the URL without it', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, deliver: 'sent' });
    const receiver = await startReceiver((index) => ({ status: index < 2 ? 503 : 204 }));
    await sendText(simulator, `${receiver.url}/status#rc=3&rp=5xx`);
    await pass(simulator, 1000);
    const tokens = receiver.received.map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(tokens).toEqual([undefined, expect.stringMatching(/^[0-9a-f]{32}$/), tokens[1]]);
    for (const callback of receiver.received) expect(isSigned(simulator, receiver.url, callback)).toBe(true);
  });

  test('a broken answer is not repeated', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, deliver: 'sent' });
    const receiver = await startReceiver(() => 'destroy');
    await sendText(simulator, `${receiver.url}/status#rc=3&rp=5xx,rt`);
    await pass(simulator, 1000);
    expect(receiver.received).toHaveLength(1);
  });

  test('redirects are followed: 307 with the form, 302 as a GET, each signed for its own URL', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, deliver: 'sent' });
    const answers = [
      { status: 307, headers: { location: '/second' } },
      { status: 302, headers: { location: '/third' } },
      { status: 204 },
    ];
    const receiver = await startReceiver((index) => answers[index] ?? { status: 500 });
    await sendText(simulator, `${receiver.url}/first`);
    await pass(simulator, 1000);
    expect(receiver.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /first',
      'POST /second',
      'GET /third',
    ]);
    for (const callback of receiver.received) expect(isSigned(simulator, receiver.url, callback)).toBe(true);
  });

  test('user and password of the URL become Basic credentials and stay out of the signature', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ to: PHONE, deliver: 'sent' });
    const receiver = await startReceiver();
    await sendText(simulator, receiver.url.replace('http://', 'http://user:pass@'));
    await pass(simulator, 1000);
    expect(receiver.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
    expect(isSigned(simulator, receiver.url, receiver.received[0] as ReceivedCallback)).toBe(true);
  });
});

describe('inbound', () => {
  test('a text from a phone posts the signed form to the SmsUrl of the number, and is in the list', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver(() => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: '<Response/>',
    }));
    const client = sdkFor(simulator);
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client.incomingPhoneNumbers(number?.sid ?? '').update({ smsUrl: `${receiver.url}/sms` });
    const { record, webhook } = await simulator.control.inbound({
      From: PHONE,
      To: FROM,
      Body: 'Hi & bye',
      ProfileName: 'Ann',
    });
    expect(webhook).toMatchObject({ status: 200, contentType: 'text/xml', body: '<Response/>', errorCode: null });
    const [callback] = receiver.received as [ReceivedCallback];
    expect(callback.fields).toMatchObject({
      MessageSid: record.sid,
      SmsMessageSid: record.sid,
      From: PHONE,
      To: FROM,
      Body: 'Hi & bye',
      NumMedia: '0',
      NumSegments: '1',
      SmsStatus: 'received',
      ProfileName: 'Ann',
    });
    expect(isSigned(simulator, receiver.url, callback)).toBe(true);
    expect(await client.messages(record.sid).fetch()).toMatchObject({ direction: 'inbound', status: 'received' });
  });

  test('media have a URL and a type each, and a failing URL leads to the fallback', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver((index) => ({ status: index === 0 ? 500 : 204 }));
    const client = sdkFor(simulator);
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client
      .incomingPhoneNumbers(number?.sid ?? '')
      .update({ smsUrl: `${receiver.url}/a`, smsFallbackUrl: `${receiver.url}/b` });
    await simulator.control.inbound({
      From: PHONE,
      To: FROM,
      Body: '',
      MediaUrl: ['https://m.example/1.png', 'https://m.example/2.pdf'],
    });
    expect(receiver.received.map(({ target }) => target)).toEqual(['/a', '/b']);
    expect(receiver.received[1]?.fields).toMatchObject({
      NumMedia: '2',
      MediaUrl1: 'https://m.example/2.pdf',
      MediaContentType0: 'image/png',
      ErrorCode: '11200',
      ErrorUrl: `${receiver.url}/a`,
    });
  });

  test('STOP blocks the pair and is answered; START ends the block', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    const send = (from: string) => client.messages.create({ to: PHONE, from, body: 'x' });
    const { reply } = await simulator.control.inbound({ From: PHONE, To: FROM, Body: ' stop ' });
    expect(reply).toContain('START');
    await expect(send(FROM)).rejects.toMatchObject({ code: 21610, status: 400 });
    await expect(client.messages.create({ to: PHONE, messagingServiceSid: SERVICE, body: 'x' })).rejects.toMatchObject({
      code: 21610,
    });
    expect((await send('+15550000002')).status).toBe('queued');
    const [answer] = await client.messages.list({ to: PHONE, from: FROM });
    expect(answer).toMatchObject({ direction: 'outbound-reply', body: reply });
    await simulator.control.inbound({ From: PHONE, To: FROM, Body: 'START' });
    expect((await send(FROM)).status).toBe('queued');
  });

  test('an opt-out after scheduling fails the message at its time with 21610', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    const schedule = { scheduleType: 'fixed' as const, sendAt: new Date(Date.UTC(2026, 6, 1, 13)) };
    const { sid } = await client.messages.create({ to: PHONE, messagingServiceSid: SERVICE, body: 'x', ...schedule });
    await simulator.control.inbound({ From: PHONE, To: FROM, Body: 'STOP' });
    await pass(simulator, 3_700_000);
    expect(await client.messages(sid).fetch()).toMatchObject({ status: 'failed', errorCode: 21610 });
  });

  test('a call rings at the VoiceUrl, signed, and is completed; without one it fails', async () => {
    const simulator = await startSimulator();
    const twiml = '<Response><Say>Hi</Say></Response>';
    const receiver = await startReceiver(() => ({ status: 200, headers: { 'content-type': 'text/xml' }, body: twiml }));
    const client = sdkFor(simulator);
    const silent = await simulator.control.call({ From: PHONE, To: FROM });
    expect(silent.record.status).toBe('failed');
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client.incomingPhoneNumbers(number?.sid ?? '').update({ voiceUrl: `${receiver.url}/voice` });
    const { record } = await simulator.control.call({ From: PHONE, To: FROM });
    expect(record.document).toBe(twiml);
    const [callback] = receiver.received as [ReceivedCallback];
    expect(callback.fields).toMatchObject({
      CallStatus: 'ringing',
      Direction: 'inbound',
      From: PHONE,
      To: FROM,
      CallSid: record.sid,
    });
    expect(isSigned(simulator, receiver.url, callback)).toBe(true);
    await pass(simulator, 1000);
    expect(await client.calls(record.sid).fetch()).toMatchObject({ status: 'completed', direction: 'inbound' });
  });

  test('a number that nobody owns is an error that names it', async () => {
    const simulator = await startSimulator();
    await expect(simulator.control.inbound({ From: PHONE, To: '+15559999999', Body: 'x' })).rejects.toMatchObject({
      code: 'TOLLBOARD_SIMULATOR_NUMBER_UNKNOWN',
      details: { number: '+15559999999' },
    });
  });
});
