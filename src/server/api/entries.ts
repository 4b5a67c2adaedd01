/** The routes that messages and calls share: create, list, fetch, cancel, resolve, redact. */

import type { Entry, EntryKind, EntryRecord } from '../../core/entry.ts';
import type { EntryQuery } from '../../core/ports.ts';
import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { isoTime } from '../../core/check.ts';
import { ENTRY_STATES, entryView } from '../../core/entry.ts';
import { TollboardError } from '../../core/errors.ts';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { callerGone } from '../caller-gone.ts';
import { sendRequestOf } from '../request-body.ts';
import { entry, explainedEntry, pageSize, timeText } from '../schemas.ts';
import { looseValidator } from '../validation.ts';

export interface EntryRoutes {
  kind: EntryKind;
  /** The name of the list in answers and paths. */
  plural: 'messages' | 'calls';
  /** The documented body of a create. */
  create: z.ZodType;
}

const PAGE = 50;
const MAX_PAGE = 1000;

const listQuery = z.strictObject({
  limit: pageSize(MAX_PAGE).default(PAGE).describe('Entries per page.'),
  after: z.string().optional().describe('`next` of the page before.'),
  state: z.enum(ENTRY_STATES).optional(),
  status: z.string().optional().describe("Twilio's word."),
  to: z.string().optional(),
  from: z.string().optional(),
  account: z.string().optional().describe("The account's SID."),
  since: timeText.optional().describe('Accepted at or after.'),
});

const sendHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, '1 to 255 printable ASCII characters')
    .optional()
    .describe('Repeating the same request with the same key sends nothing twice and gives the stored answer again.'),
  'tollboard-host': z
    .string()
    .regex(/^[a-z][a-z-]{0,31}$/, 'a lower-case word')
    .optional()
    .describe("Which surface asks, for the entry's `host`. Default: `api`."),
});

const idParams = z.object({ id: z.string().describe("The entry's id or Twilio's SID.") });
const explainQuery = z.strictObject({ explain: z.enum(['true', 'false']).optional().describe('Add the decisions.') });
const resourceQuery = z.strictObject({
  fresh: z.enum(['true', 'false']).optional().describe('Read it from Twilio now. Default: as Twilio last told it.'),
});
const resource = z.record(z.string(), z.unknown()).describe('snake_case members, with the JSON types of Twilio.');
const resolveBody = z.strictObject({
  choice: z
    .enum(['sent', 'resend', 'drop'])
    .describe('It was sent; send it (again); never send it. Of the choices in `resolution`.'),
  sid: z.string().optional().describe("Twilio's SID, when the choice is `sent` and it is known."),
});

export function entryRoutes(api: Api, context: ServerContext, routes: EntryRoutes): void {
  createRoute(api, context, routes);
  listRoute(api, context, routes);
  fetchRoute(api, context, routes);
  resourceRoute(api, context, routes);
  actionRoutes(api, context, routes);
}

function createRoute(api: Api, { gateway }: ServerContext, { kind, plural, create }: EntryRoutes): void {
  api.post(
    `/${plural}`,
    {
      schema: {
        operationId: kind === 'call' ? 'createCalls' : 'createMessages',
        tags: [plural],
        summary: kind === 'call' ? 'Call one or many recipients' : 'Send a text to one or many recipients',
        description:
          'Answers once everything is on disk, with one entry per recipient in input order. One invalid recipient alone is refused; among several it is stored as `rejected`.',
        headers: sendHeaders,
        body: create,
        response: apiAnswers(
          { 202: jsonAnswer('Accepted on disk.', z.strictObject({ [plural]: z.array(entry) })) },
          [404, 409],
          true,
        ),
      },
      // The parameters are checked by the gateway, which names the row and Twilio's code.
      validatorCompiler: looseValidator,
    },
    async (request, reply) => {
      const { 'idempotency-key': idempotencyKey, 'tollboard-host': host = 'api' } = request.headers;
      const sending = sendRequestOf(kind, request.body, host);
      const answer = await gateway.send(sending, idempotencyKey === undefined ? {} : { idempotencyKey });
      if (answer.replayed) reply.header('idempotency-replayed', 'true');
      return reply.code(202).send({ [plural]: answer.entries } as Record<string, Entry[]>);
    },
  );
}

