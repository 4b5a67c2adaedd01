import type { Program, Service } from '../support/program.ts';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram, ON_A_TERMINAL } from '../support/program.ts';

let program: Program;
let gateway: Service;
const START = ['start', '--port', '0', '--simulator-port', '0', '--json'];

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(START);
});
afterAll(() => program.close());

describe('a first text', () => {
  it('start tells in one line where everything is, and gateway.json is for its owner only', () => {
    expect(gateway.ready).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      token: expect.any(String),
      simulatorUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      webhookUrl: expect.stringMatching(/\/api\/webhook\/[0-9a-f]{64}$/),
      simulated: true,
      pid: gateway.child.pid,
    });
    const file = path.join(program.cwd, 'data', 'gateway.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { url, token, simulatorUrl, pid } = gateway.ready;
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ url, token, simulatorUrl, pid });
  });

  it('is sent to a simulated phone, waited for, and explained afterwards', async () => {
    const sent = await program.run([
      'send',
      '--to',
      '+15550100001',
      '--body',
      'Hello from Tollboard',
      '--wait',
      '--json',
    ]);
    expect(sent).toMatchObject({ code: 0, err: '' });
    expect(sent.lines).toMatchObject([
      { state: 'done', status: 'delivered', from: '+15550000001', host: 'cli', simulated: true },
    ]);
    const id = String(sent.lines[0]?.id);
    const status = await program.run(['status', id]);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining('delivered') });
    const explained = await program.run(['status', id, '--explain', '--json']);
    const decisions = explained.lines[0]?.decisions as Array<{ what: string }>;
    expect(decisions.map(({ what }) => what)).toEqual(['accepted', 'claimed', 'answered', 'status', 'status']);
    const phone = await program.run(['simulator', 'messages', '--to', '+15550100001', '--json']);
    expect(phone.lines).toMatchObject([{ body: 'Hello from Tollboard', status: 'delivered' }]);
    const seen = await program.run(['simulator', 'messages', '--to', '+15550100001'], { env: ON_A_TERMINAL });
    expect(seen.out).toMatch(
      /^ACCEPTED AT .*\n20\S+Z +\+15550000001 +\+15550100001 +delivered +SM\S+ +Hello from Tollboard\n$/,
    );
  });

  it('twice with one key is sent once; another body under it is refused', async () => {
    const args = ['send', '--to', '+15550100002', '--body', 'Once', '--idempotency-key', 'K', '--json'];
    const [first, second] = [await program.run(args), await program.run(args)];
    expect(second?.lines[0]?.id).toBe(first?.lines[0]?.id);
    const other = await program.run(args.with(4, 'Twice'));
    expect(other).toMatchObject({ out: '', err: expect.stringContaining('TOLLBOARD_IDEMPOTENCY_MISMATCH') });
  });
});

describe('many recipients', () => {
  it('1,000 with 10 bad numbers: 990 delivered, 10 rejected with code, cause and remedy, exit code 3', async () => {
    const numbers = Array.from({ length: 1000 }, (_, n) =>
      n % 100 === 7 ? `555${n}x` : `+1555020${String(n).padStart(4, '0')}`,
    );
    const { code, lines, err } = await program.run(
      ['send', '--to', '-', '--body', 'Closed today', '--wait', '--json'],
      {
        input: `${numbers.join('\r\n')}\n`,
      },
    );
    expect([code, err]).toEqual([3, '']);
    expect(lines.map((line) => line.to)).toEqual(numbers);
    const bad = lines.filter((line) => line.state === 'rejected');
    expect(lines.filter((line) => line.status === 'delivered')).toHaveLength(990);
    expect(bad).toHaveLength(10);
    for (const { error } of bad) {
      expect(error).toMatchObject({
        code: expect.any(String),
        message: expect.any(String),
        remedy: expect.any(String),
        twilioCode: 21211,
      });
    }
  });

  it('the simulator lists what every phone got, however many', async () => {
    const numbers = Array.from({ length: 1001 }, (_, n) => `+1555021${String(n).padStart(4, '0')}`);
    const sender = '+15550000002';
    const input = numbers.join('\n');
    const sent = await program.run(['send', '--to', '-', '--from', sender, '--body', 'x', '--wait'], { input });
    expect(sent.code).toBe(0);
    const listed = await program.run(['simulator', 'messages', '--from', sender, '--json']);
    expect(new Set(listed.lines.map(({ to }) => to))).toEqual(new Set(numbers));
    expect(listed.lines).toHaveLength(1001);
    const lines = (await program.run(['simulator', 'messages', '--from', sender])).out.trim().split('\n');
    expect(lines).toHaveLength(1001);
  });

  it('off a terminal stdout has a line per recipient, with tabs; causes, remedies and the sum are beside it', async () => {
    const args = ['send', '--to', '+15550100004', '--to', '12', '--body', 'x', '--wait'];
    const { code, out, err } = await program.run(args);
    expect(code).toBe(3);
    expect(out).toMatch(
      /^\+15550100004\tdelivered\tSM[0-9a-f]{32}\t1\t-\n12\trejected\tSM[0-9a-f]{32}\t1\tTOLLBOARD_MESSAGE_TO_INVALID\n$/,
    );
    expect(err).toContain('12: rejected (TOLLBOARD_MESSAGE_TO_INVALID, Twilio 21211)');
    expect(err).toContain('2 recipients: 1 delivered, 1 rejected.');
    expect(out + err).not.toContain('\u001b');
  });

  it('on a terminal the same is a table', async () => {
    const args = ['send', '--to', '+15550100004', '--to', '12', '--body', 'x', '--wait'];
    const { out } = await program.run(args, { env: ON_A_TERMINAL });
    expect(out).toMatch(/^TO +STATE +ID +SEGMENTS\n\+15550100004 +delivered +SM[0-9a-f]{32} +1\n/);
    expect(out).toContain('2 recipients: 1 delivered, 1 rejected.');
  });

  it('repeats over the whole input are sent once and told each time', async () => {
    const { code, lines } = await program.run(['send', '--to', '-', '--to', '+15550100009', '--body', 'x', '--json'], {
      input: '# people\n+15550100008\n+15550100009\n+15550100008\n',
    });
    expect(code).toBe(0);
    expect(lines.map((line) => [line.to, line.duplicate ?? false])).toEqual([
      ['+15550100008', false],
      ['+15550100009', false],
      ['+15550100008', true],
      ['+15550100009', true],
    ]);
    expect(lines[2]?.id).toBe(lines[0]?.id);
  });

  it('one bad number alone has its line and is a failure, not a mistake of usage', async () => {
    const { code, lines, err } = await program.run(['send', '--to', '12', '--body', 'x', '--json']);
    expect([code, err]).toEqual([1, '']);
    expect(lines).toMatchObject([
      { id: null, state: 'rejected', to: '12', error: { code: expect.any(String), remedy: expect.any(String) } },
    ]);
  });
});

