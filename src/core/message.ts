/** Messages: Twilio's statuses as a table, and the check of a request. */

import type { Address } from './address.ts';
import type { EntryKind } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { Parameter, ParameterValues } from './parameter.ts';
import { addressRemedy, parseAddress } from './address.ts';
import { CALL_PARAMETERS } from './call-parameters.ts';
import { checkNames, checkValues, isoTime, shown } from './check.ts';
import { errorReport } from './errors.ts';
import { MESSAGE_PARAMETERS } from './message-parameters.ts';

/** How far along a status is; a status only ever moves to a higher rank. */
export interface StatusRow {
  readonly rank: number;
  /** Nothing follows but `read`. */
  readonly final: boolean;
  /** A bad end: the entry carries an error. */
  readonly failed: boolean;
}

/**
 * Every status of Twilio's Message resource. `sent` is not final, yet where no receipt exists it stays the last word
 * (Twilio docs: outbound message status).
 */
export const MESSAGE_STATUSES = {
  accepted: { rank: 0, final: false, failed: false },
  scheduled: { rank: 0, final: false, failed: false },
  receiving: { rank: 0, final: false, failed: false },
  queued: { rank: 1, final: false, failed: false },
  sending: { rank: 2, final: false, failed: false },
  sent: { rank: 3, final: false, failed: false },
  delivered: { rank: 4, final: true, failed: false },
  /** Deprecated by Twilio, still in its enum. */
  partially_delivered: { rank: 4, final: true, failed: false },
  undelivered: { rank: 4, final: true, failed: true },
  failed: { rank: 4, final: true, failed: true },
  canceled: { rank: 4, final: true, failed: false },
  received: { rank: 4, final: true, failed: false },
  read: { rank: 5, final: true, failed: false },
} as const satisfies Record<string, StatusRow>;

export type MessageStatus = keyof typeof MESSAGE_STATUSES;

const UNKNOWN_STATUS: StatusRow = { rank: 0, final: false, failed: false };

/** The row of a status word; a word that Twilio added later counts as a beginning: not final, not failed. */
export function messageStatus(word: string): StatusRow {
  return Object.hasOwn(MESSAGE_STATUSES, word) ? MESSAGE_STATUSES[word as MessageStatus] : UNKNOWN_STATUS;
}

/** Bounds of `sendAt`, seconds from now, both inclusive (Twilio docs: message scheduling). */
export const SCHEDULE_SECONDS = { min: 900, max: 3_024_000 } as const;

/**
 * The first fault of a message to `to`, or null. In this order, which is ours as Twilio documents none: recipient,
 * sender and content present; form of recipient and sender; every value; what depends on several. `now` is in
 * milliseconds since the epoch. Each report carries Twilio's code for the same fault.
 */
export function checkMessage(to: string, params: ParameterValues, now: number): ErrorReport | null {
  const missing = presence(to, params);
  if (missing !== null) return missing;
  const recipient = parseAddress(to);
  return (
    recipientFault(to, recipient) ??
    senderFault(to, recipient, params) ??
    checkValues(checkedRows(params), params) ??
    contentFault(params) ??
    scheduleFault(params, now)
  );
}

/** The first unknown name (with the nearest known one) or unfit value among the parameters of a request, or null. */
export function checkParameters(kind: EntryKind, params: ParameterValues): ErrorReport | null {
  if (kind === 'call') return checkNames(CALL_PARAMETERS, kind, params) ?? checkValues(CALL_PARAMETERS, params);
  return checkNames(MESSAGE_PARAMETERS, kind, params) ?? checkValues(checkedRows(params), params);
}

/** With an ApplicationSid the StatusCallback is ignored (ByteChef: Application SID), so its form does not matter. */
function checkedRows(params: ParameterValues): readonly Parameter[] {
  if (!given(params.applicationSid)) return MESSAGE_PARAMETERS;
  return MESSAGE_PARAMETERS.filter((row) => row.name !== 'statusCallback');
}

