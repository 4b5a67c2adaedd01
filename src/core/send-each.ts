/** Several requests of one send, each for itself: what one of them meets costs no other its outcomes. */

import type { Entry } from './entry.ts';
import type { SendRequest } from './ports.ts';
import { errorReport, isTollboardError, TollboardError } from './errors.ts';
import { refusedOutcome, unstoredOutcome } from './refusal.ts';

/** Kinds of errors that would meet the requests after this one alike: those are not begun. */
const MEETS_ALL: ReadonlySet<string> = new Set(['unavailable', 'timeout', 'unauthorized', 'internal']);

/**
 * The outcomes in order. A single recipient that the check refuses is an outcome of its own, not an exception. Where one
 * of several requests throws, its recipients get lines that tell the error (`rejected`, or `unknown` where it may have
 * left), and the others go on or, where they would meet the same, are told not to have been sent. Throws only when no
 * request brought an outcome: the error of the one that may have left, else the first.
 */
export async function sendEach(
  requests: readonly SendRequest[],
  sendOne: (request: SendRequest, index: number) => Promise<Entry[]>,
  signal?: AbortSignal,
): Promise<Entry[]> {
  const outcomes: Entry[][] = [];
  const thrown: Array<{ error: unknown; fault: TollboardError }> = [];
  let end: TollboardError | null = null;
  for (const [index, request] of requests.entries()) {
    if (end !== null || signal?.aborted === true) {
      if (thrown.length === index) break;
      outcomes.push(linesOf(request, end === null ? null : notBegun(end)));
      continue;
    }
    try {
      outcomes.push(await sendOne(request, index));
    } catch (error) {
      const fault = isTollboardError(error) ? error : broken(error, signal);
      const refused = refusedOutcome(request, fault.report, fault.details.simulated === true);
      if (refused === null) thrown.push({ error, fault });
      if (MEETS_ALL.has(fault.kind)) end = fault;
      outcomes.push(refused === null ? linesOf(request, fault) : [refused]);
    }
  }
  if (thrown.length < outcomes.length) return outcomes.flat();
  const first = thrown.find(({ fault }) => fault.report.stage === 'unknown') ?? thrown[0];
  if (first !== undefined) throw first.error;
  signal?.throwIfAborted();
  return [];
}

/** One line per recipient; `fault` null: the caller ended the send before this request. */
function linesOf(request: SendRequest, fault: TollboardError | null): Entry[] {
  const addresses = typeof request.to === 'string' ? [request.to] : request.to;
  return addresses.map((to) => {
    const again = 'Send it again to this recipient alone.';
    const details = { to, again };
    const error = fault?.report ?? errorReport('TOLLBOARD_CLI_INTERRUPTED', { details, stage: 'before_send' });
    const state = error.stage === 'unknown' ? 'unknown' : 'rejected';
    return unstoredOutcome(request, to, { state, error, simulated: fault?.details.simulated === true });
  });
}

function notBegun(end: TollboardError): TollboardError {
  return TollboardError.from({ ...end.report, stage: 'before_send' }, end.details);
}

/** Ended by the caller, or by a fault of ours: neither proves anything about what left. */
function broken(cause: unknown, signal: AbortSignal | undefined): TollboardError {
  const code = signal?.aborted === true ? 'TOLLBOARD_REQUEST_ABORTED' : 'TOLLBOARD_INTERNAL';
  return new TollboardError(code, { cause, stage: 'unknown' });
}
