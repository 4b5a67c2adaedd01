/** `/healthz` and `/readyz`. */

import type { Api, ServerContext } from './context.ts';
import { z } from 'zod';
import { answers, jsonAnswer } from './answers.ts';
import { health } from './schemas.ts';

const alive = z.strictObject({ status: z.literal('ok'), version: z.string(), simulated: z.boolean() });

export function healthRoutes(app: Api, { gateway, version, simulated }: ServerContext): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        tags: ['operation'],
        summary: 'Does the process live?',
        response: answers({ 200: jsonAnswer('It does.', alive) }),
      },
    },
    () => ({ status: 'ok' as const, version, simulated: simulated() }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        tags: ['operation'],
        summary: 'Does the gateway take requests to send?',
        response: answers({ 200: jsonAnswer('It does.', health), 503: jsonAnswer('It does not, for now.', health) }),
      },
    },
    async (_request, reply) => {
      const state = await gateway.health();
      return reply.code(state.ready ? 200 : 503).send(state);
    },
  );
}