describe('while waiting', () => {
  it('Ctrl-C prints the id, says that the gateway goes on, and exits by the outcomes so far', async () => {
    const args = [
      'send',
      '--to',
      '+15550100003',
      '--body',
      'Later',
      '--at',
      '2999-01-01T00:00:00Z',
      '--wait',
      '--json',
    ];
    let interrupt = () => {};
    const waiting = program.run(args, { onStart: (child) => (interrupt = () => void child.kill('SIGINT')) });
    await untilListed('scheduled');
    interrupt();
    const { code, lines, err } = await waiting;
    expect(code).toBe(4);
    expect(lines).toMatchObject([{ state: 'scheduled', id: expect.stringMatching(/^SM/) }]);
    expect(err).toContain(`The gateway goes on with ${String(lines[0]?.id)}`);
  });

  it('--wait=SECONDS ends in time and says what is not yet sent', async () => {
    const args = ['send', '--to', '+15550100003', '--body', 'Later', '--at', '2999-01-01T00:00:00Z', '--wait=0'];
    expect(await program.run(args)).toMatchObject({ code: 4, out: expect.stringContaining('scheduled') });
  });
});

describe('what else one asks', () => {
  it('a call is made, says its text and completes', async () => {
    await program.run(['simulator', 'scenarios', '--to', '+15550100004', '--set', 'after.durationMs=10']);
    const call = await program.run([
      'call',
      '--to',
      '+15550100004',
      '--say',
      'The server room is hot.',
      '--wait',
      '--json',
    ]);
    expect(call.lines).toMatchObject([{ kind: 'call', status: 'completed', body: 'The server room is hot.' }]);
    expect(call.code).toBe(0);
  });

  it('recipients, connectivity and doctor', async () => {
    const recipients = await program.run(['recipients', '--json']);
    expect(recipients.lines.map((line) => line.phoneNumber)).toEqual(['+15550100001', '+15550100002', '+15550100003']);
    expect(await program.run(['connectivity'])).toMatchObject({ code: 0, out: expect.stringContaining('ok') });
    const doctor = await program.run(['doctor', '--json'], { env: { TWILIO_REGION: 'ie1' } });
    expect(doctor.code).toBe(0);
    expect(doctor.lines.find((line) => line.name === 'gateway')).toMatchObject({ ok: true });
    expect(doctor.lines.find((line) => line.name === 'environment')).toMatchObject({
      warning: true,
      remedy: expect.any(String),
    });
  });

  it('a named token works until it is revoked, and its secret is shown once', async () => {
    const { url } = gateway.ready as { url: string };
    const created = await program.run(['config', 'token', 'create', 'ansible', '--json']);
    const { sid, secret } = created.lines[0] as { sid: string; secret: string };
    const named = { TOLLBOARD_URL: url, TOLLBOARD_TOKEN: secret };
    expect((await program.run(['recipients', '--json'], { env: named })).code).toBe(0);
    const listed = await program.run(['config', 'token', 'list', '--json']);
    expect(listed.lines).toMatchObject([{ name: 'ansible', sid, revokedAt: null }]);
    expect(listed.out).not.toContain(secret);
    expect((await program.run(['config', 'token', 'revoke', sid])).code).toBe(0);
    expect(await program.run(['recipients'], { env: named })).toMatchObject({ code: 2, out: '' });
  });

  it('an unknown id, a forgotten gateway, a foreign token: one error each, and no stack', async () => {
    const env = { TOLLBOARD_URL: String(gateway.ready.url), TOLLBOARD_TOKEN: 'wrong' };
    for (const [args, change, code] of [
      [['status', `SM${'0'.repeat(32)}`], {}, 2],
      [['send', '--to', '+15550100001', '--body', 'x'], env, 2],
      [['send', '--to', '+15550100001', '--body', 'x'], { ...env, TOLLBOARD_URL: 'http://127.0.0.1:1' }, 1],
      [['send', '--to', '+15550100001', '--body', 'x'.repeat(1601)], {}, 2],
    ] as const) {
      const ended = await program.run([...args], { env: change });
      expect(ended).toMatchObject({ code, out: '' });
      expect(ended.err.trim().split('\n')).toHaveLength(3);
    }
  });
});

