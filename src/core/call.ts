/** Calls: Twilio's statuses as a table, the check of a request, and TwiML for a spoken text. */

import type { ErrorReport } from './errors.ts';
import type { ParameterValues } from './parameter.ts';
import { addressRemedy, parseAddress } from './address.ts';
import { CALL_PARAMETERS } from './call-parameters.ts';
import { checkValues, shown } from './check.ts';
import { errorReport, TollboardError } from './errors.ts';
import { escapeXml } from './xml.ts';

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
 * have become `twiml` before (see {@link spokenParams}). `now` is unused so far; both checks are called alike.
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

/** Characters of a text to be spoken, and of the whole document; `attribute`: form of a voice or language. */
export const CALL_LIMITS = { sayCharacters: 4096, twimlCharacters: 4000, attribute: '^[\\w.@ -]{1,100}$' } as const;
const ATTRIBUTE = new RegExp(CALL_LIMITS.attribute);

/** What Twilio would follow instead: of `say` beside one of them nothing would be heard. */
const INSTRUCTIONS = ['url', 'twiml', 'applicationSid'] as const;

/** The parameters with `say`, if there is one, become `twiml`. Throws `TOLLBOARD_CALL_SAY_BESIDE` and as {@link sayTwiml}. */
export function spokenParams({ say, ...params }: ParameterValues): ParameterValues {
  if (say === undefined) return params;
  const name = INSTRUCTIONS.find((other) => params[other] !== undefined && params[other] !== '');
  if (name !== undefined) throw new TollboardError('TOLLBOARD_CALL_SAY_BESIDE', { details: { name } });
  return { ...params, twiml: sayTwiml(say) };
}

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
  if (text.length > CALL_LIMITS.sayCharacters)
    throw sayFault(`${text.length} characters`, `at most ${CALL_LIMITS.sayCharacters}`);
  const twiml = `<Response><Say${attribute('voice', voice)}${attribute('language', language)}>${escapeXml(text)}</Say></Response>`;
  if (twiml.length > CALL_LIMITS.twimlCharacters)
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
  if (typeof value !== 'string' || !ATTRIBUTE.test(value)) throw sayFault(value, `a name for ${name}`);
  return ` ${name}="${value}"`;
}

function sayFault(value: unknown, expected: string): TollboardError {
  return new TollboardError('TOLLBOARD_CALL_SAY_INVALID', {
    details: { value: shown('say', value ?? null), expected },
  });
}