function listRoute(api: Api, { gateway }: ServerContext, { kind, plural }: EntryRoutes): void {
  api.get(
    `/${plural}`,
    {
      schema: {
        operationId: kind === 'call' ? 'listCalls' : 'listMessages',
        tags: [plural],
        summary: `List ${plural}, newest first`,
        querystring: listQuery,
        response: apiAnswers(
          {
            200: jsonAnswer(
              'A page.',
              z.strictObject({
                [plural]: z.array(entry),
                next: z.string().nullable().describe('Give it as `after` for the next page; null at the end.'),
              }),
            ),
          },
          [404, 422],
        ),
      },
    },
    async (request) => {
      const { limit, after, since, ...filters } = request.query;
      const query: EntryQuery = { kind, limit: limit + 1, ...defined(filters) };
      if (after !== undefined) {
        const last = await gateway.entry(after);
        if (last === null) throw notFound(after);
        query.after = last.id;
      }
      const sinceMs = since === undefined ? null : isoTime(since);
      if (sinceMs !== null) query.since = sinceMs;
      const records = await gateway.entries(query);
      const page = records.slice(0, limit);
      return { [plural]: page.map(entryView), next: records.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}

function fetchRoute(api: Api, context: ServerContext, { kind, plural }: EntryRoutes): void {
  api.get(
    `/${plural}/:id`,
    {
      schema: {
        operationId: kind === 'call' ? 'fetchCall' : 'fetchMessage',
        tags: [plural],
        summary: `Fetch one ${kind}`,
        params: idParams,
        querystring: explainQuery,
        response: apiAnswers({ 200: jsonAnswer('The entry.', explainedEntry) }, [404, 422]),
      },
    },
    async (request) => {
      const record = await existing(context, kind, request.params.id);
      if (request.query.explain !== 'true') return entryView(record);
      const decisions = await context.gateway.decisions(record.id);
      return {
        ...entryView(record),
        decisions: decisions.map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest })),
      };
    },
  );
}

function resourceRoute(api: Api, context: ServerContext, { kind, plural }: EntryRoutes): void {
  api.get(
    `/${plural}/:id/resource`,
    {
      schema: {
        operationId: kind === 'call' ? 'fetchCallResource' : 'fetchMessageResource',
        tags: [plural],
        summary: `Fetch one ${kind} as Twilio itself writes it`,
        params: idParams,
        querystring: resourceQuery,
        response: apiAnswers(
          { 200: jsonAnswer("Twilio's own JSON; null while Twilio has none.", resource.nullable()) },
          [401, 404, 422, 429, 503, 504],
        ),
      },
    },
    async (request, reply) => {
      const { id } = await existing(context, kind, request.params.id);
      const fresh = request.query.fresh === 'true';
      return context.gateway.resource(id, { fresh, signal: callerGone(reply) });
    },
  );
}

function actionRoutes(api: Api, context: ServerContext, { kind, plural }: EntryRoutes): void {
  const { gateway } = context;
  const name = kind === 'call' ? 'Call' : 'Message';
  const action = (verb: string, summary: string) => ({
    operationId: `${verb}${name}`,
    tags: [plural],
    summary,
    params: idParams,
    response: apiAnswers({ 200: jsonAnswer('The entry as it is now.', entry) }, [404, 409, 429, 504], true),
  });
  const bare = z.strictObject({}).nullish();
  api.post(
    `/${plural}/:id/cancel`,
    { schema: { ...action('cancel', `Cancel a ${kind} that Twilio has not finished`), body: bare } },
    async (request) => entryView(await gateway.cancel((await existing(context, kind, request.params.id)).id)),
  );
  api.post(
    `/${plural}/:id/redact`,
    { schema: { ...action('redact', `Empty the body of a finished ${kind}, here and at Twilio`), body: bare } },
    async (request) => entryView(await gateway.redact((await existing(context, kind, request.params.id)).id)),
  );
  api.post(
    `/${plural}/:id/resolve`,
    { schema: { ...action('resolve', `Choose for a ${kind} that is held`), body: resolveBody } },
    async (request) => {
      const { choice, sid } = request.body;
      return entryView(
        await gateway.resolve((await existing(context, kind, request.params.id)).id, choice, sid ?? null),
      );
    },
  );
}

async function existing({ gateway }: ServerContext, kind: EntryKind, id: string): Promise<EntryRecord> {
  const record = await gateway.entry(id);
  if (record === null || record.kind !== kind) throw notFound(id);
  return record;
}

function notFound(id: string): TollboardError {
  return new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
