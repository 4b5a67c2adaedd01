/** A message, its media and its feedback as Twilio's REST API shows them, in Twilio's member order. */

import type { Json } from './json.ts';
import { rfc2822 } from './date.ts';

/** Times are milliseconds since the epoch. */
export interface MessageView {
  sid: string;
  accountSid: string;
  body: string;
  numSegments: number;
  direction: string;
  from: string | null;
  to: string;
  dateCreated: number;
  dateUpdated: number;
  dateSent: number | null;
  /** Negative, five decimals: `-0.00750`. */
  price: string | null;
  priceUnit: string | null;
  numMedia: number;
  status: string;
  messagingServiceSid: string | null;
  errorCode: number | null;
  errorMessage: string | null;
}

export interface MediaView {
  sid: string;
  accountSid: string;
  parentSid: string;
  contentType: string;
  dateCreated: number;
  dateUpdated: number;
}

export interface FeedbackView {
  accountSid: string;
  messageSid: string;
  outcome: string;
  dateCreated: number;
  dateUpdated: number;
}

export function renderMessage(message: MessageView): { [name: string]: Json } {
  const uri = messageUri(message.accountSid, message.sid);
  return {
    body: message.body,
    num_segments: String(message.numSegments),
    direction: message.direction,
    from: message.from,
    date_updated: rfc2822(message.dateUpdated),
    price: message.price,
    error_message: message.errorMessage,
    uri: `${uri}.json`,
    account_sid: message.accountSid,
    num_media: String(message.numMedia),
    to: message.to,
    date_created: rfc2822(message.dateCreated),
    status: message.status,
    sid: message.sid,
    date_sent: message.dateSent === null ? null : rfc2822(message.dateSent),
    messaging_service_sid: message.messagingServiceSid,
    error_code: message.errorCode,
    price_unit: message.priceUnit,
    api_version: '2010-04-01',
    subresource_uris:
      message.direction === 'inbound'
        ? { media: `${uri}/Media.json` }
        : { media: `${uri}/Media.json`, feedback: `${uri}/Feedback.json` },
  };
}

export function renderMedia(media: MediaView): { [name: string]: Json } {
  return {
    sid: media.sid,
    account_sid: media.accountSid,
    parent_sid: media.parentSid,
    content_type: media.contentType,
    date_created: rfc2822(media.dateCreated),
    date_updated: rfc2822(media.dateUpdated),
    uri: `${messageUri(media.accountSid, media.parentSid)}/Media/${media.sid}.json`,
  };
}

export function renderFeedback(feedback: FeedbackView): { [name: string]: Json } {
  return {
    account_sid: feedback.accountSid,
    message_sid: feedback.messageSid,
    outcome: feedback.outcome,
    date_created: rfc2822(feedback.dateCreated),
    date_updated: rfc2822(feedback.dateUpdated),
    uri: `${messageUri(feedback.accountSid, feedback.messageSid)}/Feedback.json`,
  };
}

function messageUri(accountSid: string, sid: string): string {
  return `/2010-04-01/Accounts/${accountSid}/Messages/${sid}`;
}
