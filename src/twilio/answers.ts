/** What an answer of Twilio proves, and what it says. Pure: from status, headers and body to facts. */

import type { EntryKind } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { StatusFact } from '../core/outbox.ts';
import type { CreateResult, ListedResource } from '../core/ports.ts';
import type { TransportAnswer, TransportFailure } from './transport.ts';
import { errorReport } from '../core/errors.ts';
import { isPlainObject } from '../core/plain-object.ts';
import { twilioErrorReport } from '../core/twilio-errors.ts';
import { KIND_ACTIONS } from './resources.ts';

/** Twilio's error codes have five or more digits. */
export const LEAST_ERROR_CODE = 10_000;

/** A resource as Twilio wrote it: snake_case members. */
export type Resource = Record<string, unknown>;

/** Never processed, and the account or the sender is too fast: concurrent requests, queue of the sender, calls. */
export const TOO_FAST: ReadonlySet<number> = new Set([20429, 21611, 10004]);

/**
 * What came of a create: accepted only by 2xx with a SID, rejected only by 4xx with Twilio's own error body. All else
 * proves nothing: 5xx, redirects, pages of a proxy, even a 429 of a stranger (Twilio docs: only 20429 was never
 * processed).
 */
export function createResult(kind: EntryKind, answer: TransportAnswer, now: number): CreateResult {
  const body = jsonObject(answer.body);
  const requestId = requestIdOf(answer);
  if (answer.status >= 200 && answer.status < 300) {
    const fact = body === null ? null : statusFact(kind, body);
    if (body === null || fact === null)
      return { outcome: 'unknown', error: lostReport('the answer has no SID', answer) };
    return { outcome: 'accepted', resource: body, requestId, ...fact };
  }
  const refusal = answer.status >= 400 && answer.status < 500 ? twilioRefusal(answer) : null;
  if (refusal === null) return { outcome: 'unknown', error: lostReport(describeStranger(answer), answer) };
  const error: ErrorReport = { ...refusal, stage: 'before_send' };
  if (!TOO_FAST.has(error.twilioCode ?? 0)) return { outcome: 'rejected', error, refusal: body ?? {} };
  return { outcome: 'rate_limited', error, retryAfterMs: retryAfterMs(answer.headers['retry-after'], now) };
}

/** What came of a create without an answer. */
export function createFailure(failure: TransportFailure): CreateResult {
  if (failure.stage === 'unknown') return { outcome: 'unknown', error: lostReport(failure.message) };
  const message = `No connection to Twilio could be made: ${failure.message}; nothing left this machine.`;
  return {
    outcome: 'not_sent',
    error: errorReport('TOLLBOARD_DELIVERY_NOT_CONNECTED', { stage: 'before_send', message }),
  };
}

/** The report for an answer that is not what was asked for. `request` as in `GET /2010-04-01/…`. */
export function refusalReport(answer: TransportAnswer, request: string): ErrorReport {
  const refusal = twilioRefusal(answer);
  if (refusal !== null) return refusal;
  const details = { request, status: answer.status, reason: describeStranger(answer) };
  return withRequestId(errorReport('TOLLBOARD_TWILIO_UNEXPECTED', { details, httpStatus: answer.status }), answer);
}

/** Is it an error body that only Twilio writes? */
export function isRefusal(answer: TransportAnswer): boolean {
  return twilioRefusal(answer) !== null;
}

/** Null without a SID of the right form: then it is no resource of this kind. */
export function statusFact(kind: EntryKind, resource: Resource): StatusFact | null {
  const { sid, status } = resource;
  if (typeof sid !== 'string' || !KIND_ACTIONS[kind].sid.test(sid)) return null;
  return {
    sid,
    status: typeof status === 'string' && status !== '' ? status : 'queued',
    errorCode: wholeNumber(resource.error_code),
    errorMessage: text(resource.error_message),
    from: text(resource.from),
    segments: wholeNumber(resource.num_segments),
  };
}

export function listedResource(kind: EntryKind, resource: Resource): ListedResource | null {
  const fact = statusFact(kind, resource);
  const to = text(resource.to);
  if (fact === null || to === null) return null;
  return {
    ...fact,
    to,
    body: text(resource.body),
    numMedia: wholeNumber(resource.num_media) ?? 0,
    direction: text(resource.direction) ?? '',
    messagingServiceSid: text(resource.messaging_service_sid),
    createdAt: instant(resource.date_created) ?? instant(resource.start_time) ?? instant(resource.date_sent),
  };
}

export function jsonObject(body: string): Resource | null {
  try {
    const value: unknown = JSON.parse(body);
    return isPlainObject(value) ? (value as Resource) : null;
  } catch {
    return null;
  }
}

/** Twilio's clock minus ours, from the Date header (whole seconds, so the middle of that second is assumed). */
export function clockOffsetMs(answer: TransportAnswer, now: number): number | null {
  const date = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(date) ? null : date + 500 - now;
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/**
 * Twilio's error body has `code` (five or more digits), `message` and `status`; `code` can be absent (plain 404), then
 * only Twilio's own request id tells it from the page of somebody between us.
 */
function twilioRefusal(answer: TransportAnswer): ErrorReport | null {
  const body = jsonObject(answer.body);
  const message = text(body?.message);
  const code = wholeNumber(body?.code);
  if (body === null || message === null || answer.status < 400) return null;
  if (body.status !== undefined && body.status !== answer.status) return null;
  const requestId = requestIdOf(answer);
  if (code === null ? requestId === null : code < LEAST_ERROR_CODE) return null;
  return twilioErrorReport(code, message, {
    httpStatus: answer.status,
    requestId,
    moreInfo: text(body.more_info),
  });
}

function lostReport(reason: string, answer?: TransportAnswer): ErrorReport {
  const code = answer === undefined ? null : wholeNumber(jsonObject(answer.body)?.code);
  const report = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', {
    stage: 'unknown',
    message: `The request left and nothing came back that proves anything: ${reason}.`,
    ...(answer === undefined ? {} : { httpStatus: answer.status }),
    ...(code === null ? {} : { twilioCode: code }),
  });
  return answer === undefined ? report : withRequestId(report, answer);
}

function describeStranger(answer: TransportAnswer): string {
  const body = jsonObject(answer.body);
  const code = wholeNumber(body?.code);
  if (code !== null) return `HTTP status ${answer.status} with code ${code}`;
  const type = answer.headers['content-type']?.split(';')[0]?.trim().slice(0, 50);
  const what =
    answer.body === ''
      ? 'an empty body'
      : body === null
        ? `a body of type ${type || 'unknown'}`
        : 'an unknown JSON body';
  return `HTTP status ${answer.status} with ${what}`;
}

function withRequestId(report: ErrorReport, answer: TransportAnswer): ErrorReport {
  return { ...report, requestId: requestIdOf(answer) };
}

function requestIdOf(answer: TransportAnswer): string | null {
  return answer.headers['twilio-request-id'] ?? null;
}

/** Seconds or an HTTP date. Not documented by Twilio for this API; honoured when it comes. */
function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.round(Number(header) * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Twilio writes some numbers as strings (`num_segments`), others as numbers (`error_code`). */
function wholeNumber(value: unknown): number | null {
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function instant(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
