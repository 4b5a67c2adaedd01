/** A Clock that stands still until a test moves it. */

import type { Clock } from '../../src/core/ports.ts';

export interface ManualClock extends Clock {
  /** Moves time on and ends every sleep that falls due, earliest first. */
  advance(ms: number): void;
  /** Jumps without ending any sleep: what a corrected system clock does. */
  jump(ms: number): void;
  /** Sleeps under way. */
  readonly sleeping: number;
  /** Resolves once at least `count` sleeps are under way. */
  untilSleeping(count: number): Promise<void>;
}

interface Sleep {
  left: number;
  readonly wake: () => void;
}

/** Starts at noon of 1 July 2026, UTC. */
export function createManualClock(start = Date.UTC(2026, 6, 1, 12)): ManualClock {
  const sleeps = new Set<Sleep>();
  const watchers = new Set<() => void>();
  let now = start;
  let steady = 0;
  return {
    now: () => now,
    steady: () => steady,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
          sleeps.delete(sleep);
          reject(signal?.reason);
        };
        const sleep: Sleep = {
          left: ms,
          wake: () => {
            sleeps.delete(sleep);
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        sleeps.add(sleep);
        signal?.addEventListener('abort', abort, { once: true });
        for (const watcher of watchers) watcher();
      });
    },
    advance(ms) {
      const due = [...sleeps].filter((sleep) => sleep.left <= ms).sort((a, b) => a.left - b.left);
      for (const sleep of sleeps) if (sleep.left > ms) sleep.left -= ms;
      now += ms;
      steady += ms;
      for (const sleep of due) if (sleeps.has(sleep)) sleep.wake();
    },
    jump(ms) {
      now += ms;
    },
    get sleeping() {
      return sleeps.size;
    },
    untilSleeping(count) {
      return new Promise((resolve) => {
        const check = () => {
          if (sleeps.size < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      });
    },
  };
}
