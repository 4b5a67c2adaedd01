/** Runs the packed app for Splunk SOAR under the Pythons and platforms that `.ci/hosts/soar.sh` has prepared. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packSoarApp } from '../../scripts/pack-soar.ts';
import { ROOT } from './tree.ts';

/** Those that SOAR names, and those between. */
export const SOAR_PYTHONS = ['3.9', '3.10', '3.11', '3.12', '3.13'] as const;
/** `sdk`: the classes of splunk-soar-sdk · `stub`: those of the documents, in test/hosts/soar. */
export const SOAR_PLATFORMS = ['sdk', 'stub'] as const;

const HOME = process.env.TOLLBOARD_SOAR_PYTHONS ?? join(ROOT, '.tmp/hosts/soar');
const HARNESS = join(ROOT, 'test/hosts/soar');

/** The interpreter that has splunk-soar-sdk, or null where there is none. */
export function soarPython(version: string): string | null {
  const file = join(HOME, `python${version}`, 'bin', 'python');
  return existsSync(file) ? file : null;
}

export interface SoarApp {
  /** The unpacked app. */
  folder: string;
  /** The package itself. */
  file: string;
  remove(): void;
}

/** Packs the app and unpacks it as an installation does. */
export async function installSoarApp(): Promise<SoarApp> {
  const home = mkdtempSync(join(tmpdir(), 'tollboard-soar-'));
  const file = join(home, 'twilio.tgz');
  writeFileSync(file, packSoarApp());
  mkdirSync(join(home, 'apps'));
  await promisify(execFile)('tar', ['-xzf', file, '-C', join(home, 'apps')]);
  return {
    folder: join(home, 'apps', 'twilio'),
    file,
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** An action's JSON as SOAR hands it over, and what the harness takes besides. */
export interface SoarAction {
  identifier: string;
  config: Record<string, unknown>;
  parameters: ReadonlyArray<Record<string, unknown>>;
  /** Moved on by each pause of the app; without it a pause takes no time. */
  sleep_url?: string;
  /** Whether the app sees time pass while it waits for answers. */
  real_time?: boolean;
  /** Numbers of `twilio_consts.py` that are different in this run. */
  constants?: Record<string, number>;
}

export interface SoarRun {
  python: string;
  platform: (typeof SOAR_PLATFORMS)[number];
  app: SoarApp;
  env?: Record<string, string>;
}

export interface SoarResult {
  result_data: Array<{
    data: Array<Record<string, unknown>>;
    summary: Record<string, unknown>;
    status: string;
    message: string;
    [other: string]: unknown;
  }>;
  result_summary: Record<string, number>;
  status: string;
  message: string;
  [other: string]: unknown;
}

export interface SoarRan {
  results: SoarResult[];
  /** What the app printed and saved as progress, for each action. */
  progress: string[];
  /** All that came out of the process. */
  all: string;
}

/** Each action on a connector of its own, one after the other in one process. */
export async function runSoarActions(
  { python, platform, app, env = {} }: SoarRun,
  actions: readonly SoarAction[],
): Promise<SoarRan> {
  const child = spawn(python, [join(HARNESS, 'run_actions.py'), app.folder, platform], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: env.HTTP_PROXY ? '' : '*', ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end(actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`run_actions.py ended with ${code}: ${err}`);
  const lines = out.trimEnd().split('\n');
  const results = lines.map((line) => JSON.parse(line) as SoarResult & { progress: string });
  return {
    results: results.map(({ progress: _progress, ...result }) => result),
    progress: results.map(({ progress }) => progress),
    all: out + err,
  };
}

/** What the SDK itself reads in the app's JSON. */
export async function readByTheSdk(python: string, app: SoarApp): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(python, [join(HARNESS, 'read_manifest.py'), app.folder]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
