/** Calls: Twilio's create parameters and statuses as tables, the check of a request, and TwiML for a spoken text. */

import type { ErrorReport } from './errors.ts';
import type { Parameter, ParameterValues } from './parameter.ts';
import { addressRemedy, parseAddress } from './address.ts';
import { checkValues, shown } from './check.ts';
import { errorReport, TollboardError } from './errors.ts';

/** All create parameters of Twilio's Call resource. */
export const CALL_PARAMETERS: readonly Parameter[] = [
  {
    name: 'to',
    wire: 'To',
    type: 'string',
    required: true,
    twilioCode: 21217,
    description: 'The phone number, SIP address or client name to call.',
  },
  {
    name: 'from',
    wire: 'From',
    type: 'string',
    required: true,
    twilioCode: 21212,
    description: 'The caller ID: a number of the account, a verified caller ID, or a client name.',
  },
  {
    name: 'url',
    wire: 'Url',
    type: 'url',
    twilioCode: 21205,
    description:
      'Where Twilio fetches the TwiML of the call once it is answered; ignored when applicationSid is given.',
  },
  {
    name: 'twiml',
    wire: 'Twiml',
    type: 'string',
    maxLength: 4000,
    twilioCode: 32018,
    description: 'The TwiML of the call itself, instead of a url; ignored when url is given. At most 4,000 characters.',
  },
  {
    name: 'applicationSid',
    wire: 'ApplicationSid',
    type: 'sid',
    prefix: 'AP',
    twilioCode: 21218,
    description: 'The TwiML application whose URLs handle the call; they win over every URL given here.',
  },
  {
    name: 'method',
    wire: 'Method',
    type: 'string',
    choices: ['GET', 'POST'],
    default: 'POST',
    twilioCode: 21209,
    description: 'The HTTP method for url.',
  },
  {
    name: 'fallbackUrl',
    wire: 'FallbackUrl',
    type: 'url',
    twilioCode: 21205,
    description: 'Fetched instead when url fails or its TwiML cannot be used.',
  },
  {
    name: 'fallbackMethod',
    wire: 'FallbackMethod',
    type: 'string',
    choices: ['GET', 'POST'],
    default: 'POST',
    twilioCode: 21209,
    description: 'The HTTP method for fallbackUrl.',
  },
  {
    name: 'statusCallback',
    wire: 'StatusCallback',
    type: 'url',
    maxLength: 4000,
    twilioCode: 21609,
    description:
      'Where Twilio posts the progress of the call; ignored when applicationSid is given. No underscore in the host name.',
  },
  {
    name: 'statusCallbackEvent',
    wire: 'StatusCallbackEvent',
    type: 'list',
    choices: ['initiated', 'ringing', 'answered', 'completed'],
    default: 'completed',
    twilioCode: 21626,
    description: 'Which events are posted to statusCallback; completed when none is given.',
  },
  {
    name: 'statusCallbackMethod',
    wire: 'StatusCallbackMethod',
    type: 'string',
    choices: ['GET', 'POST'],
    default: 'POST',
    twilioCode: 21209,
    description: 'The HTTP method for statusCallback.',
  },
  {
    name: 'sendDigits',
    wire: 'SendDigits',
    type: 'string',
    twilioCode: 21206,
    description:
      'Keys to dial after the call connects, at most 32 of 0-9, A-D, # and *; w waits half a second, W one second. Switches machineDetection off.',
  },
  {
    name: 'timeout',
    wire: 'Timeout',
    type: 'integer',
    min: 1,
    max: 600,
    default: 60,
    twilioCode: 21208,
    description: 'Seconds to let the phone ring.',
  },
  {
    name: 'timeLimit',
    wire: 'TimeLimit',
    type: 'integer',
    min: 1,
    description: 'Longest duration of the call in seconds.',
  },
  {
    name: 'record',
    wire: 'Record',
    type: 'boolean',
    default: false,
    description: 'Whether to record the call.',
  },
  {
    name: 'recordingChannels',
    wire: 'RecordingChannels',
    type: 'string',
    choices: ['mono', 'dual'],
    default: 'mono',
    description: 'Both sides of the recording in one channel or in two.',
  },
  {
    name: 'recordingTrack',
    wire: 'RecordingTrack',
    type: 'string',
    choices: ['inbound', 'outbound', 'both'],
    default: 'both',
    description: 'Which side is recorded.',
  },
  {
    name: 'recordingStatusCallback',
    wire: 'RecordingStatusCallback',
    type: 'url',
    twilioCode: 21609,
    description: 'Where Twilio posts that the recording can be fetched.',
  },
  {
    name: 'recordingStatusCallbackMethod',
    wire: 'RecordingStatusCallbackMethod',
    type: 'string',
    choices: ['GET', 'POST'],
    default: 'POST',
    twilioCode: 21209,
    description: 'The HTTP method for recordingStatusCallback.',
  },
  {
    name: 'recordingStatusCallbackEvent',
    wire: 'RecordingStatusCallbackEvent',
    type: 'list',
    choices: ['in-progress', 'completed', 'absent'],
    default: 'completed',
    description: 'Which events of the recording are posted.',
  },
  {
    name: 'trim',
    wire: 'Trim',
    type: 'string',
    choices: ['trim-silence', 'do-not-trim'],
    default: 'trim-silence',
    description: 'Whether silence at both ends of the recording is cut.',
  },
  {
    name: 'machineDetection',
    wire: 'MachineDetection',
    type: 'string',
    choices: ['Enable', 'DetectMessageEnd'],
    description:
      'Whether to find out if a person, a machine or a fax answered: Enable tells at once, DetectMessageEnd waits for the end of the greeting.',
  },
  {
    name: 'machineDetectionTimeout',
    wire: 'MachineDetectionTimeout',
    type: 'integer',
    min: 1,
    default: 30,
    description: 'Seconds after which machine detection gives up with unknown.',
  },
  {
    name: 'machineDetectionSpeechThreshold',
    wire: 'MachineDetectionSpeechThreshold',
    type: 'integer',
    min: 1000,
    max: 6000,
    default: 2400,
    description: 'Milliseconds of speech beyond which the other side counts as a machine.',
  },
  {
    name: 'machineDetectionSpeechEndThreshold',
    wire: 'MachineDetectionSpeechEndThreshold',
    type: 'integer',
    min: 500,
    max: 5000,
    default: 1200,
    description: 'Milliseconds of silence after which speech counts as ended.',
  },
  {
    name: 'machineDetectionSilenceTimeout',
    wire: 'MachineDetectionSilenceTimeout',
    type: 'integer',
    min: 2000,
    max: 10000,
    default: 5000,
    description: 'Milliseconds of silence at the start after which the answer is unknown.',
  },
  {
    name: 'asyncAmd',
    wire: 'AsyncAmd',
    type: 'string',
    choices: ['true', 'false'],
    default: 'false',
    description: 'Whether machine detection runs beside the call instead of before it.',
  },
  {
    name: 'asyncAmdStatusCallback',
    wire: 'AsyncAmdStatusCallback',
    type: 'url',
    twilioCode: 21609,
    description: 'Where Twilio posts the result of machine detection that runs beside the call.',
  },
  {
    name: 'asyncAmdStatusCallbackMethod',
    wire: 'AsyncAmdStatusCallbackMethod',
    type: 'string',
    choices: ['GET', 'POST'],
    default: 'POST',
    twilioCode: 21209,
    description: 'The HTTP method for asyncAmdStatusCallback.',
  },
  {
    name: 'sipAuthUsername',
    wire: 'SipAuthUsername',
    type: 'string',
    description: 'User name for a SIP address that asks for one.',
  },
  {
    name: 'sipAuthPassword',
    wire: 'SipAuthPassword',
    type: 'string',
    description: 'Password for a SIP address that asks for one.',
  },
  {
    name: 'callerId',
    wire: 'CallerId',
    type: 'string',
    description: 'The number, SIP address or client name that made the call.',
  },
  {
    name: 'callReason',
    wire: 'CallReason',
    type: 'string',
    description: 'Why you call, shown on phones that can show it.',
  },
  {
    name: 'callToken',
    wire: 'CallToken',
    type: 'string',
    description:
      'The token of an incoming call that is passed on, so that the new call may show the caller ID of that one.',
  },
  {
    name: 'byoc',
    wire: 'Byoc',
    type: 'sid',
    prefix: 'BY',
    description: 'The trunk of your own carrier that the call goes through; only for phone numbers.',
  },
  {
    name: 'clientNotificationUrl',
    wire: 'ClientNotificationUrl',
    type: 'url',
    description: 'Where Twilio delivers the push notification of a call to a client.',
  },
];

