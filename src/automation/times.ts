/** Times that come: each fires its automations once, and none that passed is made up for. */

import type { Clock } from '../core/ports.ts';
import type { Automation } from './definition.ts';
import type { Fired, TimeTrigger } from './trigger.ts';
import { firedByTime, nextTime } from './trigger.ts';

export interface TimesOptions {
  clock: Clock;
  automations(): readonly Automation[];
  fire(automation: Automation, fired: Fired, at: number): Promise<void>;
  /** Called with every look at the clock. */
  onLook(): Promise<void>;
}

export interface Times {
  /** The automations are others now. */
  reload(): void;
  stop(): Promise<void>;
}

/** A clock that jumps must not keep a time from coming. */
const LONGEST_SLEEP_MS = 30_000;

export function watchTimes({ clock, automations, fire, onLook }: TimesOptions): Times {
  const stopping = new AbortController();
  let nap = new AbortController();

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const now = clock.now();
      const due = dueAfter(automations(), now);
      const next = Math.min(...due.map(({ at }) => at), now + LONGEST_SLEEP_MS);
      nap = new AbortController();
      await clock.sleep(Math.max(1, next - now), nap.signal).catch(() => undefined);
      for (const { automation, trigger, index, at } of due) {
        if (stopping.signal.aborted) return;
        if (at <= clock.now() && at <= next) await fire(automation, firedByTime(trigger, index, at), at);
      }
      await onLook();
    }
  }

  const watching = watch();
  return {
    reload: () => nap.abort(),
    async stop() {
      stopping.abort();
      nap.abort();
      await watching;
    },
  };
}

interface Due {
  automation: Automation;
  trigger: TimeTrigger;
  index: number;
  at: number;
}

function dueAfter(automations: readonly Automation[], now: number): Due[] {
  const firing = automations.filter(({ fires }) => fires);
  return firing.flatMap((automation) =>
    automation.triggers.flatMap((trigger, index) => {
      const at = trigger.kind === 'event' || trigger.enabled === false ? null : nextTime(trigger, now);
      return at === null ? [] : [{ automation, trigger: trigger as TimeTrigger, index, at }];
    }),
  );
}
