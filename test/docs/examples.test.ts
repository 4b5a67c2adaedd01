/** Every example runs offline in a folder of its own and prints what its first comment says. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT, readRepositoryFile, sourceTree } from '../support/tree.ts';

const run = promisify(execFile);
const examples = sourceTree(['examples']).filter((path) => path.endsWith('.ts'));

/** The lines under `Prints:` in the example's first comment. */
function promised(example: string): string {
  const comment = /^\/\*\*[\s\S]*?\*\//.exec(readRepositoryFile(example))?.[0] ?? '';
  const [, block = ''] = /Prints:\n([\s\S]*?)\n \*\/$/.exec(comment) ?? [];
  return block.replaceAll(/^ \* {3}/gm, '');
}

describe('the examples', () => {
  test('are several', () => {
    expect(examples.length).toBeGreaterThan(5);
  });

  test.each(examples)('%s prints what it promises', async (example) => {
    const folder = mkdtempSync(join(tmpdir(), 'tollboard-example-'));
    try {
      const { stdout, stderr } = await run(process.execPath, ['--conditions=source', join(ROOT, example)], {
        cwd: folder,
        env: { PATH: process.env.PATH },
        timeout: 25_000,
      });
      expect(promised(example)).not.toBe('');
      expect(stdout.trimEnd()).toBe(promised(example));
      expect(stderr).toBe('');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('each is named in the list of examples', () => {
    const list = readRepositoryFile('examples/README.md');
    expect(examples.filter((path) => !list.includes(`(${path.replace('examples/', '')})`))).toEqual([]);
  });
});
