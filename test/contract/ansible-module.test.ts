/** Ansible's modules as files, run as Ansible runs them, by the Node at hand. The real Ansible: test/hosts/ansible.slow.test.ts. */

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { MODULES } from '../../src/hosts/ansible/definition.ts';
import { version } from '../../src/version.ts';
import { builtCollection, runModule } from '../support/ansible.ts';
import { startApiServer } from '../support/api-server.ts';
import { rawAnswer, startRawServer } from '../support/raw-server.ts';
import { FROM, PHONE, startSimulator } from '../support/simulator.ts';
import { readRepositoryFile } from '../support/tree.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const TOKEN = '1'.repeat(32);
const TASK = {
  account_sid: `AC${'0'.repeat(32)}`,
  auth_token: TOKEN,
  from_number: FROM,
  to_number: PHONE,
  msg: 'The build is green.',
  _ansible_check_mode: false,
  _ansible_module_name: 'twilio',
  _ansible_verbosity: 4,
};

let built: Awaited<ReturnType<typeof builtCollection>>;
const file = (name = 'twilio') => join(built.modules, `${name}.js`);

beforeAll(async () => {
  built = await builtCollection();
});
afterAll(() => built.remove());

describe('the module file', () => {
  test('sends straight to Twilio, in one request that has its credentials', async () => {
    const simulator = await startSimulator();
    const server = await startRawServer(async (connection) => {
      for (;;) {
        const { head, body } = await connection.request();
        const [, method = '', path = ''] = /^(\w+) (\S+)/.exec(head) ?? [];
        const authorization = /^authorization: (.*)$/im.exec(head)?.[1] ?? '';
        const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
        const answer = await fetch(simulator.url + path, { method, body, headers });
        connection.write(rawAnswer(answer.status, await answer.text(), { 'content-type': 'application/json' }));
      }
    });
    onTestFinished(() => server.close());
    const task = { ...TASK, to_number: [` ${PHONE} `, '', '+15551113232'], media_url: ['https://example.com/a.png'] };
    const { code, output } = await runModule(file(), task, {
      env: { TWILIO_BASE_URL: `http://127.0.0.1:${server.port}` },
    });

    expect([code, output.changed, output.msg]).toEqual([0, true, TASK.msg]);
    expect(server.requests.map(({ body }) => body)).toEqual(
      [PHONE, '+15551113232'].map((to) =>
        new URLSearchParams({ To: to, From: FROM, Body: TASK.msg, MediaUrl: 'https://example.com/a.png' }).toString(),
      ),
    );
    const taken = simulator.control.messages().messages;
    expect(output.sent).toMatchObject(taken.map(({ to, sid }) => ({ number: to, sid })));
    expect(taken.map(({ to }) => to)).toEqual([PHONE, '+15551113232']);
  });

  test("S2: fails with Twilio's sentence in the original's words, and tells what was sent before", async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add([{ to: '+15551113232', refuse: 21610 }]);
    const task = { ...TASK, to_number: [PHONE, '+15551113232', '+15551113233'] };
    const { code, output } = await runModule(file(), task, { env: { TWILIO_BASE_URL: simulator.url } });
    expect(code).toBe(1);
    expect(output.msg).toMatch(/^unable to send message to \+15551113232: Attempt to send to unsubscribed recipient/);
    expect(output).toMatchObject({ failed: true, changed: true, unsent: ['+15551113232', '+15551113233'] });
    expect(output.sent).toMatchObject([{ number: PHONE, sid: simulator.control.messages().messages[0]?.sid }]);
    expect(simulator.control.messages().messages).toHaveLength(1);
  });

  test('S1: sends nothing in check mode', async () => {
    const simulator = await startSimulator();
    const task = { ...TASK, _ansible_check_mode: true };
    const { output } = await runModule(file(), task, { env: { TWILIO_BASE_URL: simulator.url } });
    expect(output).toMatchObject({ changed: true, msg: TASK.msg, sent: [] });
    expect(simulator.control.messages().messages).toEqual([]);
  });

  test("fails in Twilio's words where the account does not have the from_number", async () => {
    const simulator = await startSimulator();
    const task = { ...TASK, from_number: '+15559999999' };
    const { output } = await runModule(file(), task, { env: { TWILIO_BASE_URL: simulator.url } });
    expect(output).toMatchObject({ failed: true, changed: false, unsent: [PHONE] });
    expect(output.msg).toMatch(/^unable to send message to \+15551112222: .*\+15559999999/);
    expect(output.results).toMatchObject([{ error: { twilio_code: 21659 } }]);
  });

  test('S3: signs in with an API key', async () => {
    const key = { sid: `SK${'5'.repeat(32)}`, secret: 'the-key-secret' };
    const account = { sid: TASK.account_sid, auth_token: TOKEN, numbers: [FROM], api_keys: [key] };
    const simulator = await startSimulator({ accounts: { accounts: [account] } });
    const { auth_token: _token, ...task } = { ...TASK, api_key: key.sid, api_secret: `${key.secret}\n` };
    const { output, out } = await runModule(file(), task, { env: { TWILIO_BASE_URL: simulator.url } });
    expect([output.changed, simulator.control.messages().messages.length]).toEqual([true, 1]);
    expect(out).not.toContain(key.secret);
  });

  test('places calls under its other name', async () => {
    const simulator = await startSimulator();
    const { msg: _msg, ...task } = { ...TASK, say: 'Wake up.', _ansible_module_name: 'tollboard.twilio.twilio_call' };
    const { output } = await runModule(file('twilio_call'), task, { env: { TWILIO_BASE_URL: simulator.url } });
    expect(output).toMatchObject({ changed: true, msg: 'Wake up.', sent: [{ number: PHONE }] });
    expect(JSON.stringify(output.sent)).toMatch(/"sid":"CA[0-9a-f]{32}"/);
  });

  test('shows no secret, whatever fails', async () => {
    const simulator = await startSimulator();
    const secret = 'not-the-token-of-anybody';
    const { out, output } = await runModule(
      file(),
      { ...TASK, auth_token: `${secret}\n`, msg: `the token is ${secret}` },
      { env: { TWILIO_BASE_URL: simulator.url } },
    );
    expect(output).toMatchObject({ failed: true, changed: false, unsent: [PHONE] });
    expect(out).not.toContain(secret);
  });

  test('says that a gateway cannot be reached, and that nothing was sent', async () => {
    const gone = { gateway_url: 'http://127.0.0.1:1', gateway_token: 'gate-secret' };
    const { output, out } = await runModule(file(), { ...TASK, ...gone, to_number: [PHONE, '+15551113232'] });
    expect(output.msg).toMatch(
      /^unable to send message to \+15551112222, \+15551113232: The gateway at .* cannot be reached/,
    );
    expect(output).toMatchObject({ failed: true, sent: [], unsure: [], unsent: [PHONE, '+15551113232'] });
    expect(out).not.toContain('gate-secret');
    const tokenless = await runModule(file(), { ...TASK, gateway_url: 'http://127.0.0.1:1' });
    expect(tokenless.output.msg).toContain('gateway_token is absent');
  });

  test('names its own arguments where the gateway is at fault, never an option of the command line', async () => {
    const gateway = await startApiServer();
    onTestFinished(() => gateway.close());
    const msgOf = async (change: object) => (await runModule(file(), { ...TASK, ...change })).output.msg;
    const wrong = await msgOf({ gateway_url: gateway.url, gateway_token: 'of-nobody' });
    expect(wrong).toMatch(/no credentials that this gateway knows\. Give gateway_token, or TOLLBOARD_TOKEN/);
    const nonsense = await msgOf({ gateway_url: 'http://ann:se-cret@127.0.0.1', gateway_token: 'x1y2z3' });
    expect(nonsense).toMatch(/gateway_url is "http:\/\/…@127\.0\.0\.1"; expected an http or https address/);
    for (const said of [wrong, nonsense]) expect(said).not.toContain('--');
  });

  test.each([false, true])('refuses a key that nobody keeps without a gateway, check mode %s', async (check) => {
    const task = { ...TASK, idempotency_key: 'deploy-4711', _ansible_check_mode: check };
    const { output } = await runModule(file(), task);
    expect(output).toMatchObject({ failed: true, changed: false, sent: [], unsent: [PHONE] });
    expect(output.msg).toMatch(/An idempotency key needs a gateway.* Name one with gateway_url and gateway_token/);
  });

  test.each([
    ['no arguments', '{'],
    ['a list', '[]'],
  ])('answers %s with JSON, too', async (_, text) => {
    expect((await runModule(file(), text)).output).toMatchObject({ failed: true, changed: false });
  });
});

