/** The HTTP server of a gateway: guard, routes, limits, and a stop that finishes what is under way. */

import type { Socket } from 'node:net';
import type { AutomationGateway } from '../core/automations.ts';
import type { GatewayApi } from '../core/gateway-api.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { SinkGateway } from '../core/sinks.ts';
import type { Connections } from './connections.ts';
import type { Api, ServerContext, ServerLimits } from './context.ts';
import type { HostRunner } from './hosts.ts';
import fastify from 'fastify';
import { TollboardError } from '../core/errors.ts';
import { automationRoutes } from './api/automations.ts';
import { callRoutes } from './api/calls.ts';
import { connectivityRoutes } from './api/connectivity.ts';
import { eventRoutes } from './api/events.ts';
import { messageRoutes } from './api/messages.ts';
import { numberRoutes } from './api/numbers.ts';
import { recipientRoutes } from './api/recipients.ts';
import { sinkRoutes } from './api/sinks.ts';
import { storeRoutes } from './api/store.ts';
import { streamRoutes } from './api/stream.ts';
import { tokenRoutes } from './api/tokens.ts';
import { webhookRoutes } from './api/webhook.ts';
import { requireBearer } from './auth.ts';
import { trackConnections } from './connections.ts';
import { DEFAULT_LIMITS } from './context.ts';
import { errorText, sendError } from './errors.ts';
import { facadeRoutes } from './facade/routes.ts';
import { createGuard } from './guard.ts';
import { healthRoutes } from './health.ts';
import { hostRoutes } from './hosts.ts';
import { metricsRoutes } from './metrics.ts';
import { document, openapiRoutes, registerOpenapi } from './openapi.ts';
import { answerUnknown, rememberRoutes } from './unknown-route.ts';
import { zodValidator } from './validation.ts';
import { callbackRoutes } from './webhooks/callbacks.ts';
import { inboundRoutes } from './webhooks/inbound.ts';
import { spokenPageRoutes } from './webhooks/spoken-pages.ts';

export interface ServerOptions {
  gateway: GatewayApi;
  automations: AutomationGateway;
  sinks: SinkGateway;
  /** By name. */
  hosts: ReadonlyMap<string, HostRunner>;
  /** Where to listen (port 0: any free one), and further names under which requests may come. */
  listen: { host: string; port: number; hosts: readonly string[] };
  publicUrl: string | null;
  logger: Logger;
  clock: Clock;
  random: Random;
  version: string;
  /** Whether what is sent goes to the simulator. */
  simulated: () => boolean;
  /** Default: {@link DEFAULT_LIMITS}. */
  limits?: Partial<ServerLimits>;
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:8655`; for a wildcard address the loopback one. */
  url: string;
  port: number;
  /** Takes no more connections, ends live streams, finishes requests under way. May be called twice. */
  close(): Promise<void>;
}

/** Resolves when it listens; throws `TOLLBOARD_HTTP_LISTEN_FAILED`. */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { listen, clock } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const closing = new AbortController();
  const app = await createApp({ ...options, limits, closing: closing.signal });
  const connections = trackConnections(app.server, limits.connections);
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (cause) {
    await app.close();
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new TollboardError('TOLLBOARD_HTTP_LISTEN_FAILED', {
      cause,
      details: { host: listen.host, port: listen.port, reason: LISTEN_FAULTS[reason] ?? reason },
    });
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  let stopped: Promise<void> | null = null;
  return {
    url: `http://${urlHost(listen.host)}:${port}`,
    port,
    close() {
      closing.abort();
      stopped ??= stop(app, connections, clock, limits.graceMs);
      return stopped;
    },
  };
}

/** The OpenAPI document of this version, without starting anything. */
export async function openapiDocument(version: string): Promise<Record<string, unknown>> {
  const nothing = {} as never;
  const app = await createApp({
    gateway: nothing,
    automations: nothing,
    sinks: nothing,
    hosts: new Map(),
    logger: nothing,
    clock: nothing,
    random: nothing,
    listen: { host: '', port: 0, hosts: [] },
    publicUrl: null,
    version,
    simulated: () => false,
    limits: DEFAULT_LIMITS,
    closing: new AbortController().signal,
  });
  await app.ready();
  return document(app);
}

const LISTEN_FAULTS: Record<string, string> = {
  EADDRINUSE: 'another program holds that port',
  EACCES: 'this user may not use that port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is not known',
};

