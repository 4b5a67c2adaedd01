/** The library: a durable gateway in this process, a gateway elsewhere, or straight to Twilio. */

import type { TollboardEvent, TollboardOptions } from '../../src/index.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTollboard, isTollboardError, type Tollboard, TollboardError } from '../../src/index.ts';
import { createSimulator } from '../../src/simulator.ts';

const TO = '+15551230001';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tollboard-library-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function open(options: TollboardOptions): Promise<Tollboard> {
  const tollboard = await createTollboard(options);
  onTestFinished(() => tollboard.close());
  return tollboard;
}

async function failure(promise: Promise<unknown>): Promise<TollboardError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isTollboardError(error)) throw new Error(`expected an error of ours, got ${String(error)}`);
  expect(error).toBeInstanceOf(TollboardError);
  expect(error.remedy).toMatch(/\w/);
  return error;
}

describe('a gateway in this process', () => {
  test('sends, follows and keeps what it did over a restart', async () => {
    const data = folder();
    const first = await open({ data });
    expect(first.running).toMatchObject({ simulated: true, url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    const [text] = await first.send({ to: TO, body: 'The build is green.' });
    const [call] = await first.call({ to: TO, say: { text: 'The garage door is open.' } });
    const end = await first.wait(text?.id ?? '');
    expect(end).toMatchObject({ state: 'done', status: 'delivered', host: 'library', simulated: true });
    expect(await first.wait(call?.id ?? '', 'sent')).toMatchObject({ kind: 'call', sid: expect.stringMatching(/^CA/) });
    expect((await first.recipients()).map(({ phoneNumber }) => phoneNumber)).toContain('+15550100001');
    expect(await first.check()).toMatchObject({ ok: true });
    await first.close();
    const second = await open({ data });
    expect(await second.fetch(text?.id ?? '')).toEqual(end);
    expect(await second.fetch(end.sid ?? '')).toEqual(end);
  });

  test('sends from a number that the simulated account owns, whichever accounts were declared', async () => {
    const data = folder();
    const account = (digit: string, numbers: string) =>
      `  - {sid: AC${digit.repeat(32)}, auth_token: secret, numbers: [${numbers}]}\n`;
    const declared = `${account('a', "'+15550000009'")}${account('b', "'+15550000007', '+15550000008'")}${account('c', '')}`;
    writeFileSync(join(data, 'accounts.yaml'), `defaults: false\naccounts:\n${declared}`);
    writeFileSync(join(data, 'tollboard.yaml'), 'simulator: {accounts: accounts.yaml}\n');
    const tollboard = await open({ data, config: join(data, 'tollboard.yaml') });
    const [text] = await tollboard.send({ to: TO, body: 'Mine' });
    expect(await tollboard.wait(text?.id ?? '')).toMatchObject({ from: '+15550000009', status: 'delivered' });
    const several = await failure(tollboard.send({ to: TO, body: 'x', account: `AC${'b'.repeat(32)}` }));
    expect(several).toMatchObject({
      code: 'TOLLBOARD_SENDER_AMBIGUOUS',
      message: expect.stringContaining('+15550000007, +15550000008'),
    });
    const none = await failure(tollboard.send({ to: TO, body: 'x', account: `AC${'c'.repeat(32)}` }));
    expect(none.code).toBe('TOLLBOARD_SENDER_MISSING');
  });

  test('is alone on its data, and says who is there', async () => {
    const data = folder();
    const first = await open({ data });
    const error = await failure(createTollboard({ data }));
    expect(error.code).toBe('TOLLBOARD_DATA_IN_USE');
    expect(error.message).toContain(String(process.pid));
    const [text] = await first.send({ to: TO, body: 'Still here' });
    expect(await first.wait(text?.id ?? '', 'sent')).toMatchObject({ error: null });
  });

  test('closes once and for all, and ends the waits under way', async () => {
    const data = folder();
    const tollboard = await open({ data });
    const [text] = await tollboard.send({ to: TO, body: 'Later', notBefore: new Date(Date.now() + 3_600_000) });
    const waiting = tollboard.wait(text?.id ?? '');
    const ended = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await tollboard.fetch(text?.id ?? '');
    await Promise.all([tollboard.close(), tollboard.close()]);
    await ended;
    await tollboard.close();
    expect((await failure(tollboard.send({ to: TO, body: 'Too late' }))).code).toBe('TOLLBOARD_STORE_CLOSED');
    expect(await (await open({ data })).fetch(text?.id ?? '')).toMatchObject({ state: 'scheduled' });
  });

  test('tells events until the listener leaves', async () => {
    const tollboard = await open({ data: folder() });
    const seen: TollboardEvent[] = [];
    const leave = tollboard.onEvent((event) => seen.push(event));
    const [text] = await tollboard.send({ to: TO, body: 'Watched' });
    await tollboard.wait(text?.id ?? '');
    expect(seen.map(({ type, data }) => `${type} ${data.MessageStatus}`)).toEqual([
      'twilio_message_status sent',
      'twilio_message_status delivered',
    ]);
    expect(seen[0]).toMatchObject({ simulated: true, data: { entryId: text?.id, To: TO } });
    expect(JSON.stringify(seen)).not.toContain('Watched');
    leave();
    const [other] = await tollboard.send({ to: TO, body: 'Not watched' });
    await tollboard.wait(other?.id ?? '');
    expect(seen).toHaveLength(2);
  });

  test('takes times as Date or text, and leaves out what is undefined', async () => {
    const tollboard = await open({ data: folder() });
    const soon = new Date(Date.now() + 3_600_000);
    const service = { messagingServiceSid: `MG${'0'.repeat(32)}`, scheduleType: 'fixed' } as const;
    const [twilios] = await tollboard.send({ to: TO, body: 'x', ...service, sendAt: soon, statusCallback: undefined });
    expect(await tollboard.wait(twilios?.id ?? '', 'sent')).toMatchObject({ status: 'scheduled' });
    const [ours] = await tollboard.send({ to: TO, body: 'x', notBefore: soon.toISOString() });
    expect(ours).toMatchObject({ state: 'scheduled' });
  });
});

describe('elsewhere', () => {
  test('over a gateway that runs already', async () => {
    const { running } = await open({ data: folder() });
    const { url = '', token = '' } = running ?? {};
    const remote = await open({ gateway: { url, token } });
    expect(remote.running).toBeNull();
    const [text] = await remote.send({ to: TO, body: 'Over there' }, { idempotencyKey: 'k' });
    expect(await remote.wait(text?.id ?? '')).toMatchObject({ status: 'delivered', host: 'library' });
    expect(() => remote.onEvent(() => undefined)).toThrow(TollboardError);
    const [later] = await remote.send({ to: TO, body: 'Later', notBefore: new Date(Date.now() + 3_600_000) });
    const ended = expect(remote.wait(later?.id ?? '')).rejects.toMatchObject({ name: 'AbortError' });
    await remote.fetch(later?.id ?? '');
    await remote.close();
    await ended;
  });

  test('straight to Twilio, nothing stored', async () => {
    const simulator = await createSimulator({ port: 0 });
    onTestFinished(() => simulator.stop());
    const [account] = simulator.accounts;
    const direct = await open({
      direct: true,
      sender: '+15550000001',
      twilio: { accountSid: account?.sid ?? '', authToken: account?.authToken ?? '', baseUrl: simulator.url },
    });
    const [text] = await direct.send({ to: TO, body: 'Straight' });
    expect(await direct.wait(text?.id ?? '')).toMatchObject({ status: 'delivered', simulated: false });
    expect(direct.running).toBeNull();
    expect(() => direct.onEvent(() => undefined)).toThrow(TollboardError);
    const keyed = direct.send({ to: TO, body: 'x' }, { idempotencyKey: 'k' });
    expect((await failure(keyed)).code).toBe('TOLLBOARD_DIRECT_NEEDS_GATEWAY');
    await direct.close();
    expect(await direct.send({ to: TO, body: 'Too late' })).toMatchObject([
      { state: 'rejected', error: { stage: 'before_send' } },
    ]);
    expect(simulator.control.messages().messages.map(({ body }) => body)).toEqual(['Straight']);
  });
});

test('TWILIO_BASE_URL leads a program that names no other address to a test server', async () => {
  const simulator = await createSimulator({ port: 0 });
  onTestFinished(() => simulator.stop());
  vi.stubEnv('TWILIO_BASE_URL', simulator.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const [account] = simulator.accounts;
  const twilio = { accountSid: account?.sid ?? '', authToken: account?.authToken ?? '' };
  const direct = await open({ direct: true, sender: '+15550000001', twilio });
  await direct.send({ to: TO, body: 'By the environment' });
  expect(simulator.control.messages().messages.map(({ body }) => body)).toEqual(['By the environment']);
});

describe('options that cannot be right are refused before anything starts', () => {
  const gateway = { url: 'http://127.0.0.1:8655', token: 'token' };
  const twilio = { accountSid: `AC${'1'.repeat(32)}`, authToken: 'x' };
  const cases: Array<[options: object, code: string, message: RegExp]> = [
    [{ twillio: twilio }, 'CONFIG_KEY_UNKNOWN', /"twillio" is not a setting/],
    [{ twilio: { accountSid: '', authToken: '' } }, 'CONFIG_CREDENTIALS_INCOMPLETE', /twilio without accountSid/],
    [{ twilio: { accountSid: 'AC1' } }, 'CONFIG_CREDENTIALS_INCOMPLETE', /without authToken/],
    [{ twilio: { accountSid: 'AC1', apiKey: 'SK1' } }, 'CONFIG_CREDENTIALS_INCOMPLETE', /without apiSecret/],
    [{ twilio: { accountSid: 'AC1', apiSecret: 'x' } }, 'CONFIG_CREDENTIALS_INCOMPLETE', /without apiKey/],
    [
      { twilio: { ...twilio, baseUrl: 'api.twilio.com' } },
      'CONFIG_VALUE_INVALID',
      /twilio\.baseUrl is 'api\.twilio\.com'/,
    ],
    [{ direct: true }, 'CONFIG_CREDENTIALS_INCOMPLETE', /direct without twilio/],
    [{ direct: true, twilio, data: './data' }, 'CONFIG_VALUE_INVALID', /data is given; expected none beside direct/],
    [{ gateway, twilio }, 'CONFIG_VALUE_INVALID', /twilio is given; expected none beside gateway/],
    [{ gateway, direct: true }, 'CONFIG_VALUE_INVALID', /direct is given; expected none beside gateway/],
    [{ gateway: { url: 'nowhere', token: 'x' } }, 'CONFIG_VALUE_INVALID', /url is 'nowhere'/],
    [{ gateway: { url: gateway.url } }, 'CONFIG_VALUE_INVALID', /token is no token/],
    [{ port: 70_000 }, 'CONFIG_VALUE_INVALID', /70000/],
    [{ config: '/nowhere/tollboard.yaml' }, 'CONFIG_FILE_UNREADABLE', /tollboard\.yaml/],
  ];
  test.each(cases)('%j: %s', async (options, code, message) => {
    const error = await failure(createTollboard(options as TollboardOptions));
    expect(error).toMatchObject({ code: `TOLLBOARD_${code}`, message: expect.stringMatching(message) });
  });
});

describe('input that no type checked', () => {
  test.each([
    [{ body: 'x' }, 'TOLLBOARD_PARAMETER_TYPE', /^to is absent; expected an address/],
    [{ to: 15_551_230_001, body: 'x' }, 'TOLLBOARD_PARAMETER_TYPE', /^to is '15551230001'/],
    [{ to: [TO, null], body: 'x' }, 'TOLLBOARD_PARAMETER_TYPE', /^to is 'null'/],
    [{ to: TO, body: 'x', notBefore: 'tomorrow' }, 'TOLLBOARD_PARAMETER_TYPE', /^notBefore is 'tomorrow'/],
    [{ to: TO, body: 'x', notBefore: new Date(Number.NaN) }, 'TOLLBOARD_PARAMETER_TYPE', /^notBefore is/],
    [{ to: TO, body: 'x', onUnknown: 'drop' }, 'TOLLBOARD_PARAMETER_TYPE', /^onUnknown is 'drop'/],
    [{ to: TO, bdy: 'x' }, 'TOLLBOARD_PARAMETER_UNKNOWN', /^bdy is not a parameter/],
    [{ to: TO, body: 5 }, 'TOLLBOARD_PARAMETER_TYPE', /^body is a number/],
    [{ to: TO, body: null }, 'TOLLBOARD_PARAMETER_TYPE', /^body is null; expected a string/],
    [{ to: TO, body: {} }, 'TOLLBOARD_PARAMETER_TYPE', /^body is an object/],
    [null, 'TOLLBOARD_PARAMETER_TYPE', /^The message is 'null'; expected an object/],
    [{ to: [], body: 'x' }, 'TOLLBOARD_REQUEST_NO_RECIPIENT', /no recipient/],
  ])('%j is refused with %s', async (input, code, message) => {
    const tollboard = await shared();
    const error = await failure(tollboard.send(input as never));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  /** Refused before anything would leave, so no Twilio is needed. */
  function shared(): Promise<Tollboard> {
    return open({
      direct: true,
      sender: '+15550000001',
      twilio: { accountSid: 'AC1', authToken: 'x', baseUrl: 'http://127.0.0.1:1' },
    });
  }
});
