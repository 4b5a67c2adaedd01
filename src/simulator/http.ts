/** The simulator's HTTP server: guards, bounds, faults, and the way from bytes to a resource and back. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/ports.ts';
import type { SimulatorControl } from './control.ts';
import type { Coverage } from './coverage.ts';
import type { Answer, Simulation } from './exchange.ts';
import type { Written } from './http-faults.ts';
import { createServer } from 'node:http';
import { ERROR_KINDS, isTollboardError, TollboardError } from '../core/errors.ts';
import { errorBody } from '../wire/error.ts';
import { decodeForm } from '../wire/form.ts';
import { CHALLENGE, responseHeaders } from '../wire/headers.ts';
import { writeJson } from '../wire/json.ts';
import { parseWirePath } from '../wire/path.ts';
import { answerApi } from './api.ts';
import { answerControl, CONTROL_PREFIX } from './control-routes.ts';
import { corsHeaders, guardFault } from './guard.ts';
import { actOut, hidesAnswer, strikesBefore, write } from './http-faults.ts';
import { refusal } from './refusals.ts';

/** The largest create there is (4000 characters of TwiML, percent-encoded) is about 60 kB. */
const MAX_BODY_BYTES = 262_144;
/** Twilio's clients keep connections; ours must not close one just as it is used again. */
const KEEP_ALIVE_MS = 120_000;
const SLOW_MS = 1000;

export interface HttpOptions {
  sim: Simulation;
  control: SimulatorControl;
  coverage: Coverage;
  base: Clock;
  host: string;
  port: number;
  hosts: readonly string[];
  cors: boolean;
  concurrency: number;
  maxConnections: number;
}

export interface HttpServer {
  /** Errors: `TOLLBOARD_HTTP_LISTEN_FAILED`. */
  listen(): Promise<void>;
  /** Lets the requests under way finish, then closes every connection. */
  close(): Promise<void>;
  listening(): boolean;
  port(): number;
}

export function createHttpServer(options: HttpOptions): HttpServer {
  const { sim, base, cors } = options;
  const underWay = new Map<string, number>();
  const reading = new Set<IncomingMessage>();
  let { port } = options;
  let server: Server | null = null;
  let busy = 0;
  let finished: (() => void) | null = null;
  let stopped = new AbortController();

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    busy += 1;
    try {
      const refused = guardFault(request, options.hosts, cors);
      const [path, query] = splitUrl(request.url ?? '/');
      if (refused !== null) write(response, errorAnswer(refused, cors));
      else if (request.method === 'OPTIONS') write(response, { status: 204, headers: optionsHeaders(cors), body: '' });
      else if (path.startsWith(CONTROL_PREFIX)) await onControl(request, response, { path, query });
      else await onApi(request, response, { path, query });
    } catch (error) {
      if (!request.readableAborted && !isTollboardError(error) && !stopped.signal.aborted) {
        sim.logger.error({ error: String(error) }, 'the simulator failed on a request');
      }
      if (response.headersSent) response.destroy();
      else write(response, errorAnswer(error, cors));
    } finally {
      busy -= 1;
      if (busy === 0) finished?.();
    }
  }

  async function onControl(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
    const body = await readBody(request, reading);
    if (body === null)
      throw new TollboardError('TOLLBOARD_HTTP_BODY_TOO_LARGE', { details: { limit: MAX_BODY_BYTES } });
    const { method = 'GET', headers } = request;
    const contentType = headers['content-type'] ?? '';
    const query = decodeForm(target.query);
    const answer = await answerControl(options.control, { method, path: target.path, query, body, contentType });
    await sim.store.committed();
    write(response, { status: 200, headers: { ...JSON_TYPE, ...corsHeaders(cors) }, body: JSON.stringify(answer) });
  }

  async function onApi(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
    const wirePath = parseWirePath(target.path);
    const account = wirePath?.sids[0] ?? '';
    const concurrent = (underWay.get(account) ?? 0) + 1;
    underWay.set(account, concurrent);
    const startedAt = base.now();
    try {
      const { method = 'GET' } = request;
      const fault = sim.faults.forRequest(method, target.path);
      if (fault?.fault === 'reset') return void actOut(fault, response, NOTHING);
      const text = method === 'POST' ? await readBody(request, reading) : '';
      const fields = { query: decodeForm(target.query), form: decodeForm(text ?? '') };
      const headersOf = (): Record<string, string> => ({
        ...responseHeaders(`RQ${sim.random.hex(32)}`, Math.max(0, base.now() - startedAt), concurrent),
        Date: httpDate(sim.clock.now()),
        ...corsHeaders(cors),
      });
      if (fault !== null && strikesBefore(fault))
        return void actOut(fault, response, { ...NOTHING, headers: headersOf() });
      const answer = await answerOf(text, concurrent, {
        method,
        path: target.path,
        ...fields,
        authorization: request.headers.authorization,
      });
      if (fault !== null && hidesAnswer(fault)) hide(answer);
      const kept = await isKept();
      if (fault?.fault === 'slow') await base.sleep(fault.delayMs ?? SLOW_MS, stopped.signal);
      const written = writeAnswer(kept ? answer : refusal(20503), headersOf());
      options.coverage.note(method, wirePath?.pattern ?? target.path, [fields.query, fields.form], written.status);
      if (fault === null || !actOut(fault, response, written)) write(response, written);
    } finally {
      const left = (underWay.get(account) ?? 1) - 1;
      if (left === 0) underWay.delete(account);
      else underWay.set(account, left);
    }
  }

  function answerOf(
    text: string | null,
    concurrent: number,
    request: Parameters<typeof answerApi>[1],
  ): Answer | Promise<Answer> {
    if (text === null) return refusal(20413);
    return concurrent > options.concurrency ? refusal(20429) : answerApi(sim, request);
  }

  /** False when the file did not take what was changed: then nothing may be promised. */
  async function isKept(): Promise<boolean> {
    const committed = sim.store.committed();
    if (committed === null) return true;
    return committed.then(
      () => true,
      (error: unknown) => {
        sim.logger.error({ error: String(error) }, 'the simulator could not write its file');
        return false;
      },
    );
  }

  /** The client will not see this answer: the acceptance log says so. */
  function hide(answer: Answer): void {
    if ('error' in answer || answer.created === undefined) return;
    const message = sim.store.messages.find(answer.created);
    if (message !== null) sim.store.messages.save(Object.assign(message, { answered: false }));
    const call = sim.store.calls.find(answer.created);
    if (call !== null) sim.store.calls.save(Object.assign(call, { answered: false }));
  }

  return {
    listening: () => server !== null,
    port: () => port,
    async listen() {
      stopped = new AbortController();
      const created = createServer(
        {
          keepAliveTimeout: KEEP_ALIVE_MS,
          headersTimeout: 10_000,
          requestTimeout: 15_000,
          connectionsCheckingInterval: 5000,
        },
        (request, response) => void onRequest(request, response),
      );
      created.maxConnections = options.maxConnections;
      await listening(created, options.host, port);
      port = (created.address() as AddressInfo).port;
      server = created;
    },
    async close() {
      if (server === null) return;
      const closing = server;
      server = null;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      closing.closeIdleConnections();
      stopped.abort(new Error('the simulator is stopping'));
      for (const request of reading) request.destroy();
      if (busy > 0) await new Promise<void>((resolve) => (finished = resolve));
      closing.closeAllConnections();
      await closed;
    },
  };
}