interface AppOptions extends ServerContext {
  listen: ServerOptions['listen'];
  publicUrl: string | null;
}

async function createApp(context: AppOptions): Promise<Api> {
  const { limits, random } = context;
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.checkMs },
    // A request that came in on a kept connection while stopping is still answered.
    return503OnClosing: false,
    genReqId: () => `RQ${random.hex(32)}`,
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, `RQ${random.hex(32)}`),
    frameworkErrors: (error, request, reply) => sendError(context, error, request, reply),
  }) as unknown as Api;
  app.setValidatorCompiler(zodValidator);
  // Answers are checked against their schemas by the tests, not at run time: what is on disk must be told.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => sendError(context, error, request, reply));
  app.removeContentTypeParser('text/plain');
  acceptJson(app);
  const routes = rememberRoutes(app);
  addHooks(app, context);
  app.setNotFoundHandler((request, reply) => answerUnknown(routes, request, reply));
  await registerOpenapi(app, context.version);
  await app.register((open: Api, _options, done) => {
    healthRoutes(open, context);
    metricsRoutes(open, context);
    openapiRoutes(open);
    done();
  });
  await app.register((webhooks: Api, _options, done) => {
    callbackRoutes(webhooks, context);
    done();
  });
  await app.register((pages: Api, _options, done) => {
    spokenPageRoutes(pages, context);
    done();
  });
  await app.register((inbound: Api, _options, done) => {
    inboundRoutes(inbound, context);
    done();
  });
  await app.register((hosts: Api, _options, done) => {
    hostRoutes(hosts, context);
    done();
  });
  await app.register((facade: Api, _options, done) => {
    facadeRoutes(facade, context);
    done();
  });
  await app.register(apiRoutes(context), { prefix: '/api/v1' });
  return app;
}

function apiRoutes(context: ServerContext) {
  return (api: Api, _options: unknown, done: () => void): void => {
    api.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, security: [{ bearer: [] }] };
    });
    api.addHook('onRequest', (request) => requireBearer(context.gateway, request.headers.authorization));
    messageRoutes(api, context);
    callRoutes(api, context);
    recipientRoutes(api, context);
    connectivityRoutes(api, context);
    automationRoutes(api, context);
    sinkRoutes(api, context);
    eventRoutes(api, context);
    storeRoutes(api, context);
    streamRoutes(api, context);
    webhookRoutes(api, context);
    numberRoutes(api, context);
    tokenRoutes(api, context);
    done();
  };
}

/** JSON, refusing `__proto__`; an empty body counts as none. */
function acceptJson(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

/** Around every request, unknown routes included; the guard comes before everything else. */
function addHooks(app: Api, { listen, publicUrl, closing }: AppOptions): void {
  const guard = createGuard({ hosts: listen.hosts, publicUrl });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-request-id': request.id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    const { method = '', url = '', headers } = request.raw;
    guard({ method, url, headers });
    done();
  });
  // Kept open, a connection would hold the stop until its client leaves.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing.aborted) reply.header('connection', 'close');
    done();
  });
}

/** What is no HTTP at all, or did not come in time: answered in our form as far as possible, then closed. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, ...remedy } = UNREADABLE[error.code ?? ''] ?? NO_HTTP;
  const fault = new TollboardError('TOLLBOARD_HTTP_REQUEST_MALFORMED', { details: { reason }, ...remedy });
  const text = errorText(fault, requestId);
  const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\nx-request-id: ${requestId}`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

interface Unreadable {
  status: string;
  reason: string;
  remedy?: string;
}

const NO_HTTP: Unreadable = { status: '400 Bad Request', reason: 'it is not HTTP' };
const UNREADABLE: Readonly<Record<string, Unreadable>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    reason: 'it did not come in time',
    remedy: 'Send the whole request without long pauses.',
  },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    reason: 'its headers are too large',
    remedy: 'Send fewer or shorter headers.',
  },
};

async function stop(app: Api, connections: Connections, clock: Clock, graceMs: number): Promise<void> {
  const over = new AbortController();
  const forced = clock.sleep(graceMs, over.signal).then(
    () => app.server.closeAllConnections(),
    () => undefined,
  );
  const closed = app.close();
  connections.endIdle();
  await closed;
  over.abort();
  await forced;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