/** How far along a call is; see `StatusRow` in message.ts. */
interface CallStatusRow {
  readonly rank: number;
  readonly final: boolean;
  readonly failed: boolean;
}

/** Every status of Twilio's Call resource, and `initiated`, which only callbacks carry. */
export const CALL_STATUSES = {
  queued: { rank: 0, final: false, failed: false },
  initiated: { rank: 0, final: false, failed: false },
  ringing: { rank: 1, final: false, failed: false },
  'in-progress': { rank: 2, final: false, failed: false },
  completed: { rank: 3, final: true, failed: false },
  busy: { rank: 3, final: true, failed: true },
  'no-answer': { rank: 3, final: true, failed: true },
  failed: { rank: 3, final: true, failed: true },
  canceled: { rank: 3, final: true, failed: false },
} as const satisfies Record<string, CallStatusRow>;

export type CallStatus = keyof typeof CALL_STATUSES;

const UNKNOWN_STATUS: CallStatusRow = { rank: 0, final: false, failed: false };

/** The row of a status word; a word that Twilio added later counts as a beginning: not final, not failed. */
export function callStatus(word: string): CallStatusRow {
  return Object.hasOwn(CALL_STATUSES, word) ? CALL_STATUSES[word as CallStatus] : UNKNOWN_STATUS;
}

