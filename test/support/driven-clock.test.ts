import { describe, expect, it } from 'vitest';
import { createDrivenClock, realTime } from './driven-clock.ts';

describe('the driven clock', () => {
  it('ends sleeps in order, each at its own time, those that begin on the way included', async () => {
    const clock = createDrivenClock(0);
    const log: string[] = [];
    const late = clock.sleep(30).then(() => log.push(`30 at ${clock.now()}`));
    const early = clock.sleep(10).then(async () => {
      log.push(`10 at ${clock.now()}`);
      await clock.sleep(5);
      log.push(`15 at ${clock.now()}`);
    });
    await clock.advance(20);
    expect(log).toEqual(['10 at 10', '15 at 15']);
    await clock.advance(10);
    await Promise.all([early, late]);
    expect(log).toEqual(['10 at 10', '15 at 15', '30 at 30']);
    expect(clock.now()).toBe(30);
  });

  it('jumps without ending or stretching a sleep', async () => {
    const clock = createDrivenClock(0);
    let woken = false;
    const sleep = clock.sleep(100).then(() => {
      woken = true;
    });
    clock.jump(3_600_000);
    await clock.advance(99);
    expect(woken).toBe(false);
    clock.jump(-7_200_000);
    await clock.advance(1);
    await sleep;
    expect(clock.now()).toBe(-3_600_000 + 100);
  });

  it('runs by itself at a multiple of real time, and stands still again', async () => {
    const clock = createDrivenClock(0);
    clock.run(100_000);
    const began = performance.now();
    await clock.sleep(100_000);
    clock.run(0);
    const stood = clock.now();
    expect(stood).toBeGreaterThanOrEqual(100_000);
    expect(performance.now() - began).toBeLessThan(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(stood);
  });

  it('goes with another clock that it was read from, however late it hears of a change', () => {
    const clock = createDrivenClock(0);
    clock.run(1000);
    const reading = clock.reading();
    const other = createDrivenClock(reading);
    const at = realTime();
    clock.run(100_000, at);
    while (realTime() < at + 5);
    other.run(100_000, at);
    // Between two looks at the one: a pause of this process at such a speed is minutes.
    const [before, there, after] = [clock.now(), other.now(), clock.now()];
    expect(there).toBeGreaterThanOrEqual(before - 2);
    expect(there).toBeLessThanOrEqual(after + 2);
    expect(clock.now()).toBeGreaterThan(reading.now + 400_000);
    clock.run(0);
    other.run(0);
  });

  it('leaves no sleep behind when one is aborted', async () => {
    const clock = createDrivenClock(0);
    const stop = new AbortController();
    const sleep = clock.sleep(10, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(clock.sleep(10, stop.signal)).rejects.toThrow('enough');
    await clock.advance(20);
    expect(clock.now()).toBe(20);
  });
});
