/** The stage suite: what every Transport must know about a request that got no answer. Real sockets, loopback only. */

import type { Transport, TransportOptions } from '../../src/twilio/transport.ts';
import type { RawConnection } from '../support/raw-server.ts';
import { lookup } from 'node:dns/promises';
import { describe, expect, it } from 'vitest';
import { TransportFailure } from '../../src/twilio/transport.ts';
import { startHalfOpenProxy } from '../support/half-open-proxy.ts';
import { rawAnswer } from '../support/raw-server.ts';
import { AUTHORIZATION, FORM, fails, get, post, TLS, transportBench } from '../support/transport-bench.ts';

export function transportSuite(name: string, create: (options: TransportOptions) => Transport): void {
  describe(`${name} transport`, () => {
    const { clock, open, serve, always, closing } = transportBench(create);

    describe('with an answer', () => {
      it('sends method, path, headers and body once and brings status, headers and body back', async () => {
        const server = await always(
          rawAnswer(201, '{"body": "Grüße 👍"}', { 'Twilio-Request-Id': 'RQ1', 'Set-Cookie': 'a' }),
        );
        const answer = await open().request(post(server, '/2010-04-01/a?b=%2B1&c=d'));
        expect(answer.status).toBe(201);
        expect(answer.body).toBe('{"body": "Grüße 👍"}');
        expect(answer.headers['twilio-request-id']).toBe('RQ1');
        const [request] = server.requests;
        expect(request?.head).toMatch(/^POST \/2010-04-01\/a\?b=%2B1&c=d HTTP\/1\.1\r\n/);
        expect(request?.head.toLowerCase()).toContain(`host: 127.0.0.1:${server.port}`);
        expect(request?.head).toContain(AUTHORIZATION);
        expect(request?.body).toBe(FORM);
        expect(server.requests).toHaveLength(1);
        expect(clock().sleeping).toBe(0);
      });

      it.each([
        [204, '', {}],
        [302, '', { Location: '/elsewhere' }],
        [429, '{"code": 20429}', { 'Retry-After': '0' }],
        [503, '{"code": 20503}', { 'Retry-After': '0' }],
      ])('gives back a %i as it is: nothing is followed, nothing repeated', async (status, body, headers) => {
        const answer = status === 204 ? 'HTTP/1.1 204 No Content\r\n\r\n' : rawAnswer(status, body, headers);
        const server = await always(answer);
        const transport = open();
        expect(await transport.request(post(server))).toMatchObject({ status, body });
        expect(await transport.request(get(server))).toMatchObject({ status, body });
        expect(server.requests).toHaveLength(2);
      });

      it('gives back the HTML page of a proxy with its status', async () => {
        const server = await always(rawAnswer(502, '<html>Bad Gateway</html>', { 'Content-Type': 'text/html' }));
        expect(await open().request(post(server))).toMatchObject({ status: 502, body: '<html>Bad Gateway</html>' });
      });

      it('reads chunked answers and informational ones before the answer', async () => {
        const chunked =
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n": 1\r\n1\r\n}\r\n0\r\n\r\n';
        const server = await always(`HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${chunked}`);
        expect(await open().request(get(server))).toMatchObject({ status: 200, body: '{"a": 1}' });
      });

      it('keeps connections for requests that follow each other', async () => {
        const server = await always(rawAnswer(200, '{}'));
        const transport = open();
        for (let n = 0; n < 10; n++) await transport.request(post(server));
        // undici rests a connection for one turn of the event loop, so an eager caller alternates between two.
        expect(server.connections).toBeLessThanOrEqual(2);
        expect(server.requests).toHaveLength(10);
      });

      it('opens at most 50 connections and never has two requests on one at a time', async () => {
        const waiting: Array<() => void> = [];
        let most = 0;
        const server = await serve(async (connection) => {
          for (;;) {
            await connection.request();
            const turn = new Promise<void>((resolve) => waiting.push(resolve));
            most = Math.max(most, waiting.length);
            if (waiting.length === 50) for (const go of waiting.splice(0)) go();
            await turn;
            connection.write(rawAnswer(200, '{}'));
          }
        });
        const transport = open();
        const answers = await Promise.all(Array.from({ length: 100 }, () => transport.request(post(server))));
        expect(answers.every(({ status }) => status === 200)).toBe(true);
        expect(most).toBe(50);
        expect(server.connections).toBe(50);
        expect(server.requests).toHaveLength(100);
      });

      it('talks TLS to a server whose certificate it trusts', async () => {
        const server = await serve(
          async (connection) => {
            await connection.request();
            connection.write(rawAnswer(200, 'secret'));
          },
          { tls: TLS },
        );
        const answer = await open({ ca: TLS.cert }).request({
          ...post(server),
          url: `https://localhost:${server.port}/`,
        });
        expect(answer).toMatchObject({ status: 200, body: 'secret' });
      });
    });

    describe('before anything left', () => {
      it('knows a refused connection', async () => {
        const server = await serve(() => undefined);
        await server.close();
        await fails(open().request(post(server)), 'before_send', 'refused');
      });

      it('knows a name that does not resolve', async ({ skip }) => {
        const code = await lookup('nothing.invalid').then(
          () => 'resolved',
          (error: NodeJS.ErrnoException) => error.code,
        );
        if (code === 'resolved') skip('this machine resolves names below .invalid');
        await fails(open().request({ ...post({ port: 80 }), url: 'http://nothing.invalid/' }), 'before_send', 'dns');
      });

      it.each([
        ['garbage', (connection: RawConnection) => connection.write('HTTP/1.1 400 Bad Request\r\n\r\nthis is no TLS')],
        ['an immediate end', (connection: RawConnection) => connection.end()],
      ])('knows a server that answers TLS with %s', async (_what, script) => {
        const server = await serve(script);
        await fails(open().request(post(server, '/', 'https')), 'before_send');
        expect(server.requests).toHaveLength(0);
      });

      it('knows a server that resets during the handshake', async () => {
        const server = await serve((connection) => {
          connection.socket.once('data', () => connection.reset());
        });
        await fails(open().request(post(server, '/', 'https')), 'before_send');
      });

      it('knows a certificate that it does not trust, and shows it nothing', async () => {
        const server = await serve(() => undefined, { tls: TLS });
        await fails(open().request(post(server, '/', 'https')), 'before_send', 'tls');
        expect(server.bytes).toBe(0);
      });

      it('knows a certificate of another name', async () => {
        const server = await serve(() => undefined, { tls: TLS });
        const request = { ...post(server), url: `https://127.0.0.2:${server.port}/` };
        const listening = await fails(open({ ca: TLS.cert }).request(request), 'before_send');
        expect(listening.reason).toMatch(/tls|refused/);
        expect(server.bytes).toBe(0);
      });

      it('gives a handshake 10 s', async () => {
        const server = await serve(() => undefined);
        const answer = open().request(post(server, '/', 'https'));
        await server.connected(1);
        clock().advance(9_999);
        clock().advance(1);
        await fails(answer, 'before_send', 'connect_timeout');
      });

      it('knows that an aborted request never went out', async () => {
        const server = await always(rawAnswer(200));
        await fails(open().request({ ...post(server), signal: AbortSignal.abort() }), 'before_send', 'aborted');
        expect(server.connections).toBe(0);
      });

      it('knows that a request aborted during the handshake never went out', async () => {
        const server = await serve(() => undefined);
        const abort = new AbortController();
        const answer = open().request({ ...post(server, '/', 'https'), signal: abort.signal });
        await server.connected(1);
        abort.abort();
        await fails(answer, 'before_send', 'aborted');
      });

      it('never lets a request go that was aborted while it waited for a free connection', async () => {
        let release: () => void = () => undefined;
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        const server = await serve(async (connection) => {
          for (;;) {
            await connection.request();
            await released;
            connection.write(rawAnswer(200));
          }
        });
        const transport = open();
        const busy = Array.from({ length: 50 }, () => transport.request(post(server)));
        await server.arrived(50);
        const abort = new AbortController();
        const waiting = transport.request({ ...post(server, '/aborted'), signal: abort.signal });
        const behind = transport.request(post(server, '/behind'));
        abort.abort();
        await fails(waiting, 'before_send', 'aborted');
        release();
        await Promise.all([...busy, behind]);
        expect(server.requests).toHaveLength(51);
        expect(server.requests.filter(({ head }) => head.startsWith('POST /aborted'))).toEqual([]);
      });

      it('takes nothing after it was closed', async () => {
        const server = await always(rawAnswer(200));
        const transport = open();
        await transport.close();
        await transport.close();
        await fails(transport.request(post(server)), 'before_send', 'closed');
        expect(server.connections).toBe(0);
      });

      it.each([
        ['an address that is none', { url: 'twilio' }],
        ['a header with a line break', { headers: { authorization: 'a\r\nb: c' } }],
      ])('refuses %s', async (_what, part) => {
        const server = await always(rawAnswer(200));
        const failure = await fails(open().request({ ...post(server), ...part }), 'before_send', 'request');
        expect(failure.message).not.toContain('b: c');
        expect(server.requests).toHaveLength(0);
      });
    });

    describe('once bytes may have left', () => {
      it.each([
        ['resets', (connection: RawConnection) => connection.reset()],
        ['ends', (connection: RawConnection) => connection.end()],
      ])('does not know what became of a request when the server %s', async (_what, script) => {
        const server = await serve(async (connection) => {
          await connection.request();
          script(connection);
        });
        await fails(open().request(post(server)), 'unknown', 'reset');
        await fails(open().request(get(server)), 'unknown', 'reset');
        expect(server.requests).toHaveLength(2);
        expect(server.connections).toBe(2);
      });

      it('claims before_send for a reset at once only if no byte arrived', async () => {
        const server = await serve((connection) => connection.reset());
        const failure = await fails(open().request(post(server)));
        if (failure.stage === 'before_send') expect(server.bytes).toBe(0);
        expect(server.connections).toBe(1);
      });

      it.each(['mute', 'swallow'] as const)(
        'gives a line that went dark (%s) 30 s, then does not know',
        async (mode) => {
          const server = await always(rawAnswer(201, '{}'));
          const proxy = await startHalfOpenProxy({ port: server.port });
          closing.push(() => proxy.close());
          const transport = open();
          await transport.request(post(proxy));
          proxy.setMode(mode);
          const kept = proxy.keptBack();
          const answer = transport.request(post(proxy));
          await kept;
          clock().advance(29_999);
          expect(clock().sleeping).toBe(1);
          clock().advance(1);
          await fails(answer, 'unknown', 'timeout');
          expect(server.requests).toHaveLength(mode === 'mute' ? 2 : 1);
        },
      );

      it('counts the 30 s to the last byte, so a slow drip ends too', async () => {
        let drip = (): void => undefined;
        const server = await serve(async (connection) => {
          await connection.request();
          connection.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{');
          drip = () => connection.write(' ');
        });
        const answer = open().request(post(server));
        await server.arrived(1);
        for (let second = 0; second < 29; second++) {
          drip();
          clock().advance(1_000);
        }
        expect(clock().sleeping).toBe(1);
        clock().advance(1_000);
        await fails(answer, 'unknown', 'timeout');
        expect(server.requests).toHaveLength(1);
      });

      it('honours a time-out of its own per request', async () => {
        const server = await serve(async (connection) => {
          await connection.request();
        });
        const answer = open().request({ ...post(server), timeoutMs: 5_000 });
        await server.arrived(1);
        clock().advance(5_000);
        await fails(answer, 'unknown', 'timeout');
      });

      it.each([
        [
          'by an end',
          (connection: RawConnection) => connection.end(),
          'HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"sid":',
        ],
        [
          'by a reset',
          (connection: RawConnection) => connection.reset(),
          'HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"sid":',
        ],
        [
          'within a chunked body',
          (connection: RawConnection) => connection.end(),
          'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"sid":',
        ],
      ])('does not take half an answer, cut %s', async (_what, cut, half) => {
        const server = await serve(async (connection) => {
          await connection.request();
          connection.socket.write(half, () => cut(connection));
        });
        const failure = await fails(open().request(post(server)), 'unknown');
        // After a reset the bytes before it may be lost as well.
        expect(failure.reason).toMatch(/truncated|reset/);
        expect(server.requests).toHaveLength(1);
      });

      it.each([
        ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
        ['a broken header', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
        ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
      ])('does not take an answer that is %s', async (_what, answer) => {
        const server = await serve(async (connection) => {
          await connection.request();
          connection.write(answer);
        });
        const failure = await fails(open().request(post(server)), 'unknown');
        expect(failure.reason).toMatch(/malformed|truncated/);
        expect(server.requests).toHaveLength(1);
      });

      it('stops reading an answer that is too large and closes the connection', async () => {
        let closed: Promise<unknown> = Promise.resolve();
        const server = await serve(async (connection) => {
          await connection.request();
          closed = new Promise((resolve) => connection.socket.once('close', resolve));
          connection.write(rawAnswer(200, 'x'.repeat(5_000)));
        });
        const transport = open();
        await fails(transport.request({ ...get(server), maxBytes: 4_999 }), 'unknown', 'oversized');
        await closed;
        expect(await transport.request({ ...get(server), maxBytes: 5_000 })).toMatchObject({ status: 200 });
      });

      it('does not know what became of a request aborted after it left', async () => {
        const server = await serve(async (connection) => {
          await connection.request();
        });
        const abort = new AbortController();
        const answer = open().request({ ...post(server), signal: abort.signal });
        await server.arrived(1);
        abort.abort();
        await fails(answer, 'unknown', 'aborted');
        expect(server.requests).toHaveLength(1);
        expect(clock().sleeping).toBe(0);
      });

      it('does not know what became of requests under way when it was closed', async () => {
        const server = await serve(async (connection) => {
          await connection.request();
        });
        const transport = open();
        const answer = transport.request(post(server));
        await server.arrived(1);
        const closed = transport.close();
        await fails(answer, 'unknown', 'closed');
        await closed;
        expect(clock().sleeping).toBe(0);
      });

      it('never repeats a request that a reused connection swallowed', async () => {
        const server = await serve(async (connection) => {
          await connection.request();
          connection.write(rawAnswer(200, '{}'));
          await connection.request();
          connection.reset();
        });
        const transport = open();
        let made = 0;
        const untilReused = async (): Promise<unknown> => {
          while (made < 10) {
            made += 1;
            await transport.request(post(server));
          }
          return 'no connection was reused';
        };
        await fails(untilReused(), 'unknown', 'reset');
        expect(server.requests).toHaveLength(made);
        expect(server.connections).toBeLessThan(made);
      });

      it('survives servers that close a kept connection just as it is used again', async () => {
        const server = await serve(async (connection) => {
          await connection.request();
          connection.socket.end(rawAnswer(200, '{}'));
        });
        const transport = open();
        const arrivals = (n: number) => server.requests.filter(({ head }) => head.startsWith(`POST /${n} `)).length;
        const outcomes: unknown[] = [];
        for (let n = 0; n < 20; n++) {
          outcomes.push(await transport.request(post(server, `/${n}`)).catch((error: unknown) => error));
        }
        for (const [n, outcome] of outcomes.entries()) {
          if (!(outcome instanceof TransportFailure)) expect(arrivals(n)).toBe(1);
          else expect(arrivals(n)).toBeLessThanOrEqual(outcome.stage === 'before_send' ? 0 : 1);
        }
      });
    });

    it('says in a failure what failed and where, but repeats no header and no body', async () => {
      const server = await serve(async (connection) => {
        await connection.request();
        connection.reset();
      });
      const failure = await fails(open().request(post(server)));
      expect(failure.message).toContain(`127.0.0.1:${server.port}`);
      expect(failure.message).not.toContain(AUTHORIZATION.slice(6));
      expect(failure.message).not.toContain('15550100001');
    });
  });
}
