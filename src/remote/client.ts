/** Requests to a gateway's HTTP API: errors rebuilt, repeated only where that is safe, server-sent events read. */

import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { Clock, Random } from '../core/ports.ts';
import type { Answer } from './answer.ts';
import type { StreamFrame } from './frames.ts';
import { normalizeBaseUrl } from '../core/base-url.ts';
import { TollboardError } from '../core/errors.ts';
import { backoffMs } from '../core/retry.ts';
import { answerLost, answerOf, proves, retryAfterMs, textOf, unreachable, wholeBody } from './answer.ts';
import { endWhenQuiet, framesOf } from './frames.ts';

export interface GatewayClientOptions {
  /** Such as `http://127.0.0.1:8655`; a path is kept as a prefix. */
  url: string;
  token: string;
  /** Asked after a 401: the token that the gateway has now (its local one is new at each start), or null. */
  newToken?: (() => string | null) | undefined;
  clock: Clock;
  random: Random;
}

export interface GatewayRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** With query, below the URL: `/api/v1/messages`. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** True where repeating it does nothing twice. Default: true for GET only. */
  repeatable?: boolean;
  signal?: AbortSignal;
  /** Longest wait for an answer, milliseconds. Default 60,000: the gateway itself gives Twilio 30 s. */
  answerMs?: number;
  /** Told the headers of the answer that counts, and whether the request had been tried before. */
  onHeaders?: (headers: IncomingHttpHeaders, repeated: boolean) => void;
}

