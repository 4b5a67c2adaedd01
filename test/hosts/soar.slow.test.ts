/**
 * The packed app for Splunk SOAR, run by Python 3.9 to 3.13 on the SOAR SDK's classes and on those of the documents:
 * through the vectors, against the simulator, and through a gateway's facade.
 */

import type { Simulator } from '../../src/simulator/server.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { packSoarApp } from '../../scripts/pack-soar.ts';
import { soarDefinition } from '../../src/hosts/soar/definition.ts';
import seed from '../contract/data/seed-soar.json' with { type: 'json' };
import { createProgram, type Program } from '../support/program.ts';
import { rawAnswer, startRawServer } from '../support/raw-server.ts';
import { startSimulator } from '../support/simulator.ts';
import {
  installSoarApp,
  readByTheSdk,
  runSoarActions,
  SOAR_PLATFORMS,
  SOAR_PYTHONS,
  type SoarAction,
  type SoarApp,
  soarPython,
} from '../support/soar-app.ts';
import { likeVector, SOAR_VECTORS, serveVector } from '../support/soar-vectors.ts';
import { readRepositoryFile } from '../support/tree.ts';

let app: SoarApp;
beforeAll(async () => {
  app = await installSoarApp();
});
afterAll(() => app.remove());

test('the package is the same bytes each time it is packed', () => {
  expect(packSoarApp().equals(packSoarApp())).toBe(true);
});

describe.each(SOAR_PYTHONS)('the app on Python %s', (version) => {
  const python = soarPython(version) ?? '';
  const missing = python === '' ? `: skipped, .ci/hosts/soar.sh found no Python ${version} with splunk-soar-sdk` : '';

  test.skipIf(missing !== '')(`is read by the SDK with every field of the definition${missing}`, async () => {
    const { identity, fields, actions } = soarDefinition;
    const read = await readByTheSdk(python, app);
    expect(read).toMatchObject({
      name: soarDefinition.title,
      appid: identity.appId,
      publisher: identity.publisher,
      version: identity.version,
      python: version === '3.13' ? '3.13' : '3.9,3.13',
      configuration: Object.fromEntries(
        fields.configuration.map(({ name, type, required }) => [name, { data_type: type, required }]),
      ),
    });
    const members = soarDefinition.outputs.flatMap(
      ({ name }) => /^action_result\.data\.\*\.(\w+)/.exec(name)?.[1] ?? [],
    );
    const parameters = fields['send message'].map(({ name }) => name).sort();
    expect(read.actions).toEqual(
      Object.fromEntries(
        actions.map(({ name, identifier, type, readOnly }) => [
          identifier,
          {
            action: name,
            type,
            read_only: readOnly,
            parameters: identifier === 'send_text' ? parameters : [],
            output: identifier === 'send_text' ? [...new Set(members)].sort() : [],
          },
        ]),
      ),
    );
  });

  test.skipIf(missing !== '').each(SOAR_PLATFORMS)(
    `gives every vector its output, on the %s${missing}`,
    async (platform) => {
      const servers = await Promise.all(SOAR_VECTORS.map((vector) => serveVector(vector)));
      const actions = SOAR_VECTORS.map(({ input }, index) => ({
        ...input,
        config: { ...input.config, base_url: servers[index]?.baseUrl ?? '' },
      }));
      const { results, all } = await runSoarActions({ python, platform, app }, actions);
      const asked = servers.map((server) => server.asked());
      await Promise.all(servers.map((server) => server.close()));
      for (const [index, { name, output, requests }] of SOAR_VECTORS.entries()) {
        expect({ name, ...results[index] }).toEqual({
          name,
          ...(likeVector(output, (pattern) => expect.stringMatching(pattern)) as object),
        });
        expect({ name, requests: asked[index] }).toEqual({ name, requests });
      }
      expect(all).not.toContain('a-token-that-nobody-may-see');
    },
  );
});

