/** `/api/v1/events`: the stored events, oldest first. */

import type { EventQuery } from '../../core/ports.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { isoTime } from '../../core/check.ts';
import { EVENT_TYPES, eventView } from '../../core/event.ts';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { event, timeText } from '../schemas.ts';

const PAGE = 50;
const MAX_PAGE = 1000;

export const cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'a cursor that an earlier answer gave')
  .describe('Only what came after: `next` of the page before, or the id of an event of the live stream.');

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(PAGE).describe('Events per page.'),
  after: cursor.optional(),
  type: z.enum(EVENT_TYPES).optional(),
  since: timeText.optional().describe('At or after.'),
});

export function eventRoutes(api: Api, { gateway }: ServerContext): void {
  api.get(
    '/events',
    {
      schema: {
        operationId: 'listEvents',
        tags: ['events'],
        summary: 'List stored events, oldest first',
        querystring: query,
        response: apiAnswers(
          {
            200: jsonAnswer(
              'A page.',
              z.strictObject({
                events: z.array(event),
                next: z.string().nullable().describe('Give it as `after` for the next page; null at the end.'),
              }),
            ),
          },
          [422],
        ),
      },
    },
    async (request) => {
      const { limit, after, type, since } = request.query;
      const wanted: EventQuery = { limit: limit + 1 };
      if (after !== undefined) wanted.afterSeq = Number(after);
      if (type !== undefined) wanted.type = type;
      const sinceMs = since === undefined ? null : isoTime(since);
      if (sinceMs !== null) wanted.since = sinceMs;
      const records = await gateway.events(wanted);
      const page = records.slice(0, limit);
      return { events: page.map(eventView), next: records.length > limit ? String(page.at(-1)?.seq) : null };
    },
  );
}