export interface GatewayClient {
  readonly url: string;
  /** True where a refused token may be a restart of the gateway, which waiting mends. */
  readonly renewable: boolean;
  /**
   * The JSON of the answer (null for none). Throws the gateway's own error, `TOLLBOARD_GATEWAY_UNREACHABLE` (stage
   * `before_send`), `TOLLBOARD_GATEWAY_ANSWER_LOST` (stage `unknown`) or `TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED`.
   */
  request<T>(request: GatewayRequest): Promise<T>;
  /** Opens a live stream, after an event's cursor where one is given; the frames end with it. The signal ends it too. */
  stream(path: string, signal: AbortSignal, after?: string): Promise<AsyncIterable<StreamFrame>>;
  /** The bytes of a large answer as they come; throws in the middle when it breaks off. The signal ends it too. */
  download(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Closes idle connections. */
  close(): void;
}

/** Longest wait for an answer; the gateway itself gives Twilio 30 s. */
const ANSWER_MS = 60_000;
/** Tries of a request that may be repeated: about 15 seconds with their pauses. */
const TRIES = 6;
/** Connections to one gateway. */
const SOCKETS = 16;

/** Throws `TOLLBOARD_CONFIG_VALUE_INVALID` for a URL or a token that cannot be one; the token is never repeated. */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const { clock, random } = options;
  let { token } = options;
  const url = checkedAddress(options);
  const base = new URL(url);
  // Not imported: one of the two is enough, and as an ES module node:http evaluates all of its getters, one of which loads
  // undici (25 ms at every start).
  const { Agent, request: open } = process.getBuiltinModule(base.protocol === 'https:' ? 'node:https' : 'node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });

  /** Sends once; resolves when the head of the answer is there, whatever it is. */
  function attempt(
    { method, path, body, headers, signal }: GatewayRequest,
    own: RequestOptions = {},
  ): Promise<Attempt> {
    return new Promise((resolve) => {
      const text = body === undefined ? null : JSON.stringify(body);
      let left = false;
      const request = open(`${url}${path}`, {
        method,
        agent,
        ...(signal === undefined ? {} : { signal }),
        ...own,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...headers,
          ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      // What failed before the connection stood certainly never reached the gateway.
      request.once('socket', (socket) => {
        const stands = base.protocol === 'https:' ? 'secureConnect' : 'connect';
        if (socket.connecting) socket.once(stands, () => (left = true));
        else left = true;
      });
      request.once('error', (error) => resolve({ answer: null, left, error }));
      request.once('response', (answer) => resolve({ answer, left: true, error: null }));
      request.end(text ?? undefined);
    });
  }

  /** True when there is another token than the refused one. */
  function renew(): boolean {
    const now = options.newToken?.() ?? token;
    const changed = now !== token;
    token = now;
    return changed;
  }

  /** One try with its whole answer, within {@link ANSWER_MS}. */
  async function tryOnce(request: GatewayRequest): Promise<Try> {
    const over = new AbortController();
    const patience = new AbortController();
    const timer = clock.sleep(request.answerMs ?? ANSWER_MS, over.signal).then(
      () => patience.abort(new Error('no answer in time')),
      () => undefined,
    );
    const signal = request.signal === undefined ? patience.signal : AbortSignal.any([patience.signal, request.signal]);
    try {
      const { answer, left, error } = await attempt({ ...request, signal });
      if (answer === null) return { failed: true, left, reason: reasonOf(error, patience.signal) };
      const text = await textOf(answer);
      return { failed: false, status: answer.statusCode ?? 0, headers: answer.headers, text };
    } catch (error) {
      return { failed: true, left: true, reason: reasonOf(error, patience.signal) };
    } finally {
      over.abort();
      await timer;
    }
  }

  async function request<T>(asked: GatewayRequest): Promise<T> {
    const repeatable = asked.repeatable ?? asked.method === 'GET';
    let left = false;
    for (let tries = 1; ; tries++) {
      const result = await tryOnce(asked);
      asked.signal?.throwIfAborted();
      const last = tries >= TRIES;
      if (!result.failed) {
        // 503 says that nothing was done.
        if (result.status === 503 && !last) {
          await clock.sleep(backoffMs(tries, random.number(), retryAfterMs(result.headers)), asked.signal);
          continue;
        }
        if (result.status === 401 && !last && renew()) continue;
        // A refusal of this try says nothing about the earlier one that left.
        if (left && asked.method !== 'GET' && !proves(result.status)) {
          throw answerLost(url, `HTTP ${result.status} to a repeat`, asked.headers?.['idempotency-key']);
        }
        asked.onHeaders?.(result.headers, tries > 1);
        return answerOf<T>(url, result, asked.method);
      }
      left ||= result.left;
      if (!left || (asked.method === 'GET' && last)) throw unreachable(url, result.reason);
      if (!repeatable || last) throw answerLost(url, result.reason, asked.headers?.['idempotency-key']);
      await clock.sleep(backoffMs(tries, random.number()), asked.signal);
    }
  }

  /** A long answer, on a connection of its own: the shared ones are for short ones. */
  async function long(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const own = { agent: new Agent({ keepAlive: false }) };
    const { answer, error } = await attempt({ method: 'GET', path, headers, signal }, own);
    if (answer === null) throw unreachable(url, reasonOf(error));
    if (answer.statusCode === 200) {
      void endWhenQuiet(answer, clock);
      return answer;
    }
    const text = await textOf(answer);
    if (answer.statusCode === 401) renew();
    return answerOf(url, { failed: false, status: answer.statusCode ?? 0, headers: answer.headers, text });
  }

  return {
    url,
    renewable: options.newToken !== undefined,
    request,
    async stream(path, signal, after) {
      const cursor = after === undefined ? {} : { 'last-event-id': after };
      return framesOf(await long(path, { accept: 'text/event-stream', ...cursor }, signal));
    },
    download: async (path, signal) => wholeBody(await long(path, { accept: '*/*' }, signal), url),
    close: () => agent.destroy(),
  };
}

/** Programs in plain JavaScript hand over what their environment lacks; what is wrong is then said at once. */
function checkedAddress({ url, token }: GatewayClientOptions): string {
  const address = typeof url === 'string' ? normalizeBaseUrl(url) : null;
  const wrong = (key: string, value: string, expected: string) =>
    new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', { details: { where: 'gateway', key, value, expected } });
  if (address === null) {
    const shown =
      typeof url === 'string'
        ? `'${url.slice(0, 80).replace(/\/\/[^/]*@/, '//***@')}'`
        : `a value of type ${typeof url}`;
    throw wrong('url', shown, 'an http or https address such as http://127.0.0.1:8655');
  }
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return address;
  throw wrong('token', 'no token', 'the local token of gateway.json, or a named one');
}

interface Attempt {
  answer: IncomingMessage | null;
  /** True when bytes of the request may have reached the gateway. */
  left: boolean;
  error: Error | null;
}

type Try = Answer | { failed: true; left: boolean; reason: string };

function reasonOf(error: unknown, patience?: AbortSignal): string {
  const cause = patience?.aborted === true ? patience.reason : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
