/** What came of one try: taken, refused by the receiver, or not to be had just now. */

import type { ErrorReport } from '../core/errors.ts';
import { errorReport, isTollboardError } from '../core/errors.ts';

export type Outcome =
  | { readonly taken: true }
  | {
      readonly taken: false;
      /** True where the receiver said no to this event; false where it was not reached, or said that it cannot now. */
      readonly refused: boolean;
      readonly error: ErrorReport;
      /** What the receiver asked for, milliseconds. */
      readonly retryAfterMs: number | null;
    };

export const TAKEN: Outcome = { taken: true };

/** Of an error that was thrown on the way: all but our own refusal may pass by itself. */
export function failureOf(error: unknown): Outcome {
  const report = isTollboardError(error) ? error.report : errorReport('TOLLBOARD_INTERNAL', { cause: error });
  return { taken: false, refused: report.code === 'TOLLBOARD_TARGET_REFUSED', error: report, retryAfterMs: null };
}
