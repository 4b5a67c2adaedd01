/** Requests to URLs that came in requests: address checked after DNS and pinned, nothing followed, everything bounded. */

import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Clock } from '../core/ports.ts';
import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { TollboardError } from '../core/errors.ts';
import { isOwnAddress, refusedAddress } from './guarded-address.ts';

export interface GuardedRequestOptions {
  /** Ports on which this gateway and its simulator listen: refused on every address of this machine. */
  ownPorts: () => readonly number[];
  clock: Clock;
  /** All addresses of a name; default: the system's resolver. */
  resolve?: (hostname: string) => Promise<readonly string[]>;
  /** Certificates to trust instead of Node's own, PEM. */
  ca?: string;
}

export interface GuardedRequest {
  /** Such as `POST`. */
  readonly method: string;
  /** http or https. `user:password@` becomes Basic authentication, a fragment is cut (Twilio docs: webhooks). */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** DNS, connection and answer together, milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Once the status is there, nothing that becomes of the body is a failure. */
  readonly statusOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface GuardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 kB. */
  readonly body: string;
  /** True when there was more; the rest was not read. */
  readonly truncated: boolean;
}

const TOTAL_MS = 5_000;
const MAX_BYTES = 64 * 1024;

/**
 * A function that makes one such request. No redirect is followed, no proxy used, no connection kept. Rejects with
 * `TOLLBOARD_TARGET_REFUSED` before any connection, `TOLLBOARD_TARGET_TIMEOUT`, `TOLLBOARD_TARGET_UNREACHABLE`, or the
 * signal's reason.
 */
export function createGuardedRequest(
  options: GuardedRequestOptions,
): (request: GuardedRequest) => Promise<GuardedAnswer> {
  return async (request) => {
    request.signal?.throwIfAborted();
    const url = parse(request.url);
    const ended = new AbortController();
    const onAbort = () => ended.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const { timeoutMs = TOTAL_MS } = request;
    const late = () => ended.abort(timeout(url, timeoutMs));
    options.clock.sleep(timeoutMs, ended.signal).then(late, () => undefined);
    try {
      const address = await pin(url, options, ended.signal);
      return await send(request, { url, address, ca: options.ca }, ended.signal);
    } finally {
      request.signal?.removeEventListener('abort', onAbort);
      ended.abort();
    }
  };
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw refused('(not a URL)', 'it is no absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(shown(url), 'only http and https are called');
  if (!isEncoded(url.username) || !isEncoded(url.password)) {
    throw refused(shown(url), 'its credentials are badly encoded');
  }
  return url;
}

/** The address to connect to. Every address of the name must be allowed: a mixed answer is how rebinding begins. */
async function pin(url: URL, options: GuardedRequestOptions, signal: AbortSignal): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await untilAborted(resolve(host, options), signal) : [host];
  const [first] = addresses;
  if (first === undefined) throw unreachable(url, 'the name has no address');
  const ownPort = options.ownPorts().includes(portOf(url));
  for (const address of addresses) {
    const reason = isIP(address) === 0 ? 'its name does not resolve to an address' : refusedAddress(address);
    if (reason !== null) throw refused(shown(url), `it leads to ${reason}`);
    if (ownPort && isOwnAddress(address, ownAddresses())) throw refused(shown(url), 'it leads to this gateway itself');
  }
  return first;

  async function resolve(name: string, { resolve: own }: GuardedRequestOptions): Promise<readonly string[]> {
    try {
      return own === undefined ? (await lookup(name, { all: true })).map(({ address }) => address) : await own(name);
    } catch (error) {
      throw unreachable(url, codeOf(error), error);
    }
  }
}

interface Target {
  readonly url: URL;
  readonly address: string;
  readonly ca: string | undefined;
}

function send(request: GuardedRequest, { url, address, ca }: Target, signal: AbortSignal): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const { body, method } = request;
    const options: RequestOptions & { ca?: string; servername?: string } = {
      method,
      host: address,
      port: portOf(url),
      path: url.pathname + url.search,
      headers: { ...request.headers, ...authorization(url), host: url.host, ...lengthOf(body) },
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      // The certificate must be the name's, although we connect to an address.
      ...(secure && isIP(host) === 0 ? { servername: host } : {}),
    };
    let known: GuardedAnswer | null = null;
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      wire.destroy();
      if (known !== null) return resolve(known);
      reject(
        signal.aborted
          ? signal.reason
          : error instanceof TollboardError
            ? error
            : unreachable(url, codeOf(error), error),
      );
    };
    const onAbort = () => fail(signal.reason);
    const wire = (secure ? httpsRequest : httpRequest)(options);
    signal.addEventListener('abort', onAbort, { once: true });
    wire.on('error', fail);
    wire.once('close', () => fail({ code: 'ECONNRESET' }));
    wire.once('response', (answer) => {
      const { statusCode: status = 0, headers } = answer;
      if (request.statusOnly === true) known = { status, headers, body: '', truncated: true };
      read(answer, (text, truncated) => {
        signal.removeEventListener('abort', onAbort);
        resolve({ status, headers, body: text, truncated });
        wire.destroy();
      });
      answer.once('error', fail);
    });
    wire.end(body);
  });
}

function read(answer: IncomingMessage, done: (text: string, truncated: boolean) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) done(Buffer.concat(chunks).subarray(0, MAX_BYTES).toString('utf8'), true);
  });
  answer.once('end', () => done(Buffer.concat(chunks).toString('utf8'), false));
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Without query and userinfo: both may hold secrets. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`.slice(0, 200);
}

function refused(url: string, reason: string): TollboardError {
  return new TollboardError('TOLLBOARD_TARGET_REFUSED', { details: { url, reason } });
}

function timeout(url: URL, ms: number): TollboardError {
  return new TollboardError('TOLLBOARD_TARGET_TIMEOUT', { details: { host: url.host, seconds: ms / 1000 } });
}

function unreachable(url: URL, reason: string, cause?: unknown): TollboardError {
  return new TollboardError('TOLLBOARD_TARGET_UNREACHABLE', { details: { host: url.host, reason }, cause });
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'failed';
}
