/** The server below its routes: who may come in, what is refused, what is bounded, how it stops. */

import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createServer } from '../../src/server/app.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { NO_AUTOMATION_GATEWAY, NO_SINK_GATEWAY } from '../support/settings.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ publicUrl: 'https://toll.example.com', hosts: ['gateway.lan'] });
});
afterAll(() => api.close());

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** Like fetch, but with any Host. */
function request(path: string, options: http.RequestOptions = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = http.request(`${api.url}${path}`, { agent: false, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Everything that the server says on a connection of its own until it closes it. */
function raw(port: number, text: string): { socket: Socket; said: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const said = new Promise<string>((resolve) => {
    let heard = '';
    socket.setEncoding('utf8').on('data', (part) => {
      heard += part;
    });
    socket.on('error', () => undefined).on('close', () => resolve(heard));
  });
  socket.write(text);
  return { socket, said };
}

const json = { 'content-type': 'application/json' };

describe('who may come in', () => {
  test('a foreign Host reaches nothing, not even a page that is not there', async () => {
    for (const path of ['/healthz', '/metrics', '/openapi.json', '/nothing', '/api/v1/messages']) {
      const answer = await request(path, { headers: { host: 'evil.example', authorization: `Bearer ${api.token}` } });
      expect(answer.status).toBe(421);
      expect(JSON.parse(answer.text).error).toMatchObject({ code: 'TOLLBOARD_HTTP_HOST_REFUSED', details: {} });
    }
  });

  test('public_url and listen.hosts are known names', async () => {
    for (const host of ['toll.example.com', 'gateway.lan:8655']) {
      expect((await request('/healthz', { headers: { host } })).status).toBe(200);
    }
  });

  test('a page of another origin changes nothing, with the token too', async () => {
    const before = await api.store.counts();
    for (const foreign of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]) {
      const headers = { ...json, ...foreign, authorization: `Bearer ${api.token}` };
      const answer = await request('/api/v1/messages', { method: 'POST', headers }, '{"to":"+15551230001","body":"x"}');
      expect(answer.status).toBe(403);
    }
    expect(await api.store.counts()).toEqual(before);
  });

  test('a preflight gets what the path takes and no CORS header', async () => {
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const answer = await request('/api/v1/messages', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([undefined, 'Bearer', 'Bearer wrong', 'Basic abc', `Bearer ${'x'.repeat(5000)}`, 'Bearer a b'])(
    'the API answers 401 to the authorization %s',
    async (authorization) => {
      const answer = await api.anonymous(
        '/api/v1/messages',
        authorization === undefined ? {} : { headers: { authorization } },
      );
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  test('a token opens nothing under another spelling of the path', async () => {
    for (const path of ['/%61pi/v1/messages', '/api/v1/messages/', '/api//v1/messages', '/API/v1/messages']) {
      expect([401, 404]).toContain((await request(path)).status);
    }
  });

  test('a callback of Twilio passes with the Host of public_url and no Origin', async () => {
    const headers = { host: 'toll.example.com', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await request('/callbacks/message?ref=SM1', { method: 'POST', headers }, 'AccountSid=AC1');
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('what is refused has one form', () => {
  test.each([
    ['GET', '/', 404, 'TOLLBOARD_HTTP_ROUTE_UNKNOWN'],
    ['GET', '/api/v1/nothing', 404, 'TOLLBOARD_HTTP_ROUTE_UNKNOWN'],
    ['PUT', '/api/v1/messages', 405, 'TOLLBOARD_HTTP_METHOD_NOT_ALLOWED'],
    ['DELETE', '/healthz', 405, 'TOLLBOARD_HTTP_METHOD_NOT_ALLOWED'],
    ['GET', '/callbacks/message', 405, 'TOLLBOARD_HTTP_METHOD_NOT_ALLOWED'],
    ['GET', '/%zz', 400, 'TOLLBOARD_HTTP_REQUEST_MALFORMED'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await request(path, { method });
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text);
    expect(error).toMatchObject({ code, requestId: answer.headers['x-request-id'] });
    expect(error.remedy).not.toBe('');
    expect(answer.headers.allow !== undefined).toBe(status === 405);
  });

  test.each([
    ['{"to":', 'application/json', 400, 'TOLLBOARD_HTTP_BODY_MALFORMED'],
    ['{"__proto__":{"a":1}}', 'application/json', 400, 'TOLLBOARD_HTTP_BODY_MALFORMED'],
    ['to=x', 'application/x-www-form-urlencoded', 415, 'TOLLBOARD_HTTP_CONTENT_TYPE'],
    ['{}', 'text/plain', 415, 'TOLLBOARD_HTTP_CONTENT_TYPE'],
    ['{}', undefined, 415, 'TOLLBOARD_HTTP_CONTENT_TYPE'],
    ['', 'application/json', 422, 'TOLLBOARD_HTTP_BODY_INVALID'],
  ])('the body %j as %s is %i %s', async (body, type, status, code) => {
    const headers = { authorization: `Bearer ${api.token}`, ...(type === undefined ? {} : { 'content-type': type }) };
    const answer = await request('/api/v1/messages', { method: 'POST', headers }, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error.code).toBe(code);
  });

  test('a body over a megabyte is refused by its announced length, before it is read', async () => {
    const head = `POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${api.token}\r\n`;
    const { said, socket } = raw(
      api.server.port,
      `${head}content-type: application/json\r\ncontent-length: 9999999\r\n\r\n`,
    );
    socket.end();
    expect(await said).toMatch(/^HTTP\/1\.1 413 [\s\S]*TOLLBOARD_HTTP_BODY_TOO_LARGE/);
  });

  test('what is no HTTP gets 400 in the same form', async () => {
    const heard = await raw(api.server.port, 'HELO gateway\r\n\r\n').said;
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '').error).toMatchObject({
      code: 'TOLLBOARD_HTTP_REQUEST_MALFORMED',
      requestId: expect.stringMatching(/^RQ[0-9a-f]{32}$/),
    });
  });

  test('headers over 16 kB get 431', async () => {
    const heard = await raw(api.server.port, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
      .said;
    expect(heard).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('HEAD answers like GET without a body, and opens no stream', async () => {
    const head = await request('/healthz', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    const stream = await request('/api/v1/stream', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${api.token}` },
    });
    expect(stream.status).toBe(405);
  });
});

describe('what is bounded', () => {
  const slow = { headersMs: 150, requestMs: 300, checkMs: 50 };

  test('headers that do not come in time end the connection', async () => {
    const other = await startApiServer({ limits: slow });
    const silent = raw(other.server.port, '');
    const begun = raw(other.server.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n');
    expect(await silent.said).toMatch(/^(HTTP\/1\.1 408 [\s\S]*)?$/);
    expect(await begun.said).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*TOLLBOARD_HTTP_REQUEST_MALFORMED[\s\S]*without long pauses/,
    );
    await other.close();
  });

  test('a body that does not come in time ends the connection', async () => {
    const other = await startApiServer({ limits: slow });
    const head = `POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${other.token}\r\n`;
    const begun = raw(other.server.port, `${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"to"`);
    expect(await begun.said).toMatch(/^HTTP\/1\.1 408 /);
    expect(other.log).toEqual([]);
    await other.close();
  });

  describe('at the limit of connections', () => {
    let other: ApiServer;
    beforeEach(async () => {
      other = await startApiServer({ limits: { connections: 5 } });
    });
    afterEach(() => other.close());

    const health = (agent: http.Agent | false) =>
      new Promise<number>((resolve, reject) => {
        http
          .get(`${other.url}/healthz`, { agent }, (answer) =>
            answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
          )
          .on('error', reject);
      });

    test('a further one takes the place of the silent one that is oldest; a client that has asked before keeps its own', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      expect(await health(agent)).toBe(200);
      const sockets = Array.from({ length: 40 }, () => raw(other.server.port, ''));
      const closed = await Promise.all(sockets.slice(0, 36).map(({ said }) => said));
      expect(closed.every((heard) => heard === '')).toBe(true);
      expect(await health(false)).toBe(200);
      const [kept] = Object.values(agent.freeSockets).flat();
      expect(await health(agent)).toBe(200);
      expect(Object.values(agent.freeSockets).flat()).toEqual([kept]);
      for (const { socket } of sockets) socket.destroy();
      agent.destroy();
    });

    test('where all have asked before, those that are idle make room', async () => {
      const stream = await fetch(`${other.url}/api/v1/stream`, { headers: { authorization: `Bearer ${other.token}` } });
      const agents = Array.from({ length: 6 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
      for (const agent of agents) expect(await health(agent)).toBe(200);
      expect(stream.status).toBe(200);
      await stream.body?.cancel();
      for (const agent of agents) agent.destroy();
    });

    test('where all have a request under way, a further one is closed itself', async () => {
      const headers = { authorization: `Bearer ${other.token}` };
      const streams: Response[] = [];
      while (streams.length < 5) streams.push(await fetch(`${other.url}/api/v1/stream`, { headers }));
      expect(await raw(other.server.port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n').said).toBe('');
      expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      for (const { body } of streams) await body?.cancel();
    });
  });
});

describe('how it starts and stops', () => {
  test('a port that is taken is one clear error', async () => {
    const options = { port: api.server.port };
    await expect(startApiServer(options)).rejects.toMatchObject({
      code: 'TOLLBOARD_HTTP_LISTEN_FAILED',
      message: expect.stringContaining(`127.0.0.1:${api.server.port}: another program holds that port`),
    });
  });

  test('a wildcard address is told as the loopback one', async () => {
    const { gateway } = api;
    const nothing = () => undefined;
    const server = await createServer({
      gateway,
      automations: NO_AUTOMATION_GATEWAY,
      sinks: NO_SINK_GATEWAY,
      hosts: new Map(),
      listen: { host: '0.0.0.0', port: 0, hosts: [] },
      publicUrl: null,
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      clock: createManualClock(),
      random: { number: () => 0, hex: (length) => '0'.repeat(length) },
      version: '0',
      simulated: () => false,
    });
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    await server.close();
    await server.close();
  });

  test('a stop lets the request under way finish and takes no new one', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: go, resolve: answer } = Promise.withResolvers<void>();
    const other = await startApiServer({
      gateway: {
        async recipients() {
          ask();
          await go;
          return [];
        },
      },
    });
    const underWay = other.fetch('/api/v1/recipients');
    await asked;
    const closing = other.close();
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
    answer();
    const last = await underWay;
    expect([last.status, last.headers.get('connection')]).toEqual([200, 'close']);
    await closing;
  });

  test('a connection that never sent a request does not hold a stop', async () => {
    const other = await startApiServer({ clock: createManualClock() });
    const { socket, said } = raw(other.server.port, '');
    await new Promise((resolve) => socket.once('connect', resolve));
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    await other.close();
    expect(await said).toBe('');
  });

  test('a request that never ends holds a stop only for the grace', async () => {
    const clock = createManualClock();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const other = await startApiServer({
      clock,
      limits: { graceMs: 5000 },
      gateway: {
        recipients() {
          ask();
          return new Promise(() => undefined);
        },
      },
    });
    const underWay = fetch(`${other.url}/api/v1/recipients`, { headers: { authorization: `Bearer ${other.token}` } });
    const ended = expect(underWay).rejects.toThrow();
    await asked;
    const closing = other.close();
    await clock.untilSleeping(1);
    clock.advance(5000);
    await ended;
    await closing;
  });
});
