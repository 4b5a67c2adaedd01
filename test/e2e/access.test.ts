/** Who reaches the ports of a running program: nobody from a web page or under a foreign name, and all of it bounded. */

import type { Program, Service } from '../support/program.ts';
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let gateway: Service;

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
});
afterAll(() => program.close());

const ready = () => gateway.ready as { url: string; token: string; simulatorUrl: string };
const simulatorAccount = `AC${'0'.repeat(32)}`;
const basic = `Basic ${btoa(`${simulatorAccount}:${'1'.repeat(32)}`)}`;

/** Requests that would send a text, with all the rights that a page could have stolen, and one that only reads. */
const PORTS = {
  gateway: () => ({
    url: ready().url,
    send: '/api/v1/messages',
    read: '/api/v1/messages',
    headers: { authorization: `Bearer ${ready().token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: '+15551239999', body: 'From a page' }),
  }),
  simulator: () => ({
    url: ready().simulatorUrl,
    send: `/2010-04-01/Accounts/${simulatorAccount}/Messages.json`,
    read: `/2010-04-01/Accounts/${simulatorAccount}/Messages.json`,
    headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'To=%2B15551239999&From=%2B15550000001&Body=From+a+page',
  }),
  'control of the simulator': () => ({
    url: ready().simulatorUrl,
    send: '/_simulator/faults',
    read: '/_simulator/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: 'rate_limit' }),
  }),
} as const;

describe.each(Object.keys(PORTS) as Array<keyof typeof PORTS>)('the port of the %s', (name) => {
  const port = () => PORTS[name]();

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
  ])('a page with %j changes nothing', async (foreign) => {
    const { send, headers, body } = port();
    const answer = await ask(send, { method: 'POST', headers: { ...headers, ...foreign } }, body);
    expect(answer.status).toBe(403);
    await expectNothingSent();
  });

  it('a foreign Host reaches nothing, reading or writing', async () => {
    const { send, read, headers, body } = port();
    const host = { host: 'evil.example' };
    expect([403, 421]).toContain((await ask(read, { headers: { ...headers, ...host } })).status);
    const answer = await ask(send, { method: 'POST', headers: { ...headers, ...host } }, body);
    expect([403, 421]).toContain(answer.status);
    expect(answer.text).not.toContain('AC0');
    await expectNothingSent();
  });

  it('no answer, not even to a preflight, lets a page of another origin read it', async () => {
    const { read, send, headers } = port();
    const origin = { origin: 'http://evil.example' };
    const preflight = { ...origin, 'access-control-request-method': 'POST' };
    for (const answer of [
      await ask(read, { headers: { ...headers, ...origin } }),
      await ask(send, { method: 'OPTIONS', headers: preflight }),
    ])
      expect(Object.keys(answer.headers).filter((header) => header.startsWith('access-control'))).toEqual([]);
  });

  it('the same request from a program comes in', async () => {
    const { read, headers } = port();
    expect((await ask(read, { headers })).status).toBe(200);
  });

  it('a body over the limit is refused and not kept', async () => {
    const { send, headers } = port();
    const answer = await ask(send, { method: 'POST', headers }, 'x'.repeat(1_200_000));
    expect([400, 413, 422]).toContain(answer.status);
    await expectNothingSent();
  });

  it('a body without end is cut off', async () => {
    const { url, send, headers } = port();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const head = Object.entries({ ...headers, host: 'localhost', 'transfer-encoding': 'chunked' });
    socket.write(`POST ${send} HTTP/1.1\r\n${head.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
    const over = new Promise((resolve) => socket.on('close', resolve));
    const part = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    let sent = 0;
    socket.resume();
    const more = () => {
      for (;;) {
        if (socket.destroyed || sent > 64 * 1024 * 1024) return;
        sent += part.length;
        if (!socket.write(part)) break;
      }
      socket.once('drain', more);
    };
    more();
    await over;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    await expectNothingSent();
  });

  async function ask(
    path: string,
    options: http.RequestOptions,
    body = '',
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
    const asked = http.request(port().url + path, { agent: false, ...options });
    // An answer may come, and the connection close, before all of a refused body is written.
    asked.on('error', () => undefined);
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    await once(answer, 'close');
    return { status: answer.statusCode ?? 0, headers: answer.headers, text };
  }
});

/** Neither accepted by the gateway, nor by Twilio, nor a fault set. */
async function expectNothingSent(): Promise<void> {
  const { url, token, simulatorUrl } = ready();
  const accepted = await fetch(`${url}/api/v1/messages`, { headers: { authorization: `Bearer ${token}` } });
  expect(await accepted.json()).toMatchObject({ messages: [] });
  for (const [control, empty] of [
    ['messages', { messages: [] }],
    ['faults', { faults: [] }],
  ] as const)
    expect(await (await fetch(`${simulatorUrl}/_simulator/${control}`)).json()).toMatchObject(empty);
}
