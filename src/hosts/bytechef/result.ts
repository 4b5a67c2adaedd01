/** From what became of a text to ByteChef's output: the declared object, or what its exception says. */

import type { ErrorReport } from '../../core/errors.ts';
import type { Done, Outcome } from '../host.ts';
import type { BytechefAsked } from './request.ts';
import currencies from './currencies.json' with { type: 'json' };
import { BYTECHEF } from './definition.ts';

/**
 * The declared members in camelCase, then Twilio's own snake_case members that do not collide. `warnings` is there only
 * when there are any.
 */
export type SentMessage = Readonly<Record<string, unknown>>;

/** What the step fails with; `message` is the text of its exception. */
export interface BytechefFailure {
  readonly error: {
    /** `<status>: <body>` as ByteChef words a refusal of its provider; else a sentence. */
    readonly message: string;
    /** Twilio's HTTP status; null where there was no answer, or no Twilio in it. */
    readonly status: number | null;
    /** Of Tollboard's catalogue. */
    readonly code: string;
    readonly twilioCode: number | null;
    readonly remedy: string;
    readonly to: string;
    /** What the gateway knows it by; null where nothing was stored. */
    readonly id: string | null;
    /** ISO 8601, UTC: when it was asked for. Null where nothing was begun. */
    readonly at: string | null;
    /** True: it may be on its way, so it must not be sent again. */
    readonly mayHaveBeenSent: boolean;
  };
}

export type BytechefOutput = SentMessage | BytechefFailure;

export function bytechefResult({ to, warnings }: BytechefAsked, done: Done): BytechefOutput {
  const outcome = done.do === 'send' ? done.outcomes[0] : undefined;
  if (outcome === undefined) return failure(to, null);
  if (outcome.verdict === 'refused' || outcome.verdict === 'unsure') return failure(to, outcome.error, outcome);
  return { ...sentMessage(resourceOf(outcome)), ...(warnings.length === 0 ? {} : { warnings }) };
}

/** True for the output of a step that fails. */
export function isFailure(output: BytechefOutput): output is BytechefFailure {
  return 'error' in output;
}

export function failure(to: string, report: ErrorReport | null, outcome: Outcome | null = null): BytechefFailure {
  const at = outcome === null ? null : new Date(outcome.at).toISOString();
  const mayHaveBeenSent = outcome?.verdict === 'unsure';
  const status = report === null || mayHaveBeenSent ? null : statusOf(report);
  return {
    error: {
      message: mayHaveBeenSent ? unsureText(to, outcome, report) : refusalText(report, status),
      status,
      code: report?.code ?? 'TOLLBOARD_INTERNAL',
      twilioCode: report?.twilioCode ?? null,
      remedy: report?.remedy ?? 'Look at the log of the gateway.',
      to,
      id: outcome?.id ?? null,
      at,
      mayHaveBeenSent,
    },
  };
}

/** Twilio's status for faults that our own check found: Twilio answers 400 to all but these. */
const STATUS_OF_KIND: Readonly<Record<string, number>> = { unauthorized: 401, not_found: 404, rate_limited: 429 };

function statusOf({ httpStatus, twilioCode, kind }: ErrorReport): number | null {
  if (twilioCode === null) return null;
  return httpStatus ?? STATUS_OF_KIND[kind] ?? 400;
}

/** `400: {"code": 21211, …}`: the status and the body that Twilio answered, or would have. */
function refusalText(report: ErrorReport | null, status: number | null): string {
  if (report === null) return 'Nothing was sent.';
  if (status === null) return `${report.message} ${report.remedy}`;
  const members = [
    ['code', report.twilioCode],
    ['message', report.twilioMessage ?? report.message],
    ['more_info', report.moreInfo],
    ['status', status],
  ];
  return `${status}: {${members.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`).join(', ')}}`;
}

function unsureText(to: string, { id, at }: Outcome, report: ErrorReport | null): string {
  const which = id === null ? `asked for at ${new Date(at).toISOString()}` : `with the id ${id}`;
  const why = report === null ? '' : ` ${report.message}`;
  return `Do not send it again: the text to ${to}, ${which}, may have been sent, and it is not known whether it was.${why}`;
}

/** Twilio's own JSON with the end that is known by now; where it could not be had, what the entry has of it. */
function resourceOf({
  resource,
  verdict,
  to,
  id,
  sid,
  status,
  error,
  entry,
}: Outcome): Readonly<Record<string, unknown>> {
  const ended =
    verdict === 'undelivered'
      ? { status, error_code: error?.twilioCode ?? null, error_message: error?.twilioMessage ?? error?.message ?? null }
      : {};
  if (resource !== null) return { ...resource, ...ended };
  return {
    body: entry?.body ?? null,
    num_segments: entry?.segments === undefined || entry.segments === null ? null : String(entry.segments),
    direction: 'outbound-api',
    from: entry?.from ?? null,
    to: entry?.to ?? to,
    error_message: error?.message ?? null,
    account_sid: entry?.account ?? null,
    status: status ?? (verdict === 'accepted' ? 'accepted' : null),
    sid: sid ?? id,
    error_code: error?.twilioCode ?? null,
    ...ended,
  };
}

/** How Twilio's value becomes the declared one, by the declared type; anything else is taken over. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  '{STRING(rawNumber)}': (value) => ({ rawNumber: value }),
  '{DATE_TIME(dateTime), STRING(zoneId)}': momentOf,
  '{STRING(currencyCode), INTEGER(defaultFractionDigits), INTEGER(numericCode)}': currencyOf,
};

function sentMessage(resource: Readonly<Record<string, unknown>>): SentMessage {
  const declared: Record<string, unknown> = {};
  for (const { name, type, twilio } of BYTECHEF.outputs) {
    const value = resource[twilio ?? name] ?? null;
    declared[name] = value === null ? null : (CONVERSIONS[type]?.(value) ?? value);
  }
  return { ...declared, ...Object.fromEntries(Object.entries(resource).filter(([name]) => !(name in declared))) };
}

/** Twilio's time (RFC 2822) as ByteChef keeps times: local, without an offset, and the zone beside it. */
function momentOf(value: unknown): unknown {
  const time = Date.parse(String(value));
  return Number.isNaN(time) ? null : { dateTime: new Date(time).toISOString().slice(0, 19), zoneId: 'UTC' };
}

/** ISO 4217; a code that the table lacks keeps its code only. */
function currencyOf(value: unknown): unknown {
  const code = String(value).toUpperCase();
  const [defaultFractionDigits, numericCode] = (currencies as Record<string, number[]>)[code] ?? [null, null];
  return { currencyCode: code, defaultFractionDigits, numericCode };
}
