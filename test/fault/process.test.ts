/** Processes that end, cleanly or not, and one too many. */

import type { GatewayCalls } from '../support/gateway-process.ts';
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { PHONE, START, usePairs } from '../support/fault-pair.ts';
import { forkProgram } from '../support/process-calls.ts';
import { messageForm, signedForm } from '../support/webhooks.ts';

const startPair = usePairs();

const many = (count: number) => Array.from({ length: count }, (_, index) => `+1555111${2000 + index}`);

it('a second gateway on the same data is refused, and told the process that holds it', async () => {
  const pair = await startPair();
  const second = forkProgram<GatewayCalls>(new URL('../support/gateway-process.ts', import.meta.url));
  try {
    const { dataDir, twilio } = pair;
    const refused = await second
      .call('start', { dataDir, twilio, port: 0, clock: { now: START, at: 0, speed: 0 } })
      .then(
        () => null,
        (error: Error & { code?: string }) => error,
      );
    expect(refused?.code).toBe('TOLLBOARD_DATA_IN_USE');
    expect(refused?.message).toContain(String(pair.gateway.pid));
    await pair.gateway.kill();
    // The operating system lets go of the lock with the process, whatever file it left behind.
    await second.call('start', { dataDir, twilio, port: 0, clock: { now: START, at: 0, speed: 0 } });
  } finally {
    await second.kill();
  }
});

it('a gateway killed right after its answer has everything that it acknowledged', async () => {
  const pair = await startPair();
  const acknowledged = await pair.send(many(30), 'killed at once');
  await pair.gateway.kill();
  await pair.start();
  expect(new Set((await pair.entries()).map(({ id }) => id))).toEqual(new Set(acknowledged.map(({ id }) => id)));
  await pair.settle();
  expect(new Set((await pair.entries()).map(({ status }) => status))).toEqual(new Set(['delivered']));
  expect(await pair.acceptances()).toHaveLength(30);
});

it('a gateway killed between send and record finds out what Twilio took, and sends only what it did not', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { fault: 'half_open', accept: true, method: 'POST', path: 'Messages', count: 5 });
  await pair.simulator.call('fault', { fault: 'half_open', accept: false, method: 'POST', path: 'Messages', count: 5 });
  await pair.send(many(10), 'under way');
  await pair.simulator.call('struck', 10);
  await pair.gateway.kill();
  await pair.start();
  expect((await pair.entries()).map(({ state }) => state)).toEqual(Array(10).fill('unknown'));
  await pair.settle();
  expect((await pair.entries()).map(({ status }) => status)).toEqual(Array(10).fill('delivered'));
  expect((await pair.acceptances()).map(({ to }) => to).sort()).toEqual(many(10));
});

it('a clean stop waits for the answers under way, so nothing is left to find out', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { fault: 'slow', delayMs: 3000, method: 'POST', path: 'Messages' });
  await pair.send(many(10), 'under way');
  await pair.simulator.call('struck', 10);
  const stopped = pair.gateway.call('stop');
  await pair.simulator.call('advance', 3000);
  await stopped;
  await pair.start();
  for (const { state } of await pair.entries()) expect(['sent', 'done']).toContain(state);
  await pair.simulator.call('clearFaults');
  await pair.settle();
  expect(await pair.acceptances()).toHaveLength(10);
});

it('a forged, altered or foreign callback does nothing; a genuine one moves the entry once', async () => {
  const pair = await startPair();
  const [sent] = await pair.send(PHONE, 'watched');
  await pair.gateway.call('reached', { state: 'sent', count: 1 });
  const entry = await pair.entry(sent?.id ?? '');
  const url = `${pair.url}/callbacks/message?ref=${entry.id}`;
  const fields = {
    AccountSid: pair.twilio.accountSid,
    MessageSid: entry.sid ?? '',
    MessageStatus: 'delivered',
    To: PHONE,
  };
  const post = async (signature: string | null, form: Record<string, string>) =>
    (
      await fetch(url, {
        method: 'POST',
        headers: signature === null ? {} : { 'x-twilio-signature': signature },
        body: new URLSearchParams(form),
      })
    ).status;
  const genuine = sign(url, fields, pair.twilio.authToken);
  expect(await post(null, fields)).toBe(403);
  expect(await post(sign(url, fields, 'another token'), fields)).toBe(403);
  expect(await post(genuine, { ...fields, MessageStatus: 'failed' })).toBe(403);
  expect(await pair.entry(entry.id ?? '')).toEqual(entry);
  expect(await post(genuine, fields)).toBe(204);
  expect(await post(genuine, fields)).toBe(204);
  expect(await pair.entry(entry.id ?? '')).toMatchObject({ state: 'done', status: 'delivered' });
  const events = await pair.ask('GET', '/api/v1/events');
  expect(events.json.events).toHaveLength(1);
});

it('a gateway killed between storing a webhook and answering it has its event once, and gives its repeat the answer', async () => {
  const pair = await startPair();
  const { accountSid, authToken } = pair.twilio;
  const url = (await pair.gateway.call('webhookUrl')) ?? '';
  const at = (started: string) => ({ url: started + new URL(url).pathname, token: authToken });
  const bodies = async () => (await pair.ask('GET', '/api/v1/events')).json.events.map(({ data }: Event) => data.Body);
  const [first, second] = [messageForm(accountSid, { Body: 'first' }), messageForm(accountSid, { Body: 'second' })];
  expect((await fetch(url, signedForm(first, at(pair.url)))).status).toBe(200);
  await pair.gateway.call('dieAtEvent');
  await expect(fetch(url, signedForm(second, at(pair.url)))).rejects.toThrow();
  await pair.gateway.kill();
  await pair.start();
  expect(await bodies()).toEqual(['first', 'second']);
  // What Twilio does next, and whoever recorded the request.
  for (const fields of [second, second, first]) {
    const hook = at(pair.url);
    const answer = await fetch(hook.url, signedForm(fields, hook));
    expect([answer.status, await answer.text()]).toEqual([200, '<Response/>']);
  }
  expect(await bodies()).toEqual(['first', 'second']);
});

interface Event {
  data: Record<string, string>;
}

/** Twilio docs: webhook security. */
function sign(url: string, fields: Record<string, string>, token: string): string {
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}${fields[name]}`)
    .join('');
  return createHmac('sha1', token)
    .update(url + text)
    .digest('base64');
}
