/** From what became of each number to what the module returns. */

import type { ErrorReport } from '../../core/errors.ts';
import type { Done, Outcome, Verdict, Work } from '../host.ts';
import type { AnsibleAsked, Frame } from './request.ts';
import { inOwnNames } from './own-names.ts';
import { masked } from './secrets.ts';

/** How a number fared: `sent` and `accepted` are good, `unsure` may have been sent. */
export type NumberOutcome = 'sent' | 'accepted' | 'undelivered' | 'unsent' | 'unsure';

export interface NumberError {
  code: string;
  message: string;
  remedy: string;
  twilio_code: number | null;
  http_status: number | null;
  more_info: string | null;
}

export interface NumberResult {
  number: string;
  outcome: NumberOutcome;
  id: string | null;
  sid: string | null;
  status: string | null;
  error: NumberError | null;
}

export interface AnsibleOutput {
  changed: boolean;
  failed?: true;
  msg: string;
  sent: Array<Pick<NumberResult, 'number' | 'id' | 'sid' | 'status'>>;
  unsent: string[];
  /** `at`: when it was asked for, ISO 8601. */
  unsure: Array<{ number: string; id: string | null; at: string }>;
  results: NumberResult[];
  replayed?: true;
  warnings?: string[];
  invocation: { module_args: Readonly<Record<string, unknown>> };
}

const OUTCOMES: Readonly<Record<Verdict, NumberOutcome>> = {
  taken: 'sent',
  accepted: 'accepted',
  undelivered: 'undelivered',
  refused: 'unsent',
  unsure: 'unsure',
};

const WENT_OUT: ReadonlySet<NumberOutcome> = new Set(['sent', 'accepted', 'undelivered']);
const FAILED: ReadonlySet<NumberOutcome> = new Set(['undelivered', 'unsent', 'unsure']);

export function result(asked: AnsibleAsked, done: Done): AnsibleOutput {
  const outcomes = (done.do === 'send' ? done.outcomes : []).map((outcome) => ({
    ...outcome,
    error: outcome.error === null ? null : inOwnNames(asked.kind, outcome.error),
  }));
  const results = outcomes.map(numberResult);
  const failures = outcomes.flatMap((outcome) => {
    const what = OUTCOMES[outcome.verdict];
    return FAILED.has(what) ? [{ number: outcome.to, what: faultText(outcome) }] : [];
  });
  const sent = results.filter(({ outcome }) => WENT_OUT.has(outcome));
  const unbegun = asked.numbers.slice(outcomes.length);
  // A lost answer of this same run repeats what it asked itself: only a key that the task named tells of an earlier run.
  const earlier = (outcome: Outcome) => asked.keyed && outcome.replayed;
  const replayed = outcomes.length > 0 && outcomes.every(earlier);
  const output: AnsibleOutput = {
    changed: outcomes.some((outcome) => WENT_OUT.has(OUTCOMES[outcome.verdict]) && !earlier(outcome)),
    ...(failures.length === 0 ? {} : { failed: true as const }),
    msg: failures.length === 0 ? asked.msg : failureText(asked, failures),
    sent: sent.map(({ number, id, sid, status }) => ({ number, id, sid, status })),
    unsent: [...results.filter(({ outcome }) => outcome === 'unsent').map(({ number }) => number), ...unbegun],
    unsure: outcomes
      .filter(({ verdict }) => verdict === 'unsure')
      .map(({ to, id, at }) => ({ number: to, id, at: new Date(at).toISOString() })),
    results,
    ...(replayed ? { replayed: true as const } : {}),
    ...warned(asked),
    invocation: { module_args: asked.frame.moduleArgs },
  };
  return masked(output, asked.frame.secrets);
}

