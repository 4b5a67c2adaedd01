/** Time: schedules, expiry, pace, retention, and a held entry settled by a person, over a clock that the test drives. */

import type { Entry, Tollboard } from '../../src/index.ts';
import type { DrivenClock } from '../support/driven-clock.ts';
import type { Program } from '../support/program.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTollboard } from '../../src/index.ts';
import { createDrivenClock } from '../support/driven-clock.ts';
import { createProgram } from '../support/program.ts';

const HOUR = 3_600_000;
const PACED = '+15550000002';

const ACCOUNT = `AC${'0'.repeat(32)}`;
let program: Program;
let tollboard: Tollboard;
let clock: DrivenClock;
let phones = 0;
/** A phone that no other test texts. */
let to: string;

beforeAll(async () => {
  program = createProgram();
  const config = path.join(program.cwd, 'tollboard.yaml');
  const text = `senders: {"${PACED}": {per_second: 5}}\nretention: {messages: 2h, idempotency: 2h, events: 2h}\ndelivery: {resolve_window: 20s}\n`;
  writeFileSync(config, text);
  clock = createDrivenClock();
  const data = path.join(program.cwd, 'data');
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  tollboard = await createTollboard({ data, config, gatewayOptions: { clock, logger: silent } });
});
beforeEach(async () => {
  phones += 1;
  to = `+1555030${String(phones).padStart(4, '0')}`;
  clock.run(50);
  await control('faults', null);
});
afterAll(async () => {
  await tollboard.close();
  clock.close();
  await program.close();
});

