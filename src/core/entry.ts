/** An entry: one message to one recipient, or one call. What is stored, and what outsiders see of it. */

import type { ErrorReport } from './errors.ts';
import type { FormFields, ParameterValues } from './parameter.ts';

export type EntryKind = 'message' | 'call';

/**
 * Where an entry stands with us. `docs/guide/states.md` draws the moves; `outbox.ts` holds them.
 *
 * - `scheduled`: waits for its own time · `queued`: due · `sending`: the request may have left
 * - `unknown`: the answer was lost, being resolved · `held`: waits for a person's choice
 * - `sent`: Twilio took it, not final · `done`: final status, good or bad
 * - `rejected`: refused by our check or by Twilio's 4xx, nothing sent · `expired`: its time passed before Twilio took it
 * - `canceled`: by a person, or dropped
 */
export const ENTRY_STATES = [
  'scheduled',
  'queued',
  'sending',
  'unknown',
  'held',
  'sent',
  'done',
  'rejected',
  'expired',
  'canceled',
] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/** States that nothing changes any more, except redaction and (for `done`) a later status such as `read`. */
export const FINAL_STATES: ReadonlySet<EntryState> = new Set(['done', 'rejected', 'expired', 'canceled']);

/** True when a wait has nothing more to wait for; an entry that is held waits for a person, not for time. */
export function reached({ state }: { state: EntryState }, until: 'sent' | 'final'): boolean {
  return FINAL_STATES.has(state) || state === 'held' || (until === 'sent' && state === 'sent');
}

export type Choice = 'sent' | 'resend' | 'drop';
export type OnUnknown = 'resend' | 'hold';
export type Encoding = 'GSM-7' | 'UCS-2';

/** How status callbacks of this entry come: our own URL went out, the caller's went out unchanged, or none did. */
export type CallbackMode = 'own' | 'caller' | 'none';

/** The stored form. Times are milliseconds since the epoch; a store keeps every field. */
export interface EntryRecord {
  /** Ascending order of acceptance, unique in a store. */
  readonly seq: number;
  /** `SM`/`MM`/`CA` + 32 hex, minted at accept; also the `ref` of our status callbacks. */
  readonly id: string;
  readonly kind: EntryKind;
  /** Twilio's SID once known. */
  readonly sid: string | null;
  readonly state: EntryState;
  /** Twilio's word, or null before Twilio had it. */
  readonly status: string | null;
  readonly to: string;
  /** The sender as given or by default; null when a Messaging Service picks it. */
  readonly from: string | null;
  readonly body: string | null;
  /** Every create parameter but To, under twilio-node's names. */
  readonly params: ParameterValues;
  /** Fields that our tables do not know, passed through untouched (facade). */
  readonly extra: FormFields;
  /** True once a client of the facade was given `id` as the SID; it then stays the SID that is shown. */
  readonly idGiven: boolean;
  /** True once a client of the facade deleted it: the facade shows it no more. */
  readonly deleted: boolean;
  /** Which surface took it: `api`, `facade`, `library`, `cli`, or a host's name. */
  readonly host: string;
  /** The account's SID; never a credential. */
  readonly account: string;
  readonly idempotencyKey: string | null;
  readonly segments: number | null;
  readonly encoding: Encoding | null;
  /** Tries, the one under way included; of some nothing left this machine (connection refused). */
  readonly attempts: number;
  readonly error: ErrorReport | null;
  readonly resolution: { readonly choices: readonly Choice[] } | null;
  readonly simulated: boolean;
  readonly onUnknown: OnUnknown;
  readonly callbackMode: CallbackMode;
  /** When the gateway's own next step on it falls due (send, look for a lost answer, poll); null when none. */
  readonly dueAt: number | null;
  /** The gateway's own schedule (`--at`, `notBefore`). */
  readonly notBefore: number | null;
  /** After this Twilio must not be given it any more (from `validityPeriod`). */
  readonly expiresAt: number | null;
  /** When the last request left: the intent on disk. */
  readonly sendingAt: number | null;
  /**
   * By Twilio's clock its first request left at this time or later: an older message of Twilio's list is somebody else's.
   * Null where Twilio's clock was not known then.
   */
  readonly leftAfter: number | null;
  /** Times of the complete listings made since the answer was lost. */
  readonly listings: readonly number[];
  /** Listings tried since the answer was lost, complete or not. */
  readonly lookups: number;
  /** Status polls answered since Twilio took it. */
  readonly polls: number;
  /** Polls that failed since the last answered one. */
  readonly failedPolls: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a surface hands to `accept`: a record without what the store assigns. */
export type NewEntry = Omit<EntryRecord, 'seq'>;

/** What outsiders see (API, `--json`, library). ISO 8601 UTC; `id` is null only for a refused recipient never stored. */
export interface Entry {
  id: string | null;
  sid: string | null;
  kind: EntryKind;
  state: EntryState;
  status: string | null;
  to: string;
  from: string | null;
  body: string | null;
  host: string;
  account: string | null;
  idempotencyKey: string | null;
  segments: number | null;
  encoding: Encoding | null;
  attempts: number;
  error: ErrorReport | null;
  resolution: { choices: readonly Choice[] } | null;
  simulated: boolean;
  /** Null, like `id`, for what was never stored. */
  createdAt: string | null;
  updatedAt: string | null;
  /** True on the repeats of a number within one request: it was sent once, this is that result again. */
  duplicate?: true;
  /**
   * True on what an idempotency key gave again: the stored answer of an earlier request, nothing was sent now. Of
   * Messengers only; the HTTP API says it in the header `Idempotency-Replayed`.
   */
  replayed?: true;
}

/** The SID under which the facade shows it: Twilio's, but ours where that was given or is the only one. */
export function shownSid({ id, sid, idGiven }: Pick<EntryRecord, 'id' | 'sid' | 'idGiven'>): string {
  return idGiven || sid === null ? id : sid;
}

/** One line of the ledger that explains an entry: what was decided, when and why, in words and facts. */
export interface Decision {
  at: number;
  /** Short stable word: `accepted`, `claimed`, `answered`, `retry`, `lost`, `listing`, `status`, `held` … */
  what: string;
  /** One sentence for a person. */
  why: string;
  facts?: Record<string, unknown>;
}

/** The outside view of a stored entry. */
export function entryView(record: EntryRecord | NewEntry): Entry {
  const { id, sid, kind, state, status, to, from, body, host, account, idempotencyKey } = record;
  const { segments, encoding, attempts, error, resolution, simulated } = record;
  const createdAt = new Date(record.createdAt).toISOString();
  return {
    id,
    sid,
    kind,
    state,
    status,
    to,
    from,
    body,
    host,
    account,
    idempotencyKey,
    segments,
    encoding,
    attempts,
    error,
    resolution,
    simulated,
    createdAt,
    updatedAt: record.updatedAt === record.createdAt ? createdAt : new Date(record.updatedAt).toISOString(),
  };
}
