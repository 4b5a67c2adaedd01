/**
 * The real `ansible-playbook` runs the collection, beside the original module where there is one. Installed by
 * `.ci/hosts/ansible.sh`; a program that is missing is named in the test that is skipped for it.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/system.ts';
import { ANSIBLES, ansible, builtCollection, hasOriginal, otherNode, play, runModule } from '../support/ansible.ts';
import { createProgram, type Service } from '../support/program.ts';
import { FROM, PHONE, startSimulator } from '../support/simulator.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const SID = `AC${'7'.repeat(32)}`;
const TOKEN = 'b5d1f3a90c4e4c33a8f2d6e7914c0a5e';
const KEY = { sid: `SK${'5'.repeat(32)}`, secret: 'c6e2a4b81d5f5d44b9a3e7f8025d1b6f' };
const ACCOUNTS = { accounts: [{ sid: SID, auth_token: TOKEN, numbers: [FROM], api_keys: [KEY] }] };
const SEED_ACCOUNTS = parse(readRepositoryFile('examples/seeds/simulator.yaml')) as object;
const [ANN, BEA, CLEO] = [PHONE, '+15551113232', '+15551113233'] as const;
const TEXT = 'The build is green.';
const TASK = { account_sid: SID, auth_token: TOKEN, from_number: FROM, to_number: ANN, msg: TEXT };

let built: Awaited<ReturnType<typeof builtCollection>>;
beforeAll(async () => {
  built = await builtCollection();
});
afterAll(() => built.remove());

const onRealTime = (accounts: object) => startSimulator({ clock: systemClock, accounts });

describe.each(ANSIBLES)('$name', (installation) => {
  const missing = installation.bin === null;
  const bin = installation.bin ?? '';
  const name = (what: string) => (missing ? `${what} (skipped: ${installation.name} is not installed)` : what);
  const home = mkdtempSync(join(tmpdir(), 'tollboard-collections-'));
  const installed = { ANSIBLE_COLLECTIONS_PATH: home, ANSIBLE_COLLECTIONS_PATHS: home };

  beforeAll(async () => {
    if (missing) return;
    const archives = join(home, 'archives');
    const packed = await ansible(bin, [
      'ansible-galaxy',
      'collection',
      'build',
      built.folder,
      '--output-path',
      archives,
    ]);
    expect(packed.printed).toContain('Created collection');
    const archive = /\/\S+\.tar\.gz/.exec(packed.printed)?.[0] ?? '';
    const install = await ansible(bin, ['ansible-galaxy', 'collection', 'install', archive, '-p', home]);
    expect(install.printed).toContain('was installed successfully');
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test.skipIf(missing)(name("runs the three examples of the module's page as they are"), async () => {
    const simulator = await onRealTime(SEED_ACCOUNTS);
    const env = { TWILIO_BASE_URL: simulator.url, ANSIBLE_LIBRARY: built.modules };
    const playbook = join(ROOT, 'examples/seeds/ansible/playbook.yml');
    const { code, printed } = await ansible(bin, ['ansible-playbook', playbook], env);
    expect(printed).toMatch(/ok=3 +changed=3 +unreachable=0 +failed=0/);
    expect(code).toBe(0);
    const taken = simulator.control.messages().messages;
    expect(taken.map(({ from, to, body, mediaUrl }) => [from, to, body, mediaUrl])).toEqual([
      ['+15552014545', '+15553035681', 'All servers with webserver role are now configured.', []],
      ['+15553258899', '+15551113232', "This server's configuration is now complete.", []],
      ['+15553258899', '+12025551235', "This server's configuration is now complete.", []],
      ['+15553258899', '+19735559010', "This server's configuration is now complete.", []],
      ['+15552014545', '+15553035681', 'Deployment complete!', ['https://demo.twilio.com/logo.png']],
    ]);
  });

  test.skipIf(missing)(name('takes the module from library/ beside the playbook by its short name'), async () => {
    const simulator = await onRealTime(SEED_ACCOUNTS);
    const folder = mkdtempSync(join(tmpdir(), 'tollboard-library-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'library'));
    copyFileSync(join(built.modules, 'twilio.js'), join(folder, 'library', 'twilio.js'));
    for (const file of ['playbook.yml', 'one-number.yml', 'several-numbers.yml', 'media.yml'])
      copyFileSync(join(ROOT, 'examples/seeds/ansible', file), join(folder, file));
    const env = { TWILIO_BASE_URL: simulator.url };
    const { printed } = await ansible(bin, ['ansible-playbook', join(folder, 'playbook.yml')], env);
    expect(printed).toMatch(/ok=3 +changed=3/);
    expect(simulator.control.messages().messages).toHaveLength(5);
  });

  test.skipIf(missing)(
    name('S2, S3: a result for each number, API keys, services, calls, and no secret at -vvvv'),
    async () => {
      const simulator = await onRealTime(ACCOUNTS);
      simulator.control.scenarios.add([
        { to: BEA, refuse: 21610 },
        { to: CLEO, deliver: 'undelivered' },
      ]);
      const twilio = (args: object) => ({ 'tollboard.twilio.twilio': { ...TASK, ...args } });
      const { auth_token: _token, ...keyed } = { ...TASK, api_key: KEY.sid, api_secret: KEY.secret };
      const { msg: _msg, ...call } = { ...TASK, say: 'Wake up.', wait_until: 'final' };
      const { from_number: _from, ...service } = { ...TASK, messaging_service_sid: `MG${'1'.repeat(32)}` };
      const credentials = { account_sid: SID, auth_token: TOKEN, from_number: FROM };
      const { results, printed } = await play(
        installation,
        [
          twilio({ to_number: [ANN, BEA, CLEO] }),
          twilio({ to_number: `${ANN}, ${BEA} ,${CLEO}`, stop_on_error: false }),
          { 'tollboard.twilio.twilio': keyed },
          { 'tollboard.twilio.twilio_call': call },
          twilio({ to_number: CLEO, wait_until: 'final', wait: 30 }),
          { 'tollboard.twilio.twilio': service },
          twilio({ auth_token: 'wrong-token-of-nobody' }),
          twilio({ media_url: ['https://example.com/a.png', 'https://example.com/b.png'] }),
          {
            'tollboard.twilio.twilio': { msg: TEXT, to_number: ANN },
            module_defaults: { 'group/tollboard.twilio.twilio': credentials },
          },
        ],
        { args: ['-vvvv'], env: { ...installed, TWILIO_BASE_URL: simulator.url } },
      );
      const [stopped, all, byKey, called, undelivered, serviced, wrong, media, defaults] = results;
      expect(stopped).toMatchObject({ failed: true, changed: true, sent: [{ number: ANN }], unsent: [BEA, CLEO] });
      expect(stopped?.msg).toMatch(/^unable to send message to \+15551113232: Attempt to send to unsubscribed/);
      expect(all).toMatchObject({ failed: true, sent: [{ number: ANN }, { number: CLEO }], unsent: [BEA] });
      expect(byKey).toMatchObject({ changed: true, failed: false, msg: TEXT });
      expect(called).toMatchObject({ changed: true, sent: [{ number: ANN, status: 'completed' }] });
      expect(undelivered).toMatchObject({
        failed: true,
        changed: true,
        sent: [{ number: CLEO, status: 'undelivered' }],
      });
      expect(serviced).toMatchObject({ changed: true });
      expect(wrong).toMatchObject({ failed: true, changed: false, unsent: [ANN] });
      expect(media).toMatchObject({ changed: true, sent: [{ sid: expect.stringMatching(/^MM/) }] });
      expect(defaults).toMatchObject({ changed: true });

      const taken = simulator.control.messages().messages;
      const told = results.flatMap(({ sent }) => sent as Array<{ sid: string }>).map(({ sid }) => sid);
      expect(told.filter((sid) => sid.startsWith('SM') || sid.startsWith('MM'))).toEqual(taken.map(({ sid }) => sid));
      expect(taken.find(({ mediaUrl }) => mediaUrl.length > 0)?.mediaUrl).toHaveLength(2);
      for (const secret of [TOKEN, KEY.secret, 'wrong-token-of-nobody']) expect(printed).not.toContain(secret);
      expect(printed).toContain('VALUE_SPECIFIED_IN_NO_LOG_PARAMETER');
    },
  );

  test.skipIf(missing)(
    name('S1: a dry run sends nothing, says what would change, and finds a bad number'),
    async () => {
      const simulator = await onRealTime(ACCOUNTS);
      const { results } = await play(
        installation,
        [{ 'tollboard.twilio.twilio': TASK }, { 'tollboard.twilio.twilio': { ...TASK, to_number: [ANN, 'nobody!'] } }],
        { args: ['--check'], env: { ...installed, TWILIO_BASE_URL: simulator.url } },
      );
      expect(results).toMatchObject([
        { changed: true, failed: false, msg: TEXT, sent: [] },
        { changed: true, failed: true, sent: [], unsent: [ANN, 'nobody!'] },
      ]);
      expect(simulator.control.messages().messages).toEqual([]);
    },
  );

  test.skipIf(missing)(
    name('sends through a gateway, and at a second run with the same key sends nothing and says so'),
    async () => {
      const { gateway, phones, env } = await startSeedGateway();
      const account = 'ACXXXXXXXXXXXXXXXXX';
      const task = {
        'tollboard.twilio.twilio': {
          ...{ account_sid: account, auth_token: account, from_number: '+15552014545', msg: TEXT },
          ...{ to_number: [ANN, BEA], idempotency_key: 'deploy-4711' },
        },
      };
      const stranger = {
        'tollboard.twilio.twilio': { ...task['tollboard.twilio.twilio'], auth_token: 'of-somebody-else' },
      };
      const { results } = await play(installation, [task, task, stranger], { env: { ...installed, ...env } });
      const [first, second, refused] = results;
      expect(first).toMatchObject({ changed: true, sent: [{ number: ANN }, { number: BEA }] });
      expect(second).toMatchObject({ changed: false, failed: false, replayed: true });
      const ids = (result: typeof first) => ((result?.sent ?? []) as Array<{ id: string }>).map(({ id }) => id);
      expect(ids(second)).toEqual(ids(first));
      expect(refused).toMatchObject({ failed: true, changed: false, sent: [], unsent: [ANN, BEA] });
      expect(await phones()).toEqual([ANN, BEA]);
      expect(gateway.output().out + gateway.output().err).not.toContain('of-somebody-else');
    },
  );

  test.skipIf(missing)(name('shows the page of each module, in the words of the original'), async () => {
    const { printed } = await ansible(bin, ['ansible-doc', '--json', 'tollboard.twilio.twilio'], installed);
    const json = JSON.parse(printed.slice(printed.indexOf('{'))) as Record<
      string,
      { doc: { options: Record<string, { required?: boolean; description: string[] }> } }
    >;
    const seed = JSON.parse(readRepositoryFile('test/contract/data/seed-ansible.json')) as {
      options: Array<{ name: string; required: boolean; description: string }>;
    };
    for (const option of seed.options) {
      const shown = json['tollboard.twilio.twilio']?.doc.options[option.name];
      expect([shown?.required ?? false, shown?.description[0]]).toEqual([option.required, option.description]);
    }
    const call = await ansible(bin, ['ansible-doc', 'tollboard.twilio.twilio_call'], installed);
    expect(call.printed).toContain('wake somebody up');
  });

  const nodeBesidePath = ['/usr/local/bin/node', '/opt/homebrew/bin/node'].find((file) => existsSync(file));
  const unfit = missing || nodeBesidePath !== undefined;
  const reason = missing ? name('') : ` (skipped: the module would find ${nodeBesidePath})`;
  test.skipIf(unfit)(`names Node.js 18 on a machine that has none${unfit ? reason : ''}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollboard-no-node-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const program of ['sh', 'cat', 'mkdir', 'chmod', 'rm', 'echo', 'uname', 'sleep', 'dd'])
      symlinkSync(join('/bin', program), join(folder, program));
    const tasks = [{ 'tollboard.twilio.twilio': TASK, environment: { PATH: folder } }];
    const { results } = await play(installation, tasks, { env: installed });
    expect(results).toMatchObject([{ failed: true, changed: false }]);
    expect(results[0]?.msg).toMatch(/^This module needs Node\.js 18 or newer .*\(none was found\)/);
  });

  const lacksOriginal = missing || !hasOriginal(installation);
  const beside = lacksOriginal ? `(skipped: ${installation.name} with community.general is not installed)` : '';
  test.skipIf(lacksOriginal)(
    `puts the same form on the wire as community.general.twilio ${beside}`.trim(),
    async () => {
      const wire = await startWire();
      const tasks = ['community.general.twilio', 'tollboard.twilio.twilio'].flatMap((module) => [
        { [module]: { ...TASK, msg: 'Grüße & "Küsse" + 100 %', to_numbers: [ANN, BEA] } },
        { [module]: { ...TASK, media_url: 'https://example.com/a,b.png?x=1&y=2', to_number: ANN } },
      ]);
      const fixed = tasks.map((task) =>
        Object.fromEntries(Object.entries(task).map(([module, args]) => [module, onlyOneName(args)])),
      );
      const { results } = await play(installation, fixed, {
        env: {
          ...installed,
          https_proxy: wire.proxy,
          SSL_CERT_FILE: wire.certificate,
          NODE_EXTRA_CA_CERTS: wire.certificate,
        },
      });
      expect(results.map(({ failed }) => failed)).toEqual([false, false, false, false]);
      const [theirs, ours] = [wire.forms.slice(0, 3), wire.forms.slice(3)];
      expect(ours.map(({ form }) => sorted(form))).toEqual(theirs.map(({ form }) => sorted(form)));
      expect(ours.map(({ path }) => path)).toEqual(theirs.map(({ path }) => path));
      // The original sends each form twice, as it waits to be asked for its credentials.
      expect(wire.asked).toBe(3 * 2 + 3);
    },
  );
});

const lacks = (major: number) => (otherNode(major) === null ? ` (skipped: Node ${major} is not installed)` : '');

/** A folder in which `node` is that Node and nothing else is found. */
function pathWith(major: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(otherNode(major) ?? '', join(folder, 'node'));
  return folder;
}

