/** What is not there: 404 in our form, 405 where only the method is wrong, and a plain answer to OPTIONS. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from './context.ts';
import { TollboardError } from '../core/errors.ts';

/** Path patterns with their methods. */
export type KnownRoutes = Map<string, { pattern: RegExp; methods: Set<string> }>;

/** Before the routes: notes each as it is declared. */
export function rememberRoutes(app: Api): KnownRoutes {
  const routes: KnownRoutes = new Map();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one);
    routes.set(url, known);
  });
  return routes;
}

/**
 * `OPTIONS` on a known path says what it takes and nothing else: no CORS header, so no page of another origin gets
 * further.
 */
export function answerUnknown(routes: KnownRoutes, request: FastifyRequest, reply: FastifyReply): unknown {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = [...routes.values()].find(({ pattern }) => pattern.test(path))?.methods;
  if (methods === undefined) throw new TollboardError('TOLLBOARD_HTTP_ROUTE_UNKNOWN', { details: { path: cut(path) } });
  const allowed = [...methods].sort().join(', ');
  reply.header('allow', allowed);
  if (request.method === 'OPTIONS') return reply.code(204).send();
  throw new TollboardError('TOLLBOARD_HTTP_METHOD_NOT_ALLOWED', {
    details: { path: cut(path), method: request.method, allowed },
  });
}

/** `/a/:id/b` as an expression over paths. */
function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
}

function cut(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path;
}
