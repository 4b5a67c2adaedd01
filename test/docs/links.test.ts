/** What the documents point at exists. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readRepositoryFile, sourceTree } from '../support/tree.ts';

const pages = sourceTree().filter((path) => path.endsWith('.md'));

/** `[text](target)` outside code, without its `#place`. */
function links(page: string): string[] {
  const prose = readRepositoryFile(page)
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((link) => link !== '');
}

/** Paths of this repository that a page names in code, e.g. `src/core/entry.ts`; patterns with `*`, `<` or `…` are no paths. */
function paths(page: string): string[] {
  const named = readRepositoryFile(page).matchAll(
    /`((?:src|test|scripts|docs|examples|benchmarks|bin|toolchain|\.ci)\/[^`\s]*)`/g,
  );
  return [...named].map((match) => match[1] ?? '').filter((path) => !/[*<…]/.test(path));
}

test('every relative link leads to a file', () => {
  const dead = pages.flatMap((page) =>
    links(page)
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(ROOT, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  );
  expect(pages).toContain('README.md');
  expect(dead).toEqual([]);
});

test('every path named in the documents exists', () => {
  const missing = pages.flatMap((page) =>
    paths(page)
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('links go to https, except to this machine', () => {
  const plain = pages.flatMap((page) =>
    links(page).filter((link) => link.startsWith('http://') && !/127\.0\.0\.1|localhost/.test(link)),
  );
  expect(plain).toEqual([]);
});
