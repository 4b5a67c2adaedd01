/** `/api/v1/sinks`: where events are handed on to, how each stands, and what it never took. */

import type { SinkGateway } from '../../core/sinks.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { isoTime } from '../../core/check.ts';
import { EVENT_TYPES } from '../../core/event.ts';
import { SINK_KINDS } from '../../core/sinks.ts';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { errorReport, time, timeText } from '../schemas.ts';

const sink = z
  .strictObject({
    name: z.string(),
    kind: z.enum(SINK_KINDS),
    target: z.string().describe('The URL without credentials and query, or the program without its arguments.'),
    events: z.array(z.enum(EVENT_TYPES)).describe('Only events of these types.'),
    where: z.record(z.string(), z.string()).describe('Only events with all of these values.'),
    state: z
      .enum(['idle', 'sending', 'retrying'])
      .describe('`retrying`: the oldest event failed and will be tried again.'),
    waiting: z.int().describe('Events that it has to get yet; 1,000 stands for that many or more.'),
    delivered: z.int().describe('Events that it got, ever.'),
    lastDeliveredAt: time('When it got the last one.').nullable(),
    dead: z.int().describe('Dead letters that are kept, at most 1,000.'),
    retry: z
      .strictObject({
        event: z.string().describe("The event's id."),
        attempts: z.int().describe('Tries made.'),
        nextAt: time('When it is tried again.'),
        error: errorReport,
      })
      .nullable()
      .describe('The event that failed last and is tried again.'),
  })
  .meta({ id: 'Sink', description: 'A receiver of events.' });

const deadLetter = z
  .strictObject({
    sink: z.string(),
    event: z.string().describe("The event's id."),
    type: z.enum(EVENT_TYPES),
    time: time('When the event happened.'),
    diedAt: time('When it was given up.'),
    attempts: z.int(),
    error: errorReport,
  })
  .meta({ id: 'DeadLetter', description: 'An event that a sink never took.' });

const test = z
  .strictObject({
    sink: z.string(),
    delivered: z.boolean(),
    event: z.string().describe('The id of the made-up event.'),
    error: errorReport.nullable(),
  })
  .meta({ id: 'SinkTest', description: 'What came of a test.' });

const replayBody = z.union(
  [
    z.strictObject({ events: z.array(z.string().min(1)).min(1).max(1000).describe('Ids of stored events.') }),
    z.strictObject({ dead: z.literal(true).describe('All dead letters of the sink.') }),
    z.strictObject({
      since: timeText.describe('Events that happened then or later; at most 10,000.'),
      until: timeText.optional().describe('And not later than this. Default: up to now.'),
    }),
  ],
  { error: 'one of events, dead and since' },
);

const params = z.object({ name: z.string().describe('As in the configuration.') });

export function sinkRoutes(api: Api, { sinks }: ServerContext): void {
  const tags = ['sinks'];
  api.get(
    '/sinks',
    {
      schema: {
        operationId: 'listSinks',
        tags,
        summary: 'List sinks and how each stands, in the order of the file',
        response: apiAnswers({ 200: jsonAnswer('All of them.', z.strictObject({ sinks: z.array(sink) })) }),
      },
    },
    async () => ({ sinks: await sinks.sinks() }),
  );
  api.get(
    '/sinks/:name/dead',
    {
      schema: {
        operationId: 'listDeadLetters',
        tags,
        summary: 'List the events that a sink never took, oldest event first',
        params,
        response: apiAnswers(
          { 200: jsonAnswer('At most 1,000.', z.strictObject({ dead: z.array(deadLetter) })) },
          [404],
        ),
      },
    },
    async (request) => ({ dead: await sinks.deadLetters(request.params.name) }),
  );
  api.delete(
    '/sinks/:name/dead',
    {
      schema: {
        operationId: 'dropDeadLetters',
        tags,
        summary: 'Forget dead letters of a sink: all, or those of some events',
        params,
        querystring: z.strictObject({
          event: z
            .union([z.string().min(1), z.array(z.string().min(1)).max(1000)])
            .optional()
            .describe("An event's id; repeatable. Default: all dead letters."),
        }),
        response: apiAnswers(
          { 200: jsonAnswer('Those that were forgotten.', z.strictObject({ events: z.array(z.string()) })) },
          [403, 404, 422, 503],
        ),
      },
    },
    async (request) => {
      const { event } = request.query;
      return { events: await sinks.drop(request.params.name, event === undefined ? 'dead' : [event].flat()) };
    },
  );
  api.post(
    '/sinks/:name/test',
    {
      schema: {
        operationId: 'testSink',
        tags,
        summary: 'Send a made-up text to a sink, once and past its queue',
        params,
        body: z.strictObject({}).nullish(),
        response: apiAnswers({ 200: jsonAnswer('What came of it.', test) }, [404], true),
      },
    },
    (request) => sinks.probe(request.params.name),
  );
  api.post(
    '/sinks/:name/replay',
    {
      schema: {
        operationId: 'replayToSink',
        tags,
        summary: 'Hand stored events, those of a time, or all dead letters, to a sink once more',
        params,
        body: replayBody,
        response: apiAnswers(
          {
            202: jsonAnswer(
              'Those that it will get: what its filters leave out is not among them.',
              z.strictObject({ events: z.array(z.string()) }),
            ),
          },
          [404],
          true,
        ),
      },
    },
    async (request, reply) => {
      return reply.code(202).send({ events: await sinks.replay(request.params.name, chosen(request.body)) });
    },
  );
}

function chosen(body: z.infer<typeof replayBody>): Parameters<SinkGateway['replay']>[1] {
  if ('dead' in body) return 'dead';
  if ('events' in body) return body.events;
  // The schema took both for times.
  return { since: isoTime(body.since) ?? 0, until: isoTime(body.until ?? '') ?? Number.POSITIVE_INFINITY };
}
