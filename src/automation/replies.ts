/** TwiML that automations answer a webhook with, while Twilio still waits for it: the first that replies wins. */

import type { Clock } from '../core/ports.ts';
import type { Action, Automation } from './definition.ts';
import type { Fired } from './trigger.ts';
import { ANSWER_WITHIN_MS } from '../core/inbound.ts';
import { actionsOf } from './definition.ts';
import { isPlain } from './template/rewrite.ts';

/**
 * What became of a reply: it is the answer of the webhook; another one, of `by`, is; or there is none to answer any more
 * (it has its empty answer, or its time is over).
 */
export type Reply = { outcome: 'answered' } | { outcome: 'second'; by: string } | { outcome: 'late' };

export interface Replies {
  /** The first answer to this event, or null when the signal aborts or nobody will answer any more. */
  await(eventId: string, signal: AbortSignal): Promise<string | null>;
  /** Answers the event that fired a run of the automation `by`. */
  answer(trigger: Fired, twiml: string, by: string): Promise<Reply>;
  /** No run of this event will answer any more. */
  over(eventId: string): void;
}

/** The service that replies. */
export const REPLY = 'twilio.reply';

/** Whether one of its actions may be a reply: a service that is a template may be any. */
export function mayReply({ actions }: Pick<Automation, 'actions'>): boolean {
  return actionsOf(actions).some((action: Action) => {
    return (
      action.kind === 'service' && action.enabled !== false && (action.service === REPLY || !isPlain(action.service))
    );
  });
}

/** Events that nobody answers any more are remembered for the webhook or the run that asks a moment later. */
const REMEMBERED = 1000;

interface Exchange {
  /** The first reply. */
  reply: { twiml: string; by: string } | null;
  /** Answers the webhook, once it waits. */
  webhook: ((twiml: string | null) => void) | null;
  /** Told once the webhook asks. */
  asked: () => void;
  over: boolean;
}

/**
 * An event reaches its automations as soon as it is stored, the webhook that stored it asks for an answer right after:
 * either may be first.
 */
export function createReplies(clock: Clock): Replies {
  const exchanges = new Map<string, Exchange>();

  function exchangeOf(eventId: string): Exchange {
    const known = exchanges.get(eventId);
    if (known !== undefined) return known;
    for (const [id, { over }] of exchanges) {
      if (exchanges.size < REMEMBERED) break;
      if (over) exchanges.delete(id);
    }
    const exchange: Exchange = { reply: null, webhook: null, asked: () => undefined, over: false };
    exchanges.set(eventId, exchange);
    return exchange;
  }

  return {
    await(eventId, signal) {
      const exchange = exchangeOf(eventId);
      if (signal.aborted || exchange.over) return Promise.resolve(null);
      return new Promise((resolve) => {
        const late = () => exchange.webhook?.(null);
        exchange.webhook = (twiml) => {
          exchange.over = true;
          exchange.webhook = null;
          signal.removeEventListener('abort', late);
          resolve(twiml);
        };
        signal.addEventListener('abort', late, { once: true });
        if (exchange.reply === null) return;
        exchange.webhook(exchange.reply.twiml);
        exchange.asked();
      });
    },
    async answer({ event }, twiml, by) {
      if (event === undefined) return { outcome: 'late' };
      const exchange = exchangeOf(event.id);
      if (exchange.reply !== null) return { outcome: 'second', by: exchange.reply.by };
      if (exchange.over) return { outcome: 'late' };
      const left = Date.parse(event.time_fired) + ANSWER_WITHIN_MS - clock.now();
      if (exchange.webhook === null && left <= 0) return { outcome: 'late' };
      exchange.reply = { twiml, by };
      if (exchange.webhook !== null) exchange.webhook(twiml);
      else if (!(await asks(exchange, left))) {
        Object.assign(exchange, { reply: null, over: true });
        return { outcome: 'late' };
      }
      return { outcome: 'answered' };
    },
    over(eventId) {
      const exchange = exchangeOf(eventId);
      // A reply that waits for its webhook is its answer.
      if (exchange.reply !== null) return;
      exchange.over = true;
      exchange.webhook?.(null);
    },
  };

  /** Whether the webhook asks, within what is left of its time. */
  async function asks(exchange: Exchange, left: number): Promise<boolean> {
    const asked = new AbortController();
    exchange.asked = () => asked.abort();
    return clock.sleep(left, asked.signal).then(
      () => false,
      () => true,
    );
  }
}