describe('the end of a gateway', () => {
  it('a second one on the same data is refused with the pid of the first', async () => {
    const second = await program.run(START);
    expect(second).toMatchObject({ code: 1, out: '' });
    expect(second.err).toContain(String(gateway.child.pid));
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops it cleanly, and a second start goes on where it was',
    async (signal) => {
      const file = path.join(program.cwd, 'data', 'gateway.json');
      const sent = await program.run(['send', '--to', '+15550100001', '--body', signal, '--wait', '--json']);
      expect(await gateway.stop(signal)).toEqual({ code: 0, signal: null });
      expect(existsSync(file)).toBe(false);
      expect((await program.run(['status', String(sent.lines[0]?.id)])).code).toBe(2);
      gateway = await program.serve(START);
      const found = await program.run(['status', String(sent.lines[0]?.id), '--json']);
      expect(found.lines).toMatchObject([{ status: 'delivered', body: signal }]);
    },
  );

  it('what the simulated Twilio had still to do is done after the next start, and told by callback', async () => {
    const { url, simulatorUrl } = gateway.ready as { url: string; simulatorUrl: string };
    const clock = (body: object) =>
      fetch(`${simulatorUrl}/_simulator/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await clock({ frozen: true });
    const sent = await program.run(['send', '--to', '+15550100002', '--body', 'Under way', '--json']);
    const id = String(sent.lines[0]?.id);
    await untilListed('sent', 'Under way');
    await clock({ advanceMs: 150, settle: true });
    await gateway.stop();
    gateway = await program.serve(['start', '--port', new URL(url).port, '--simulator-port', '0', '--json']);
    await program.run(['status', id, '--watch', '--json']);
    const { lines } = await program.run(['status', id, '--explain', '--json']);
    expect(lines[0]).toMatchObject({
      status: 'delivered',
      decisions: expect.arrayContaining([expect.objectContaining({ why: "Twilio's callback says delivered." })]),
    });
  });

  it('a wait goes on over a restart, although the local token is a new one', async () => {
    const args = ['send', '--to', '+15550100003', '--body', 'Over', '--at', '2999-01-01T00:00:00Z', '--wait', '--json'];
    const waiting = program.run(args);
    const id = await untilListed('scheduled', 'Over');
    const { token, url } = gateway.ready as { token: string; url: string };
    await gateway.stop();
    gateway = await program.serve(['start', '--port', new URL(url).port, '--simulator-port', '0', '--json']);
    expect(gateway.ready.token).not.toBe(token);
    const authorization = `Bearer ${String(gateway.ready.token)}`;
    await fetch(`${url}/api/v1/messages/${id}/cancel`, { method: 'POST', headers: { authorization } });
    const { code, lines, err } = await waiting;
    expect(lines).toMatchObject([{ id, state: 'canceled' }]);
    expect([code, err]).toEqual([1, '']);
  });

  it('doctor tells of one that was killed', async () => {
    await gateway.stop('SIGKILL');
    const doctor = await program.run(['doctor', '--json']);
    expect(doctor.code).toBe(1);
    expect(doctor.lines.find((line) => line.name === 'gateway')).toMatchObject({
      ok: false,
      message: expect.stringContaining('did not stop cleanly'),
    });
    gateway = await program.serve(START);
  });
});

/** Asks the gateway until it lists a message in that state, and with that text if one is given; resolves with its id. */
async function untilListed(state: string, body?: string): Promise<string> {
  const { url, token } = gateway.ready as { url: string; token: string };
  for (;;) {
    const answer = await fetch(`${url}/api/v1/messages?state=${state}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { messages } = (await answer.json()) as { messages: Array<{ id: string; body: string }> };
    const found = messages.find((message) => body === undefined || message.body === body);
    if (found !== undefined) return found.id;
  }
}
