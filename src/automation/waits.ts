/** Runs that wait for a trigger in the middle of their actions. */

import type { EventRecord } from '../core/event.ts';
import type { Clock } from '../core/ports.ts';
import type { Trigger } from './definition.ts';
import type { Waiting } from './journal.ts';
import type { Fired } from './trigger.ts';
import { firedBy, firedByTime, nextTime } from './trigger.ts';

/** A wait that an event has fired, not yet on disk. */
export interface FiredWait {
  readonly waiting: Waiting;
  readonly fired: Fired;
  /** What fired is on disk: the wait ends. */
  kept(): void;
  /** It is not: the wait goes on. */
  lost(): void;
}

export interface Waits {
  /** An event from now on ends it, by triggers without templates. Again: nothing. */
  begin(waiting: Waiting, triggers: Promise<readonly Trigger[]>): void;
  /**
   * Resolves with what fired since it began, at once where something did; rejects with the signal's reason, or with what
   * was wrong with its triggers. Each ends it.
   */
  wait(waiting: Waiting, signal: AbortSignal): Promise<Fired>;
  /** The waits that an event fires; no other event fires them until they are lost. */
  fired(event: EventRecord): Promise<FiredWait[]>;
  /** Ends those of a run. */
  end(runId: string): void;
}

interface Wait {
  waiting: Waiting;
  triggers: Promise<readonly Trigger[]>;
  state: 'open' | 'taken';
  fired: Fired | null;
  tell: (fired: Fired) => void;
}

export function createWaits({ clock }: { clock: Clock }): Waits {
  const waits = new Map<string, Wait>();
  const keyOf = ({ runId, key }: Waiting) => JSON.stringify([runId, key]);

  /** Times come by themselves; they are noted by their run alone. */
  function watchTimes(triggers: readonly Trigger[], signal: AbortSignal, tell: (fired: Fired) => void): void {
    for (const [index, trigger] of triggers.entries()) {
      const at = trigger.kind === 'event' || trigger.enabled === false ? null : nextTime(trigger, clock.now());
      if (trigger.kind === 'event' || at === null) continue;
      clock.sleep(at - clock.now(), signal).then(
        () => tell(firedByTime(trigger, index, at)),
        () => undefined,
      );
    }
  }

  function resolve(wait: Wait, fired: Fired): void {
    wait.fired = fired;
    wait.tell(fired);
  }

  return {
    begin(waiting, triggers) {
      if (waits.has(keyOf(waiting))) return;
      // Whoever waits is told; it may be that nobody comes to.
      triggers.catch(() => undefined);
      waits.set(keyOf(waiting), { waiting, triggers, state: 'open', fired: null, tell: () => undefined });
    },
    async wait(waiting, signal) {
      const wait = waits.get(keyOf(waiting)) as Wait;
      const times = new AbortController();
      try {
        const triggers = await wait.triggers;
        return await new Promise<Fired>((done, reject) => {
          if (wait.fired !== null) return done(wait.fired);
          if (signal.aborted) return reject(signal.reason as Error);
          const abort = () => reject(signal.reason as Error);
          signal.addEventListener('abort', abort, { once: true });
          times.signal.addEventListener('abort', () => signal.removeEventListener('abort', abort), { once: true });
          wait.tell = done;
          watchTimes(triggers, times.signal, done);
        });
      } finally {
        times.abort();
        waits.delete(keyOf(waiting));
      }
    },
    async fired(event) {
      const found: FiredWait[] = [];
      for (const wait of waits.values()) {
        const triggers = await wait.triggers.catch(() => []);
        const fired = wait.state === 'open' ? firedBy(triggers, event) : null;
        if (fired === null) continue;
        wait.state = 'taken';
        const { waiting } = wait;
        const lost = () => {
          wait.state = 'open';
        };
        found.push({ waiting, fired, kept: () => resolve(wait, fired), lost });
      }
      return found;
    },
    end(runId) {
      for (const [key, { waiting }] of waits) if (waiting.runId === runId) waits.delete(key);
    },
  };
}
