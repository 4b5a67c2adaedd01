/** The reference pages say what the product's tables say, no more and no less. */

import { expect, test } from 'vitest';
import { PAGES, stalePages } from '../../scripts/generate-reference.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { readRepositoryFile } from '../support/tree.ts';

test('every page under docs/reference is what the generator writes', async () => {
  expect(Object.keys(PAGES)).toContain('errors');
  expect(await stalePages()).toEqual([]);
});

test('the errors page and the catalogue name the same codes', () => {
  const page = readRepositoryFile('docs/reference/errors.md');
  const named = [...page.matchAll(/^\| `(TOLLBOARD_\w+)`/gm)].map((match) => match[1] ?? '').sort();
  expect(named).toEqual(Object.keys(ERRORS).sort());
});

test('every error has a sentence and a remedy that tells what to do', () => {
  for (const [code, row] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^TOLLBOARD(?:_[A-Z0-9]+)+$/);
    expect(row.message, code).toMatch(/^\S.*[.}]$/s);
    expect(row.remedy, code).toMatch(/^[A-Z`{].*[.}]$/s);
  }
});
