/** `/api/v1/recipients`: the verified caller IDs of an account. */

import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { callerGone } from '../caller-gone.ts';
import { recipient } from '../schemas.ts';

const query = z.strictObject({
  account: z.string().min(1).optional().describe('Name or SID of a configured account. Default: the first one.'),
});

export function recipientRoutes(api: Api, { gateway, simulated }: ServerContext): void {
  api.get(
    '/recipients',
    {
      schema: {
        operationId: 'listRecipients',
        tags: ['account'],
        summary: 'List the verified caller IDs of the account',
        querystring: query,
        response: apiAnswers(
          {
            200: jsonAnswer(
              'Every one of them.',
              z.strictObject({ recipients: z.array(recipient), simulated: z.boolean() }),
            ),
          },
          [403, 404, 422, 429, 503, 504],
        ),
      },
    },
    async (request, reply) => ({
      recipients: await gateway.recipients(request.query.account, callerGone(reply)),
      simulated: simulated(),
    }),
  );
}
