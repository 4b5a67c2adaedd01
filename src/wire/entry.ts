/** An entry that Twilio has not shown yet, as Twilio would show it: under our id, with the status that stands for ours. */

import type { Entry } from '../core/entry.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { Json } from './json.ts';
import { FINAL_STATES } from '../core/entry.ts';
import { renderCall } from './call.ts';
import { renderMessage } from './message.ts';
import { masked } from './refusal.ts';

/** What is shown of it. Times are milliseconds since the epoch. */
export interface EntryFacts
  extends Pick<Entry, 'kind' | 'state' | 'status' | 'to' | 'from' | 'body' | 'account' | 'segments' | 'error'> {
  createdAt: number;
  updatedAt: number;
  params?: ParameterValues;
}

/** The status while Twilio has told none, by where the entry stands with us. */
const OWN_STATUS = {
  scheduled: ['scheduled', 'queued'],
  queued: ['accepted', 'queued'],
  sending: ['accepted', 'queued'],
  unknown: ['accepted', 'queued'],
  held: ['accepted', 'queued'],
  sent: ['accepted', 'queued'],
  done: ['sent', 'completed'],
  rejected: ['failed', 'failed'],
  expired: ['failed', 'failed'],
  canceled: ['canceled', 'canceled'],
} as const satisfies Record<Entry['state'], readonly [message: string, call: string]>;

/** Nobody knows whether Twilio has it. Its status stays as if it were under way, `error_message` says what is known. */
const OPEN_STATES: ReadonlySet<Entry['state']> = new Set(['unknown', 'held']);

export function entryStatus({ kind, state, status }: Pick<EntryFacts, 'kind' | 'state' | 'status'>): string {
  return status ?? OWN_STATUS[state][kind === 'call' ? 1 : 0];
}

/** Under `sid`, Twilio's or ours. What a gateway does not keep (prices, durations) is null. */
export function renderEntry(entry: EntryFacts, sid: string): { [name: string]: Json } {
  const { params = {} } = entry;
  const common = {
    sid,
    accountSid: entry.account ?? '',
    to: params.addressRetention === 'obfuscate' ? masked(entry.to) : entry.to,
    status: entryStatus(entry),
    price: null,
    priceUnit: 'USD',
    direction: 'outbound-api',
    dateCreated: entry.createdAt,
    dateUpdated: entry.updatedAt,
  };
  if (entry.kind === 'call') {
    return renderCall({
      ...common,
      from: entry.from ?? '',
      phoneNumberSid: null,
      startTime: null,
      endTime: null,
      duration: null,
      answeredBy: null,
      callerName: null,
    });
  }
  const service = params.messagingServiceSid ?? (entry.from?.startsWith('MG') ? entry.from : null);
  const ended = FINAL_STATES.has(entry.state);
  return renderMessage({
    ...common,
    body: params.contentRetention === 'discard' ? '' : (entry.body ?? ''),
    numSegments: entry.segments ?? 0,
    from: entry.from?.startsWith('MG') ? null : entry.from,
    dateSent: null,
    numMedia: Array.isArray(params.mediaUrl) ? params.mediaUrl.length : 0,
    messagingServiceSid: typeof service === 'string' ? service : null,
    errorCode: ended ? (entry.error?.twilioCode ?? null) : null,
    errorMessage: ended || OPEN_STATES.has(entry.state) ? (entry.error?.message ?? null) : null,
  });
}
