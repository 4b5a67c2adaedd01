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
/** Smaller steps back are the clock being disciplined, and harmless. */
const SET_BACK_MS = 2_000;

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { store, clock, logger } = options;
  const stopping = new AbortController();

  async function run(): Promise<void> {
    let last = clock.now();
    let pruneAt = last;
    while (!stopping.signal.aborted) {
      const now = clock.now();
      try {
        if (now < last - SET_BACK_MS) await setBack(last - now);
        if (now >= pruneAt || pruneAt > now + PRUNE_EVERY_MS) {
          pruneAt = now + PRUNE_EVERY_MS;
          const removed = await store.prune(options.retention, now);
          if (removed > 0) logger.info({ removed }, 'removed what was past its retention');
        }
        last = now;
      } catch (error) {
        logger.warn({ error }, 'upkeep postponed');
      }
      await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => undefined);
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
