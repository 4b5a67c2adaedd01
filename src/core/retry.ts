/** When to try again: pure schedules, from facts and `now` to an instant. */

/** Backoff of a request that Twilio certainly did not process (429 with 20429, queue full, connection refused). */
export const BACKOFF_BASE_MS = 500;
export const BACKOFF_CAP_MS = 60_000;

/**
 * Milliseconds to wait before try number `attempt + 1`: exponential with full jitter above a floor of half the step,
 * so that a storm neither synchronises nor returns at once. A `Retry-After` is honoured when it is longer (Twilio
 * documents none, twilio.md §1.5), up to the cap × 10.
 */
export function backoffMs(attempt: number, random: number, retryAfterMs: number | null = null): number {
  const step = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(Math.max(0, attempt - 1), 20));
  const jittered = Math.round(step / 2 + (random * step) / 2);
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, BACKOFF_CAP_MS * 10));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Status polls where no callback of ours is out: 5 s, 15 s, 1 min, 5 min, 30 min … to 12 h, then daily three times. */
const POLL_STEPS_MS = [5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 12 * HOUR];
const DAILY_POLLS = 3;

/**
 * With our own callback out, polls are only the safety net for a lost one: the first follows after a minute.
 * `polls` counts those made; the answer is the wait until the next one, or null when the last was made.
 */
export function pollWaitMs(polls: number, ownCallback: boolean): number | null {
  const steps = ownCallback ? POLL_STEPS_MS.slice(2) : POLL_STEPS_MS;
  const step = steps[polls];
  if (step !== undefined) return step;
  return polls < steps.length + DAILY_POLLS ? DAY : null;
}

/** After a poll that got no answer: 5 s, doubling to half an hour, for as long as it takes. */
export function failedPollWaitMs(failedInARow: number): number {
  return Math.min(30 * MINUTE, 5 * SECOND * 2 ** Math.min(failedInARow - 1, 10));
}

/**
 * When to look for a lost answer next. Three complete listings over at least `windowMs` are needed before absence
 * counts: at once (2 s, records appear with a delay), half-way, and at the end of the window. A failed or partial
 * listing is repeated after 5 s, doubling to a minute.
 */
export function lookupWaitMs(completeListings: number, failedInARow: number, windowMs: number): number {
  if (failedInARow > 0) return Math.min(MINUTE, 5 * SECOND * 2 ** Math.min(failedInARow - 1, 10));
  return completeListings === 0 ? 2 * SECOND : Math.ceil(windowMs / 2);
}
