import type { Forward, Store } from '../core/ports.ts';
import type { ForwarderOptions } from './forwarder.ts';
import twilio from 'twilio';
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../../test/support/callback-receiver.ts';
import { accepted, callback, claimQuery, countingRandom, NOON, taken, tell } from '../../test/support/entries.ts';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { TollboardError } from '../core/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemClock } from '../system.ts';
import { signForm } from '../twilio/signature.ts';
import { startForwarder } from './forwarder.ts';
import { createGuardedRequest } from './guarded-request.ts';

const TOKEN = '1'.repeat(32);
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
type Answer = Parameters<typeof startReceiver>[0];

const postPlainly: ForwarderOptions['post'] = async (to, body, headers, signal) =>
  (await fetch(to, { method: 'POST', body, headers, signal })).status;

/** A store with forwards to a receiver over HTTP, and a forwarder that has told what was due when `idle` resolves. */
async function start(statuses: readonly string[], answer?: Answer, kind: 'message' | 'call' = 'message') {
  const clock = createManualClock(NOON);
  const real = createMemoryStore({ random: countingRandom() });
  const receiver = await startReceiver(answer);
  const url = `${receiver.url}/status?a=b`;
  const [entry] = await accepted(real, { kind, params: { statusCallback: url } });
  const id = entry?.id ?? '';
  const sid = `${kind === 'call' ? 'CA' : 'SM'}${'a'.repeat(32)}`;
  await real.claim(claimQuery());
  await tell(real, id, taken(sid));
  for (const status of statuses) await tell(real, id, callback(sid, status));
  const disk = { locked: false };
  const settleForward: Store['settleForward'] = (seq, retryAt) =>
    disk.locked ? Promise.reject(new TollboardError('TOLLBOARD_STORE_BUSY')) : real.settleForward(seq, retryAt);
  const run = (post: ForwarderOptions['post'] = postPlainly) => {
    const forwarder = startForwarder({
      store: { ...real, settleForward },
      clock,
      logger: SILENT,
      sign: (_account, to, fields, of) => signForm(to, fields, TOKEN, of),
      post,
    });
    onTestFinished(() => forwarder.stop());
    return clock.untilSleeping(1);
  };
  return { clock, receiver, store: real, url, disk, run };
}

it('tells the caller’s URL each status in order, signed so that Twilio’s own library takes it', async () => {
  const { receiver, store, url, run } = await start(['sent', 'delivered', 'read']);
  await run();
  expect(receiver.values('MessageStatus')).toEqual(['sent', 'delivered', 'read']);
  for (const { fields, headers } of receiver.received) {
    expect(twilio.validateRequest(TOKEN, headers['x-twilio-signature'] ?? '', url, fields)).toBe(true);
  }
  expect(await store.nextForward()).toBeNull();
});

it('tries again after a 5xx, and the later status waits behind it', async () => {
  const { clock, receiver, run } = await start(['sent', 'delivered'], (index) => ({ status: index === 0 ? 503 : 204 }));
  await run();
  expect(receiver.values('MessageStatus')).toEqual(['sent']);
  clock.advance(1000);
  await clock.untilSleeping(1);
  expect(receiver.values('MessageStatus')).toEqual(['sent', 'sent', 'delivered']);
});

it('gives up after five tries, and goes on with the next status', async () => {
  const { clock, receiver, run } = await start(['sent', 'delivered'], (index) => ({ status: index < 5 ? 500 : 204 }));
  await run();
  for (const ms of [1000, 10_000, 60_000, 600_000]) {
    for (let left = ms; left > 0; left -= 30_000) {
      clock.advance(Math.min(left, 30_000));
      await clock.untilSleeping(1);
    }
  }
  expect(receiver.values('MessageStatus')).toEqual([...Array<string>(5).fill('sent'), 'delivered']);
});

it('gives up at once on an address that is never called', async () => {
  const { receiver, store, run } = await start(['sent', 'delivered']);
  const own = Number(new URL(receiver.url).port);
  const guarded = createGuardedRequest({ ownPorts: () => [own], clock: systemClock });
  await run(
    async (url, body, headers, signal) => (await guarded({ method: 'POST', url, body, headers, signal })).status,
  );
  expect(receiver.received).toEqual([]);
  expect(await store.nextForward()).toBeNull();
});

it.each([204, 503])('does not tell twice what was answered %i while the disk takes nothing', async (status) => {
  const { clock, receiver, store, disk, run } = await start(['sent'], () => ({ status }));
  disk.locked = true;
  await run();
  for (let round = 0; round < 5; round += 1) {
    clock.advance(500);
    await clock.untilSleeping(1);
  }
  expect(receiver.received).toHaveLength(1);
  disk.locked = false;
  clock.advance(500);
  await clock.untilSleeping(1);
  expect(receiver.received).toHaveLength(1);
  const due: Forward[] = await store.dueForwards(clock.now() + 60_000, 10);
  expect(due.map(({ attempts }) => attempts)).toEqual(status === 204 ? [] : [1]);
});

it('tells the caller of a call only the events that were asked for', async () => {
  const { receiver, run } = await start(['ringing', 'in-progress', 'completed'], undefined, 'call');
  await run();
  expect(receiver.values('MessageStatus')).toEqual(['completed']);
});
