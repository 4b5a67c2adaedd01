/** A loop that works while there is something due, then sleeps until the next due time or until woken. */

import type { Clock, Logger } from '../core/ports.ts';
import { isTollboardError } from '../core/errors.ts';

export interface DueLoop {
  /** Something falls due at `dueAt` (default: now): look then, unless the loop looks earlier anyway. */
  wake(dueAt?: number): void;
  /** Stops taking new work; resolves when the work under way has ended. May be called twice. */
  stop(): Promise<void>;
}

export interface DueLoopOptions {
  name: string;
  clock: Clock;
  logger: Logger;
  /** Does what is due; true when there may be more at once. */
  work(signal: AbortSignal): Promise<boolean>;
  /** When something falls due next (milliseconds since the epoch), or null. */
  nextDue(): Promise<number | null>;
}

/** Why a sleep ended. Made once: an abort without a reason makes an exception with a stack each time. */
const WOKEN = new Error('woken');

/** Without a due time the loop still looks this often: a clock that jumped must not keep it asleep. */
const LONGEST_SLEEP_MS = 30_000;
/** After an error of the store (locked, full) it tries again this much later. */
const PAUSE_AFTER_ERROR_MS = 500;

export function startDueLoop(options: DueLoopOptions): DueLoop {
  const { clock, logger, name } = options;
  const stopping = new AbortController();
  let nap = new AbortController();
  let woken = false;
  let looksAt = 0;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      woken = false;
      looksAt = Number.POSITIVE_INFINITY;
      try {
        if (await options.work(stopping.signal)) continue;
        const due = await options.nextDue();
        await sleep(due === null ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, Math.max(0, due - clock.now())));
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.warn(
          { loop: name, code: isTollboardError(error) ? error.code : 'TOLLBOARD_INTERNAL', error },
          'work postponed',
        );
        await sleep(PAUSE_AFTER_ERROR_MS);
      }
    }
  }

  async function sleep(ms: number): Promise<void> {
    if (woken || stopping.signal.aborted) return;
    nap = new AbortController();
    looksAt = clock.now() + ms;
    try {
      await clock.sleep(Math.max(1, ms), nap.signal);
    } catch {
      // woken
    }
  }

  const ended = run();
  return {
    wake(dueAt = Number.NEGATIVE_INFINITY) {
      // What is due already is looked at in any case: `looksAt` is wrong after the clock jumped ahead.
      if (dueAt >= looksAt && dueAt > clock.now()) return;
      woken = true;
      nap.abort(WOKEN);
    },
    stop() {
      stopping.abort();
      nap.abort(WOKEN);
      return ended;
    },
  };
}
