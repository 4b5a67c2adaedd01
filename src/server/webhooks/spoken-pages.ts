/** `/api/twiml/<64 hex>`: what a call is to say, where Twilio fetches it instead of taking it with the request. */

import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { answers, emptyAnswer, textAnswer } from '../answers.ts';

const params = z.object({ name: z.string().describe('64 hex digits, signed by the gateway.') });

export function spokenPageRoutes(app: Api, { automations, limits }: ServerContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  for (const method of ['GET', 'POST'] as const) {
    app.route({
      method,
      url: '/api/twiml/:name',
      bodyLimit: limits.formBytes,
      schema: {
        operationId: method === 'GET' ? 'spokenPage' : 'spokenPageByPost',
        tags: ['webhooks'],
        summary: 'What a call is to say',
        params,
        response: answers(
          { 200: textAnswer('TwiML.', 'text/xml'), 404: emptyAnswer('No such document, or no longer.') },
          [413],
        ),
      },
      async handler(request, reply) {
        const twiml = await automations.page(request.params.name);
        if (twiml === null) return reply.code(404).send();
        return reply.type('text/xml; charset=utf-8').serializer(String).send(twiml);
      },
    });
  }
}
