/** Every command of the README and of the guides is one that runs; its promises point at tests that exist. */

import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ON_A_TERMINAL } from '../support/program.ts';
import { ROOT, readRepositoryFile, sourceTree } from '../support/tree.ts';

const run = promisify(execFile);
const readme = readRepositoryFile('README.md');

/** Commands of the `sh` blocks of a page, one per line. */
function commands(page: string): string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((match) => (match[1] ?? '').trim().split('\n'));
}

describe('commands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-readme-'));
  let gateway: ChildProcess;

  beforeAll(async () => {
    const bin = join(folder, 'node_modules', '.bin');
    await run('mkdir', ['-p', bin]);
    symlinkSync(join(ROOT, 'bin', 'tollboard.js'), join(bin, 'tollboard'));
    const args = [join(ROOT, 'bin', 'tollboard.js'), 'start', '--port', '0', '--simulator-port', '0', '--json'];
    gateway = spawn(process.execPath, args, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve, reject) => {
      gateway.stdout?.once('data', resolve);
      gateway.once('exit', (code) => reject(new Error(`start ended with ${code}`)));
    });
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => gateway.once('exit', resolve));
    gateway.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Nothing of this machine but the program; `npx` finds it as it would in a clone. */
  function environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${join(folder, 'node_modules', '.bin')}:${join(process.execPath, '..')}:/usr/bin:/bin`,
      HOME: folder,
    };
  }

  /** Without npm's own start-up, which is not what is tested here. */
  const shell = (command: string) =>
    run('sh', ['-c', command.replaceAll(/\bnpx tollboard\b/g, 'tollboard')], {
      cwd: folder,
      env: { ...environment(), ...ON_A_TERMINAL },
    });

  test.each(commands(readme).filter((line) => line.startsWith('npx tollboard')))('%s', async (command) => {
    const { stdout } = await shell(command);
    const shown = new RegExp(
      `\`\`\`sh\n${command.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n\`\`\`\n\n\`\`\`text\n([\\s\\S]*?)\`\`\``,
    ).exec(readme)?.[1];
    if (shown !== undefined) expect(masked(stdout)).toBe(masked(shown));
  });

  test('those of the README are the two of the set-up and calls of the program', () => {
    const others = commands(readme).filter((line) => !line.startsWith('npx tollboard '));
    expect(others).toEqual(['npm ci && npm start']);
    expect(commands(readme).length).toBeGreaterThan(1);
    expect(readme).toContain('`npm ci && npm test`');
  });

  test('those of the guides name subcommands and flags that exist', async () => {
    const calls = sourceTree()
      .filter((path) => /^(docs\/guide|integrations|examples)\/.*\.md$/.test(path))
      .flatMap((path) => commands(readRepositoryFile(path)))
      .flatMap((line) => /\btollboard (?!start --help)[a-z].*$/.exec(line)?.[0] ?? [])
      .map((call) => call.replace(/ (?:[<>|#&]|--? ?<<).*$/, '').replace(/^tollboard /, ''));
    expect(calls.length).toBeGreaterThan(10);
    for (const call of calls) {
      const words = call.split(' ');
      const [verb = '', sub = ''] = words;
      const help = await shell(`tollboard ${verb} --help`);
      const subcommands = help.stdout.split('Commands:')[1];
      const nested = subcommands !== undefined && /^[a-z]/.test(sub);
      if (nested) expect(subcommands, call).toMatch(new RegExp(`^ {2}${sub}\\b`, 'm'));
      const { stdout } = nested ? await shell(`tollboard ${verb} ${sub} --help`) : help;
      for (const flag of words.filter((word) => word.startsWith('--')))
        expect(stdout, call).toMatch(new RegExp(`${flag.replace(/=.*$/, '')}\\b`));
    }
  });
});

describe('promises', () => {
  const promises = [...readme.matchAll(/^\d\. \*\*.*(?:\n {3}.*)*/gm)].map((match) => match[0]);

  test('are seven, and each links to the test that reads like it', () => {
    expect(promises).toHaveLength(7);
    for (const promise of promises) {
      const links = [...promise.matchAll(/\[[^\]]+\]\((test\/[^)\s]+|src\/[^)\s]+\.test\.ts) "([^"]+)"\)/g)];
      expect(links.length, promise).toBeGreaterThan(0);
      for (const [, path = '', name = ''] of links)
        expect(readRepositoryFile(path).includes(name), `${path}: ${name}`).toBe(true);
    }
  });
});

/** Ids differ from run to run; so do the blanks that line columns up with them. */
function masked(text: string): string {
  return text
    .replaceAll(/\b([SMC][MA])[0-9a-f]{32}\b/g, '$1…')
    .replaceAll(/\b([SMC][MA])[0-9a-f]*…/g, '$1…')
    .replaceAll(/ +/g, ' ')
    .trim();
}
