import { expect, it } from 'vitest';
import { manyRuns } from './many-runs.ts';

it('200 runs of seeded faults lose nothing, double nothing, and end every entry in one true state', async () => {
  expect(await manyRuns(200)).toEqual([]);
}, 900_000);
