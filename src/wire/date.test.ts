import { describe, expect, test } from 'vitest';
import { parseDateFilter, rfc2822 } from './date.ts';

test('rfc2822 is in GMT with two digits everywhere, and does not mix up two instants', () => {
  expect(rfc2822(Date.UTC(2010, 7, 20, 1, 13, 42, 999))).toBe('Fri, 20 Aug 2010 01:13:42 +0000');
  expect(rfc2822(Date.UTC(2026, 0, 1))).toBe('Thu, 01 Jan 2026 00:00:00 +0000');
  expect(rfc2822(Date.UTC(2010, 7, 20, 1, 13, 42))).toBe('Fri, 20 Aug 2010 01:13:42 +0000');
});

describe('parseDateFilter', () => {
  const noon = Date.UTC(2026, 6, 1, 12);
  test.each([
    ['2026-07-01', Date.UTC(2026, 6, 1), Date.UTC(2026, 6, 2) - 1],
    ['2026-07-01T12:00:00Z', noon, noon + 999],
    ['2026-07-01T14:00:00+02:00', noon, noon + 999],
    ['2026-07-01 12:00:00', noon, noon + 999],
    ['2026-07-01T12:00:00', noon, noon + 999],
    ['Wed, 01 Jul 2026 12:00:00 +0000', noon, noon + 999],
  ])('reads %s', (text, from, to) => {
    expect(parseDateFilter(text)).toEqual({ from, to });
  });

  test.each(['', 'soon', '2026-13-01', '2026-07-01T25:00:00Z'])('refuses %j', (text) => {
    expect(parseDateFilter(text)).toBeNull();
  });
});