/** The Pythons that SOAR names; each situation is met by both. */
describe.each(['3.9', '3.13'])('the app on the SDK of Python %s', (version) => {
  const python = soarPython(version) ?? '';
  const missing = python === '' ? ` (skipped: .ci/hosts/soar.sh found no Python ${version} with splunk-soar-sdk)` : '';
  const check = test.skipIf(missing !== '');
  const run = (actions: readonly SoarAction[], env: Record<string, string> = {}) =>
    runSoarActions({ python, platform: 'sdk', app, env }, actions);

  /** A simulator of the seeds' accounts whose time passes with the pauses of the app. */
  async function ground(): Promise<{ simulator: Simulator; action: (change: Change) => SoarAction }> {
    const simulator = await startSimulator({ accounts: SEED_ACCOUNTS });
    return { simulator, action: (change) => actionAt(simulator.url, simulator.url, change) };
  }

  /** A gateway with a simulator of the seeds' accounts, both the shipped program. */
  async function gateway(): Promise<{
    program: Program;
    simulatorUrl: string;
    action: (change: Change) => SoarAction;
  }> {
    const program = createProgram();
    onTestFinished(() => program.close());
    writeFileSync(join(program.cwd, 'accounts.yaml'), readRepositoryFile('examples/seeds/simulator.yaml'));
    const options = ['--accounts', 'accounts.yaml', '--port', '0', '--simulator-port', '0', '--json'];
    const { ready } = await program.serve(['start', ...options]);
    const { url, simulatorUrl } = ready as { url: string; simulatorUrl: string };
    return { program, simulatorUrl, action: (change) => actionAt(url, simulatorUrl, change) };
  }

  check(`shows the page's own examples against the simulator${missing}`, async () => {
    const { action } = await ground();
    const { results, progress } = await run([action({}), action({ config: { account_sid: OTHER } })]);
    expect(results.map(({ status }) => status)).toEqual(['success', 'failed']);
    expect(results.map(({ result_data: [result] }) => result?.message)).toEqual([DELIVERED, NOT_FOUND]);
    expect(results[0]?.result_data[0]?.data).toMatchObject([
      { body: TRIAL_BODY, status: 'delivered', from: '+15123456789', to: '+15101112345', error_code: null },
    ]);
    expect(progress[0]).toContain('In action handler for: send_text');
    expect(progress[0]).toContain('Polling attempt 1 of 12 to check status of message delivery');
    expect(progress[0]).not.toContain('12.0');
  });

  check(`shows the page's own examples through a gateway, which stores them${missing}`, async () => {
    const { program, action } = await gateway();
    const { results, all } = await run([
      action({}),
      action({ config: { account_sid: OTHER } }),
      action({ config: { auth_token: 'another-token' } }),
      action({ identifier: 'test_connectivity', parameters: [{}] }),
    ]);
    expect(results.map(({ result_data: [result] }) => result?.message)).toEqual([
      DELIVERED,
      NOT_FOUND,
      expect.stringMatching(/^Error from server\. Status Code: 401 Data from server: \{"code": 20003, /),
      'Test connectivity Passed',
    ]);
    const [message] = results[0]?.result_data[0]?.data ?? [];
    expect(message).toMatchObject({ status: 'delivered', to: '+15101112345' });
    const status = await program.run(['status', String(message?.sid), '--json']);
    expect(status.lines).toMatchObject([{ host: 'facade', state: 'done', status: 'delivered', to: '+15101112345' }]);
    expect(all).not.toContain('auth-token-of-the-asset');
  });

  check(`tells a text as delivered whose answer was lost, through a gateway that finds it${missing}`, async () => {
    const { program, simulatorUrl, action } = await gateway();
    await strike(simulatorUrl, { fault: 'drop_answer', method: 'POST', count: 1 });
    const { results } = await run([action({})]);
    expect(results[0]?.result_data).toMatchObject([
      { status: 'success', message: DELIVERED, data: [{ to: '+15101112345' }] },
    ]);
    const phones = await program.run(['simulator', 'messages', '--json']);
    expect(phones.lines).toMatchObject([{ to: '+15101112345', answered: false }]);
  });

  check(`tells a text that a gateway knows nothing certain of as one that may have been sent${missing}`, async () => {
    const { program, simulatorUrl, action } = await gateway();
    await strike(simulatorUrl, { fault: 'drop_answer', method: 'POST', count: 1 });
    await strike(simulatorUrl, { fault: 'server_error', method: 'GET' });
    await strike(simulatorUrl, { fault: 'callback_lost' });
    const [result] = (await run([action({})])).results[0]?.result_data ?? [];
    expect(result).toMatchObject({ status: 'failed', data: [], summary: {} });
    expect(result?.message).toMatch(/The message SM[0-9a-f]{32} to \+15101112345 may have been sent: do not send it/);
    const phones = await program.run(['simulator', 'messages', '--json']);
    expect(phones.lines).toHaveLength(1);
  });

  check(
    `S4: tells undelivered as a failure and keeps it, and texts nobody for test connectivity${missing}`,
    async () => {
      const { simulator, action } = await ground();
      simulator.control.scenarios.replace([{ to: '+15101112345', deliver: 'undelivered', errorCode: 30003 }]);
      const { results } = await run([action({ identifier: 'test_connectivity', parameters: [{}] }), action({})]);
      expect(results[0]?.result_data).toMatchObject([
        { status: 'success', message: 'Test connectivity Passed', data: [] },
      ]);
      const [result] = results[1]?.result_data ?? [];
      expect(result?.message).toMatch(/^Message delivery failed with status: undelivered, error code: 30003/);
      expect(result).toMatchObject({ status: 'failed', data: [{ status: 'undelivered', error_code: 30003 }] });
      expect(simulator.control.messages().messages).toHaveLength(1);
    },
  );

  check(`never tells a text that Twilio took as unsent${missing}`, async () => {
    for (const fault of ['drop_answer', 'truncate', 'no_sid']) {
      const { simulator, action } = await ground();
      simulator.control.faults.add({ fault, method: 'POST', count: 1 });
      const { results } = await run([action({})]);
      const [result] = results[0]?.result_data ?? [];
      expect(result?.status, fault).toBe('failed');
      expect(result?.message, fault).toMatch(
        /The message to \+15101112345, asked for at \d{4}-\d\d-\d\dT[\d:.]+Z, may have been sent: do not send it again/,
      );
      expect(simulator.control.messages().messages, fault).toHaveLength(1);
    }
  });

  check(`tells what was certainly not sent, and sends nothing${missing}`, async () => {
    const { simulator, action } = await ground();
    const parameters = (change: object) => ({ parameters: [{ ...EXAMPLE, ...change }] });
    const cases: Array<[change: Change, message: RegExp]> = [
      [parameters({ message: 'x'.repeat(1601) }), /Status Code: 400 .*"code": 21617/],
      [parameters({ to_phone: 'whatsapp:+15101112345' }), /Status Code: 400 .*"code": 21910/],
      [parameters({ to_phone: '442079460000' }), /Status Code: 400 .*"code": 21211/],
      [parameters({ to_phone: ' ' }), /^Please specify the to_phone value/],
      [{ config: { auth_token: 'another-token' } }, /Status Code: 401 .*"code": 20003/],
      [{ config: { base_url: 'http://127.0.0.1:1' } }, /^Error Connecting to server\. Details: /],
    ];
    const { results, progress, all } = await run(cases.map(([change]) => action(change)));
    for (const [index, [, message]] of cases.entries()) {
      expect(results[index]?.result_data[0]?.message).toMatch(message);
      expect(results[index]?.result_data[0]?.message).not.toContain('may have been sent');
    }
    expect(progress[2]).toContain('442079460000 has no +');
    expect(simulator.control.messages().messages).toEqual([]);
    for (const secret of ['auth-token-of-the-asset', 'another-token']) expect(all).not.toContain(secret);
  });

  check(`gives a storm of 429 as a failure, and takes base_url with and without its end${missing}`, async () => {
    const { simulator, action } = await ground();
    simulator.control.faults.add({ fault: 'rate_limit', method: 'POST', count: 1 });
    const ends = ['', '/', '/2010-04-01', '/2010-04-01/'];
    const { results } = await run(ends.map((end) => action({ config: { base_url: `${simulator.url}${end}` } })));
    const messages = results.map(({ result_data: [result] }) => result?.message);
    expect(messages[0]).toMatch(/Status Code: 429 .*"code": 20429/);
    expect(messages.slice(1)).toEqual([DELIVERED, DELIVERED, DELIVERED]);
    expect(simulator.control.messages().messages).toHaveLength(3);
  });

  check(`says what answered in the connector's own words${missing}`, async () => {
    const page =
      '<head><style>p {}</style></head><h1>Bad Gateway</h1>\n\n<nav>Home</nav><p>Try\n later</p><script>x()</script>';
    const answers: Array<[answer: string, message: string]> = [
      [
        rawAnswer(502, page, { 'Content-Type': 'text/html' }),
        'Status Code: 502. Data from server:\nBad Gateway\nTry\nlater\n',
      ],
      [rawAnswer(503), 'Empty response and no information in the header'],
      [
        rawAnswer(500, 'oops {1}', { 'Content-Type': 'text/plain' }),
        "Can't process response from server. Status Code: 500 Data from server: oops {1}",
      ],
      [
        rawAnswer(500, '{"code"', { 'Content-Type': 'application/json' }),
        "Unable to parse JSON response. Error: Expecting ':' delimiter: line 1 column 8 (char 7)",
      ],
      [rawAnswer(201, '{}', { 'Content-Type': 'application/json' }), 'SID not part of the response'],
    ];
    const left = answers.map(([answer]) => answer);
    const server = await startRawServer(async (connection) => {
      await connection.request();
      connection.write(left.shift() ?? '');
      connection.end();
    });
    onTestFinished(() => server.close());
    const address = `http://127.0.0.1:${server.port}`;
    const { results } = await run(answers.map(() => actionAt(address, address, {})));
    for (const [index, [, message]] of answers.entries()) {
      const said = results[index]?.result_data[0]?.message ?? '';
      expect(said.slice(0, message.length)).toBe(message);
      expect(said.slice(message.length)).toContain('may have been sent');
    }
  });

  check(`tells why test connectivity failed${missing}`, async () => {
    const { action } = await ground();
    const connectivity = { identifier: 'test_connectivity', parameters: [{}] };
    const { results, progress } = await run([action({ ...connectivity, config: { auth_token: 'another-token' } })]);
    expect(results[0]?.result_data[0]?.message).toMatch(/^Error from server\. Status Code: 401 /);
    expect(progress[0]).toContain('Connecting to the Twilio account to check connectivity');
    expect(progress[0]).toMatch(/Status Code: 401 .*\nTest Connectivity Failed\n$/s);
  });

  check(`looks for about a minute, also where every look hangs${missing}`, async () => {
    const created = JSON.stringify({ sid: `SM${'0'.repeat(32)}`, status: 'queued' });
    const server = await startRawServer(async (connection) => {
      const { head } = await connection.request();
      if (head.startsWith('POST')) connection.write(rawAnswer(201, created, { 'Content-Type': 'application/json' }));
    });
    onTestFinished(() => server.close());
    const address = `http://127.0.0.1:${server.port}`;
    const { sleep_url: _none, ...action } = actionAt(address, address, {});
    // A minute of 3 s, in which each look takes 2 s.
    const constants = { POLL_SECONDS: 0.25, TIMEOUT_SECONDS: 2 };
    const { results } = await run([{ ...action, constants, real_time: true }]);
    expect(results[0]?.result_data).toMatchObject([{ status: 'success', message: 'Message delivery status: queued' }]);
    expect(server.requests.filter(({ head }) => head.startsWith('GET')).length).toBeLessThan(3);
  });

  check(
    `goes through the proxy of the environment, and gives up on a server that never answers${missing}`,
    async () => {
      const server = await startRawServer(async (connection) => {
        await connection.request();
      });
      onTestFinished(() => server.close());
      const address = `http://127.0.0.1:${server.port}`;
      const hasty = (base_url: string) => ({
        ...actionAt(address, address, { config: { base_url } }),
        constants: { TIMEOUT_SECONDS: 0.5 },
      });
      const { results } = await run([hasty('http://twilio.example/2010-04-01')], { HTTP_PROXY: address });
      expect(results[0]?.result_data[0]?.message).toMatch(/timed out.*may have been sent/i);
      expect(server.requests[0]?.head).toMatch(
        new RegExp(`^POST http://twilio\\.example/2010-04-01/Accounts/${ACCOUNT}/Messages\\.json `),
      );
    },
  );
});

const ACCOUNT = 'ABCDEF48541a49795fef18219497c47101';
const OTHER = 'ABCDEF48541a12345fef18219497c47101';
const EXAMPLE = { to_phone: '5101112345', message: 'Happy Halloween to GV' };
const examplesOf = (name: string) => seed.outputs.find((row) => row.name === name)?.examples ?? [];
const [NOT_FOUND, DELIVERED] = examplesOf('action_result.message');
const [TRIAL_BODY] = examplesOf('action_result.data.*.body');
const SEED_ACCOUNTS: unknown = parse(readRepositoryFile('examples/seeds/simulator.yaml'));

interface Change {
  identifier?: string;
  config?: Record<string, string>;
  parameters?: ReadonlyArray<Record<string, unknown>>;
}

async function strike(simulatorUrl: string, fault: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(`${simulatorUrl}/_simulator/faults`, { method: 'POST', headers, body: JSON.stringify(fault) });
}

/** The page's example against this address; `simulatorUrl` is whose time the pauses of the app move on. */
function actionAt(url: string, simulatorUrl: string, { config, ...change }: Change): SoarAction {
  const example = JSON.parse(readRepositoryFile('examples/seeds/soar/send-message.json')) as SoarAction;
  return {
    ...example,
    ...change,
    config: { ...example.config, base_url: `${url}/2010-04-01`, ...config },
    sleep_url: `${simulatorUrl}/_simulator/clock`,
  };
}
