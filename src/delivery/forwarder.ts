/** The forwarder: tells a caller's own StatusCallback what ours was told, re-signed, in order per entry. */

import type { EntryKind } from '../core/entry.ts';
import type { Clock, Forward, Logger, Store } from '../core/ports.ts';
import type { DueLoop } from './loop.ts';
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
  return startDueLoop({
    name: 'forwarder',
    clock,
    logger,
    nextDue: () => store.nextForward(),
    async work(signal) {
      const due = await store.dueForwards(clock.now(), AT_ONCE);
      await Promise.all(due.map((forward) => tell(forward, options, signal)));
      return due.length > 0;
    },
  });
}

async function tell(forward: Forward, options: ForwarderOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, logger } = options;
  const url = forward.url.split('#')[0] ?? forward.url;
  const signature = options.sign(forward.account, url, forward.fields, kindOf(forward));
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  if (signature !== null) headers['x-twilio-signature'] = signature;
  try {
    const status = await options.post(url, new URLSearchParams(forward.fields).toString(), headers, signal);
    if (status < 500) return await store.settleForward(forward.seq, null);
    throw new Error(`the receiver answered ${status}`);
  } catch (error) {
    if (signal.aborted) return;
    const wait = RETRY_MS[forward.attempts];
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn(
      { entry: forward.entryId, attempts: forward.attempts + 1, reason, givenUp: wait === undefined },
      'a status callback could not be forwarded',
    );
    await store.settleForward(forward.seq, wait === undefined ? null : clock.now() + wait);
  }
}

/** Twilio signs voice callbacks over https without the port, so the kind matters (Twilio docs: security). */
function kindOf({ fields }: Forward): EntryKind {
  return fields.some(([name]) => name === 'CallSid') ? 'call' : 'message';
}
