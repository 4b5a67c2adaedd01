/** Statuses that came while the disk took nothing (locked, full): kept in memory, written as soon as it takes them. */

import type { Change, Clock, Logger, Store } from '../core/ports.ts';

export interface LateChanges {
  /** A status may be kept so: should the process end first, a poll brings it again. */
  keep(change: Change): void;
  /** Tries once more, then lets go of the rest. May be called twice. */
  stop(): Promise<void>;
}

export interface LateChangesOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
}

/** What comes beyond this many is let go of; polls bring it again. */
const MOST = 10_000;
const AGAIN_MS = 500;

export function createLateChanges({ store, clock, logger }: LateChangesOptions): LateChanges {
  const waiting: Change[] = [];
  const stopping = new AbortController();
  let working: Promise<void> | null = null;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = [...waiting];
      try {
        await store.apply(batch, clock.now());
        waiting.splice(0, batch.length);
      } catch {
        if (stopping.signal.aborted) break;
        await clock.sleep(AGAIN_MS, stopping.signal).catch(() => undefined);
      }
    }
    working = null;
  }

  return {
    keep(change) {
      if (waiting.length === 0) logger.warn({}, 'a status is not on disk yet; trying again');
      if (waiting.length < MOST && !stopping.signal.aborted) waiting.push(change);
      working ??= write();
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}
