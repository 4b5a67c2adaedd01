/** A Transport on Node's own http and https: nothing to load, for one-shot commands and old Node versions (from 18). */

import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { AgentOptions as HttpsAgentOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Deadlines } from './deadlines.ts';
import type { FailureReason, Transport, TransportAnswer, TransportOptions, TransportRequest } from './transport.ts';
import { http, https, tls } from './builtins.ts';
import { createDeadlines } from './deadlines.ts';
import { openTunnel, proxyFor, proxyHeaders } from './proxy.ts';
import {
  ANSWER_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  hostAndPort,
  hostOf,
  MAX_ANSWER_BYTES,
  MAX_CONNECTIONS,
  plainHeaders,
  TransportFailure,
  transportFailure,
} from './transport.ts';

/** What one request needs of its transport. */
interface Shared {
  readonly deadlines: Deadlines;
  readonly connectTimeoutMs: number;
  readonly underWay: Set<(reason: 'closed') => void>;
  readonly route: (url: URL) => Route;
}

/** Where the connection goes, and how. */
interface Route {
  readonly secure: boolean;
  readonly options: RequestOptions;
}

/** Connections are kept alive and shared, at most {@link MAX_CONNECTIONS} per host. */
export function createHttpsTransport(options: TransportOptions): Transport {
  const deadlines = createDeadlines(options.clock);
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const agents = createAgents(options, deadlines, connectTimeoutMs);
  const underWay: Shared['underWay'] = new Set();
  const route = (url: URL) => routeTo(url, proxyFor(url, options.environment ?? {}), agents);
  let closed = false;
  return {
    request(request) {
      if (closed) return Promise.reject(new TransportFailure('before_send', 'closed', 'no request is taken any more'));
      return send(request, { deadlines, connectTimeoutMs, underWay, route });
    },
    close() {
      closed = true;
      for (const end of underWay) end('closed');
      agents.destroy();
      deadlines.clear();
      return Promise.resolve();
    },
  };
}

type Agents = ReturnType<typeof createAgents>;

/** Each agent is made when it is first needed. */
function createAgents(options: TransportOptions, deadlines: Deadlines, timeoutMs: number) {
  const pool = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  const secure = options.ca === undefined ? pool : { ...pool, ca: options.ca };
  const made = new Map<string, Agent>();
  const once = (name: string, make: () => Agent) => (): Agent => {
    const agent = made.get(name) ?? make();
    made.set(name, agent);
    return agent;
  };
  return {
    http: once('http', () => new (http().Agent)(pool)),
    https: once('https', () => new (https().Agent)(secure)),
    tunneled: once('tunneled', () => tunnelAgent(secure, deadlines, timeoutMs)),
    destroy() {
      for (const agent of made.values()) agent.destroy();
    },
  };
}

function tunnelAgent(options: HttpsAgentOptions, deadlines: Deadlines, timeoutMs: number): Agent {
  const agent = new (https().Agent)(options);
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  agent.createConnection = (target, onSocket) => {
    const { host, proxy } = target as typeof target & { host: string; proxy: URL };
    openTunnel({ proxy, host, port: Number(target.port), deadlines, timeoutMs })
      .then((socket) => handshake(tls().connect({ ...trust, socket, servername: host }), host, deadlines, timeoutMs))
      .then((socket) => onSocket?.(null, socket))
      .catch((error: Error) => onSocket?.(error, undefined as never));
    return undefined;
  };
  return agent;
}

/** TLS inside a tunnel. It must be complete before the request gets the socket, else its failure would be `unknown`. */
function handshake(socket: TLSSocket, host: string, deadlines: Deadlines, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      cancel();
      socket.destroy();
      reject(transportFailure('before_send', host, error));
    };
    const closed = () => fail({ code: 'EPROTO' });
    const cancel = deadlines.after(timeoutMs, () => fail({ code: 'ETIMEDOUT' }));
    socket.once('error', fail).once('close', closed);
    socket.once('secureConnect', () => {
      cancel();
      socket.off('error', fail).off('close', closed);
      resolve(socket);
    });
  });
}

function routeTo(url: URL, proxy: URL | null, agents: Agents): Route {
  const direct = { ...hostAndPort(url), path: url.pathname + url.search };
  const secure = url.protocol === 'https:';
  if (proxy === null) return { secure, options: { ...direct, agent: secure ? agents.https() : agents.http() } };
  if (secure) return { secure, options: { ...direct, agent: agents.tunneled(), proxy } as RequestOptions };
  const agent = proxy.protocol === 'https:' ? agents.https() : agents.http();
  const headers = { host: url.host, ...proxyHeaders(proxy) };
  return { secure: proxy.protocol === 'https:', options: { ...hostAndPort(proxy), path: url.href, agent, headers } };
}

/** One request, one settlement: whichever of answer, error, time-out, abort and close comes first. */
function send(request: TransportRequest, shared: Shared): Promise<TransportAnswer> {
  return new Promise((resolve, reject) => {
    const { signal, body } = request;
    let wire: ClientRequest | undefined;
    let sent = false;
    let settled = false;
    let cancelTimer: () => void = () => undefined;

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      cancelTimer();
      shared.underWay.delete(end);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    const fail = (error: unknown) =>
      settle(() => {
        reject(transportFailure(sent ? 'unknown' : 'before_send', hostOf(request.url), error));
        wire?.destroy();
      });
    const end = (reason: FailureReason) => fail(new TransportFailure('unknown', reason, hostOf(request.url)));
    const onAbort = () => end('aborted');
    const leaving = () => {
      if (settled) return;
      sent = true;
      cancelTimer();
      cancelTimer = shared.deadlines.after(request.timeoutMs ?? ANSWER_TIMEOUT_MS, () => end('timeout'));
    };

    shared.underWay.add(end);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    try {
      const { secure, options } = shared.route(new URL(request.url));
      const headers = { ...(options.headers as Record<string, string>), ...request.headers, ...lengthOf(body) };
      wire = (secure ? https() : http()).request({ ...options, method: request.method, headers });
      wire.once('socket', (socket) => {
        if (settled || !socket.connecting) return leaving();
        cancelTimer = shared.deadlines.after(shared.connectTimeoutMs, () => end('connect_timeout'));
        socket.once(secure ? 'secureConnect' : 'connect', leaving);
      });
    } catch (error) {
      return fail(error);
    }
    wire.on('error', fail);
    wire.once('close', () => fail({ code: 'ECONNRESET' }));
    wire.once('response', (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const done = (text: string) => settle(() => resolve({ status, headers: plainHeaders(headers), body: text }));
      read(answer, request.maxBytes ?? MAX_ANSWER_BYTES, done, end);
    });
    wire.end(body);
  });
}

function read(
  answer: IncomingMessage,
  maxBytes: number,
  done: (text: string) => void,
  end: (reason: FailureReason) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) end('oversized');
    else chunks.push(chunk);
  });
  answer.once('end', () => (answer.complete ? done(Buffer.concat(chunks).toString('utf8')) : end('truncated')));
  answer.once('error', () => end('truncated'));
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}
