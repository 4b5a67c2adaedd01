/** Statuses that came while the disk took nothing (locked, full): kept in memory, written as soon as it takes them. */

import type { Change, Clock, Logger, Store } from '../core/ports.ts';
import { isTollboardError } from '../core/errors.ts';

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
/** What is worth another try: the disk, not the change, stands in the way. */
const PASSING: ReadonlySet<string> = new Set([
  'TOLLBOARD_STORE_BUSY',
  'TOLLBOARD_STORE_FULL',
  'TOLLBOARD_STORE_UNWRITABLE',
]);

export function createLateChanges({ store, clock, logger }: LateChangesOptions): LateChanges {
  const waiting: Change[] = [];
  const stopping = new AbortController();
  let working: Promise<void> | null = null;

  async function write(): Promise<void> {
    /** One by one after an error that is no disk's, so that the change it is about is found. */
    let most = MOST;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      try {
        await store.apply(batch, clock.now());
        waiting.splice(0, batch.length);
      } catch (error) {
        if (stopping.signal.aborted) break;
        if (isTollboardError(error) && PASSING.has(error.code)) {
          await clock.sleep(AGAIN_MS, stopping.signal).catch(() => undefined);
        } else if (batch.length > 1) {
          most = 1;
        } else {
          logger.error({ ...batch[0]?.key, error }, 'a status that came late could not be written and is let go of');
          waiting.shift();
        }
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
