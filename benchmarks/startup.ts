/**
 * Start-up of one-shot commands: whole processes from start to exit, beside an empty Node. What is measured is the form in
 * which npm delivers the program; in a clone it also compares the times of its sources at every start.
 */

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCollection } from '../integrations/ansible/build.ts';
import { median } from './load.ts';
import { startMock } from './mock.ts';
import { print } from './table.ts';

const ROUNDS = 25;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SEND = ['send', '--to', '+15551230001', '--from', '+15550000001', '--body', 'The build is green.'];

interface Command {
  text: string;
  /** Default: Node. */
  program?: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

export async function run(): Promise<void> {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`Node ${process.version}, ${cpus().length} × ${processor}; medians of ${ROUNDS} rounds\n`);
  await startUp();
}

/** The commands take turns, so that whatever else the machine does meets all alike. */
export async function startUp(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  const built = existsSync(join(ROOT, 'dist', 'cli', 'main.js'));
  const program = built ? installed(join(folder, 'package')) : join(ROOT, 'bin', 'tollboard.js');
  const mock = await startMock(0);
  const gateway = await startGateway(program, join(folder, 'data'));
  const commands = [...commandsOf(program, gateway, mock.url), await ansibleModule(folder, mock.url)];
  const times = commands.map((): number[] => []);
  // The first round fills the compile cache.
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [index, command] of commands.entries()) {
      const ms = timeOf(command);
      if (round > 0) times[index]?.push(ms);
    }
  gateway.process.kill();
  mock.process.kill();
  rmSync(folder, { recursive: true, force: true });
  const empty = median(times[0] ?? []);
  print(`Start to exit, ${built ? 'as built' : 'from source (build first for the published form)'}`, [
    ['', 'ms', 'to node -e 0'],
    ...commands.map(({ text }, index) => {
      const ms = median(times[index] ?? []);
      return [text, ms.toFixed(1), `${(ms / empty).toFixed(2)} ×`];
    }),
  ]);
}

function commandsOf(program: string, gateway: { url: string; token: string }, twilioUrl: string): Command[] {
  const toGateway = { TOLLBOARD_URL: gateway.url, TOLLBOARD_TOKEN: gateway.token };
  const direct = {
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: '1'.repeat(32),
    TWILIO_BASE_URL: twilioUrl,
  };
  return [
    { text: 'node -e 0', args: ['-e', '0'], env: {} },
    { text: 'node that only loads node:https', args: ['-e', "require('node:https')"], env: {} },
    { text: 'tollboard --version', args: [program, '--version'], env: {} },
    { text: 'tollboard send --dry-run', args: [program, ...SEND, '--dry-run'], env: {} },
    { text: 'tollboard send, accepted by a gateway', args: [program, ...SEND], env: toGateway },
    { text: 'tollboard send --direct, to http', args: [program, ...SEND, '--direct'], env: direct },
  ];
}

/** As Ansible runs it on a target: the shell finds Node, and Node sends. */
async function ansibleModule(folder: string, twilioUrl: string): Promise<Command> {
  const task = {
    account_sid: `AC${'0'.repeat(32)}`,
    auth_token: '1'.repeat(32),
    from_number: '+15550000001',
    to_number: '+15551230001',
    msg: 'The build is green.',
  };
  await buildCollection(join(folder, 'collection'));
  writeFileSync(join(folder, 'args'), JSON.stringify(task));
  const file = join(folder, 'collection', 'plugins', 'modules', 'twilio.js');
  return {
    text: 'module twilio of Ansible, to http',
    program: '/bin/sh',
    args: [file, join(folder, 'args')],
    env: { TWILIO_BASE_URL: twilioUrl, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  };
}

function timeOf({ text, program = process.execPath, args, env }: Command): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, {
    env: bare(env),
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${text} ended with ${status}: ${stderr}`);
  return ms;
}

/** The files of the package, with the dependencies of this clone. */
function installed(folder: string): string {
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin', 'tollboard.js');
}

/** In a process of its own: this one is blocked while it waits for a command. */
async function startGateway(program: string, data: string) {
  const args = [program, 'start', '--json', '--port', '0', '--simulator-port', '0', '--data', data];
  const child = spawn(process.execPath, args, { env: bare(), stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('The gateway ended before it was ready.')));
  });
  const file = JSON.parse(readFileSync(join(data, 'gateway.json'), 'utf8')) as { url: string; token: string };
  return { ...file, process: child };
}

/** Neither credentials nor settings of the shell that measures. */
function bare(env: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
}
