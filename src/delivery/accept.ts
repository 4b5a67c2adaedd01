/** Accepting a request: checked, joined under its idempotency key, on disk. Only then is it answered. */

import type { Entry, OnUnknown } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { SendAnswer } from '../core/gateway-api.ts';
import type { Clock, Random, SendOptions, SendRequest, Store } from '../core/ports.ts';
import { createHash } from 'node:crypto';
import { parseAddress } from '../core/address.ts';
import { TollboardError } from '../core/errors.ts';
import { isPlainObject } from '../core/plain-object.ts';
import { optedOutReport } from '../core/policy/opt-out.ts';
import { needsDefaultSender, outcomes, prepareRequest } from '../core/request.ts';

export interface SendingAccount {
  name: string;
  accountSid: string;
  simulated: boolean;
  /** The numbers it owns, where they are known without asking Twilio. */
  numbers?: readonly string[];
}

export interface AcceptOptions {
  store: Store;
  clock: Clock;
  random: Random;
  /** Configured accounts; the first is the default. */
  accounts: readonly SendingAccount[];
  onUnknown: OnUnknown;
  /** The sender of an account when a request names none, or null; may ask Twilio for the owned numbers. */
  defaultSender(account: SendingAccount): Promise<string | null>;
  /** Entries are on their way to the disk: whoever claims now claims them in the same commit. */
  onAccepting?(): void;
}

/** Throws what `prepareRequest` throws, `TOLLBOARD_ACCOUNT_UNKNOWN`, `TOLLBOARD_IDEMPOTENCY_MISMATCH` and the store's errors. */
export async function accept(request: SendRequest, send: SendOptions, options: AcceptOptions): Promise<SendAnswer> {
  const { store, clock, random } = options;
  const key = send.idempotencyKey ?? null;
  const hash = key === null ? '' : fingerprint(request);
  // Before any check: what was fine when it was asked for may be too late or opted out by now, and is answered all the same.
  const earlier = key === null ? null : await store.answered(key);
  if (earlier !== null) return replay(key, hash, earlier);
  const account = chooseAccount(options.accounts, request.account);
  const now = clock.now();
  const defaultSender = needsDefaultSender(request) ? await options.defaultSender(account) : null;
  const refusals = await optOuts(request, account, defaultSender, store, now);
  const prepared = prepareRequest(request, {
    now,
    random,
    account,
    defaultSender,
    onUnknown: options.onUnknown,
    idempotencyKey: key,
    refusal: (_sender, recipient) => refusals.get(recipient) ?? null,
  });
  const entries = outcomes(prepared, prepared.entries);
  const accepting = store.accept({
    entries: prepared.entries,
    decisions: prepared.decisions,
    now,
    ...(key === null ? {} : { idempotency: { key, hash, answer: JSON.stringify(entries) } }),
  });
  options.onAccepting?.();
  const result = await accepting;
  if (result.outcome === 'accepted') return { entries, replayed: false };
  return replay(key, hash, result.outcome === 'replayed' ? { hash, answer: result.answer } : null);
}

/** The stored answer, word for word; another request under the same key is refused. */
function replay(key: string | null, hash: string, stored: { hash: string; answer: string } | null): SendAnswer {
  if (stored?.hash !== hash) throw new TollboardError('TOLLBOARD_IDEMPOTENCY_MISMATCH', { details: { key } });
  return { entries: JSON.parse(stored.answer) as Entry[], replayed: true };
}

/** By name or SID; the first configured one when none is named. */
export function chooseAccount<T extends { name: string; accountSid: string }>(
  accounts: readonly T[],
  wanted?: string,
): T {
  const account =
    wanted === undefined ? accounts[0] : accounts.find((a) => a.name === wanted || a.accountSid === wanted);
  if (account === undefined) {
    const known = accounts.map((a) => a.name).join(', ') || 'none';
    throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account: wanted ?? '(default)', known } });
  }
  return account;
}

/** Recipients that told this sender to stop, each with the report that refuses them. */
async function optOuts(
  request: SendRequest,
  account: SendingAccount,
  defaultSender: string | null,
  store: Store,
  now: number,
): Promise<Map<string, ErrorReport>> {
  const refusals = new Map<string, ErrorReport>();
  const given = request.params.from ?? request.params.messagingServiceSid ?? defaultSender;
  if (request.kind === 'call' || typeof given !== 'string') return refusals;
  const sender = parseAddress(given)?.value ?? given;
  const addresses = typeof request.to === 'string' ? [request.to] : request.to;
  const recipients = new Set(addresses.map((to) => parseAddress(to)?.value ?? to));
  await Promise.all(
    [...recipients].map(async (recipient) => {
      if (await store.optedOut(account.accountSid, sender, recipient, now)) {
        refusals.set(recipient, optedOutReport(sender, recipient));
      }
    }),
  );
  return refusals;
}

/** SHA-256 of what was asked, independent of the order of members. */
function fingerprint(request: SendRequest): string {
  const { kind, to, params, extra, account, notBefore, onUnknown } = request;
  const asked = { kind, to, params, extra, account, notBefore, onUnknown };
  return createHash('sha256').update(JSON.stringify(asked, sortedMembers)).digest('hex');
}

function sortedMembers(_key: string, value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
