/** Everything inbound as the gateway's surfaces see it. */

import type { InboundGateway, Replier, WebhookView } from '../core/inbound.ts';
import type { Clock, Logger, Random, Store } from '../core/ports.ts';
import type { NumberClient, NumbersOptions } from './numbers.ts';
import type { ReceiveOptions } from './receive.ts';
import { TollboardError } from '../core/errors.ts';
import { WEBHOOK_PATH } from '../core/inbound.ts';
import { connectNumber, listNumbers, restoreNumber } from './numbers.ts';
import { createReceive } from './receive.ts';

export interface WebhookAccount {
  accountSid: string;
  simulated: boolean;
  /** Without one nothing can be verified. */
  authTokens: readonly string[];
}

export interface InboundOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  webhookId: string;
  accounts: readonly WebhookAccount[];
  /** By name or SID, default the first one; throws `TOLLBOARD_ACCOUNT_UNKNOWN`. */
  chooseAccount(wanted?: string): WebhookAccount;
  clients: ReadonlyMap<string, NumberClient>;
  /** The address, without path, by which this account's Twilio calls; and whether it can. */
  addressOf(account: string): { base: string; reachable: boolean };
  verify: ReceiveOptions['verify'];
  replier: Replier | null;
  onReceived: ReceiveOptions['onReceived'];
}

const ROOM = 'webhook';

/** 64 hex digits, made once for a data directory: the URL that was given to Twilio stays the same. */
export async function webhookIdOf(store: Store, random: Random): Promise<string> {
  const kept = await store.record(ROOM, 'id');
  if (kept !== null) return String(kept.value);
  const value = random.hex(64);
  await store.keep({ put: [{ room: ROOM, key: 'id', value, dueAt: null }] });
  return value;
}

export function createInboundGateway(options: InboundOptions): InboundGateway {
  const { store, accounts, clients, addressOf, chooseAccount } = options;
  const path = `${WEBHOOK_PATH}${options.webhookId}`;
  const urlFor = (account: WebhookAccount) => addressOf(account.accountSid).base + path;

  /** What keeps webhooks of this account from coming in, or null. */
  function hindrance({ accountSid, authTokens }: WebhookAccount): TollboardError | null {
    const { base, reachable } = addressOf(accountSid);
    if (authTokens.length === 0)
      return new TollboardError('TOLLBOARD_WEBHOOK_UNVERIFIED', { details: { account: accountSid } });
    return reachable ? null : new TollboardError('TOLLBOARD_WEBHOOK_UNREACHABLE', { details: { url: base } });
  }

  function numbersOf(account: WebhookAccount): NumbersOptions {
    const client = clients.get(account.accountSid);
    if (client === undefined)
      throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account: account.accountSid, known: '' } });
    return {
      store,
      client,
      webhookUrl() {
        const error = hindrance(account);
        if (error !== null) throw error;
        return urlFor(account);
      },
      isWebhook: (url) => url.endsWith(path),
    };
  }

  return {
    receive: createReceive({ ...options, path }),
    webhook(): WebhookView {
      const account = chooseAccount();
      const url = urlFor(account);
      const error = hindrance(account);
      if (error !== null) return { url, ready: false, message: error.message, remedy: error.remedy };
      const deaf = accounts.flatMap((one) => hindrance(one) ?? []);
      const heard = accounts.filter((one) => hindrance(one) === null).map(({ accountSid }) => accountSid);
      const all = accounts.length === 1 ? 'this account' : 'these accounts';
      const whose = deaf.length === 0 ? all : heard.join(', ');
      const message = [
        `What Twilio sends there for ${whose} is verified and stored.`,
        ...deaf.map((why) => why.message),
      ];
      return { url, ready: true, message: message.join(' '), remedy: deaf[0]?.remedy ?? null };
    },
    async numbers(wanted, signal) {
      const account = chooseAccount(wanted);
      return listNumbers(numbersOf(account), urlFor(account), signal);
    },
    connect: async (number, wanted) => connectNumber(number, numbersOf(chooseAccount(wanted))),
    async restore(number, wanted) {
      const account = chooseAccount(wanted);
      return restoreNumber(number, numbersOf(account), urlFor(account));
    },
    async replay(eventId, consumers) {
      const event = await store.event(eventId);
      if (event === null)
        throw new TollboardError('TOLLBOARD_EVENT_NOT_FOUND', { details: { id: eventId.slice(0, 40) } });
      const known = (await store.consumers()).map(({ consumer }) => consumer);
      const strange = consumers?.find((name) => !known.includes(name));
      if (strange !== undefined || known.length === 0) {
        const wanted = strange === undefined ? 'No automation and no sink' : `Nothing called ${strange.slice(0, 40)}`;
        const details = { wanted, known: known.join(', ') || 'none' };
        throw new TollboardError('TOLLBOARD_EVENT_NOT_CONSUMED', { details });
      }
      return store.replay(event.seq, consumers);
    },
  };
}
