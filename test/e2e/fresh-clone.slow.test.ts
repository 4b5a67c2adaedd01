/** The README's two commands, as a newcomer types them: in a fresh clone, with the Node that the machine happens to have. */

import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../support/tree.ts';

const run = promisify(execFile);

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>;
}

describe('in a fresh clone', () => {
  const home = mkdtempSync(join(tmpdir(), 'tollboard-clone-'));
  const clone = join(home, 'tollboard');
  const started: ChildProcess[] = [];

  const steps: Array<[what: string, seconds: number]> = [];
  const timed = async <T>(what: string, step: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await step();
    steps.push([what, (performance.now() - begun) / 1000]);
    return result;
  };

  beforeAll(async () => {
    await timed('git clone', () => run('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]));
    const install = ['ci', '--no-audit', '--no-fund'];
    await timed('npm ci', () => run('npm', install, { cwd: clone, env: newcomer(), timeout: 300_000 }));
  }, 320_000);

  afterAll(() => {
    for (const child of started)
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
        process.kill(-child.pid, 'SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  // The network and the machine decide how long the clone takes, so its time is told and not judged.
  test('npm start and the line it prints bring a text to a phone, and Ctrl-C stops cleanly', async () => {
    const first = await timed('npm start', () => start(clone, started));
    const sent = await timed('send', () => run('sh', ['-c', first.line], { cwd: clone, env: newcomer() }));
    expect(sent.stdout).toContain('delivered');
    console.log(timeline(steps));

    expect(JSON.parse(readFileSync(join(clone, 'data', 'gateway.json'), 'utf8'))).toMatchObject({ url: first.url });
    expect(await first.stop('SIGINT')).toContain('Stopping');
    expect(existsSync(join(clone, 'data', 'gateway.json'))).toBe(false);

    const id = /\b[SM]M[0-9a-f]{32}\b/.exec(sent.stdout)?.[0] ?? 'no id was printed';
    const second = await start(clone, started);
    const status = await run('npx', ['tollboard', 'status', id, '--json'], { cwd: clone, env: newcomer() });
    expect(JSON.parse(status.stdout)).toMatchObject({ id, state: 'done', status: 'delivered', simulated: true });
    expect(await second.stop('SIGTERM')).toContain('Stopping');
    expect(existsSync(join(clone, 'data', 'gateway.json'))).toBe(false);
  }, 120_000);

  test('the program started by path hands over to the Node of the clone, or says what to install', async () => {
    const { stdout } = await run(join(clone, 'bin', 'tollboard.js'), ['--version'], { cwd: home, env: newcomer() });
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('npm pack carries the build and the program, and nothing of the sources or of the Node binary', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], {
      cwd: clone,
      env: newcomer(),
      timeout: 120_000,
    });
    const [{ files }] = JSON.parse(stdout.slice(stdout.search(/^\[\s*$/m))) as [{ files: Array<{ path: string }> }];
    const paths = files.map((file) => file.path);
    const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as Manifest;
    const exported = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );
    expect(exported).toContain('./dist/twilio-http-client.js');
    const others = ['bin/tollboard.js', 'dist/store/sqlite/writer-worker.js', 'docs/reference/errors.md'];
    for (const path of [...others, ...exported.map((target) => target.replace('./', ''))])
      expect(paths).toContain(path);
    expect(paths.filter((path) => /^(?:src|test|toolchain|node_modules)\//.test(path))).toEqual([]);
  }, 180_000);
});

/** From `git clone` to delivered, step by step. */
function timeline(steps: ReadonlyArray<readonly [what: string, seconds: number]>): string {
  const total = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
  const split = steps.map(([what, seconds]) => `${what} ${seconds.toFixed(1)} s`);
  return `From clone to delivered: ${total.toFixed(1)} s (${split.join(', ')}).`;
}

/** The environment of a shell outside this run: no npm variables, no Node of this clone in the path. */
function newcomer(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?!config_registry)|NODE_|VITEST|TOLLBOARD_|TWILIO_|PORT$|INIT_CWD)/.test(name),
  );
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

interface Started {
  url: string;
  /** The command that it prints for a second shell. */
  line: string;
  /**
   * As a terminal does it: the signal goes to the whole foreground group. Resolves with all that was printed, when the
   * last of the group has closed its output; npm and its shell may go before the gateway.
   */
  stop(signal: 'SIGINT' | 'SIGTERM'): Promise<string>;
}

/** `npm start`, on its own ports unless another gateway of this machine holds them. */
async function start(cwd: string, started: ChildProcess[]): Promise<Started> {
  const busy = (await Promise.all([8655, 8656].map(taken))).includes(true);
  const args = busy ? ['start', '--', '--port', '0', '--simulator-port', '0'] : ['start'];
  const child = spawn('npm', args, { cwd, env: newcomer(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let text = '';
  const line = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      const found = /^ *(npx tollboard send .*)\n/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
  });
  return {
    url: /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '',
    line,
    async stop(signal) {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
      await ended;
      return text;
    },
  };
}

function taken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
