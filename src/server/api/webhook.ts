/** `/api/v1/webhook`: the URL that belongs into the two boxes of a number in Twilio's console. */

import type { Api, ServerContext } from '../context.ts';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { webhook } from '../schemas.ts';

export function webhookRoutes(api: Api, { gateway }: ServerContext): void {
  api.get(
    '/webhook',
    {
      schema: {
        operationId: 'getWebhook',
        tags: ['numbers'],
        summary: 'The URL to which Twilio sends what comes in',
        response: apiAnswers({ 200: jsonAnswer('It stays the same for this data directory.', webhook) }),
      },
    },
    () => gateway.inbound.webhook(),
  );
}
