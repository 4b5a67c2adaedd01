import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configurationReference } from '../../scripts/reference/configuration.ts';
import { loadSettings } from '../../src/config/load.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-docs-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

it('the example of the configuration page loads and means what it says', async () => {
  const example = /```yaml\n(.*?)```/s.exec(configurationReference())?.[1] ?? '';
  writeFileSync(path.join(cwd, 'tollboard.yaml'), example);
  writeFileSync(path.join(cwd, 'secrets.yaml'), 'twilio_token: t0ken\n');
  const settings = await loadSettings({ flags: {}, env: { TWILIO_ACCOUNT_SID: 'AC1' }, cwd });
  expect(settings).toMatchObject({
    publicUrl: 'https://sms.example.org',
    accounts: [{ accountSid: 'AC1', authTokens: ['t0ken'] }],
    sender: '+15552014545',
    senders: { '+15552014545': { perSecond: 1 } },
    retention: { messagesMs: 30 * 86_400_000 },
  });
});
