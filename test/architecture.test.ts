/** Who may import whom, and what no file may hold: the rules stand in `support/architecture.ts`. */

import { describe, expect, test } from 'vitest';
import { LONG_FILES, MAY_IMPORT, violations } from './support/architecture.ts';
import { readRepositoryFile, sourceTree } from './support/tree.ts';

const FOLDERS = ['src', 'test', 'scripts', 'examples', 'benchmarks'];

describe('the source tree', () => {
  const files = new Map(
    sourceTree(FOLDERS)
      .filter((path) => path.endsWith('.ts'))
      .map((path) => [path, readRepositoryFile(path)]),
  );

  test('keeps every rule', () => {
    expect(files.size).toBeGreaterThan(10);
    expect(violations(files)).toEqual([]);
  });

  test('has no folder without a row in the import table', () => {
    const rooms = [...files.keys()].filter((path) => path.startsWith('src/') && !path.endsWith('.test.ts'));
    const unlisted = rooms.filter((path) => !Object.keys(MAY_IMPORT).some((prefix) => path.startsWith(prefix)));
    expect(unlisted).toEqual([]);
  });

  test('names only long files that exist and are long', () => {
    const needless = Object.keys(LONG_FILES).filter((path) => (files.get(path) ?? '').split('\n').length <= 501);
    expect(needless).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  const planted: Array<[what: string, files: Record<string, string>, expected: RegExp]> = [
    [
      'a sibling folder',
      { 'src/store/a.ts': "import { b } from '../twilio/b.ts';" },
      /a\.ts:1 imports src\/twilio\/b\.ts/,
    ],
    ['a sibling by type', { 'src/store/a.ts': "import type { B } from '../config/b.ts';" }, /must not know/],
    ['a sibling on demand', { 'src/server/a.ts': "const b = await import('../store/b.ts');" }, /must not know/],
    ['a sibling re-exported', { 'src/server/a.ts': "\nexport * from '../store/b.ts';" }, /a\.ts:2 .*must not know/],
    [
      'a sibling over several lines',
      { 'src/wire/a.ts': "import {\n  a,\n  type B,\n} from '../store/b.ts';" },
      /must not/,
    ],
    ['a root from a folder', { 'src/delivery/a.ts': "import { g } from '../gateway.ts';" }, /must not know/],
    ['core knowing an adapter', { 'src/core/a.ts': "import { s } from '../store/s.ts';" }, /must not know/],
    ['the simulator knowing the client', { 'src/simulator/a.ts': "import '../twilio/signature.ts';" }, /must not know/],
    ['wire outside the facade', { 'src/server/a.ts': "import { w } from '../wire/w.ts';" }, /must not know/],
    ['a new folder without a row', { 'src/attic/a.ts': "import { e } from '../core/e.ts';" }, /must not know/],
    ['product code importing a test', { 'src/cli/a.ts': "import { t } from '../../test/support/t.ts';" }, /must not/],
    ['an example reaching into the source', { 'examples/a.ts': "import { s } from '../src/index.ts';" }, /must not/],
    ['a missing file ending', { 'src/core/a.ts': "import { b } from './b';" }, /without its file ending/],
    ['a built-in without node:', { 'src/cli/a.ts': "import fs from 'fs';" }, /without node:/],
    ['node: in core', { 'src/core/a.ts': "import { join } from 'node:path';" }, /core loads only/],
    ['a package in core', { 'src/core/a.ts': "import { z } from 'zod';" }, /core loads only/],
    ['the clock in core', { 'src/core/a.ts': 'export const now = () => Date.now();' }, /core is pure/],
    [
      'the clock inside a template',
      { 'src/core/a.ts': `export const t = () => \`at ${'$'}{new Date()}\`;` },
      /core is pure/,
    ],
    ['random in core', { 'src/core/a.ts': 'export const r = Math.random();' }, /core is pure/],
    ['the environment in core', { 'src/core/a.ts': 'export const home = process.env.HOME;' }, /core is pure/],
    ['a request in core', { 'src/core/a.ts': "export const page = await fetch('http://localhost');" }, /core is pure/],
    ['a timer in core', { 'src/core/a.ts': 'setTimeout(() => {}, 1);' }, /core is pure/],
    ['a long file', { 'src/cli/a.ts': 'x;\n'.repeat(501) }, /501 lines/],
    ['a test marked only', { 'test/a.test.ts': "test.only('x', () => {});" }, /only or todo/],
    ['a note to do', { 'src/cli/a.ts': ['// TO', 'DO later'].join('') }, /a note to do/],
    ['two tests of one name', { 'test/a.test.ts': "test('x', f);\ntest('x', g);" }, /two tests named 'x'/],
    [
      'a cycle',
      { 'src/core/a.ts': "import { b } from './b.ts';", 'src/core/b.ts': "export { a } from './a.ts';" },
      /cycle: src\/core\/a\.ts -> src\/core\/b\.ts -> src\/core\/a\.ts/,
    ],
  ];
  test.each(planted)('%s', (_what, files, expected) => {
    expect(violations(new Map(Object.entries(files))).join('\n')).toMatch(expected);
  });
});

describe('what is allowed stays allowed', () => {
  const fine: Array<[what: string, files: Record<string, string>]> = [
    ['core from anywhere', { 'src/store/a.ts': "import type { E } from '../core/entry.ts';" }],
    [
      'wire in simulator and facade',
      { 'src/simulator/a.ts': "import '../wire/w.ts';", 'src/server/facade/a.ts': "import '../../wire/w.ts';" },
    ],
    ['any part in a root', { 'src/gateway.ts': "import './store/a.ts';\nimport './twilio/b.ts';" }],
    [
      'a cycle of types',
      { 'src/core/a.ts': "import type { B } from './b.ts';", 'src/core/b.ts': "import { a } from './a.ts';" },
    ],
    ['an import in a comment', { 'src/core/a.ts': "// import { s } from '../store/s.ts';\n/* Date.now() */" }],
    ['an import in a text', { 'src/core/a.ts': 'export const text = "import { s } from \'../store/s.ts\'";' }],
    ['a method named fetch', { 'src/core/a.ts': 'export interface P {\n  fetch(id: string): void;\n}' }],
    ['the clock named in a text', { 'src/core/a.ts': "export const text = 'Date.now()';" }],
    ['a quote in a regular expression', { 'src/core/a.ts': "export const quote = /['\"]/;\n// it's Date.now()" }],
    ['a division', { 'src/core/a.ts': 'export const half = (n: number) => n / 2 / 1;' }],
    [
      'an instant made from a number',
      { 'src/core/a.ts': 'export const iso = (at: number) => new Date(at).toISOString();' },
    ],
  ];
  test.each(fine)('%s', (_what, files) => {
    expect(violations(new Map(Object.entries(files)))).toEqual([]);
  });
});
