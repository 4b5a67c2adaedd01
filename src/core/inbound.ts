/** What comes in from Twilio by the gateway's own webhook, and the numbers that point to it. */

import type { EventRecord } from './event.ts';
import type { FormFields } from './parameter.ts';

/** Path of the webhook, before its 64 hex digits (as in Home Assistant). */
export const WEBHOOK_PATH = '/api/webhook/';

/**
 * A webhook is answered within this time of its storing, in milliseconds, with a reply or without. Twilio waits 15 s for a text
 * and a call alike; a caller hears silence meanwhile.
 */
export const ANSWER_WITHIN_MS = 5_000;

/** A webhook as it came in, before anything is believed. */
export interface InboundRequest {
  /** Path and query exactly as received, for the signature. */
  pathAndQuery: string;
  signature: string | null;
  /** Every parameter of a form in its order, repeated ones too; empty where the body is none. */
  fields: FormFields;
  /** A body that is JSON, byte for byte. */
  json?: Uint8Array;
}

/**
 * Answers an inbound event with TwiML, or null for no answer of its own; at once where nobody will answer. It may take until the signal aborts; what comes
 * later is not told to Twilio any more. It is asked again for the same event when a webhook is repeated whose answer was
 * never stored, as after a kill: it must only tell the answer then; what the event causes is its consumers' matter.
 */
export type Replier = (event: EventRecord, signal: AbortSignal) => Promise<string | null> | null;

/** The webhook as its owner sees it. */
export interface WebhookView {
  url: string;
  /** Whether what Twilio sends there can arrive and be verified. */
  ready: boolean;
  message: string;
  remedy: string | null;
}

/** A number of an account and where its messages and calls go; null where nothing is set. */
export interface NumberView {
  sid: string;
  phoneNumber: string;
  friendlyName: string;
  account: string;
  smsUrl: string | null;
  voiceUrl: string | null;
  /** Both go to this gateway's webhook, by POST, and no application or trunk stands in the way. */
  connected: boolean;
  /** What stood there before it was connected, to be put back by `restore`; null: it was not connected by this gateway. */
  before: { smsUrl: string | null; voiceUrl: string | null } | null;
}

/** Every method throws `TollboardError` with a code of the catalogue, nothing else. */
export interface InboundGateway {
  /** The TwiML to answer with; null for what is not genuine, and has done nothing. */
  receive(request: InboundRequest): Promise<string | null>;
  webhook(): WebhookView;
  /** The numbers of an account; default: the first one. */
  numbers(account?: string, signal?: AbortSignal): Promise<NumberView[]>;
  /** Points a number (`+…` or `PN…`) here and remembers what stood there. May be called twice. */
  connect(number: string, account?: string): Promise<NumberView>;
  /** Puts back what was remembered. */
  restore(number: string, account?: string): Promise<NumberView>;
  /** Hands a stored event to its consumers once more (default: to all); who gets it. */
  replay(eventId: string, consumers?: readonly string[]): Promise<string[]>;
}
