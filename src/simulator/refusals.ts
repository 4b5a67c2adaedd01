/** Refusals as the answers of the resource files. */

import type { ErrorReport } from '../core/errors.ts';
import type { Answer } from './exchange.ts';
import * as wire from '../wire/refusal.ts';

/** The answer for one of Twilio's codes. */
export function refusal(code: number, facts: wire.RefusalFacts = {}): Answer {
  return { error: wire.refusal(code, facts) };
}

/** What our own tables refuse, said as Twilio says it. */
export function refusalOf(report: ErrorReport, facts: wire.RefusalFacts): Answer {
  return { error: wire.refusalOf(report, facts) };
}
