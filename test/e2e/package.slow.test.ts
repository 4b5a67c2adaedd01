/** The package as npm delivers it: packed, installed in an empty project, run and imported there with its types. */

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.ts';
import { createProgram } from '../support/program.ts';
import { ROOT } from '../support/tree.ts';

const run = promisify(execFile);

/** What `npm pack` reads; the build of the work tree stays as it is. */
const SOURCES = [
  'bin',
  'src',
  'integrations',
  'package.json',
  'tsconfig.json',
  'tsdown.config.ts',
  'README.md',
  'LICENSE',
  'docs',
];
/** By export of the manifest, the function that it is for. */
const FUNCTIONS: Record<string, string> = {
  '.': 'createTollboard',
  './hosts': 'ansible.run',
  './simulator': 'createSimulator',
  './twilio-http-client': 'createTwilioHttpClient',
};
const EXAMPLES = ['send-a-text.ts', 'test-with-the-simulator.ts'];

describe('the installed package', () => {
  const home = mkdtempSync(join(tmpdir(), 'tollboard-package-'));
  const project = join(home, 'project');
  const program = createProgram(join(project, 'node_modules', 'tollboard', 'bin', 'tollboard.js'));

  const inProject = (file: string, args: string[]) => run(file, args, { cwd: project, env: environment() });

  beforeAll(async () => {
    const copy = join(home, 'copy');
    for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    await run('npm', ['pack', '--pack-destination', home], { cwd: copy, env: environment() });
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const tarball = join(home, `tollboard-${version}.tgz`);
    await inProject('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
  }, 300_000);

  afterAll(async () => {
    await program.close();
    rmSync(home, { recursive: true, force: true });
  });

  test('answers to npx', async () => {
    expect((await inProject('npx', ['tollboard', '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('starts a gateway, and sends through it to the end', async () => {
    const gateway = await program.serve(['start', '--json', '--port', '0', '--simulator-port', '0', '--data', 'data']);
    const sent = await program.run(['send', '--to', '+15551230001', '--body', 'Hello', '--wait', '--json']);
    expect(sent).toMatchObject({ code: 0, lines: [{ state: 'done', status: 'delivered' }] });
    expect(await gateway.stop()).toMatchObject({ code: 0 });
  });

  test('checks a text, with a configuration file and without', async () => {
    const check = ['send', '--to', '+15551230001', '--body', 'Hello', '--dry-run', '--json'];
    const expected = { dryRun: true, from: null, encoding: 'GSM-7', segments: 1 };
    expect(await program.run(check)).toMatchObject({ code: 0, lines: [expected] });

    writeFileSync(join(program.cwd, 'tollboard.yaml'), 'sender: "+15550000001"\n');
    const configured = await program.run(check);
    expect(configured).toMatchObject({ code: 0, lines: [{ ...expected, from: '+15550000001' }] });
  });

  test.each(EXAMPLES)('runs the example %s', async (example) => {
    const text = readFileSync(join(ROOT, 'examples', example), 'utf8');
    writeFileSync(join(project, example), text);
    const promised = [...text.matchAll(/^ \* {3}(\S.*)$/gm)].map(([, line]) => `${line}\n`).join('');
    expect(promised).not.toBe('');
    expect((await inProject(process.execPath, [example])).stdout).toBe(promised);
  });

  test('brings the collection for Ansible as ansible-galaxy installs it', () => {
    const collection = join(project, 'node_modules', 'tollboard', 'dist', 'ansible');
    for (const file of [
      'galaxy.yml',
      'README.md',
      'meta/runtime.yml',
      'plugins/modules/twilio.js',
      'plugins/modules/twilio.yml',
    ])
      expect(existsSync(join(collection, file)), file).toBe(true);
  });

  test('offers every export of its manifest, and each its function', async () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object };
    const modules = Object.keys(exports).filter((name) => !name.endsWith('.json'));
    expect(modules).toEqual(Object.keys(FUNCTIONS));
    for (const name of modules) {
      const line = `console.log(typeof (await import('tollboard${name.slice(1)}')).${FUNCTIONS[name]})`;
      const printed = await inProject(process.execPath, ['--input-type=module', '--eval', line]);
      expect(printed.stdout, name).toBe('function\n');
    }
  });

  test('brings the reference pages that its errors name', () => {
    const pages = new Set(Object.values(ERRORS).flatMap(({ remedy }) => remedy.match(/docs\/[\w/-]+\.md/g) ?? []));
    expect(pages.size).toBeGreaterThan(1);
    for (const page of pages) expect(existsSync(join(project, 'node_modules', 'tollboard', page)), page).toBe(true);
  });

  test('brings types that hold in a strict project', async () => {
    for (const example of [...EXAMPLES, 'send-from-twilio-node.ts'])
      cpSync(join(ROOT, 'examples', example), join(project, 'typed', example));
    symlinkSync(join(ROOT, 'node_modules', 'twilio'), join(project, 'node_modules', 'twilio'));
    const compilerOptions = {
      ...{ strict: true, noEmit: true, target: 'es2024', module: 'nodenext' },
      ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')], skipLibCheck: true },
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['typed'] }));
    await expect(inProject(process.execPath, [tsc(), '--project', project])).resolves.toMatchObject({ stdout: '' });

    writeFileSync(join(project, 'typed', 'wrong.ts'), "import 'tollboard';\nimport { nothing } from 'tollboard';\n");
    const wrong = await inProject(process.execPath, [tsc(), '--project', project]).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ stdout: expect.stringContaining('TS2305') as string });
  });
});

function tsc(): string {
  return join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
}

/** Without this run's own variables, and with this Node first: a user has one that is new enough. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?!config_registry)|NODE_(?!EXTRA_CA)|VITEST|TOLLBOARD_|TWILIO_|INIT_CWD)/.test(name),
  );
  return { ...Object.fromEntries(kept), PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
}
