/** Who may speak to the simulator: loopback names in Host, no foreign web page. */

import type { IncomingMessage } from 'node:http';
import { TollboardError } from '../core/errors.ts';

/** What refuses a request, or null. `hosts`: further names; `cors`: web pages of any origin may ask. */
export function guardFault(request: IncomingMessage, hosts: readonly string[], cors: boolean): TollboardError | null {
  const host = hostName(request.headers.host ?? '');
  if (!isLoopbackName(host) && !hosts.includes(host)) return new TollboardError('TOLLBOARD_HTTP_HOST_REFUSED');
  if (cors || request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return null;
  const { origin } = request.headers;
  const foreign = origin !== undefined && origin !== `http://${request.headers.host}`;
  if (!foreign && request.headers['sec-fetch-site'] !== 'cross-site') return null;
  return new TollboardError('TOLLBOARD_HTTP_ORIGIN_REFUSED');
}

/** An address or name that only this machine answers to. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Twilio's own CORS headers, only where they were asked for. */
export function corsHeaders(cors: boolean): Record<string, string> {
  return cors ? CORS : NO_CORS;
}

const NO_CORS: Record<string, string> = {};
const CORS: Record<string, string> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers':
    'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'Access-Control-Expose-Headers': 'ETag',
  'Access-Control-Allow-Credentials': 'true',
};

/** The name without the port, lower case, brackets of IPv6 cut. */
function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(header);
  return (bracketed?.[1] ?? header.replace(/:\d*$/, '')).toLowerCase();
}
