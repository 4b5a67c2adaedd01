/** One account at Twilio: everything we ask of it, over a Transport. */

import type { EntryKind } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { RelayAnswer, RelayRequest } from '../core/facade-gateway.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Clock, ListedResource, Listing, Recipient, TwilioAccount } from '../core/ports.ts';
import type { Resource } from './answers.ts';
import type { Conversation, Observations } from './conversation.ts';
import type { TwilioCredentials } from './resources.ts';
import type { Transport } from './transport.ts';
import { listedResource, text } from './answers.ts';
import { createConversation } from './conversation.ts';
import { KIND_ACTIONS } from './resources.ts';

export interface TwilioClientOptions {
  transport: Transport;
  clock: Clock;
  /** Milliseconds for an answer, counted from when the request may leave. Default 30,000. */
  timeoutMs?: number;
  /** Default `tollboard`; roots add the version. */
  userAgent?: string;
}

/** A number that the account owns. */
export interface IncomingPhoneNumber {
  sid: string;
  phoneNumber: string;
  friendlyName: string;
  /** Null where none is set. */
  smsUrl: string | null;
  smsMethod: string | null;
  smsApplicationSid: string | null;
  voiceUrl: string | null;
  voiceMethod: string | null;
  voiceApplicationSid: string | null;
  trunkSid: string | null;
  capabilities: { sms: boolean; mms: boolean; voice: boolean };
}

/**
 * The methods of {@link TwilioAccount} return what became of the request; all others throw `TollboardError`
 * (`TOLLBOARD_TWILIO_*`). Reads that are aborted reject with the signal's reason; `create` never rejects, it tells the
 * outcome of an aborted request too.
 */
export interface TwilioClient extends TwilioAccount {
  readonly observations: Readonly<Observations>;
  /** The resource as Twilio writes it. */
  fetchResource(kind: EntryKind, sid: string, signal?: AbortSignal): Promise<Resource>;
  update(kind: EntryKind, sid: string, form: FormFields, signal?: AbortSignal): Promise<Resource>;
  delete(kind: EntryKind, sid: string, signal?: AbortSignal): Promise<void>;
  /** Tells Twilio whether a message with `provideFeedback` had its effect. */
  feedback(messageSid: string, outcome: 'confirmed' | 'unconfirmed', signal?: AbortSignal): Promise<Resource>;
  media(messageSid: string, signal?: AbortSignal): Promise<Resource[]>;
  /** Needs the auth token or a main key: standard API keys get 401. */
  account(signal?: AbortSignal): Promise<Resource>;
  balance(signal?: AbortSignal): Promise<Resource>;
  /** Verified caller IDs, every page. */
  recipients(signal?: AbortSignal): Promise<Recipient[]>;
  incomingPhoneNumbers(signal?: AbortSignal): Promise<IncomingPhoneNumber[]>;
  updateIncomingPhoneNumber(sid: string, form: FormFields, signal?: AbortSignal): Promise<Resource>;
  /** The numbers this account owns, every page. */
  ownedNumbers(signal?: AbortSignal): Promise<string[]>;
  /**
   * Any request to Twilio's REST API with this account's credentials, and Twilio's answer as it came, refusals included.
   * What is none of Twilio's throws.
   */
  relay(request: RelayRequest): Promise<RelayAnswer>;
  /** The cheapest request that both auth tokens and API keys may make. */
  probe(signal?: AbortSignal): Promise<void>;
}

/** The date filter begins a day earlier than asked for: our clock and Twilio's day need not agree. */
const FILTER_MARGIN_MS = 24 * 60 * 60_000;

