/** Pace per sender: GCRA for configured rates, halving and additive recovery when Twilio says it is too fast. */

/** One row per sender in the store. Rates are messages per second; times milliseconds since the epoch. */
export interface SenderPace {
  /** `<account>/<sender>`. */
  readonly sender: string;
  /** The rate from `senders:`, or null for none (Twilio queues). */
  readonly configured: number | null;
  /** The rate in force after Twilio slowed us; null when not slowed. */
  readonly slowed: number | null;
  /** When the slowed rate was last changed. */
  readonly changedAt: number;
  /** GCRA's theoretical arrival time of the next message. */
  readonly nextAt: number;
}

/** Slowest pace and the pace at which slowing is forgotten where none is configured (messages per second). */
const FLOOR_PER_SECOND = 0.1;
const FORGET_PER_SECOND = 50;
/** Where no rate was configured the first halving starts from this one. */
const ASSUMED_PER_SECOND = 10;
const RECOVER_PER_SECOND_PER_SECOND = 0.5;

export function newPace(sender: string, configured: number | null, now: number): SenderPace {
  return { sender, configured, slowed: null, changedAt: now, nextAt: now };
}

/** The rate in force at `now`, recovery counted in; null means unlimited. */
export function rateAt(pace: SenderPace, now: number): number | null {
  if (pace.slowed === null) return pace.configured;
  const recovered = pace.slowed + (Math.max(0, now - pace.changedAt) / 1000) * RECOVER_PER_SECOND_PER_SECOND;
  const ceiling = pace.configured ?? FORGET_PER_SECOND;
  return recovered >= ceiling ? pace.configured : recovered;
}

/**
 * Reserves the next slot: `at` is when this message may leave (now, when there is room). A clock that jumped back
 * must not park a sender, so a slot further away than the rate can explain is cut to one interval.
 */
export function reserve(pace: SenderPace, now: number, waiting = 0): { at: number; pace: SenderPace } {
  const rate = rateAt(pace, now);
  if (rate === null) return { at: now, pace: { ...pace, slowed: null, nextAt: now } };
  const intervalMs = 1000 / rate;
  const latest = now + intervalMs * (waiting + 1);
  const at = Math.min(Math.max(now, pace.nextAt), latest);
  return { at, pace: { ...pace, nextAt: at + intervalMs } };
}

/** Twilio answered 20429 or 21611: halve the rate in force. Several answers within a second count once. */
export function slow(pace: SenderPace, now: number): SenderPace {
  if (pace.slowed !== null && now - pace.changedAt >= 0 && now - pace.changedAt < 1000) return pace;
  const rate = rateAt(pace, now) ?? ASSUMED_PER_SECOND;
  return { ...pace, slowed: Math.max(FLOOR_PER_SECOND, rate / 2), changedAt: now };
}
