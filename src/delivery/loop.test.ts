import { expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { TollboardError } from '../core/errors.ts';
import { startDueLoop } from './loop.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function start(options: { due?: () => number | null; work?: () => boolean | Promise<boolean> } = {}) {
  const clock = createManualClock();
  const seen: number[] = [];
  const begun = clock.now();
  const loop = startDueLoop({
    name: 'test',
    clock,
    logger: SILENT,
    nextDue: async () => options.due?.() ?? null,
    async work() {
      seen.push(clock.now() - begun);
      return (await options.work?.()) ?? false;
    },
  });
  return { clock, seen, loop };
}

it('works at once, then when something falls due', async () => {
  let due: number | null = null;
  const { clock, seen, loop } = start({ due: () => due });
  due = clock.now() + 5000;
  await clock.untilSleeping(1);
  due = null;
  clock.advance(5000);
  await clock.untilSleeping(1);
  expect(seen).toEqual([0, 5000]);
  await loop.stop();
});

it('works on while there is more', async () => {
  let left = 3;
  const { clock, seen, loop } = start({ work: () => --left > 0 });
  await clock.untilSleeping(1);
  expect(seen).toHaveLength(3);
  await loop.stop();
});

it('is woken for what is due earlier than its next look, and sleeps on for what is not', async () => {
  const { clock, seen, loop } = start();
  await clock.untilSleeping(1);
  loop.wake(clock.now() + 60_000);
  expect(clock.sleeping).toBe(1);
  loop.wake(clock.now() + 1000);
  await clock.untilSleeping(1);
  expect(seen).toHaveLength(2);
  await loop.stop();
});

it('is woken for what is due now although the clock jumped past its next look', async () => {
  const { clock, seen, loop } = start();
  await clock.untilSleeping(1);
  clock.jump(3_600_000);
  loop.wake(clock.now());
  expect(clock.sleeping).toBe(0);
  await clock.untilSleeping(1);
  expect(seen).toEqual([0, 3_600_000]);
  await loop.stop();
});

it('goes on after an error of the store', async () => {
  let failures = 1;
  const { clock, seen, loop } = start({
    work() {
      if (failures-- > 0) throw new TollboardError('TOLLBOARD_STORE_BUSY');
      return false;
    },
  });
  await clock.untilSleeping(1);
  clock.advance(500);
  await clock.untilSleeping(1);
  expect(seen).toEqual([0, 500]);
  await loop.stop();
});

it('stops in the middle of a sleep, twice if need be', async () => {
  const { clock, loop } = start();
  await clock.untilSleeping(1);
  await Promise.all([loop.stop(), loop.stop()]);
  expect(clock.sleeping).toBe(0);
});
