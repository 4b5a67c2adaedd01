/** `/api/webhook/<64 hex>`: where Twilio sends the messages and calls that come in. */

import type { FastifyRequest } from 'fastify';
import type { InboundRequest } from '../../core/inbound.ts';
import type { FormFields } from '../../core/parameter.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { answers, emptyAnswer, textAnswer } from '../answers.ts';
import { publicError, sendError } from '../errors.ts';

const FORM = 'application/x-www-form-urlencoded';

const params = z.object({ id: z.string().describe('64 hex digits: `tollboard config webhook` shows the URL.') });
const body = z
  .record(z.string(), z.string())
  .nullish()
  .describe("Twilio's fields, such as `MessageSid`, `From`, `To` and `Body`, or `CallSid` and `CallStatus`.");

const DESCRIPTION =
  `Signed by \`X-Twilio-Signature\` over the public URL and all parameters. It is stored, with its event
\`twilio_data_received\`, before it is answered; a repeat gets the same answer and does nothing. Also as \`multipart/form-data\`,
and as JSON with \`bodySHA256\` in the query.`.replaceAll('\n', ' ');

/**
 * Whether an id exists is nobody's business: HEAD answers everybody alike, GET is no method of any (Twilio's default is
 * POST), and what is refused is refused alike, whatever the reason. As in Home Assistant, PUT does what POST does.
 */
export function inboundRoutes(app: Api, context: ServerContext): void {
  const { gateway, limits } = context;
  app.removeAllContentTypeParsers();
  app.setErrorHandler((error, request, reply) => {
    // What is of no readable type is not genuine either.
    if (publicError(error, request).code === 'TOLLBOARD_HTTP_CONTENT_TYPE') return reply.code(403).send();
    return sendError(context, error, request, reply);
  });
  // The form by its name, too: the parser of a name is remembered, that of all others is looked for at every request.
  for (const type of [FORM, '*'])
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  for (const method of ['POST', 'PUT'] as const) {
    app.route({
      method,
      url: '/api/webhook/:id',
      bodyLimit: limits.formBytes,
      // Of path and body nothing is believed before the signature is checked.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        operationId: method === 'POST' ? 'inboundWebhook' : 'inboundWebhookPut',
        tags: ['webhooks'],
        summary: 'Take a message or call that comes in',
        description: DESCRIPTION,
        consumes: [FORM],
        params,
        body,
        response: answers(
          {
            200: textAnswer('TwiML: the reply of an automation, else an empty `<Response/>`.', 'text/xml'),
            403: emptyAnswer('Not genuine, or no such webhook.'),
          },
          [413, 503],
        ),
      },
      async handler(request, reply) {
        const genuine = await inboundRequest(request);
        const twiml = genuine === null ? null : await gateway.inbound.receive(genuine);
        if (twiml === null) return reply.code(403).send();
        return reply.type('text/xml; charset=utf-8').serializer(String).send(twiml);
      },
    });
  }
  app.head(
    '/api/webhook/:id',
    {
      schema: {
        operationId: 'headWebhook',
        tags: ['webhooks'],
        summary: 'Is anybody there? Says yes for every id',
        params,
        response: answers({ 200: emptyAnswer('Yes.') }),
      },
    },
    (_request, reply) => reply.code(200).send(),
  );
}

/** Null for a body that is none of the three forms. */
function inboundRequest(request: FastifyRequest): InboundRequest | null | Promise<InboundRequest | null> {
  const header = request.raw.headers['x-twilio-signature'];
  const signed = {
    // The signature covers the URL byte for byte.
    pathAndQuery: request.raw.url ?? request.url,
    signature: typeof header === 'string' ? header : null,
  };
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const contentType = request.headers['content-type'] ?? '';
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === FORM) return { ...signed, fields: formFields(bytes) };
  if (type === 'application/json') return { ...signed, fields: [], json: bytes };
  if (type !== 'multipart/form-data') return null;
  return multipartFields(bytes, contentType).then((fields) => (fields === null ? null : { ...signed, fields }));
}

function formFields(bytes: Buffer): FormFields {
  const fields: FormFields = [];
  // Its iterator makes three objects of each field.
  new URLSearchParams(bytes.toString('utf8')).forEach((value, name) => {
    fields.push([name, value]);
  });
  return fields;
}

/** Files are no parameters; Twilio sends none. */
async function multipartFields(bytes: Buffer, contentType: string): Promise<Array<[string, string]> | null> {
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
    return [...form].filter((field): field is [string, string] => typeof field[1] === 'string');
  } catch {
    return null;
  }
}
