/** What the integrations take from `src/hosts/` is written by a program, never by hand. */

import { expect, test } from 'vitest';
import { staleFiles } from '../../scripts/generate-hosts.ts';

test('the written files of the integrations are up to date (npm run hosts)', () => {
  expect(staleFiles()).toEqual([]);
});
