import type { ErrorCode } from '../core/errors.ts';
import type { GuardedRequest, GuardedRequestOptions } from './guarded-request.ts';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { type RawConnection, type RawServerOptions, rawAnswer, startRawServer } from '../../test/support/raw-server.ts';
import { isTollboardError } from '../core/errors.ts';
import { refusedAddress } from './guarded-address.ts';
import { createGuardedRequest } from './guarded-request.ts';

const TLS = { key: data('tls-key.pem'), cert: data('tls-certificate.pem') };
const closing: Array<() => Promise<void>> = [];
let clock = createManualClock();

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(script: (connection: RawConnection) => Promise<void> | void, options: RawServerOptions = {}) {
  const server = await startRawServer(script, options);
  closing.push(() => server.close());
  return server;
}

function answering(answer: string) {
  return serve(async (connection) => {
    await connection.request();
    connection.write(answer);
  });
}

function guarded(options: Partial<GuardedRequestOptions> = {}) {
  clock = createManualClock();
  return createGuardedRequest({ ownPorts: () => [], clock, ...options });
}

function post(url: string, more: Partial<GuardedRequest> = {}): GuardedRequest {
  return { method: 'POST', url, body: 'MessageStatus=sent', headers: { 'x-twilio-signature': 'abc=' }, ...more };
}

