/** `/2010-04-01`: Twilio's own REST API on the gateway, from bytes to a resource and back. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayApi } from '../../core/gateway-api.ts';
import type { FormFields } from '../../core/parameter.ts';
import type { WirePath } from '../../wire/path.ts';
import type { Api, ServerContext } from '../context.ts';
import type { Answer, Exchange } from './exchange.ts';
import { TollboardError } from '../../core/errors.ts';
import { errorBody, notFound, unauthorized } from '../../wire/error.ts';
import { decodeForm } from '../../wire/form.ts';
import { CHALLENGE, responseHeaders } from '../../wire/headers.ts';
import { writeJson } from '../../wire/json.ts';
import { parseWirePath } from '../../wire/path.ts';
import { basicCredentials } from '../auth.ts';
import { noteRefusal } from '../errors.ts';
import { faultOf } from './exchange.ts';
import { handlerOf, isAccountItself } from './resources.ts';

const FORM = 'application/x-www-form-urlencoded';
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'] as const;

/** Longest idempotency key, as in the API. */
const MAX_KEY = 255;

export function facadeRoutes(app: Api, context: ServerContext): void {
  const underWay = new UnderWay();
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    const { shown, status } = noteRefusal(context, error, request);
    return send(faultOf(shown, status), request, reply, underWay);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    underWay.enter(request);
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    underWay.leave(request);
    done();
  });
  for (const url of ['/2010-04-01', '/2010-04-01/*'])
    app.route({
      method: [...METHODS],
      url,
      bodyLimit: context.limits.facadeBytes,
      schema: { hide: true },
      handler: async (request, reply) => send(await answerTo(request, context), request, reply, underWay),
    });
}

/** An unknown account of the path is a 404 before the credentials are looked at, as in the seeds. */
async function answerTo(request: FastifyRequest, { gateway, clock }: ServerContext): Promise<Answer> {
  const [path = '', query = ''] = request.url.split(/\?(.*)/s);
  const wire = parseWirePath(path);
  if (wire === null) return { error: notFound(path) };
  const account = await authorize(gateway, wire, path, request.headers.authorization);
  if (typeof account !== 'string') return account;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const handler = handlerOf(wire, path, method);
  if (typeof handler !== 'function') return handler;
  const [, sid = '', subSid = ''] = wire.sids;
  return handler({
    gateway,
    method: method as Exchange['method'],
    path,
    wire,
    query: decodeForm(query),
    form: formOf(request.body),
    account,
    sid,
    subSid,
    idempotencyKey: keyOf(request, account),
    now: clock.now(),
  });
}

/** The account whose resources are asked for, once the credentials prove a right to them. */
async function authorize(
  gateway: GatewayApi,
  wire: WirePath,
  path: string,
  authorization: string | undefined,
): Promise<string | Answer> {
  const credentials = basicCredentials(authorization);
  if (credentials === null) return { error: unauthorized() };
  const [named] = wire.sids;
  if (named !== undefined && !gateway.facade.knows(named)) return { error: notFound(path) };
  const account = named ?? credentials.username;
  const key = credentials.username !== account;
  const granted =
    (gateway.facade.opens(account) && proves(gateway, account, credentials)) ||
    (key && (await gateway.authorize(credentials)));
  return granted && !(key && isAccountItself(wire)) ? account : { error: unauthorized() };
}

function proves(gateway: GatewayApi, accountSid: string, basic: { username: string; password: string }): boolean {
  try {
    gateway.proveAccount({ accountSid, ...basic });
    return true;
  } catch {
    return false;
  }
}

function formOf(body: unknown): FormFields {
  return typeof body === 'string' ? decodeForm(body) : [];
}

/** Of its account and of the facade, so that it meets no key of another client, nor one of the API's. */
function keyOf({ headers }: FastifyRequest, account: string): string | null {
  const key = headers['idempotency-key'] ?? headers['i-twilio-idempotency-token'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x20-\x7e]+$/.test(key) && key.length <= MAX_KEY)
    return `2010-04-01/${account}\n${key}`;
  throw new TollboardError('TOLLBOARD_HTTP_HEADER_INVALID', {
    details: { name: 'Idempotency-Key', expected: `1 to ${MAX_KEY} printable ASCII characters` },
  });
}

function send(answer: Answer, request: FastifyRequest, reply: FastifyReply, underWay: UnderWay): FastifyReply {
  const { sinceMs, concurrent } = underWay.of(request);
  reply.headers({ ...responseHeaders(request.id, sinceMs, concurrent), ...answer.headers });
  reply.serializer(String);
  if ('error' in answer) {
    if (answer.error.status === 401) reply.headers(CHALLENGE);
    return reply.code(answer.error.status).send(writeJson(errorBody(answer.error)));
  }
  reply.code(answer.status);
  return answer.body === null ? reply.send() : reply.send(writeJson(answer.body));
}

/** Requests under way by account, for `Twilio-Concurrent-Requests` and `Twilio-Request-Duration`. */
class UnderWay {
  readonly #accounts = new Map<string, number>();
  readonly #begun = new WeakMap<FastifyRequest, { account: string; at: number }>();

  enter(request: FastifyRequest): void {
    const account = parseWirePath(request.url.split('?', 1)[0] ?? '')?.sids[0] ?? '';
    this.#begun.set(request, { account, at: performance.now() });
    this.#accounts.set(account, (this.#accounts.get(account) ?? 0) + 1);
  }

  of(request: FastifyRequest): { sinceMs: number; concurrent: number } {
    const begun = this.#begun.get(request);
    const sinceMs = begun === undefined ? 0 : performance.now() - begun.at;
    return { sinceMs, concurrent: Math.max(1, this.#accounts.get(begun?.account ?? '') ?? 1) };
  }

  leave(request: FastifyRequest): void {
    const begun = this.#begun.get(request);
    if (begun === undefined) return;
    const left = (this.#accounts.get(begun.account) ?? 1) - 1;
    if (left > 0) this.#accounts.set(begun.account, left);
    else this.#accounts.delete(begun.account);
  }
}
