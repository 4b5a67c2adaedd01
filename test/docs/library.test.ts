/** Every program of the library's page, and of its doc comments, runs and prints what the page shows. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTollboard, type Tollboard } from '../../src/index.ts';
import { createSimulator, type Simulator } from '../../src/simulator.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const run = promisify(execFile);
const page = readRepositoryFile('docs/guide/library.md');

interface Program {
  /** The heading above it. */
  title: string;
  code: string;
  prints: string;
}

const programs: Program[] = [...page.matchAll(/^## (.+)\n((?:(?!^## )[\s\S])*)/gm)].flatMap(
  ([, title = '', section = '']) =>
    [...section.matchAll(/^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```/gm)].map(([, code = '', prints = '']) => ({
      title,
      code,
      prints,
    })),
);

/** The `@example` of a public function: the last words behind `//` are what it prints. */
function example(file: string, names: string): Program {
  const comment = /@example\n([\s\S]*?)\n \*\//.exec(readRepositoryFile(file))?.[1] ?? '';
  const code = comment.replaceAll(/^ \* ?/gm, '');
  const prints = [...code.matchAll(/ \/\/ (.+)$/gm)].map((match) => `${match[1]}\n`).join('');
  return { title: `the example of ${names}`, code: `import { ${names} } from 'tollboard';\n${code}\n`, prints };
}

describe('the programs of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-library-page-'));
  let gateway: Tollboard;
  let simulator: Simulator;

  beforeAll(async () => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules', 'tollboard'));
    symlinkSync(join(ROOT, 'node_modules', 'twilio'), join(folder, 'node_modules', 'twilio'));
    gateway = await createTollboard({ data: join(folder, 'gateway') });
    simulator = await createSimulator({ port: 0 });
  });
  afterAll(async () => {
    await gateway.close();
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('are all shown with what they print', () => {
    expect(programs).toHaveLength([...page.matchAll(/^```ts$/gm)].length);
    expect(programs.length).toBeGreaterThan(5);
  });

  test.each(
    [...programs, example('src/index.ts', 'createTollboard')].map((program) => [program.title, program] as const),
  )('%s', async (title, { code, prints }) => {
    const file = join(folder, `${title.replaceAll(/\W+/g, '-')}.mts`);
    writeFileSync(file, code);
    const [account] = simulator.accounts;
    const env = {
      PATH: process.env.PATH,
      TOLLBOARD_URL: gateway.running?.url,
      TOLLBOARD_TOKEN: gateway.running?.token,
      TWILIO_ACCOUNT_SID: account?.sid,
      TWILIO_AUTH_TOKEN: account?.authToken,
      TWILIO_BASE_URL: simulator.url,
    };
    const { stdout, stderr } = await run(process.execPath, ['--conditions=source', file], {
      cwd: folder,
      env,
      timeout: 25_000,
    });
    expect(stdout).toBe(prints);
    expect(stderr).toBe('');
  });
});
