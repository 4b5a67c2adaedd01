import { expect, test } from 'vitest';
import { systemRandom } from '../system.ts';
import { mintId } from './mint-id.ts';

const NOW = Date.UTC(2026, 10, 26);

test('an id has the form of a SID and a later one stands after it', () => {
  const ids = [0, 1, 16, 1000, 86_400_000].map((later) => mintId('EV', NOW + later, systemRandom));
  for (const id of ids) expect(id).toMatch(/^EV[0-9a-f]{32}$/);
  expect(ids.toSorted()).toEqual(ids);
});

test('ids of one millisecond differ, and a clock before 1970 does no harm', () => {
  expect(new Set(Array.from({ length: 1000 }, () => mintId('SM', NOW, systemRandom))).size).toBe(1000);
  expect(mintId('SM', -1, systemRandom)).toMatch(/^SM0{11}[0-9a-f]{21}$/);
});
