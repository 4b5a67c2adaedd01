/** Form-encoded text to fields and back, as Twilio reads and writes it: order and repeated names are kept. */

import type { FormFields } from '../core/parameter.ts';

/** Fields in the order received. Never throws: a broken percent escape stays as it was sent. */
export function decodeForm(text: string): FormFields {
  if (text === '') return [];
  const fields: FormFields = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const split = pair.indexOf('=');
    if (split < 0) fields.push([decodePart(pair), '']);
    else fields.push([decodePart(pair.slice(0, split)), decodePart(pair.slice(split + 1))]);
  }
  return fields;
}

/** `application/x-www-form-urlencoded` text; blanks become `+`. */
export function encodeForm(fields: Readonly<FormFields>): string {
  return new URLSearchParams(fields as Array<[string, string]>).toString();
}

/** The first value of a field, or null. */
export function fieldOf(fields: Readonly<FormFields>, name: string): string | null {
  for (const [key, value] of fields) if (key === name) return value;
  return null;
}

/** Every value of a repeated field, in order. */
export function fieldsOf(fields: Readonly<FormFields>, name: string): string[] {
  return fields.filter(([key]) => key === name).map(([, value]) => value);
}

function decodePart(text: string): string {
  const blanks = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!blanks.includes('%')) return blanks;
  try {
    return decodeURIComponent(blanks);
  } catch {
    return new URLSearchParams(`v=${text}`).get('v') ?? blanks;
  }
}
