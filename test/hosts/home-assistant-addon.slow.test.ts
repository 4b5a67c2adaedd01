/** The add-on of integrations/home-assistant/addon: its options become the gateway's configuration, and the gateway starts with it. */

import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { createProgram, type Program } from '../support/program.ts';
import { ROOT } from '../support/tree.ts';

const SCRIPT = join(ROOT, 'integrations/home-assistant/addon/tollboard/run.sh');
const [SID, TOKEN, SUPERVISOR] = [
  `AC${'4'.repeat(32)}`,
  `"'$(x) \\ #: {${'é'.repeat(4)}`,
  'the-token-of-the-supervisor',
];
const OPTIONS = { account_sid: SID, auth_token: TOKEN, hosts: ['homeassistant.local', 'local-tollboard'] };
const PUBLIC_URL = 'https://gateway.example.com';

interface Addon {
  program: Program;
  /** Everything told on standard error so far. */
  said(): string;
  child: ChildProcessByStdio<null, Readable, Readable>;
}

/** As the supervisor starts it: options in a file, its own token in the environment. `command` stands for the program. */
function startAddon(
  options: object,
  command = `exec '${process.execPath}' '${join(ROOT, 'bin/tollboard.js')}' "$@"`,
): Addon {
  const program = createProgram();
  onTestFinished(() => program.close());
  const bin = join(program.cwd, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'tollboard'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  writeFileSync(join(program.cwd, 'options.json'), JSON.stringify(options));
  const child = spawn('sh', [SCRIPT, '--json', '--port', '0'], {
    cwd: program.cwd,
    env: {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      TOLLBOARD_ADDON_DATA: program.cwd,
      SUPERVISOR_TOKEN: SUPERVISOR,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { program, said: () => said, child };
}

test('the options become the configuration, whatever characters are in them, and the token of the supervisor no file', async () => {
  const { program, child } = startAddon({ ...OPTIONS, public_url: PUBLIC_URL }, 'echo "$@"');
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [code] = await once(child, 'close');
  const file = join(program.cwd, 'tollboard.yaml');
  expect([code, out.trim()]).toEqual([0, `start --config ${file} --simulator never --json --port 0`]);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toContain(SUPERVISOR);
  const env = { SUPERVISOR_TOKEN: SUPERVISOR };
  const settings = await loadSettings({ flags: { config: file }, env, cwd: '/' });
  expect(settings).toMatchObject({
    listen: { host: '0.0.0.0', port: 8655, hosts: OPTIONS.hosts },
    publicUrl: PUBLIC_URL,
    dataDir: join(program.cwd, 'tollboard'),
    accounts: [{ accountSid: SID, authTokens: [TOKEN] }],
  });
  expect(settings.sinks).toMatchObject([{ name: 'home_assistant' }]);
  expect(JSON.stringify(settings.sinks)).toContain('http://supervisor/core');
});

test('a gateway starts with them, answers, and keeps its secrets to itself', async () => {
  const { program, child, said } = startAddon({ ...OPTIONS, public_url: PUBLIC_URL });
  const ready = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const ended = once(child, 'close').then(() => Promise.reject(new Error(said())));
  const [line] = await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  const { url, webhookUrl, simulated } = JSON.parse(line) as Record<string, string>;
  expect(webhookUrl).toMatch(new RegExp(`^${PUBLIC_URL}/api/webhook/[0-9a-f]{64}$`));
  expect(simulated).toBe(false);
  const port = Number(new URL(String(url)).port);
  expect(await healthz(port, 'homeassistant.local:8655')).toBe(200);
  // Why the health check asks from within: the address of the container is no name that the gateway answers to.
  expect(await healthz(port, '172.30.33.4:8655')).toBe(421);
  expect(healthCheck(port)).toBe(0);
  const secrets = [TOKEN, SUPERVISOR];
  const command = `/proc/${child.pid}/cmdline`;
  if (existsSync(command)) for (const secret of secrets) expect(readFileSync(command, 'utf8')).not.toContain(secret);
  expect(existsSync(join(program.cwd, 'tollboard/gateway.json'))).toBe(true);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(healthCheck(port)).toBe(1);
  for (const secret of secrets) expect(said()).not.toContain(secret);
});

test('options that are left out or empty are told in words', async () => {
  const { child, said } = startAddon({ account_sid: SID, auth_token: '', hosts: [] });
  const [code] = await once(child, 'close');
  expect(code).toBe(2);
  expect(said()).toMatch(/auth_token/);
  const without = startAddon(OPTIONS, 'cat tollboard.yaml');
  let file = '';
  without.child.stdout.setEncoding('utf8').on('data', (text: string) => (file += text));
  await once(without.child, 'close');
  expect(file).not.toContain('public_url');
});

const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
test.skipIf(!shellcheck)(
  `shellcheck has nothing against the start script${shellcheck ? '' : ': skipped, no shellcheck'}`,
  () => {
    expect(spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' }).stdout).toBe('');
  },
);

/** As Docker runs it; its exit code. */
function healthCheck(port: number): number | null {
  const image = readFileSync(join(dirname(SCRIPT), 'Dockerfile'), 'utf8');
  const [, command = '[]'] = /^HEALTHCHECK .*\\\n +CMD (\[.+\])$/m.exec(image) ?? [];
  const [program = '', ...args] = JSON.parse(command.replaceAll(':8655', `:${port}`)) as string[];
  return spawnSync(program, args, { env: { PATH: dirname(process.execPath) } }).status;
}

function healthz(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/healthz', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
}