interface Target {
  path: string;
  query: string;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const NOTHING: Written = { status: 0, headers: JSON_TYPE, body: '' };

let second = { of: Number.NaN, text: '' };

/** The time as the simulated Twilio sees it: clients tell from it how far their clock is off. Formatted once a second. */
function httpDate(now: number): string {
  const of = Math.floor(now / 1000);
  if (second.of !== of) second = { of, text: new Date(now).toUTCString() };
  return second.text;
}

function writeAnswer(answer: Answer, headers: Record<string, string>): Written {
  if ('error' in answer) {
    const { error } = answer;
    const challenge = error.status === 401 ? CHALLENGE : {};
    return { status: error.status, headers: { ...headers, ...challenge }, body: writeJson(errorBody(error)) };
  }
  return {
    status: answer.status,
    headers: answer.headers === undefined ? headers : { ...headers, ...answer.headers },
    body: answer.body === null ? '' : writeJson(answer.body),
  };
}

/** Guards and control answer in Tollboard's error form; an unknown error tells nothing of itself. */
function errorAnswer(cause: unknown, cors: boolean): Written {
  const error = isTollboardError(cause) ? cause : new TollboardError('TOLLBOARD_INTERNAL', { cause });
  const { code, kind, message, remedy, details } = error;
  return {
    status: ERROR_KINDS[kind].httpStatus,
    headers: { ...JSON_TYPE, ...corsHeaders(cors) },
    body: JSON.stringify({ error: { code, kind, message, remedy, details, requestId: null } }),
  };
}

function optionsHeaders(cors: boolean): Record<string, string> {
  return { Allow: 'GET, POST, DELETE, OPTIONS', ...corsHeaders(cors) };
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The body as text; null when it is over the limit (the rest is then read and thrown away). */
function readBody(request: IncomingMessage, reading: Set<IncomingMessage>): Promise<string | null> {
  return new Promise((resolve, reject) => {
    reading.add(request);
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (size > 16 * MAX_BODY_BYTES) request.destroy();
    });
    request.on('end', () => {
      reading.delete(request);
      if (size > MAX_BODY_BYTES) resolve(null);
      else resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString('utf8'));
    });
    request.on('error', reject);
    request.on('close', () => {
      reading.delete(request);
      reject(new Error('the request was broken off'));
    });
  });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program holds that port' : (cause.code ?? cause.message);
      reject(new TollboardError('TOLLBOARD_HTTP_LISTEN_FAILED', { cause, details: { host, port, reason } }));
    });
    server.listen(port, host, () => resolve());
  });
}
