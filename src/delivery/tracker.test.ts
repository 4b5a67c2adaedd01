import type { NewEntry } from '../core/entry.ts';
import type { Fact } from '../core/outbox.ts';
import type { Store, TwilioAccount } from '../core/ports.ts';
import { expect, it, onTestFinished } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { errorReport, TollboardError } from '../core/errors.ts';
import { prepareRequest } from '../core/request.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';
import { createLateChanges } from './late-changes.ts';
import { startTracker, takeCallback } from './tracker.ts';

const ACCOUNT = `AC${'0'.repeat(32)}`;
const A = `SM${'a'.repeat(32)}`;
const B = `SM${'b'.repeat(32)}`;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Entries whose answers were lost, and what takes their callbacks. */
async function lost(count: number, options: { store?: Store } = {}) {
  const clock = createManualClock();
  const store = options.store ?? createMemoryStore({ random: systemRandom });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await loseOne(store, clock.now()));
  const late = createLateChanges({ store, clock, logger: SILENT });
  const told = (ref: string, sid: string, status: string) =>
    takeCallback(
      {
        kind: 'message',
        ref,
        pathAndQuery: `/callbacks/message?ref=${ref}`,
        fields: [
          ['AccountSid', ACCOUNT],
          ['MessageSid', sid],
          ['MessageStatus', status],
        ],
        signature: 'genuine',
      },
      { store, clock, logger: SILENT, verify: () => true, late },
    );
  const look = async (id: string | undefined) => {
    const entry = await store.entry({ id: id ?? '' });
    return [entry?.state, entry?.sid, entry?.status];
  };
  return { ids, store, clock, told, look, late };
}

async function loseOne(store: Store, now: number): Promise<string> {
  const { entries, decisions } = prepareRequest(
    { kind: 'message', to: '+15551112222', params: { body: 'equal' }, host: 'api' },
    {
      now,
      random: systemRandom,
      account: { accountSid: ACCOUNT, simulated: true },
      defaultSender: '+15550000001',
      onUnknown: 'resend',
      idempotencyKey: null,
      refusal: () => null,
    },
  );
  await store.accept({ entries, decisions, now });
  const key = { id: (entries[0] as NewEntry).id };
  const facts: Fact[] = [{ type: 'claimed', callbackMode: 'own' }, { type: 'interrupted' }];
  await store.apply(
    facts.map((fact) => ({ key, fact })),
    now,
  );
  return key.id;
}

it('a callback resolves a lost answer', async () => {
  const { ids, told, look } = await lost(1);
  expect(await told(ids[0] ?? '', A, 'sent')).toBe('applied');
  expect(await look(ids[0])).toEqual(['sent', A, 'sent']);
});

it('of two equal texts each shows the statuses of its own SID, whichever callback comes for it', async () => {
  const { ids, store, clock, told, look } = await lost(2);
  const [first = '', second = ''] = ids;
  const found = (sid: string): Fact => ({
    type: 'found',
    why: 'Listed.',
    sid,
    status: 'sent',
    errorCode: null,
    errorMessage: null,
  });
  // By count the first got the SID that Twilio made for the second, and the other way round.
  await store.apply(
    [
      { key: { id: first }, fact: found(B) },
      { key: { id: second }, fact: found(A) },
    ],
    clock.now(),
  );
  await told(first, A, 'undelivered');
  await told(second, B, 'delivered');
  expect(await look(first)).toEqual(['done', B, 'delivered']);
  expect(await look(second)).toEqual(['done', A, 'undelivered']);
});

it('no two entries show one SID, when a listing and a callback cross', async () => {
  const { ids, store, clock, told, look } = await lost(2);
  const [first = '', second = ''] = ids;
  await told(second, B, 'sent');
  const fact: Fact = { type: 'found', why: 'Listed.', sid: B, status: 'sent', errorCode: null, errorMessage: null };
  const [applied] = await store.apply([{ key: { id: first }, fact }], clock.now());
  expect(applied?.outcome).toBe('refused');
  expect(await look(first)).toEqual(['unknown', null, null]);
  expect(await look(second)).toEqual(['sent', B, 'sent']);
});

