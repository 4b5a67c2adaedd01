/**
 * Durable sends per second beside the bare request and Twilio's own SDK, the cost of a send in a full store, and the
 * start-up of the command line beside an empty Node. Every figure stands beside the one it is compared with.
 */

import type { Measured } from './load.ts';
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { medianOf } from './load.ts';
import { startMock } from './mock.ts';
import { startUp } from './startup.ts';
import { print } from './table.ts';

const ROUNDS = 3;
const CONCURRENCY = 50;

/** Each can be run alone: `npm run bench -- send start-up`. */
const PARTS: Record<string, () => Promise<void>> = {
  throughput: async () => {
    await throughput(0, {
      undici: 20_000,
      'twilio-node': 4_000,
      tollboard: 10_000,
      'tollboard-http': 6_000,
      'tollboard-patient': 6_000,
    });
    await throughput(20, {
      undici: 6_000,
      'twilio-node': 4_000,
      tollboard: 6_000,
      'tollboard-http': 6_000,
      'tollboard-patient': 6_000,
    });
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
    row('Tollboard, durable, over HTTP from another process', 'tollboard-http'),
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
