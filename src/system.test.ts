import { describe, expect, test } from 'vitest';
import { plainRandom, systemRandom } from './system.ts';

describe.each([
  ['random numbers of the gateway', systemRandom],
  ['random numbers of one-shot commands', plainRandom],
])('%s', (_, random) => {
  test('are hex digits, as many as asked for', () => {
    for (const length of [1, 8, 32, 40, 5000]) expect(random.hex(length)).toMatch(new RegExp(`^[0-9a-f]{${length}}$`));
  });

  test('are never the same twice', () => {
    const keys = Array.from({ length: 10_000 }, () => random.hex(32));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
