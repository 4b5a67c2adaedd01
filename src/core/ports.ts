/** The ports: what the domain needs from the world, and what its surfaces may ask of it. */

import type { Delivery, InboundDraft, InboundResult, Keeping, RecordQuery, RoomRecord } from './consumer.ts';
import type { Decision, Entry, EntryKind, EntryRecord, EntryState, NewEntry, OnUnknown } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { EventRecord, EventType } from './event.ts';
import type { EventDraft, Fact, StatusFact } from './outbox.ts';
import type { FormFields, ParameterValues } from './parameter.ts';
import type { SenderPace } from './throttle.ts';

/** Time. Tests drive it; nothing in Tollboard reads the system clock or sets a timer any other way. */
export interface Clock {
  /** Milliseconds since the epoch. May jump both ways. */
  now(): number;
  /** Milliseconds since some instant of this process, with fractions. Never jumps; may stand still while the machine sleeps. */
  steady(): number;
  /** Resolves after `ms` of this clock; rejects with the signal's reason when aborted (and leaves no timer behind). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 1). */
  number(): number;
  /** `length` lower-case hex digits from a cryptographic source. */
  hex(length: number): string;
}

/** Structured log. `facts` never hold a secret, a body or credentials. */
export interface Logger {
  debug(facts: Record<string, unknown>, message: string): void;
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

/* ------------------------------------------------------------------ messenger */

/** A request to send: one text to one or many recipients, or one call to each. */
export interface SendRequest {
  kind: EntryKind;
  /** One address or several (at most 10,000). */
  to: string | readonly string[];
  /** Create parameters but To, under twilio-node's names. */
  params: ParameterValues;
  /** Fields outside our tables, passed through untouched. Only the facade fills it. */
  extra?: FormFields;
  /** Name or SID of a configured account; default: the first one. */
  account?: string;
  /** The gateway's own schedule, milliseconds since the epoch. */
  notBefore?: number;
  onUnknown?: OnUnknown;
  /** Which surface: see {@link EntryRecord.host}. */
  host: string;
}

export interface SendOptions {
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** `sent`: Twilio took it (or it ended). `final`: nothing changes any more. */
export type WaitUntil = 'sent' | 'final';

export interface ResourceOptions {
  /** True: read from Twilio now. Default false: as Twilio last told it to this process, else read now. */
  fresh?: boolean;
  signal?: AbortSignal;
}

export interface Recipient {
  sid: string;
  phoneNumber: string;
  friendlyName: string;
}

export interface CheckReport {
  ok: boolean;
  /** One row per thing looked at, in order; `error` where it failed. */
  checks: Array<{ name: string; ok: boolean; message: string; remedy: string | null; error: ErrorReport | null }>;
}

/** The one port that hosts and commands know. Gateway, direct and remote implement it; one suite judges all three. */
export interface Messenger {
  /**
   * One outcome per recipient, in input order. A recipient refused by the check has its own outcome (`rejected`, `id`
   * null where nothing was stored). What keeps one of several requests from being sent is told in the outcomes of its
   * recipients; it throws only where no request brought an outcome (core/send-each.ts).
   */
  send(requests: readonly SendRequest[], options?: SendOptions): Promise<Entry[]>;
  /** By id or Twilio's SID; null when unknown. */
  fetch(id: string): Promise<Entry | null>;
  /** The entry once it reached `until`, or as it stands when the signal ends the wait. Throws when the id is unknown. */
  wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry>;
  /**
   * The message or call as Twilio itself writes it, its snake_case members and JSON types; null while Twilio has none.
   * By id or Twilio's SID. Throws what reading it failed with.
   */
  resource(id: string, options?: ResourceOptions): Promise<Record<string, unknown> | null>;
  /** Verified caller IDs, every page. */
  recipients(signal?: AbortSignal): Promise<Recipient[]>;
  /** Can we reach Twilio with these credentials? Sends nothing. */
  check(signal?: AbortSignal): Promise<CheckReport>;
}

/* ------------------------------------------------------------------ store */

export interface AcceptBatch {
  entries: readonly NewEntry[];
  /** First decision of each entry, in the same order. */
  decisions: readonly Decision[];
  idempotency?: {
    key: string;
    /** SHA-256 of what was asked; another one under the same key is a conflict. */
    hash: string;
    /** The answer to store and to give again, word for word. */
    answer: string;
  };
  now: number;
}

export type AcceptResult =
  | { outcome: 'accepted'; entries: EntryRecord[] }
  /** Same key, same hash: the stored answer. */
  | { outcome: 'replayed'; answer: string }
  /** Same key, another hash. */
  | { outcome: 'mismatch' };

/** Which entry a change is for: by id (also the callbacks' ref) or by Twilio's SID. */
export type EntryKey = { readonly id: string } | { readonly sid: string };

export interface Change {
  readonly key: EntryKey;
  readonly fact: Fact;
}

/** A caller's own StatusCallback that has to be told of a status: stored, sent in order per entry, re-signed. */
export interface Forward {
  seq: number;
  entryId: string;
  account: string;
  url: string;
  fields: FormFields;
  attempts: number;
  dueAt: number;
}

export type Applied =
  | { outcome: 'applied'; entry: EntryRecord; event: EventRecord | null }
  | { outcome: 'refused'; entry: EntryRecord; refused: string }
  | { outcome: 'missing' };

export interface ClaimQuery {
  now: number;
  limit: number;
  /** Rate per sender from the configuration: `<account>/<sender>` → messages per second. */
  configured: Readonly<Record<string, number>>;
  /** Account SIDs that may be used; entries of others are held (`TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN`). */
  accounts: readonly string[];
  /** Which callback mode a claimed entry gets. */
  callbackMode: 'always' | 'auto' | 'never';
  /** True where our callback URL can be reached by Twilio (public_url or simulator). */
  callbackReachable: boolean;
  /** Accounts that never get our own callback: no auth token to check its signature, or no address Twilio can reach. */
  unsigned: readonly string[];
  /** Accounts whose Twilio cannot be reached just now, or that are full: their entries stay where they are. */
  paused: readonly string[];
  /** How many entries each account may get at most; without a number, `limit` alone counts. */
  room?: Readonly<Record<string, number>>;
  /** The least that the clock of each account's Twilio shows now, where it is known: see {@link EntryRecord.leftAfter}. */
  twilioNow?: Readonly<Record<string, number>>;
}

export interface EntryQuery {
  kind: EntryKind;
  limit: number;
  /** Only entries accepted before this one (pages run from newest to oldest). */
  after?: string;
  state?: EntryState;
  status?: string;
  to?: string;
  from?: string;
  account?: string;
  /** Accepted at or after, milliseconds. */
  since?: number;
  idempotencyKey?: string;
}

/** Entries that clients of the facade know by our id, and that Twilio's list did not have at a moment. */
export interface GivenQuery {
  account: string;
  kind: EntryKind;
  limit: number;
  /** The moment: accepted by then, and not known to Twilio or only sent since. */
  at: number;
  /** Only entries accepted before this one. */
  beforeSeq?: number;
  to?: string;
  from?: string;
}

export interface EventQuery {
  limit: number;
  /** Only events with a greater seq. */
  afterSeq?: number;
  type?: EventType;
  since?: number;
}

export interface TokenRecord {
  /** `SK` + 32 hex. */
  sid: string;
  name: string;
  /** SHA-256 of the secret, hex. */
  hash: string;
  createdAt: number;
  revokedAt: number | null;
}

export interface Retention {
  messagesMs: number;
  eventsMs: number;
  idempotencyMs: number;
}

/** What a commit changed; listeners run after it is on disk, in commit order. */
export interface Commit {
  entries: readonly EntryRecord[];
  events: readonly EventRecord[];
  /** Consumers that get an event once more. */
  replayed: readonly string[];
}

/**
 * Durable state. Every write resolves only when it is on disk; a write that cannot be made within two seconds rejects
 * with `TOLLBOARD_STORE_BUSY`, `…_FULL` or `…_UNWRITABLE` and changed nothing. Reads never wait for writes.
 * memory, sqlite and (later) postgres implement it; one suite judges all.
 */
export interface Store {
  /** One write: idempotency key and entries, all or nothing. */
  accept(batch: AcceptBatch): Promise<AcceptResult>;
  /**
   * Takes up to `limit` due entries in `queued`/`scheduled` (oldest due first), applies `claimed` to each and returns
   * them. Expired ones get `expired`, those of unknown accounts `ambiguous`, those over their sender's pace `postponed`.
   */
  claim(query: ClaimQuery): Promise<EntryRecord[]>;
  /** Applies facts through `transition`, with decisions, events and forwards, in one write; one answer per change. */
  apply(changes: readonly Change[], now: number): Promise<Applied[]>;
  /**
   * The clock was set back: unfinished entries written at a time after `now` have their `dueAt` moved back by the same
   * distance (not those in `scheduled`: their time is absolute), and `updatedAt` set to `now`. So is `expiresAt` of those
   * accepted after `now`, unless it counts from a schedule. Returns how many.
   */
  rebase(now: number): Promise<number>;
  /**
   * Where this is a copy that `backup` made: what could have been sent after the copying gets `restored`, once. Returns
   * how many; 0 where it is no copy, or was started before.
   */
  recoverCopy(now: number): Promise<number>;
  /** Halves the pace of a sender (20429, 21611). */
  slow(sender: string, configured: number | null, now: number): Promise<SenderPace>;
  /** Stores an event of its own. */
  addEvent(event: EventDraft, simulated: boolean, now: number): Promise<EventRecord>;
  /** Claims the keys of a verified webhook and stores its event, in one write; or says what became of it before. */
  receive(inbound: InboundDraft, now: number): Promise<InboundResult>;
  /** Keeps what a webhook was answered with, for its repeats. */
  keepAnswer(eventSeq: number, answer: string): Promise<void>;
  /**
   * These, and no others, consume events from now on. A new one begins behind the newest event; one that is left out is
   * forgotten with its place and its replays (its records stay).
   */
  subscribe(consumers: readonly string[]): Promise<void>;
  /**
   * Writes records and settles deliveries, all or nothing. False, and nothing is written, when one of the deliveries was
   * settled before or its consumer is gone: then somebody else did it.
   */
  keep(keeping: Keeping): Promise<boolean>;
  /** Hands a stored event once more to these consumers (default: all); those that it reaches. */
  replay(eventSeq: number, consumers?: readonly string[]): Promise<string[]>;
  /** This recipient refuses this sender until then (core/policy/opt-out.ts); null: no longer. */
  setOptOut(account: string, sender: string, recipient: string, until: number | null): Promise<void>;
  /** Due forwards, the oldest of each entry only. */
  dueForwards(now: number, limit: number): Promise<Forward[]>;
  /** Delivered or given up: removed; else tried again at `retryAt`. */
  settleForward(seq: number, retryAt: number | null): Promise<void>;
  addToken(token: TokenRecord): Promise<void>;
  revokeToken(sid: string, now: number): Promise<boolean>;
  /** Remembers that a real (not simulated) account was used with this data. */
  noteAccount(account: string, simulated: boolean, now: number): Promise<void>;
  /** Removes what is older than its retention; unfinished entries, and events that a consumer has to get yet, stay. Returns rows removed. */
  prune(retention: Retention, now: number): Promise<number>;
  /** A consistent copy while running, which remembers that it is one (made at `now`): see `recoverCopy`. */
  backup(file: string, now: number): Promise<void>;

