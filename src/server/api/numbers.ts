/** `/api/v1/numbers`: the numbers of an account, and pointing them here and back. */

import type { GatewayApi } from '../../core/gateway-api.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { callerGone } from '../caller-gone.ts';
import { number } from '../schemas.ts';

const account = z.string().min(1).optional().describe('Name or SID of a configured account. Default: the first one.');
const query = z.strictObject({ account });
const params = z.object({ number: z.string().describe('`+…` or its SID, `PN…`.') });

export function numberRoutes(api: Api, { gateway, simulated }: ServerContext): void {
  api.get(
    '/numbers',
    {
      schema: {
        operationId: 'listNumbers',
        tags: ['numbers'],
        summary: 'List the numbers of the account and where what comes in on them goes',
        querystring: query,
        response: apiAnswers(
          {
            200: jsonAnswer('Every one of them.', z.strictObject({ numbers: z.array(number), simulated: z.boolean() })),
          },
          [403, 404, 422, 429, 503, 504],
        ),
      },
    },
    async (request, reply) => ({
      numbers: await gateway.inbound.numbers(request.query.account, callerGone(reply)),
      simulated: simulated(),
    }),
  );
  changeRoute(api, gateway, 'connect', {
    operationId: 'connectNumber',
    summary: "Point a number's messages and calls to this gateway, and remember what stood there",
  });
  changeRoute(api, gateway, 'restore', {
    operationId: 'restoreNumber',
    summary: 'Put back what stood there before the number was connected',
  });
}

function changeRoute(
  api: Api,
  gateway: GatewayApi,
  verb: 'connect' | 'restore',
  text: { operationId: string; summary: string },
): void {
  api.post(
    `/numbers/:number/${verb}`,
    {
      schema: {
        ...text,
        tags: ['numbers'],
        params,
        querystring: query,
        response: apiAnswers(
          { 200: jsonAnswer('As it is now at Twilio.', number) },
          [403, 404, 409, 422, 429, 503, 504],
        ),
      },
    },
    (request) => gateway.inbound[verb](request.params.number, request.query.account),
  );
}
