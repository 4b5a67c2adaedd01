import type { Program, Service } from '../support/program.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST_NAMES } from '../../src/hosts/host.ts';
import { plain, statementsOf } from '../support/pages.ts';
import { createProgram } from '../support/program.ts';

const SID = `AC${'0'.repeat(32)}`;
const TOKEN = '1'.repeat(32);
const input = (to: readonly string[], token = TOKEN) =>
  JSON.stringify({
    twilio: { account_sid: SID, auth_token: token },
    notify: { platform: 'twilio_sms', from_number: '+15550000001' },
    data: { message: 'The door is open.', target: to },
  });

let program: Program;
beforeAll(() => {
  program = createProgram();
});
afterAll(() => program.close());

describe('tollboard host over a gateway', () => {
  let gateway: Service;
  beforeAll(async () => {
    gateway = await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
  });
  afterAll(() => gateway.stop());

  it('prints the output of the host, and its exit code tells how it ended', async () => {
    const good = await program.run(['host', 'home-assistant', '--json'], { input: input(['+15551230001']) });
    expect(good).toMatchObject({ code: 0, err: '', lines: [{ results: [{ target: '+15551230001', error: null }] }] });
    const some = await program.run(['host', 'home-assistant', '-'], { input: input(['+15551230001', '12']) });
    expect(some).toMatchObject({ code: 3, err: '' });
    expect(JSON.parse(some.out)).toMatchObject({ results: [{ error: null }, { status: 'rejected' }] });
    const none = await program.run(['host', 'home-assistant', '--json'], { input: input(['12']) });
    expect(none.code).toBe(1);
    const empty = await program.run(['host', 'home-assistant', '--json'], { input: input([]) });
    expect(empty).toMatchObject({ code: 2, lines: [{ results: [] }] });
  });

  it('reads a file', async () => {
    writeFileSync(path.join(program.cwd, 'notification.json'), input(['+15551230001']));
    expect(await program.run(['host', 'home-assistant', 'notification.json'])).toMatchObject({ code: 0 });
  });

  it('refuses credentials that are not those of the gateway', async () => {
    const wrong = await program.run(['host', 'home-assistant', '--json'], { input: input(['+15551230001'], 'wrong') });
    expect(wrong.code).toBe(1);
    expect(wrong.lines).toMatchObject([{ results: [{ error: { code: 'TOLLBOARD_ACCOUNT_CREDENTIALS' } }] }]);
  });

  it('lists every field, as a table or as data', async () => {
    const shown = await program.run(['host', 'home-assistant', '--describe']);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('account_sid') });
    const data = await program.run(['host', 'home-assistant', '--describe', '--json']);
    expect(data.lines).toMatchObject([
      {
        host: 'home-assistant',
        fields: { twilio: expect.arrayContaining([expect.objectContaining({ name: 'account_sid' })]) },
      },
    ]);
  });

  it.each(HOST_NAMES)('prints all that the document of %s specifies, in its order', async (name) => {
    const { code, out } = await program.run(['host', name, '--describe']);
    expect(code).toBe(0);
    const printed = plain(out);
    let read = 0;
    for (const statement of statementsOf(name)) {
      const found = printed.indexOf(statement, read);
      expect(found, `${statement} after ${printed.slice(Math.max(0, read - 60), read)}`).toBeGreaterThanOrEqual(0);
      read = found + statement.length;
    }
  });

  it('says where an input is no JSON without showing any of it: it may hold a token', async () => {
    const { code, err } = await program.run(['host', 'flogo'], { input: `{"authToken": ${'a1b2c3d4'.repeat(4)}}` });
    expect(code).toBe(2);
    expect(err).toContain("standard input is no JSON (Unexpected token 'a')");
    expect(err).not.toMatch(/a1|authToken/);
  });

  it.each([
    ['an unknown host', ['host', 'puppet'], 'TOLLBOARD_HOST_UNKNOWN'],
    ['no host', ['host'], 'TOLLBOARD_CLI_USAGE'],
    ['a file that is not there', ['host', 'home-assistant', 'nowhere.json'], 'TOLLBOARD_CLI_USAGE'],
    ['what is no JSON', ['host', 'home-assistant', '-'], 'TOLLBOARD_CLI_USAGE'],
  ])('answers %s with one error', async (_what, args, code) => {
    const { code: exit, out, err } = await program.run(args, { input: 'no JSON' });
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain(code);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

describe('tollboard host without a gateway', () => {
  it('goes to Twilio with the credentials of the input', async () => {
    const simulator = await program.serve(['simulator', '--port', '0', '--json']);
    const env = { TWILIO_BASE_URL: String(simulator.ready.url) };
    const { code, lines } = await program.run(['host', 'home-assistant', '--json'], {
      input: input(['+15551230001']),
      env,
    });
    expect(code).toBe(0);
    expect(lines).toMatchObject([{ results: [{ id: expect.stringMatching(/^SM[0-9a-f]{32}$/), error: null }] }]);
    const wrong = await program.run(['host', 'home-assistant', '--json'], {
      input: input(['+15551230001'], 'wrong'),
      env,
    });
    expect(wrong).toMatchObject({ code: 1, lines: [{ results: [{ error: { twilioCode: 20003 } }] }] });
    await simulator.stop();
  });

  it('says of a gateway that is gone that nothing was sent, and never goes direct', async () => {
    const { code, lines } = await program.run(
      ['host', 'home-assistant', '--json', '--url', 'http://127.0.0.1:1', '--token', 'x'],
      { input: input(['+15551230001']) },
    );
    expect(code).toBe(1);
    expect(lines).toMatchObject([{ results: [{ id: null, error: { code: 'TOLLBOARD_GATEWAY_UNREACHABLE' } }] }]);
  });
});
