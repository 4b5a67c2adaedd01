/** Sleeps and waits that end at a time of the clock, however far it is. */

import type { Clock } from '../core/ports.ts';

/** Timers of Node end after 24 days at most. */
const LONGEST_NAP_MS = 86_400_000;

/** Rejects with the signal's reason. */
export async function sleepUntil(clock: Clock, until: number, signal: AbortSignal): Promise<void> {
  // The clock is read again after each nap: a timer of Node may end a millisecond early.
  for (let left = until - clock.now(); left > 0; left = until - clock.now())
    await clock.sleep(Math.min(left, LONGEST_NAP_MS), signal);
}

/** What the work comes to, or null when the time is up; it has no end where `until` is null. */
export async function within<T>(
  clock: Clock,
  until: number | null,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  if (until === null) return work(signal);
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, signal]);
  const timeout = sleepUntil(clock, until, either).then(
    () => null,
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work(either), timeout]);
  } finally {
    over.abort();
  }
}