describe('on a machine with another Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-path-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('an old one is named, with the version that is needed', async () => {
    // The Node at hand calls itself another; test/hosts/ansible.slow.test.ts runs a real old one.
    const versions = '{ ...process.versions, node: "16.20.2" }';
    writeFileSync(join(folder, 'old.cjs'), `Object.defineProperty(process, 'versions', { value: ${versions} });`);
    const node = `#!/bin/sh\nexec '${process.execPath}' --require '${join(folder, 'old.cjs')}' "$@"\n`;
    writeFileSync(join(folder, 'node'), node, { mode: 0o755 });
    const { output, code } = await runModule(file(), TASK, { env: { PATH: folder } });
    expect([code, output.failed, output.changed]).toEqual([1, true, false]);
    expect(output.msg).toMatch(/^This module needs Node\.js 18 or newer .*\(v16\.20\.2\)/);
  });

  test('none is named too, where none is found', async () => {
    // The places that are looked at beside the PATH may have one.
    const prelude = readFileSync(file(), 'utf8').replace(':/usr/local/bin:/opt/homebrew/bin', '');
    writeFileSync(join(folder, 'twilio.js'), prelude);
    const { output } = await runModule(join(folder, 'twilio.js'), TASK, { env: { PATH: join(folder, 'nowhere') } });
    expect(output.msg).toMatch(/^This module needs Node\.js 18 or newer .*\(none was found\)/);
  });

  test('it runs below a package.json that says module', async () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, 'tmp'), { recursive: true });
    writeFileSync(join(home, 'package.json'), '{"type": "module"}');
    copyFileSync(file(), join(home, 'tmp', 'AnsiballZ_twilio.js'));
    const task = { ...TASK, _ansible_check_mode: true };
    const { output } = await runModule(join(home, 'tmp', 'AnsiballZ_twilio.js'), task, { cwd: home });
    expect(output.changed).toBe(true);
  });
});

