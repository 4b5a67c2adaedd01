/** The shapes of the API as zod schemas: what OpenAPI, the reference page and the checks of queries are made from. */

import type { EntryKind } from '../core/entry.ts';
import type { Parameter } from '../core/parameter.ts';
import { z } from 'zod';
import { isoTime } from '../core/check.ts';
import { ENTRY_STATES } from '../core/entry.ts';
import { ERROR_KINDS } from '../core/errors.ts';
import { EVENT_TYPES } from '../core/event.ts';
import { parametersOf } from '../core/form.ts';
import { MAX_RECIPIENTS } from '../core/request.ts';

export const time = (description: string) => z.string().meta({ description, format: 'date-time' });
/** A number of a query, where all is text; `max` is the most that one page holds. */
export function pageSize(max: number) {
  const error = `a whole number from 1 to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(1, { error }).max(max, { error });
}

const errorKind = z.enum(Object.keys(ERROR_KINDS) as [keyof typeof ERROR_KINDS]);

export const errorBody = z
  .strictObject({
    error: z.strictObject({
      code: z.string().describe('Stable code, `TOLLBOARD_…`: see the errors page.'),
      kind: errorKind,
      message: z.string().describe('What failed, where, the value and what was expected.'),
      remedy: z.string().describe('The next action.'),
      details: z
        .record(z.string(), z.unknown())
        .describe('The facts of the message; `twilioCode` where Twilio has one.'),
      requestId: z.string().describe('The same as the header X-Request-Id; the log knows it.'),
    }),
  })
  .meta({ id: 'Error', description: 'Every refusal has this form.' });

export const errorReport = z
  .strictObject({
    code: z.string(),
    kind: errorKind,
    message: z.string(),
    remedy: z.string(),
    stage: z.enum(['before_send', 'unknown', 'after_send']).nullable(),
    twilioCode: z.int().nullable(),
    twilioMessage: z.string().nullable().describe("Twilio's own sentence, where it told the fault."),
    httpStatus: z.int().nullable(),
    requestId: z.string().nullable().describe("Twilio's request id."),
    moreInfo: z.string().nullable(),
  })
  .meta({ id: 'ErrorReport', description: 'Why an entry failed.' });

const entryShape = {
  id: z.string().nullable().describe("Minted at accept, in Twilio's form; null for a refused recipient never stored."),
  sid: z.string().nullable().describe("Twilio's SID; null until known."),
  kind: z.enum(['message', 'call']),
  state: z.enum(ENTRY_STATES),
  status: z.string().nullable().describe("Twilio's word; null before Twilio had it."),
  to: z.string(),
  from: z.string().nullable(),
  body: z.string().nullable(),
  host: z.string().describe('Which surface took it.'),
  account: z.string().nullable().describe("The account's SID."),
  idempotencyKey: z.string().nullable(),
  segments: z.int().nullable(),
  encoding: z.enum(['GSM-7', 'UCS-2']).nullable(),
  attempts: z.int(),
  error: errorReport.nullable(),
  resolution: z
    .strictObject({ choices: z.array(z.enum(['sent', 'resend', 'drop'])) })
    .nullable()
    .describe('The choices open to a person while the entry is held.'),
  simulated: z.boolean(),
  createdAt: time('When it was accepted.').nullable(),
  updatedAt: time('When it last changed.').nullable(),
  duplicate: z.literal(true).optional().describe('This number came before in the same request: sent once.'),
};

export const entry = z
  .strictObject(entryShape)
  .meta({ id: 'Entry', description: 'One message to one recipient, or one call.' });

export const decision = z
  .strictObject({
    at: time('When it was decided.'),
    what: z.string().describe('A short stable word.'),
    why: z.string().describe('One sentence.'),
    facts: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Decision', description: 'One line of the ledger that explains an entry.' });

export const explainedEntry = z
  .strictObject({
    ...entryShape,
    decisions: z.array(decision).optional().describe('With `explain=true`, oldest first.'),
  })
  .meta({ id: 'ExplainedEntry', description: 'An entry, with its decisions where asked for.' });

export const event = z
  .strictObject({
    id: z.string(),
    type: z.enum(EVENT_TYPES),
    time: time('When it happened.'),
    data: z.record(z.string(), z.string()).describe("Twilio's fields under Twilio's names."),
    simulated: z.boolean(),
  })
  .meta({ id: 'Event', description: 'Something that Twilio told, as stored and streamed.' });

export const recipient = z
  .strictObject({ sid: z.string(), phoneNumber: z.string(), friendlyName: z.string() })
  .meta({ id: 'Recipient', description: 'A verified caller ID of the account.' });

const checks = z.array(
  z.strictObject({
    name: z.string(),
    ok: z.boolean(),
    message: z.string(),
    remedy: z.string().nullable(),
    error: errorReport.nullable(),
  }),
);
export const checkReport = z
  .strictObject({ ok: z.boolean(), checks, simulated: z.boolean() })
  .meta({ id: 'CheckReport', description: 'What was looked at, in order.' });

const routedUrls = {
  smsUrl: z.string().nullable().describe('Where its messages go; null where nothing is set.'),
  voiceUrl: z.string().nullable().describe('Where its calls go; null where nothing is set.'),
};
export const number = z
  .strictObject({
    sid: z.string().describe('`PN` and 32 hex digits.'),
    phoneNumber: z.string(),
    friendlyName: z.string(),
    account: z.string().describe("The account's SID."),
    ...routedUrls,
    connected: z.boolean().describe('Messages and calls come to this gateway.'),
    before: z.strictObject(routedUrls).nullable().describe('What `restore` puts back; null: nothing is remembered.'),
  })
  .meta({ id: 'Number', description: 'A number of the account, and where what comes in on it goes.' });

export const webhook = z
  .strictObject({
    url: z.string().describe('For the boxes **A call comes in** and **A message comes in** of a number.'),
    ready: z.boolean().describe('Whether what Twilio sends there can arrive and be verified.'),
    message: z.string(),
    remedy: z.string().nullable(),
  })
  .meta({ id: 'Webhook', description: 'Where Twilio sends what comes in.' });

const tokenShape = {
  sid: z.string().describe('`SK` and 32 hex digits.'),
  name: z.string(),
  createdAt: time('When it was made.'),
  revokedAt: time('When it was revoked.').nullable(),
};
export const token = z
  .strictObject(tokenShape)
  .meta({ id: 'Token', description: 'A named token, without its secret.' });
export const issuedToken = z
  .strictObject({ ...tokenShape, secret: z.string().describe('Shown this once, stored as a hash.') })
  .meta({ id: 'IssuedToken', description: 'A new token with its secret.' });

export const health = z
  .strictObject({
    ready: z.boolean(),
    checks: z.record(z.string(), z.strictObject({ ok: z.boolean(), message: z.string() })),
  })
  .meta({ id: 'Health', description: 'Whether writes are taken, and what was looked at.' });

export const timeText = z
  .string()
  .refine((text) => isoTime(text) !== null, 'a time in ISO 8601 with a zone, such as 2027-01-31T08:00:00Z')
  .meta({ format: 'date-time' });

export const onUnknown = z
  .enum(['resend', 'hold'])
  .describe('What follows when the answer was lost and Twilio lists no such message. Default: `delivery.on_unknown`.');

export const say = z
  .strictObject({
    text: z.string().describe('What is said, 1 to 4096 characters.'),
    voice: z.string().optional().describe('Default: the voice of the account.'),
    language: z.string().optional().describe('Such as `en-GB`.'),
  })
  .meta({ id: 'Say', description: 'Text to speak, instead of `url` or `twiml`.' });

const recipients = z
  .union([z.string(), z.array(z.string()).min(1).max(MAX_RECIPIENTS)])
  .describe(`One recipient or up to ${MAX_RECIPIENTS}; each has a result of its own.`);

/** What a create takes beside Twilio's own parameters. */
export const envelope = z.object({
  to: recipients,
  notBefore: timeText.describe("The gateway's own schedule: not before this time.").optional(),
  onUnknown: onUnknown.optional(),
  account: z.string().min(1).describe('Name or SID of a configured account. Default: the first one.').optional(),
});

/** The body of a create as documented: the envelope and every row of the parameter table but To. */
export function createBody(kind: EntryKind): z.ZodType {
  const shape: Record<string, z.ZodType> = { ...envelope.shape };
  for (const row of parametersOf(kind)) {
    if (row.wire !== 'To') shape[row.name] = parameterSchema(row).describe(row.description).optional();
  }
  if (kind === 'call') shape.say = say.optional();
  const [id, one] =
    kind === 'call' ? ['CallCreate', 'A call to each recipient'] : ['MessageCreate', 'A text to each recipient'];
  return z.strictObject(shape).meta({ id, description: `${one}, with twilio-node's property names.` });
}

function parameterSchema(row: Parameter): z.ZodType {
  const { choices, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, maxLength } = row;
  const text = maxLength === undefined ? z.string() : z.string().max(maxLength);
  const list = z.array(choices === undefined ? z.string() : z.enum(choices as [string]));
  const word = choices === undefined ? text : z.enum(choices as [string]);
  const table: Record<Parameter['type'], () => z.ZodType> = {
    string: () => word,
    sid: () => word,
    url: () => text,
    datetime: () => z.string().meta({ format: 'date-time' }),
    boolean: () => z.boolean(),
    integer: () => z.int().min(min).max(max),
    number: () => (row.min === undefined && row.max === undefined ? z.number() : z.number().min(min).max(max)),
    list: () => z.union([z.string(), maxLength === undefined ? list : list.max(maxLength)]),
    json: () => z.union([z.string(), z.record(z.string(), z.unknown())]),
  };
  return table[row.type]();
}
