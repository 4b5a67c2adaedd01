/** What goes wrong is told by one clear error with a remedy, whichever way it came in, and never by a stack trace. */

import type { ERRORS } from '../../src/core/errors.ts';
import type { Ended, Program, Service } from '../support/program.ts';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

const SIMULATED = `AC${'0'.repeat(32)}`;
const SUSPENDED = `AC${'0'.repeat(31)}2`;
const SENDER = '+15550000001';
const TO = '+15550100001';
const minutes = (ahead: number) => new Date(Date.now() + ahead * 60_000).toISOString();

let program: Program;
let gateway: Service;
/** Straight to Twilio: the simulator of the gateway, with credentials in the environment. */
let direct: Record<string, string>;

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
  direct = {
    TWILIO_BASE_URL: String(gateway.ready.simulatorUrl),
    TWILIO_ACCOUNT_SID: SIMULATED,
    TWILIO_AUTH_TOKEN: '1'.repeat(32),
    TWILIO_FROM: SENDER,
  };
});
afterAll(() => program.close());

interface Fault {
  code: keyof typeof ERRORS;
  twilioCode: number | null;
  /** Words that a person needs in order to see what is meant. */
  says: string[];
  params: Record<string, unknown>;
}

const FAULTS: Record<string, Fault> = {
  'a text of 1,601 characters': {
    code: 'TOLLBOARD_MESSAGE_BODY_TOO_LONG',
    twilioCode: 21617,
    says: ['1601', '1600'],
    params: { body: 'x'.repeat(1601) },
  },
  '11 media URLs': {
    code: 'TOLLBOARD_MESSAGE_MEDIA_TOO_MANY',
    twilioCode: 21623,
    says: ['11 items', 'at most 10'],
    params: { body: 'x', mediaUrl: Array.from({ length: 11 }, (_, n) => `https://example.com/${n}.jpg`) },
  },
  'SendAt in five minutes': {
    code: 'TOLLBOARD_MESSAGE_SEND_AT_RANGE',
    twilioCode: 35114,
    says: ['15 minutes to 35 days', '--at', 'notBefore'],
    params: { body: 'x', sendAt: minutes(5), scheduleType: 'fixed', messagingServiceSid: `MG${'0'.repeat(32)}` },
  },
  'a schedule without a Messaging Service': {
    code: 'TOLLBOARD_MESSAGE_SCHEDULE_SERVICE_MISSING',
    twilioCode: 35118,
    says: ['messagingServiceSid', '--at', 'notBefore'],
    params: { body: 'x', sendAt: minutes(60), scheduleType: 'fixed', from: SENDER },
  },
  'no content': {
    code: 'TOLLBOARD_MESSAGE_CONTENT_MISSING',
    twilioCode: 21602,
    says: ['body', 'mediaUrl', 'contentSid'],
    params: {},
  },
};

