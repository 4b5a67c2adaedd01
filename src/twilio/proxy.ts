/** Proxies from the environment, by curl's rules, and the CONNECT tunnel through one. */

import type { Socket } from 'node:net';
import type { Deadlines } from './deadlines.ts';
import { http, https } from './builtins.ts';
import { hostAndPort, TransportFailure, transportFailure } from './transport.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Tunnel {
  readonly proxy: URL;
  readonly host: string;
  readonly port: number;
  readonly deadlines: Deadlines;
  readonly timeoutMs: number;
}

/**
 * The proxy for a URL, or null. `https_proxy`/`HTTPS_PROXY` for https, `http_proxy`/`HTTP_PROXY` for http, then
 * `all_proxy`/`ALL_PROXY`; lower case first. `no_proxy`/`NO_PROXY` lists hosts, with their subdomains, and optional
 * ports; `*` means all. Unlike curl, loopback never goes through a proxy: no proxy can reach the simulator of this machine.
 */
export function proxyFor(url: URL, environment: Environment): URL | null {
  if (isLoopback(url.hostname) || isExempt(url, read(environment, 'no_proxy'))) return null;
  const text = read(environment, `${url.protocol.slice(0, -1)}_proxy`) ?? read(environment, 'all_proxy');
  if (text === undefined) return null;
  const spelled = text.includes('://') ? text : `http://${text}`;
  if (!isUsable(spelled)) {
    throw new TransportFailure('before_send', 'proxy', 'the proxy in the environment is not an http or https address');
  }
  return new URL(spelled);
}

/** `Proxy-Authorization` for a proxy with credentials in its address. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** A socket through the proxy to host and port. Every failure is `before_send`: CONNECT carries nothing of the request. */
export function openTunnel({ proxy, host, port, deadlines, timeoutMs }: Tunnel): Promise<Socket> {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { request: connect } = proxy.protocol === 'https:' ? https() : http();
  return new Promise((resolve, reject) => {
    const request = connect({
      method: 'CONNECT',
      ...hostAndPort(proxy),
      path: target,
      headers: { host: target, ...proxyHeaders(proxy) },
      agent: false,
    });
    const fail = (detail: string, error?: unknown) => {
      cancel();
      request.destroy();
      reject(
        error === undefined
          ? new TransportFailure('before_send', 'proxy', `${proxy.host}, ${detail}`)
          : transportFailure('before_send', `proxy ${proxy.host}`, error),
      );
    };
    const cancel = deadlines.after(timeoutMs, () => fail('no answer in time'));
    request.once('connect', (answer, socket, head) => {
      if (answer.statusCode !== 200) return fail(`answered ${answer.statusCode}`);
      if (head.length > 0) return fail('spoke before the tunnel was used');
      cancel();
      resolve(socket);
    });
    request.once('response', (answer) => fail(`answered ${answer.statusCode} without a tunnel`));
    request.on('error', (error) => fail('', error));
    request.end();
  });
}

function isUsable(proxy: string): boolean {
  try {
    const { protocol, username, password } = new URL(proxy);
    decodeURIComponent(username + password);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}

function read(environment: Environment, name: string): string | undefined {
  const text = environment[name] ?? environment[name.toUpperCase()];
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function isExempt(url: URL, list: string | undefined): boolean {
  const port = String(hostAndPort(url).port);
  return (list ?? '').split(/[\s,]+/).some((item) => {
    if (item === '*') return true;
    const [, name = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(item.toLowerCase()) ?? [];
    const bare = name.replace(/^\*?\.+/, '');
    if (bare === '' || (onlyPort !== undefined && onlyPort !== port)) return false;
    return url.hostname === bare || url.hostname.endsWith(`.${bare}`);
  });
}
