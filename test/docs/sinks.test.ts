import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { readRepositoryFile } from '../support/tree.ts';

it('the example of the page on sinks loads, a sink of each kind', async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-docs-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const example = /```yaml\n(.*?)```/s.exec(readRepositoryFile('docs/guide/sinks.md'))?.[1] ?? '';
  writeFileSync(path.join(cwd, 'tollboard.yaml'), example);
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  writeFileSync(path.join(cwd, 'secrets.yaml'), `home_assistant_token: t\nshop_token: t\nledger_secret: ${secret}\n`);
  const { sinks } = await loadSettings({ flags: {}, env: {}, cwd });
  expect(sinks.map(({ kind }) => kind)).toEqual(['home_assistant', 'twilio', 'standard_webhooks', 'command']);
});
