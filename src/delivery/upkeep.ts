/** Upkeep: removes what is past its retention, and notices a clock that was set back. */

import type { Clock, Logger, Retention, Store } from '../core/ports.ts';

export interface UpkeepOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  retention: Retention;
  /** The clock went back and due times were moved with it: everything that sleeps must look again. */
  onClockSetBack(): void;
}

export interface Upkeep {
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;
/** Smaller steps are the clock being disciplined, and harmless. */
const STEP_MS = 2_000;
/** A leap ahead that lasted this long, by time slept, is believed. */
const BELIEVED_AFTER_MS = 86_400_000;

/**
 * What is removed is gone for good (with the idempotency keys that keep a text from going out twice), so retention does
 * not go by a clock that leapt ahead: it is measured by the clock less every leap that no sleep of ours explains, until
 * the leap has lasted a day. For the same reason nothing is removed in the first hour after a start.
 */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { store, clock, logger } = options;
  const stopping = new AbortController();

  async function run(): Promise<void> {
    const leaps = new Leaps();
    let slept = 0;
    let pruneAt = PRUNE_EVERY_MS;
    let last = clock.now();
    /** How far back due times have still to move. */
    let backMs = 0;
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      slept += LOOK_EVERY_MS;
      const now = clock.now();
      leaps.note(now - last, slept);
      if (now < last - STEP_MS) backMs += last - now;
      last = now;
      try {
        if (backMs > 0) await setBack(backMs);
        backMs = 0;
        if (slept < pruneAt) continue;
        const removed = await store.prune(options.retention, now - leaps.unbelieved(slept));
        pruneAt = slept + PRUNE_EVERY_MS;
        if (removed > 0) logger.info({ removed }, 'removed what was past its retention');
      } catch (error) {
        logger.warn({ error }, 'upkeep postponed');
      }
    }
  }

  async function setBack(byMs: number): Promise<void> {
    const moved = await store.rebase(clock.now());
    logger.warn({ byMs, moved }, 'the clock was set back; due times moved with it');
    options.onClockSetBack();
  }

  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Leaps of the clock ahead, each believed once it has lasted. */
class Leaps {
  #leaps: Array<{ byMs: number; sleptBefore: number }> = [];

  /** `passed`: what the clock says of the time since the last look, which was one sleep ago. */
  note(passed: number, slept: number): void {
    if (passed > LOOK_EVERY_MS + STEP_MS) this.#leaps.push({ byMs: passed - LOOK_EVERY_MS, sleptBefore: slept });
    let back = passed < 0 ? LOOK_EVERY_MS - passed : 0;
    // A clock that is set right takes back the latest leap first.
    for (let leap = this.#leaps.at(-1); back > 0 && leap !== undefined; leap = this.#leaps.at(-1)) {
      const taken = Math.min(back, leap.byMs);
      leap.byMs -= taken;
      back -= taken;
      if (leap.byMs === 0) this.#leaps.pop();
    }
  }

  unbelieved(slept: number): number {
    this.#leaps = this.#leaps.filter(({ sleptBefore }) => slept - sleptBefore < BELIEVED_AFTER_MS);
    return this.#leaps.reduce((sum, { byMs }) => sum + byMs, 0);
  }
}