export function createTwilioClient(credentials: TwilioCredentials, options: TwilioClientOptions): TwilioClient {
  const conversation = createConversation(credentials, options);
  const { demand, demandEveryPage } = conversation;
  const incomingPhoneNumbers = async (signal?: AbortSignal) =>
    (await demandEveryPage('listIncomingPhoneNumbers', {}, signal)).map(incomingPhoneNumber);
  return {
    accountSid: credentials.accountSid,
    ...deliveryMethods(conversation),
    observations: conversation.observations,

    fetchResource: (kind, sid, signal) => demand(KIND_ACTIONS[kind].fetch, { sid }, signal),
    update: (kind, sid, form, signal) => demand(KIND_ACTIONS[kind].update, { sid, form }, signal),
    async delete(kind, sid, signal) {
      await demand(KIND_ACTIONS[kind].delete, { sid }, signal);
    },
    feedback: (sid, outcome, signal) => demand('createFeedback', { sid, form: [['Outcome', outcome]] }, signal),
    media: (sid, signal) => demandEveryPage('listMedia', { sid }, signal),
    async account(signal) {
      const { auth_token: _secret, ...account } = await demand('fetchAccount', {}, signal);
      return account;
    },
    balance: (signal) => demand('fetchBalance', {}, signal),
    async recipients(signal) {
      return (await demandEveryPage('listOutgoingCallerIds', {}, signal)).map(recipient);
    },
    incomingPhoneNumbers,
    updateIncomingPhoneNumber: (sid, form, signal) => demand('updateIncomingPhoneNumber', { sid, form }, signal),
    ownedNumbers: async (signal) => (await incomingPhoneNumbers(signal)).map(({ phoneNumber }) => phoneNumber),
    relay: conversation.relay,
    async probe(signal) {
      await demand('listIncomingPhoneNumbers', { query: [['PageSize', '1']] }, signal);
    },
  };
}

function deliveryMethods(conversation: Conversation): Omit<TwilioAccount, 'accountSid'> {
  const { askFact } = conversation;
  return {
    create: conversation.create,
    fetch: (kind, sid, signal) => askFact(kind, KIND_ACTIONS[kind].fetch, { sid }, signal),
    cancel: (kind, sid, signal) =>
      askFact(kind, KIND_ACTIONS[kind].update, { sid, form: [['Status', 'canceled']] }, signal),
    redact: (sid, signal) => askFact('message', 'updateMessage', { sid, form: [['Body', '']] }, signal),
    list: (kind, to, sinceMs, signal) => listTwice(conversation, { kind, to, sinceMs, signal }),
  };
}

interface ListQuery {
  readonly kind: EntryKind;
  readonly to: string;
  readonly sinceMs: number;
  readonly signal: AbortSignal | undefined;
}

/** With a date filter and without: queued and scheduled records have no date yet, so the filter is expected to skip them. */
async function listTwice(conversation: Conversation, { kind, to, sinceMs, signal }: ListQuery): Promise<Listing> {
  const { list, sinceFilter } = KIND_ACTIONS[kind];
  const day = new Date(sinceMs - FILTER_MARGIN_MS).toISOString().slice(0, 10);
  const queries: FormFields[] = [
    [
      ['To', to],
      [sinceFilter, day],
    ],
    [['To', to]],
  ];
  const resources = new Map<string, ListedResource>();
  let error: ErrorReport | null = null;
  for (const query of queries) {
    const pages = await conversation.everyPage(list, { query }, signal);
    error ??= pages.error;
    for (const row of pages.rows) {
      const listed = listedResource(kind, row);
      if (listed === null) error ??= conversation.unexpected(list, 'a record without SID or To');
      else resources.set(listed.sid, listed);
    }
  }
  const { clockOffsetMs } = conversation.observations;
  return { complete: error === null, resources: [...resources.values()], clockOffsetMs, error };
}

function recipient(row: Resource): Recipient {
  return {
    sid: text(row.sid) ?? '',
    phoneNumber: text(row.phone_number) ?? '',
    friendlyName: text(row.friendly_name) ?? '',
  };
}

function incomingPhoneNumber(row: Resource): IncomingPhoneNumber {
  const able = (row.capabilities ?? {}) as Record<string, unknown>;
  return {
    ...recipient(row),
    smsUrl: text(row.sms_url) || null,
    smsMethod: text(row.sms_method) || null,
    smsApplicationSid: text(row.sms_application_sid) || null,
    voiceUrl: text(row.voice_url) || null,
    voiceMethod: text(row.voice_method) || null,
    voiceApplicationSid: text(row.voice_application_sid) || null,
    trunkSid: text(row.trunk_sid) || null,
    capabilities: { sms: able.sms === true, mms: able.mms === true, voice: able.voice === true },
  };
}
