/** TwiML that automations answer a webhook with, while Twilio still waits for it. */

import type { Clock } from '../core/ports.ts';
import type { Fired } from './trigger.ts';

export interface Replies {
  /** The first answer to this event, or null when the signal aborts or nobody will answer any more. */
  await(eventId: string, signal: AbortSignal): Promise<string | null>;
  /** Answers the event that fired a run. False: Twilio has its answer already, or does not wait. */
  answer(trigger: Fired, twiml: string): Promise<boolean>;
  /** No run of this event will answer any more. */
  over(eventId: string): void;
}

/** A webhook is answered within this time of its storing, or not at all. */
const BUDGET_MS = 5000;
/** Events that nobody answers are remembered for the webhook that asks a moment later. */
const REMEMBERED = 1000;

/**
 * An event reaches its automations as soon as it is stored, the webhook that stored it asks for an answer right after:
 * either may be first.
 */
export function createReplies(clock: Clock): Replies {
  const waiting = new Map<string, (twiml: string | null) => void>();
  const expected = new Map<string, () => void>();
  const ended = new Set<string>();

  function note(eventId: string): void {
    ended.add(eventId);
    if (ended.size > REMEMBERED) for (const oldest of ended) return void ended.delete(oldest);
  }

  return {
    await(eventId, signal) {
      return new Promise((resolve) => {
        const end = (twiml: string | null) => {
          waiting.delete(eventId);
          signal.removeEventListener('abort', late);
          note(eventId);
          resolve(twiml);
        };
        const late = () => end(null);
        if (signal.aborted || ended.has(eventId)) return resolve(null);
        signal.addEventListener('abort', late, { once: true });
        waiting.set(eventId, end);
        expected.get(eventId)?.();
      });
    },
    async answer({ event }, twiml) {
      if (event === undefined || ended.has(event.id)) return false;
      const left = Date.parse(event.time_fired) + BUDGET_MS - clock.now();
      if (!waiting.has(event.id) && left > 0) await asked(event.id, left);
      const tell = waiting.get(event.id);
      tell?.(twiml);
      return tell !== undefined;
    },
    over(eventId) {
      const tell = waiting.get(eventId);
      if (tell === undefined) note(eventId);
      else tell(null);
    },
  };

  /** Until the webhook asks, at most for what is left of its time. */
  async function asked(eventId: string, left: number): Promise<void> {
    const over = new AbortController();
    expected.set(eventId, () => over.abort());
    await clock.sleep(left, over.signal).catch(() => undefined);
    expected.delete(eventId);
  }
}
