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
const COUNT = 10_000;

const RECEIVERS: Record<string, string> = {
  bare: 'bare node:http, answers 204, checks and stores nothing',
  express: 'Express 5 with the official middleware, stores nothing',
  tollboard: 'Tollboard, verified, stored once, handed on',
};

export async function run(): Promise<void> {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`Node ${process.version}, ${cpus().length} × ${processor}; medians of ${ROUNDS} rounds\n`);
  const rounds: Record<string, Measured[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of Object.keys(RECEIVERS)) rounds[name] = [...(rounds[name] ?? []), await measure(name)];
  }
  const result = Object.fromEntries(Object.entries(rounds).map(([name, all]) => [name, medianOf(all)]));
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

async function measure(name: string): Promise<Measured> {
  const receiver = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), [name], {
    execArgv: ['--conditions=source'],
  });
  const [address] = (await once(receiver, 'message')) as [string];
  const { origin, pathname } = new URL(address);
  // Signed before the clock runs; the first tenth warms everybody up.
  const webhooks = Array.from({ length: COUNT * 1.1 }, (_, index) => webhook(index, pathname));
  const pool = new Pool(origin, { connections: CONCURRENCY, pipelining: 1 });
  await sendAll(pool, pathname, webhooks.splice(0, COUNT / 10));
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
