/** What a run tells of one recipient, for the tests of how each host tells it. */

import type { Outcome } from '../../src/hosts/host.ts';

const NOON = Date.UTC(2026, 6, 1, 12);

/** Of {@link outcome}, unless it says otherwise. */
export const OUTCOME_SID = `SM${'0a'.repeat(16)}`;

/** Taken by Twilio and queued, asked for at noon of 2026-07-01 (UTC), but for `change`. */
export function outcome(to: string, change: Partial<Outcome> = {}): Outcome {
  return {
    to,
    verdict: 'taken',
    id: OUTCOME_SID,
    sid: OUTCOME_SID,
    status: 'queued',
    error: null,
    at: NOON,
    resource: null,
    entry: null,
    duplicate: false,
    replayed: false,
    ...change,
  };
}
