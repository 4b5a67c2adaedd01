import { describe, expect, it } from 'vitest';
import { nextTryMs } from './retry.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 6, 1, 12);
const BOUNDS = { attempts: 3, giveUpAfterMs: 24 * HOUR };
const facts = (given: Partial<Parameters<typeof nextTryMs>[2]> = {}) => ({
  since: NOON,
  failingSince: NOON,
  startedAt: NOON - 24 * HOUR,
  now: NOON,
  random: 0.5,
  retryAfterMs: null,
  ...given,
});

describe('the wait after a failed try', () => {
  it.each([
    [1, 1000],
    [2, 5000],
    [3, 30_000],
    [4, 120_000],
    [5, 600_000],
    [50, 600_000],
  ])('after try %i is %i ms', (attempts, ms) => {
    expect(nextTryMs({ attempts, refusals: 0 }, BOUNDS, facts())).toBe(ms);
    expect(nextTryMs({ attempts, refusals: 0 }, BOUNDS, facts({ random: 0 }))).toBe(ms * 0.75);
  });

  it('is what the receiver asked for where that is longer, up to an hour', () => {
    const wait = (retryAfterMs: number) => nextTryMs({ attempts: 1, refusals: 0 }, BOUNDS, facts({ retryAfterMs }));
    expect([wait(500), wait(90_000), wait(7 * HOUR)]).toEqual([1000, 90_000, HOUR]);
  });
});

describe('an event is given up', () => {
  it('when the receiver has refused it so many times', () => {
    expect(nextTryMs({ attempts: 9, refusals: 2 }, BOUNDS, facts())).not.toBeNull();
    expect(nextTryMs({ attempts: 9, refusals: 3 }, BOUNDS, facts())).toBeNull();
  });

  it('when the receiver was away for so long, tried a last time at the end of it', () => {
    const wait = (now: number) => nextTryMs({ attempts: 99, refusals: 0 }, BOUNDS, facts({ now }));
    expect(wait(NOON + 24 * HOUR - 5000)).toBe(5000);
    expect(wait(NOON + 24 * HOUR)).toBeNull();
  });

  it('that came while the receiver was away has as long, from when it came', () => {
    const now = NOON + 30 * HOUR;
    const wait = (since: number) => nextTryMs({ attempts: 1, refusals: 0 }, BOUNDS, facts({ now, since }));
    expect([wait(NOON), wait(NOON + 10 * HOUR)]).toEqual([null, 1000]);
  });

  it('not before ten minutes after a start, however old it is', () => {
    const now = NOON + 72 * HOUR;
    const wait = (startedAt: number) => nextTryMs({ attempts: 1, refusals: 0 }, BOUNDS, facts({ now, startedAt }));
    expect([wait(now - 1000), wait(now - 600_000)]).toEqual([1000, null]);
  });
});
