/**
 * A storm of webhooks: for each genuine one a crowd of forged, altered and repeated ones, sent at once in any order. What
 * the gateway takes is compared with the official SDK's validator, request by request, and with the events that it stored.
 */

import type { EventRecord } from '../../src/core/event.ts';
import type { FormFields } from '../../src/core/parameter.ts';
import type { ApiServer } from './api-server.ts';
import * as fc from 'fast-check';
import { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';
import { ACCOUNT, AUTH_TOKEN, WEBHOOK, WEBHOOK_ID } from './api-server.ts';
import { callForm, encoded, messageForm, sdkParams, signedJson } from './webhooks.ts';

/** Where Twilio believes the gateway to be. */
export const PUBLIC_URL = 'https://gateway.example.com';

/** One request, and the params as Express would hand them to the SDK. */
interface Shot {
  variant: string;
  path: string;
  body: string;
  headers: Record<string, string>;
  /** Null: a body that the SDK has no opinion on. */
  params: FormFields | 'json' | null;
}

/** One genuine webhook: its parameters, and its body where it is JSON. */
interface Genuine {
  fields: FormFields;
  json: string | null;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
  fc.constantFrom('', '+1 & ü=%', '👍', 'a\r\nb'),
);
const name = fc.oneof(
  fc.stringMatching(/^New[A-Za-z0-9]{1,8}$/),
  // Repeated now and then, and what an object or the gateway itself would get in the way of.
  fc.constantFrom('AddOn', 'AddOn', 'webhook_id', 'entryId', '7', '__proto__'),
);
const extra = fc.array(fc.tuple(name, text), { maxLength: 4 });

const genuine: fc.Arbitrary<Genuine> = fc
  .record({ kind: fc.constantFrom('message', 'message', 'call', 'json'), body: text, extra })
  .map(({ kind, body, extra: more }) => {
    const fields = Object.entries((kind === 'message' ? messageForm : callForm)(ACCOUNT, { Body: body }));
    if (kind !== 'json') return { fields: [...fields, ...more], json: null };
    const members = Object.fromEntries([...fields, ...more.filter(([key]) => key !== 'webhook_id')]);
    return { fields: Object.entries(members), json: JSON.stringify(members) };
  });

/** Chooses a place in something of that length. */
type Pick = (length: number) => number;

const FORM = 'application/x-www-form-urlencoded; charset=UTF-8';
const HOOK = PUBLIC_URL + WEBHOOK;

function sign(fields: FormFields, url = HOOK, token = AUTH_TOKEN): string {
  return getExpectedTwilioSignature(token, url, sdkParams(fields));
}

function shot(variant: string, sent: FormFields, signature: string | null, more: Partial<Shot> = {}): Shot {
  const headers = { 'content-type': FORM, ...(signature === null ? {} : { 'x-twilio-signature': signature }) };
  return { variant, path: WEBHOOK, body: encoded(sent), headers, params: sent, ...more };
}

/** Every way in which a form is forged, altered or repeated; `true` form stays what it was. */
const FORM_VARIANTS: Record<string, (fields: FormFields, pick: Pick) => Shot> = {
  'the same again': (fields) => shot('', fields, sign(fields)),
  reordered: (fields, pick) => {
    const at = pick(fields.length);
    return shot('', [...fields.slice(at), ...fields.slice(0, at)], sign(fields));
  },
  'with another idempotency token': (fields, pick) => {
    const one = shot('', fields, sign(fields));
    return { ...one, headers: { ...one.headers, 'i-twilio-idempotency-token': String(pick(1e9)) } };
  },
  'with an equal parameter twice': (fields, pick) => {
    const again = fields[pick(fields.length)] ?? ['', ''];
    return shot('', [...fields, again], sign(fields));
  },
  'altered in one byte': (fields, pick) => {
    const at = pick(fields.length);
    return shot(
      '',
      fields.map(([key, value], index) => [key, index === at ? alter(value, pick) : value]),
      sign(fields),
    );
  },
  'altered in one byte of its body': (fields, pick) => {
    const body = alter(encoded(fields), pick);
    return shot('', fields, sign(fields), { body, params: [...new URLSearchParams(body)] });
  },
  'with a parameter dropped': (fields, pick) => {
    const at = pick(fields.length);
    return shot(
      '',
      fields.filter((_, index) => index !== at),
      sign(fields),
    );
  },
  'with a parameter added': (fields) => shot('', [...fields, ['Surprise', '1']], sign(fields)),
  'with a parameter repeated otherwise': (fields, pick) => {
    const [key] = fields[pick(fields.length)] ?? [''];
    return shot('', [...fields, [key, 'otherwise']], sign(fields));
  },
  'with its signature altered': (fields, pick) => shot('', fields, alter(sign(fields), pick)),
  'without a signature': (fields) => shot('', fields, null),
  'signed with another token': (fields) => shot('', fields, sign(fields, HOOK, 'f'.repeat(32))),
  'signed with no token': (fields) => shot('', fields, sign(fields, HOOK, '')),
  'signed for the default port': (fields) => shot('', fields, sign(fields, HOOK.replace('.com', '.com:443'))),
  'signed for another port': (fields) => shot('', fields, sign(fields, HOOK.replace('.com', '.com:8443'))),
  'signed for another host': (fields) => shot('', fields, sign(fields, HOOK.replace('.com', '.org'))),
  'signed for plain http': (fields) => shot('', fields, sign(fields, HOOK.replace('https', 'http'))),
  'signed for a trailing slash': (fields) => shot('', fields, sign(fields, `${HOOK}/`)),
  'sent with a query': (fields) => shot('', fields, sign(fields), { path: `${WEBHOOK}?a=1` }),
  'sent to another id': (fields) => shot('', fields, sign(fields), { path: `/api/webhook/${'0'.repeat(64)}` }),
  'of another account': (fields) => {
    const other = fields.map(([key, value]): [string, string] => [key, key === 'AccountSid' ? 'AC_other' : value]);
    return shot('', other, sign(other, HOOK, 'f'.repeat(32)));
  },
  'of no known type': (fields) => {
    const one = shot('', fields, sign(fields), { params: [] });
    return { ...one, headers: { ...one.headers, 'content-type': 'text/plain' } };
  },
  'malformed as JSON': (fields) => {
    const one = shot('', fields, sign(fields), { params: 'json' });
    return { ...one, headers: { ...one.headers, 'content-type': 'application/json' } };
  },
  oversized: (fields) => shot('', [...fields, ['Large', 'x'.repeat(64 * 1024)]], sign(fields), { params: null }),
};

const JSON_VARIANTS: Record<string, (body: string, pick: Pick) => Shot> = {
  'JSON, the same again': (body) => jsonShot(body),
  'JSON altered in one byte': (body, pick) => ({ ...jsonShot(body), body: alter(body, pick) }),
  'JSON with another hash': (body) => ({ ...jsonShot(body), path: jsonShot(`${body} `).path }),
  'JSON without its hash': (body) => ({ ...jsonShot(body), path: WEBHOOK }),
  'JSON sent as a form': (body) => {
    const one = jsonShot(body);
    return { ...one, headers: { ...one.headers, 'content-type': FORM }, params: [...new URLSearchParams(body)] };
  },
};

function jsonShot(body: string): Shot {
  const { query, init } = signedJson(body, { url: HOOK, token: AUTH_TOKEN });
  return { variant: '', path: WEBHOOK + query, body, headers: init.headers as Record<string, string>, params: 'json' };
}

/**
 * Cut at another place: the value of one parameter swallows the next. Twilio signs names and values without borders, so
 * this has a genuine signature, for the SDK as for us; what saves us is that what was signed was claimed already.
 */
function bordersMoved(fields: FormFields): Shot[] {
  const named = ([key, value]: FormFields[number]) => key === 'AccountSid' && value === ACCOUNT;
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.slice(1).flatMap(([key, value], index) => {
    const [before, its] = sorted[index] ?? ['', ''];
    const swallowed = sorted.flatMap(
      (field, at): FormFields => (at === index + 1 ? [] : [at === index ? [before, its + key + value] : field]),
    );
    // One that names no account is refused before anything else.
    return swallowed.some(named) ? [shot('with a border moved', swallowed, sign(fields))] : [];
  });
}

export interface StormReport {
  requests: number;
  /** By variant: how many were sent, and how many were taken. */
  variants: Record<string, { sent: number; taken: number }>;
  /** One sentence each; empty when all is well. */
  faults: string[];
}

const AT_ONCE = 64;

/** Sends at least that many requests to a server whose public URL is {@link PUBLIC_URL}. */
export async function storm(
  api: ApiServer,
  { seed, requests }: { seed: number; requests: number },
): Promise<StormReport> {
  const report: StormReport = { requests: 0, variants: {}, faults: [] };
  const expected: Genuine[] = [];
  let cursor = await api.store.newestEvent();
  for (let round = 0; report.requests < requests; round += 1) {
    const crowd = fc.sample(fc.tuple(genuine, fc.infiniteStream(fc.nat())), { seed: seed + round, numRuns: 20 });
    const firstWave: Shot[] = [];
    const secondWave: Shot[] = [];
    for (const [one, numbers] of crowd) {
      const pick: Pick = (length) => (numbers.next().value ?? 0) % length;
      expected.push(one);
      const { fields, json } = one;
      const variants: Array<[string, (pick: Pick) => Shot]> =
        json !== null
          ? Object.entries(JSON_VARIANTS).map(([variant, make]) => [variant, () => make(json, pick)])
          : Object.entries(FORM_VARIANTS).map(([variant, make]) => [variant, () => make(fields, pick)]);
      for (const [variant, make] of variants) firstWave.push({ ...make(pick), variant });
      // Of repeated parameters the signature covers each value once, so there a border is no longer one.
      const repeats = new Set(fields.map(([key]) => key)).size < fields.length;
      if (json === null && !repeats) secondWave.push(...bordersMoved(fields).slice(0, 3));
    }
    const [, numbers] = crowd[0] ?? [];
    shuffle(firstWave, (length) => (numbers?.next().value ?? 0) % length);
    await sendAll(api, firstWave, report);
    await sendAll(api, secondWave, report);
    cursor = await compareEvents(api, expected.splice(0), cursor, report);
  }
  return report;
}

async function sendAll(api: ApiServer, shots: readonly Shot[], report: StormReport): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let one = shots[next++]; one !== undefined; one = shots[next++]) await send(api, one, report);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function send(api: ApiServer, one: Shot, report: StormReport): Promise<void> {
  const { variant, path, body, headers } = one;
  const answer = await fetch(api.url + path, { method: 'POST', body, headers });
  const told = await answer.text();
  const row = report.variants[variant] ?? { sent: 0, taken: 0 };
  report.variants[variant] = row;
  report.requests += 1;
  row.sent += 1;
  if (answer.status === 200) row.taken += 1;
  const wanted = one.params === null ? 413 : judged(one) ? 200 : 403;
  const texts: Record<number, string | null> = { 200: '<Response/>', 403: '', 413: null };
  if (answer.status !== wanted || (texts[wanted] ?? told) !== told)
    report.faults.push(
      `${variant}: ${answer.status} ${told.slice(0, 80)} instead of ${wanted}, for ${body.slice(0, 300)}`,
    );
}

