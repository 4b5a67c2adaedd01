/** How routes document their answers: one line per status, errors always in the one form. */

import { z } from 'zod';
import { errorBody } from './schemas.ts';

type Answers = Record<number, unknown>;

const json = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } });

const ERROR_TEXT: Record<number, string> = {
  400: 'The request cannot be read.',
  401: 'No valid Bearer token.',
  403: 'Refused.',
  404: 'There is no such thing.',
  405: 'Wrong method.',
  409: 'Its state does not allow this.',
  413: 'The body is over the limit.',
  415: 'Wrong content type.',
  421: 'The Host is none of this gateway.',
  422: 'A value is not usable; nothing was stored.',
  429: 'Twilio refused for now.',
  500: 'Something failed inside.',
  503: 'Not now: see Retry-After.',
  504: 'No answer in time.',
};

/** Of every route. */
const ALWAYS = [400, 421, 500];
/** Of routes behind a token, those that change something, those with a body. */
const API = [401];
const CHANGE = [403, 413, 415, 422, 503];

/** `answer(200, 'Done.', schema)` plus the refusals that the route can give. */
export function answers(own: Answers, refusals: readonly number[] = []): Answers {
  const errors = [...new Set([...ALWAYS, ...refusals])].map((status) => [
    status,
    json(ERROR_TEXT[status] ?? '', errorBody),
  ]);
  return { ...Object.fromEntries(errors), ...own };
}

/** Answers of an API route: `changes` adds what a body and a write can bring. */
export function apiAnswers(own: Answers, refusals: readonly number[] = [], changes = false): Answers {
  return answers(own, [...API, ...(changes ? CHANGE : []), ...refusals]);
}

export function jsonAnswer(description: string, schema: z.ZodType): unknown {
  return json(description, schema);
}

export function textAnswer(description: string, type: string): unknown {
  return { description, content: { [type]: { schema: z.string() } } };
}

export function binaryAnswer(description: string, type: string): unknown {
  return { description, content: { [type]: { schema: z.string().meta({ format: 'binary' }) } } };
}

export function emptyAnswer(description: string): unknown {
  return z.null().describe(description);
}
