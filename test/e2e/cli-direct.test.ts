import type { Program, Service } from '../support/program.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let simulator: Service;
let env: Record<string, string>;

beforeAll(async () => {
  program = createProgram();
  simulator = await program.serve(['simulator', '--port', '0', '--json']);
  const { url, accountSid, authToken } = simulator.ready as Record<string, string>;
  env = {
    TWILIO_BASE_URL: `${url}/2010-04-01/`,
    TWILIO_ACCOUNT_SID: accountSid ?? '',
    TWILIO_AUTH_TOKEN: authToken ?? '',
    TWILIO_FROM: '+15550000001',
    TOLLBOARD_SIMULATOR_URL: url ?? '',
  };
});
afterAll(() => program.close());

describe('without a gateway', () => {
  it('the simulator alone says in one line how to reach it', () => {
    expect(simulator.ready).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: '1'.repeat(32),
      pid: simulator.child.pid,
    });
  });

  it('a text goes straight to Twilio and is waited for', async () => {
    const { code, lines } = await program.run(
      ['send', '--to', '+15550100001', '--to', '12', '--body', 'Hi', '--wait', '--json'],
      { env },
    );
    expect(code).toBe(3);
    expect(lines).toMatchObject([
      { state: 'done', status: 'delivered' },
      { state: 'rejected', id: null },
    ]);
    const status = await program.run(['status', String(lines[0]?.sid), '--json'], { env });
    expect(status).toMatchObject({ code: 0, lines: [{ status: 'delivered', body: 'Hi' }] });
  });

  it('a lost answer is found in the list, and the text is sent once', async () => {
    await program.run(['simulator', 'faults', '--add', 'drop_answer', '--set', 'count=1'], { env });
    const sent = await program.run(['send', '--to', '+15550100002', '--body', 'Once', '--json'], { env });
    expect(sent).toMatchObject({ code: 0, lines: [{ error: null, to: '+15550100002' }] });
    const phone = await program.run(['simulator', 'messages', '--to', '+15550100002', '--json'], { env });
    expect(phone.lines).toMatchObject([{ body: 'Once', answered: false, sid: sent.lines[0]?.sid }]);
  });

  it('Ctrl-C while the answer is sought ends with exit code 4 and says what is not known', async () => {
    await program.run(['simulator', 'faults', '--add', 'proxy_error', '--set', 'count=1'], { env });
    const sending = program.run(['send', '--to', '+15550100003', '--body', 'Lost', '--json'], {
      env,
      onStart: (child) => void untilStruck().then(() => child.kill('SIGINT')),
    });
    expect(await sending).toMatchObject({
      code: 4,
      lines: [{ id: null, state: 'unknown', error: { stage: 'unknown' } }],
      err: expect.stringContaining('whether Twilio took it for +15550100003'),
    });
  });

  it('half a credential set, a wrong token and what needs a gateway are one clear error each', async () => {
    const args = ['send', '--to', '+15550100001', '--body', 'Hi'];
    const half = await program.run(args, { env: { ...env, TWILIO_AUTH_TOKEN: '' } });
    expect(half).toMatchObject({ code: 2, out: '', err: expect.stringContaining('account_sid without auth_token') });
    const wrong = await program.run(args, { env: { ...env, TWILIO_AUTH_TOKEN: 'hush-hush' } });
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('20003') });
    expect(wrong.out + wrong.err).not.toContain('hush-hush');
    const stored = await program.run([...args, '--idempotency-key', 'K'], { env });
    expect(stored).toMatchObject({ code: 2, out: '', err: expect.stringContaining('npx tollboard start') });
  });

  it('doctor names a sender that is not owned, and a wrong token', async () => {
    const foreign = await program.run(['doctor', '--json'], { env: { ...env, TWILIO_FROM: '+15559999999' } });
    expect(foreign.code).toBe(1);
    expect(foreign.lines.find((line) => line.name === 'sender')).toMatchObject({
      ok: false,
      message: expect.stringContaining('+15550000001'),
    });
    expect(foreign.lines.find((line) => line.name === 'webhook')).toMatchObject({
      ok: true,
      message: 'A Twilio on this machine sends what comes in, once a number points here.',
    });
    const wrong = await program.run(['doctor'], { env: { ...env, TWILIO_AUTH_TOKEN: 'hush-hush' } });
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('20003') });
    expect(wrong.out + wrong.err).not.toContain('hush-hush');
  });

  it('config show prints the settings with their origins and no secret', async () => {
    writeFileSync(path.join(program.cwd, 'own.yaml'), 'sender: +15550000002\n');
    const { out, code } = await program.run(['config', 'show', '--config', 'own.yaml'], {
      env: { ...env, TWILIO_FROM: '' },
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^sender\t\+15550000002\town\.yaml:1:1$/m);
    expect(out).not.toContain('1'.repeat(32));
  });
});

describe('at the edge of a pipe', () => {
  it('a reader that goes away is no error', async () => {
    const bin = fileURLToPath(new URL('../../bin/tollboard.js', import.meta.url));
    const child = spawn(process.execPath, [bin, 'simulator', 'messages', '--json'], {
      cwd: program.cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (part) => (err += String(part)));
    const [code] = await once(child, 'close');
    expect([code, err]).toEqual([0, '']);
  });

  it('a full disk under the output is one clear error, and never the exit code of a success', async () => {
    const bin = fileURLToPath(new URL('../../bin/tollboard.js', import.meta.url));
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [bin, 'simulator', 'messages', '--json'], {
      cwd: program.cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    let err = '';
    child.stderr?.on('data', (part) => (err += String(part)));
    const [code] = await once(child, 'close');
    expect(code).toBe(4);
    expect(err).toMatch(
      /^Error: Standard output cannot be written \(ENOSPC\)\.\n.+\n\(TOLLBOARD_CLI_OUTPUT_FAILED\)\n$/,
    );
  });

  it('Ctrl-C stops a simulator cleanly', async () => {
    const other = await program.serve(['simulator', '--port', '0', '--json']);
    expect(await other.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });
});

/** Asks the simulator until its newest fault has struck. */
async function untilStruck(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${env.TOLLBOARD_SIMULATOR_URL}/_simulator/faults`);
    const { faults } = (await answer.json()) as { faults: Array<{ fault: string; struck: number }> };
    if (faults.some(({ fault, struck }) => fault === 'proxy_error' && struck > 0)) return;
  }
}
