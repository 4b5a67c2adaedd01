/** What a refusal means for the recipient: kept apart from the checks, which one-shot commands need not load. */

import type { Entry } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { SendRequest } from './ports.ts';

/**
 * The outcome of a request whose only recipient was refused: a line of its own that was never stored (`id` null). Null
 * when the error concerns no recipient, or the request has several. `simulated`: of the account that was to send.
 */
export function refusedOutcome(request: SendRequest, error: ErrorReport, simulated = false): Entry | null {
  const to = typeof request.to === 'string' ? request.to : request.to.length === 1 ? request.to[0] : undefined;
  if (to === undefined || !concernsRecipient(error)) return null;
  return unstoredOutcome(request, to, { state: 'rejected', error, simulated });
}

/** The line of a recipient whose request nobody is known to have stored: without id, account and times. */
export function unstoredOutcome(
  { kind, params: { from, body }, host }: SendRequest,
  to: string,
  known: Pick<Entry, 'state' | 'error' | 'simulated'> & { idempotencyKey?: string | null },
): Entry {
  return {
    id: null,
    sid: null,
    kind,
    status: null,
    to,
    from: typeof from === 'string' ? from : null,
    body: typeof body === 'string' ? body : null,
    host,
    account: null,
    idempotencyKey: null,
    segments: null,
    encoding: null,
    attempts: 0,
    resolution: null,
    createdAt: null,
    updatedAt: null,
    ...known,
  };
}

/** Twilio's codes for a fault of one recipient; any other fault would meet every recipient alike. */
const RECIPIENT_FAULTS: ReadonlySet<number> = new Set([21201, 21211, 21217, 21265, 21266, 21604, 21610, 21910]);

export function concernsRecipient(error: ErrorReport): boolean {
  return error.twilioCode !== null && RECIPIENT_FAULTS.has(error.twilioCode);
}
