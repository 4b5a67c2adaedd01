/** What the outside may ask of a gateway: the interface that the HTTP server (and every route in it) calls. */

import type { Choice, Decision, Entry, EntryRecord, EntryState } from './entry.ts';
import type { EventRecord } from './event.ts';
import type { FacadeGateway } from './facade-gateway.ts';
import type { InboundGateway } from './inbound.ts';
import type { FormFields } from './parameter.ts';
import type {
  CheckReport,
  Commit,
  EntryQuery,
  EventQuery,
  Recipient,
  ResourceOptions,
  SendOptions,
  SendRequest,
  TokenRecord,
} from './ports.ts';

export interface SendAnswer {
  entries: Entry[];
  /** True when an idempotency key gave the stored answer again. */
  replayed: boolean;
}

/** A status callback as it came in, before anything is believed. */
export interface CallbackRequest {
  kind: 'message' | 'call';
  /** The `ref` of the query: an entry's id. */
  ref: string;
  /** Path and query exactly as received, for the signature. */
  pathAndQuery: string;
  fields: FormFields;
  signature: string | null;
}

/** Credentials of an account as a request brings them: only to select and prove the account, then dropped (interface §3). */
export interface AccountCredentials {
  accountSid: string;
  /** The account's SID or an API key's. */
  username: string;
  password: string;
}

export interface IssuedToken {
  sid: string;
  name: string;
  createdAt: number;
  revokedAt: number | null;
}

export interface GatewayHealth {
  /** False while the store refuses writes. */
  ready: boolean;
  checks: Record<string, { ok: boolean; message: string }>;
}

/** A consistent copy of the database. It is gone once its content was read, or is read no further. */
export interface DatabaseCopy {
  bytes: number;
  content: AsyncIterable<Uint8Array>;
}

/** Every method throws `TollboardError` with a code of the catalogue, nothing else. */
export interface GatewayApi {
  /** For Twilio's own REST API on the gateway. */
  readonly facade: FacadeGateway;
  /** The gateway's own webhook, the numbers that point to it, and its events. */
  readonly inbound: InboundGateway;
  /**
   * Accepts on disk, then answers. One invalid recipient alone throws what the check said and stores nothing; among
   * several it is stored `rejected`. A repeated number is sent once and its outcome repeated with `duplicate`.
   */
  send(request: SendRequest, options?: SendOptions): Promise<SendAnswer>;
  entry(id: string): Promise<EntryRecord | null>;
  entries(query: EntryQuery): Promise<EntryRecord[]>;
  decisions(id: string): Promise<Decision[]>;
  cancel(id: string): Promise<EntryRecord>;
  resolve(id: string, choice: Choice, sid: string | null): Promise<EntryRecord>;
  redact(id: string): Promise<EntryRecord>;
  /** See {@link Messenger.resource}; null also where no entry has this id. */
  resource(id: string, options?: ResourceOptions): Promise<Record<string, unknown> | null>;
  recipients(account?: string, signal?: AbortSignal): Promise<Recipient[]>;
  /** Sends nothing unless `to` is given, then one text. */
  connectivity(account?: string, signal?: AbortSignal): Promise<CheckReport>;
  events(query: EventQuery): Promise<EventRecord[]>;
  /** The cursor behind everything that happened so far: see {@link EventRecord.seq}. */
  newestEvent(): Promise<number>;
  counts(): Promise<Record<EntryState, number>>;
  /** Verifies, applies, forwards. `forged` must answer 403 and did nothing; `unknown` is a ref we never had (204). */
  callback(request: CallbackRequest): Promise<'applied' | 'forged' | 'unknown'>;
  onCommit(listener: (commit: Commit) => void): () => void;
  health(): Promise<GatewayHealth>;

  /** A copy that knows that it is one (see {@link Store.recoverCopy}). Throws the store's errors. */
  backup(): Promise<DatabaseCopy>;

  issueToken(name: string): Promise<IssuedToken & { secret: string }>;
  tokens(): Promise<TokenRecord[]>;
  revokeToken(sid: string): Promise<boolean>;
  /** Bearer: the local token of this start, or an issued secret. Basic: an issued key with its secret. Constant time. */
  authorize(credentials: { bearer: string } | { username: string; password: string }): Promise<boolean>;
  /**
   * Whether credentials that came in a request prove a right to a configured account: its SID with one of its auth
   * tokens, or its API key with the secret. Constant time. Throws `TOLLBOARD_ACCOUNT_UNKNOWN` (Twilio 20404) and
   * `TOLLBOARD_ACCOUNT_CREDENTIALS` (Twilio 20003).
   */
  proveAccount(credentials: AccountCredentials): void;
  /** Prometheus text; no numbers, no bodies. */
  metrics(): Promise<string>;
}
