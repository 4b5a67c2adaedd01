/**
 * Webhooks per second, verified, stored and handed on, beside a bare HTTP server that answers 204 and beside Express with
 * Twilio's own middleware. The sender is this process; it is the same for all and takes about a core of its own.
 */

import type { ChildProcess } from 'node:child_process';
import type { Measured } from './load.ts';
import type { Webhook } from './webhook.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { medianOf } from './load.ts';
import { print } from './table.ts';
import { webhook } from './webhook.ts';

const ROUNDS = 3;
const CONCURRENCY = 50;
const COUNT = 40_000;

const RECEIVERS: Record<string, string> = {
  bare: 'bare node:http, answers 204, checks and stores nothing',
  express: 'Express 5 with the official middleware, stores nothing',
  floor: "bare node:http on Tollboard's own check and store, nothing else",
  tollboard: 'Tollboard, verified, stored once, handed on',
};

/** Automations that every event is compared with. */
const LOADED = [1, 100, 1000];

/** `receivers`, `automations`, or both. */
export async function run(part?: string): Promise<void> {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`Node ${process.version}, ${cpus().length} × ${processor}; medians of ${ROUNDS} rounds\n`);
  if (part !== 'automations') await receivers();
  if (part !== 'receivers') await automations();
}

/** What an event costs with many automations loaded, beside one: processor time, for the rest is the disk. */
async function automations(): Promise<void> {
  const result = await inTurns(LOADED.map((count) => ['tollboard', String(count)]));
  const first = result[0]?.cpuMicros ?? Number.NaN;
  print('Webhooks with automations that do not fit, beside one', [
    ['automations', 'webhooks/s', 'CPU µs per webhook', 'to one'],
    ...LOADED.map((count, index) => {
      const { perSecond, cpuMicros } = result[index] as Measured;
      return [String(count), perSecond.toFixed(0), cpuMicros.toFixed(0), `${(cpuMicros / first).toFixed(2)} ×`];
    }),
  ]);
}

/** Each in every round, so that whatever else the machine does meets them alike. */
async function inTurns(all: ReadonlyArray<readonly string[]>): Promise<Measured[]> {
  const rounds: Measured[][] = all.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, args] of all.entries()) rounds[index]?.push(await measure(args));
  return rounds.map(medianOf);
}

async function receivers(): Promise<void> {
  const names = Object.keys(RECEIVERS);
  const measured = await inTurns(names.map((name) => [name]));
  const result = Object.fromEntries(names.map((name, index) => [name, measured[index]]));
  const rate = (name: string): number => result[name]?.perSecond ?? Number.NaN;
  print(`Webhooks, ${CONCURRENCY} at a time`, [
    ['', 'webhooks/s', 'to bare', 'to Express', 'CPU µs per webhook'],
    ...Object.entries(RECEIVERS).map(([name, text]) => [
      text,
      rate(name).toFixed(0),
      `${(rate(name) / rate('bare')).toFixed(2)} ×`,
      `${(rate(name) / rate('express')).toFixed(2)} ×`,
      (result[name]?.cpuMicros ?? Number.NaN).toFixed(0),
    ]),
  ]);
}

async function measure(args: readonly string[]): Promise<Measured> {
  const receiver = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), args, {
    execArgv: ['--conditions=source'],
  });
  const [address] = (await once(receiver, 'message')) as [string];
  const { origin, pathname } = new URL(address);
  // Signed before the clock runs. Servers run for weeks: the first eighth is not counted, until everything is compiled.
  const webhooks = Array.from({ length: COUNT * 1.125 }, (_, index) => webhook(index, pathname));
  const pool = new Pool(origin, { connections: CONCURRENCY, pipelining: 1 });
  await sendAll(pool, pathname, webhooks.splice(0, COUNT / 8));
  const cpu = await cpuOf(receiver);
  const start = performance.now();
  await sendAll(pool, pathname, webhooks);
  const seconds = (performance.now() - start) / 1000;
  const cpuMicros = ((await cpuOf(receiver)) - cpu) / COUNT;
  await pool.close();
  receiver.disconnect();
  await once(receiver, 'exit');
  return { perSecond: COUNT / seconds, cpuMicros };
}

async function sendAll(pool: Pool, path: string, webhooks: readonly Webhook[]): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let one = webhooks[next++]; one !== undefined; one = webhooks[next++]) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': one.signature };
      const answer = await pool.request({ method: 'POST', path, headers, body: one.body });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`A webhook was answered with ${answer.statusCode}.`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function cpuOf(receiver: ChildProcess): Promise<number> {
  receiver.send('cpu');
  const [micros] = (await once(receiver, 'message')) as [number];
  return micros;
}
