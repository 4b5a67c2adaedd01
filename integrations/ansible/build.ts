/** Builds the collection `tollboard.twilio`: the files beside this one, and the two modules bundled for Node 18. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { MODULES } from '../../src/hosts/ansible/definition.ts';
import { version } from '../../src/version.ts';
import { lateNumberingPlans, parsedTwilioErrors } from '../late-tables.ts';
import { PRELUDE } from './prelude.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const FILES = ['README.md', 'bindep.txt', 'meta', 'plugins'];

/** Into `folder`, which is emptied first: what `ansible-galaxy collection install` and `build` take. */
export async function buildCollection(folder: string): Promise<void> {
  const program = await bundle();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of FILES) cpSync(join(HERE, name), join(folder, name), { recursive: true });
  const galaxy = readFileSync(join(HERE, 'galaxy.yml'), 'utf8');
  writeFileSync(join(folder, 'galaxy.yml'), galaxy.replace(/^version: .*$/m, `version: ${version}`));
  // One file for each name: which module it is, Ansible tells it in the arguments.
  for (const { name } of Object.values(MODULES))
    writeFileSync(join(folder, 'plugins', 'modules', `${name}.js`), PRELUDE + program, { mode: 0o755 });
}

async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-ansible-'));
  try {
    await build({
      config: false,
      entry: { twilio: join(HERE, 'entry.ts') },
      outDir: folder,
      format: 'cjs',
      platform: 'node',
      target: 'node18',
      minify: true,
      dts: false,
      hash: false,
      fixedExtension: false,
      logLevel: 'error',
      plugins: [lateNumberingPlans('inside'), parsedTwilioErrors],
      deps: { alwaysBundle: [/./], onlyBundle: ['libphonenumber-js'] },
      banner: 'process.getBuiltinModule ??= require;',
    });
    return readFileSync(join(folder, 'twilio.cjs'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await buildCollection(fileURLToPath(new URL('../../dist/ansible/', import.meta.url)));
