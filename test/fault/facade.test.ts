/** Clients that know nothing but the facade's URL, while Twilio is away or loses what it answers. */

import type { Facade, FacadeOptions } from '../support/facade.ts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { verifySignature } from '../../src/twilio/signature.ts';
import { startReceiver } from '../support/callback-receiver.ts';
import { createDrivenClock, type DrivenClock } from '../support/driven-clock.ts';
import { startFacade } from '../support/facade.ts';
import { FROM, PHONE } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

vi.setConfig({ testTimeout: 120_000 });

const TEN_MINUTES = 600_000;
/** Times real time: a client's five seconds are a tenth of one. */
const PACE = 50;
const TEXTS = ['one', 'two', 'three', 'four'];

async function start(settings: FacadeOptions['settings'] = {}): Promise<Facade & { clock: DrivenClock }> {
  const clock = createDrivenClock();
  onTestFinished(() => clock.close());
  clock.run(PACE);
  const facade = await startFacade({ clock, onDisk: true, settings });
  return Object.assign(facade, { clock });
}

/** Resolves with the statuses once all of them are final, as the client sees it. */
async function followed({ gateway }: Facade, client: ReturnType<typeof sdkFor>, sids: readonly string[]) {
  await Promise.all(sids.map((sid) => gateway.messenger.wait(sid, 'final')));
  return Promise.all(sids.map(async (sid) => (await client.messages(sid).fetch()).status));
}

test('an unmodified client given only the facade’s URL survives Twilio being down for ten minutes, and never doubles', async () => {
  const facade = await start();
  const client = sdkFor(facade);
  await facade.simulator.stop();
  const downSince = facade.clock.now();
  const sids: string[] = [];
  for (const body of TEXTS) {
    const created = await client.messages.create({ to: PHONE, from: FROM, body });
    expect(created.status).toBe('accepted');
    sids.push(created.sid);
  }
  const call = await client.calls.create({ to: PHONE, from: FROM, twiml: '<Response/>' });
  expect(call.status).toBe('queued');
  // It may ask in the meantime, and the gateway may be started anew.
  expect((await client.messages(sids[0] ?? '').fetch()).status).toBe('accepted');
  await expect(client.messages.list()).rejects.toMatchObject({ status: 503, code: 20503 });
  await facade.restart();
  const again = sdkFor(facade);
  expect((await again.messages(sids[0] ?? '').fetch()).status).toBe('accepted');
  facade.clock.run(10 * PACE);
  await facade.clock.sleep(downSince + TEN_MINUTES - facade.clock.now());
  facade.clock.run(PACE);
  await facade.simulator.start();
  expect(await followed(facade, again, sids)).toEqual(TEXTS.map(() => 'delivered'));
  await facade.gateway.messenger.wait(call.sid, 'final');
  expect((await again.calls(call.sid).fetch()).sid).toBe(call.sid);
  const taken = facade.control.messages().messages.map(({ body }) => body);
  expect(taken.toSorted()).toEqual(TEXTS.toSorted());
  expect(facade.control.calls().calls).toHaveLength(1);
  expect((await again.messages.list()).map(({ sid }) => sid).toSorted()).toEqual(sids.toSorted());
});

test.each([
  ['an answer that never comes', { fault: 'half_open', accept: true }],
  ['a broken connection after Twilio took it', { fault: 'drop_answer' }],
  ['a 503 after Twilio took it', { fault: 'server_error', status: 503, accept: true }],
  ['a page of a proxy', { fault: 'proxy_error', accept: true }],
  ['half an answer', { fault: 'truncate' }],
  ['an answer without a SID', { fault: 'no_sid' }],
  ['a reset before Twilio took it', { fault: 'reset' }],
])('%s is never told as a refusal, and the text goes out once', async (_what, fault) => {
  const facade = await start();
  facade.control.faults.add({ ...fault, method: 'POST', path: 'Messages', count: 1 });
  const client = sdkFor(facade);
  const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'once' });
  expect(await followed(facade, client, [sid])).toEqual(['delivered']);
  expect(facade.control.messages().messages.map(({ body }) => body)).toEqual(['once']);
  expect((await client.messages.list()).map((message) => message.sid)).toEqual([sid]);
});

test('too many requests wait their turn behind the facade, and the client sees none of it', async () => {
  const facade = await start();
  facade.control.faults.add({ fault: 'rate_limit', path: 'Messages', count: 3 });
  const client = sdkFor(facade);
  const sids: string[] = [];
  for (const body of TEXTS) sids.push((await client.messages.create({ to: PHONE, from: FROM, body })).sid);
  expect(await followed(facade, client, sids)).toEqual(TEXTS.map(() => 'delivered'));
  expect(
    facade.control
      .messages()
      .messages.map(({ body }) => body)
      .toSorted(),
  ).toEqual(TEXTS.toSorted());
});

test('after a restart the SID that was given is the SID in callbacks, which are signed anew and in order', async () => {
  const receiver = await startReceiver();
  // One text leaves at once, the next after twenty seconds: it is answered under our id.
  const facade = await start({ senders: { [FROM]: { perSecond: 0.05 } } });
  const client = sdkFor(facade);
  await client.messages.create({ to: '+15551110000', from: FROM, body: 'first' });
  const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'x', statusCallback: receiver.url });
  await facade.restart();
  await facade.gateway.messenger.wait(sid, 'final');
  await vi.waitUntil(() => receiver.received.length === 2, { timeout: 60_000 });
  expect(receiver.values('MessageStatus')).toEqual(['sent', 'delivered']);
  expect(receiver.values('MessageSid')).toEqual([sid, sid]);
  expect(receiver.values('SmsSid')).toEqual([sid, sid]);
  for (const { headers, body } of receiver.received) {
    const fields = [...new URLSearchParams(body)] as Array<[string, string]>;
    const signature = headers['x-twilio-signature'] ?? '';
    const url = `${receiver.url}/`;
    const authTokens = [facade.accounts[0]?.authToken ?? ''];
    const fits = [url, receiver.url].some((signed) => verifySignature({ url: signed, fields, signature, authTokens }));
    expect(fits).toBe(true);
  }
  expect((await client.messages(sid).fetch()).sid).toBe(sid);
  expect((await client.messages.list({ to: PHONE })).map((message) => message.sid)).toEqual([sid]);
});
