/** Apps of both generations of the Flogo engine, built by Go and the real command line, and run as processes. */

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './tree.ts';

const MODULE = 'github.com/tollboard/tollboard/integrations/flogo/twiliosms';
export const ACTIVITY = join(ROOT, 'integrations/flogo/twiliosms');
export const LEGACY_ACTIVITY = join(ROOT, 'integrations/flogo/legacy/twiliosms');
/** The newest that the modules of the flow, its trigger and its activities can be built with. */
const CORE_VERSION = 'v1.6.0';

/** Go: `GO`, else on the path. */
const GO = process.env.GO ?? 'go';
/** The command line: `FLOGO`, else the one that `.ci/hosts/flogo.sh` built. */
const FLOGO = process.env.FLOGO ?? join(ROOT, '.tmp/flogo/flogo');

/** Which program is missing; null when none is. */
export function missingForFlogo(): string | null {
  try {
    execFileSync(GO, ['version'], { stdio: 'ignore' });
  } catch {
    return 'go';
  }
  return existsSync(FLOGO) ? null : 'the Flogo command line (.ci/hosts/flogo.sh)';
}

const run = promisify(execFile);

async function go(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout, stderr } = await run(GO, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1e7 });
  return stdout + stderr;
}

/** `go test` in a folder; what it printed. Rejects when a test fails. */
export function goTest(
  folder: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<string> {
  return go(['test', '-count=1', '-v', ...args, './...'], folder, env);
}

export interface FlogoApps {
  /** What `flogo create`, `flogo install` and `flogo build` printed. */
  readonly printed: string;
  /** Command of the app of each generation. */
  readonly commands: { readonly 'project-flogo': readonly string[]; readonly 'flogo-lib': readonly string[] };
  remove(): void;
}

/** The app of `examples/seeds/flogo`, and the same flow for the first generation. */
export async function buildFlogoApps(): Promise<FlogoApps> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-flogo-'));
  const gopath = (await go(['env', 'GOPATH'], folder)).trim();
  const goflags = `${process.env.GOFLAGS ?? ''} -mod=mod`.trim();
  const env = { ...process.env, GOPATH: gopath, GOFLAGS: goflags };
  const flogo = async (args: readonly string[], cwd: string) => {
    const { stdout, stderr } = await run(FLOGO, args, { cwd, env });
    return stdout + stderr;
  };
  const example = join(ROOT, 'examples/seeds/flogo/flogo.json');
  const app = join(folder, 'texts');
  const printed = [
    await flogo(['create', '--cv', CORE_VERSION, '-f', example, 'texts'], folder),
    await flogo(['install', '-r', ACTIVITY, MODULE], app),
    await flogo(['build', '--embed'], app),
  ];
  const old = join(folder, 'old-texts');
  await go(['build', '-o', old, '.'], join(ROOT, 'test/hosts/flogo/legacy'));
  return {
    printed: printed.join(''),
    commands: {
      'project-flogo': [join(app, 'bin/texts')],
      'flogo-lib': [old, join(LEGACY_ACTIVITY, 'activity.json')],
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface FlogoApp {
  /** Has the flow run with these inputs; the four outputs of the activity. */
  ask(inputs: Record<string, unknown>): Promise<Record<string, string>>;
  /** Everything that the engine printed so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Resolves once the engine says that it started. */
export async function startFlogoApp(
  [command = '', ...args]: readonly string[],
  logLevel: 'DEBUG' | 'INFO',
): Promise<FlogoApp> {
  const port = await freePort();
  const env = { ...process.env, TEXTS_PORT: String(port), FLOGO_LOG_LEVEL: logLevel };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (part: string) => {
      log += part;
      if (log.includes('Engine Started')) resolve();
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.once('close', () => reject(new Error(`the Flogo engine ended: ${log}`)));
  });
  return {
    async ask(inputs) {
      const answer = await fetch(`http://127.0.0.1:${port}/texts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(inputs),
      });
      return (await answer.json()) as Record<string, string>;
    },
    log: () => log,
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'close');
  child.kill('SIGKILL');
  await over;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
