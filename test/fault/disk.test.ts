/** A disk that takes no more, and a database that somebody else holds: what is acknowledged stays, the rest is told so. */

import type { Entry } from '../../src/core/entry.ts';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Answer, type FaultPair, PHONE, usePairs } from '../support/fault-pair.ts';
import { holdLock } from '../support/fault-run.ts';

const startPair = usePairs();

it('a full disk refuses new texts within two seconds, keeps reading, and loses nothing acknowledged', async () => {
  const pair = await startPair({ maxPageCount: 120 });
  const acknowledged: string[] = [];
  const refused = await fill(pair, acknowledged);
  expect(refused.status).toBe(503);
  expect(refused.json.error).toMatchObject({ code: 'TOLLBOARD_STORE_FULL', kind: 'unavailable' });
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(acknowledged.length).toBeGreaterThan(5);

  const began = performance.now();
  expect((await pair.ask('POST', '/api/v1/messages', large('more'))).status).toBe(503);
  expect(performance.now() - began).toBeLessThan(2000);
  expect((await pair.ask('GET', '/healthz')).status).toBe(200);
  expect((await pair.ask('GET', '/readyz')).status).toBe(503);
  expect(new Set((await pair.entries()).map(({ id }) => id))).toEqual(new Set(acknowledged));

  await pair.gateway.kill();
  await pair.start({ maxPageCount: 100_000 });
  await pair.settle();
  const entries = await pair.entries();
  expect(new Set(entries.map(({ id }) => id))).toEqual(new Set(acknowledged));
  expect(new Set(entries.map(({ state, status }) => `${state} ${status}`))).toEqual(new Set(['done delivered']));
  expect(await pair.acceptances()).toHaveLength(acknowledged.length);
});

it('a locked database refuses new texts within two seconds; health, reads and callbacks go on', async () => {
  const pair = await startPair();
  const [before] = await pair.send(PHONE, 'before the lock');
  await pair.gateway.call('reached', { state: 'sent', count: 1 });
  const outcome = await holdLock(join(pair.dataDir, 'tollboard.sqlite'), async () => {
    // Twilio's callbacks of the first text come in while nothing can be written.
    await pair.simulator.call('advance', 1000);
    const began = performance.now();
    const key = { 'idempotency-key': 'locked' };
    const refused = await pair.ask('POST', '/api/v1/messages', { to: PHONE, body: 'during the lock' }, key);
    const tookMs = performance.now() - began;
    const healthy = await pair.ask('GET', '/healthz');
    const read = await pair.ask('GET', `/api/v1/messages/${before?.id}`);
    await pair.simulator.call('quiet');
    return { refused, tookMs, healthy, read };
  });
  expect(outcome.refused.json.error).toMatchObject({ code: 'TOLLBOARD_STORE_BUSY' });
  expect(outcome.refused.status).toBe(503);
  expect(outcome.refused.headers.get('retry-after')).not.toBeNull();
  expect(outcome.tookMs).toBeLessThan(2500);
  expect(outcome.healthy.status).toBe(200);
  expect(outcome.read.json.id).toBe(before?.id);

  const again = await pair.ask(
    'POST',
    '/api/v1/messages',
    { to: PHONE, body: 'during the lock' },
    { 'idempotency-key': 'locked' },
  );
  expect(again.status).toBe(202);
  // No poll is due yet: what the first text came to is known from the callbacks that came during the lock.
  await pair.gateway.call('advance', 1000);
  await pair.gateway.call('reached', { state: 'done', count: 1 });
  expect(await pair.entry(before?.id ?? '')).toMatchObject({ state: 'done', status: 'delivered' });
  await pair.settle();
  expect((await pair.entries()).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  expect(await pair.acceptances()).toHaveLength(2);
});

/** Sends until it is refused; the answer that refused. */
async function fill(pair: FaultPair, acknowledged: string[]): Promise<Answer> {
  for (let count = 0; count < 100; count += 1) {
    const answer = await pair.ask('POST', '/api/v1/messages', large(String(count)));
    if (answer.status !== 202) return answer;
    acknowledged.push(...answer.json.messages.map(({ id }: Entry) => id));
  }
  throw new Error('the disk never was full');
}

function large(text: string): { to: string[]; body: string } {
  return { to: Array.from({ length: 10 }, (_, index) => `+1555111${2000 + index}`), body: text.padEnd(1500, '.') };
}
