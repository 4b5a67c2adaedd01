import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { backoffMs, failedPollWaitMs, lookupWaitMs, pollWaitMs } from './retry.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('backoff', () => {
  it('doubles from half a second to a minute', () => {
    expect([1, 2, 3, 4, 8, 9, 50].map((attempt) => backoffMs(attempt, 1))).toEqual([
      500, 1000, 2000, 4000, 60_000, 60_000, 60_000,
    ]);
  });

  it('waits at least half the step and at most all of it, whatever the random number', () => {
    const attempt = fc.integer({ min: -1, max: 10_000 });
    holds(
      fc.property(attempt, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (n, random) => {
        const step = Math.min(60_000, 500 * 2 ** Math.max(0, Math.min(n - 1, 20)));
        const wait = backoffMs(n, random);
        expect(wait).toBeGreaterThanOrEqual(step / 2);
        expect(wait).toBeLessThanOrEqual(step);
      }),
    );
  });

  it('never gets shorter with another attempt or a longer Retry-After', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    holds(
      fc.property(fc.nat(60), random, fc.nat(10_000_000), (attempt, luck, retryAfter) => {
        expect(backoffMs(attempt + 1, luck)).toBeGreaterThanOrEqual(backoffMs(attempt, luck));
        expect(backoffMs(attempt, luck, retryAfter)).toBeGreaterThanOrEqual(backoffMs(attempt, luck));
      }),
    );
  });

  it('honours a longer Retry-After, up to ten minutes', () => {
    expect(backoffMs(1, 0, 7000)).toBe(7000);
    expect(backoffMs(1, 1, 100)).toBe(500);
    expect(backoffMs(1, 0, 10 * HOUR)).toBe(10 * MINUTE);
  });
});

describe('status polls', () => {
  const all = (ownCallback: boolean) => {
    const waits: number[] = [];
    for (let polls = 0; ; polls++) {
      const wait = pollWaitMs(polls, ownCallback);
      if (wait === null) return waits;
      waits.push(wait);
    }
  };

  it('come at 5 s, 15 s, 1 min, 5 min, 30 min and so on to 12 h, then daily three times, then no more', () => {
    const waits = all(false);
    expect(waits.slice(0, 5)).toEqual([5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE]);
    expect(waits.slice(-4)).toEqual([12 * HOUR, DAY, DAY, DAY]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });

  it('begin after a minute where our own callback is out', () => {
    expect(all(true)).toEqual(all(false).slice(2));
  });
});

describe('a poll that failed', () => {
  it('is made again after 5 s, doubling to half an hour', () => {
    expect([1, 2, 3, 9, 10, 100].map(failedPollWaitMs)).toEqual([
      5 * SECOND,
      10 * SECOND,
      20 * SECOND,
      1280 * SECOND,
      30 * MINUTE,
      30 * MINUTE,
    ]);
  });
});

describe('looking for a lost answer', () => {
  it('makes three complete listings over at least the window', () => {
    const windowMs = 120 * SECOND;
    expect(lookupWaitMs(0, 0, windowMs)).toBe(2 * SECOND);
    expect(lookupWaitMs(1, 0, windowMs) + lookupWaitMs(2, 0, windowMs)).toBeGreaterThanOrEqual(windowMs);
    expect(lookupWaitMs(1, 0, 3) + lookupWaitMs(2, 0, 3)).toBeGreaterThanOrEqual(3);
  });

  it('repeats a failed listing after 5 s, doubling to a minute', () => {
    expect([1, 2, 3, 4, 5, 100].map((failed) => lookupWaitMs(0, failed, 120 * SECOND))).toEqual(
      [5, 10, 20, 40, 60, 60].map((seconds) => seconds * SECOND),
    );
  });
});
