/** What the simulator remembers: accounts, numbers, messages, calls. Times are milliseconds since the epoch. */

import type { CallerIdView, PhoneNumberView } from '../wire/account.ts';
import type { CallView } from '../wire/call.ts';
import type { FeedbackView, MediaView, MessageView } from '../wire/message.ts';

/** One account of the simulated Twilio. */
export interface SimulatorAccount {
  /** Any text; Twilio's own are `AC` + 32 hex. */
  sid: string;
  authToken: string;
  friendlyName: string;
  type: 'Full' | 'Trial';
  status: 'active' | 'suspended' | 'closed';
  /** Test credentials: magic numbers, four endpoints, nothing ever happens. */
  test: boolean;
  /** Parent account, or its own SID. */
  ownerAccountSid: string;
  balance: string;
  apiKeys: Array<{ sid: string; secret: string }>;
  services: MessagingService[];
  dateCreated: number;
}

/** A declared Messaging Service. Any other well-formed `MG…` is a service that picks the account's first number. */
export interface MessagingService {
  sid: string;
  senders: string[];
  statusCallback: string | null;
}

export type PhoneNumber = PhoneNumberView;
export type CallerId = CallerIdView;
export type Media = MediaView & { url: string };
export type Feedback = FeedbackView & { sid: string };

/** A move that a message or call will make by itself. */
export interface PlannedStep {
  at: number;
  status: string;
  errorCode?: number;
}

export interface Message extends MessageView {
  /** Ascending order of acceptance. */
  seq: number;
  /** The text as the phone got it, kept after redaction and whatever the retention is. */
  receivedBody: string;
  /** The recipient in full, whatever the retention is. */
  recipient: string;
  mediaUrl: string[];
  receivedAt: number | null;
  /** False when a fault dropped the answer to the create. */
  answered: boolean;
  /** The URL that hears of each status, or null. */
  statusCallback: string | null;
  provideFeedback: boolean;
  /** When the price shows, and which. */
  priceAt: number | null;
  pricePerSegment: number;
  /** Not in lists before this time. */
  listedAt: number;
  /** Deleted through the API: gone there, still known to the phone. */
  deleted: boolean;
  plan: PlannedStep[];
}

export interface Call extends CallView {
  seq: number;
  answered: boolean;
  statusCallback: string | null;
  statusCallbackMethod: string;
  statusCallbackEvents: string[];
  /** SequenceNumber of the next status callback. */
  sequence: number;
  /** What was asked for; TwiML is not interpreted, nothing is fetched. */
  url: string | null;
  twiml: string | null;
  /** Trial accounts: a spoken notice comes first. */
  notice: boolean;
  /** The answer of the number's VoiceUrl to an inbound call. */
  document: string | null;
  listedAt: number;
  deleted: boolean;
  plan: PlannedStep[];
}