/** Check mode: what would fail fails, and nothing was sent. */
export function rehearsal(
  asked: AnsibleAsked,
  faults: ReadonlyArray<ErrorReport | null>,
  stopAtFailure: boolean,
): Work<AnsibleAsked, AnsibleOutput> {
  const first = faults.findIndex((fault) => fault !== null);
  const reached = (stopAtFailure && first >= 0 ? faults.slice(0, first + 1) : faults).map((fault) =>
    fault === null ? null : inOwnNames(asked.kind, fault),
  );
  const failures = reached.flatMap((error, index) =>
    error === null ? [] : [{ number: asked.numbers[index] ?? '', what: sentence(error) }],
  );
  const output: AnsibleOutput = {
    changed: failures.length < reached.length,
    ...(failures.length === 0 ? {} : { failed: true as const }),
    msg: failures.length === 0 ? asked.msg : failureText(asked, failures),
    sent: [],
    unsent: [...asked.numbers],
    unsure: [],
    results: reached.map((error, index) => ({
      number: asked.numbers[index] ?? '',
      outcome: 'unsent',
      id: null,
      sid: null,
      status: null,
      error: error === null ? null : numberError(error, 'refused'),
    })),
    ...warned(asked),
    invocation: { module_args: asked.frame.moduleArgs },
  };
  return { do: 'answer', ok: failures.length === 0, output: masked(output, asked.frame.secrets) };
}

/** The answer where nothing was begun. */
export function failure(msg: string, { moduleArgs, secrets }: Frame): AnsibleOutput {
  const output: AnsibleOutput = {
    changed: false,
    failed: true,
    msg,
    sent: [],
    unsent: [],
    unsure: [],
    results: [],
    invocation: { module_args: moduleArgs },
  };
  return masked(output, secrets);
}

function numberResult({ to, verdict, id, sid, status, error }: Outcome): NumberResult {
  const outcome = OUTCOMES[verdict];
  const failed = FAILED.has(outcome) && error !== null;
  return { number: to, outcome, id, sid, status, error: failed ? numberError(error, verdict) : null };
}

function numberError(error: ErrorReport, verdict: Verdict): NumberError {
  const { code, message, remedy, twilioCode, twilioMessage, httpStatus, moreInfo } = error;
  return {
    code,
    message: twilioMessage ?? message,
    // Where it may have been sent, a remedy that says how to repeat it would be a trap.
    remedy: verdict === 'unsure' ? `D${DO_NOT_RESEND.slice(1)}` : remedy,
    twilio_code: twilioCode,
    http_status: httpStatus,
    more_info: moreInfo,
  };
}

const DO_NOT_RESEND = "do not send it again before you have looked in Twilio's log.";

function faultText({ verdict, id, at, error, status }: Outcome): string {
  if (verdict !== 'unsure') return error === null ? `the last status is ${status ?? 'unknown'}` : sentence(error);
  const name = id === null ? `asked for at ${new Date(at).toISOString()}` : `id ${id}`;
  const what = error === null ? 'The answer was lost.' : (error.twilioMessage ?? error.message);
  return `${what} It may have been sent (${name}): ${DO_NOT_RESEND}`;
}

/** Twilio's own sentence alone, as the original module gives it; ours with what to do about it. */
function sentence({ twilioMessage, message, remedy }: ErrorReport): string {
  return twilioMessage ?? `${message} ${remedy}`;
}

/** `unable to send message to <number>: <sentence>`; numbers with the same sentence share it. */
function failureText({ kind }: AnsibleAsked, failures: ReadonlyArray<{ number: string; what: string }>): string {
  const numbers = new Map<string, string[]>();
  for (const { number, what } of failures) numbers.set(what, [...(numbers.get(what) ?? []), number]);
  const begin = kind === 'call' ? 'unable to call' : 'unable to send message to';
  return [...numbers].map(([what, those]) => `${begin} ${those.join(', ')}: ${what}`).join('; ');
}

function warned({ warnings }: AnsibleAsked): { warnings?: string[] } {
  return warnings.length === 0 ? {} : { warnings: [...warnings] };
}
