/** Runs that wait for a trigger in the middle of their actions. */

import type { EventRecord } from '../core/event.ts';
import type { Clock } from '../core/ports.ts';
import type { Trigger } from './definition.ts';
import type { Firing } from './firing.ts';
import type { Waiting } from './run.ts';
import type { Fired } from './trigger.ts';
import { firedByTime, nextTime } from './trigger.ts';

export interface Wait {
  readonly waiting: Waiting;
  /** Ends the wait: to be told once what fired is on disk. */
  resolve(fired: Fired): void;
}

export interface Waits {
  /** Resolves with what fired; rejects with the signal's reason. */
  wait(triggers: readonly Trigger[], waiting: Waiting, signal: AbortSignal): Promise<Fired>;
  /** The waits that an event fires; they go on waiting until they are resolved. */
  fired(event: EventRecord): Promise<Array<[Wait, Fired]>>;
}

export function createWaits({ clock, firing }: { clock: Clock; firing: Firing }): Waits {
  const waits = new Map<Wait, readonly Trigger[]>();

  /** Times come by themselves; they are noted by their run alone. */
  function watchTimes(triggers: readonly Trigger[], signal: AbortSignal, tell: (fired: Fired) => void): void {
    for (const [index, trigger] of triggers.entries()) {
      const at = trigger.kind === 'event' ? null : nextTime(trigger, clock.now());
      if (trigger.kind === 'event' || at === null) continue;
      clock.sleep(at - clock.now(), signal).then(
        () => tell(firedByTime(trigger, index, at)),
        () => undefined,
      );
    }
  }

  return {
    wait: (triggers, waiting, signal) =>
      new Promise((resolve, reject) => {
        const times = new AbortController();
        const end = () => {
          waits.delete(wait);
          times.abort();
          signal.removeEventListener('abort', abort);
        };
        const abort = () => {
          end();
          reject(signal.reason as Error);
        };
        const wait: Wait = {
          waiting,
          resolve(fired) {
            end();
            resolve(fired);
          },
        };
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        waits.set(wait, triggers);
        watchTimes(triggers, times.signal, wait.resolve);
      }),
    async fired(event) {
      const found: Array<[Wait, Fired]> = [];
      for (const [wait, triggers] of waits) {
        const fired = await firing(triggers, event, wait.waiting.evaluation.variables);
        if (fired !== null) found.push([wait, fired]);
      }
      return found;
    },
  };
}
