/** /IncomingPhoneNumbers: the numbers of an account and where their messages and calls go. */

import type { FormFields } from '../core/parameter.ts';
import type { Answer, Exchange, Handler } from './exchange.ts';
import type { PhoneNumber } from './model.ts';
import { parseAddress } from '../core/address.ts';
import { isHttpUrl } from '../core/check.ts';
import { renderPhoneNumber } from '../wire/account.ts';
import { fieldOf } from '../wire/form.ts';
import { missing, phoneNumberRecord } from './accounts.ts';
import { listAnswer } from './exchange.ts';
import { magicPurchaseFault } from './magic-numbers.ts';
import { refusal } from './refusals.ts';

/** GET /IncomingPhoneNumbers.json: PhoneNumber as a pattern (`*` any digits, else anywhere in it), FriendlyName exact. */
export const listNumbers: Handler = (exchange) => {
  const { sim, account, query } = exchange;
  const wanted = fieldOf(query, 'PhoneNumber');
  const friendlyName = fieldOf(query, 'FriendlyName');
  const pattern = wanted === null ? null : numberPattern(wanted);
  const matching = sim.store.numbers
    .of(account.sid)
    .filter((number) => pattern === null || pattern.test(number.phoneNumber))
    .filter((number) => friendlyName === null || number.friendlyName === friendlyName);
  return listAnswer(exchange, matching, 'incoming_phone_numbers', renderPhoneNumber);
};

export const fetchNumber: Handler = (exchange) => {
  const number = find(exchange);
  return number === null ? missing(exchange) : { status: 200, body: renderPhoneNumber(number) };
};

/** POST /IncomingPhoneNumbers/{sid}.json: URLs, methods, names. */
export const updateNumber: Handler = (exchange) => {
  const number = find(exchange);
  if (number === null) return missing(exchange);
  const changed = { ...number };
  const code = applyForm(changed, exchange.form);
  if (code !== null) return refusal(code);
  return keep(exchange, Object.assign(number, changed), 200);
};

/** POST /IncomingPhoneNumbers.json buys PhoneNumber, or with AreaCode any free number there. */
export const createNumber: Handler = (exchange) => {
  const { sim, account, form, now } = exchange;
  const asked = fieldOf(form, 'PhoneNumber');
  const areaCode = fieldOf(form, 'AreaCode');
  const magic = account.test ? magicPurchaseFault(asked, areaCode) : null;
  if (magic !== null) return refusal(magic);
  const phoneNumber = asked ?? (areaCode === null ? null : freeNumber(exchange, areaCode));
  const address = phoneNumber === null ? null : parseAddress(phoneNumber);
  if (address?.kind !== 'e164') return refusal(21421);
  const taken = sim.accounts.some((other) =>
    sim.store.numbers.of(other.sid).some((number) => number.phoneNumber === address.value),
  );
  if (taken && !account.test) return refusal(21422);
  // A trial account has one number (Twilio docs: trial accounts).
  if (account.type === 'Trial' && sim.store.numbers.of(account.sid).length > 0) return refusal(21404);
  const number = phoneNumberRecord(account.sid, { phoneNumber: address.value }, now);
  const code = applyForm(number, form);
  if (code !== null) return refusal(code);
  if (account.test) return { status: 201, body: renderPhoneNumber(number) };
  return keep(exchange, number, 201);
};

export const deleteNumber: Handler = (exchange) => {
  const number = find(exchange);
  if (number === null) return missing(exchange);
  exchange.sim.store.numbers.remove(number);
  return { status: 204, body: null };
};

/** Form fields that set a text of the record, and the code when a URL is wrong. */
const FIELDS = {
  FriendlyName: 'friendlyName',
  SmsUrl: 'smsUrl',
  SmsMethod: 'smsMethod',
  SmsFallbackUrl: 'smsFallbackUrl',
  SmsFallbackMethod: 'smsFallbackMethod',
  VoiceUrl: 'voiceUrl',
  VoiceMethod: 'voiceMethod',
  VoiceFallbackUrl: 'voiceFallbackUrl',
  VoiceFallbackMethod: 'voiceFallbackMethod',
  VoiceReceiveMode: 'voiceReceiveMode',
  StatusCallback: 'statusCallback',
  StatusCallbackMethod: 'statusCallbackMethod',
} as const;

/** Twilio's code of the first fault, or null. */
function applyForm(number: PhoneNumber, form: FormFields): number | null {
  for (const [name, member] of Object.entries(FIELDS)) {
    const value = fieldOf(form, name);
    if (value === null) continue;
    if ((name.endsWith('Url') || name === 'StatusCallback') && value !== '' && !isHttpUrl(value)) return 21402;
    if (name.endsWith('Method') && value !== 'GET' && value !== 'POST') return 21209;
    number[member] = value;
  }
  const lookup = fieldOf(form, 'VoiceCallerIdLookup');
  if (lookup !== null) number.voiceCallerIdLookup = lookup === 'true';
  for (const [name, member] of APPLICATIONS) {
    const value = fieldOf(form, name);
    if (value !== null) number[member] = value === '' ? null : value;
  }
  if (number.voiceFallbackUrl !== '' && number.voiceUrl === '') return 21405;
  return number.smsFallbackUrl !== '' && number.smsUrl === '' ? 21406 : null;
}

const APPLICATIONS = [
  ['SmsApplicationSid', 'smsApplicationSid'],
  ['VoiceApplicationSid', 'voiceApplicationSid'],
  ['TrunkSid', 'trunkSid'],
] as const;

function keep({ sim, now }: Exchange, number: PhoneNumber, status: number): Answer {
  number.dateUpdated = now;
  sim.store.numbers.save(number);
  return { status, body: renderPhoneNumber(number), created: number.sid };
}

function freeNumber({ sim, account }: Exchange, areaCode: string): string | null {
  if (!/^[2-9]\d{2}$/.test(areaCode)) return null;
  const own = new Set(sim.store.numbers.of(account.sid).map(({ phoneNumber }) => phoneNumber));
  for (let line = 0; line < 10_000; line += 1) {
    const candidate = `+1${areaCode}555${String(line).padStart(4, '0')}`;
    if (!own.has(candidate)) return candidate;
  }
  return null;
}

/** Literal text and stars only: no expression of the caller's is run. */
function numberPattern(wanted: string): RegExp {
  const parts = wanted.split('*').map((part) => part.replaceAll(/[^0-9+A-Za-z]/g, ''));
  return new RegExp(parts.map((part) => part.replaceAll('+', '\\+')).join('\\d*'));
}

function find({ sim, account, sid }: Exchange): PhoneNumber | null {
  return sim.store.numbers.get(account.sid, sid);
}
