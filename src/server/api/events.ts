/** `/api/v1/events`: the stored events, oldest first. */

import type { EventRecord } from '../../core/event.ts';
import type { GatewayApi } from '../../core/gateway-api.ts';
import type { EventQuery } from '../../core/ports.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { isoTime } from '../../core/check.ts';
import { EVENT_TYPES, eventView } from '../../core/event.ts';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { event, pageSize, timeText } from '../schemas.ts';

const PAGE = 50;
const MAX_PAGE = 1000;
/** Events looked at for one page of those with some field: the rest is for the next page, and others get their turn. */
const LOOKED_AT = 10_000;

export const cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'a cursor that an earlier answer gave')
  .describe('Only what came after: `next` of the page before, or the id of an event of the live stream.');

const fieldText = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,64}=/, "a field of Twilio's and its value, such as From=+15551230001");

const query = z.strictObject({
  limit: pageSize(MAX_PAGE).default(PAGE).describe('Events per page.'),
  after: cursor.optional(),
  type: z.enum(EVENT_TYPES).optional(),
  since: timeText.optional().describe('At or after.'),
  field: z
    .union([fieldText, z.array(fieldText).max(10)])
    .optional()
    .describe('Only events whose data has this: `From=+15551230001`. Repeatable; all must fit.'),
});

const replayBody = z
  .strictObject({
    consumers: z.array(z.string().min(1)).min(1).max(100).optional().describe('Default: every one.'),
  })
  .nullish();

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
                cursor: z
                  .string()
                  .describe('Where this page ends: the live stream goes on from there with it as `Last-Event-ID`.'),
                next: z
                  .string()
                  .nullable()
                  .describe(
                    'Give it as `after` for the next page; null at the end. With `field`, a page may hold fewer than `limit`, or none, and have a next one.',
                  ),
              }),
            ),
          },
          [422],
        ),
      },
    },
    async (request) => {
      const { limit, after, type, since, field } = request.query;
      const sinceMs = since === undefined ? null : isoTime(since);
      const {
        found,
        cursor: end,
        next,
      } = await page(gateway, limit, {
        afterSeq: after === undefined ? 0 : Number(after),
        ...(type === undefined ? {} : { type }),
        ...(sinceMs === null ? {} : { since: sinceMs }),
        fields: [field ?? []]
          .flat()
          .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
      });
      return { events: found.map(eventView), cursor: end, next };
    },
  );
  replayRoute(api, gateway);
}

type Wanted = Omit<EventQuery, 'limit'> & { afterSeq: number; fields: string[][] };

interface Page {
  found: EventRecord[];
  /** Behind what was looked at; at the end, behind everything that happened before the question. */
  cursor: string;
  next: string | null;
}

async function page(gateway: GatewayApi, limit: number, { fields, afterSeq, ...narrow }: Wanted): Promise<Page> {
  const fits = ({ data }: EventRecord) => fields.every(([name = '', value]) => data[name] === value);
  const step = fields.length === 0 ? limit + 1 : MAX_PAGE;
  const found: EventRecord[] = [];
  const newest = await gateway.newestEvent();
  let last = afterSeq;
  const more = () => ({ found, cursor: String(last), next: String(last) });
  for (let looked = 0; looked < LOOKED_AT; looked += step) {
    const records = await gateway.events({ ...narrow, afterSeq: last, limit: step });
    for (const record of records) {
      if (found.length === limit) return more();
      last = record.seq;
      if (fits(record)) found.push(record);
    }
    if (records.length < step) return { found, cursor: String(Math.max(newest, last)), next: null };
  }
  return more();
}

function replayRoute(api: Api, gateway: GatewayApi): void {
  api.post(
    '/events/:id/replay',
    {
      schema: {
        operationId: 'replayEvent',
        tags: ['events'],
        summary: 'Hand a stored event once more to what takes events: automations and sinks',
        params: z.object({ id: z.string().describe('`EV` and 32 hex digits.') }),
        body: replayBody,
        response: apiAnswers(
          { 202: jsonAnswer('Who gets it.', z.strictObject({ consumers: z.array(z.string()) })) },
          [404, 409],
          true,
        ),
      },
    },
    async (request, reply) => {
      const consumers = await gateway.inbound.replay(request.params.id, request.body?.consumers);
      return reply.code(202).send({ consumers });
    },
  );
}
