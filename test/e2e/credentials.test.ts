/** Accounts with an API key alone, and with two auth tokens while one is rotated out. */

import type { Program, Service } from '../support/program.ts';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import twilio from 'twilio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

const ACCOUNT = `AC${'a'.repeat(32)}`;
const KEY = `SK${'b'.repeat(32)}`;
const [token, nextToken, secret] = Array.from({ length: 3 }, () => randomBytes(16).toString('hex')) as [
  string,
  string,
  string,
];

let program: Program;
let simulator: Service;

beforeAll(async () => {
  program = createProgram();
  const write = (name: string, text: string) => writeFileSync(path.join(program.cwd, name), text);
  write(
    'accounts.yaml',
    `defaults: false
accounts:
  - sid: ${ACCOUNT}
    auth_token: "${token}"
    numbers: ["+15550000001"]
    api_keys: [{sid: ${KEY}, secret: "${secret}"}]
`,
  );
  simulator = await program.serve(['simulator', '--port', '0', '--accounts', 'accounts.yaml', '--json']);
  const common = `account_sid: ${ACCOUNT}, base_url: "${simulator.ready.url}"`;
  const rest = 'sender: "+15550000001"\npublic_url: https://toll.example.com\ndelivery: {status_callback: ';
  write('key.yaml', `twilio: {${common}, api_key: ${KEY}, api_secret: "${secret}"}\n${rest}auto}\n`);
  write(
    'both.yaml',
    `twilio: {${common}, auth_token: "${token}", api_key: ${KEY}, api_secret: "${secret}"}\n${rest}auto}\n`,
  );
  write('two.yaml', `twilio: {${common}, auth_token: ["${token}", "${nextToken}"]}\n${rest}auto}\n`);
});
afterAll(() => program.close());

describe('an account with an API key and no auth token', () => {
  it('sends without asking for callbacks, which nobody could verify, and learns statuses by polling', async () => {
    const gateway = await program.serve(['start', '--port', '0', '--config', 'key.yaml', '--data', 'key', '--json']);
    const sent = await program.run([
      'send',
      '--to',
      '+15550100001',
      '--body',
      'By key',
      '--wait',
      '--data',
      'key',
      '--json',
    ]);
    expect(sent).toMatchObject({ code: 0, err: '', lines: [{ status: 'delivered', account: ACCOUNT }] });
    const explained = await program.run(['status', String(sent.lines[0]?.id), '--explain', '--data', 'key']);
    expect(explained.out).toMatch(/poll/);
    expect(explained.out).not.toMatch(/callback says/);
    expect(await messages('+15550100001')).toMatchObject([{ statusCallback: null }]);
    await gateway.stop();
  });

  it('doctor and start say so', async () => {
    const doctor = await program.run(['doctor', '--config', 'key.yaml', '--data', 'key']);
    expect(doctor).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/API key and no auth token: .*polling/),
    });
    expect(doctor.out).not.toContain('Twilio tells statuses to https://toll.example.com');
    const started = await program.run(['start', '--port', '0', '--config', 'key.yaml', '--data', 'key'], {
      onStart: (child) =>
        child.stdout?.on('data', (text) => String(text).includes('tollboard send') && child.kill('SIGINT')),
    });
    expect(started).toMatchObject({ code: 0, out: expect.stringContaining('Statuses of default: by polling') });
    expect(started.out).toMatch(/^No webhook: .* has an API key and no auth token\. Add auth_token/m);
  });
});

describe('an account with an API key and an auth token', () => {
  it('shows itself, which Twilio lets no such key do', async () => {
    const gateway = await program.serve(['start', '--port', '0', '--config', 'both.yaml', '--data', 'both', '--json']);
    for (const resource of [`Accounts/${ACCOUNT}.json`, 'Accounts.json']) {
      const answer = await fetch(`${gateway.ready.url}/2010-04-01/${resource}`, {
        headers: { authorization: `Basic ${btoa(`${ACCOUNT}:${token}`)}` },
      });
      expect(answer.status, resource).toBe(200);
      expect(await answer.text()).toMatch(/"status": "active"/);
    }
    await gateway.stop();
  });
});

describe('two auth tokens during rotation', () => {
  it('callbacks signed by either are taken, by another refused', async () => {
    const gateway = await program.serve(['start', '--port', '0', '--config', 'two.yaml', '--data', 'two', '--json']);
    await control('callback_lost');
    for (const [signer, status, verdict] of [
      [token, 'delivered', 204],
      [nextToken, 'undelivered', 204],
      [secret, 'delivered', 403],
    ] as const) {
      const sent = await program.run(['send', '--to', '+15550100002', '--body', 'x', '--data', 'two', '--json']);
      const id = String(sent.lines[0]?.id);
      const sid = await untilTaken(gateway, id);
      const [{ statusCallback } = { statusCallback: '' }] = (await messages('+15550100002')).filter(
        (m) => m.sid === sid,
      );
      expect(statusCallback).toBe(`https://toll.example.com/callbacks/message?ref=${id}`);
      const fields = { AccountSid: ACCOUNT, MessageSid: sid, MessageStatus: status };
      const answer = await fetch(`${gateway.ready.url}/callbacks/message?ref=${id}`, {
        method: 'POST',
        headers: { 'x-twilio-signature': twilio.getExpectedTwilioSignature(signer, statusCallback, fields) },
        body: new URLSearchParams(fields),
      });
      expect(answer.status).toBe(verdict);
      const after = await entryOf(gateway, id);
      if (verdict === 403) expect(after.status).not.toBe(status);
      else expect(after).toMatchObject({ state: 'done', status });
    }
    await gateway.stop();
  });
});

interface Told {
  sid: string | null;
  state: string;
  status: string | null;
}

async function entryOf(gateway: Service, id: string): Promise<Told> {
  const { url, token: bearer } = gateway.ready as { url: string; token: string };
  const answer = await fetch(`${url}/api/v1/messages/${id}`, { headers: { authorization: `Bearer ${bearer}` } });
  return (await answer.json()) as Told;
}

async function untilTaken(gateway: Service, id: string): Promise<string> {
  for (;;) {
    const { sid } = await entryOf(gateway, id);
    if (sid !== null) return sid;
  }
}

async function messages(to: string): Promise<Array<{ sid: string; statusCallback: string }>> {
  const answer = await fetch(`${simulator.ready.url}/_simulator/messages?to=${encodeURIComponent(to)}`);
  return ((await answer.json()) as { messages: Array<{ sid: string; statusCallback: string }> }).messages;
}

async function control(fault: string): Promise<void> {
  const answer = await fetch(`${simulator.ready.url}/_simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
