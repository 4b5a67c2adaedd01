/** Promise 6: a full run with random secrets in every role, and a search for them in all that it printed and kept. */

import type { Program, Service } from '../support/program.ts';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

const ACCOUNT = `AC${'a'.repeat(32)}`;
const KEY_ACCOUNT = `AC${'b'.repeat(32)}`;
const KEY = `SK${'c'.repeat(32)}`;
const SENDER = '+15550000001';

/** By role. Those of a gateway's own making are added as they are made. */
const secrets = new Map<string, string>();
const ROLES = [
  'auth token',
  'second token',
  'key account token',
  'api secret',
  'wrong token',
  'proxy password',
  "sink's token",
  "sink's secret",
  "sink's password",
  "sink's query",
  'token of Home Assistant',
];
for (const role of ROLES) secrets.set(role, randomBytes(16).toString('hex'));
const secretOf = (role: string) => secrets.get(role) ?? '';

/** What was printed or answered, by where it was seen. */
const seen = new Map<string, string>();
let program: Program;

beforeAll(() => {
  program = createProgram();
  writeConfiguration(path.join(program.cwd, 'configuration'));
});
afterAll(() => program.close());

describe('a full run with random secrets', () => {
  let simulator: Service;
  let gateway: Service;
  let env: Record<string, string>;

  beforeAll(async () => {
    const accounts = ['--accounts', 'configuration/accounts.yaml'];
    simulator = await program.serve(['simulator', '--port', '0', '--data', 'simulator', ...accounts, '--json']);
    env = {
      TWILIO_BASE_URL: String(simulator.ready.url),
      SECOND_TOKEN: secretOf('second token'),
      TOLLBOARD_CONFIG: 'configuration/tollboard.yaml',
      TOLLBOARD_SIMULATOR_URL: String(simulator.ready.url),
      TOLLBOARD_DEBUG: '1',
      HTTPS_PROXY: `http://me:${secretOf('proxy password')}@127.0.0.1:1`,
    };
    gateway = await program.serve(['start', '--port', '0', '--data', 'data', '--json'], env);
    secrets.set('local token', String(gateway.ready.token));
  });

  it('sends, fails, explains and crashes in every way a person meets', async () => {
    const to = ['--to', '+15550100001', '--body', 'Hello'];
    const gone = { ...env, TWILIO_BASE_URL: 'http://127.0.0.1:1' };
    const wrong = { ...env, TWILIO_ACCOUNT_SID: ACCOUNT, TWILIO_AUTH_TOKEN: secretOf('wrong token') };
    const address = `http://me:${secretOf('wrong token')}@127.0.0.1:1`;
    expect((await run(['send', ...to, '--wait', '--json'], env)).lines).toMatchObject([{ status: 'delivered' }]);
    expect((await run(['send', ...to, '--account', 'keys'], env)).code).toBe(0);
    expect((await run(['send', ...to, '--token', secretOf('wrong token')], env)).code).toBe(2);
    expect((await run(['send', ...to, '--url', address, '--token', 'x'], env)).code).toBe(2);
    expect((await run(['send', ...to, '--direct'], env)).code).toBe(0);
    expect((await run(['send', ...to, '--direct', '--json'], wrong)).code).toBe(1);
    expect((await run(['send', ...to, '--direct'], gone)).code).toBe(1);
    expect((await run(['send', ...to, '--direct'], { ...env, TWILIO_BASE_URL: 'https://h.invalid' })).code).toBe(1);
    expect((await run(['send', ...to], { ...env, TWILIO_BASE_URL: address })).code).toBe(2);
    expect((await run(['connectivity'], env)).code).toBe(0);
    expect((await run(['recipients'], env)).code).toBe(0);
    expect((await run(['doctor'], env)).code).toBe(0);
    expect((await run(['doctor', '--json'], wrong)).code).toBe(1);
    expect((await run(['config', 'show'], env)).out).toContain('********');
    expect((await run(['config', 'show', '--json'], wrong)).code).toBe(0);
    expect((await run(['start', '--data', 'data'], env)).code).toBe(1);
    const port = new URL(String(gateway.ready.url)).port;
    expect((await run(['start', '--data', 'other', '--port', port], env)).code).toBe(1);
    expect((await run(['start', '--config', 'configuration/half.yaml'], env)).code).toBe(2);
    expect((await run(['start', '--config', 'configuration/three.yaml'], env)).code).toBe(2);
    const broken = ['simulator', '--port', '0', '--accounts', 'configuration/broken-accounts.yaml'];
    expect((await run(broken, env)).code).toBe(2);
    expect((await run(['simulator', 'messages'], env)).code).toBe(0);
    for (const name of ['shop', 'ledger', 'home']) expect((await run(['sinks', 'test', name], env)).code).toBe(1);
    expect((await run(['sinks', 'list', '--json'], env)).lines).toHaveLength(3);
    expect((await run(['start', '--config', 'configuration/sink.yaml'], env)).code).toBe(2);
    expect((await run(['store', 'check'], env)).code).toBe(0);
    expect((await run(['store', 'backup', 'copy.sqlite'], env)).code).toBe(0);
  });

  it('issues a named token, shown once', async () => {
    const created = await program.run(['config', 'token', 'create', 'ansible', '--json'], { env });
    secrets.set('named token', String(created.lines[0]?.secret));
    const listed = await run(['config', 'token', 'list', '--json'], env);
    const named = { ...env, TOLLBOARD_URL: String(gateway.ready.url), TOLLBOARD_TOKEN: secretOf('named token') };
    expect((await run(['recipients', '--json'], named)).code).toBe(0);
    expect((await run(['config', 'token', 'revoke', String(listed.lines[0]?.sid)], env)).code).toBe(0);
    expect((await run(['recipients'], named)).code).toBe(2);
  });

  it('answers requests good and bad', async () => {
    const { url } = gateway.ready as { url: string };
    const authorization = `Bearer ${secretOf('local token')}`;
    const json = { authorization, 'content-type': 'application/json' };
    for (const [at, init] of [
      ['/metrics', {}],
      ['/openapi.json', {}],
      ['/healthz', {}],
      ['/api/v1/messages?limit=100', { headers: { authorization } }],
      ['/api/v1/events', { headers: { authorization } }],
      ['/api/v1/tokens', { headers: { authorization } }],
      ['/api/v1/messages', { headers: { authorization: `Bearer ${secretOf('wrong token')}` } }],
      ['/api/v1/nothing', { headers: { authorization } }],
      ['/api/v1/messages', { method: 'POST', headers: json, body: '{"to":' }],
      ['/api/v1/messages', { method: 'POST', headers: json, body: '{"to":"+15550100001","colour":1,"body":"x"}' }],
      ['/callbacks/message?ref=x', { method: 'POST', headers: { 'x-twilio-signature': 'x' } }],
    ] as Array<[string, RequestInit]>) {
      const answer = await fetch(url + at, init);
      seen.set(`answer ${seen.size} ${at}`, JSON.stringify([...answer.headers]) + (await answer.text()));
    }
    const control = await fetch(`${simulator.ready.url}/_simulator/messages`);
    seen.set('/_simulator/messages', await control.text());
  });

  it('and none of them is found in any output, log, file or database but where they belong', async () => {
    // Killed, so that everything a crash leaves behind is looked at too.
    await gateway.stop('SIGKILL');
    await simulator.stop('SIGKILL');
    // The first line is the exception of each; what follows it is not.
    seen.set('gateway, standard output', gateway.output().out.split('\n').slice(1).join('\n'));
    seen.set('gateway, standard error', gateway.output().err);
    seen.set('simulator, standard output', simulator.output().out.split('\n').slice(1).join('\n'));
    seen.set('simulator, standard error', simulator.output().err);
    const files = filesBelow(program.cwd).filter((file) => !file.startsWith('configuration/'));
    expect(files).toEqual(
      expect.arrayContaining(['data/tollboard.sqlite', 'data/gateway.json', 'simulator/simulator.sqlite']),
    );
    for (const file of files) seen.set(`file ${file}`, readFileSync(path.join(program.cwd, file), 'latin1'));
    expect(found(seen)).toEqual(['local token in file data/gateway.json']);
  });

  it('the search finds a secret that is planted, in whatever form it would travel', () => {
    const token = secretOf('auth token');
    for (const planted of [token, `"${token}"`, btoa(`${ACCOUNT}:${token}`), token.toUpperCase(), `x${token}x`])
      expect(found(new Map([['a log', `2026 ${planted}, and more`]]))).toEqual(['auth token in a log']);
    expect(new Set(secrets.values()).size).toBe(ROLES.length + 2);
    expect(seen.size).toBeGreaterThan(60);
  });
});

