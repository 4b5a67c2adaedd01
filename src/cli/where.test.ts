import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTollboardError } from '../core/errors.ts';
import { simulatorUrl } from './control-client.ts';
import { findDestination } from './where.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-where-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const TWILIO = { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 't' };
const NAMED = { TOLLBOARD_URL: 'http://env:1/', TOLLBOARD_TOKEN: 'e' };

function announce(
  content: unknown = { url: 'http://127.0.0.1:8655', token: 'g', pid: 1, simulatorUrl: null },
  mode = 0o600,
): string {
  mkdirSync(path.join(cwd, 'data'), { recursive: true });
  const file = path.join(cwd, 'data', 'gateway.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return file;
}

async function where(options: Record<string, string | boolean>, env: Record<string, string> = {}): Promise<string> {
  try {
    const found = await findDestination({ options, env, cwd });
    return found.kind === 'direct'
      ? `direct ${found.settings.accounts[0]?.accountSid}`
      : `${found.from} ${found.url} ${found.token}`;
  } catch (error) {
    if (!isTollboardError(error)) throw error;
    return error.code;
  }
}

describe('a command goes', () => {
  it('to the gateway of the flags before that of the environment, of gateway.json and before Twilio', async () => {
    announce();
    const env = { ...NAMED, ...TWILIO };
    expect(await where({ url: 'http://flag:1', token: 'f' }, env)).toBe('flags http://flag:1 f');
    expect(await where({}, env)).toBe('environment http://env:1 e');
    expect(await where({}, TWILIO)).toBe('gateway.json http://127.0.0.1:8655 g');
    expect(await where({ direct: true }, env)).toBe('direct AC1');
  });

  it('to the gateway that runs on while a file of its configuration is broken', async () => {
    const config = path.join(cwd, 'tollboard.yaml');
    writeFileSync(config, 'automation: !include autos.yaml\n');
    writeFileSync(path.join(cwd, 'autos.yaml'), '- alias: a\n\tmode: single\n');
    expect(await where({})).toBe('TOLLBOARD_CONFIG_SYNTAX');
    announce();
    expect(await where({})).toBe('gateway.json http://127.0.0.1:8655 g');
    expect(await where({ direct: true }, TWILIO)).toBe('TOLLBOARD_CONFIG_SYNTAX');
    writeFileSync(config, 'data: data # here\nautomation:\n\t- x\n');
    expect(await where({})).toBe('gateway.json http://127.0.0.1:8655 g');
    announce({ url: 'http://127.0.0.1:8655', token: 'g', pid: 1, simulatorUrl: 'http://127.0.0.1:9' });
    expect(await simulatorUrl({}, {}, cwd)).toBe('http://127.0.0.1:9');
    for (const data of ['elsewhere', '!env WHERE', '|']) {
      writeFileSync(config, `data: ${data}\nautomation:\n\t- x\n`);
      expect(await where({})).toBe('TOLLBOARD_CONFIG_SYNTAX');
    }
    expect(await where({ config: 'tollboard.yaml' })).toBe('TOLLBOARD_CONFIG_SYNTAX');
    expect(await where({ config: 'none.yaml' })).toBe('TOLLBOARD_CONFIG_FILE_UNREADABLE');
    writeFileSync(config, 'listen: {port: none}\n');
    expect(await where({})).toBe('TOLLBOARD_CONFIG_VALUE_INVALID');
  });

  it('to a gateway that started again with its new token, as long as the file names the same address', async () => {
    announce();
    const found = await findDestination({ options: {}, env: {}, cwd });
    if (found.kind !== 'gateway') throw new Error('expected a gateway');
    announce({ url: 'http://127.0.0.1:8655', token: 'new', pid: 2, simulatorUrl: null });
    expect(found.newToken?.()).toBe('new');
    announce({ url: 'http://127.0.0.1:9999', token: 'other', pid: 3, simulatorUrl: null });
    expect(found.newToken?.()).toBeNull();
    rmSync(path.join(cwd, 'data', 'gateway.json'));
    expect(found.newToken?.()).toBeNull();
    announce();
    expect(await findDestination({ options: { token: 'mine' }, env: {}, cwd })).not.toHaveProperty('newToken');
  });

  it('straight to Twilio where there are credentials and no gateway, and nowhere without either', async () => {
    expect(await where({}, TWILIO)).toBe('direct AC1');
    expect(await where({})).toBe('TOLLBOARD_CLI_NO_DESTINATION');
    expect(await where({ direct: true }, NAMED)).toBe('TOLLBOARD_CLI_NO_ACCOUNT');
    expect(await where({}, { TWILIO_ACCOUNT_SID: 'AC1' })).toBe('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE');
  });

  it('to the data folder that the flag or the configuration names', async () => {
    announce();
    writeFileSync(path.join(cwd, 'tollboard.yaml'), 'data: elsewhere\n');
    expect(await where({}, TWILIO)).toBe('direct AC1');
    expect(await where({ data: 'data' }, TWILIO)).toBe('gateway.json http://127.0.0.1:8655 g');
  });

  it('to no gateway whose token or address is missing or odd', async () => {
    expect(await where({ url: 'http://flag:1' })).toBe('TOLLBOARD_CLI_USAGE');
    expect(await where({ url: 'flag:1', token: 'f' })).toBe('TOLLBOARD_CLI_USAGE');
    expect(await where({ url: 'http://flag:1' }, { TOLLBOARD_TOKEN: 'e' })).toBe('flags http://flag:1 e');
  });

  it('to no odd address, and the error names what gave it', async () => {
    const [odd, env, call] = ['foo', { TOLLBOARD_URL: 'foo' }, { urlOption: 'gatewayUrl' } as const];
    await expect(findDestination({ options: { url: odd }, env: {}, cwd })).rejects.toThrow('--url is "foo"');
    await expect(findDestination({ options: {}, env, cwd, ...call })).rejects.toThrow('TOLLBOARD_URL is "foo"');
    await expect(findDestination({ options: { gatewayUrl: odd }, env: {}, cwd, ...call })).rejects.toThrow(
      '--gateway-url is "foo"',
    );
  });

  it("by Twilio's --url of a call to no gateway", async () => {
    const found = await findDestination({
      options: { url: 'https://example.org/voice.xml' },
      env: TWILIO,
      cwd,
      urlOption: 'gatewayUrl',
    });
    expect(found.kind).toBe('direct');
  });
});

describe('gateway.json is not believed', () => {
  it.each([
    ['readable by others', { url: 'http://127.0.0.1:1', token: 'g', pid: 1 }, 0o640],
    ['with an address beyond this machine', { url: 'http://example.org', token: 'g', pid: 1 }, 0o600],
    ['with a loopback name as user part', { url: 'http://127.0.0.1@example.org', token: 'g', pid: 1 }, 0o600],
    ['with another content', 'hello', 0o600],
    ['without a token', { url: 'http://127.0.0.1:1', pid: 1 }, 0o600],
  ])('%s, and never skipped in favour of Twilio', async (_what, content, mode) => {
    announce(content, mode);
    expect(await where({}, TWILIO)).toBe('TOLLBOARD_CLI_GATEWAY_FILE_REFUSED');
  });

  it('through a link', async () => {
    const file = announce();
    mkdirSync(path.join(cwd, 'other'));
    symlinkSync(file, path.join(cwd, 'other', 'gateway.json'));
    expect(await where({ data: 'other' })).toBe('TOLLBOARD_CLI_GATEWAY_FILE_REFUSED');
  });
});