/**
 * The official validator's verdict, over the URL as Twilio was given it. Where we refuse what it takes: another path is no
 * webhook at all, and the validator is told which token to use, while a gateway with several accounts goes by AccountSid.
 */
function judged({ path, body, headers, params }: Shot): boolean {
  const signature = headers['x-twilio-signature'];
  if (signature === undefined || !path.startsWith(WEBHOOK)) return false;
  const url = PUBLIC_URL + path;
  if (params === 'json')
    return path.includes('bodySHA256=') && validateRequestWithBody(AUTH_TOKEN, signature, url, body);
  if (params?.find(([name]) => name === 'AccountSid')?.[1] !== ACCOUNT) return false;
  return validateRequest(AUTH_TOKEN, signature, url, sdkParams(params ?? []));
}

/**
 * Exactly the genuine ones, each once, each with all of its parameters; those with repeated ones may be stored in any of
 * the orders in which they came.
 */
async function compareEvents(
  api: ApiServer,
  expected: readonly Genuine[],
  after: number,
  report: StormReport,
): Promise<number> {
  const events = await api.store.events({ limit: 10 * expected.length, afterSeq: after });
  const canonical = (fields: FormFields) =>
    JSON.stringify([...new Set(fields.map((field) => JSON.stringify(field)))].sort());
  const stored = events.map((event) => canonical(parametersOf(event, report))).sort();
  const wanted = expected.map(({ fields }) => canonical(fields)).sort();
  if (JSON.stringify(stored) !== JSON.stringify(wanted)) {
    const strange = stored.filter((fields) => !wanted.includes(fields));
    report.faults.push(
      `${stored.length} events instead of ${wanted.length}; strange: ${strange.slice(0, 2).join(' ')}`,
    );
  }
  return events.at(-1)?.seq ?? after;
}

/** What the event tells; its data must hold the first value of each parameter, and name the webhook. */
function parametersOf({ data, form }: EventRecord, { faults }: StormReport): FormFields {
  const told = Object.entries(data).filter(([key]) => key !== 'webhook_id');
  const odd = told.find(([key, value]) => form !== undefined && form.find(([other]) => other === key)?.[1] !== value);
  if (odd !== undefined || data.webhook_id !== WEBHOOK_ID)
    faults.push(`the data ${JSON.stringify(data)} do not tell ${JSON.stringify(form)}`);
  return form ?? told;
}

function alter(value: string, pick: Pick): string {
  const at = pick(value.length + 1);
  const other = String.fromCharCode(97 + pick(26));
  return value.slice(0, at) + (value[at] === other ? other.toUpperCase() : other) + value.slice(at + 1);
}

function shuffle<T>(list: T[], pick: Pick): void {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const at = pick(last + 1);
    [list[last], list[at]] = [list[at] as T, list[last] as T];
  }
}
