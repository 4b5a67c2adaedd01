import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_AUTOMATIONS } from '../../test/support/settings.ts';
import { isTollboardError } from '../core/errors.ts';
import { loadSettings, loadSettingsWithOrigins } from './load.ts';
import { showSettings } from './show.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(text: string, name = 'tollboard.yaml'): void {
  mkdirSync(path.dirname(path.join(cwd, name)), { recursive: true });
  writeFileSync(path.join(cwd, name), text);
}

const load = (env: Record<string, string> = {}, flags: Record<string, string> = {}) =>
  loadSettings({ flags, env, cwd });

async function fault(env: Record<string, string> = {}, flags: Record<string, string> = {}) {
  const error = await load(env, flags).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isTollboardError(error)) throw new Error(`expected a TollboardError, got ${String(error)}`);
  return { code: error.code, message: error.message, remedy: error.remedy };
}

describe('a configuration that is read again', () => {
  it('may come after the start, and is not taken for empty once it is gone', async () => {
    const { automation } = await load();
    const again = async () => (await automation.reload?.())?.automations?.kind ?? 'none';
    expect(await again()).toBe('none');
    write('automation: []\n');
    expect(await again()).toBe('list');
    rmSync(path.join(cwd, 'tollboard.yaml'));
    await expect(again()).rejects.toMatchObject({ code: 'TOLLBOARD_CONFIG_FILE_UNREADABLE' });
    await expect(again()).rejects.toThrow(`the file ${path.join(cwd, 'tollboard.yaml')} cannot be read (it is gone).`);
    write('automation: []\n');
    expect(await again()).toBe('list');
  });
});

