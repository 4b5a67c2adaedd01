/** The gateway as its surfaces see it: the `GatewayApi` over store, delivery and the accounts' Twilio clients. */

import type { EntryKind } from '../core/entry.ts';
import type { GatewayApi } from '../core/gateway-api.ts';
import type { Recipient, Store, TwilioAccount } from '../core/ports.ts';
import type { AcceptOptions, SendingAccount } from './accept.ts';
import type { CallbackOptions } from './tracker.ts';
import { checkCredentials } from '../core/credentials-check.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { accept, chooseAccount } from './accept.ts';
import { cancel, findEntry, redact, resolveEntry } from './control.ts';
import { takeCallback } from './tracker.ts';

/** What the service asks of Twilio beyond delivery. Both throw `TollboardError`. */
export interface AccountClient extends TwilioAccount {
  recipients(signal?: AbortSignal): Promise<Recipient[]>;
  /** The resource as Twilio writes it. */
  fetchResource(kind: EntryKind, sid: string, signal?: AbortSignal): Promise<Record<string, unknown>>;
  /** The numbers this account owns, every page. */
  ownedNumbers(signal?: AbortSignal): Promise<string[]>;
  /** The cheapest authenticated request that auth tokens and API keys may both make. */
  probe(signal?: AbortSignal): Promise<void>;
}

/** Tokens, proofs and meters live in the server's room, the facade's questions and what comes in elsewhere: passed on. */
type Passed = Pick<
  GatewayApi,
  'facade' | 'inbound' | 'backup' | 'issueToken' | 'tokens' | 'revokeToken' | 'authorize' | 'proveAccount' | 'metrics'
>;

export interface GatewayServiceOptions extends Passed {
  store: Store;
  accounts: ReadonlyMap<string, AccountClient>;
  accept: Omit<AcceptOptions, 'store' | 'defaultSender'>;
  /** `sender:` or TWILIO_FROM; null when not set. */
  sender: string | null;
  verify: CallbackOptions['verify'];
  late: CallbackOptions['late'];
  logger: CallbackOptions['logger'];
  onCallback(result: string): void;
}

/** The simulator's first owned number: the sender of whoever just wants to try (interface §1). */
const SIMULATOR_SENDER = '+15550000001';

export function createGatewayService(options: GatewayServiceOptions): GatewayApi {
  const { store, accounts } = options;
  const { clock } = options.accept;
  const control = { store, accounts, clock };
  const owned = new Map<string, readonly string[]>();
  let refusal: Refusal | null = null;

  /** `sender:`, else the simulator's, else the account's only number, else an error that lists what it owns. */
  async function defaultSender(account: SendingAccount): Promise<string | null> {
    if (options.sender !== null) return options.sender;
    const known = account.numbers ?? owned.get(account.accountSid);
    const numbers = known ?? (await accounts.get(account.accountSid)?.ownedNumbers()) ?? [];
    if (account.simulated && numbers.includes(SIMULATOR_SENDER)) return SIMULATOR_SENDER;
    if (numbers.length > 1)
      throw new TollboardError('TOLLBOARD_SENDER_AMBIGUOUS', { details: { numbers: numbers.join(', ') } });
    // Numbers that were bought or given up meanwhile may mend the other cases, so only this one is remembered.
    if (numbers.length === 1) owned.set(account.accountSid, numbers);
    return numbers[0] ?? null;
  }

  function clientOf(wanted?: string): AccountClient {
    const account = chooseAccount(options.accept.accounts, wanted);
    const client = accounts.get(account.accountSid);
    if (client === undefined)
      throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account: account.name, known: '' } });
    return client;
  }

  return {
    async send(request, send = {}) {
      try {
        const answer = await accept(request, send, { ...options.accept, store, defaultSender });
        refusal = null;
        return answer;
      } catch (error) {
        if (isTollboardError(error) && error.code.startsWith('TOLLBOARD_STORE_')) refusal = { error, at: clock.now() };
        throw error;
      }
    },
    entry: async (id) => (await store.entry({ id })) ?? (await store.entry({ sid: id })),
    entries: (query) => store.entries(query),
    decisions: async (id) => store.decisions((await findEntry(id, store)).id),
    cancel: (id) => cancel(id, control),
    resolve: (id, choice, sid) => resolveEntry(id, choice, sid, control),
    redact: (id) => redact(id, control),
    async resource(id, { signal } = {}) {
      const entry = (await store.entry({ id })) ?? (await store.entry({ sid: id }));
      if (entry === null || entry.sid === null) return null;
      return clientOf(entry.account).fetchResource(entry.kind, entry.sid, signal);
    },
    recipients: (account, signal) => clientOf(account).recipients(signal),
    connectivity: (account, signal) => checkCredentials(clientOf(account), signal),
    events: (query) => store.events(query),
    newestEvent: () => store.newestEvent(),
    counts: () => store.counts(),
    async callback(request) {
      const { logger, verify, late } = options;
      const result = await takeCallback(request, { store, clock, logger, verify, late });
      options.onCallback(result);
      return result;
    },
    onCommit: (listener) => store.onCommit(listener),
    health: () => health(store, options.accept.accounts, { now: clock.now(), refusal }),
    facade: options.facade,
    inbound: options.inbound,
    backup: options.backup,
    issueToken: options.issueToken,
    tokens: options.tokens,
    revokeToken: options.revokeToken,
    authorize: options.authorize,
    proveAccount: options.proveAccount,
    metrics: options.metrics,
  };
}

/** The last request that the store did not take, while none was taken since. */
interface Refusal {
  error: TollboardError;
  at: number;
}

/** A full disk may still take the small write of the check, so a refused request counts for this long. */
const REFUSAL_COUNTS_MS = 10_000;

/** Ready means: what is accepted now would be on disk. Found out by writing, and from the requests themselves. */
async function health(
  store: Store,
  accounts: readonly SendingAccount[],
  { now, refusal }: { now: number; refusal: Refusal | null },
) {
  const first = accounts[0];
  try {
    if (refusal !== null && Math.abs(now - refusal.at) < REFUSAL_COUNTS_MS) throw refusal.error;
    if (first !== undefined) await store.noteAccount(first.accountSid, first.simulated, now);
    return { ready: true, checks: { store: { ok: true, message: 'The store takes writes.' } } };
  } catch (error) {
    const message = isTollboardError(error) ? error.message : 'The store does not take writes.';
    return { ready: false, checks: { store: { ok: false, message } } };
  }
}
