/**
 * Durable sends per second beside the bare request and Twilio's own SDK, the cost of a send in a full store, and the
 * start-up of the command line beside an empty Node. Every figure stands beside the one it is compared with.
 */

import type { ChildProcess } from 'node:child_process';
import type { Measured } from './load.ts';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTollboard } from '../src/index.ts';
import { median, medianOf } from './load.ts';

const ROUNDS = 3;
const CONCURRENCY = 50;
const PROGRAM = fileURLToPath(new URL('../bin/tollboard.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Each can be run alone: `npm run bench -- send start-up`. */
const PARTS: Record<string, () => Promise<void>> = {
  throughput: async () => {
    await throughput(0, { undici: 20_000, 'twilio-node': 4_000, tollboard: 10_000, 'tollboard-patient': 6_000 });
    await throughput(20, { undici: 6_000, 'twilio-node': 4_000, tollboard: 6_000, 'tollboard-patient': 6_000 });
  },
  growth: () => growth([10_000, 100_000, 1_000_000]),
  'start-up': startUp,
};

export async function run(part?: string): Promise<void> {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`Node ${process.version}, ${cpus().length} × ${processor}; medians of ${ROUNDS} rounds\n`);
  for (const [name, measurePart] of Object.entries(PARTS)) if (part === undefined || part === name) await measurePart();
}

/** Concurrency 50 against a mock that answers after `latencyMs`. */
async function throughput(latencyMs: number, counts: Record<string, number>): Promise<void> {
  const mock = await startMock(latencyMs);
  const rounds: Record<string, Measured[]> = {};
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, count] of Object.entries(counts)) {
      rounds[name] ??= [];
      rounds[name].push(await candidate(name, mock.url, count));
    }
  mock.process.kill();
  const result = Object.fromEntries(Object.entries(rounds).map(([name, all]) => [name, medianOf(all)]));
  const rate = (name: string): number => result[name]?.perSecond ?? Number.NaN;
  const row = (text: string, name: string): string[] => [
    text,
    rate(name).toFixed(0),
    `${(rate(name) / rate('undici')).toFixed(2)} ×`,
    `${(rate(name) / rate('twilio-node')).toFixed(2)} ×`,
    (result[name]?.cpuMicros ?? Number.NaN).toFixed(0),
  ];
  print(`Sends, ${CONCURRENCY} at a time, Twilio answers after ${latencyMs} ms`, [
    ['', 'sends/s', 'to bare undici', 'to twilio-node', 'CPU µs per send'],
    row('bare undici loop, nothing stored', 'undici'),
    row('twilio-node 6.2 as its users write it', 'twilio-node'),
    row('Tollboard, durable', 'tollboard'),
    row('Tollboard, durable, each caller waits for Twilio', 'tollboard-patient'),
  ]);
}

/** The same sends on top of ever more stored rows. */
async function growth(sizes: readonly number[]): Promise<void> {
  const mock = await startMock(0);
  const measured: Array<[rows: number, Measured]> = [];
  for (const rows of sizes) measured.push([rows, await candidate('tollboard', mock.url, 5_000, rows)]);
  mock.process.kill();
  const base = measured[0]?.[1].cpuMicros ?? Number.NaN;
  print('Cost of a send on top of stored entries', [
    ['stored', 'sends/s', 'CPU µs per send', 'to the first row'],
    ...measured.map(([rows, { perSecond, cpuMicros }]) => [
      rows.toLocaleString('en'),
      perSecond.toFixed(0),
      cpuMicros.toFixed(0),
      `${(cpuMicros / base).toFixed(2)} ×`,
    ]),
  ]);
}

/** Whole processes, from start to exit, interleaved; `node -e 0` is what no program can be faster than. */
async function startUp(): Promise<void> {
  const mock = await startMock(0);
  const data = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  const gateway = await createTollboard({ data });
  const { url, token } = gateway.running ?? { url: '', token: '' };
  const send = [PROGRAM, 'send', '--to', '+15551230001', '--from', '+15550000001', '--body', 'The build is green.'];
  const direct = {
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: '1'.repeat(32),
    TWILIO_BASE_URL: mock.url,
  };
  const commands: Array<[text: string, args: string[], env: Record<string, string>]> = [
    ['node -e 0', ['-e', '0'], {}],
    ['tollboard send --dry-run', [...send, '--dry-run'], {}],
    ['tollboard send, to a gateway', send, { TOLLBOARD_URL: url, TOLLBOARD_TOKEN: token }],
    ['tollboard send --direct, over node:https', [...send, '--direct'], direct],
  ];
  const times = commands.map((): number[] => []);
  for (let round = 0; round < 15; round += 1)
    for (const [index, [text, args, env]] of commands.entries()) {
      const start = performance.now();
      const { status, stderr } = await exit(args, env);
      if (status !== 0) throw new Error(`${text} ended with ${status}: ${stderr}`);
      times[index]?.push(performance.now() - start);
    }
  await gateway.close();
  rmSync(data, { recursive: true, force: true });
  mock.process.kill();
  const empty = median(times[0] ?? []);
  print(`Start to exit, ${existsSync(BUILT) ? 'built' : 'from source (build first for the published form)'}`, [
    ['', 'ms', 'to node -e 0'],
    ...commands.map(([text], index) => {
      const ms = median(times[index] ?? []);
      return [text, ms.toFixed(0), `${(ms / empty).toFixed(2)} ×`];
    }),
  ]);
}

/** Asynchronous, because the gateway under test runs in this process. */
function exit(args: string[], env: Record<string, string>): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stderr })));
}

async function startMock(latencyMs: number): Promise<{ url: string; process: ChildProcess }> {
  const file = fileURLToPath(new URL('./mock-twilio.ts', import.meta.url));
  const child = spawn(process.execPath, [file, String(latencyMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', () => reject(new Error('The mock ended before it was ready.')));
  });
  return { url: (JSON.parse(line) as { url: string }).url, process: child };
}

async function candidate(name: string, url: string, count: number, stored = 0): Promise<Measured> {
  const file = fileURLToPath(new URL('./candidate.ts', import.meta.url));
  const args = ['--conditions=source', file, name, url, String(count), String(CONCURRENCY), String(stored)];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`The candidate ${name} ended with ${status}.`);
  return JSON.parse(stdout) as Measured;
}

function print(title: string, rows: readonly string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log(title);
  for (const row of rows)
    console.log(
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
    );
  console.log();
}
