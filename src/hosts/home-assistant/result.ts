/** What became of each target of a notification. */

import type { ErrorReport } from '../../core/errors.ts';
import type { Done, Outcome, Verdict } from '../host.ts';
import { fill } from './texts.ts';

export interface NotifyAsked {
  targets: readonly string[];
}

export interface NotifyError {
  code: string;
  message: string;
  remedy: string;
  twilioCode: number | null;
}

export interface NotifyResult {
  target: string;
  /** The gateway's id, or Twilio's SID without a gateway; null for what was never stored. */
  id: string | null;
  /** Twilio's word; else {@link STANDS_FOR}. */
  status: string;
  error: NotifyError | null;
}

export interface NotifyOutput {
  results: NotifyResult[];
  /** Only where there is no target to which it belongs. */
  error?: NotifyError;
}

/** What is said before, or instead of, a word of Twilio's. */
const STANDS_FOR: Readonly<Record<Verdict, string>> = {
  taken: 'queued',
  undelivered: 'failed',
  accepted: 'accepted',
  refused: 'rejected',
  unsure: 'unknown',
};

export function result({ targets }: NotifyAsked, done: Done): NotifyOutput {
  const outcomes = done.do === 'send' ? done.outcomes : [];
  return { results: outcomes.map((outcome, index) => resultOf(targets[index] ?? outcome.to, outcome)) };
}

export function refusedOutput(targets: readonly string[], error: ErrorReport): NotifyOutput {
  const why = told(error);
  if (targets.length === 0) return { results: [], error: why };
  return { results: targets.map((target) => ({ target, id: null, status: STANDS_FOR.refused, error: why })) };
}

function resultOf(target: string, outcome: Outcome): NotifyResult {
  const { id, verdict, status, error } = outcome;
  const word = verdict === 'unsure' ? STANDS_FOR.unsure : (status ?? STANDS_FOR[verdict]);
  return {
    target,
    id,
    status: word,
    error: verdict === 'unsure' ? unsure(target, outcome) : error === null ? null : told(error),
  };
}

/** Says not to send it again, and by what it can be looked up (interface §7). */
function unsure(target: string, { id, at, error, entry }: Outcome): NotifyError {
  const kind = entry?.kind === 'call' ? 'call' : 'text';
  const what =
    id === null ? fill('what', { kind, target, at: new Date(at).toISOString() }) : fill('whatId', { target, id });
  return {
    code: error?.code ?? 'TOLLBOARD_DELIVERY_LOST_ANSWER',
    message: fill('unsure', { what, reason: error?.message ?? 'its answer was lost.' }),
    remedy: id === null ? fill('doNotResend') : fill('doNotResendId', { id }),
    twilioCode: error?.twilioCode ?? null,
  };
}

function told({ code, message, remedy, twilioCode }: ErrorReport): NotifyError {
  return { code, message, remedy, twilioCode };
}
