/** Steering the simulator: over HTTP and in process, who may, and what outlives a restart. */

import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { ask, FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

async function control(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever members the test asks it for
): Promise<{ status: number; json: any }> {
  const response = await fetch(`${url}/_simulator/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, json: await response.json() };
}

/** Status and headers of a request with headers that fetch would not send. */
function raw(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'simulator.sqlite');
}

describe('the control over HTTP', () => {
  test('shows what each phone got, page by page', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    for (const body of ['a', 'b', 'c']) await client.messages.create({ to: PHONE, from: FROM, body });
    await client.messages.create({ to: '+15551112223', from: FROM, body: 'other' });
    await pass(simulator, 300);
    const first = await control(simulator.url, 'GET', `messages?to=${encodeURIComponent(PHONE)}&limit=2`);
    expect(first.json.messages.map(({ body }: { body: string }) => body)).toEqual(['a', 'b']);
    expect(first.json.messages[0]).toMatchObject({ receivedAt: '2026-07-01T12:00:00.300Z', answered: true });
    const next = await control(
      simulator.url,
      'GET',
      `messages?to=${encodeURIComponent(PHONE)}&limit=2&after=${first.json.next}`,
    );
    expect(next.json).toMatchObject({ messages: [{ body: 'c' }], next: null });
    expect((await control(simulator.url, 'GET', 'messages?since=2026-07-01T13:00:00Z')).json.messages).toEqual([]);
  });

  test('takes inbound as JSON or as a form, and calls', async () => {
    const simulator = await startSimulator();
    const asJson = await control(simulator.url, 'POST', 'inbound', { From: PHONE, To: FROM, Body: 'Hi' });
    expect(asJson.json).toMatchObject({ record: { direction: 'inbound', body: 'Hi' }, webhook: null, reply: null });
    const form = new URLSearchParams({ From: PHONE, To: FROM, Body: 'HELP' });
    const asForm = await fetch(`${simulator.url}/_simulator/inbound`, { method: 'POST', body: form });
    expect(await asForm.json()).toMatchObject({ reply: expect.stringContaining('STOP') });
    expect((await control(simulator.url, 'POST', 'calls', { From: PHONE, To: FROM })).json.record.direction).toBe(
      'inbound',
    );
    expect((await control(simulator.url, 'GET', 'calls')).json.calls).toHaveLength(1);
  });

  test('sets scenarios and faults, and lists and clears them', async () => {
    const simulator = await startSimulator();
    await control(simulator.url, 'PUT', 'scenarios', { scenarios: [{ to: PHONE, deliver: 'failed' }] });
    await control(simulator.url, 'POST', 'scenarios', { to: PHONE, deliver: 'undelivered', error_code: 30003 });
    expect((await control(simulator.url, 'GET', 'scenarios')).json).toEqual({
      scenarios: [{ to: PHONE, deliver: 'undelivered', errorCode: 30003 }],
    });
    await control(simulator.url, 'POST', 'faults', { fault: 'rate_limit', count: 2 });
    expect((await control(simulator.url, 'GET', 'faults')).json).toEqual({
      faults: [{ fault: 'rate_limit', count: 2, struck: 0 }],
    });
    expect((await control(simulator.url, 'DELETE', 'faults')).json).toEqual({ faults: [] });
    expect((await control(simulator.url, 'DELETE', 'scenarios')).json).toEqual({ scenarios: [] });
  });

  test('tells the time of its clock, not of the machine, in the Date header', async () => {
    const simulator = await startSimulator();
    expect((await ask(simulator, 'GET', 'Messages.json')).headers.get('date')).toBe('Wed, 01 Jul 2026 12:00:00 GMT');
    await pass(simulator, 3_600_000);
    expect((await ask(simulator, 'GET', 'Messages.json')).headers.get('date')).toBe('Wed, 01 Jul 2026 13:00:00 GMT');
    await control(simulator.url, 'POST', 'faults', { fault: 'proxy_error' });
    const broken = await raw(simulator.url, 'GET', '/2010-04-01/Accounts.json', {});
    expect(broken).toMatchObject({ status: 502, headers: { date: 'Wed, 01 Jul 2026 13:00:00 GMT' } });
  });

  test('moves, sets and freezes the clock', async () => {
    const simulator = await startSimulator();
    expect((await control(simulator.url, 'GET', 'clock')).json).toEqual({
      now: '2026-07-01T12:00:00.000Z',
      frozen: false,
      pending: 0,
    });
    expect((await control(simulator.url, 'POST', 'clock', { advanceMs: 60_000 })).json.now).toBe(
      '2026-07-01T12:01:00.000Z',
    );
    expect(
      (await control(simulator.url, 'POST', 'clock', { set: '2027-01-01T00:00:00Z', frozen: true })).json,
    ).toMatchObject({
      now: '2027-01-01T00:00:00.000Z',
      frozen: true,
    });
  });

  test('tells which endpoints and parameters were used', async () => {
    const simulator = await startSimulator();
    await ask(simulator, 'POST', 'Messages.json', {
      form: [
        ['To', PHONE],
        ['From', FROM],
        ['Body', 'x'],
      ],
    });
    await ask(simulator, 'POST', 'Messages.json', {
      form: [
        ['To', PHONE],
        ['__proto__', 'x'],
      ],
    });
    expect((await control(simulator.url, 'GET', 'coverage')).json.endpoints).toEqual([
      {
        method: 'POST',
        path: 'Accounts/:sid/Messages',
        requests: 2,
        parameters: { To: 2, From: 1, Body: 1, ['__proto__']: 1 },
        statuses: { 201: 1, 400: 1 },
      },
    ]);
  });

  test.each([
    [
      'POST',
      'faults',
      { fault: 'drop_anser' },
      'TOLLBOARD_SIMULATOR_INPUT_INVALID',
      "fault.fault is 'drop_anser', expected one of drop_answer",
    ],
    ['POST', 'faults', { fault: 'slow', delay: 5 }, 'TOLLBOARD_SIMULATOR_INPUT_INVALID', 'fault.delay'],
    ['POST', 'scenarios', { deliver: 'failed' }, 'TOLLBOARD_SIMULATOR_INPUT_INVALID', 'a scenario with to or from'],
    ['POST', 'inbound', { To: FROM, Body: 'x' }, 'TOLLBOARD_SIMULATOR_INPUT_INVALID', 'From'],
    ['POST', 'clock', { set: 'soon' }, 'TOLLBOARD_SIMULATOR_INPUT_INVALID', "time is 'soon'"],
    ['GET', 'messages?colour=red', undefined, 'TOLLBOARD_SIMULATOR_INPUT_INVALID', 'colour'],
    ['GET', 'weather', undefined, 'TOLLBOARD_SIMULATOR_CONTROL_UNKNOWN', '/_simulator/weather'],
  ])('%s %s with %j is one clear error', async (method, path, body, code, message) => {
    const simulator = await startSimulator();
    const { status, json } = await control(simulator.url, method, path, body);
    expect(status).toBe(code.endsWith('UNKNOWN') ? 404 : 422);
    expect(json.error).toMatchObject({ code, remedy: expect.any(String) });
    expect(json.error.message).toContain(message);
  });
});

describe('who may speak to it', () => {
  test('a foreign Host reaches nothing, loopback names and named hosts do', async () => {
    const simulator = await startSimulator({ hosts: ['sim.internal'] });
    const status = async (host: string) => (await raw(simulator.url, 'GET', '/_simulator/clock', { host })).status;
    expect(await status('evil.example')).toBe(403);
    expect(await status('127.0.0.1.evil.example')).toBe(403);
    expect(await status(`localhost:${simulator.port}`)).toBe(200);
    expect(await status('[::1]:1')).toBe(200);
    expect(await status('SIM.internal')).toBe(200);
  });

  test('a web page of another origin changes nothing, and gets no CORS header', async () => {
    const simulator = await startSimulator();
    const post = (headers: Record<string, string>) => raw(simulator.url, 'POST', '/_simulator/clock', headers);
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ origin: simulator.url })).status).toBe(200);
    const { headers } = await raw(simulator.url, 'OPTIONS', '/2010-04-01/Accounts.json', {
      origin: 'https://evil.example',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('with cors any web page may ask', async () => {
    const simulator = await startSimulator({ cors: true });
    const preflight = await raw(simulator.url, 'OPTIONS', '/_simulator/clock', { origin: 'https://page.example' });
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': '*' } });
    const post = await raw(simulator.url, 'POST', '/_simulator/clock', { origin: 'https://page.example' });
    expect(post.status).toBe(200);
  });

  test('beyond loopback it needs accounts of its own', async () => {
    await expect(startSimulator({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'TOLLBOARD_SIMULATOR_EXPOSED' });
    const accounts = { defaults: false, accounts: [{ sid: 'ACown', auth_token: 'own' }] };
    const simulator = await startSimulator({ host: '0.0.0.0', accounts });
    expect(simulator.accounts.map(({ sid }) => sid)).toEqual(['ACown']);
  });

  test('a port that is taken is one clear error', async () => {
    const { port } = await startSimulator();
    await expect(startSimulator({ port })).rejects.toMatchObject({
      code: 'TOLLBOARD_HTTP_LISTEN_FAILED',
      details: { port },
    });
  });

  test('more requests at once than an account may have are answered 429 and told of', async () => {
    const simulator = await startSimulator({ concurrency: 1 });
    simulator.control.faults.add({ fault: 'slow', count: 1 });
    const options = {
      form: [
        ['To', PHONE],
        ['From', FROM],
        ['Body', 'x'],
      ] as Array<[string, string]>,
    };
    const slow = ask(simulator, 'POST', 'Messages.json', options);
    while (simulator.control.faults.list()[0]?.struck === 0) await new Promise((resolve) => setImmediate(resolve));
    const { status, json, headers } = await ask(simulator, 'POST', 'Messages.json', options);
    expect([status, json.code, headers.get('twilio-concurrent-requests')]).toEqual([429, 20429, '2']);
    await simulator.stop();
    await expect(slow).rejects.toThrow();
  });
});

describe('stop and start', () => {
  test('keeps port and memory, and overdue steps happen at once', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const client = sdkFor(simulator);
    const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'x', statusCallback: receiver.url });
    const { port } = simulator;
    await simulator.stop();
    await simulator.stop();
    await expect(fetch(simulator.url)).rejects.toThrow();
    await simulator.control.clock.move({ advanceMs: 3_600_000 });
    await simulator.start();
    await simulator.start();
    expect(simulator.port).toBe(port);
    await simulator.control.settled();
    expect((await client.messages(sid).fetch()).status).toBe('delivered');
    expect(receiver.values('MessageStatus')).toEqual(['sent', 'delivered']);
  });

  test('with a file everything outlives the process: messages, plans, numbers, opt-outs', async () => {
    const file = temporaryFile();
    const options: Partial<SimulatorOptions> = { file };
    const first = await startSimulator(options);
    const client = sdkFor(first);
    const { sid } = await client.messages.create({
      to: PHONE,
      from: FROM,
      body: 'kept',
      mediaUrl: ['https://m.example/1.png'],
    });
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client.incomingPhoneNumbers(number?.sid ?? '').update({ smsUrl: 'http://127.0.0.1:1/' });
    await client
      .outgoingCallerIds((await client.outgoingCallerIds.list())[0]?.sid ?? '')
      .update({ friendlyName: 'Ann' });
    await first.stop();

    const second = await startSimulator(options);
    const again = sdkFor(second);
    expect(await again.messages(sid).fetch()).toMatchObject({ body: 'kept', status: 'queued' });
    await pass(second, 300);
    expect((await again.messages(sid).fetch()).status).toBe('delivered');
    expect(await again.messages(sid).media.list()).toHaveLength(1);
    expect((await again.incomingPhoneNumbers(number?.sid ?? '').fetch()).smsUrl).toBe('http://127.0.0.1:1/');
    expect(await again.outgoingCallerIds.list({ friendlyName: 'Ann' })).toHaveLength(1);
    await again.messages.create({ to: PHONE, from: FROM, body: 'later' });
    const bodies = second.control.messages().messages.map(({ body }) => body);
    expect(bodies).toEqual(['kept', 'later']);
  });

  test('stop does not wait for a client that sends its body slowly, nor for a webhook that never answers', async () => {
    const simulator = await startSimulator();
    const client = sdkFor(simulator);
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: FROM });
    await client.incomingPhoneNumbers(number?.sid ?? '').update({ smsUrl: `http://127.0.0.1:${port}/` });
    const inbound = control(simulator.url, 'POST', 'inbound', { From: PHONE, To: FROM, Body: 'x' });
    const outcome = inbound.then(
      ({ json }) => json.webhook,
      () => null,
    );
    const slow = request(`${simulator.url}/_simulator/clock`, { method: 'POST', headers: { 'content-length': 10 } });
    const broken = new Promise((resolve) => slow.on('error', resolve));
    slow.write('{');
    await new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    await simulator.stop();
    expect(await broken).toBeInstanceOf(Error);
    expect(await outcome).toMatchObject({ status: null });
  });

  test('a file goes on after stop and start in one process, and its owner alone may read it', async () => {
    const file = temporaryFile();
    const simulator = await startSimulator({ file });
    await simulator.stop();
    await simulator.start();
    const { sid } = await sdkFor(simulator).messages.create({ to: PHONE, from: FROM, body: 'x' });
    await simulator.stop();
    const again = await startSimulator({ file });
    expect(again.control.messages().messages).toMatchObject([{ sid }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('a file that takes no more is answered 503, and reading goes on', async () => {
    const file = temporaryFile();
    const simulator = await startSimulator({ file });
    const { DatabaseSync } = await import('node:sqlite');
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    const form: Array<[string, string]> = [
      ['To', PHONE],
      ['From', FROM],
      ['Body', 'x'],
    ];
    const { status, json } = await ask(simulator, 'POST', 'Messages.json', { form });
    expect({ status, code: json.code }).toEqual({ status: 503, code: 20503 });
    other.exec('ROLLBACK');
    expect((await ask(simulator, 'POST', 'Messages.json', { form })).status).toBe(201);
  });

  test('a record is in the file before the answer is out', async () => {
    const file = temporaryFile();
    const simulator = await startSimulator({ file });
    const { sid } = await sdkFor(simulator).messages.create({ to: PHONE, from: FROM, body: 'x' });
    const { DatabaseSync } = await import('node:sqlite');
    const reader = new DatabaseSync(file, { readOnly: true });
    onTestFinished(() => reader.close());
    expect(reader.prepare("SELECT json FROM records WHERE kind = 'message' AND key = ?").get(sid)).toBeDefined();
  });

  test('the oldest messages make room when there are too many', async () => {
    const simulator = await startSimulator({ maxRecords: 2 });
    const client = sdkFor(simulator);
    for (const body of ['a', 'b', 'c']) await client.messages.create({ to: PHONE, from: FROM, body });
    expect((await client.messages.list({ to: PHONE })).map(({ body }) => body)).toEqual(['c', 'b']);
  });
});
