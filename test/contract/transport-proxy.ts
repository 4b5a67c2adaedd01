/** The stage suite, second part: proxies. What fails before the tunnel stands was never sent. */

import type { Transport, TransportOptions } from '../../src/twilio/transport.ts';
import type { RawServer } from '../support/raw-server.ts';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { rawAnswer } from '../support/raw-server.ts';
import { AUTHORIZATION, fails, get, post, TLS, transportBench } from '../support/transport-bench.ts';

export function transportProxySuite(name: string, create: (options: TransportOptions) => Transport): void {
  describe(`${name} transport through a proxy`, () => {
    const { clock, open, serve, always } = transportBench(create);

    /** A proxy that tunnels to `upstream` whatever name was asked for, or answers CONNECT itself. */
    function proxyTo(upstream: RawServer, verdict = 'HTTP/1.1 200 Connection established\r\n\r\n') {
      return serve(async (connection) => {
        await connection.request();
        connection.write(verdict);
        if (!verdict.startsWith('HTTP/1.1 200')) return connection.end();
        const through = connect({ host: '127.0.0.1', port: upstream.port });
        through.on('error', () => connection.socket.destroy());
        connection.socket.on('close', () => through.destroy());
        connection.socket.removeAllListeners('data').pipe(through).pipe(connection.socket);
      });
    }

    const tlsServer = () =>
      serve(
        async (connection) => {
          for (;;) {
            await connection.request();
            connection.write(rawAnswer(201, '{"ok": true}'));
          }
        },
        { tls: TLS },
      );

    it('tunnels https by CONNECT, so that the proxy sees neither credentials nor form', async () => {
      const server = await tlsServer();
      const proxy = await proxyTo(server);
      const environment = { HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${proxy.port}` };
      const transport = open({ environment, ca: TLS.cert });
      const request = { ...post(server), url: 'https://api.test/2010-04-01/a' };
      for (let n = 0; n < 5; n++) expect(await transport.request(request)).toMatchObject({ status: 201 });
      expect(proxy.connections).toBeLessThanOrEqual(2);
      expect(proxy.requests[0]?.head).toMatch(/^CONNECT api\.test:443 HTTP\/1\.1\r\n/);
      expect(proxy.requests[0]?.head.toLowerCase()).toContain('proxy-authorization: basic bwu6cebzcw==');
      expect(proxy.requests[0]?.head).not.toContain(AUTHORIZATION);
      expect(server.requests).toHaveLength(5);
      expect(server.requests[0]?.head).toContain(AUTHORIZATION);
      expect(server.requests[0]?.head.toLowerCase()).not.toContain('proxy-authorization');
    });

    it('asks for http by the whole address', async () => {
      const proxy = await always(rawAnswer(200, '{}'));
      const transport = open({ environment: { http_proxy: `127.0.0.1:${proxy.port}` } });
      await transport.request({ ...post(proxy), url: 'http://api.test:8080/a?b' });
      expect(proxy.requests[0]?.head).toMatch(/^POST http:\/\/api\.test:8080\/a\?b HTTP\/1\.1\r\n/);
      expect(proxy.requests[0]?.head.toLowerCase()).toContain('host: api.test:8080');
    });

    it.each([
      ['407', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n', 'proxy'],
      ['502', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops', 'proxy'],
      ['no HTTP', 'nonsense\r\n\r\n', 'malformed'],
    ])('knows that nothing left when the proxy answers CONNECT with %s', async (_what, verdict, reason) => {
      const server = await tlsServer();
      const proxy = await proxyTo(server, verdict);
      const environment = { HTTPS_PROXY: `http://me:secret@127.0.0.1:${proxy.port}` };
      const request = { ...post(server), url: 'https://api.test/' };
      const failure = await fails(open({ environment, ca: TLS.cert }).request(request), 'before_send', reason);
      expect(failure.message).not.toContain('secret');
      expect(server.connections).toBe(0);
      expect(proxy.requests).toHaveLength(1);
    });

    it('knows that nothing left when the proxy is not there, is silent, or leads to a false server', async () => {
      const request = { ...post({ port: 1 }), url: 'https://api.test/' };
      const gone = await serve(() => undefined);
      await gone.close();
      const through = (port: number) => open({ environment: { ALL_PROXY: `http://127.0.0.1:${port}` } });
      await fails(through(gone.port).request(request), 'before_send', 'refused');

      const silent = await serve(() => undefined);
      const waiting = through(silent.port).request(request);
      await silent.arrived(1);
      clock().advance(10_000);
      await fails(waiting, 'before_send', 'proxy');

      const server = await tlsServer();
      const untrusted = await proxyTo(server);
      await fails(through(untrusted.port).request(request), 'before_send', 'tls');
      expect(server.requests).toHaveLength(0);
    });

    it('leaves loopback out', async () => {
      const server = await always(rawAnswer(200, 'direct'));
      const proxy = await always(rawAnswer(200, 'proxy'));
      const environment = { http_proxy: `http://127.0.0.1:${proxy.port}` };
      const transport = open({ environment });
      expect(await transport.request(get(server))).toMatchObject({ body: 'direct' });
      expect(await transport.request({ ...get(server), url: 'http://else.test/' })).toMatchObject({ body: 'proxy' });
      expect(await transport.request({ ...get(server), url: 'http://notapi.test/' })).toMatchObject({
        body: 'proxy',
      });
    });
  });
}
