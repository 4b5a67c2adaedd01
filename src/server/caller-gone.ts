/** A signal for work done on behalf of a caller: it ends when the caller has gone. */

import type { FastifyReply } from 'fastify';

/**
 * Aborts when the connection closed before the answer was written. (Fastify's own `request.signal` aborts as soon as
 * the request's body has been read, which for a POST is before any work began.)
 */
export function callerGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
