import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const NAMES = ['body', 'mediaUrl', 'statusCallback', 'from', 'maxPrice', 'on_unknown', 'to'];

describe('the nearest name', () => {
  const found: Array<[name: string, expected: string | null]> = [
    ['bdy', 'body'],
    ['boyd', 'body'],
    ['Body', 'body'],
    ['media_url', 'mediaUrl'],
    ['media-urls', 'mediaUrl'],
    ['statusCalback', 'statusCallback'],
    ['callbackStatus', null],
    ['onUnknown', 'on_unknown'],
    ['form', 'from'],
    ['foo', null],
    ['x', null],
    ['', null],
    ['zzzzzzzz', null],
    ['constructor', null],
  ];
  it.each(found)('to %j is %j', (name, expected) => {
    expect(nearest(name, NAMES)).toBe(expected);
  });

  it('is the first of equally near ones', () => {
    expect(nearest('aXc', ['abc', 'adc'])).toBe('abc');
  });

  it('is sought in bounded time, however long the misspelt name', () => {
    expect(nearest('x'.repeat(1_000_000), NAMES)).toBeNull();
  });
});
