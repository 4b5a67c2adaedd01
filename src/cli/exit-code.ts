/** The exit code of `send`, `call` and `status`, from the outcomes alone: whatever form they are printed in. */

import type { Entry } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import { ERROR_KINDS } from '../core/errors.ts';

/** What each code means; the reference page prints this table. */
export const EXIT_CODES = {
  0: 'all accepted (with `--wait`: delivered, read, or still `sent` when the wait ends; a call: `completed`)',
  1: 'all failed',
  2: 'usage or configuration',
  3: 'some failed',
  4: 'any unknown or held, or with `--wait` not yet `sent` (a call: not yet `completed`); 4 beats 3',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;
/** `open`: nobody can say yet how it ends, so it must not be sent again. */
export type Verdict = 'good' | 'failed' | 'open';

const FAILED_STATUSES = new Set(['failed', 'undelivered', 'busy', 'no-answer', 'canceled']);

const VERDICTS: Readonly<Record<Entry['state'], (entry: Entry, waited: boolean) => Verdict>> = {
  scheduled: (_entry, waited) => (waited ? 'open' : 'good'),
  queued: (_entry, waited) => (waited ? 'open' : 'good'),
  sending: (_entry, waited) => (waited ? 'open' : 'good'),
  unknown: () => 'open',
  held: () => 'open',
  sent: (entry, waited) => (waited && entry.kind === 'call' ? 'open' : 'good'),
  done: (entry) => (entry.error !== null || FAILED_STATUSES.has(entry.status ?? '') ? 'failed' : 'good'),
  rejected: () => 'failed',
  expired: () => 'failed',
  canceled: () => 'failed',
};

export function verdict(entry: Entry, waited: boolean): Verdict {
  return VERDICTS[entry.state](entry, waited);
}

/** `waited`: the command waited for the end, so that a message not yet taken by Twilio is open. */
export function exitCode(entries: readonly Entry[], waited: boolean): ExitCode {
  const verdicts = entries.map((entry) => verdict(entry, waited));
  if (verdicts.includes('open')) return 4;
  if (!verdicts.includes('failed')) return 0;
  return verdicts.includes('good') ? 3 : 1;
}

/** For an error that ended the command: a lost answer is 4, everything else follows from its kind. */
export function errorExitCode(report: Pick<ErrorReport, 'kind' | 'stage'>): ExitCode {
  return report.stage === 'unknown' ? 4 : ERROR_KINDS[report.kind].exit;
}
