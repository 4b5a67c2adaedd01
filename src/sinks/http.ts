/** Events over HTTP: Home Assistant's event API, Twilio's own form, Standard Webhooks; and what an answer means. */

import type { EventRecord, EventType } from '../core/event.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Clock } from '../core/ports.ts';
import type { SinkSettings, SinkTarget } from '../core/sinks.ts';
import type { Outcome } from './outcome.ts';
import { errorReport } from '../core/errors.ts';
import { failureOf, TAKEN } from './outcome.ts';
import { webhookBody, webhookHeaders } from './standard-webhooks.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface HttpOptions {
  clock: Clock;
  /** `X-Twilio-Signature` of a form to this URL. */
  sign(url: string, fields: FormFields, authToken: string, kind: 'message' | 'call'): string;
  /** Under the rules for URLs that are not ours: nothing followed, everything bounded. Rejects with a `TollboardError`. */
  request(request: HttpRequest): Promise<{
    status: number;
    headers: Readonly<Record<string, string | string[] | undefined>>;
    body: string;
  }>;
}

type HttpTarget = Exclude<SinkTarget, { via: 'command' }>;
type EventApi = Extract<SinkTarget, { via: 'event_api' }>;

/** One try; never throws but the signal's reason. */
export async function sendByHttp(
  sink: SinkSettings,
  target: HttpTarget,
  event: EventRecord,
  { clock, sign, request }: HttpOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const written = write(target, event, { sign, now: clock.now() });
  try {
    if (target.via === 'event_api' && (await isDeaf(target, request, signal))) return notTaken(sink, 200, DEAF);
    const { status, headers } = await request({ method: 'POST', ...written, signal });
    return outcomeOf(sink, status, headers, clock.now());
  } catch (error) {
    if (signal.aborted) throw error;
    return failureOf(error);
  }
}

/**
 * While Home Assistant starts and stops it takes events and answers 200, though no automation hears them. What says
 * nothing of its state (a wrong token, an old release) is found out by the event itself.
 */
async function isDeaf(
  { url, token }: EventApi,
  request: HttpOptions['request'],
  signal: AbortSignal,
): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const { status, body } = await request({ method: 'GET', url: `${url}/api/core/state`, headers, signal });
  const state = /"state"\s*:\s*"([A-Z_]+)"/.exec(body)?.[1];
  return status === 200 && state !== undefined && state !== 'RUNNING';
}

function write(
  target: HttpTarget,
  event: EventRecord,
  { sign, now }: Pick<HttpOptions, 'sign'> & { now: number },
): Pick<HttpRequest, 'url' | 'headers' | 'body'> {
  if (target.via === 'event_api') {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${target.token}` };
    return { url: `${target.url}/api/events/${event.type}`, headers, body: JSON.stringify(event.data) };
  }
  if (target.via === 'standard_webhooks') {
    const body = webhookBody(event);
    const headers = { 'content-type': 'application/json', ...webhookHeaders(event.id, now, body, target.secrets) };
    return { url: target.url, headers, body };
  }
  const fields = twilioFields(event);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    'x-twilio-signature': sign(target.signedUrl, fields, target.authToken, kindOf(fields)),
    // The name under which Twilio itself sends what tells a repeat (Twilio docs: webhooks).
    'i-twilio-idempotency-token': event.id,
  };
  return { url: target.url, headers, body: new URLSearchParams(fields).toString() };
}

/** What we added ourselves to Twilio's fields (interface §5). */
const OURS: Readonly<Record<EventType, string>> = {
  twilio_data_received: 'webhook_id',
  twilio_message_status: 'entryId',
  twilio_call_status: 'entryId',
};

function twilioFields({ type, data, form }: EventRecord): FormFields {
  return form ?? Object.entries(data).filter(([name]) => name !== OURS[type]);
}

/** Twilio signs voice webhooks over HTTPS without the port (Twilio docs: webhooks security). */
function kindOf(fields: FormFields): 'message' | 'call' {
  return fields.some(([name]) => name === 'CallSid') ? 'call' : 'message';
}

/** 4xx that are no word on the event: too early, too slow, too many, locked. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 423, 425, 429]);

function outcomeOf(
  { name, kind }: SinkSettings,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number,
): Outcome {
  if (status >= 200 && status < 300) return TAKEN;
  const refused = status < 500 && !PASSING.has(status);
  const meaning =
    (kind === 'home_assistant' ? HOME_ASSISTANT[status] : undefined) ?? MEANINGS[status] ?? general(status);
  const outcome = notTaken({ name }, status, meaning);
  return refused ? { ...outcome, refused } : { ...outcome, retryAfterMs: retryAfter(headers['retry-after'], now) };
}

function notTaken({ name }: Pick<SinkSettings, 'name'>, status: number, { said, remedy }: Meaning) {
  const details = { sink: name, status, meaning: said };
  const error = errorReport('TOLLBOARD_SINK_ANSWER', { details, remedy, httpStatus: status });
  return { taken: false, refused: false, error, retryAfterMs: null } as const;
}

interface Meaning {
  said: string;
  remedy: string;
}

const HOME_ASSISTANT: Readonly<Record<number, Meaning>> = {
  401: {
    said: 'Home Assistant does not take its token',
    remedy: 'Make a long-lived access token of an administrator in its user profile, and give it as token.',
  },
  404: {
    said: 'there is no event API at that address',
    remedy: 'Give the address of Home Assistant itself as url, without a path.',
  },
};

const DEAF: Meaning = {
  said: 'Home Assistant is starting or stopping, and its automations hear nothing yet',
  remedy: 'Wait: it is tried again by itself.',
};

const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: { said: 'the credentials are not taken', remedy: 'Give the receiver and the sink the same token or secret.' },
  403: {
    said: 'the signature or the credentials are not taken',
    remedy:
      'Give the receiver and the sink the same token or secret, and as signed_url the URL that the receiver checks.',
  },
  404: { said: 'there is nothing at that path', remedy: 'Correct the url of the sink.' },
  405: { said: 'that path takes no POST', remedy: 'Correct the url of the sink.' },
  413: { said: 'the event is too large for it', remedy: 'Raise the limit of the receiver; an event has up to 64 kB.' },
  429: { said: 'it wants to be asked less often', remedy: 'Wait: it is tried again by itself.' },
};

function general(status: number): Meaning {
  if (status >= 500)
    return {
      said: 'it cannot work now',
      remedy: 'Wait, or look at the log of the receiver: it is tried again by itself.',
    };
  if (status >= 300 && status < 400)
    return { said: 'a redirect, which is not followed', remedy: 'Give the URL at which the receiver answers itself.' };
  return { said: 'it does not take the event', remedy: 'Look at the log of the receiver.' };
}

/** Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now. */
function retryAfter(value: string | string[] | undefined, now: number): number | null {
  const text = [value ?? ''].flat()[0] ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
