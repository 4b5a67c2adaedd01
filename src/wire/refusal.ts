/** Refusals in Twilio's words: code, HTTP status and sentence, with the value named where Twilio names it. */

import type { ErrorReport } from '../core/errors.ts';
import type { WireError } from './error.ts';
import { twilioError } from '../core/twilio-errors.ts';

export interface RefusalFacts {
  to?: string;
  from?: string;
}

/** Shapes seen in real answers (Twilio fact sheet); the rest say the title of Twilio's dictionary. */
const SENTENCES: Readonly<Record<number, (facts: Required<RefusalFacts>) => string>> = {
  21211: ({ to }) => `Invalid 'To' Phone Number: ${masked(to)}`,
  21212: ({ from }) => `Invalid 'From' Number: ${from}`,
  21219: ({ to }) => `The number ${masked(to)} is unverified. Trial accounts may only make calls to verified numbers.`,
  21266: ({ to }) => `'To' and 'From' number cannot be the same: ${to}`,
  21408: ({ to }) =>
    `Permission to send an SMS has not been enabled for the region indicated by the 'To' number: ${to}`,
  21608: ({ to }) =>
    `The number ${masked(to)} is unverified. Trial accounts cannot send messages to unverified numbers; verify it at https://www.twilio.com/console/phone-numbers/verified`,
  21659: ({ from }) => `'From' ${from} is not a Twilio phone number or Short Code country mismatch`,
};

/** The refusal for one of Twilio's codes. */
export function refusal(code: number, facts: RefusalFacts = {}): WireError {
  const row = twilioError(code);
  const sentence = SENTENCES[code]?.({ to: facts.to ?? '', from: facts.from ?? '' });
  // The 2010 API answers 400 where newer APIs answer 422.
  const status = row?.httpStatus === 422 ? 400 : (row?.httpStatus ?? 400);
  return { status, code, message: sentence ?? row?.message ?? 'Bad Request' };
}

/** What our own tables refuse, said as Twilio says it; a fault without a code of Twilio's is an invalid parameter. */
export function refusalOf(report: ErrorReport, facts: RefusalFacts): WireError {
  if (report.twilioCode !== null) return refusal(report.twilioCode, facts);
  return { status: 400, code: 20422, message: 'Invalid Parameter' };
}

/** The last four characters hidden, as Twilio does for the privacy of recipients. */
export function masked(number: string): string {
  return number.length > 4 ? `${number.slice(0, -4)}XXXX` : number;
}
