/**
 * One candidate in a process of its own: `candidate.ts NAME BASE_URL COUNT CONCURRENCY [STORED]` prints what it measured
 * as one JSON line. All send the same text to the same mock, 50 at a time, and wait for Twilio's answer.
 */

import type { NewEntry } from '../src/core/entry.ts';
import type { Store } from '../src/core/ports.ts';
import type { Tollboard } from '../src/index.ts';
import type { Load, Measured } from './load.ts';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClients } from './clients.ts';
import { measure, measureRounds, medianOf, recipient } from './load.ts';

const [name = '', baseUrl = '', count = '0', concurrency = '50', stored = '0'] = process.argv.slice(2);
const ACCOUNT = `AC${'0'.repeat(32)}`;
const TOKEN = '1'.repeat(32);
const FROM = '+15550000001';
const BODY = 'The build is green.';
const size = { count: Number(count), concurrency: Number(concurrency) };

const CANDIDATES: Record<string, () => Promise<Measured>> = {
  undici,
  'twilio-node': twilioNode,
  tollboard: () => tollboard(false),
  'tollboard-patient': () => tollboard(true),
  'tollboard-http': tollboardHttp,
};

const candidate = CANDIDATES[name];
if (candidate === undefined) throw new Error(`No candidate ${name}; there are ${Object.keys(CANDIDATES).join(', ')}.`);
console.log(JSON.stringify(await candidate()));
process.exit(0);

/** Nothing but the request: what the machine and the mock can do. Not durable, knows nothing of lost answers. */
async function undici(): Promise<Measured> {
  const { Pool } = await import('undici');
  const pool = new Pool(baseUrl, { connections: size.concurrency, pipelining: 1 });
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`,
  };
  return measure({
    ...size,
    async send(index) {
      const body = new URLSearchParams({ To: recipient(index), From: FROM, Body: BODY }).toString();
      const answer = await pool.request({
        path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
        method: 'POST',
        headers,
        body,
      });
      const { sid } = (await answer.body.json()) as { sid?: string };
      if (sid === undefined) throw new Error('The mock answered no SID.');
    },
  });
}

/** As its users write it; only the host is another one. */
async function twilioNode(): Promise<Measured> {
  const { default: twilio } = await import('twilio');
  class ToMock extends twilio.RequestClient {
    override request: InstanceType<typeof twilio.RequestClient>['request'] = (options) => {
      options.uri = options.uri.replace('https://api.twilio.com', baseUrl);
      return super.request(options);
    };
  }
  const client = twilio(ACCOUNT, TOKEN, { httpClient: new ToMock() });
  return measure({
    ...size,
    async send(index) {
      await client.messages.create({ to: recipient(index), from: FROM, body: BODY });
    },
  });
}

/**
 * The gateway in this process: each text is accepted on disk, its intent written, posted and its answer recorded. Callers
 * go on once theirs is accepted (`patient`: once Twilio took it); the time ends when Twilio took the last.
 */
async function tollboard(patient: boolean): Promise<Measured> {
  return withGateway(async (gateway, taken) => {
    let open: string[] = [];
    const load: Load = {
      ...size,
      async send(index) {
        const [entry] = await gateway.send({ to: recipient(index), body: BODY });
        const id = entry?.id;
        if (id === null || id === undefined) throw new Error('The check refused a text of the benchmark.');
        if (patient) await gateway.wait(id, 'sent');
        else open.push(id);
      },
      async settled() {
        await taken(open);
        open = [];
      },
    };
    // A full store is filled once and measured three times; what the rounds add to it is nothing beside it.
    const rounds = [await measure(load)];
    while (stored !== '0' && rounds.length < 3) rounds.push(await measure(load));
    return medianOf(rounds);
  });
}

/** The same gateway, and its callers in a process of their own: each text is a `POST /api/v1/messages`. */
async function tollboardHttp(): Promise<Measured> {
  return withGateway(async ({ running }, taken) => {
    const clients = startClients(running?.url ?? '', running?.token ?? '', size);
    const measured = await measureRounds(size.count, async () => taken(await clients.send()));
    clients.stop();
    return measured;
  });
}

/** `taken` resolves when Twilio took the texts and that is on disk. */
async function withGateway(
  work: (gateway: Tollboard, taken: (ids: readonly string[]) => Promise<void>) => Promise<Measured>,
): Promise<Measured> {
  const data = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  try {
    const [{ createTollboard }, { createSqliteStore }, { systemRandom }] = await Promise.all([
      import('../src/index.ts'),
      import('../src/store/sqlite/store.ts'),
      import('../src/system.ts'),
    ]);
    const store = await createSqliteStore({ file: join(data, 'tollboard.sqlite'), random: systemRandom });
    if (stored !== '0') await fill(store, Number(stored));
    const twilio = { accountSid: ACCOUNT, authToken: TOKEN, baseUrl };
    const gateway = await createTollboard({ data, twilio, sender: FROM, gatewayOptions: { store } });
    const measured = await work(gateway, watchTaken(store));
    await gateway.close();
    return measured;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Learns it from the commits: asking for every text once more would be measured with it. */
function watchTaken(store: Store): (ids: readonly string[]) => Promise<void> {
  const taken = new Set<string>();
  let left = new Set<string>();
  let done: () => void = () => undefined;
  store.onCommit(({ entries }) => {
    for (const { id, sid } of entries) {
      if (sid === null) continue;
      taken.add(id);
      if (left.delete(id) && left.size === 0) done();
    }
  });
  return (ids) =>
    new Promise((resolve) => {
      left = new Set(ids.filter((id) => !taken.has(id)));
      done = resolve;
      if (left.size === 0) resolve();
    });
}

/** Texts of the past: delivered, to the same numbers. */
async function fill(store: Store, rows: number): Promise<void> {
  const batch = 2_000;
  for (let done = 0; done < rows; done += batch) {
    const entries = Array.from({ length: Math.min(batch, rows - done) }, (_, index) => pastEntry(done + index));
    const decisions = entries.map(({ createdAt }) => ({
      at: createdAt,
      what: 'accepted',
      why: 'Stored for a benchmark.',
    }));
    await store.accept({ entries, decisions, now: Date.now() });
  }
}

function pastEntry(index: number): NewEntry {
  const at = Date.now() - 3_600_000;
  const hex = index.toString(16).padStart(31, '0');
  return {
    id: `SMa${hex}`,
    kind: 'message',
    sid: `SM${randomBytes(16).toString('hex')}`,
    state: 'done',
    status: 'delivered',
    to: recipient(index),
    from: FROM,
    body: BODY,
    params: { body: BODY, from: FROM },
    extra: [],
    idGiven: false,
    deleted: false,
    host: 'library',
    account: ACCOUNT,
    idempotencyKey: null,
    segments: 1,
    encoding: 'GSM-7',
    attempts: 1,
    error: null,
    resolution: null,
    simulated: false,
    onUnknown: 'resend',
    callbackMode: 'none',
    dueAt: null,
    failedPolls: 0,
    leftAfter: null,
    notBefore: null,
    expiresAt: null,
    sendingAt: at,
    listings: [],
    lookups: 0,
    polls: 1,
    createdAt: at,
    updatedAt: at,
  };
}
