import type { SenderPace } from './throttle.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { newPace, rateAt, reserve, slow } from './throttle.ts';

const NOW = 1_000_000_000;

describe('a sender without a rate', () => {
  it('sends at once, always', () => {
    let pace = newPace('AC/1', null, NOW);
    for (let message = 0; message < 100; message++) {
      const slot = reserve(pace, NOW);
      expect(slot.at).toBe(NOW);
      pace = slot.pace;
    }
  });

  it('is slowed to five a second by the first refusal, halved by later ones, and never stopped', () => {
    let pace = slow(newPace('AC/1', null, NOW), NOW);
    expect(rateAt(pace, NOW)).toBe(5);
    for (let second = 1; second <= 20; second++) pace = slow(pace, NOW + second * 1000);
    expect(rateAt(pace, pace.changedAt)).toBeGreaterThanOrEqual(0.1);
  });

  it('gains half a message per second each second, until the slowing is forgotten', () => {
    const pace = slow(newPace('AC/1', null, NOW), NOW);
    expect(rateAt(pace, NOW + 2000)).toBe(6);
    expect(rateAt(pace, NOW + 120_000)).toBeNull();
  });
});

describe('a slowed sender', () => {
  it('recovers by the new time when the clock was set back by a day', () => {
    const slowed = slow(newPace('AC/1', null, NOW), NOW);
    const earlier = NOW - 86_400_000;
    const { pace } = reserve(slowed, earlier);
    expect(rateAt(pace, earlier)).toBe(5);
    expect(rateAt(pace, earlier + 2000)).toBe(6);
  });
});

describe('a sender with a rate', () => {
  it('spaces its messages by it', () => {
    let pace = newPace('AC/1', 4, NOW);
    const slots = [0, 0, 0].map(() => {
      const slot = reserve(pace, NOW, 10);
      pace = slot.pace;
      return slot.at - NOW;
    });
    expect(slots).toEqual([0, 250, 500]);
  });

  it('returns to its rate, not beyond, after it was slowed', () => {
    const pace = slow(newPace('AC/1', 4, NOW), NOW);
    expect(rateAt(pace, NOW)).toBe(2);
    expect(rateAt(pace, NOW + 3_600_000)).toBe(4);
  });

  it('is slowed once by several answers within a second', () => {
    const once = slow(newPace('AC/1', 8, NOW), NOW);
    expect(slow(once, NOW + 999)).toEqual(once);
    expect(rateAt(slow(once, NOW + 1000), NOW + 1000)).toBeLessThan(4);
  });
});

/** What can happen to a pace, with a clock that may jump both ways. */
const steps = fc.array(
  fc.record({
    jumpMs: fc.oneof(fc.nat(2000), fc.integer({ min: -86_400_000, max: 86_400_000 })),
    slowed: fc.boolean(),
  }),
  { maxLength: 60 },
);
const rates = fc.oneof(fc.constant(null), fc.double({ min: 0.01, max: 500, noNaN: true }));

describe('whatever happens to a pace', () => {
  it('no sender is parked: the next slot is at most one interval away, even after the clock jumped', () => {
    always((pace, now) => {
      const slot = reserve(pace, now);
      expect(slot.at).toBeGreaterThanOrEqual(now);
      const rate = rateAt(pace, now);
      expect(slot.at - now).toBeLessThanOrEqual(rate === null ? 0 : 1000 / rate + 1e-6);
    });
  });

  it('the rate stays between the floor and the configured one', () => {
    always((pace, now) => {
      const rate = rateAt(pace, now);
      if (rate === null) return expect(pace.configured).toBeNull();
      expect(rate).toBeGreaterThanOrEqual(Math.min(0.1, pace.configured ?? 0.1));
      expect(rate).toBeLessThanOrEqual(pace.configured ?? 50);
    });
  });

  it('time only ever makes the rate higher, a refusal only lower', () => {
    always((pace, now) => {
      const value = (rate: number | null) => rate ?? Number.POSITIVE_INFINITY;
      expect(value(rateAt(pace, now + 500))).toBeGreaterThanOrEqual(value(rateAt(pace, now)));
      expect(value(rateAt(slow(pace, now), now))).toBeLessThanOrEqual(value(rateAt(pace, now)));
    });
  });

  it('slots follow each other by the interval of the rate while the clock stands', () => {
    always((pace, now) => {
      const rate = rateAt(pace, now);
      if (rate === null) return;
      const first = reserve(pace, now, 5);
      const second = reserve(first.pace, now, 5);
      expect(second.at - first.at).toBeCloseTo(Math.min(1000 / rate, now + 6000 / rate - first.at), 3);
    });
  });

  function always(claim: (pace: SenderPace, now: number) => void): void {
    holds(
      fc.property(rates, steps, (rate, history) => {
        let now = NOW;
        let pace = newPace('AC/1', rate, now);
        for (const step of history) {
          now += step.jumpMs;
          claim(pace, now);
          pace = step.slowed ? slow(pace, now) : reserve(pace, now).pace;
        }
        claim(pace, now);
      }),
    );
  }
});
