/** One webhook from Twilio: verified, stored once, answered in time. */

import type { EventRecord } from '../core/event.ts';
import type { InboundRequest, Replier } from '../core/inbound.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import { ANSWER_WITHIN_MS } from '../core/inbound.ts';
import { claimKeys } from './claim-keys.ts';
import { formData, jsonAccount, jsonData, untold } from './event-data.ts';

/** An account whose webhooks can be verified. */
export interface InboundAccount {
  accountSid: string;
  simulated: boolean;
}

export interface ReceiveOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** 64 hex digits. */
  webhookId: string;
  /** Path of the webhook. */
  path: string;
  accounts: readonly InboundAccount[];
  /** A digest of everything that the signature covers, with the tokens of that account; null when it is not genuine. */
  verify(account: string, request: InboundRequest): string | null;
  /** Null: every event gets the empty answer. */
  replier: Replier | null;
  onReceived(result: 'stored' | 'repeated' | 'refused'): void;
}

/** No reply to a text, no instructions for a call: the way to say nothing that Twilio takes without a warning. */
const NOTHING = '<Response/>';

/** Refusals are worth a warning, for a wrong public_url looks like this; a flood of forgeries is worth one a minute. */
const WARN_EVERY_MS = 60_000;

/** Why a wait ended. Made once: an abort without a reason makes an exception with a stack each time. */
const OVER = new Error('the answer is known, or its time is over');

/** Resolves to the TwiML of the answer, or to null for what is not genuine. Throws when the store takes nothing. */
export function createReceive(options: ReceiveOptions): (request: InboundRequest) => Promise<string | null> {
  const { store, clock, logger } = options;
  /** Answers under way, by the event's seq: repeats that come meanwhile wait for the same one. */
  const pending = new Map<number, Promise<string>>();
  let warnedAt = Number.NEGATIVE_INFINITY;

  function refuse(request: InboundRequest): null {
    options.onReceived('refused');
    if (clock.steady() - warnedAt >= WARN_EVERY_MS) {
      warnedAt = clock.steady();
      const facts = { signed: request.signature !== null, account: accountNamed(request)?.slice(0, 40) ?? null };
      logger.warn(facts, 'a webhook was refused: it is forged, or public_url or auth_token is not what Twilio uses');
    }
    return null;
  }

  /** Waits for the reply within the budget; what it said is on disk before Twilio hears it. */
  async function ask(event: EventRecord, reply: Promise<string | null>, patience: AbortController): Promise<string> {
    const over = new AbortController();
    const late = clock.sleep(ANSWER_WITHIN_MS, over.signal).then(
      () => null,
      () => null,
    );
    try {
      const twiml = await Promise.race([reply, late]);
      if (twiml === null) return NOTHING;
      await store.keepAnswer(event.seq, twiml);
      return twiml;
    } catch (error) {
      logger.warn({ event: event.id, error: String(error) }, 'a webhook could not be answered by its automation');
      return NOTHING;
    } finally {
      over.abort(OVER);
      patience.abort(OVER);
    }
  }

  function answer(event: EventRecord | null): string | Promise<string> {
    const { replier } = options;
    if (replier === null || event === null) return NOTHING;
    const underWay = pending.get(event.seq);
    if (underWay !== undefined) return underWay;
    const patience = new AbortController();
    const reply = replier(event, patience.signal);
    if (reply === null) return NOTHING;
    const asked = ask(event, reply, patience).finally(() => pending.delete(event.seq));
    pending.set(event.seq, asked);
    return asked;
  }

  return async (request) => {
    const genuine = prove(request, options);
    if (genuine === null) return refuse(request);
    const { account, digest } = genuine;
    const { fields, json } = request;
    const data = json === undefined ? formData(fields, options.webhookId) : jsonData(json, options.webhookId);
    const keys = claimKeys(account.accountSid, json === undefined ? data : {}, digest);
    const form = json === undefined ? untold(fields, data) : undefined;
    const draft = { keys, data, ...(form === undefined ? {} : { form }), simulated: account.simulated };
    const result = await store.receive(draft, clock.now());
    options.onReceived(result.outcome === 'stored' ? 'stored' : 'repeated');
    if (result.outcome === 'repeat' && result.answer !== null) return result.answer;
    return answer(result.event);
  };
}

/**
 * Genuine is what an account of the configuration signed: the one it names, so that no account speaks for another. A form
 * always names one; JSON that names none may be anybody's of the configuration. The path is compared last, so that an
 * unknown one costs the same time.
 */
function prove(
  request: InboundRequest,
  { accounts, verify, path }: ReceiveOptions,
): { account: InboundAccount; digest: string } | null {
  const named = accountNamed(request);
  const candidates =
    named === null && request.json !== undefined ? accounts : accounts.filter(({ accountSid }) => accountSid === named);
  for (const account of candidates) {
    const digest = verify(account.accountSid, request);
    if (digest !== null && request.pathAndQuery.split('?', 1)[0] === path) return { account, digest };
  }
  return null;
}

function accountNamed({ fields, json }: InboundRequest): string | null {
  return json === undefined ? fieldOf(fields, 'AccountSid') : jsonAccount(json);
}

function fieldOf(fields: FormFields, name: string): string | null {
  for (const [wire, value] of fields) if (wire === name) return value;
  return null;
}