describe('the simulator inside a gateway', () => {
  it('keeps the tokens of its accounts file out of its own file and of all it prints', async () => {
    const before = new Map<string, string>();
    const start = ['start', '--port', '0', '--simulator-port', '0', '--data', 'own', '--json'];
    const accounts = ['--accounts', 'configuration/accounts.yaml'];
    const gateway = await program.serve([...start, ...accounts], { TOLLBOARD_DEBUG: '1' });
    const to = ['send', '--to', '+15550100001', '--from', SENDER, '--body', 'Hello', '--data', 'own', '--wait'];
    const sent = await program.run(to);
    expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('delivered') });
    await gateway.stop();
    before.set('send', sent.out + sent.err);
    before.set('start', gateway.output().err + gateway.output().out.replace(String(gateway.ready.token), ''));
    for (const file of filesBelow(path.join(program.cwd, 'own')))
      before.set(file, readFileSync(path.join(program.cwd, 'own', file), 'latin1'));
    expect([...before.keys()]).toContain('simulator.sqlite');
    expect(found(before)).toEqual([]);
  });
});

async function run(args: string[], env: Record<string, string>) {
  const ended = await program.run(args, { env: { ...env } });
  seen.set(`${seen.size} ${args.slice(0, 3).join(' ')}: out`, ended.out);
  seen.set(`${seen.size} ${args.slice(0, 3).join(' ')}: err`, ended.err);
  return ended;
}