describe('settings', () => {
  it('have the documented defaults where nothing is said', async () => {
    expect(await load()).toEqual({
      listen: { host: '127.0.0.1', port: 8655, hosts: [] },
      publicUrl: null,
      dataDir: path.join(cwd, 'data'),
      store: 'sqlite',
      accounts: [],
      sender: null,
      senders: {},
      simulator: { mode: 'auto', port: 8656, accountsFile: null, accounts: null, trial: 'seeds' },
      delivery: { onUnknown: 'resend', resolveWindowMs: 120_000, concurrency: 50, statusCallback: 'auto' },
      facade: { answerWithinMs: 5000 },
      retention: { messagesMs: 90 * 86_400_000, idempotencyMs: 7 * 86_400_000, eventsMs: 90 * 86_400_000 },
      sinks: [],
      automation: {
        ...NO_AUTOMATIONS,
        printPlace: expect.any(Function),
        configFile: path.join(cwd, 'tollboard.yaml'),
        reload: expect.any(Function),
        atStart: expect.any(Object),
      },
      configFile: null,
      warnings: [],
    });
  });

  it('come from flag before environment before file before default', async () => {
    write('listen: {port: 1001}\ndata: d1\n');
    expect((await load()).listen.port).toBe(1001);
    expect((await load({ PORT: '1002' })).listen.port).toBe(1002);
    expect((await load({ PORT: '1002' }, { port: '1003' })).listen.port).toBe(1003);
    expect((await load({ PORT: '' })).listen.port).toBe(1001);
    expect((await load()).dataDir).toBe(path.join(cwd, 'd1'));
  });

  it('take the file of --config, else of TOLLBOARD_CONFIG, and paths in it are relative to it', async () => {
    write('data: mine\n', 'deep/a.yaml');
    write('data: yours\n', 'b.yaml');
    expect((await load({ TOLLBOARD_CONFIG: 'b.yaml' })).dataDir).toBe(path.join(cwd, 'yours'));
    expect((await load({ TOLLBOARD_CONFIG: 'b.yaml' }, { config: 'deep/a.yaml' })).dataDir).toBe(
      path.join(cwd, 'deep/mine'),
    );
  });

  it('name what named a file that cannot be read', async () => {
    await expect(load({}, { config: 'nowhere.yaml' })).rejects.toThrow(/^--config: the file .*nowhere\.yaml/);
    await expect(load({ TOLLBOARD_CONFIG: 'nowhere.yaml' })).rejects.toThrow(/^TOLLBOARD_CONFIG: the file/);
    await expect(load({}, { accounts: 'nowhere.yaml' })).rejects.toThrow(/^--accounts: the file/);
    write('simulator:\n  accounts: nowhere.yaml\n');
    await expect(load()).rejects.toThrow(/tollboard\.yaml:2:3: the file/);
  });

  it('keep a number with its plus sign as the text that was written', async () => {
    write('sender: +15552014545\nsenders:\n  +15552014545: {per_second: 0.5}\n  MGa: {per_second: 10}\n');
    const settings = await load();
    expect(settings.sender).toBe('+15552014545');
    expect(settings.senders).toEqual({ '+15552014545': { perSecond: 0.5 }, MGa: { perSecond: 10 } });
  });

  it('read the accounts of the simulator as plain data, numbers with a plus as text', async () => {
    write(
      'accounts:\n  - {sid: AC1, number: +15550000001, token: 11111111111111111111, price: 0.5, trial: true, x: "1"}\n',
      'sim.yaml',
    );
    write('simulator: {accounts: sim.yaml, trial: 2026}\n');
    const { simulator } = await load();
    expect(simulator.accounts?.placeOf('accounts[0].price')).toMatch(/sim\.yaml:2:\d+$/);
    expect(simulator.accounts?.placeOf('accounts[0].missing')).toMatch(/sim\.yaml:2:5$/);
    // The name's own line, although its value begins on the next.
    expect(simulator.accounts?.placeOf('accounts')).toMatch(/sim\.yaml:1:1$/);
    expect(simulator).toMatchObject({
      accountsFile: path.join(cwd, 'sim.yaml'),
      accounts: {
        value: {
          accounts: [
            { sid: 'AC1', number: '+15550000001', token: '11111111111111111111', price: 0.5, trial: true, x: '1' },
          ],
        },
      },
      trial: '2026',
    });
  });

  it("accept Home Assistant's twilio block, two tokens in rotation, further accounts and anchors", async () => {
    write(
      'twilio: &main\n  account_sid: AC1\n  auth_token: [new, old]\naccounts:\n  lab:\n    <<: *main\n    account_sid: AC2\n    base_url: http://127.0.0.1:1/x/2010-04-01/\n',
    );
    expect((await load()).accounts).toMatchObject([
      {
        name: 'default',
        accountSid: 'AC1',
        authTokens: ['new', 'old'],
        baseUrl: 'https://api.twilio.com',
        simulated: false,
      },
      { name: 'lab', accountSid: 'AC2', authTokens: ['new', 'old'], baseUrl: 'http://127.0.0.1:1/x' },
    ]);
  });

  it('resolve !env, !env_var with a default, !secret and !include', async () => {
    write('account_sid: !env SID\nauth_token: !secret token\n', 'account.yaml');
    write('token: t0ps3cret\n', 'secrets.yaml');
    write('twilio: !include account.yaml\nsender: !env_var NOBODY +15550000009\n');
    const settings = await load({ SID: 'AC9' });
    expect(settings.accounts[0]).toMatchObject({ accountSid: 'AC9', authTokens: ['t0ps3cret'] });
    expect(settings.sender).toBe('+15550000009');
  });

  it('do not lend the credentials of the file to another account of the environment', async () => {
    write('twilio: {account_sid: AC1, auth_token: fileToken}\n');
    expect((await load({ TWILIO_ACCOUNT_SID: 'AC1' })).accounts[0]?.authTokens).toEqual(['fileToken']);
    expect((await fault({ TWILIO_ACCOUNT_SID: 'AC2' })).code).toBe('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE');
  });

  it('warn of an account SID that does not begin with AC and use it as it is', async () => {
    const settings = await load({ TWILIO_ACCOUNT_SID: 'ACCOUNT', TWILIO_AUTH_TOKEN: 'x' });
    expect(settings.warnings).toEqual([]);
    const odd = await load({ TWILIO_ACCOUNT_SID: 'my-account', TWILIO_AUTH_TOKEN: 'x' });
    expect(odd.accounts[0]?.accountSid).toBe('my-account');
    expect(odd.warnings[0]).toContain('does not begin with AC');
  });
});

