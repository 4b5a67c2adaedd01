/** A Twilio that is gone for an hour, and clocks that jump. */

import { expect, it } from 'vitest';
import { PHONE, usePairs } from '../support/fault-pair.ts';

const startPair = usePairs();

const HOUR = 3_600_000;
const many = (count: number) => Array.from({ length: count }, (_, index) => `+1555111${2000 + index}`);

it('with Twilio gone for an hour texts are taken, wait, and go out once when it is back', async () => {
  const pair = await startPair();
  await pair.simulator.call('away');
  await pair.send(many(20), 'before the hour');
  await pair.pace(2000);
  await pair.gateway.call('sleep', HOUR / 2);
  await pair.send(PHONE, 'in the middle of it');
  await pair.gateway.call('sleep', HOUR / 2);
  expect(await pair.acceptances()).toHaveLength(0);
  for (const { state } of await pair.entries()) expect(['queued', 'sending']).toContain(state);
  expect((await pair.ask('GET', '/readyz')).status).toBe(200);
  await pair.simulator.call('back');
  await pair.settle();
  expect((await pair.entries()).map(({ status }) => status)).toEqual(Array(21).fill('delivered'));
  expect(await pair.acceptances()).toHaveLength(21);
});

it.each([
  ['ahead by a day', 24 * HOUR],
  ['back by a day', -24 * HOUR],
  ['ahead by three minutes', 180_000],
  ['back by three minutes', -180_000],
])('a clock that jumps %s loses nothing, repeats nothing and parks nobody', async (_what, ms) => {
  const pair = await startPair();
  await pair.simulator.call('fault', { fault: 'callback_lost' });
  await pair.simulator.call('fault', { fault: 'list_lag', delayMs: 119_000, count: 3 });
  await pair.simulator.call('fault', { fault: 'drop_answer', path: 'Messages', count: 3 });
  await pair.send(many(3), 'lost before the jump');
  await pair.gateway.call('reached', { state: 'unknown', count: 3 });
  await pair.pace(300);
  // The first listing has been made, and lacks them; then time leaps.
  await pair.gateway.call('sleep', 10_000);
  await pair.gateway.call('jump', ms);
  await pair.send(many(6).slice(3), 'after the jump');
  await pair.settle();
  expect((await pair.entries()).map(({ status }) => status)).toEqual(Array(6).fill('delivered'));
  expect((await pair.acceptances()).map(({ to }) => to).sort()).toEqual(many(6));
});

it('a gateway that starts on a clock behind its data goes on at once', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', {
    fault: 'rate_limit',
    path: 'Messages',
    method: 'POST',
    count: 5,
    retryAfter: 30,
  });
  await pair.send(many(5), 'to be tried again');
  await pair.gateway.call('reached', { state: 'queued', count: 5 });
  await pair.gateway.kill();
  const began = Date.UTC(2026, 5, 1, 12);
  await pair.start({ now: began });
  await pair.settle();
  expect((await pair.entries()).map(({ status }) => status)).toEqual(Array(5).fill('delivered'));
  expect(await pair.acceptances()).toHaveLength(5);
  expect((await pair.gateway.call('now')) - began).toBeLessThan(HOUR);
});