  entry(key: EntryKey): Promise<EntryRecord | null>;
  /** What was asked and answered under an idempotency key. */
  answered(idempotencyKey: string): Promise<{ hash: string; answer: string } | null>;
  /** Those that exist, in no particular order. */
  entriesBySid(sids: readonly string[]): Promise<EntryRecord[]>;
  entries(query: EntryQuery): Promise<EntryRecord[]>;
  /** Newest first; those that were deleted are left out. */
  given(query: GivenQuery): Promise<EntryRecord[]>;
  /** Entries of these states whose `dueAt` has come, oldest due first. */
  due(states: readonly EntryState[], now: number, limit: number): Promise<EntryRecord[]>;
  /** The earliest `dueAt` among these states, or null; what waits to be sent from `paused` accounts is left out. */
  nextDue(states: readonly EntryState[], paused?: readonly string[]): Promise<number | null>;
  inState(state: EntryState, limit: number): Promise<EntryRecord[]>;
  /** All entries that could be the same text to the same number: for matching a listing by count. */
  twins(account: string, kind: EntryKind, to: string, since: number): Promise<EntryRecord[]>;
  counts(): Promise<Record<EntryState, number>>;
  decisions(id: string): Promise<Decision[]>;
  events(query: EventQuery): Promise<EventRecord[]>;
  event(id: string): Promise<EventRecord | null>;
  /** What the webhook that brought an event was answered with (`keepAnswer`); null where nothing was kept. */
  answerTo(eventId: string): Promise<string | null>;
  /** The greatest `seq` that an event ever had; 0 before the first. */
  newestEvent(): Promise<number>;
  /** Where each consumer stands: every event up to `seq` is settled. */
  consumers(): Promise<Array<{ consumer: string; seq: number }>>;
  /** What a consumer has not settled, in the order in which it has to: replays, then events by `seq`. */
  deliveries(consumer: string, limit: number): Promise<Delivery[]>;
  record(room: string, key: string): Promise<RoomRecord | null>;
  records(query: RecordQuery): Promise<RoomRecord[]>;
  /** When the next record of a room is due, or null. */
  nextRecord(room: string): Promise<number | null>;
  optedOut(account: string, sender: string, recipient: string, now: number): Promise<boolean>;
  tokens(): Promise<TokenRecord[]>;
  accounts(): Promise<Array<{ account: string; simulated: boolean }>>;
  nextForward(): Promise<number | null>;

