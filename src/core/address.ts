/** Addresses: what a text names (a number, a short code, a sender name, a channel, a SID), by its form alone. */

import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

export type AddressKind = 'e164' | 'short-code' | 'alphanumeric' | 'channel' | 'sid' | 'sip' | 'client';

export interface Address {
  readonly kind: AddressKind;
  /** The form that goes to Twilio: a number without separators, anything else as given but for blanks around it. */
  readonly value: string;
  /** The word before the colon of a channel address, e.g. `whatsapp`. */
  readonly channel?: string;
}

/** Longest address taken at all; a SIP URI is the longest kind. */
const MAX_LENGTH = 255;

/**
 * Classifies by form; null when the text has none of them. A number needs `+` and a possible length for its country
 * (`isPossible`, not `isValid`: numbering plans change faster than tables); blanks, hyphens, dots and parentheses
 * between its digits are dropped. No country code is ever guessed: digits without `+` are a short code (3 to 8) or nothing.
 */
export function parseAddress(text: string): Address | null {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX_LENGTH) return null;
  if (trimmed.startsWith('+')) return phoneNumber(trimmed);
  for (const [kind, form] of FORMS) {
    const match = form.exec(trimmed);
    if (match === null) continue;
    const channel = kind === 'channel' ? match[1] : undefined;
    return channel === undefined ? { kind, value: trimmed } : { kind, value: trimmed, channel };
  }
  return null;
}

/** The next action for a text that is no address of a recipient: it says what to write instead where that is clear. */
export function addressRemedy(text: string): string {
  const digits = text.replaceAll(SEPARATORS, '');
  const international = digits.replace(/^(\+|00)?/, '+');
  // Ten digits or fewer are as good as always a national number: +5551234567 would be somebody in Brazil.
  const complete = international.length > '+5551234567'.length && phoneNumber(international) !== null;
  if (/^00/.test(digits) && complete) return `Write the number with + instead of 00: ${international}.`;
  if (/^[1-9]\d+$/.test(digits) && complete) return `Write it with +: ${international}; no country code is guessed.`;
  if (/^\+\d+$/.test(digits)) return 'Check the country code and the number of digits.';
  return 'Write the number with + and its country code, as in +15551112222; no country code is guessed.';
}

/** What may stand between the digits of a number. */
export const SEPARATORS = /[\s().-]/g;

/** In this order: the first form that fits decides. Sender names as in Twilio docs: alphanumeric sender ID. */
const FORMS: ReadonlyArray<readonly [AddressKind, RegExp]> = [
  ['sip', /^sips?:\S+$/i],
  ['client', /^client:\S.*$/],
  ['channel', /^([a-z][a-z0-9_-]{1,30}):\S+$/i],
  ['sid', /^[A-Z]{2}[0-9a-fA-F]{32}$/],
  ['short-code', /^[1-9]\d{2,7}$/],
  ['alphanumeric', /^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 +_&.-]{0,10}$/],
];

/** Numbers parsed lately: one send asks for the same two several times, and parsing is the dearest step of a check. */
const PARSED = new Map<string, Address | null>();
const MAX_PARSED = 4096;

const E164 = /^\+[1-9]\d{1,14}$/;

/**
 * Possible by the numbering plan of +1 (ITU-T E.164, NANPA): ten digits that do not begin with 0 or 1. The library says
 * the same after looking through two dozen countries, which takes a third of all the time that accepting a text takes.
 */
const NORTH_AMERICAN = /^\+1[2-9]\d{9}$/;

function phoneNumber(text: string): Address | null {
  const known = PARSED.get(text);
  if (known !== undefined) return known;
  const value = `+${text.slice(1).replaceAll(SEPARATORS, '')}`;
  const possible = NORTH_AMERICAN.test(value) || (E164.test(value) && parsePhoneNumberFromString(value)?.isPossible());
  const address: Address | null = possible === true ? { kind: 'e164', value } : null;
  if (PARSED.size >= MAX_PARSED) PARSED.clear();
  PARSED.set(text, address);
  return address;
}
