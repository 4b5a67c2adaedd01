/**
 * The module beside the original, `community.general.twilio`, each run by the same `ansible-playbook`, over the same network:
 * one number, and 100 at 50 ms. The task's own time is told by Ansible's `profile_tasks`.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCollection } from '../integrations/ansible/build.ts';
import { median, recipient } from './load.ts';
import { startMock } from './mock.ts';
import { print } from './table.ts';

const TASK = {
  account_sid: `AC${'0'.repeat(32)}`,
  auth_token: '1'.repeat(32),
  from_number: '+15550000001',
  msg: 'The build is green.',
};
const ORIGINAL = 'community.general.twilio';
const OURS = 'tollboard.twilio.twilio';

interface Candidate {
  text: string;
  module: string;
  args?: Readonly<Record<string, unknown>>;
}

const ONE: readonly Candidate[] = [
  { text: 'original', module: ORIGINAL },
  { text: 'Tollboard', module: OURS },
];
const MANY: readonly Candidate[] = [
  ...ONE,
  { text: 'Tollboard, stop_on_error: false', module: OURS, args: { stop_on_error: false } },
];

export async function run(): Promise<void> {
  const lack = missing();
  if (lack !== null) {
    console.log(`Skipped: ${lack}.`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const what = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2'];
  const name = ['-subj', '/CN=api.twilio.com', '-addext', 'subjectAltName=DNS:api.twilio.com'];
  execFileSync('openssl', [...what, ...name], { stdio: 'ignore' });
  await buildCollection(join(folder, 'collections', 'ansible_collections', 'tollboard', 'twilio'));
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`${version()}, Node ${nodeVersion()}, ${cpus().length} × ${processor}; medians\n`);
  for (const latency of [0, 50])
    await compare('One number', ONE, { count: 1, latency, rounds: 9, folder, key, certificate });
  await compare('100 numbers', MANY, { count: 100, latency: 50, rounds: 3, folder, key, certificate });
  rmSync(folder, { recursive: true, force: true });
}

/** What is not installed, or null. */
function missing(): string | null {
  const programs = ['ansible-playbook', 'ansible-galaxy', 'openssl', 'node'];
  const absent = programs.filter((program) => spawnSync('which', [program], { stdio: 'ignore' }).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not found`;
  const list = spawnSync('ansible-galaxy', ['collection', 'list', 'community.general'], { encoding: 'utf8' });
  return list.stdout.includes('community.general') ? null : 'the collection community.general is not installed';
}

function version(): string {
  return spawnSync('ansible-playbook', ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0] ?? '';
}

/** The Node that the module finds: the system's, not the one that runs this. */
function nodeVersion(): string {
  return spawnSync('node', ['--version'], { encoding: 'utf8', env: environment() }).stdout.trim();
}

interface Setting {
  count: number;
  latency: number;
  rounds: number;
  folder: string;
  key: string;
  certificate: string;
}

/** The candidates take turns, so that whatever else the machine does meets all alike. */
async function compare(title: string, candidates: readonly Candidate[], setting: Setting): Promise<void> {
  const { count, latency, rounds, folder, key, certificate } = setting;
  const network = await startMock(latency, { file: 'mock-network.ts', args: [key, certificate] });
  const times = candidates.map((): Array<{ task: number; play: number }> => []);
  for (let round = 0; round <= rounds; round += 1)
    for (const [index, candidate] of candidates.entries()) {
      const time = play(candidate, { count, folder, certificate, proxy: network.url });
      if (round > 0) times[index]?.push(time);
    }
  network.process.kill();
  const task = times.map((each) => median(each.map((one) => one.task)));
  print(`${title}, ${latency} ms latency, ${rounds} rounds`, [
    ['', 'task s', 'times faster', 'whole play s'],
    ...candidates.map(({ text }, index) => {
      const own = task[index] ?? 0;
      const whole = median((times[index] ?? []).map((one) => one.play));
      return [text, own.toFixed(2), ((task[0] ?? 0) / own).toFixed(1), whole.toFixed(2)];
    }),
  ]);
}

interface Ground {
  count: number;
  folder: string;
  certificate: string;
  proxy: string;
}

function play({ module, args, text }: Candidate, ground: Ground): { task: number; play: number } {
  const playbook = join(ground.folder, 'playbook.yml');
  const numbers = Array.from({ length: ground.count }, (_, index) => recipient(index));
  const tasks = [{ name: 'send', [module]: { ...TASK, ...args, to_number: numbers } }];
  writeFileSync(playbook, JSON.stringify([{ hosts: 'localhost', gather_facts: false, tasks }]));
  const start = performance.now();
  const { status, stdout } = spawnSync('ansible-playbook', [playbook], {
    encoding: 'utf8',
    env: environment({
      HOME: ground.folder,
      ANSIBLE_COLLECTIONS_PATHS: `${join(ground.folder, 'collections')}:/usr/share/ansible/collections`,
      ANSIBLE_CALLBACKS_ENABLED: 'ansible.posix.profile_tasks',
      https_proxy: ground.proxy,
      SSL_CERT_FILE: ground.certificate,
      NODE_EXTRA_CA_CERTS: ground.certificate,
    }),
  });
  const whole = (performance.now() - start) / 1000;
  const task = /^send -+ *([\d.]+)s$/m.exec(stdout)?.[1];
  if (status !== 0 || task === undefined) throw new Error(`${text} ended with ${status}: ${stdout.slice(-2000)}`);
  return { task: Number(task), play: whole };
}

/** Of this machine only where its programs are; npm puts another Node before the system's. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { PATH: path.join(':'), LANG: 'C.UTF-8', ...more };
}
