/** `/callbacks/message|call?ref=<id>`: where Twilio tells us how an entry goes on. */

import type { EntryKind } from '../../core/entry.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { answers, emptyAnswer } from '../answers.ts';
import { looseValidator } from '../validation.ts';

const FORM = 'application/x-www-form-urlencoded';

/** Deliberately lenient: whatever is odd about a callback fails the signature, not the form. */
const query = z.looseObject({
  ref: z.unknown().optional().describe("The entry's id, as in the URL that was given out."),
});
const form = z
  .record(z.string(), z.string())
  .nullish()
  .describe("Twilio's fields, such as `MessageSid` and `MessageStatus`.");

export function callbackRoutes(app: Api, context: ServerContext): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const kind of ['message', 'call'] as const) callbackRoute(app, context, kind);
}

function callbackRoute(app: Api, { gateway, limits }: ServerContext, kind: EntryKind): void {
  app.post(
    `/callbacks/${kind}`,
    {
      bodyLimit: limits.formBytes,
      validatorCompiler: looseValidator,
      schema: {
        operationId: `${kind}Callback`,
        tags: ['webhooks'],
        summary: `Take Twilio's status callback of a ${kind}`,
        description: 'A form signed by `X-Twilio-Signature`. Every field is kept in its order, repeated ones too.',
        consumes: [FORM],
        querystring: query,
        body: form,
        response: answers(
          { 204: emptyAnswer('Taken, or nothing of ours.'), 403: emptyAnswer('The signature does not fit.') },
          [413, 415, 503],
        ),
      },
    },
    async (request, reply) => {
      const { ref } = request.query;
      const signature = request.raw.headers['x-twilio-signature'];
      const outcome = await gateway.callback({
        kind,
        ref: typeof ref === 'string' ? ref : '',
        // The signature covers the URL byte for byte.
        pathAndQuery: request.raw.url ?? request.url,
        fields: [...new URLSearchParams(typeof request.body === 'string' ? request.body : '')],
        signature: typeof signature === 'string' ? signature : null,
      });
      return reply.code(outcome === 'forged' ? 403 : 204).send();
    },
  );
}
