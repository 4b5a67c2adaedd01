/** When a sink is tried again, and when an event is given up: pure, from facts to an instant. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Waits after the first, second … failed try; the last one repeats. */
const STEPS_MS = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];
/** A receiver that asks for more than this is asked again after this. */
const LONGEST_RETRY_AFTER_MS = 60 * MINUTE;
/** After a start every event gets this long, however old it is: a receiver on the same machine starts as well. */
const GRACE_MS = 10 * MINUTE;

/** An event that a sink has failed to take so far. */
export interface Tries {
  /** Tries made, the last one included. */
  readonly attempts: number;
  /** Those of them that the receiver refused; the others did not reach it, or it could not work. */
  readonly refusals: number;
}

export interface Bounds {
  /** Most refusals. */
  readonly attempts: number;
  readonly giveUpAfterMs: number;
}

export interface Waiting {
  /** When the event came, or when its replay was first tried. */
  readonly since: number;
  /** When the sink first failed after its last success. */
  readonly failingSince: number;
  /** When this process began. */
  readonly startedAt: number;
}

/**
 * Milliseconds until the next try; null: given up. A refusal is the receiver's word on this event, so only so many are
 * asked for, and the events behind it get their turn. A receiver that cannot be reached holds all of them up for
 * `giveUpAfterMs`: each event that long, counted from when it came or from the beginning of the failure, the later.
 */
export function nextTryMs(
  tries: Tries,
  bounds: Bounds,
  { now, random, retryAfterMs, ...waiting }: Waiting & { now: number; random: number; retryAfterMs: number | null },
): number | null {
  if (tries.refusals >= bounds.attempts) return null;
  const { giveUpAfterMs } = bounds;
  const end = Math.max(
    Math.max(waiting.since, waiting.failingSince) + giveUpAfterMs,
    waiting.startedAt + Math.min(GRACE_MS, giveUpAfterMs),
  );
  if (now >= end) return null;
  const step = STEPS_MS[Math.min(tries.attempts, STEPS_MS.length) - 1] ?? SECOND;
  const jittered = Math.round(step * (0.75 + random / 2));
  const asked = Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  // The last try falls on the end, so that a long step does not shorten the time that was promised.
  return Math.min(Math.max(jittered, asked), Math.max(1, end - now));
}