const FAULTS: Array<[what: string, yaml: string, code: string, words: string[]]> = [
  [
    'a misspelt key',
    'listen:\n  prot: 1\n',
    'KEY_UNKNOWN',
    ['tollboard.yaml:2:3', '"prot"', 'under "listen"', 'Write "port"'],
  ],
  ['a key with no near name', 'qqqqqqqqqq: 1\n', 'KEY_UNKNOWN', ['tollboard.yaml:1:1', 'listen, public_url']],
  [
    'a wrong type',
    'listen:\n  port: eighty\n',
    'VALUE_INVALID',
    ['tollboard.yaml:2:9', '"eighty"', 'a whole number from 0 to 65535'],
  ],
  [
    'a value out of range',
    'delivery: {concurrency: 0}\n',
    'VALUE_INVALID',
    ['delivery.concurrency', '"0"', 'from 1 to 1000'],
  ],
  ['a wrong word', 'delivery: {on_unknown: maybe}\n', 'VALUE_INVALID', ['"maybe"', 'one of resend, hold']],
  ['a bad duration', 'retention: {messages: 90 days}\n', 'VALUE_INVALID', ['"90 days"', '500ms, 5s, 10m, 2h or 90d']],
  ['a list in place of text', 'data: [a]\n', 'VALUE_INVALID', ['data is a list', 'expected a path']],
  ['text in place of a mapping', 'listen: here\n', 'VALUE_INVALID', ['listen is "here"', 'a mapping of settings']],
  ['three tokens', 'twilio: {account_sid: AC1, auth_token: [a, b, c]}\n', 'VALUE_INVALID', ['a list', 'at most 2']],
  ['a sender without its plus', 'sender: 15551112222x\n', 'VALUE_INVALID', ['"15551112222x"', 'E.164']],
  [
    'a pace for what is no sender',
    'senders:\n  5551112222: {per_second: 1}\n',
    'VALUE_INVALID',
    ['tollboard.yaml:2:3', 'senders is "5551112222"', 'E.164'],
  ],
  [
    'a host with a port',
    'listen: {hosts: [a.example, "b.example:80"]}\n',
    'VALUE_INVALID',
    ['"b.example:80"', 'without scheme and port'],
  ],
  [
    'one host that is none',
    'listen: {hosts: https://b.example}\n',
    'VALUE_INVALID',
    ['listen.hosts is "https://b.example"'],
  ],
  [
    'an alias inside itself',
    'listen: &l {hosts: *l}\n',
    'SYNTAX',
    ['tollboard.yaml:1:20', 'an alias stands within what it names'],
  ],
  ['another store', 'store: postgres://x\n', 'VALUE_INVALID', ['sqlite']],
  [
    'credentials inside a URL',
    'twilio: {base_url: "http://a:b@c"}\n',
    'VALUE_INVALID',
    ['base_url', 'without credentials'],
  ],
  ['broken YAML', 'listen: {port: 1\n', 'SYNTAX', ['tollboard.yaml:']],
  ['a tab before a key', '- a: 1\n\tb: 2\n', 'SYNTAX', ['tollboard.yaml:2:2', 'a tab indents this line; write spaces']],
  ['a tab within a mapping', 'listen:\n\tport: 1\n', 'SYNTAX', ['tollboard.yaml:2:1', 'a tab indents this line']],
  ['a tab within a list', 'sinks:\n  - a\n\t- b\n', 'SYNTAX', ['tollboard.yaml:3:', 'a tab indents this line']],
  ['a repeated key', 'data: a\ndata: b\n', 'SYNTAX', ['tollboard.yaml:2:1']],
  ['a merge of no mapping', 'listen: {<<: x}\n', 'SYNTAX', ['tollboard.yaml:1:10', '<< names no mapping']],
  ['a template without quotes', 'data: {{ x }}\n', 'SYNTAX', ['tollboard.yaml:1:8', 'a template needs quotes']],
  ['an unknown tag', 'data: !path x\n', 'SYNTAX', ['tollboard.yaml:1:7', '!path']],
  ['an unset variable', 'data: !env NOT_THERE\n', 'TAG_UNRESOLVED', ['tollboard.yaml:1:', 'NOT_THERE']],
  ['a missing secret', 'data: !secret s\n', 'FILE_UNREADABLE', ['tollboard.yaml:1:', 'secrets.yaml']],
  ['a file that includes itself', 'listen: !include tollboard.yaml\n', 'TAG_UNRESOLVED', ['without end']],
  [
    'a token without its account',
    'twilio: {auth_token: hush}\n',
    'CREDENTIALS_INCOMPLETE',
    ['auth_token without account_sid'],
  ],
  [
    'an account without a token',
    'twilio: {account_sid: AC1}\n',
    'CREDENTIALS_INCOMPLETE',
    ['account_sid without auth_token'],
  ],
  [
    'a key without its secret',
    'twilio: {account_sid: AC1, auth_token: t, api_key: SK1}\n',
    'CREDENTIALS_INCOMPLETE',
    ['api_secret'],
  ],
  [
    'an account named twice',
    'accounts: {a: {account_sid: AC1, auth_token: t}, b: {account_sid: AC1, auth_token: t}}\n',
    'VALUE_INVALID',
    ['accounts.b'],
  ],
];

