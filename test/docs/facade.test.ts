/** The programs of the facade's page run against a gateway and do what the page says. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTollboard, type Tollboard } from '../../src/index.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const run = promisify(execFile);
const page = readRepositoryFile('docs/guide/facade.md');
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';

const folder = mkdtempSync(join(tmpdir(), 'tollboard-facade-page-'));
let gateway: Tollboard;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules', 'twilio'), join(folder, 'node_modules', 'twilio'));
  gateway = await createTollboard({ data: join(folder, 'gateway') });
  env = {
    PATH: process.env.PATH,
    TOLLBOARD_URL: gateway.running?.url,
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: '1'.repeat(32),
  };
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the Node program prints what the page shows', async () => {
  writeFileSync(join(folder, 'program.mjs'), block('js'));
  const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: folder, env });
  expect(stdout).toBe(block('text'));
});

test('the curl command sends a text', async (context) => {
  const curl = await run('curl', ['--version']).catch(() => null);
  if (curl === null) context.skip('this machine has no curl');
  const { stdout } = await run('sh', ['-c', block('sh')], { cwd: folder, env });
  expect(JSON.parse(stdout)).toMatchObject({ status: 'queued', to: '+15551230001', body: 'Hello' });
});