async function refuses(answer: Promise<unknown>, code: ErrorCode = 'TOLLBOARD_TARGET_REFUSED'): Promise<string> {
  const error: unknown = await answer.then(
    (value) => expect.fail(`expected a refusal, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!isTollboardError(error)) throw error;
  expect(error.code).toBe(code);
  return error.message;
}

describe('a guarded request', () => {
  it('posts to a receiver on this machine and brings status, headers and body back', async () => {
    const server = await answering(rawAnswer(200, '<Response/>', { 'Content-Type': 'text/xml' }));
    const answer = await guarded()(post(`http://127.0.0.1:${server.port}/status?ref=1#rc=2`));
    expect(answer).toMatchObject({ status: 200, body: '<Response/>', truncated: false });
    expect(answer.headers['content-type']).toBe('text/xml');
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.head).toMatch(/^POST \/status\?ref=1 HTTP\/1\.1\r\n/);
    expect(server.requests[0]?.body).toBe('MessageStatus=sent');
    expect(clock.sleeping).toBe(0);
  });

  it('turns credentials in the URL into Basic authentication', async () => {
    const server = await answering(rawAnswer(204));
    await guarded()(post(`http://me:p%40ss@127.0.0.1:${server.port}/`));
    expect(server.requests[0]?.head).toContain('authorization: Basic bWU6cEBzcw==');
    expect(server.requests[0]?.head).not.toContain('me:');
  });

  it('gives a redirect back instead of following it', async () => {
    const other = await answering(rawAnswer(200));
    const server = await answering(rawAnswer(302, '', { Location: `http://127.0.0.1:${other.port}/` }));
    expect(await guarded()(post(`http://127.0.0.1:${server.port}/`))).toMatchObject({ status: 302 });
    expect(other.connections).toBe(0);
  });

  it.each(['ftp://h.example/x', 'file:///etc/passwd', 'javascript:alert(1)', '/status', '', 'http://%zz@h.example/'])(
    'refuses %j: no http or https URL',
    async (url) => {
      await refuses(guarded({ resolve: async () => ['127.0.0.1'] })(post(url)));
    },
  );

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://0251.0376.0251.0376/',
    'http://0xa9.254.43518/',
    'http://169.254.1.1:8080/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::169.254.169.254]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[fe80::1]/',
    'http://[febf::1]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'http://168.63.129.16/',
    'http://0.0.0.0/',
    'http://0/',
    'http://[::]/',
    'http://224.0.0.1/',
    'http://[ff02::1]/',
    'http://255.255.255.255/',
  ])('refuses %s, however it is spelled, before any connection', async (url) => {
    expect(await refuses(guarded()(post(url)))).toMatch(/it leads to an? /);
  });

  it.each(['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254', 'fe80::1%eth0', '0.0.0.0'])(
    'refuses a name that resolves to %s',
    async (address) => {
      await refuses(guarded({ resolve: async () => [address] })(post('http://metadata.test/')));
      await refuses(guarded({ resolve: async () => ['127.0.0.1', address] })(post('http://metadata.test/')));
      await refuses(guarded({ resolve: async () => [address, '127.0.0.1'] })(post('http://metadata.test/')));
    },
  );

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '8.8.8.8',
    '::1',
    'fd12::1',
    '2001:db8::1',
    '2002:808:808::1',
  ])('has nothing against %s', (address) => {
    expect(refusedAddress(address)).toBeNull();
  });

  it('connects to the address it checked, and asks for it once: a name cannot change in between', async () => {
    const server = await answering(rawAnswer(200));
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const asked: string[] = [];
    const request = guarded({
      resolve: async (name) => {
        asked.push(name);
        return answers.shift() ?? [];
      },
    });
    expect(await request(post(`http://rebinding.test:${server.port}/`))).toMatchObject({ status: 200 });
    expect(asked).toEqual(['rebinding.test']);
    expect(server.requests[0]?.head.toLowerCase()).toContain(`host: rebinding.test:${server.port}`);
    await refuses(request(post(`http://rebinding.test:${server.port}/`)));
    expect(server.connections).toBe(1);
  });

  it('checks the certificate against the name, not against the pinned address', async () => {
    const secure = await serve(
      async (connection) => {
        await connection.request();
        connection.write(rawAnswer(200));
      },
      { tls: TLS },
    );
    const request = guarded({ resolve: async () => ['127.0.0.1'], ca: TLS.cert });
    expect(await request(post(`https://api.test:${secure.port}/`))).toMatchObject({ status: 200 });
    await refuses(request(post(`https://other.test:${secure.port}/`)), 'TOLLBOARD_TARGET_UNREACHABLE');
    expect(secure.requests).toHaveLength(1);
  });

  it('refuses our own ports on every address of this machine, and only there', async () => {
    const server = await answering(rawAnswer(200));
    const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
    const request = guarded({
      ownPorts: () => [server.port],
      resolve: async (name) => [name === 'else.test' ? '192.0.2.1' : '127.0.0.1'],
    });
    const hosts = [
      '127.0.0.1',
      '127.8.8.8',
      'localhost',
      'name.test',
      '[::1]',
      '[::ffff:127.0.0.1]',
      ...own.filter((a) => !a.includes(':')),
    ];
    for (const host of hosts) {
      expect(await refuses(request(post(`http://${host}:${server.port}/`)))).toContain('this gateway itself');
    }
    expect(server.connections).toBe(0);
    const elsewhere = request(
      post(`http://else.test:${server.port}/`, { signal: AbortSignal.abort(new Error('far enough')) }),
    );
    await expect(elsewhere).rejects.toThrow('far enough');
  });

  it('gives name, connection and answer 5 s together', async () => {
    const silent = await serve(() => undefined);
    const request = guarded({
      resolve: (name) => (name === 'slow.test' ? new Promise(() => undefined) : Promise.resolve(['127.0.0.1'])),
    });
    const waits = [`http://127.0.0.1:${silent.port}/`, 'http://slow.test/'].map((url) => request(post(url)));
    await silent.arrived(1);
    clock.advance(4_999);
    expect(clock.sleeping).toBe(2);
    clock.advance(1);
    for (const wait of waits) await refuses(wait, 'TOLLBOARD_TARGET_TIMEOUT');
  });

  it('ends a slow drip after 5 s too', async () => {
    const server = await serve(async (connection) => {
      await connection.request();
      connection.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na');
    });
    const answer = guarded()(post(`http://127.0.0.1:${server.port}/`));
    await server.arrived(1);
    clock.advance(5_000);
    await refuses(answer, 'TOLLBOARD_TARGET_TIMEOUT');
  });

  it('of which only the status counts is answered by it, however its body ends', async () => {
    const half = (status: string) => `HTTP/1.1 ${status}\r\nretry-after: 7\r\ncontent-length: 10\r\n\r\nhalf`;
    const dripping = await answering(half('200 OK'));
    const request = guarded();
    for (const statusOnly of [true, false]) {
      const answered = new Promise<void>((resolve) => {
        const told = () => {
          unsubscribe('http.client.response.finish', told);
          resolve();
        };
        subscribe('http.client.response.finish', told);
      });
      const answer = request(post(`http://127.0.0.1:${dripping.port}/`, { statusOnly }));
      await answered;
      clock.advance(5000);
      if (statusOnly) expect(await answer).toMatchObject({ status: 200, truncated: true });
      else await refuses(answer, 'TOLLBOARD_TARGET_TIMEOUT');
    }
    const broken = await serve(async (connection) => {
      await connection.request();
      connection.write(half('503 Busy'));
      connection.end();
    });
    const url = `http://127.0.0.1:${broken.port}/`;
    expect(await request(post(url, { statusOnly: true }))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '7' },
    });
    await refuses(request(post(url)), 'TOLLBOARD_TARGET_UNREACHABLE');
  });

  it('reads 64 kB and not a byte more', async () => {
    const exact = await answering(rawAnswer(200, 'x'.repeat(65_536)));
    expect(await guarded()(post(`http://127.0.0.1:${exact.port}/`))).toMatchObject({ status: 200, truncated: false });
    const endless = await serve(async (connection) => {
      await connection.request();
      connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
      const pour = () => connection.socket.writable && connection.socket.write(chunk, pour);
      pour();
    });
    const answer = await guarded()(post(`http://127.0.0.1:${endless.port}/`));
    expect(answer).toMatchObject({ status: 200, truncated: true });
    expect(answer.body).toHaveLength(65_536);
  });

  it('says who could not be reached, without query and credentials', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const message = await refuses(
      guarded()(post(`http://me:secret@127.0.0.1:${gone.port}/?key=secret`)),
      'TOLLBOARD_TARGET_UNREACHABLE',
    );
    expect(message).toContain(`127.0.0.1:${gone.port}`);
    expect(message).not.toContain('secret');
    const refusal = await refuses(guarded()(post('http://me:secret@169.254.169.254/x?key=secret')));
    expect(refusal).toContain('http://169.254.169.254/x');
    expect(refusal).not.toContain('secret');
    await refuses(
      guarded({ resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })) })(
        post('http://gone.test/'),
      ),
      'TOLLBOARD_TARGET_UNREACHABLE',
    );
    await refuses(guarded({ resolve: async () => [] })(post('http://empty.test/')), 'TOLLBOARD_TARGET_UNREACHABLE');
  });

  it('rejects with the reason of its signal, also half-way', async () => {
    const silent = await serve(() => undefined);
    const abort = new AbortController();
    const answer = guarded()(post(`http://127.0.0.1:${silent.port}/`, { signal: abort.signal }));
    await silent.arrived(1);
    abort.abort(new Error('stopping'));
    await expect(answer).rejects.toThrow('stopping');
    expect(clock.sleeping).toBe(0);
  });
});

function data(file: string): string {
  return readFileSync(new URL(`../../test/contract/data/${file}`, import.meta.url), 'utf8');
}