/**
 * The first fault of a call to `to`, or null: presence, form of recipient and caller, then every value. A `say` must
 * have become `twiml` before (see {@link sayTwiml}). `now` is unused so far; both checks are called alike.
 */
export function checkCall(to: string, params: ParameterValues, _now?: number): ErrorReport | null {
  return presence(to, params) ?? addressFault(to, params) ?? checkValues(CALL_PARAMETERS, params);
}

/** A text to be spoken. `voice` and `language` as in TwiML's Say; Twilio's own defaults when absent. */
export interface Say {
  text: string;
  voice?: string;
  language?: string;
}

const SAY_MAX = 4096;
const TWIML_MAX = 4000;
const SAY_MEMBERS: ReadonlySet<string> = new Set(['text', 'voice', 'language']);

/**
 * From a {@link Say} that came from outside:
 * `<Response><Say …>text</Say></Response>`, escaped for XML. Throws `TOLLBOARD_CALL_SAY_INVALID` for a text that is
 * empty or longer than 4096 characters or a member of another form, `TOLLBOARD_CALL_TWIML_TOO_LONG` when the document
 * exceeds Twilio's 4000 characters.
 */
export function sayTwiml(say: unknown): string {
  if (typeof say !== 'object' || say === null) throw sayFault(say, 'an object {text, voice, language}');
  const unknown = Object.keys(say).find((name) => !SAY_MEMBERS.has(name));
  if (unknown !== undefined) throw sayFault(unknown, 'only text, voice and language');
  const { text, voice, language } = say as Partial<Say>;
  if (typeof text !== 'string' || text.trim() === '') throw sayFault(text, 'a text that is not empty');
  if (text.length > SAY_MAX) throw sayFault(`${text.length} characters`, `at most ${SAY_MAX}`);
  const twiml = `<Response><Say${attribute('voice', voice)}${attribute('language', language)}>${escapeXml(text)}</Say></Response>`;
  if (twiml.length > TWIML_MAX)
    throw new TollboardError('TOLLBOARD_CALL_TWIML_TOO_LONG', { details: { length: twiml.length } });
  return twiml;
}

function presence(to: string, params: ParameterValues): ErrorReport | null {
  if (to.trim() === '') return errorReport('TOLLBOARD_CALL_TO_MISSING');
  if (!params.from) return errorReport('TOLLBOARD_CALL_FROM_MISSING');
  if (!params.url && !params.twiml && !params.applicationSid) return errorReport('TOLLBOARD_CALL_INSTRUCTIONS_MISSING');
  return null;
}

const CALLABLE: ReadonlySet<string> = new Set(['e164', 'sip', 'client']);
/** A call to a SIP address or client may show any caller name. */
const CALLER: ReadonlySet<string> = new Set(['e164', 'sip', 'client', 'alphanumeric', 'short-code']);

function addressFault(to: string, params: ParameterValues): ErrorReport | null {
  const recipient = parseAddress(to);
  if (recipient === null || !CALLABLE.has(recipient.kind)) {
    return errorReport('TOLLBOARD_CALL_TO_INVALID', { details: { value: shown('to', to), remedy: addressRemedy(to) } });
  }
  const caller = typeof params.from === 'string' ? parseAddress(params.from) : null;
  const fits = caller !== null && (recipient.kind === 'e164' ? caller.kind === 'e164' : CALLER.has(caller.kind));
  if (fits) return null;
  return errorReport('TOLLBOARD_CALL_FROM_INVALID', { details: { value: shown('from', params.from) } });
}

function attribute(name: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'string' || !/^[\w.@ -]{1,100}$/.test(value)) throw sayFault(value, `a name for ${name}`);
  return ` ${name}="${value}"`;
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Characters that XML 1.0 cannot hold at all become blanks: nobody can hear them. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ' ')
    .replaceAll(/[&<>"']/g, (character) => XML_ESCAPES[character] ?? character);
}

function sayFault(value: unknown, expected: string): TollboardError {
  return new TollboardError('TOLLBOARD_CALL_SAY_INVALID', {
    details: { value: shown('say', value ?? null), expected },
  });
}
