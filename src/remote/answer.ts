/** What an answer of a gateway means: its value, or the gateway's own error again. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ErrorCode, ErrorKind } from '../core/errors.ts';
import type { GatewayRequest } from './client.ts';
import { ERRORS, TollboardError } from '../core/errors.ts';

export interface Answer {
  failed: false;
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Largest answer: 10,000 entries are about 10 MB. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** The whole body; throws where the answer broke off or is too large. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER) throw new Error('the answer is too large');
    parts.push(part);
  }
  if (!answer.complete) throw new Error('the answer broke off');
  return Buffer.concat(parts).toString('utf8');
}

/** The bytes as they come; `TOLLBOARD_GATEWAY_UNREACHABLE` where they end before the end. */
export async function* wholeBody(answer: IncomingMessage, url: string): AsyncGenerator<Uint8Array> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreachable(url, `the answer broke off: ${(error as Error).message}`);
  }
  if (!answer.complete) throw unreachable(url, 'the answer broke off');
}

/** Whether this answer to a repeat also says what became of the first try: the stored answer, or a check that is repeated. */
export function proves(status: number): boolean {
  return status < 300 || PROVING.has(status);
}

const PROVING: ReadonlySet<number> = new Set([400, 409, 413, 415, 422]);

/** The value of a good answer; the gateway's error otherwise. */
export function answerOf<T>(url: string, { status, text }: Answer, method: GatewayRequest['method'] = 'GET'): T {
  const value = parsed(text);
  if (status >= 200 && status < 300 && (text === '' || value !== undefined)) return (value ?? null) as T;
  const error = (value as { error?: ErrorBody } | undefined)?.error;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') {
    // What stands in between may have passed the request on before it answered for itself.
    const stage = method !== 'GET' && (status < 300 || status >= 500) ? ({ stage: 'unknown' } as const) : {};
    throw new TollboardError('TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED', { ...stage, details: { url, status } });
  }
  throw rebuilt(error);
}

interface ErrorBody {
  code: string;
  kind: ErrorKind;
  message: string;
  remedy: string;
  details?: Record<string, unknown>;
  requestId: string;
}

/** The same error as in the gateway; one whose code a newer gateway has keeps its words. */
function rebuilt({ code, message, remedy, details = {}, requestId }: ErrorBody): TollboardError {
  const { stage, twilioCode, twilioMessage, httpStatus, twilioRequestId, moreInfo, ...facts } = details;
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED';
  return new TollboardError(known, {
    message,
    remedy,
    details: { ...facts, code, requestId },
    ...(stage === 'before_send' || stage === 'unknown' || stage === 'after_send' ? { stage } : {}),
    ...(typeof twilioCode === 'number' ? { twilioCode } : {}),
    ...(typeof twilioMessage === 'string' ? { twilioMessage } : {}),
    ...(typeof httpStatus === 'number' ? { httpStatus } : {}),
    ...(typeof twilioRequestId === 'string' ? { requestId: twilioRequestId } : {}),
    ...(typeof moreInfo === 'string' ? { moreInfo } : {}),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function unreachable(url: string, reason: string): TollboardError {
  return new TollboardError('TOLLBOARD_GATEWAY_UNREACHABLE', { stage: 'before_send', details: { url, reason } });
}

export function answerLost(url: string, reason: string, idempotencyKey = 'none was given'): TollboardError {
  const details = { url, reason, idempotencyKey };
  return new TollboardError('TOLLBOARD_GATEWAY_ANSWER_LOST', { stage: 'unknown', details });
}

export function retryAfterMs(headers: IncomingHttpHeaders): number | null {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}
