/** Messages: Twilio's create parameters and statuses as tables, and the check of a request against them. */

import type { Address } from './address.ts';
import type { EntryKind } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { Parameter, ParameterValues } from './parameter.ts';
import { addressRemedy, parseAddress } from './address.ts';
import { CALL_PARAMETERS } from './call.ts';
import { checkNames, checkValues, isoTime, shown } from './check.ts';
import { errorReport } from './errors.ts';

/** All create parameters of Twilio's Message resource. Descriptions are those of the ByteChef component. */
export const MESSAGE_PARAMETERS: readonly Parameter[] = [
  {
    name: 'to',
    wire: 'To',
    type: 'string',
    required: true,
    twilioCode: 21211,
    description:
      "The recipient's phone number in E.164 format (for SMS/MMS) or channel address, e.g. whatsapp:+15552229999.",
  },
  {
    name: 'from',
    wire: 'From',
    type: 'string',
    twilioCode: 21212,
    description:
      "The sender's Twilio phone number (in E.164 format), alphanumeric sender ID, Wireless SIM, short code, or channel address (e.g., whatsapp:+15554449999). The value of the from parameter must be a sender that is hosted within Twilio and belongs to the Account creating the Message. If you are using messaging_service_sid, this parameter can be empty (Twilio assigns a from value from the Messaging Service's Sender Pool) or you can provide a specific sender from your Sender Pool.",
  },
  {
    name: 'messagingServiceSid',
    wire: 'MessagingServiceSid',
    type: 'sid',
    prefix: 'MG',
    twilioCode: 21705,
    description:
      "The SID of the Messaging Service you want to associate with the Message. When this parameter is provided and the from parameter is omitted, Twilio selects the optimal sender from the Messaging Service's Sender Pool. You may also provide a from parameter if you want to use a specific Sender from the Sender Pool.",
  },
  {
    name: 'body',
    wire: 'Body',
    type: 'string',
    maxLength: 1600,
    twilioCode: 21617,
    description:
      'The text content of the outgoing message. Can be up to 1,600 characters in length. SMS only: If the body contains more than 160 GSM-7 characters (or 70 UCS-2 characters), the message is segmented and charged accordingly. For long body text, consider using the send_as_mms parameter.',
  },
  {
    name: 'mediaUrl',
    wire: 'MediaUrl',
    type: 'list',
    maxLength: 10,
    description:
      'The URL of media to include in the Message content. jpeg, jpg, gif, and png file types are fully supported by Twilio and content is formatted for delivery on destination devices. The media size limit is 5 MB for supported file types (jpeg, jpg, png, gif) and 500 KB for other types of accepted media. To send more than one image in the message, provide multiple media_url parameters in the POST request. You can include up to ten media_url parameters per message. International and carrier limits apply.',
  },
  {
    name: 'statusCallback',
    wire: 'StatusCallback',
    type: 'url',
    maxLength: 4000,
    twilioCode: 21609,
    description:
      'The URL of the endpoint to which Twilio sends Message status callback requests. URL must contain a valid hostname and underscores are not allowed. If you include this parameter with the messaging_service_sid, Twilio uses this URL instead of the Status Callback URL of the Messaging Service.',
  },
  {
    name: 'applicationSid',
    wire: 'ApplicationSid',
    type: 'sid',
    prefix: 'AP',
    twilioCode: 21218,
    description:
      "The SID of the associated TwiML Application. If this parameter is provided, the status_callback parameter of this request is ignored; Message status callback requests are sent to the TwiML App's message_status_callback URL.",
  },
  {
    name: 'maxPrice',
    wire: 'MaxPrice',
    type: 'number',
    twilioCode: 21627,
    description:
      "The maximum price in US dollars that you are willing to pay for this Message's delivery. When the max_price parameter is provided, the cost of a message is checked before it is sent. If the cost exceeds max_price, the message is not sent and the Message status is failed.",
  },
  {
    name: 'provideFeedback',
    wire: 'ProvideFeedback',
    type: 'boolean',
    default: false,
    description:
      'Boolean indicating whether or not you intend to provide delivery confirmation feedback to Twilio (used in conjunction with the Message Feedback subresource). Boolean indicating whether or not you intend to provide delivery confirmation feedback to Twilio (used in conjunction with the Message Feedback subresource).',
  },
  {
    name: 'attempt',
    wire: 'Attempt',
    type: 'integer',
    description:
      'Total number of attempts made (including this request) to send the message regardless of the provider used.',
  },
  {
    name: 'validityPeriod',
    wire: 'ValidityPeriod',
    type: 'integer',
    min: 1,
    max: 36000,
    default: 36000,
    twilioCode: 21624,
    description:
      "The maximum length in seconds that the Message can remain in Twilio's outgoing message queue. If a queued Message exceeds the validity_period, the Message is not sent. A validity_period greater than 5 is recommended.",
  },
  {
    name: 'forceDelivery',
    wire: 'ForceDelivery',
    type: 'boolean',
    description: 'Reserved',
  },
  {
    name: 'contentRetention',
    wire: 'ContentRetention',
    type: 'string',
    choices: ['retain', 'discard'],
    default: 'retain',
    description: 'Determines if the message content can be stored or redacted based on privacy settings.',
  },
  {
    name: 'addressRetention',
    wire: 'AddressRetention',
    type: 'string',
    choices: ['retain', 'obfuscate'],
    default: 'retain',
    description: 'Determines if the address can be stored or obfuscated based on privacy settings.',
  },
  {
    name: 'smartEncoded',
    wire: 'SmartEncoded',
    type: 'boolean',
    description: 'Whether to detect Unicode characters that have a similar GSM-7 character and replace them.',
  },
  {
    name: 'persistentAction',
    wire: 'PersistentAction',
    type: 'list',
    description: 'Rich actions for non-SMS/MMS channels. Used for sending location in WhatsApp messages.',
  },
  {
    name: 'trafficType',
    wire: 'TrafficType',
    type: 'string',
    choices: ['free'],
    description: 'The kind of traffic this Message belongs to; the only value Twilio names is free.',
  },
  {
    name: 'shortenUrls',
    wire: 'ShortenUrls',
    type: 'boolean',
    description:
      'For Messaging Services with Link Shortening configured only: A Boolean indicating whether or not Twilio should shorten links in the body of the Message.',
  },
  {
    name: 'scheduleType',
    wire: 'ScheduleType',
    type: 'string',
    choices: ['fixed'],
    twilioCode: 35126,
    description:
      'For Messaging Services only: Include this parameter with a value of fixed in conjuction with the send_time parameter in order to schedule a Message.',
  },
  {
    name: 'sendAt',
    wire: 'SendAt',
    type: 'datetime',
    twilioCode: 35114,
    description: 'The time that Twilio will send the message. Must be in ISO 8601 format.',
  },
  {
    name: 'sendAsMms',
    wire: 'SendAsMms',
    type: 'boolean',
    default: false,
    description:
      'If set to true, Twilio delivers the message as a single MMS message, regardless of the presence of media.',
  },
  {
    name: 'contentVariables',
    wire: 'ContentVariables',
    type: 'json',
    twilioCode: 21656,
    description:
      "For Content Editor/API only: Key-value pairs of Template variables and their substitution values. content_sid parameter must also be provided. If values are not defined in the content_variables parameter, the Template's default placeholder values are used.",
  },
  {
    name: 'riskCheck',
    wire: 'RiskCheck',
    type: 'string',
    choices: ['enable', 'disable'],
    default: 'enable',
    description:
      'For SMS pumping protection feature only: Include this parameter with a value of disable to skip any kind of risk check on the respective message request.',
  },
  {
    name: 'fallbackFrom',
    wire: 'FallbackFrom',
    type: 'string',
    description: 'The sender that is used for SMS when the recipient cannot be reached over RCS.',
  },
  {
    name: 'contentSid',
    wire: 'ContentSid',
    type: 'sid',
    prefix: 'HX',
    twilioCode: 21655,
    description:
      "For Content Editor/API only: The SID of the Content Template to be used with the Message, e.g., HXXXXXXXXXXXXXXXXXXXXXXXXXXXXX. If this parameter is not provided, a Content Template is not used. Find the SID in the Console on the Content Editor page. For Content API users, the SID is found in Twilio's response when creating the Template or by fetching your Templates.",
  },
];

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
