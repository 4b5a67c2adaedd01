/** From what became of each recipient to the activity's four outputs. */

import type { ErrorKind, ErrorReport } from '../../core/errors.ts';
import type { Recipient } from '../../core/ports.ts';
import type { Done, Outcome } from '../host.ts';
import type { FlogoAsked, FlogoOutput } from './request.ts';
import { CODES, fill, STATUSES, TEXTS } from './answers.ts';

/** A failure in the activity's words. */
interface Failure {
  code: string;
  text: string;
}

export function flogoResult(asked: FlogoAsked, done: Done): FlogoOutput {
  if (done.do === 'send')
    return sendResult(
      asked,
      done.outcomes.filter(({ duplicate }) => !duplicate),
    );
  const { error } = done;
  if (done.do === 'recipients' && done.recipients !== null) return retrieved(done.recipients);
  const { code, text } = failureOf(error, 'retrieve');
  return output(asked.legacyCodes ? CODES.legacy.retrieve : code, STATUSES.failed, text);
}

function retrieved(recipients: readonly Recipient[]): FlogoOutput {
  return output(CODES.success, STATUSES.success, recipients.map(({ phoneNumber }) => phoneNumber).join(','));
}

function sendResult(asked: FlogoAsked, outcomes: readonly Outcome[]): FlogoOutput {
  const unsure = outcomes.filter(({ verdict }) => verdict === 'unsure');
  const taken = outcomes.filter(({ verdict }) => verdict === 'taken' || verdict === 'accepted');
  const failed = outcomes
    .filter(({ verdict }) => verdict === 'refused' || verdict === 'undelivered')
    .map(({ to, error, status }) => ({ to, ...failureOf(error, 'send', status) }));
  const failedNumbers = failed.map(({ to }) => `${to}:`).join('');
  if (unsure.length > 0) {
    return output(CODES.internal, STATUSES.failed, unsureText(unsure, taken, failed), failedNumbers);
  }
  const accepted = acceptedText(taken);
  if (failed.length === 0) return output(CODES.success, STATUSES.success, successText(asked.to, taken, accepted));
  if (taken.length > 0) {
    return output(CODES.partial, STATUSES.partial, failuresText(failed) + accepted, failedNumbers);
  }
  const first = CODES.order.find((code) => failed.some((one) => one.code === code)) ?? CODES.internal;
  const code = asked.legacyCodes ? legacyCode(first) : first;
  return output(code, STATUSES.failed, noneText(first, failed), failedNumbers);
}

function output(statusCode: string, status: string, message: string, failedNumbers = ''): FlogoOutput {
  return { statusCode, status, message, failedNumbers };
}

function legacyCode(code: string): string {
  const { concernsAll, first, other } = CODES.legacy;
  return (concernsAll as readonly string[]).includes(code) ? first : other;
}

/** Without an HTTP status, what kind of fault it is decides; the rest is `1001`. */
const BY_KIND: Partial<Record<ErrorKind, string>> = {
  invalid: '400',
  unauthorized: '401',
  forbidden: '401',
  not_found: '404',
  rate_limited: '429',
  unavailable: '500',
};

/** Nothing left this machine, or a read got no answer. */
const NO_CONNECTION: ReadonlySet<string> = new Set([
  'TOLLBOARD_DELIVERY_NOT_CONNECTED',
  'TOLLBOARD_GATEWAY_UNREACHABLE',
  'TOLLBOARD_TWILIO_NO_ANSWER',
]);

function failureOf(error: ErrorReport | null, method: 'send' | 'retrieve', status: string | null = null): Failure {
  // Twilio had it, and it ended badly: no request was refused.
  if (error === null) return { code: CODES.internal, text: `Twilio tells the status ${status ?? 'failed'}.` };
  if (status !== null) return { code: CODES.internal, text: error.message };
  const code = codeOf(error, method);
  const { httpStatus, moreInfo } = error;
  const texts: Readonly<Record<string, string>> = TEXTS.failure;
  const text = texts[code] ?? (httpStatus === null ? TEXTS.failure.plain : TEXTS.failure.other);
  const more = moreInfo === null ? '' : fill(TEXTS.more, { url: moreInfo });
  const message = sentenceOf(error);
  return { code, text: fill(text, { message, more, status: String(httpStatus) }) };
}

/** Twilio's own sentence, else ours with what to do. */
function sentenceOf({ twilioMessage, message, remedy }: ErrorReport): string {
  return twilioMessage ?? `${message} ${remedy}`;
}

function codeOf({ code, kind, httpStatus }: ErrorReport, method: 'send' | 'retrieve'): string {
  if (NO_CONNECTION.has(code)) return CODES.connectivity;
  const own: readonly string[] = CODES[method];
  if (httpStatus === null) return own.find((one) => one === BY_KIND[kind]) ?? CODES.internal;
  if (own.includes(String(httpStatus))) return String(httpStatus);
  return httpStatus >= 500 ? CODES.serverError : CODES.internal;
}

function successText(to: string, taken: readonly Outcome[], accepted: string): string {
  if (accepted === '') return fill(TEXTS.sent, { to });
  const sent = taken.filter(({ verdict }) => verdict === 'taken').map((one) => one.to);
  return sent.length === 0 ? accepted : `${fill(TEXTS.sent, { to: sent.join(',') })}${TEXTS.between}${accepted}`;
}

/** Empty where a gateway holds none of them. */
function acceptedText(taken: readonly Outcome[]): string {
  const items = taken.filter(({ verdict }) => verdict === 'accepted').map(itemOf);
  return items.length === 0 ? '' : fill(TEXTS.accepted, { items: items.join(TEXTS.between) });
}

/** Each in input order, as `failedNumbers` has them; what all have alike is told once. */
function failuresText(failed: readonly Failure[]): string {
  const texts = new Set(failed.map(({ text }) => text));
  return (texts.size === 1 ? [...texts] : failed.map(({ text }) => text))
    .map((text) => text + TEXTS.failureEnd)
    .join('');
}

/** What concerns the whole request is told as the original tells it: without an end. */
function noneText(code: string, failed: readonly Failure[]): string {
  const [first] = failed;
  const same = first !== undefined && failed.every(({ text }) => text === first.text);
  return same && (CODES.legacy.concernsAll as readonly string[]).includes(code) ? first.text : failuresText(failed);
}

function unsureText(
  unsure: readonly Outcome[],
  taken: readonly Outcome[],
  failed: ReadonlyArray<Failure & { to: string }>,
): string {
  const list = (items: readonly string[]) => (items.length === 0 ? TEXTS.none : items.join(TEXTS.between));
  const reasons = new Set(unsure.map(({ error }) => (error === null ? '' : sentenceOf(error))));
  return fill(TEXTS.unsure, {
    unsure: list(unsure.map(itemOf)),
    taken: list(taken.map(itemOf)),
    failed: list(failed.map(({ to, text }) => fill(TEXTS.itemFailed, { to, text }))),
    reasons: [...reasons].join(' '),
  });
}

function itemOf({ to, id, at, verdict }: Outcome): string {
  if (id === null) return fill(TEXTS.itemAt, { to, at: new Date(at).toISOString() });
  return fill(verdict === 'accepted' ? TEXTS.itemAccepted : TEXTS.item, { to, id });
}
