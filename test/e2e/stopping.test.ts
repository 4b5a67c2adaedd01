/** How a gateway ends and goes on: signals once, twice and while it starts, sends under way, kill -9, a restored backup. */

import type { Program, Service } from '../support/program.ts';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let simulator: Service;
let env: Record<string, string>;
const START = ['start', '--port', '0', '--json'];

beforeAll(async () => {
  program = createProgram();
  simulator = await program.serve(['simulator', '--port', '0', '--json']);
  env = {
    TWILIO_BASE_URL: String(simulator.ready.url),
    TWILIO_ACCOUNT_SID: String(simulator.ready.accountSid),
    TWILIO_AUTH_TOKEN: String(simulator.ready.authToken),
    TWILIO_FROM: '+15550000001',
    TOLLBOARD_SIMULATOR_URL: String(simulator.ready.url),
  };
});
beforeEach(async () => {
  await control('faults', null);
  rmSync(path.join(program.cwd, 'data'), { recursive: true, force: true });
});
afterAll(() => program.close());

const gatewayFile = () => path.join(program.cwd, 'data', 'gateway.json');

describe('who watches an entry', () => {
  it('is not left behind by a gateway that starts again', async () => {
    const first = await program.serve(START, env);
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const sent = await program.run(['send', '--to', '+15550100009', '--body', 'Later', '--at', at, '--json'], { env });
    const id = String(sent.lines[0]?.id);
    const seen = Promise.withResolvers<void>();
    const away = Promise.withResolvers<void>();
    const watching = program.run(['status', id, '--watch', '--json'], {
      env,
      onStart(child) {
        child.stdout?.once('data', () => seen.resolve());
        child.stderr?.once('data', () => away.resolve());
      },
    });
    await seen.promise;
    await first.stop();
    await away.promise;
    const port = new URL(String(first.ready.url)).port;
    const second = await program.serve(['start', '--port', port, '--json'], env);
    const { url, token } = second.ready as { url: string; token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${url}/api/v1/messages/${id}/cancel`, { method: 'POST', headers })).status).toBe(200);
    const watched = await watching;
    expect(watched.lines.map(({ state }) => state)).toEqual(['scheduled', 'canceled']);
    expect(watched.err).toBe('The gateway is away; this goes on once it is back.\n');
    await second.stop();
  });
});

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while it starts ends it cleanly, and nothing is left behind',
    async (signal) => {
      const starting = program.run(START, {
        env,
        onStart: (child) => void untilLocked().then(() => child.kill(signal)),
      });
      expect(await starting).toMatchObject({ code: 0, signal: null, err: '' });
      expect(existsSync(gatewayFile())).toBe(false);
      const next = await program.serve(START, env);
      expect(await next.stop()).toEqual({ code: 0, signal: null });
    },
  );

  it('stops while a send is in flight: its answer is waited for and kept', async () => {
    const gateway = await program.serve(START, env);
    await control('faults', { fault: 'slow', delayMs: 400, method: 'POST', count: 1 });
    const sent = await program.run(['send', '--to', '+15550100001', '--body', 'In flight', '--json'], { env });
    await untilStruck();
    expect(await gateway.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(existsSync(gatewayFile())).toBe(false);
    const next = await program.serve(START, env);
    const id = String(sent.lines[0]?.id);
    const after = await program.run(['status', id, '--explain', '--json'], { env });
    const decisions = after.lines[0]?.decisions as Array<{ what: string }>;
    expect(decisions.map(({ what }) => what).slice(0, 3)).toEqual(['accepted', 'claimed', 'answered']);
    expect(await texts('+15550100001')).toEqual(['In flight']);
    await next.stop();
  });

  it('twice ends it at once, also while an answer is outstanding; the text is then unknown, not sent blindly again', async () => {
    const gateway = await program.serve(START, env);
    await control('faults', { fault: 'half_open', method: 'POST', count: 1 });
    const sent = await program.run(['send', '--to', '+15550100002', '--body', 'Cut off', '--json'], { env });
    await untilStruck();
    gateway.child.kill('SIGINT');
    // Two at once would be one: the first has been heard when the gateway takes its name away.
    while (existsSync(gatewayFile())) await new Promise(setImmediate);
    expect(await gateway.stop('SIGINT')).toEqual({ code: 130, signal: null });
    const next = await program.serve(START, env);
    const after = await program.run(['status', String(sent.lines[0]?.id), '--json'], { env });
    expect(after.lines[0]).toMatchObject({ state: 'unknown', error: { code: 'TOLLBOARD_DELIVERY_INTERRUPTED' } });
    expect(after.code).toBe(4);
    await next.stop();
  });
});

describe('kill -9', () => {
  it('leaves a gateway.json that commands do not follow to anywhere else, and the next start replaces it', async () => {
    const gateway = await program.serve(START, env);
    const later = ['send', '--to', '+15550100003', '--body', 'Later', '--at', '2999-01-01T00:00:00Z', '--json'];
    const sent = await program.run(later, { env });
    await gateway.stop('SIGKILL');
    const stale = readFileSync(gatewayFile(), 'utf8');
    // Credentials for a direct send are there, and still it does not go past the gateway.
    const refused = await program.run(['send', '--to', '+15550100003', '--body', 'x'], { env });
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('npx tollboard start') });
    expect(await texts('+15550100003')).toEqual([]);
    const next = await program.serve(START, env);
    expect(readFileSync(gatewayFile(), 'utf8')).not.toBe(stale);
    const kept = await program.run(['status', String(sent.lines[0]?.id), '--json'], { env });
    expect(kept.lines).toMatchObject([{ state: 'scheduled', body: 'Later' }]);
    await next.stop();
  });
});

describe('a backup', () => {
  it('taken while texts are sent holds every accepted one, and a gateway goes on from it', async () => {
    const gateway = await program.serve(START, env);
    const numbers = Array.from({ length: 200 }, (_, n) => `+1555020${String(n).padStart(4, '0')}`);
    const sending = program.run(['send', '--to', '-', '--body', 'Busy', '--json'], { env, input: numbers.join('\n') });
    expect((await sending).code).toBe(0);
    const backup = await program.run(['store', 'backup', 'copy.sqlite', '--json'], { env });
    expect(backup).toMatchObject({ code: 0, err: '', lines: [{ file: path.join(program.cwd, 'copy.sqlite') }] });
    expect((await program.run(['store', 'backup', 'copy.sqlite'], { env })).err).toContain(
      'TOLLBOARD_STORE_BACKUP_EXISTS',
    );
    await untilSent(gateway, numbers.length);
    await gateway.stop();

    for (const name of ['tollboard.sqlite', 'tollboard.sqlite-wal', 'tollboard.sqlite-shm'])
      rmSync(path.join(program.cwd, 'data', name), { force: true });
    copyFileSync(path.join(program.cwd, 'copy.sqlite'), path.join(program.cwd, 'data', 'tollboard.sqlite'));
    expect(await program.run(['store', 'check'], { env })).toMatchObject({ code: 0, err: '' });
    const restored = await program.serve(START, env);
    await untilSent(restored, numbers.length);
    const { messages } = await list(restored, 'limit=1000');
    expect(messages.map(({ to }) => to).sort()).toEqual(numbers);
    await restored.stop();
  });
});

interface Listed {
  messages: Array<{ to: string; state: string }>;
}

async function list(gateway: Service, query: string): Promise<Listed> {
  const { url, token } = gateway.ready as { url: string; token: string };
  const answer = await fetch(`${url}/api/v1/messages?${query}`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as Listed;
}

async function untilSent(gateway: Service, count: number): Promise<void> {
  for (;;) {
    const { messages } = await list(gateway, 'limit=1000');
    if (messages.filter(({ state }) => state === 'sent' || state === 'done').length === count) return;
  }
}

/** A rule for the simulator, or none any more. */
async function control(name: string, body: object | null): Promise<void> {
  const answer = await fetch(`${simulator.ready.url}/_simulator/${name}`, {
    method: body === null ? 'DELETE' : 'POST',
    ...(body === null ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function untilStruck(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${simulator.ready.url}/_simulator/faults`);
    const { faults } = (await answer.json()) as { faults: Array<{ struck: number }> };
    if (faults.some(({ struck }) => struck > 0)) return;
  }
}

/** The bodies that a phone got. */
async function texts(to: string): Promise<string[]> {
  const answer = await fetch(`${simulator.ready.url}/_simulator/messages?to=${encodeURIComponent(to)}`);
  const { messages } = (await answer.json()) as { messages: Array<{ body: string; to: string }> };
  return messages.filter((message) => message.to === to).map(({ body }) => body);
}

/** The gateway has begun to start: its lock is there. */
async function untilLocked(): Promise<void> {
  const file = path.join(program.cwd, 'data', 'lock.pid');
  while (!existsSync(file)) await new Promise(setImmediate);
}
