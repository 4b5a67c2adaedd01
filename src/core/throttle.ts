/** Pace per sender: GCRA for configured rates, halving and additive recovery when Twilio says it is too fast. */

import type { EntryRecord } from './entry.ts';

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
export function reserve(known: SenderPace, now: number, waiting = 0): { at: number; pace: SenderPace } {
  // Nor may it stop the recovery until the old time is reached again.
  const pace = now < known.changedAt ? { ...known, changedAt: now } : known;
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

/** The key of a pace: the account and what its messages are sent from (`''` where Twilio picks by itself). */
export function senderKey({ account, from, params }: Pick<EntryRecord, 'account' | 'from' | 'params'>): string {
  return `${account}/${from ?? String(params.messagingServiceSid ?? '')}`;
}

/** How late an entry that waited may be claimed without the sender losing that time. */
const LATE_MS = 50;

/**
 * May one entry leave at `now`? With room its slot is taken; without, `at` is when the sender should be asked again, and
 * the pace remembers it. `waited` tells that entries were waiting: time lost between their slot and the claim (timer,
 * disk) is then made good, up to 50 ms, so that the rate holds over many; longer pauses never lead to a burst.
 */
export function depart(pace: SenderPace, now: number, waited: boolean): { go: boolean; at: number; pace: SenderPace } {
  const slot = waited ? Math.min(now, Math.max(pace.nextAt, now - LATE_MS)) : now;
  const reserved = reserve(pace, slot);
  if (reserved.at <= now) return { go: true, at: now, pace: reserved.pace };
  return { go: false, at: reserved.at, pace: { ...pace, nextAt: reserved.at } };
}
