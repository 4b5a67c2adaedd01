/** Whom a `to_phone` means. "If country code not specified will default to +1" (the connector's page). */

/** As patterns that JavaScript and Python read alike: the app in Python gets them generated. */
export const RECIPIENT = {
  separators: '[ \\t.()-]',
  tenDigits: '^[0-9]{10}$',
  elevenDigits: '^1[0-9]{10}$',
  channel: '^[A-Za-z][A-Za-z0-9_-]*:',
} as const;

const SEPARATORS = new RegExp(RECIPIENT.separators, 'g');
const TEN_DIGITS = new RegExp(RECIPIENT.tenDigits);
const ELEVEN_DIGITS = new RegExp(RECIPIENT.elevenDigits);
const CHANNEL = new RegExp(RECIPIENT.channel);

/** 10 digits, or 11 that begin with 1, get the +1 of the page; everything else goes out as given: `asGiven` where it has no country code. */
export function recipientOf(text: string): { to: string; asGiven: boolean } {
  const given = text.trim();
  if (given.startsWith('+') || CHANNEL.test(given)) return { to: given, asGiven: false };
  const digits = given.replaceAll(SEPARATORS, '');
  if (TEN_DIGITS.test(digits)) return { to: `+1${digits}`, asGiven: false };
  if (ELEVEN_DIGITS.test(digits)) return { to: `+${digits}`, asGiven: false };
  return { to: given, asGiven: true };
}
