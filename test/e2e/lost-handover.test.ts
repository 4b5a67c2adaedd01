/** The gateway took a request and its answer was lost on the way: what the command says to do next really sends nothing twice. */

import type { AddressInfo } from 'node:net';
import type { Program, Service } from '../support/program.ts';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let gateway: Service;
let proxy: Server;
/** While set, the first POST of each key is forwarded without an answer and every further one refused. */
let losing: Set<unknown> | null = null;
/** Set while the gateway answers questions with this error. */
let shut: object | null = null;

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
  proxy = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await program.close();
});

const numbers = (count: number, series: string) =>
  Array.from({ length: count }, (_, n) => `+1555${series}${String(n).padStart(4, '0')}`);

describe('a handover whose answer was lost', () => {
  it.each([
    { name: 'one recipient from standard input', to: numbers(1, '701'), streamed: true },
    { name: 'one recipient by flag', to: numbers(1, '702'), streamed: false },
    { name: 'more recipients than one request takes', to: numbers(1001, '703'), streamed: true },
  ])('$name: repeated as it says, each text exists once', async ({ to, streamed }) => {
    const args = ['send', '--to', streamed ? '-' : String(to[0]), '--body', 'double', '--json', ...where()];
    const input = streamed ? { input: `${to.join('\n')}\n` } : {};
    losing = new Set();
    const lost = await program.run(args, input);
    expect(lost.code).toBe(4);
    expect(lost.lines.map((line) => line.to)).toEqual(to);
    expect(lost.lines[0]).toMatchObject({ id: null, state: 'unknown', error: { stage: 'unknown' } });
    const flag = /--idempotency-key (\S+)/.exec(lost.err)?.[1] ?? '';
    expect(flag).not.toBe('');
    losing = null;
    const again = await program.run([...args, '--idempotency-key', flag], input);
    expect([again.code, again.err]).toEqual([0, '']);
    expect(await stored(to)).toBe(to.length);
  });
});

describe('a wait that cannot go on', () => {
  it.each([['--json'], []])('tells the id and what ended it, exit code 4 (%s)', async (...form) => {
    shut = { code: 'TOLLBOARD_HTTP_TOKEN_INVALID', kind: 'unauthorized', message: 'No.', remedy: 'Ask.', details: {} };
    const later = ['--at', '2999-01-01T00:00:00Z', '--wait'];
    const sent = await program.run(['send', '--to', '+15557040001', '--body', 'x', ...later, ...form, ...where()]);
    shut = null;
    expect(sent).toMatchObject({ code: 4, err: expect.stringContaining('The wait ended: No.') });
    expect(sent.out).toMatch(/SM[0-9a-f]{32}/);
    expect(sent.err).toContain('do not send it again');
    expect(sent.err).not.toContain('repeating');
  });
});

function where(): string[] {
  const { port } = proxy.address() as AddressInfo;
  return ['--url', `http://127.0.0.1:${port}`, '--token', String(gateway.ready.token)];
}

/** How many messages to these numbers the gateway has. */
async function stored(to: readonly string[]): Promise<number> {
  const headers = { authorization: `Bearer ${String(gateway.ready.token)}` };
  let count = 0;
  for (let after: string | null = ''; after !== null; ) {
    const url = `${String(gateway.ready.url)}/api/v1/messages?limit=1000${after === '' ? '' : `&after=${after}`}`;
    const page = (await (await fetch(url, { headers })).json()) as {
      messages: Array<{ to: string }>;
      next: string | null;
    };
    count += page.messages.filter((message) => to.includes(message.to)).length;
    after = page.next;
  }
  return count;
}

async function pass(...[request, response]: Parameters<NonNullable<Parameters<typeof createServer>[1]>>) {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const key = request.headers['idempotency-key'];
  if (losing?.has(key)) return void response.writeHead(401).end();
  const lost = losing?.add(key) !== undefined;
  if (shut !== null && request.method === 'GET') {
    const error = { ...shut, requestId: 'RQ1' };
    return void response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  }
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
  const answer = await fetch(`${String(gateway.ready.url)}${request.url}`, {
    method: request.method ?? 'GET',
    headers: headers as Record<string, string>,
    ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
  });
  const text = await answer.text();
  if (lost) return void response.destroy();
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
}
