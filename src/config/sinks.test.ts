import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTollboardError } from '../core/errors.ts';
import { loadSettings, loadSettingsWithOrigins } from './load.ts';
import { showSettings } from './show.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-sinks-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function sinks(text: string) {
  writeFileSync(path.join(cwd, 'tollboard.yaml'), text);
  return (await loadSettings({ flags: {}, env: {}, cwd })).sinks;
}

describe('sinks', () => {
  it('are read with the defaults of their kind', async () => {
    const all = ['twilio_data_received', 'twilio_message_status', 'twilio_call_status'];
    const common = { fields: [], attempts: 5, giveUpAfterMs: 86_400_000 };
    const read = await sinks(`
home_assistant: {url: 'http://ha.local:8123', token: shared}
sinks:
  home: {kind: home_assistant}
  own: {kind: home_assistant, url: http://other.local:8123/, token: mine}
  hook: {kind: home_assistant, webhook: abc123, auth_token: t0, signed_url: https://ha.example.com/api/webhook/abc123}
  shop: {kind: twilio, url: 'https://shop.example.com/sms?k=1', auth_token: t1}
  ledger:
    kind: standard_webhooks
    url: https://ledger.example.com
    secret: ${SECRET}
    events: [twilio_message_status]
    where: [MessageStatus=failed, "To=+15550000001"]
    attempts: 2
    give_up_after: 1h
  script: {kind: command, command: [/usr/bin/handle, --stdin], timeout: 2s}
`);
    expect(read).toEqual([
      {
        name: 'home',
        kind: 'home_assistant',
        target: { via: 'event_api', url: 'http://ha.local:8123', token: 'shared' },
        events: all,
        ...common,
      },
      {
        name: 'own',
        kind: 'home_assistant',
        target: { via: 'event_api', url: 'http://other.local:8123', token: 'mine' },
        events: all,
        ...common,
      },
      {
        name: 'hook',
        kind: 'home_assistant',
        target: {
          via: 'form',
          url: 'http://ha.local:8123/api/webhook/abc123',
          signedUrl: 'https://ha.example.com/api/webhook/abc123',
          authToken: 't0',
        },
        events: ['twilio_data_received'],
        ...common,
      },
      {
        name: 'shop',
        kind: 'twilio',
        target: {
          via: 'form',
          url: 'https://shop.example.com/sms?k=1',
          signedUrl: 'https://shop.example.com/sms?k=1',
          authToken: 't1',
        },
        events: ['twilio_data_received'],
        ...common,
      },
      {
        name: 'ledger',
        kind: 'standard_webhooks',
        target: { via: 'standard_webhooks', url: 'https://ledger.example.com', secrets: [SECRET] },
        events: ['twilio_message_status'],
        fields: [
          ['MessageStatus', 'failed'],
          ['To', '+15550000001'],
        ],
        attempts: 2,
        giveUpAfterMs: 3_600_000,
      },
      {
        name: 'script',
        kind: 'command',
        target: { via: 'command', argv: ['/usr/bin/handle', '--stdin'], timeoutMs: 2000 },
        events: all,
        ...common,
      },
    ]);
  });

  it.each([
    ['without a kind', '{url: http://x}', 'sinks.a.kind is absent; expected one of home_assistant'],
    ['of an unknown kind', '{kind: kafka}', 'sinks.a.kind is "kafka"'],
    ['with nothing in it', '', 'sinks.a is empty'],
    ['with an unknown key', '{kind: twilio, urls: x}', '"urls" is not a setting under "sinks.a"'],
    ['with a key of another kind', '{kind: command, command: /bin/cat, url: http://x}', 'sinks.a.url is given'],
    ['of form without a token', '{kind: twilio, url: http://x}', 'sinks.a.auth_token is absent'],
    ['with an address that is none', '{kind: twilio, url: ftp://x, auth_token: t}', 'sinks.a.url is "ftp://x"'],
    [
      'of JSON with a short secret',
      '{kind: standard_webhooks, url: http://x, secret: whsec_c2hvcnQ=}',
      '24 to 64 bytes',
    ],
    ['of a relative program', '{kind: command, command: handle.sh}', 'sinks.a.command is "handle.sh"'],
    ['with an unknown type', '{kind: command, command: /bin/cat, events: sms}', 'sinks.a.events is "sms"'],
    ['with no type', '{kind: command, command: /bin/cat, events: []}', 'sinks.a.events is "[]"'],
    ['with a filter that is none', '{kind: command, command: /bin/cat, where: To}', 'sinks.a.where is "To"'],
    ['of Home Assistant without an address', '{kind: home_assistant, token: t}', 'sinks.a.url is absent'],
    ['of Home Assistant without a token', '{kind: home_assistant, url: http://x}', 'sinks.a.token is absent'],
    [
      "of Home Assistant's webhook without a token to sign with",
      '{kind: home_assistant, url: http://x, webhook: a}',
      'sinks.a.auth_token is absent',
    ],
    [
      "of Home Assistant's webhook by its URL",
      '{kind: home_assistant, url: http://x, webhook: "http://x/a", auth_token: t}',
      'without its URL',
    ],
  ])('%s are refused with place and remedy', async (_what, text, message) => {
    const error = await sinks(`sinks:\n  a: ${text}\n`).catch((thrown: unknown) => thrown);
    if (!isTollboardError(error)) throw new Error(`expected a TollboardError, got ${String(error)}`);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/tollboard\.yaml:2:/);
    expect(error.message).not.toContain('c2hvcnQ');
  });

  it('with an odd name are refused', async () => {
    await expect(sinks('sinks:\n  "a b": {kind: command, command: /bin/cat}\n')).rejects.toThrow('a name of at most');
  });

  it("with a token of another address do not get Home Assistant's", async () => {
    const text = 'home_assistant: {url: http://ha, token: t}\nsinks: {a: {kind: home_assistant, url: http://x}}\n';
    await expect(sinks(text)).rejects.toThrow('sinks.a.token is absent');
  });

  it('are shown without their secrets, in URLs too', async () => {
    await sinks(`
sinks:
  a: {kind: twilio, url: "https://me:pass@shop.example.com/sms?key=hidden", auth_token: tokentoken}
  b: {kind: standard_webhooks, url: https://x.example.com, secret: ${SECRET}}
  c: {kind: home_assistant, url: http://ha, token: bearerbearer}
`);
    const { values } = await loadSettingsWithOrigins({ flags: {}, env: {}, cwd });
    const shown = JSON.stringify(showSettings(values));
    expect(shown).toContain('https://…@shop.example.com/sms?…');
    for (const secret of ['pass', 'hidden', 'tokentoken', SECRET, 'bearerbearer']) expect(shown).not.toContain(secret);
  });
});
