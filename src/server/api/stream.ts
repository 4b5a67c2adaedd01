/** `/api/v1/stream`: events and changes of entries as they happen, as server-sent events. */

import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { TollboardError } from '../../core/errors.ts';
import { apiAnswers, textAnswer } from '../answers.ts';
import { followCommits } from '../stream-reader.ts';
import { cursor } from './events.ts';

const headers = z.looseObject({
  'last-event-id': cursor.optional().describe('Stored events after this one come first.'),
});
const query = z.strictObject({
  bodies: z.enum(['true', 'false']).optional().describe('Entries with the text of their messages. Default: without.'),
});

const DESCRIPTION = `Server-sent events. \`event: entry\` carries an entry whenever it changes; the three event types
(\`twilio_data_received\`, \`twilio_message_status\`, \`twilio_call_status\`) carry an event, with a cursor as \`id:\`.
A comment comes first and then every 15 seconds; the first one brings the cursor of now. A reader that is too slow, and every reader when the gateway stops,
gets a last \`event: end\` with \`{code, message, remedy}\`.`.replaceAll('\n', ' ');

export function streamRoutes(api: Api, context: ServerContext): void {
  const { limits } = context;
  let open = 0;
  api.get(
    '/stream',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'stream',
        tags: ['events'],
        summary: 'Follow events and entries live',
        description: DESCRIPTION,
        headers,
        querystring: query,
        response: apiAnswers({ 200: textAnswer('The stream.', 'text/event-stream') }, [422, 503]),
      },
    },
    async (request, reply) => {
      if (open >= limits.streams)
        throw new TollboardError('TOLLBOARD_STREAM_LIMIT', { details: { limit: limits.streams } });
      const after = request.headers['last-event-id'];
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        // Its own connection ends with it, so that a stop need not wait for the client.
        connection: 'close',
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      open += 1;
      try {
        await followCommits(context, reply.raw, {
          bodies: request.query.bodies === 'true',
          afterSeq: after === undefined ? null : Number(after),
        });
      } finally {
        open -= 1;
      }
    },
  );
}