describe('the built collection', () => {
  test('has each module as one file with its documentation, and nothing that Ansible would take instead', () => {
    const names = Object.keys(MODULES).flatMap((name) => [`${name}.js`, `${name}.yml`]);
    expect(readdirSync(built.modules).sort()).toEqual(names.sort());
    for (const name of Object.keys(MODULES)) {
      const text = readFileSync(file(name), 'utf8');
      expect(text.startsWith('#!/bin/sh\n')).toBe(true);
      expect(text).toContain('WANT_JSON');
      const required = [...text.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)].map((match) => match[1] ?? '');
      expect(required.filter((id) => !/^(?:node:)?(?:fs|module|url)$/.test(id))).toEqual([]);
    }
  });

  test('has the version of the package, and the metadata of Ansible', () => {
    const galaxy = parse(readFileSync(join(built.folder, 'galaxy.yml'), 'utf8')) as Record<string, unknown>;
    expect(galaxy).toMatchObject({ namespace: 'tollboard', name: 'twilio', version, readme: 'README.md' });
    const runtime = parse(readFileSync(join(built.folder, 'meta', 'runtime.yml'), 'utf8')) as Record<string, unknown>;
    expect(runtime).toMatchObject({ action_groups: { twilio: Object.keys(MODULES) } });
    const environment = parse(readFileSync(join(built.folder, 'meta', 'execution-environment.yml'), 'utf8')) as object;
    expect(environment).toEqual({ version: 1, dependencies: { system: 'bindep.txt' } });
    expect(readFileSync(join(built.folder, 'bindep.txt'), 'utf8')).toContain('nodejs');
  });

  test('documents every argument and its examples as they are', () => {
    const page = parse(readRepositoryFile('integrations/ansible/plugins/modules/twilio.yml')) as {
      DOCUMENTATION: { options: Record<string, { description: string[] }>; notes: string[] };
      EXAMPLES: string;
    };
    expect(Object.keys(page.DOCUMENTATION.options)).toEqual(MODULES.twilio.arguments.map(({ name }) => name));
    for (const { name, description, added } of MODULES.twilio.arguments)
      if (added !== true) expect(page.DOCUMENTATION.options[name]?.description[0]).toBe(description);
    expect(page.DOCUMENTATION.notes).toEqual(MODULES.twilio.notes);
    for (const name of ['one-number', 'several-numbers', 'media'])
      expect(page.EXAMPLES).toContain(readRepositoryFile(`examples/seeds/ansible/${name}.yml`));
  });
});
