import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { main } from './main.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-cli-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function tollboard(argv: string[], { input = '', env = {} as Record<string, string> } = {}) {
  const said = { out: '', err: '' };
  const code = await main(argv, {
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]) as never,
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
    env,
    cwd,
    interrupted: new AbortController().signal,
  });
  return { code, ...said };
}

describe('usage', () => {
  it('without a command prints the help on stderr and is an error', async () => {
    const { code, out, err } = await tollboard([]);
    expect([code, out]).toEqual([2, '']);
    for (const { name } of COMMANDS) expect(err).toContain(name);
  });

  it('--help and --version print on stdout and are none', async () => {
    expect(await tollboard(['send', '--help'])).toMatchObject({ code: 0, err: '' });
    expect(await tollboard(['help', 'config', 'token'])).toEqual(await tollboard(['config', 'token', '--help']));
    expect(await tollboard(['help'])).toEqual(await tollboard(['--help']));
    expect((await tollboard(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    [['sned'], "Unknown command 'sned' (Did you mean send?)"],
    [['send', '--body', 'x'], "'--to <address>' not specified"],
    [['send', '--to', '+15550100001', '--bdy', 'x'], '(Did you mean --body?)'],
    [['send', '--to', '+15550100001', '--wait', 'long'], '--wait is "long"'],
    [['send', '--to', '+15550100001', '--at', 'tomorrow'], '--at is "tomorrow"'],
    [['send', '--to', '+15550100001', '--on-unknown', 'x'], '--on-unknown is "x"'],
    [['send', '--to', '-', '--to', '-'], 'only once'],
    [['send', '--to', '-'], 'the input is empty'],
    [['call', '--to', '+15550100001', '--voice', 'x'], 'belong to --say'],
    [['send', '--to', '+15550100001', '--body', 'x', '--direct', '--url', 'http://127.0.0.1:1'], '--direct goes past'],
    [['call', '--to', '+15550100001', '--say', 'x', '--direct', '--token', 'x'], '--direct goes past'],
    [['status', 'SM1', '--resolve', 'maybe'], '--resolve is "maybe"'],
    [['status', 'SM1', '--watch', '--explain'], '--watch goes on'],
    [['status'], "missing required argument 'id'"],
    [['simulator', 'clock', '--advance', 'x'], '--advance is "x"'],
  ])('%j is answered by one error with its remedy', async (argv, words) => {
    const { code, out, err } = await tollboard(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err.toLowerCase()).toContain(words.toLowerCase());
    expect(err).toContain('See "tollboard');
    expect(err).toContain('TOLLBOARD_CLI_USAGE');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    [['config', 'token', 'create'], 'config token create'],
    [['config', 'token', 'crate'], 'config token'],
    [['simulator', 'inbound', '--frm', '+15550100001'], 'simulator inbound'],
    [['simulator', 'inbound'], 'simulator inbound'],
    [['events', '--since', 'x'], 'events'],
    [['recipients', '--url', 'http://127.0.0.1:1'], 'recipients'],
    [['store', 'check', '--url', 'nowhere'], 'store check'],
    [['sned'], ''],
  ])('%j points to the help of that very command', async (argv, command) => {
    const { code, err } = await tollboard(argv);
    expect(code).toBe(2);
    expect(err).toContain(`See "tollboard ${command === '' ? '' : `${command} `}--help"`);
  });

  it.each([
    [['simulator', 'inboud'], "Unknown command 'inboud' (Did you mean inbound?)"],
    [['events', 'repaly', 'EV1'], "Unknown command 'repaly' (Did you mean replay?)"],
    [['events', 'xyzzy'], "Unknown command 'xyzzy'"],
  ])('%j is a mistyped subcommand, although the command above it runs by itself', async (argv, words) => {
    const { code, err } = await tollboard(argv);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  it('the help of every command fits a terminal of 80 columns', async () => {
    for (const { name } of COMMANDS) {
      const { out } = await tollboard([name, '--help']);
      const long = out.split('\n').filter((line) => line.length > 80 && !line.startsWith('  tollboard '));
      expect(long, name).toEqual([]);
    }
  });

  it('neither gateway nor account is exit 2 with the remedy', async () => {
    const { code, err } = await tollboard(['send', '--to', '+15550100001', '--body', 'x']);
    expect(code).toBe(2);
    expect(err).toContain('npx tollboard start');
  });

  it('a gateway that cannot be reached is exit 1, never Twilio', async () => {
    const env = {
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_AUTH_TOKEN: 't',
      TOLLBOARD_URL: 'http://127.0.0.1:1',
      TOLLBOARD_TOKEN: 'x',
    };
    const { code, out, err } = await tollboard(['send', '--to', '+15550100001', '--body', 'x', '--json'], { env });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('TOLLBOARD_GATEWAY_UNREACHABLE');
  });

  it('a configuration with a typo is exit 2 with file and line', async () => {
    writeFileSync(path.join(cwd, 'tollboard.yaml'), 'listen:\n  prot: 1\n');
    const { code, err } = await tollboard(['config', 'show']);
    expect(code).toBe(2);
    expect(err).toContain(':2:3');
    expect(err).toContain('"port"');
  });
});

describe('without a gateway and an account', () => {
  it('a command that only a gateway can answer names no account as a way out, one that sends does', async () => {
    for (const argv of [['events'], ['automations', 'list'], ['sinks', 'list']]) {
      const { code, err } = await tollboard(argv);
      expect(code).toBe(2);
      expect(err).toContain('TOLLBOARD_CLI_NO_DESTINATION');
      expect(err).toContain('"npx tollboard start"');
      expect(err).not.toContain('TWILIO_ACCOUNT_SID');
    }
    const { err } = await tollboard(['send', '--to', '+15550100001', '--body', 'x']);
    expect(err).toContain('TWILIO_ACCOUNT_SID');
  });
});

describe('--dry-run', () => {
  it('tells encoding, segments and faults per recipient and needs no gateway', async () => {
    const argv = ['send', '--to', '-', '--body', 'Grüße 👋', '--dry-run', '--json'];
    const { code, out } = await tollboard(argv, { input: '+15550100001\n15551112222\n+15550100001\n' });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(3);
    expect(
      lines.map(({ to, state, segments, encoding, duplicate }) => [to, state, segments, encoding, duplicate]),
    ).toEqual([
      ['+15550100001', 'queued', 1, 'UCS-2', undefined],
      ['15551112222', 'rejected', 1, 'UCS-2', undefined],
      ['+15550100001', 'queued', 1, 'UCS-2', true],
    ]);
    expect(lines[1]?.error).toMatchObject({ twilioCode: 21211, remedy: expect.stringContaining('+15551112222') });
    expect(lines[0]).toMatchObject({ dryRun: true, from: null, params: { body: 'Grüße 👋' } });
  });

  it('takes parameters per row from CSV, and a fault of one row is its own', async () => {
    const input = 'to,body,media-url\n+15550100001,Hi,https://example.org/a.png\n+15550100002,,\n+15550100003,Ho,\n';
    const { code, out } = await tollboard(['send', '--to', '-', '--dry-run', '--json'], { input });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, never>);
    expect(code).toBe(3);
    expect(lines.map(({ to, state }) => [to, state])).toEqual([
      ['+15550100001', 'queued'],
      ['+15550100002', 'rejected'],
      ['+15550100003', 'queued'],
    ]);
    expect(lines[0]?.params).toMatchObject({ body: 'Hi', mediaUrl: ['https://example.org/a.png'] });
    const unknown = await tollboard(['send', '--to', '-', '--dry-run'], { input: 'to,bodi\n+15550100001,x\n' });
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('was "body" meant') });
  });

  it('prints nothing of a body that could steer a terminal', async () => {
    const { err } = await tollboard(['send', '--to', '+15550100001', '--body', 'a\u001b[31mb\u0007', '--dry-run']);
    expect(err).toContain('"ab"');
  });

  it('names a mistyped option before one that is missing for it', async () => {
    expect((await tollboard(['send', '--too', '+15550100001', '--body', 'x'])).err).toMatch(
      /--too.*Did you mean --to\?/,
    );
    expect((await tollboard(['send', '--body', 'x'])).err).toContain("Required option '--to <address>' not specified");
  });

  it('takes booleans, numbers and lists as the parameters have them', async () => {
    const argv = [
      'send',
      '--to',
      '+15550100001',
      '--body',
      'x',
      '--smart-encoded',
      '--validity-period',
      '60',
      '--dry-run',
      '--json',
    ];
    const { out } = await tollboard([
      ...argv,
      '--media-url',
      'https://a.example/1',
      '--media-url',
      'https://a.example/2',
    ]);
    expect(JSON.parse(out)).toMatchObject({
      params: { smartEncoded: true, validityPeriod: 60, mediaUrl: ['https://a.example/1', 'https://a.example/2'] },
    });
    expect(await tollboard([...argv, '--max-price', 'cheap'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('maxPrice'),
    });
  });
});
