/** Delivery without a store: each entry is tried at once, and a lost answer is looked for at Twilio. */

import type { EntryRecord, NewEntry } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Clock, Random, TwilioAccount } from '../core/ports.ts';
import { errorReport } from '../core/errors.ts';
import { toForm } from '../core/form.ts';
import { moved } from '../core/outbox.ts';
import { backoffMs } from '../core/retry.ts';
import { seekLost } from './seek-lost.ts';

/** Requests under way at a time. */
export const LANES = 10;
/** Requests that Twilio certainly did not process are repeated this often, with backoff. */
export const ATTEMPTS = 6;

/** What a one-shot delivery needs of its world. */
export interface OneShot {
  clock: Clock;
  random: Random;
  signal: AbortSignal | undefined;
  /** Told what Twilio answered for an entry that it took. */
  onTaken?(id: string, resource: Record<string, unknown>): void;
}

/** Every entry in its last state, in the order given; those already rejected stay so. Never throws for a recipient. */
export async function deliverOnce(
  entries: readonly NewEntry[],
  twilio: TwilioAccount,
  world: OneShot,
): Promise<EntryRecord[]> {
  const records = entries.map((entry): EntryRecord => ({ ...entry, seq: 0 }));
  // What meets every recipient alike (no connection, wrong credentials) is found out once, not a thousand times.
  let halted: ErrorReport | null = null;
  let next = 0;
  const lane = async () => {
    while (next < records.length) {
      const place = next++;
      const record = records[place];
      if (record === undefined || record.state === 'rejected') continue;
      const error: ErrorReport | null = world.signal?.aborted === true ? interrupted(record.to) : halted;
      if (error !== null) {
        records[place] = moved(record, { type: 'rejected', error }, world.clock.now());
        continue;
      }
      const { entry, halt } = await deliver(record, twilio, world);
      records[place] = entry;
      halted ??= halt;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return seekLost(records, twilio, world);
}

async function deliver(
  record: EntryRecord,
  twilio: TwilioAccount,
  { clock, random, signal, onTaken }: OneShot,
): Promise<{ entry: EntryRecord; halt: ErrorReport | null }> {
  const form = toForm(record.kind, record.to, record.params, record.extra);
  let entry = record;
  for (;;) {
    entry = moved(
      entry,
      { type: 'claimed', callbackMode: entry.params.statusCallback === undefined ? 'none' : 'caller' },
      clock.now(),
    );
    // Never aborted: that would not call the request back, only lose its answer.
    const result = await twilio.create(entry.kind, form);
    const now = clock.now();
    if (result.outcome === 'accepted') {
      onTaken?.(entry.id, result.resource);
      return { entry: moved(entry, { ...result, type: 'accepted' }, now), halt: null };
    }
    if (result.outcome === 'unknown')
      return { entry: moved(entry, { type: 'lost', error: result.error }, now), halt: null };
    const again = result.outcome === 'rate_limited' && entry.attempts < ATTEMPTS && signal?.aborted !== true;
    if (!again) {
      const halt = result.outcome === 'not_sent' || result.error.kind === 'unauthorized' ? result.error : null;
      return { entry: moved(entry, { type: 'rejected', error: result.error }, now), halt };
    }
    const pause = backoffMs(entry.attempts, random.number(), result.retryAfterMs);
    entry = moved(entry, { type: 'retry', error: result.error, at: now + pause }, now);
    await clock.sleep(pause, signal).catch(() => undefined);
  }
}

function interrupted(to: string): ErrorReport {
  return errorReport('TOLLBOARD_CLI_INTERRUPTED', {
    stage: 'before_send',
    details: { to, again: 'Send it again to this recipient alone.' },
  });
}
