/** The forwarder: tells a caller's own StatusCallback what ours was told, re-signed, in order per entry. */

import type { EntryKind } from '../core/entry.ts';
import type { Clock, Forward, Logger, Store } from '../core/ports.ts';
import type { DueLoop } from './loop.ts';
import { isTollboardError } from '../core/errors.ts';
import { startDueLoop } from './loop.ts';

export interface ForwarderOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** The signature header's value for a form to this URL with the account's token, or null without a token. */
  sign(account: string, url: string, fields: Forward['fields'], kind: EntryKind): string | null;
  /** POSTs a form under the rules for URLs that came in requests; resolves with the HTTP status, rejects otherwise. */
  post(url: string, body: string, headers: Record<string, string>, signal: AbortSignal): Promise<number>;
}

/** Waits after a failed try; then it is given up (Twilio itself tries once more, and only on connect failures). */
const RETRY_MS = [1_000, 10_000, 60_000, 600_000];
const AT_ONCE = 20;

export function startForwarder(options: ForwarderOptions): DueLoop {
  const { store, clock, logger } = options;
  const outcomes: Outcomes = new Map();
  return startDueLoop({
    name: 'forwarder',
    clock,
    logger,
    nextDue: () => store.nextForward(),
    async work(signal) {
      const due = await store.dueForwards(clock.now(), AT_ONCE);
      const settled = await Promise.allSettled(due.map((forward) => tell(forward, options, outcomes, signal)));
      // Only now: a try that is still under way must not be begun a second time.
      for (const result of settled) if (result.status === 'rejected') throw result.reason;
      return due.length > 0;
    },
  });
}

/**
 * What came of tries that the disk (locked, full) has not taken yet: null is told or given up, else the wait until the
 * next try. They are written again, not tried again.
 */
type Outcomes = Map<Forward['seq'], number | null>;

async function tell(
  forward: Forward,
  options: ForwarderOptions,
  outcomes: Outcomes,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = options;
  const known = outcomes.get(forward.seq);
  const wait = known === undefined ? await attempt(forward, options, signal) : known;
  if (wait === undefined) return;
  outcomes.set(forward.seq, wait);
  await store.settleForward(forward.seq, wait === null ? null : clock.now() + wait);
  outcomes.delete(forward.seq);
}

/** One try: null when the forward is done with, else the wait until the next; undefined when stopped in the middle. */
async function attempt(
  forward: Forward,
  options: ForwarderOptions,
  signal: AbortSignal,
): Promise<number | null | undefined> {
  const url = forward.url.split('#')[0] ?? forward.url;
  const signature = options.sign(forward.account, url, forward.fields, kindOf(forward));
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  if (signature !== null) headers['x-twilio-signature'] = signature;
  try {
    const status = await options.post(url, new URLSearchParams(forward.fields).toString(), headers, signal);
    if (status < 500) return null;
    throw new Error(`the receiver answered ${status}`);
  } catch (error) {
    if (signal.aborted) return undefined;
    // No later try would be allowed either.
    const never = isTollboardError(error) && error.code === 'TOLLBOARD_TARGET_REFUSED';
    const wait = never ? null : (RETRY_MS[forward.attempts] ?? null);
    const reason = error instanceof Error ? error.message : String(error);
    options.logger.warn(
      { entry: forward.entryId, attempts: forward.attempts + 1, reason, givenUp: wait === null },
      'a status callback could not be forwarded',
    );
    return wait;
  }
}

/** Twilio signs voice callbacks over https without the port, so the kind matters (Twilio docs: security). */
function kindOf({ fields }: Forward): EntryKind {
  return fields.some(([name]) => name === 'CallSid') ? 'call' : 'message';
}