it('a callback that the disk does not take is answered all the same, and written as soon as it does', async () => {
  const real = createMemoryStore({ random: systemRandom });
  let locked = false;
  const store: Store = {
    ...real,
    async apply(changes, now) {
      if (locked) throw new TollboardError('TOLLBOARD_STORE_BUSY');
      return real.apply(changes, now);
    },
  };
  const { ids, clock, told, look, late } = await lost(1, { store });
  locked = true;
  expect(await told(ids[0] ?? '', A, 'delivered')).toBe('applied');
  await clock.untilSleeping(1);
  expect(await look(ids[0])).toEqual(['unknown', null, null]);
  locked = false;
  const written = new Promise((resolve) => store.onCommit(resolve));
  clock.advance(500);
  await written;
  expect(await look(ids[0])).toEqual(['done', A, 'delivered']);
  await late.stop();
});

it('a stop does not wait for a disk that takes nothing', async () => {
  const real = createMemoryStore({ random: systemRandom });
  const store: Store = { ...real, apply: () => Promise.reject(new TollboardError('TOLLBOARD_STORE_FULL')) };
  const clock = createManualClock();
  const late = createLateChanges({ store, clock, logger: SILENT });
  late.keep({ key: { id: 'SM' }, fact: { type: 'interrupted' } });
  await clock.untilSleeping(1);
  await late.stop();
  await late.stop();
  expect(clock.sleeping).toBe(0);
});

it('a stop waits for the write that is under way', async () => {
  const real = createMemoryStore({ random: systemRandom });
  let written = () => {};
  const apply: Store['apply'] = () => new Promise((resolve) => (written = () => resolve([])));
  const late = createLateChanges({ store: { ...real, apply }, clock: createManualClock(), logger: SILENT });
  late.keep({ key: { id: 'SM' }, fact: { type: 'interrupted' } });
  let stopped = false;
  const stop = late.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  expect(stopped).toBe(false);
  written();
  await stop;
});

it('a status that can never be written is let go of, and holds up no other', async () => {
  const real = createMemoryStore({ random: systemRandom });
  const [good, bad] = [await loseOne(real, 0), await loseOne(real, 0)];
  const apply: Store['apply'] = async (changes, now) => {
    if (changes.some(({ key }) => 'id' in key && key.id === bad)) throw new TollboardError('TOLLBOARD_INTERNAL');
    return real.apply(changes, now);
  };
  const errors: unknown[] = [];
  const logger = { ...SILENT, error: (facts: unknown) => errors.push(facts) };
  const late = createLateChanges({ store: { ...real, apply }, clock: createManualClock(), logger });
  const written = new Promise((resolve) => real.onCommit(resolve));
  const fact: Fact = { type: 'found', why: 'x', sid: A, status: 'sent', errorCode: null, errorMessage: null };
  for (const id of [bad, good]) late.keep({ key: { id }, fact });
  await written;
  expect((await real.entry({ id: good }))?.sid).toBe(A);
  expect(errors).toMatchObject([{ id: bad }]);
  await late.stop();
});

it('a poll that gets no answer takes no step; one that says the message is gone does', async () => {
  const clock = createManualClock();
  const store = createMemoryStore({ random: systemRandom });
  const id = await loseOne(store, clock.now());
  const taken: Fact = { type: 'accepted', sid: A, status: 'queued', errorCode: null, errorMessage: null };
  await store.apply([{ key: { id }, fact: taken }], clock.now());
  let answer = errorReport('TOLLBOARD_TWILIO_NO_ANSWER');
  const account = { fetch: async () => answer } as unknown as TwilioAccount;
  const tracker = startTracker({ store, clock, logger: SILENT, accounts: new Map([[ACCOUNT, account]]) });
  onTestFinished(() => tracker.stop());
  const seen = async (polls: number) => {
    while (((await store.entry({ id }))?.dueAt ?? 0) <= clock.now()) await new Promise(setImmediate);
    expect((await store.entry({ id }))?.polls).toBe(polls);
  };
  const until = async () => {
    await clock.untilSleeping(1);
    clock.advance(((await store.entry({ id }))?.dueAt ?? 0) - clock.now());
  };
  await until();
  await seen(1);
  await until();
  await seen(1);
  answer = errorReport('TOLLBOARD_TWILIO_NOT_FOUND', { httpStatus: 404 });
  await until();
  await seen(2);
});
