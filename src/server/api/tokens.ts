/** `/api/v1/tokens`: named tokens, which any valid token may issue and revoke. */

import type { IssuedToken } from '../../core/gateway-api.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { TollboardError } from '../../core/errors.ts';
import { apiAnswers, emptyAnswer, jsonAnswer } from '../answers.ts';
import { issuedToken, token } from '../schemas.ts';

const body = z.strictObject({
  name: z.string().describe('What the token is for: 1 to 64 letters, digits, blanks or . _ @ -.'),
});

export function tokenRoutes(api: Api, context: ServerContext): void {
  const { gateway } = context;
  api.post(
    '/tokens',
    {
      schema: {
        operationId: 'createToken',
        tags: ['tokens'],
        summary: 'Issue a named token',
        body,
        response: apiAnswers(
          { 201: jsonAnswer('Issued; the secret is shown this once.', z.strictObject({ token: issuedToken })) },
          [],
          true,
        ),
      },
    },
    async (request, reply) => {
      const issued = await gateway.issueToken(request.body.name);
      return reply.code(201).send({ token: { ...tokenView(issued), secret: issued.secret } });
    },
  );
  api.get(
    '/tokens',
    {
      schema: {
        operationId: 'listTokens',
        tags: ['tokens'],
        summary: 'List the named tokens, revoked ones too',
        response: apiAnswers({ 200: jsonAnswer('All of them.', z.strictObject({ tokens: z.array(token) })) }),
      },
    },
    async () => ({ tokens: (await gateway.tokens()).map(tokenView) }),
  );
  revokeRoute(api, context);
}

function revokeRoute(api: Api, { gateway }: ServerContext): void {
  api.delete(
    '/tokens/:sid',
    {
      schema: {
        operationId: 'revokeToken',
        tags: ['tokens'],
        summary: 'Revoke a token at once',
        params: z.object({ sid: z.string() }),
        response: apiAnswers({ 204: emptyAnswer('Revoked.') }, [403, 404, 503]),
      },
    },
    async (request, reply) => {
      const { sid } = request.params;
      if (!(await gateway.revokeToken(sid)))
        throw new TollboardError('TOLLBOARD_TOKEN_NOT_FOUND', { details: { sid } });
      return reply.code(204).send();
    },
  );
}

function tokenView({ sid, name, createdAt, revokedAt }: IssuedToken) {
  const time = (at: number) => new Date(at).toISOString();
  return { sid, name, createdAt: time(createdAt), revokedAt: revokedAt === null ? null : time(revokedAt) };
}