  onCommit(listener: (commit: Commit) => void): () => void;
  /** Finishes writes under way, then closes. May be called twice. */
  close(): Promise<void>;
}

/* ------------------------------------------------------------------ Twilio */

/** What came of a create request, by what is known about it (twilio.md §10). */
export type CreateResult =
  | ({ outcome: 'accepted'; resource: Record<string, unknown>; requestId: string | null } & StatusFact)
  /** 4xx with Twilio's error body, here as it came: final for this recipient. */
  | { outcome: 'rejected'; error: ErrorReport; refusal: Record<string, unknown> }
  /** 429 with 20429, or 21611: never processed, and the sender is too fast. */
  | { outcome: 'rate_limited'; error: ErrorReport; retryAfterMs: number | null }
  /** Nothing left this machine: refused connection, DNS, TLS. */
  | { outcome: 'not_sent'; error: ErrorReport }
  /** The request left; nothing that proves anything came back. */
  | { outcome: 'unknown'; error: ErrorReport };

/** A message or call as Twilio lists it, reduced to what matching needs. */
export interface ListedResource extends StatusFact {
  readonly to: string;
  readonly body: string | null;
  readonly numMedia: number;
  readonly direction: string;
  readonly messagingServiceSid: string | null;
  /** Milliseconds since the epoch; null where Twilio gave none. */
  readonly createdAt: number | null;
}

export interface Listing {
  /** True only when every page of every query was read. */
  complete: boolean;
  resources: ListedResource[];
  /** Twilio's own time (Date header) minus ours at the answer; null when it told none. */
  clockOffsetMs: number | null;
  error: ErrorReport | null;
}

/** One account at Twilio, as the delivery needs it. Nothing of it throws but aborts. */
export interface TwilioAccount {
  readonly accountSid: string;
  create(kind: EntryKind, form: FormFields, signal?: AbortSignal): Promise<CreateResult>;
  fetch(kind: EntryKind, sid: string, signal?: AbortSignal): Promise<StatusFact | ErrorReport>;
  /** With and without date filter, every page (see {@link Listing}). */
  list(kind: EntryKind, to: string, sinceMs: number, signal?: AbortSignal): Promise<Listing>;
  /** Cancels a scheduled message, or a call that is queued or ringing. */
  cancel(kind: EntryKind, sid: string, signal?: AbortSignal): Promise<StatusFact | ErrorReport>;
  /** Empties the body of a finished message. */
  redact(sid: string, signal?: AbortSignal): Promise<StatusFact | ErrorReport>;
}
