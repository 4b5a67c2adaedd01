/** What library callers write: Twilio's create parameters with their types, and our own words beside them. */

import type { OnUnknown } from './entry.ts';

type HttpMethod = 'GET' | 'POST';
type OneOrMany<T extends string> = T | readonly T[];

/** Beside Twilio's names. */
export interface OwnInput {
  /** One address or several (at most 10,000). */
  to: string | readonly string[];
  /** The gateway's own schedule; in the past or absent means at once. */
  notBefore?: Date | string | undefined;
  /** What happens when complete listings lack what was sent and its answer was lost. Default `resend`. */
  onUnknown?: OnUnknown | undefined;
  /** Name or SID of a configured account. Default: the first. */
  account?: string | undefined;
}

/**
 * One text to one or many recipients, under twilio-node's property names. Bounds, defaults and sense of each stand in
 * docs/reference/parameters.md. A member that is `undefined` counts as absent.
 */
export interface MessageInput extends OwnInput {
  /** Default: the configured sender. */
  from?: string | undefined;
  messagingServiceSid?: string | undefined;
  /** At most 1,600 characters. */
  body?: string | undefined;
  /** At most 10. */
  mediaUrl?: OneOrMany<string> | undefined;
  statusCallback?: string | undefined;
  applicationSid?: string | undefined;
  /** US dollars. */
  maxPrice?: number | undefined;
  provideFeedback?: boolean | undefined;
  attempt?: number | undefined;
  /** Seconds. */
  validityPeriod?: number | undefined;
  forceDelivery?: boolean | undefined;
  contentRetention?: 'retain' | 'discard' | undefined;
  addressRetention?: 'retain' | 'obfuscate' | undefined;
  smartEncoded?: boolean | undefined;
  persistentAction?: OneOrMany<string> | undefined;
  trafficType?: 'free' | undefined;
  shortenUrls?: boolean | undefined;
  scheduleType?: 'fixed' | undefined;
  /** Twilio's schedule, which needs a Messaging Service; see also `notBefore`. */
  sendAt?: Date | string | undefined;
  sendAsMms?: boolean | undefined;
  contentVariables?: string | Record<string, unknown> | undefined;
  riskCheck?: 'enable' | 'disable' | undefined;
  fallbackFrom?: string | undefined;
  contentSid?: string | undefined;
}

/** A call to one or many: what to say, or TwiML, or a URL that answers with TwiML. Otherwise as {@link MessageInput}. */
export interface CallInput extends OwnInput {
  from?: string | undefined;
  /** Spoken once the call is answered; becomes TwiML. */
  say?: { text: string; voice?: string; language?: string } | undefined;
  url?: string | undefined;
  /** At most 4,000 characters. */
  twiml?: string | undefined;
  applicationSid?: string | undefined;
  method?: HttpMethod | undefined;
  fallbackUrl?: string | undefined;
  fallbackMethod?: HttpMethod | undefined;
  statusCallback?: string | undefined;
  statusCallbackEvent?: OneOrMany<'initiated' | 'ringing' | 'answered' | 'completed'> | undefined;
  statusCallbackMethod?: HttpMethod | undefined;
  sendDigits?: string | undefined;
  /** Seconds. */
  timeout?: number | undefined;
  /** Seconds. */
  timeLimit?: number | undefined;
  record?: boolean | undefined;
  recordingChannels?: 'mono' | 'dual' | undefined;
  recordingTrack?: 'inbound' | 'outbound' | 'both' | undefined;
  recordingStatusCallback?: string | undefined;
  recordingStatusCallbackMethod?: HttpMethod | undefined;
  recordingStatusCallbackEvent?: OneOrMany<'in-progress' | 'completed' | 'absent'> | undefined;
  trim?: 'trim-silence' | 'do-not-trim' | undefined;
  machineDetection?: 'Enable' | 'DetectMessageEnd' | undefined;
  /** Seconds. */
  machineDetectionTimeout?: number | undefined;
  /** Milliseconds. */
  machineDetectionSpeechThreshold?: number | undefined;
  /** Milliseconds. */
  machineDetectionSpeechEndThreshold?: number | undefined;
  /** Milliseconds. */
  machineDetectionSilenceTimeout?: number | undefined;
  asyncAmd?: 'true' | 'false' | undefined;
  asyncAmdStatusCallback?: string | undefined;
  asyncAmdStatusCallbackMethod?: HttpMethod | undefined;
  sipAuthUsername?: string | undefined;
  sipAuthPassword?: string | undefined;
  callerId?: string | undefined;
  callReason?: string | undefined;
  callToken?: string | undefined;
  byoc?: string | undefined;
  clientNotificationUrl?: string | undefined;
}
