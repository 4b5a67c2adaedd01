/** What time it is at Twilio, at least: from the creation times in its answers, carried on by a clock that never jumps. */

import type { Clock } from '../core/ports.ts';

export interface TwilioTimes {
  /** Twilio's answer to a create: it was made before it arrived, so Twilio's clock now shows at least its `date_created`. */
  note(account: string, resource: Readonly<Record<string, unknown>>): void;
  /** By account, milliseconds since the epoch; accounts whose Twilio's time is not known are missing. */
  now(): Record<string, number>;
}

/** What our two clocks may differ by before one of them is known to have jumped, or the machine to have slept. */
const AGREE_MS = 2000;

/**
 * The times are those that a listing shows too (`date_created`, whole seconds), not those of the `Date` header, which a
 * proxy may write. After a jump of our clock they are unknown until the next answer.
 */
export function createTwilioTimes(clock: Clock): TwilioTimes {
  const known = new Map<string, { created: number; steady: number; wall: number }>();
  return {
    note(account, resource) {
      const created = Date.parse(String(resource.date_created));
      if (Number.isNaN(created)) return;
      known.set(account, { created, steady: clock.steady(), wall: clock.now() });
    },
    now() {
      const [steady, wall] = [clock.steady(), clock.now()];
      const times: Record<string, number> = {};
      for (const [account, at] of known) {
        const passed = steady - at.steady;
        if (Math.abs(wall - at.wall - passed) <= AGREE_MS) times[account] = Math.floor(at.created + passed);
      }
      return times;
    },
  };
}
