import type { Store } from '../core/ports.ts';
import { beforeEach, expect, test } from 'vitest';
import { accepted, claimQuery, countingRandom, NOON, taken, tell } from '../../test/support/entries.ts';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { errorReport } from '../core/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import { type CreateVerdict, createCreateWaits } from './create-waits.ts';

const SID = `SM${'f'.repeat(32)}`;
const { type: _type, ...FACT } = taken(SID);
const TAKEN: CreateVerdict = { outcome: 'accepted', resource: { sid: SID }, requestId: null, ...FACT };

let store: Store;
let clock: ReturnType<typeof createManualClock>;
let waits: ReturnType<typeof createCreateWaits>;
let id: string;
beforeEach(async () => {
  store = createMemoryStore({ random: countingRandom() });
  clock = createManualClock();
  waits = createCreateWaits({ store, clock });
  [{ id = '' } = {}] = await accepted(store, {});
  await store.claim(claimQuery());
});

test('everybody who waits is told what Twilio answered, once it is on disk', async () => {
  const waiting = [waits.wait(id, 5000), waits.wait(id, 5000)];
  waits.note(id, TAKEN);
  await tell(store, id, taken(SID));
  expect(await Promise.all(waiting)).toEqual([TAKEN, TAKEN]);
});

test('what the disk does not take is told all the same', async () => {
  const waiting = waits.wait(id, 5000);
  waits.note(id, TAKEN);
  waits.release(id);
  expect(await waiting).toBe(TAKEN);
});

test('without an answer the wait ends at its time, and a later answer is kept for nobody', async () => {
  const waiting = waits.wait(id, 5000);
  waits.release(id);
  await clock.untilSleeping(1);
  clock.advance(5000);
  expect(await waiting).toBeNull();
  waits.note(id, TAKEN);
  await tell(store, id, taken(SID));
  expect(await waits.wait(id, 5000)).toBeNull();
  expect(clock.sleeping).toBe(0);
});

test('a try that is repeated later ends the wait at once, but an answer that was lost does not', async () => {
  const other = (await accepted(store, {}))[0]?.id ?? '';
  await store.claim(claimQuery());
  const [retried, lost] = [waits.wait(id, 5000), waits.wait(other, 5000)];
  const error = errorReport('TOLLBOARD_DELIVERY_RATE_LIMITED');
  await tell(store, id, { type: 'retry', error, at: NOON + 1000 });
  await tell(store, other, { type: 'lost', error });
  expect(await retried).toBeNull();
  clock.advance(5000);
  expect(await lost).toBeNull();
});

test('while Twilio cannot be reached nobody waits for it', async () => {
  const account = (await store.entry({ id }))?.account ?? '';
  const other = (await accepted(store, {}))[0]?.id ?? '';
  waits.rest(account, clock.now() + 1000);
  expect(await waits.wait(other, 5000)).toBeNull();
  waits.rest(account, null);
  const waiting = waits.wait(other, 5000);
  await clock.untilSleeping(1);
  clock.advance(5000);
  expect(await waiting).toBeNull();
});

test('a callback that overtook the answer ends the wait: the SID is known', async () => {
  const waiting = waits.wait(id, 5000);
  const told = { type: 'status', source: 'callback', fields: [] as Array<[string, string]>, ...FACT } as const;
  await tell(store, id, { ...told, status: 'sent' });
  expect(await waiting).toBeNull();
});
