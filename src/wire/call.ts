/** A call as Twilio's REST API shows it, in the member order of Twilio's documentation. */

import type { Json } from './json.ts';
import { rfc2822 } from './date.ts';

/** Times are milliseconds since the epoch. */
export interface CallView {
  sid: string;
  accountSid: string;
  to: string;
  from: string;
  phoneNumberSid: string | null;
  status: string;
  startTime: number | null;
  endTime: number | null;
  /** Seconds; null unless the call was completed. */
  duration: number | null;
  price: string | null;
  priceUnit: string | null;
  direction: string;
  answeredBy: string | null;
  callerName: string | null;
  dateCreated: number | null;
  dateUpdated: number | null;
}

const SUBRESOURCES = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_messages: 'UserDefinedMessages',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
} as const;

export function renderCall(call: CallView): { [name: string]: Json } {
  const uri = `/2010-04-01/Accounts/${call.accountSid}/Calls/${call.sid}`;
  const date = (ms: number | null): string | null => (ms === null ? null : rfc2822(ms));
  return {
    sid: call.sid,
    date_created: date(call.dateCreated),
    date_updated: date(call.dateUpdated),
    parent_call_sid: null,
    account_sid: call.accountSid,
    to: call.to,
    to_formatted: formatted(call.to),
    from: call.from,
    from_formatted: formatted(call.from),
    phone_number_sid: call.phoneNumberSid,
    status: call.status,
    start_time: date(call.startTime),
    end_time: date(call.endTime),
    duration: call.duration === null ? null : String(call.duration),
    price: call.price,
    price_unit: call.priceUnit,
    direction: call.direction,
    answered_by: call.answeredBy,
    api_version: '2010-04-01',
    forwarded_from: null,
    group_sid: null,
    caller_name: call.callerName,
    queue_time: '0',
    trunk_sid: null,
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(
      Object.entries(SUBRESOURCES).map(([key, name]) => [key, `${uri}/${name}.json`]),
    ),
  };
}

/** `(555) 010-0001` for numbers of the North American plan, everything else unchanged. */
function formatted(number: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts === null ? number : `(${parts[1]}) ${parts[2]}-${parts[3]}`;
}