describe.each(Object.entries(FAULTS))('%s', (_name, { code, twilioCode, says, params }) => {
  const told = (text: string) => {
    for (const word of [code, ...(twilioCode === null ? [] : [`${twilioCode}`]), ...says]) expect(text).toContain(word);
    expect(text).not.toMatch(/[{}]|undefined|\[object|\n\s+at /);
  };

  it('through the command line and a gateway', async () => {
    const ended = await program.run(['send', '--to', TO, ...flagsOf(params)]);
    expectOneError(ended, 2);
    told(ended.err);
  });

  it('through the API', async () => {
    const answer = await post({ to: TO, ...params });
    expect(answer.status).toBe(422);
    expect(answer.error).toMatchObject({ code, kind: 'invalid', requestId: expect.stringMatching(/^RQ/) });
    told(`${answer.error.code} ${twilioCode} ${answer.error.message} ${answer.error.remedy}`);
  });

  it('straight to Twilio', async () => {
    const ended = await program.run(['send', '--to', TO, '--direct', ...flagsOf(params)], { env: direct });
    expectOneError(ended, 2);
    told(ended.err);
  });

  it('in a dry run, which sends nothing', async () => {
    const ended = await program.run(['send', '--to', TO, '--dry-run', ...flagsOf(params)]);
    expect(ended.code).toBe(2);
    told(ended.out + ended.err);
  });
});

describe('an unknown parameter', () => {
  it('is refused by the command line with the nearest name', async () => {
    const ended = await program.run(['send', '--to', TO, '--body', 'x', '--media-ulr', 'https://example.com/a.jpg']);
    expectOneError(ended, 2);
    expect(ended.err).toContain("Unknown option '--media-ulr' (Did you mean --media-url?)");
  });

  it('is refused by the API with the nearest name', async () => {
    const { status, error } = await post({ to: TO, body: 'x', mediaUlr: 'https://example.com/a.jpg' });
    expect(status).toBe(422);
    expect(error).toMatchObject({ code: 'TOLLBOARD_PARAMETER_UNKNOWN', remedy: expect.stringContaining('mediaUrl') });
  });

  it('is refused in a column of the input, with the line', async () => {
    const ended = await program.run(['send', '--to', '-'], { input: `to,body,colour\n${TO},x,red\n` });
    expectOneError(ended, 2);
    expect(ended.err).toMatch(/colour/);
  });
});

describe('a wrong token', () => {
  it('of the gateway, on the command line', async () => {
    const ended = await program.run(['send', '--to', TO, '--body', 'x', '--token', 'wrong']);
    expectOneError(ended, 2);
    expect(ended.err).toContain('--token');
  });

  it('of the gateway, in the API', async () => {
    const { status, error } = await post({ to: TO, body: 'x' }, 'wrong');
    expect([status, error.code]).toEqual([401, 'TOLLBOARD_HTTP_TOKEN_INVALID']);
    expect(error.remedy).toContain('gateway.json');
  });

  it('of Twilio, direct: the recipient is told, with the code of Twilio', async () => {
    const env = { ...direct, TWILIO_AUTH_TOKEN: 'wrong' };
    expectRejected(await program.run(['send', '--to', TO, '--body', 'x', '--direct', '--json'], { env }), 20003);
  });
});

describe('a suspended account', () => {
  it('through a gateway', async () => {
    const account = ['--account', SUSPENDED, '--from', SENDER];
    expectRejected(await program.run(['send', '--to', TO, '--body', 'x', ...account, '--wait', '--json']), 20003);
  });

  it('straight to Twilio; doctor says the same', async () => {
    const env = { ...direct, TWILIO_ACCOUNT_SID: SUSPENDED };
    expectRejected(await program.run(['send', '--to', TO, '--body', 'x', '--direct', '--json'], { env }), 20003);
    const doctor = await program.run(['doctor'], { env });
    expect(doctor).toMatchObject({ code: 1, err: '', out: expect.stringContaining('suspended') });
  });
});

describe('a configuration with a fault', () => {
  it.each([
    ['a typo', 'sendr: "+15550000001"', /^Error: faulty\.yaml:1:1: .*"sendr".*\nWrite "sender"/],
    [
      'half a credential set',
      `twilio:\n  account_sid: ${SIMULATED}`,
      /faulty\.yaml:2:3: .*account_sid without auth_token/,
    ],
    ['a key without its secret', `twilio: {account_sid: ${SIMULATED}, api_key: SK1}`, /without api_secret/],
    ['a secret that is not there', 'sender: !secret gone', /faulty\.yaml:1:17: .*secrets\.yaml/],
    [
      'a value out of bounds',
      'delivery: {concurrency: 0}',
      /faulty\.yaml:1:\d+: delivery\.concurrency is "0"; expected/,
    ],
    ['what is no YAML', 'sender: "+1555', /faulty\.yaml:\d:\d+: this is not valid YAML/],
  ])('%s: one error with file, line and remedy, in every command that reads it', async (_name, text, expected) => {
    writeFileSync(path.join(program.cwd, 'faulty.yaml'), `${text}\n`);
    const config = ['--config', 'faulty.yaml'];
    for (const args of [['start'], ['send', '--to', TO, '--body', 'x']]) {
      const ended = await program.run([...args, ...config]);
      expectOneError(ended, 2);
      expect(ended.err).toMatch(expected);
    }
    expect(await program.run(['doctor', ...config])).toMatchObject({ code: 1, err: '' });
  });

  it('half a credential set in the environment is an error, never the simulator', async () => {
    const ended = await program.run(['start', '--data', 'half'], { env: { TWILIO_ACCOUNT_SID: SIMULATED } });
    expectOneError(ended, 2);
    expect(ended.err).toContain('environment variable TWILIO_ACCOUNT_SID');
    expect(existsSync(path.join(program.cwd, 'half'))).toBe(false);
  });
});

describe('a start that cannot be', () => {
  it.each([
    ['the port of the gateway is taken', () => ['--data', 'a', '--port', portOf('url')], /--port/],
    ['that of the simulator', () => ['--data', 'b', '--simulator-port', portOf('simulatorUrl')], /--simulator-port/],
    ['the data folder is in use', () => [], /process \d+/],
    ['the data folder is a file', () => ['--data', 'a-file'], /a file stands in its way/],
    ['no account and no simulator', () => ['--data', 'c', '--simulator', 'never'], /--simulator auto/],
    ['open to all with a well-known token', () => ['--data', 'd', '--host', '0.0.0.0'], /well-known/],
  ])('%s: one error with a remedy', async (_name, args, expected) => {
    writeFileSync(path.join(program.cwd, 'a-file'), '');
    const ended = await program.run(['start', '--port', '0', '--simulator-port', '0', ...args()]);
    expectOneError(ended, ended.err.match(/IN_USE|LISTEN_FAILED/) ? 1 : 2);
    expect(ended.err).toMatch(expected);
  });
});

describe('entries of another account', () => {
  it('are held, never sent, and real data never meets the simulator by itself', async () => {
    const silent = await unreachablePort();
    const base = { TWILIO_FROM: SENDER, TWILIO_AUTH_TOKEN: '1'.repeat(32) };
    const start = ['start', '--port', '0', '--data', 'moved', '--json'];
    const a = { ...base, TWILIO_ACCOUNT_SID: `AC${'a'.repeat(32)}`, TWILIO_BASE_URL: silent.url };
    const first = await program.serve(start, a);
    const to = '+15550107777';
    const sent = await program.run(['send', '--to', to, '--body', 'For A', '--data', 'moved', '--json'], {});
    expect(sent).toMatchObject({ code: 0, err: '', lines: [{ state: 'queued' }] });
    await first.stop();

    const without = await program.run(['start', '--port', '0', '--data', 'moved']);
    expectOneError(without, 2);
    expect(without.err).toContain('TOLLBOARD_CONFIG_REAL_DATA');
    const accounts = async () =>
      (await program.run(['doctor', '--data', 'moved', '--json'])).lines.find(({ name }) => name === 'accounts');
    expect((await accounts())?.message).toContain('unless this data is that of a real account');

    const second = await program.serve(start, { ...direct });
    const id = String(sent.lines[0]?.id);
    expect(await accounts()).toMatchObject({ ok: true, message: expect.stringContaining('running gateway has') });
    const held = await program.run(['status', id, '--watch', '--data', 'moved', '--json']);
    expect(held).toMatchObject({ code: 4, err: '' });
    expect(held.lines.at(-1)).toMatchObject({
      state: 'held',
      error: { code: 'TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN', remedy: expect.stringContaining('Add the account') },
      resolution: { choices: expect.arrayContaining(['resend', 'drop']) },
    });
    const other = await program.run(['send', '--to', TO, '--body', 'For B', '--data', 'moved', '--json']);
    expect(other.code).toBe(0);
    const phone = await program.run(['simulator', 'messages', '--to', to, '--json']);
    expect(phone.lines).toEqual([]);
    const dropped = await program.run(['status', id, '--resolve', 'drop', '--data', 'moved', '--json']);
    expect(dropped.lines).toMatchObject([{ state: 'canceled' }]);
    await second.stop();
    silent.server.close();
  });
});

describe('a gateway.json that cannot be believed', () => {
  it.each([
    ['others may read it', { mode: 0o644 }, 'http://127.0.0.1:1', /mode is 644/],
    ['it names another machine', { mode: 0o600 }, 'http://192.0.2.1:8655', /not a loopback address/],
  ])('%s', async (_name, { mode }, url, expected) => {
    const folder = path.join(program.cwd, `foreign-${mode}`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'gateway.json'), JSON.stringify({ url, token: 't', pid: 1 }), { mode });
    const ended = await program.run(['send', '--to', TO, '--body', 'x', '--data', folder], { env: direct });
    expectOneError(ended, 2);
    expect(ended.err).toMatch(expected);
  });
});