function presence(to: string, params: ParameterValues): ErrorReport | null {
  if (to.trim() === '') return errorReport('TOLLBOARD_MESSAGE_TO_MISSING');
  if (!given(params.from) && !given(params.messagingServiceSid)) return errorReport('TOLLBOARD_MESSAGE_SENDER_MISSING');
  if (!given(params.body) && !given(params.mediaUrl) && !given(params.contentSid)) {
    return given(params.contentVariables)
      ? errorReport('TOLLBOARD_MESSAGE_CONTENT_SID_MISSING')
      : errorReport('TOLLBOARD_MESSAGE_CONTENT_MISSING');
  }
  return null;
}

function recipientFault(to: string, address: Address | null): ErrorReport | null {
  if (address?.kind === 'e164' || address?.kind === 'channel') return null;
  // Longer digits are far more often a number without its + than a short code.
  const shortCode = address?.kind === 'short-code' && address.value.length <= 6;
  return errorReport(shortCode ? 'TOLLBOARD_MESSAGE_TO_SHORT_CODE' : 'TOLLBOARD_MESSAGE_TO_INVALID', {
    details: { value: shown('to', to), remedy: addressRemedy(to) },
  });
}

/** Channels whose address is needed on both sides; an RCS sender may reach a plain number. */
const PAIRED_CHANNELS: ReadonlySet<string> = new Set(['whatsapp', 'messenger']);

function senderFault(to: string, recipient: Address | null, params: ParameterValues): ErrorReport | null {
  if (!given(params.from)) return null;
  const sender = typeof params.from === 'string' ? parseAddress(params.from) : null;
  if (sender === null || sender.kind === 'sip' || sender.kind === 'client') {
    return errorReport('TOLLBOARD_MESSAGE_FROM_INVALID', { details: { value: shown('from', params.from) } });
  }
  if (sender.value === recipient?.value) {
    return errorReport('TOLLBOARD_MESSAGE_TO_EQUALS_FROM', { details: { value: sender.value } });
  }
  if (sender.kind === 'sid' || sender.channel === recipient?.channel) return null;
  const paired = [sender.channel, recipient?.channel].some((channel) => PAIRED_CHANNELS.has(channel ?? ''));
  if (!paired) return null;
  return errorReport('TOLLBOARD_MESSAGE_CHANNEL_MISMATCH', {
    details: { to: shown('to', to), from: shown('from', sender.value) },
  });
}

function contentFault(params: ParameterValues): ErrorReport | null {
  if (!given(params.contentVariables) || given(params.contentSid)) return null;
  return errorReport('TOLLBOARD_MESSAGE_CONTENT_SID_MISSING');
}

/**
 * A schedule without a service is refused here, because Twilio may drop the schedule and send at once (Twilio docs:
 * message scheduling and error 35118 disagree).
 */
function scheduleFault(params: ParameterValues, now: number): ErrorReport | null {
  const { sendAt, scheduleType } = params;
  if (!given(sendAt) && !given(scheduleType)) return null;
  const service =
    given(params.messagingServiceSid) ||
    String(params.from ?? '')
      .trim()
      .startsWith('MG');
  if (!service) return errorReport('TOLLBOARD_MESSAGE_SCHEDULE_SERVICE_MISSING');
  if (!given(sendAt)) return errorReport('TOLLBOARD_MESSAGE_SEND_AT_MISSING');
  if (!given(scheduleType)) return errorReport('TOLLBOARD_MESSAGE_SCHEDULE_TYPE_MISSING');
  const at = isoTime(String(sendAt));
  const seconds = at === null ? Number.NaN : (at - now) / 1000;
  if (seconds >= SCHEDULE_SECONDS.min && seconds <= SCHEDULE_SECONDS.max) return null;
  return errorReport('TOLLBOARD_MESSAGE_SEND_AT_RANGE', { details: { value: sendAt, distance: distance(seconds) } });
}

function distance(seconds: number): string {
  if (seconds <= 0) return 'which is past';
  const minutes = Math.floor(seconds / 60);
  return minutes < 2880 ? `${minutes} minutes ahead` : `${Math.floor(minutes / 1440)} days ahead`;
}

/** Twilio takes an empty field as absent. */
function given(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}
