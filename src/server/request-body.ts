/** From the body of a create to the request that the gateway takes. */

import type { z } from 'zod';
import type { EntryKind } from '../core/entry.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { SendRequest } from '../core/ports.ts';
import { isoTime } from '../core/check.ts';
import { TollboardError } from '../core/errors.ts';
import { parametersOf } from '../core/form.ts';
import { nearest } from '../core/nearest.ts';
import { isPlainObject } from '../core/plain-object.ts';
import { MAX_RECIPIENTS } from '../core/request.ts';
import { envelope } from './schemas.ts';

/** Longest piece of a caller's value that an error repeats. */
const SHOWN = 80;

/**
 * Checks what is ours (`to`, `notBefore`, `onUnknown`, `account`); Twilio's own parameters are left to the gateway,
 * which checks them by the tables and names the row at fault.
 */
export function sendRequestOf(kind: EntryKind, body: unknown, host: string): SendRequest {
  const { to, notBefore, onUnknown, account, ...params } = bodyObject(body);
  if (Array.isArray(to)) refuseCount(to.length);
  const given = Object.entries({ to, notBefore, onUnknown, account }).filter(([, value]) => value !== undefined);
  const parsed = envelope.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw bodyError(parsed.error, body);
  refuseMisspelt(kind, params);
  const { data } = parsed;
  const request: SendRequest = { kind, to: data.to, params: params as ParameterValues, host };
  if (data.account !== undefined) request.account = data.account;
  if (data.onUnknown !== undefined) request.onUnknown = data.onUnknown;
  const due = data.notBefore === undefined ? null : isoTime(data.notBefore);
  if (due !== null) request.notBefore = due;
  return request;
}

/** Before the shape is looked at: the error is then the same one that every other surface gives. */
function refuseCount(count: number): void {
  if (count === 0) throw new TollboardError('TOLLBOARD_REQUEST_NO_RECIPIENT');
  if (count <= MAX_RECIPIENTS) return;
  throw new TollboardError('TOLLBOARD_REQUEST_TOO_MANY_RECIPIENTS', { details: { count, max: MAX_RECIPIENTS } });
}

/** Names of ours beside Twilio's, and all names by kind. */
const OWN = Object.keys(envelope.shape);
const KNOWN: Record<EntryKind, ReadonlySet<string>> = { message: namesOf('message'), call: namesOf('call') };

function namesOf(kind: EntryKind): ReadonlySet<string> {
  return new Set([...parametersOf(kind).map(({ name }) => name), ...OWN, 'say']);
}

/** The gateway names the nearest parameter of Twilio's; a misspelt name of ours is only known here. */
function refuseMisspelt(kind: EntryKind, params: object): void {
  for (const name of Object.keys(params)) {
    const near = KNOWN[kind].has(name) ? null : nearest(name, KNOWN[kind]);
    if (near === null || !OWN.includes(near)) continue;
    const details = { name: name.slice(0, SHOWN), kind, remedy: `Did you mean ${near}?` };
    throw new TollboardError('TOLLBOARD_PARAMETER_UNKNOWN', { details });
  }
}

const WHOLE = 'The whole';

/** The body as an object. */
function bodyObject(body: unknown): Record<string, unknown> {
  if (isPlainObject(body)) return body;
  throw new TollboardError('TOLLBOARD_HTTP_BODY_INVALID', {
    details: { where: WHOLE, value: shown(body), expected: 'an object' },
  });
}

/** The first fault that zod found, as ours. */
export function bodyError(error: z.ZodError, body: unknown): TollboardError {
  const { where, value, expected } = firstFault(error, body);
  return new TollboardError('TOLLBOARD_HTTP_BODY_INVALID', { details: { where: where || WHOLE, value, expected } });
}

export interface Fault {
  /** Empty for the value as a whole. */
  where: string;
  value: string;
  expected: string;
}

export function firstFault(error: z.ZodError, value: unknown): Fault {
  const issue = error.issues[0];
  if (issue === undefined) return { where: '', value: shown(value), expected: 'something else' };
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? '';
    return { where: name, value: 'not known here', expected: 'a name that this route knows' };
  }
  const at = issue.path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  return { where: issue.path.join('.'), value: shown(at), expected: expectation(issue) };
}

/** zod's own words begin with "Invalid" or "Too"; any other message is the expectation itself, in our words. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.message.startsWith('Invalid '))
    return 'a text, or a list of 1 to 10,000 texts';
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (!/^(Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'too_small') return `${MEASURED[issue.origin] ?? ''}at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `${MEASURED[issue.origin] ?? ''}at most ${issue.maximum}`;
  return issue.message.replace(/^Invalid (input: expected|\w+: must) ?/, '').replace(/, received .*$/, '');
}

/** What zod counts, by its word for the value. */
const MEASURED: Readonly<Record<string, string>> = { string: 'a length of ', array: 'a number of items of ' };

export function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
