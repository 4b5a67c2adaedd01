/** `/metrics` in Prometheus' text format. */

import type { Api, ServerContext } from './context.ts';
import { answers, textAnswer } from './answers.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsRoutes(app: Api, { gateway }: ServerContext): void {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: ['operation'],
        summary: 'Metrics for Prometheus; no numbers, no bodies',
        response: answers({ 200: textAnswer('The metrics.', 'text/plain') }),
      },
    },
    async (_request, reply) =>
      reply
        .type(TYPE)
        .serializer(String)
        .send(await gateway.metrics()),
  );
}