describe('a configuration with a fault', () => {
  it.each(FAULTS)('names the place and the remedy: %s', async (_what, yaml, code, words) => {
    write(yaml);
    const { code: found, message, remedy } = await fault();
    expect(found).toBe(`TOLLBOARD_CONFIG_${code}`);
    for (const word of words) expect(`${message} ${remedy}`).toContain(word);
    expect(`${message} ${remedy}`).not.toContain('{');
  });

  it('names the variable or the flag when the file is not to blame', async () => {
    expect((await fault({ PORT: 'x' })).message).toContain('environment variable PORT');
    expect((await fault({}, { port: '70000' })).message).toContain('--port');
    expect((await fault({}, { simulator: 'sometimes' })).message).toContain('--simulator');
    expect((await fault({}, { simulatorPort: '-1' })).message).toContain('--simulator-port');
    expect((await fault({ TOLLBOARD_CONFIG: 'gone.yaml' })).message).toContain('gone.yaml');
    expect((await fault({ TWILIO_ACCOUNT_SID: 'AC1' })).message).toContain('TWILIO_ACCOUNT_SID');
  });

  it('never shows a secret, not even a wrong one', async () => {
    write('s: {a: 1}\n', 'secrets.yaml');
    write('twilio: {account_sid: AC1, auth_token: {hush: 1}}\n');
    expect((await fault()).message).not.toContain('hush');
    write('p: hush\n', 'secrets.yaml');
    write('listen: {port: !secret p}\n');
    expect((await fault()).message).not.toContain('hush');
  });

  it('is bounded: aliases that multiply are refused', async () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 9; n++) rows.push(`a${n}: &a${n} [${`*a${n - 1}, `.repeat(9)}*a${n - 1}]`);
    write(`${rows.join('\n')}\n`);
    expect((await fault()).message).toContain('more than 20000 values');
  });
});

describe('config show', () => {
  it('hides secrets by field and by value and says where each value came from', async () => {
    write(
      'twilio:\n  account_sid: AC1\n  auth_token: hush\npublic_url: https://hush\nlisten: {hosts: [hush, b]}\nretention: {messages: 36h}\n',
    );
    const { values } = await loadSettingsWithOrigins({
      flags: { port: '1' },
      env: { TWILIO_FROM: '+15550000001' },
      cwd,
    });
    const shown = new Map(showSettings(values).map((row) => [row.setting, row]));
    expect(JSON.stringify([...shown])).not.toContain('"hush"');
    expect(shown.get('twilio.auth_token')?.value).toEqual(['********']);
    expect(shown.get('listen.hosts')?.value).toEqual(['********', 'b']);
    expect(shown.get('listen.port')).toMatchObject({ value: 1, from: '--port' });
    expect(shown.get('sender')).toMatchObject({ from: 'environment variable TWILIO_FROM' });
    expect(shown.get('retention.messages')).toMatchObject({ value: '36h' });
    expect(shown.get('twilio.account_sid')).toMatchObject({ value: 'AC1' });
  });
});