function portOf(name: 'url' | 'simulatorUrl'): string {
  return new URL(String(gateway.ready[name])).port;
}

/** Three lines: what is wrong, what to do, and the code. */
function expectOneError(ended: Ended, code: number): void {
  expect(ended).toMatchObject({ code, out: '' });
  const lines = ended.err.trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^Error: .{15,}\.$/);
  expect(lines[1]).toMatch(/^\S.{10,}\.$/);
  expect(lines[2]).toMatch(/^\(TOLLBOARD_[A-Z_]+(, Twilio \d+)?\)$/);
  expect(ended.err).not.toMatch(/[{}]|undefined|\[object|TOLLBOARD_INTERNAL/);
}

function expectRejected(ended: Ended, twilioCode: number): void {
  expect(ended).toMatchObject({ code: 1, err: '' });
  expect(ended.lines).toHaveLength(1);
  expect(ended.lines[0]).toMatchObject({
    state: 'rejected',
    error: { twilioCode, message: expect.stringMatching(/.{5,}/), remedy: expect.stringMatching(/.{10,}/) },
  });
}

function flagsOf(params: Record<string, unknown>): string[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return [value].flat().flatMap((item) => [flag, String(item)]);
  });
}

async function post(body: object, token = String(gateway.ready.token)) {
  const answer = await fetch(`${gateway.ready.url}/api/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { error } = (await answer.json()) as {
    error: { code: string; kind: string; message: string; remedy: string; requestId: string };
  };
  return { status: answer.status, error };
}

/** A port that takes no requests: every connection to it is closed before anything is read. */
async function unreachablePort(): Promise<{ url: string; server: Server }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return { url: `http://127.0.0.1:${port}`, server };
}
