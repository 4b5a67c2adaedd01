/** A Transport on undici, for the gateway: a pool of connections per host, one request at a time on each. */

import type { Dispatcher } from 'undici';
import type { Deadlines } from './deadlines.ts';
import type { Transport, TransportAnswer, TransportOptions, TransportRequest } from './transport.ts';
import { buildConnector, Pool } from 'undici';
import { LinkedList } from '../core/linked-list.ts';
import { createDeadlines } from './deadlines.ts';
import { openTunnel, proxyFor, proxyHeaders } from './proxy.ts';
import {
  ANSWER_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  type FailureReason,
  hostAndPort,
  hostOf,
  MAX_ANSWER_BYTES,
  MAX_CONNECTIONS,
  plainHeaders,
  TransportFailure,
  transportFailure,
} from './transport.ts';

/** Where a request goes: the pool, and the path as that pool's server wants it. */
interface Route {
  readonly pool: Pool;
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** At most {@link MAX_CONNECTIONS} connections per host, kept alive; further requests wait in the pool. */
export function createUndiciTransport(options: TransportOptions): Transport {
  const deadlines = createDeadlines(options.clock);
  const pools = new Map<string, Pool>();
  const underWay = new LinkedList<Exchange>();
  /** The last one asked for: all creates of an account go to the same URL. */
  let last: { url: string; route: Route } | null = null;
  let closed = false;

  function poolFor(origin: string, proxy: URL | null): Pool {
    const key = `${origin} ${proxy?.href ?? ''}`;
    const pool = pools.get(key) ?? createPool(origin, connectorFor(options, proxy, deadlines));
    pools.set(key, pool);
    return pool;
  }

  function routeTo(url: URL): Route {
    const proxy = proxyFor(url, options.environment ?? {});
    if (proxy === null || url.protocol === 'https:') {
      return { pool: poolFor(url.origin, proxy), origin: url.origin, path: url.pathname + url.search, headers: {} };
    }
    const headers = { host: url.host, ...proxyHeaders(proxy) };
    return { pool: poolFor(proxy.origin, null), origin: proxy.origin, path: url.href, headers };
  }

  function routeOf(url: string): Route {
    if (last?.url !== url) {
      if (!URL.canParse(url)) throw new TransportFailure('before_send', 'request', hostOf(url));
      last = { url, route: routeTo(new URL(url)) };
    }
    return last.route;
  }

  return {
    async request(request) {
      if (closed) throw new TransportFailure('before_send', 'closed', 'no request is taken any more');
      const route = routeOf(request.url);
      const exchange = new Exchange(request, deadlines);
      const ended = underWay.add(exchange);
      try {
        return await exchange.run(route);
      } finally {
        ended();
      }
    },
    async close() {
      closed = true;
      for (const exchange of underWay.values()) exchange.end('closed');
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      deadlines.clear();
    },
  };
}

function createPool(origin: string, connect: buildConnector.connector): Pool {
  // No time-outs of undici's own: ours count from the moment the request may leave, on the injected clock.
  const limits = { connections: MAX_CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };
  return new Pool(origin, { ...limits, allowH2: false, connect });
}

/**
 * Connects directly or through a tunnel. Errors become TransportFailure here, before undici sees them: it goes on
 * connecting for ever after some of its own error codes.
 */
function connectorFor(options: TransportOptions, proxy: URL | null, deadlines: Deadlines): buildConnector.connector {
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const base = buildConnector({ ...trust, allowH2: false, timeout: 0 });
  return (target, callback) => {
    const host = target.host ?? target.hostname;
    const fail = (error: unknown) => {
      cancel();
      callback(transportFailure('before_send', host, error), null);
    };
    const start = (through: Partial<typeof target>) => {
      // The connector returns its socket, which its type does not say.
      const socket = base({ ...target, ...through }, (error, connected) => {
        if (error !== null) return fail(error);
        cancel();
        callback(null, connected);
      }) as unknown as { destroy(error: Error): void };
      giveUp = (error) => socket.destroy(error);
    };
    let giveUp: (error: Error) => void = () => undefined;
    const late = Object.assign(new Error('connect time-out'), { code: 'ETIMEDOUT' });
    const cancel = deadlines.after(timeoutMs, () => giveUp(late));
    if (proxy === null) return start({});
    const { port } = hostAndPort(new URL(`${target.protocol}//${host}`));
    openTunnel({ proxy, host: target.hostname, port, deadlines, timeoutMs }).then(
      (httpSocket) => start({ httpSocket }),
      fail,
    );
  };
}

/**
 * One request and what comes of it. undici calls `onRequestStart` immediately before the first byte is written, and
 * never for a request that failed earlier: until then the stage is `before_send`, from then on `unknown`.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #deadlines: Deadlines;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #status = 0;
  #headers: Record<string, string> = {};
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #resolve: (answer: TransportAnswer) => void = () => undefined;
  #reject: (failure: TransportFailure) => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  readonly #onAbort = () => this.end('aborted');

  constructor(request: TransportRequest, deadlines: Deadlines) {
    this.#request = request;
    this.#deadlines = deadlines;
  }

  run(route: Route): Promise<TransportAnswer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const { signal, method, body = null, headers } = this.#request;
      if (signal?.aborted) return this.end('aborted');
      signal?.addEventListener('abort', this.#onAbort);
      const { pool, origin, path } = route;
      try {
        pool.dispatch(
          { origin, path, method, body, headers: { ...route.headers, ...headers }, idempotent: false },
          this,
        );
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  /** Ends it from outside. */
  end(reason: FailureReason): void {
    this.#fail(new TransportFailure('unknown', reason, hostOf(this.#request.url)));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Ended while it waited for a connection, or undici wants to write it again: nothing may leave.
    if (this.#settled || this.#controller !== null) {
      controller.abort(new Error('ended'));
      return;
    }
    this.#controller = controller;
    const timeoutMs = this.#request.timeoutMs ?? ANSWER_TIMEOUT_MS;
    this.#cancelTimer = this.#deadlines.after(timeoutMs, () => this.end('timeout'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, never>): void {
    this.#status = status;
    this.#headers = plainHeaders(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > (this.#request.maxBytes ?? MAX_ANSWER_BYTES)) this.end('oversized');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks).toString('utf8');
    this.#settle(() => this.#resolve({ status: this.#status, headers: this.#headers, body }));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#status >= 200 && !(error instanceof TransportFailure)) this.end('truncated');
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#settle(() => {
      const stage = this.#controller === null ? 'before_send' : 'unknown';
      this.#reject(transportFailure(stage, hostOf(this.#request.url), error));
      this.#controller?.abort(new Error('ended'));
    });
  }

  #settle(finish: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#cancelTimer();
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    finish();
  }
}