describe('a schedule of the gateway', () => {
  it('waits for its time, then sends, and can be canceled before', async () => {
    const notBefore = new Date(clock.now() + 2 * HOUR).toISOString();
    const [later] = await tollboard.send({ to, body: 'Later', notBefore });
    const [never] = await tollboard.send({ to, body: 'Never', notBefore });
    expect(later).toMatchObject({ state: 'scheduled', status: null });
    expect((await post(`/api/v1/messages/${never?.id}/cancel`)).body).toMatchObject({ state: 'canceled' });
    await clock.advance(HOUR);
    expect(await received()).toEqual([]);
    await clock.advance(HOUR);
    expect(await tollboard.wait(idOf(later))).toMatchObject({ status: 'delivered' });
    expect(await received()).toMatchObject([{ body: 'Later' }]);
    expect(Date.parse((await received())[0]?.acceptedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(notBefore) - 1000);
  });

  it('a time that is past means now', async () => {
    const [sent] = await tollboard.send({ to, body: 'Now', notBefore: '2020-01-01T00:00:00Z' });
    expect(await tollboard.wait(idOf(sent))).toMatchObject({ status: 'delivered' });
  });
});

describe('validityPeriod', () => {
  it('ends what Twilio did not take in time: expired, never sent, told by exit code 1', async () => {
    await control('faults', { fault: 'rate_limit', method: 'POST' });
    const [sent] = await tollboard.send({ to, body: 'Soon', validityPeriod: 10 });
    const ended = await tollboard.wait(idOf(sent));
    expect(ended).toMatchObject({
      state: 'expired',
      error: { code: 'TOLLBOARD_DELIVERY_EXPIRED', stage: 'before_send' },
    });
    await control('faults', null);
    await clock.advance(HOUR);
    expect(await received()).toEqual([]);
    const status = await cli('status', idOf(sent));
    expect(status).toMatchObject({ code: 1, err: expect.stringContaining('longer validityPeriod') });
  });
});

describe('the pace of a sender', () => {
  it('is what the phones see: never more per second than the configuration says', async () => {
    const numbers = Array.from({ length: 25 }, (_, n) => `+1555031${String(n).padStart(4, '0')}`);
    const sent = await tollboard.send({ to: numbers, from: PACED, body: 'Slowly' });
    for (const entry of sent) expect(await tollboard.wait(idOf(entry))).toMatchObject({ status: 'delivered' });
    const times = (await received(`from=${encodeURIComponent(PACED)}`)).map(({ acceptedAt }) => Date.parse(acceptedAt));
    expect(times).toHaveLength(25);
    const took = Math.max(...times) - Math.min(...times);
    expect(took).toBeGreaterThanOrEqual((24 / 5) * 1000 * 0.8);
  });
});

describe('retention', () => {
  it('removes entries, keys and events when their time is over, and only what is final', async () => {
    const options = { idempotencyKey: `key of ${to}` };
    const [done] = await tollboard.send({ to, body: 'Old' }, options);
    const [open] = await tollboard.send({
      to,
      body: 'Open',
      notBefore: new Date(clock.now() + 9 * HOUR).toISOString(),
    });
    await tollboard.wait(idOf(done));
    const [again] = await tollboard.send({ to, body: 'Old' }, options);
    expect(again?.id).toBe(done?.id);
    // In steps, each with time for the disk: retention does not believe hours that nobody slept through.
    for (let minutes = 0; minutes < 5 * 60; minutes += 5) {
      await clock.advance(HOUR / 12);
      await tollboard.fetch(idOf(done));
    }
    await until(async () => (await tollboard.fetch(idOf(done))) === null);
    expect(await tollboard.fetch(idOf(open))).toMatchObject({ state: 'scheduled' });
    await until(async () => idOf((await tollboard.send({ to, body: 'Old' }, options))[0]) !== idOf(done));
    const gone = await cli('status', idOf(done));
    expect(gone).toMatchObject({ code: 2, out: '', err: expect.stringContaining('retention.messages') });
  });
});

describe('a lost answer with on_unknown hold', () => {
  async function held(): Promise<Entry> {
    await control('faults', { fault: 'proxy_error', method: 'POST', count: 1 });
    const [sent] = await tollboard.send({ to, body: 'Held', onUnknown: 'hold' });
    await until(async () => (await tollboard.fetch(idOf(sent)))?.state === 'held');
    const entry = await tollboard.fetch(idOf(sent));
    expect(entry).toMatchObject({ sid: null, error: { code: 'TOLLBOARD_DELIVERY_HELD_ABSENT' } });
    return entry as Entry;
  }

  it('is held with its choices, which status prints as commands, exit code 4', async () => {
    const { id, resolution } = await held();
    expect(resolution).toEqual({ choices: ['sent', 'resend', 'drop'] });
    const status = await cli('status', String(id));
    expect(status.code).toBe(4);
    for (const choice of ['sent', 'resend', 'drop'])
      expect(status.err).toContain(`tollboard status ${id} --resolve ${choice}`);
    const elsewhere = await cli('status', String(id), '--data', './data');
    expect(elsewhere.err).toContain(`tollboard status ${id} --resolve drop --data ./data`);
    expect((await cli('status', String(id), '--watch')).code).toBe(4);
    const explained = await cli('status', String(id), '--explain');
    expect(explained.out).toMatch(/accepted.+claimed.+lost.+listing.+held/s);
  });

  it('resend sends it once more', async () => {
    const { id } = await held();
    expect((await cli('status', String(id), '--resolve', 'resend')).code).toBe(0);
    expect(await tollboard.wait(String(id))).toMatchObject({ status: 'delivered', attempts: 2 });
    expect(await received()).toHaveLength(1);
  });

  it('drop ends it as canceled, and a second choice is refused', async () => {
    const { id } = await held();
    expect((await cli('status', String(id), '--resolve', 'drop')).out).toContain('canceled');
    const twice = await cli('status', String(id), '--resolve', 'resend');
    expect(twice).toMatchObject({ code: 1, out: '', err: expect.stringContaining('TOLLBOARD_ENTRY_STATE') });
    expect(await received()).toEqual([]);
  });

  it('sent with a SID follows that message to its end', async () => {
    const { id } = await held();
    const taken = await fetch(`${tollboard.running?.simulatorUrl}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${ACCOUNT}:${'1'.repeat(32)}`)}` },
      body: new URLSearchParams({ To: to, From: '+15550000001', Body: 'Held' }),
    });
    const { sid } = (await taken.json()) as { sid: string };
    expect((await cli('status', String(id), '--resolve', 'sent', '--sid', String(sid))).code).toBe(0);
    expect(await tollboard.wait(String(id))).toMatchObject({ status: 'delivered', sid });
  });

  it('sent without a SID ends it as done', async () => {
    const { id } = await held();
    expect((await cli('status', String(id), '--resolve', 'sent')).code).toBe(0);
    expect(await tollboard.fetch(String(id))).toMatchObject({ state: 'done', error: null, resolution: null });
  });
});

describe('redact', () => {
  it('removes the text here and at Twilio, and only after the end', async () => {
    const [later] = await tollboard.send({ to, body: 'Private', notBefore: '2999-01-01T00:00:00Z' });
    expect((await post(`/api/v1/messages/${later?.id}/redact`)).status).toBe(409);
    const [sent] = await tollboard.send({ to, body: 'Private' });
    await tollboard.wait(idOf(sent));
    expect((await post(`/api/v1/messages/${sent?.id}/redact`)).body).toMatchObject({ body: '', status: 'delivered' });
    const { sid } = (await tollboard.fetch(idOf(sent))) as Entry;
    const account = `AC${'0'.repeat(32)}`;
    const answer = await fetch(
      `${tollboard.running?.simulatorUrl}/2010-04-01/Accounts/${account}/Messages/${sid}.json`,
      {
        headers: { authorization: `Basic ${btoa(`${account}:${'1'.repeat(32)}`)}` },
      },
    );
    expect(await answer.json()).toMatchObject({ sid, body: '' });
  });
});

function idOf(entry: Entry | undefined): string {
  return String(entry?.id);
}

/** The command line over the gateway of this process. */
function cli(...args: string[]) {
  const { url, token } = tollboard.running as { url: string; token: string };
  return program.run(args, { env: { TOLLBOARD_URL: url, TOLLBOARD_TOKEN: token } });
}

async function post(path: string): Promise<{ status: number; body: unknown }> {
  const { url, token } = tollboard.running as { url: string; token: string };
  const answer = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
}

/** What this test's phone got, or what a filter of the simulator's log finds. */
async function received(filter = `to=${encodeURIComponent(to)}`): Promise<Array<{ body: string; acceptedAt: string }>> {
  const answer = await fetch(`${tollboard.running?.simulatorUrl}/_simulator/messages?limit=1000&${filter}`);
  return ((await answer.json()) as { messages: Array<{ body: string; acceptedAt: string }> }).messages;
}

/** A rule for the simulator, or none any more. */
async function control(name: string, body: object | null): Promise<void> {
  const answer = await fetch(`${tollboard.running?.simulatorUrl}/_simulator/${name}`, {
    method: body === null ? 'DELETE' : 'POST',
    ...(body === null ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}
