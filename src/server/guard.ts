/** Who may reach the server at all: by Host against DNS rebinding, by Origin against foreign web pages. */

import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '../core/base-url.ts';
import { TollboardError } from '../core/errors.ts';

export interface GuardOptions {
  /** `listen.hosts`: further names, without port. */
  hosts: readonly string[];
  publicUrl: string | null;
}

export interface GuardedRequest {
  method: string;
  /** The request target as received. */
  url: string;
  headers: IncomingHttpHeaders;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A check that throws `TOLLBOARD_HTTP_HOST_REFUSED` for a Host other than loopback names, `public_url`'s and
 * `listen.hosts`, and `TOLLBOARD_HTTP_ORIGIN_REFUSED` for a state-changing request from a page of another origin.
 */
export function createGuard({ hosts, publicUrl }: GuardOptions): (request: GuardedRequest) => void {
  const published = publicUrl === null ? null : new URL(publicUrl);
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  if (published !== null) names.add(published.hostname);
  return ({ method, url, headers }) => {
    const host = headers.host?.toLowerCase() ?? '';
    const name = host.replace(/:\d*$/, '');
    // A target in absolute form would name a host of its own, past the Host header (RFC 9112 §3.2.2).
    const known = isLoopbackHost(name) || names.has(name);
    if (!known || !(url.startsWith('/') || (url === '*' && method === 'OPTIONS'))) {
      throw new TollboardError('TOLLBOARD_HTTP_HOST_REFUSED');
    }
    if (SAFE_METHODS.has(method)) return;
    const { origin } = headers;
    const foreign = origin !== undefined && !ownOrigin(origin, host, published);
    if (foreign || headers['sec-fetch-site'] === 'cross-site')
      throw new TollboardError('TOLLBOARD_HTTP_ORIGIN_REFUSED');
  };
}

/** Own is the very host and port that was called, or `public_url`; `null` and anything unreadable are foreign. */
function ownOrigin(origin: string, host: string, published: URL | null): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: from, origin: whole } = new URL(origin);
  if (published !== null && whole === published.origin) return true;
  return (protocol === 'http:' || protocol === 'https:') && URL.canParse(`${protocol}//${host}`)
    ? new URL(`${protocol}//${host}`).host === from
    : false;
}
