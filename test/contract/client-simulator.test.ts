/** Client and simulator, which share no code on the wire, understand each other: over both transports. */

import type { FormFields } from '../../src/core/parameter.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import type { TwilioClient } from '../../src/twilio/client.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulator } from '../../src/simulator/server.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { createTwilioClient } from '../../src/twilio/client.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { createUndiciTransport } from '../../src/twilio/undici-transport.ts';

const TO = '+15550100001';
const FROM = '+15550000001';
const text = (body: string, more: FormFields = []): FormFields => [['To', TO], ['From', FROM], ['Body', body], ...more];

describe.each([
  ['undici', createUndiciTransport],
  ['https', createHttpsTransport],
] as const)('the client over %s, at the simulator', (_name, createTransport) => {
  let simulator: Simulator;
  let client: TwilioClient;
  const closing: Array<() => Promise<void>> = [];

  function clientFor(index: number, timeoutMs?: number): TwilioClient {
    const transport = createTransport({ clock: systemClock });
    closing.push(() => transport.close());
    const account = simulator.accounts[index];
    if (account === undefined) throw new Error('the simulator lacks an account');
    const credentials = {
      accountSid: account.sid,
      authTokens: [account.authToken],
      apiKey: null,
      apiSecret: null,
      baseUrl: simulator.url,
    };
    return createTwilioClient(credentials, {
      transport,
      clock: systemClock,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  beforeEach(async () => {
    simulator = await createSimulator({ clock: systemClock, random: systemRandom, port: 0 });
    await simulator.control.clock.move({ frozen: true });
    closing.push(() => simulator.stop());
    client = clientFor(0);
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const accepted = () => simulator.control.messages().messages.length;
  const pass = (ms: number) => simulator.control.clock.move({ advanceMs: ms, settle: true });

  it('sends a text, sees it delivered, redacts and deletes it', async () => {
    const created = await client.create('message', text('Grüße & 👍'));
    expect(created).toMatchObject({ outcome: 'accepted', status: 'queued', from: FROM, segments: 1 });
    const sid = created.outcome === 'accepted' ? created.sid : '';
    await pass(1_000);
    expect(await client.fetch('message', sid)).toMatchObject({ sid, status: 'delivered', errorCode: null });
    expect(await client.fetchResource('message', sid)).toMatchObject({ body: 'Grüße & 👍', to: TO });
    expect(await client.redact(sid)).toMatchObject({ sid, status: 'delivered' });
    expect(await client.fetchResource('message', sid)).toMatchObject({ body: '' });
    await client.delete('message', sid);
    expect(await client.fetch('message', sid)).toMatchObject({
      code: 'TOLLBOARD_TWILIO_NOT_FOUND',
      twilioCode: 20404,
      httpStatus: 404,
    });
  });

  it('lists what is queued and what was sent, every page of it, with the recipient’s texts only', async () => {
    for (let n = 0; n < 30; n++) await client.create('message', text(`n${n}`));
    await pass(1_000);
    await client.create('message', text('still queued'));
    await client.create('message', [
      ['To', '+15550100002'],
      ['From', FROM],
      ['Body', 'other'],
    ]);
    const listing = await client.list('message', TO, Date.now());
    expect(listing).toMatchObject({ complete: true, error: null });
    const expected = [...Array.from({ length: 30 }, (_, n) => `n${n}`), 'still queued'];
    expect(listing.resources).toHaveLength(expected.length);
    expect(new Set(listing.resources.map(({ body }) => body))).toEqual(new Set(expected));
    expect(
      listing.resources.every(({ direction, createdAt }) => direction === 'outbound-api' && createdAt !== null),
    ).toBe(true);
    expect(Math.abs(listing.clockOffsetMs ?? Number.NaN)).toBeLessThan(5_000);
  });

  it('reads 1,200 verified caller IDs over two pages', async () => {
    const numbers = Array.from({ length: 1_200 }, (_, n) => `+1555${String(2_000_000 + n)}`);
    const sid = `AC${'e'.repeat(32)}`;
    const big = await createSimulator({
      clock: systemClock,
      random: systemRandom,
      port: 0,
      accounts: { accounts: [{ sid, authToken: '2'.repeat(32), verified: numbers }] },
    });
    closing.push(() => big.stop());
    const transport = createTransport({ clock: systemClock });
    closing.push(() => transport.close());
    const other = createTwilioClient(
      { accountSid: sid, authTokens: ['2'.repeat(32)], apiKey: null, apiSecret: null, baseUrl: big.url },
      { transport, clock: systemClock },
    );
    const recipients = await other.recipients();
    expect(recipients.map(({ phoneNumber }) => phoneNumber).sort()).toEqual(numbers);
    expect(recipients[0]?.sid).toMatch(/^PN[0-9a-f]{32}$/);
  });

  it('works with an API key, which may probe but not read the account', async () => {
    const sid = `AC${'e'.repeat(32)}`;
    const key = { sid: `SK${'e'.repeat(32)}`, secret: 'a secret' };
    const keyed = await createSimulator({
      clock: systemClock,
      random: systemRandom,
      port: 0,
      accounts: { accounts: [{ sid, authToken: '2'.repeat(32), numbers: [FROM], apiKeys: [key] }] },
    });
    closing.push(() => keyed.stop());
    const transport = createTransport({ clock: systemClock });
    closing.push(() => transport.close());
    const credentials = { accountSid: sid, authTokens: [], apiKey: key.sid, apiSecret: key.secret, baseUrl: keyed.url };
    const withKey = createTwilioClient(credentials, { transport, clock: systemClock });
    await withKey.probe();
    expect(await withKey.create('message', text('x'))).toMatchObject({ outcome: 'accepted' });
    await expect(withKey.account()).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  it('schedules and cancels, calls and cancels', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const scheduled = await client.create('message', [
      ['To', TO],
      ['MessagingServiceSid', `MG${'a'.repeat(32)}`],
      ['Body', 'later'],
      ['ScheduleType', 'fixed'],
      ['SendAt', sendAt],
    ]);
    expect(scheduled).toMatchObject({ outcome: 'accepted', status: 'scheduled', from: null });
    const sid = scheduled.outcome === 'accepted' ? scheduled.sid : '';
    expect(await client.cancel('message', sid)).toMatchObject({ sid, status: 'canceled' });
    expect(await client.cancel('message', sid)).toMatchObject({ twilioCode: 30409 });

    const call = await client.create('call', [
      ['To', TO],
      ['From', FROM],
      ['Twiml', '<Response><Say>Hi</Say></Response>'],
    ]);
    expect(call).toMatchObject({ outcome: 'accepted', status: 'queued' });
    const callSid = call.outcome === 'accepted' ? call.sid : '';
    expect(await client.cancel('call', callSid)).toMatchObject({ sid: callSid, status: 'canceled' });
    expect((await client.list('call', TO, Date.now())).resources).toMatchObject([{ sid: callSid, status: 'canceled' }]);
  });

  it('reads account, balance and numbers, and sets a webhook', async () => {
    expect(await client.account()).not.toHaveProperty('auth_token');
    expect(await client.account()).toMatchObject({ sid: simulator.accounts[0]?.sid, status: 'active' });
    expect(await client.balance()).toHaveProperty('currency');
    const [number] = await client.incomingPhoneNumbers();
    expect(number).toMatchObject({ phoneNumber: FROM, capabilities: { sms: true } });
    await client.updateIncomingPhoneNumber(number?.sid ?? '', [['SmsUrl', 'https://h.example/in']]);
    expect((await client.incomingPhoneNumbers())[0]?.smsUrl).toBe('https://h.example/in');
    expect(await client.ownedNumbers()).toEqual([FROM, '+15550000002']);
    expect(await client.recipients()).toHaveLength(3);
    await client.probe();
  });

  it('is refused with a code and a remedy: bad number, unverified number, suspended account', async () => {
    expect(
      await client.create('message', [
        ['To', '123'],
        ['From', FROM],
        ['Body', 'x'],
      ]),
    ).toMatchObject({ outcome: 'rejected', error: { twilioCode: expect.any(Number), stage: 'before_send' } });
    const trial = await clientFor(1).create('message', [
      ['To', '+15550109999'],
      ['From', FROM],
      ['Body', 'x'],
    ]);
    expect(trial).toMatchObject({ outcome: 'rejected', error: { twilioCode: 21608 } });
    expect(await clientFor(2).create('message', text('x'))).toMatchObject({
      outcome: 'rejected',
      error: { code: 'TOLLBOARD_TWILIO_AUTH', twilioCode: 20003 },
    });
    expect(accepted()).toBe(0);
  });

  it.each([
    ['drop_answer', {}, 'unknown', 1],
    ['reset', {}, 'unknown', 0],
    ['rate_limit', { retryAfter: 3 }, 'rate_limited', 0],
    ['server_error', { status: 503 }, 'unknown', 0],
    ['server_error', { status: 500, accept: true }, 'unknown', 1],
    ['proxy_error', { accept: true }, 'unknown', 1],
    ['truncate', {}, 'unknown', 1],
    ['no_sid', {}, 'unknown', 1],
  ])('meets the fault %s %j with %s and sends once', async (fault, options, outcome, taken) => {
    simulator.control.faults.add({ fault, count: 1, ...options });
    expect((await client.create('message', text('once'))).outcome).toBe(outcome);
    expect(accepted()).toBe(taken);
    expect((await client.create('message', text('again'))).outcome).toBe('accepted');
    expect(accepted()).toBe(taken + 1);
  });

  it('does not know about a request that is never answered', async () => {
    simulator.control.faults.add({ fault: 'half_open', count: 1, accept: true });
    const hasty = clientFor(0, 1_000);
    expect(await hasty.create('message', text('once'))).toMatchObject({
      outcome: 'unknown',
      error: { stage: 'unknown' },
    });
    expect(accepted()).toBe(1);
    expect((await client.list('message', TO, Date.now())).resources).toHaveLength(1);
  });

  it('knows that nothing left when the simulator is gone', async () => {
    await simulator.stop();
    expect(await client.create('message', text('x'))).toMatchObject({
      outcome: 'not_sent',
      error: { stage: 'before_send' },
    });
  });
});
