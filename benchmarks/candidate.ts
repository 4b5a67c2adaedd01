/**
 * One candidate in a process of its own: `candidate.ts NAME BASE_URL COUNT CONCURRENCY [STORED]` prints what it measured
 * as one JSON line. All send the same text to the same mock, 50 at a time, and wait for Twilio's answer.
 */

import type { NewEntry } from '../src/core/entry.ts';
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
    let open: Array<string | null> = [];
    const load: Load = {
      ...size,
      async send(index) {
        const entries = await gateway.send({ to: recipient(index), body: BODY });
        if (patient) await taken(entries[0]?.id ?? null);
        else open.push(entries[0]?.id ?? null);
      },
      async settled() {
        for (const id of open) await taken(id);
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
    const measured = await measureRounds(size.count, async () => {
      for (const id of await clients.send()) await taken(id);
    });
    clients.stop();
    return measured;
  });
}

/** `taken` resolves when Twilio took the text. */
async function withGateway(
  work: (gateway: Tollboard, taken: (id: string | null) => Promise<void>) => Promise<Measured>,
): Promise<Measured> {
  const data = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  try {
    if (stored !== '0') await fill(join(data, 'tollboard.sqlite'), Number(stored));
    const { createTollboard } = await import('../src/index.ts');
    const twilio = { accountSid: ACCOUNT, authToken: TOKEN, baseUrl };
    const gateway = await createTollboard({ data, twilio, sender: FROM });
    const measured = await work(gateway, async (id) => {
      if (id === null) throw new Error('The check refused a text of the benchmark.');
      const { sid, state } = await gateway.wait(id, 'sent');
      if (sid === null) throw new Error(`A text of the benchmark ended ${state} without a SID.`);
    });
    await gateway.close();
    return measured;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Texts of the past: delivered, to the same numbers. */
async function fill(file: string, rows: number): Promise<void> {
  const { createSqliteStore } = await import('../src/store/sqlite/store.ts');
  const { systemRandom } = await import('../src/system.ts');
  const store = await createSqliteStore({ file, random: systemRandom });
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
  await store.close();
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
