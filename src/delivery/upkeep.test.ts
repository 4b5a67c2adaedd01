import { expect, it, onTestFinished } from 'vitest';
import { createDrivenClock } from '../../test/support/driven-clock.ts';
import { accepted, batchOf, countingRandom, newEntry } from '../../test/support/entries.ts';
import { createMemoryStore } from '../store/memory.ts';
import { startUpkeep } from './upkeep.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RETENTION = { messagesMs: 2 * HOUR, eventsMs: 2 * HOUR, idempotencyMs: 2 * HOUR };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

async function start() {
  const clock = createDrivenClock();
  const store = createMemoryStore({ random: countingRandom() });
  const done = { state: 'done', dueAt: null, createdAt: clock.now() } as const;
  const batch = batchOf([newEntry(done)], { key: 'k', hash: 'h', answer: 'a' });
  const [first = { id: '' }] = batch.entries;
  await store.accept(batch);
  let setBack = 0;
  const upkeep = startUpkeep({ store, clock, logger: SILENT, retention: RETENTION, onClockSetBack: () => setBack++ });
  onTestFinished(async () => {
    await upkeep.stop();
    clock.close();
  });
  const kept = async () => (await store.entry({ id: first.id })) !== null;
  return { clock, store, kept, batch, times: () => setBack };
}

it('removes what is past its retention when time passes as it should', async () => {
  const { clock, kept } = await start();
  await clock.advance(HOUR);
  expect(await kept()).toBe(true);
  await clock.advance(3 * HOUR);
  expect(await kept()).toBe(false);
});

it('removes nothing for a clock that leaps ahead and is set right', async () => {
  const { clock, store, kept, batch, times } = await start();
  await clock.advance(HOUR);
  clock.jump(100 * DAY);
  await clock.advance(20_000);
  expect(await kept()).toBe(true);
  clock.jump(-100 * DAY);
  await clock.advance(20_000);
  expect(times()).toBe(1);
  expect(await kept()).toBe(true);
  expect(await store.accept(batch)).toMatchObject({ outcome: 'replayed' });
  await clock.advance(3 * HOUR);
  expect(await kept()).toBe(false);
});

it('does not believe a leap right after the start within hours', async () => {
  const { clock, kept } = await start();
  clock.jump(100 * DAY);
  await clock.advance(HOUR + 20_000);
  expect(await kept()).toBe(true);
});

it('believes a leap that lasts for a day', async () => {
  const { clock, store } = await start();
  clock.jump(100 * DAY);
  const [later] = await accepted(store, { state: 'done', dueAt: null, createdAt: clock.now() });
  await clock.advance(23 * HOUR);
  expect(await store.entry({ id: later?.id ?? '' })).not.toBeNull();
  await clock.advance(3 * HOUR);
  expect(await store.entry({ id: later?.id ?? '' })).toBeNull();
});

it('moves due times back once when the clock is set back', async () => {
  const { clock, times } = await start();
  await clock.advance(20_000);
  clock.jump(-DAY);
  await clock.advance(60_000);
  expect(times()).toBe(1);
});