test.skipIf(lacks(12) !== '')(`the module names Node 18 on Node 12, which cannot read it${lacks(12)}`, async () => {
  const { output } = await runModule(join(built.modules, 'twilio.js'), TASK, { env: { PATH: pathWith(12) } });
  expect(output).toMatchObject({ failed: true, changed: false });
  expect(output.msg).toMatch(/^This module needs Node\.js 18 or newer .*\(v12\.\d+\.\d+\)/);
});

test.skipIf(lacks(18) !== '')(`the module runs on Node 18${lacks(18)}`, async () => {
  const simulator = await onRealTime(ACCOUNTS);
  const folder = pathWith(18);
  const env = { PATH: folder, TWILIO_BASE_URL: simulator.url };
  expect(execFileSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' })).toMatch(/^v18\./);
  const file = join(built.modules, 'twilio.js');
  const { output } = await runModule(file, { ...TASK, to_number: [ANN, BEA], stop_on_error: false }, { env });
  expect(output).toMatchObject({ changed: true, sent: [{ number: ANN }, { number: BEA }] });

  const { env: toGateway } = await startSeedGateway();
  const account = {
    account_sid: 'ACXXXXXXXXXXXXXXXXX',
    auth_token: 'ACXXXXXXXXXXXXXXXXX',
    from_number: '+15552014545',
  };
  const through = await runModule(file, { ...TASK, ...account }, { env: { PATH: folder, ...toGateway } });
  expect(through.output).toMatchObject({ changed: true, sent: [{ number: ANN, status: 'queued' }] });
});

test('a lost answer is sought at Twilio and told as found, sent once', async () => {
  const simulator = await onRealTime(ACCOUNTS);
  simulator.control.faults.add({ fault: 'drop_answer', count: 1, method: 'POST' });
  const { output } = await runModule(join(built.modules, 'twilio.js'), TASK, {
    env: { TWILIO_BASE_URL: simulator.url },
  });
  expect(output).toMatchObject({ changed: true, sent: [{ number: ANN }], unsure: [] });
  expect(simulator.control.messages().messages).toHaveLength(1);
});

test('a lost answer that nothing explains makes its number unsure, never unsent, and is not sent again', async () => {
  const simulator = await onRealTime(ACCOUNTS);
  simulator.control.faults.add({ fault: 'drop_answer', count: 1, method: 'POST' });
  simulator.control.faults.add({ fault: 'server_error', method: 'GET' });
  const task = { ...TASK, to_number: [ANN, BEA] };
  const { output } = await runModule(join(built.modules, 'twilio.js'), task, {
    env: { TWILIO_BASE_URL: simulator.url },
  });
  expect(output).toMatchObject({ failed: true, changed: false, sent: [], unsent: [BEA], unsure: [{ number: ANN }] });
  expect(output.msg).toMatch(/It may have been sent \(asked for at [\d-]+T[\d:.]+Z\): do not send it again/);
  expect(simulator.control.messages().messages).toHaveLength(1);
});

test('a gateway whose answers are lost makes every number unsure, and none is sent twice', async () => {
  const { phones, env } = await startSeedGateway();
  const cut = await startCutter(Number(new URL(env.TOLLBOARD_URL).port));
  const account = {
    account_sid: 'ACXXXXXXXXXXXXXXXXX',
    auth_token: 'ACXXXXXXXXXXXXXXXXX',
    from_number: '+15552014545',
  };
  const { output } = await runModule(
    join(built.modules, 'twilio.js'),
    { ...TASK, ...account, to_number: [ANN, BEA] },
    { env: { ...env, TOLLBOARD_URL: cut } },
  );
  expect(output).toMatchObject({ failed: true, sent: [], unsent: [], unsure: [{ number: ANN }, { number: BEA }] });
  expect(output.msg).toMatch(/do not send it again/);
  expect((await phones()).sort()).toEqual([ANN, BEA].sort());
});

test('runs on many hosts at once with one key send one text to each number', async () => {
  const { phones, env } = await startSeedGateway();
  const account = {
    account_sid: 'ACXXXXXXXXXXXXXXXXX',
    auth_token: 'ACXXXXXXXXXXXXXXXXX',
    from_number: '+15552014545',
  };
  const task = { ...TASK, ...account, to_number: [ANN, BEA], idempotency_key: 'release-4711' };
  const file = join(built.modules, 'twilio.js');
  const runs = await Promise.all(Array.from({ length: 6 }, () => runModule(file, task, { env })));
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(
    new Set(runs.map(({ output }) => JSON.stringify((output.sent as Array<{ id: string }>).map(({ id }) => id)))).size,
  ).toBe(1);
  expect(await phones()).toEqual([ANN, BEA]);

  const changed = await runModule(file, { ...task, to_number: [ANN, CLEO] }, { env });
  expect(changed.output).toMatchObject({ failed: true, changed: false, unsent: [CLEO] });
  expect(changed.output.msg).toMatch(/key was used before with another request/);
  expect(await phones()).toEqual([ANN, BEA]);
});

/** A gateway with the accounts of the examples, and what their phones received. */
async function startSeedGateway(): Promise<{
  gateway: Service;
  env: { TOLLBOARD_URL: string; TOLLBOARD_TOKEN: string };
  phones(): Promise<string[]>;
}> {
  const program = createProgram();
  onTestFinished(() => program.close());
  const accounts = join(ROOT, 'examples/seeds/simulator.yaml');
  const gateway = await program.serve([
    'start',
    '--json',
    '--port',
    '0',
    '--simulator-port',
    '0',
    '--accounts',
    accounts,
    '--data',
    'data',
  ]);
  const { url, simulatorUrl } = gateway.ready as { url: string; simulatorUrl: string };
  const { token } = JSON.parse(readFileSync(join(program.cwd, 'data', 'gateway.json'), 'utf8')) as { token: string };
  return {
    gateway,
    env: { TOLLBOARD_URL: url, TOLLBOARD_TOKEN: token },
    async phones() {
      const answer = await fetch(`${simulatorUrl}/_simulator/messages`);
      const { messages } = (await answer.json()) as { messages: Array<{ to: string }> };
      return messages.map(({ to }) => to);
    },
  };
}

/** Passes requests on to a port of this machine and cuts the connection instead of passing an answer back. */
async function startCutter(port: number): Promise<string> {
  const server = createTcpServer((socket) => {
    const through = connect({ host: '127.0.0.1', port });
    socket
      .on('error', () => through.destroy())
      .on('close', () => through.end())
      .pipe(through);
    through.on('error', () => socket.destroy()).once('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Wire {
  /** Of `https_proxy`. */
  proxy: string;
  /** File of the authority that signed for api.twilio.com. */
  certificate: string;
  /** Every request that came with credentials, in order. */
  forms: Array<{ path: string; form: string }>;
  /** Requests in all. */
  readonly asked: number;
}

/** Twilio's own name, as a proxy of the network could answer for it: asks for credentials, takes every text. */
async function startWire(): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-wire-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const what = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2'];
  const name = ['-subj', '/CN=api.twilio.com', '-addext', 'subjectAltName=DNS:api.twilio.com'];
  execFileSync('openssl', [...what, ...name], { stdio: 'ignore' });
  const forms: Wire['forms'] = [];
  let asked = 0;
  const secure = { key: readFileSync(key), cert: readFileSync(certificate) };
  const server = createServer(secure, (request, answer) => void answerTo(request, answer));
  const answerTo = async (request: IncomingMessage, answer: ServerResponse) => {
    asked += 1;
    let form = '';
    for await (const part of request as AsyncIterable<Buffer>) form += part.toString();
    const type = { 'content-type': 'application/json' };
    if (request.headers.authorization === undefined) {
      answer.writeHead(401, { ...type, 'www-authenticate': 'Basic realm="Twilio API"' }).end('{"code": 20003}');
      return;
    }
    const basic = Buffer.from(`${SID}:${TOKEN}`).toString('base64');
    expect(request.headers.authorization).toBe(`Basic ${basic}`);
    // Through a proxy the original names the whole address.
    forms.push({ path: (request.url ?? '').replace('https://api.twilio.com', ''), form });
    const sid = `SM${String(forms.length).padStart(32, '0')}`;
    answer.writeHead(201, type).end(JSON.stringify({ sid, status: 'queued', error_code: null, error_message: null }));
  };
  const proxy = await proxyTo(server);
  return {
    proxy,
    certificate,
    forms,
    get asked() {
      return asked;
    },
  };
}

async function proxyTo(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = createTcpServer((socket) => {
    socket.once('data', () => {
      const through = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(through).pipe(socket);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** `to_numbers` instead of `to_number` where a task gives both. */
function onlyOneName<T extends { to_number?: unknown; to_numbers?: unknown }>(args: T): Partial<T> {
  if (args.to_numbers === undefined) return args;
  const { to_number: _other, ...rest } = args;
  return rest as Partial<T>;
}

function sorted(form: string): Array<[string, string]> {
  return [...new URLSearchParams(form)].sort(([a], [b]) => a.localeCompare(b));
}