/** Each secret and each place that holds it, plain or in a Basic header, in whatever case. */
function found(places: ReadonlyMap<string, string>): string[] {
  const hits: string[] = [];
  for (const [role, secret] of secrets) {
    const forms = [secret.toLowerCase()];
    const basics = [ACCOUNT, KEY_ACCOUNT, KEY].map((user) => btoa(`${user}:${secret}`));
    for (const [place, text] of places) {
      const plain = forms.some((form) => text.toLowerCase().includes(form));
      if (plain || basics.some((form) => text.includes(form))) hits.push(`${role} in ${place}`);
    }
  }
  return hits;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

function writeConfiguration(folder: string): void {
  mkdirSync(folder);
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  write('secrets.yaml', `first: "${secretOf('auth token')}"\nkey: "${secretOf('api secret')}"\n`);
  const short = secretOf("sink's secret").slice(0, 24);
  write('sink.yaml', `sinks: {a: {kind: standard_webhooks, url: "http://x", secret: "whsec_${short}"}}\n`);
  write(
    'tollboard.yaml',
    `sender: "${SENDER}"
twilio:
  account_sid: ${ACCOUNT}
  auth_token: [!secret first, !env SECOND_TOKEN]
delivery: {status_callback: always}
sinks:
  shop:
    kind: twilio
    url: "http://me:${secretOf("sink's password")}@127.0.0.1:1/sms?key=${secretOf("sink's query")}"
    auth_token: "${secretOf("sink's token")}"
  ledger: {kind: standard_webhooks, url: "http://127.0.0.1:1", secret: "whsec_${secretOf("sink's secret")}", where: To=nobody}
  home: {kind: home_assistant, url: "http://127.0.0.1:1", token: "${secretOf('token of Home Assistant')}", where: To=nobody}
accounts:
  keys:
    account_sid: ${KEY_ACCOUNT}
    api_key: ${KEY}
    api_secret: !secret key
    base_url: !env TWILIO_BASE_URL
`,
  );
  write('half.yaml', `accounts: {half: {account_sid: ${ACCOUNT}, api_secret: !secret key}}\n`);
  write('three.yaml', `twilio: {account_sid: ${ACCOUNT}, auth_token: [!secret first, !secret key, !secret first]}\n`);
  write(
    'accounts.yaml',
    `defaults: false
accounts:
  - sid: ${ACCOUNT}
    auth_token: "${secretOf('auth token')}"
    numbers: ["${SENDER}"]
    verified: ["+15550100001"]
  - sid: ${KEY_ACCOUNT}
    auth_token: "${secretOf('key account token')}"
    numbers: ["${SENDER}"]
    api_keys: [{sid: ${KEY}, secret: "${secretOf('api secret')}"}]
`,
  );
  write('broken-accounts.yaml', `accounts: [{sid: ${ACCOUNT}, auth_token: ["${secretOf('auth token')}"]}]\n`);
}
