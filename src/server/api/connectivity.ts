/** `/api/v1/connectivity`: can the gateway reach Twilio with these credentials? */

import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { callerGone } from '../caller-gone.ts';
import { checkReport } from '../schemas.ts';

const body = z.strictObject({ account: z.string().min(1).optional().describe('Name or SID. Default: the first one.') });

export function connectivityRoutes(api: Api, { gateway, simulated }: ServerContext): void {
  api.post(
    '/connectivity',
    {
      schema: {
        operationId: 'checkConnectivity',
        tags: ['account'],
        summary: 'Check the connection to Twilio; sends no text',
        body: body.nullish(),
        response: apiAnswers(
          { 200: jsonAnswer('What was found; `ok` says whether all is well.', checkReport) },
          [404, 429, 504],
          true,
        ),
      },
    },
    async (request, reply) => ({
      ...(await gateway.connectivity(request.body?.account, callerGone(reply))),
      simulated: simulated(),
    }),
  );
}
