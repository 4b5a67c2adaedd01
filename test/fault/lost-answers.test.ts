/** Lost answers: resolved by callback, list or count, never repeated blindly, else shown with a choice. */

import type { Entry } from '../../src/core/entry.ts';
import { describe, expect, it } from 'vitest';
import { type FaultPair, PHONE, usePairs } from '../support/fault-pair.ts';

const startPair = usePairs();

const DROPPED = { fault: 'drop_answer', path: 'Messages', method: 'POST' };
const RESET = { fault: 'reset', path: 'Messages', method: 'POST' };

it('an answer lost after acceptance is found by the callback, without a listing', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { ...DROPPED, count: 1 });
  const [sent] = await pair.send(PHONE, 'told by the callback');
  await pair.gateway.call('reached', { state: 'unknown', count: 1 });
  await pair.simulator.call('advance', 300);
  await pair.gateway.call('reached', { state: 'done', count: 1 });
  const { decisions, ...entry } = await pair.entry(sent?.id ?? '');
  expect(entry).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(decisions.map(({ what }) => what)).not.toContain('listing');
  expect(await pair.acceptances()).toHaveLength(1);
});

it('an answer that never comes is found in the list when callbacks are lost too', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { fault: 'callback_lost' });
  await pair.simulator.call('fault', { fault: 'half_open', accept: true, path: 'Messages', method: 'POST', count: 1 });
  const [sent] = await pair.send(PHONE, 'found in the list');
  await pair.settle();
  const { decisions, ...entry } = await pair.entry(sent?.id ?? '');
  expect(entry).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(decisions.map(({ what }) => what)).toContain('found');
  expect(await pair.acceptances()).toHaveLength(1);
});

it('polls bring every status to its end when all callbacks are lost', async () => {
  const pair = await startPair();
  await pair.simulator.call('scenarios', [{ to: '+15551112000', deliver: 'undelivered', errorCode: 30005 }]);
  await pair.simulator.call('fault', { fault: 'callback_lost' });
  await pair.send([PHONE, '+15551112000'], 'nobody calls back');
  await pair.settle();
  const byPhone = new Map((await pair.entries()).map((entry) => [entry.to, entry]));
  expect(byPhone.get(PHONE)).toMatchObject({ status: 'delivered', error: null });
  expect(byPhone.get('+15551112000')).toMatchObject({
    status: 'undelivered',
    error: { twilioCode: 30005, stage: 'after_send' },
  });
});

it('a request that Twilio never took is repeated only after three complete listings lack it', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { ...RESET, count: 1 });
  const [sent] = await pair.send(PHONE, 'never taken');
  await pair.settle();
  const { decisions, ...entry } = await pair.entry(sent?.id ?? '');
  expect(entry.status).toBe('delivered');
  // On a busy machine the driven clock may outrun the repeat's answer too; then the same happens once more.
  expect(entry.attempts).toBeGreaterThanOrEqual(2);
  expect(decisions.map(({ what }) => what).slice(0, 8)).toEqual([
    'accepted',
    'claimed',
    'lost',
    'listing',
    'listing',
    'listing',
    'resend',
    'claimed',
  ]);
  expect(await pair.acceptances()).toHaveLength(1);
});

describe('with on_unknown: hold', () => {
  let pair: FaultPair;
  const held = async (fault: object): Promise<Entry> => {
    pair = await startPair();
    await pair.simulator.call('fault', { fault: 'callback_lost' });
    await pair.simulator.call('fault', fault);
    const [sent] = await pair.send(PHONE, 'a person decides', { onUnknown: 'hold' });
    await pair.settle();
    return pair.entry(sent?.id ?? '');
  };
  const resolve = (entry: Entry, choice: string) =>
    pair.ask('POST', `/api/v1/messages/${entry.id}/resolve`, { choice });

  it('what the lists lack waits for a person, who may send it again: once', async () => {
    const entry = await held({ ...RESET, count: 1 });
    expect(entry).toMatchObject({
      state: 'held',
      resolution: { choices: ['sent', 'resend', 'drop'] },
      error: { code: 'TOLLBOARD_DELIVERY_HELD_ABSENT', stage: 'unknown' },
    });
    expect(await pair.acceptances()).toHaveLength(0);
    expect((await resolve(entry, 'resend')).status).toBe(200);
    await pair.settle();
    expect(await pair.entry(entry.id ?? '')).toMatchObject({ state: 'done', status: 'delivered', attempts: 2 });
    expect(await pair.acceptances()).toHaveLength(1);
    expect((await resolve(entry, 'resend')).status).toBe(409);
  });

  it('a dropped one is never sent', async () => {
    const entry = await held({ ...RESET, count: 1 });
    expect((await resolve(entry, 'drop')).json).toMatchObject({ state: 'canceled', resolution: null });
    await pair.settle();
    expect(await pair.acceptances()).toHaveLength(0);
  });

  it('what the lists show is no question', async () => {
    expect(await held({ ...DROPPED, count: 1 })).toMatchObject({ state: 'done', status: 'delivered', attempts: 1 });
  });
});

it('a text whose content Twilio does not keep is held, for no listing could show it', async () => {
  const pair = await startPair();
  await pair.simulator.call('fault', { fault: 'callback_lost' });
  await pair.simulator.call('fault', { ...DROPPED, count: 1 });
  const [sent] = await pair.send(PHONE, 'not kept', { contentRetention: 'discard' });
  await pair.settle();
  expect(await pair.entry(sent?.id ?? '')).toMatchObject({
    state: 'held',
    resolution: { choices: ['sent', 'resend', 'drop'] },
    error: { code: 'TOLLBOARD_DELIVERY_AMBIGUOUS' },
  });
  expect(await pair.acceptances()).toHaveLength(1);
});

describe('equal texts to one number', () => {
  it.each([
    ['both taken', [{ ...DROPPED, count: 2 }], 2],
    [
      'one taken',
      [
        { ...DROPPED, count: 1 },
        { ...RESET, count: 1 },
      ],
      1,
    ],
    ['none taken', [{ ...RESET, count: 2 }], 0],
  ])('are matched by count: %s', async (_what, faults, taken) => {
    const pair = await startPair();
    await pair.simulator.call('fault', { fault: 'callback_lost' });
    for (const fault of faults) await pair.simulator.call('fault', fault);
    await pair.send(PHONE, 'the same text');
    await pair.gateway.call('reached', { state: 'unknown', count: 1 });
    await pair.send(PHONE, 'the same text');
    await pair.gateway.call('reached', { state: 'unknown', count: 2 });
    expect(await pair.acceptances()).toHaveLength(taken);
    await pair.settle();
    const entries = await pair.entries();
    const acceptances = await pair.acceptances();
    expect(entries.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    expect(acceptances).toHaveLength(2);
    expect(new Set(entries.map(({ sid }) => sid))).toEqual(new Set(acceptances.map(({ sid }) => sid)));
  });
});
