/** What Twilio sent as the data of `twilio_data_received`. */

import type { FormFields } from '../core/parameter.ts';
import { isPlainObject } from '../core/plain-object.ts';

/** Every field by Twilio's name, the first of repeated ones as in Home Assistant; and which webhook it was. */
export function formData(fields: FormFields, webhookId: string): Record<string, string> {
  return Object.fromEntries([...[...fields].reverse(), ['webhook_id', webhookId]]);
}

/** A JSON object likewise by its members, those that are no text as JSON; any other body whole, as `body`. */
export function jsonData(json: Uint8Array, webhookId: string): Record<string, string> {
  const text = new TextDecoder().decode(json);
  return formData([...members(parsed(text), text)], webhookId);
}

/** The account that a JSON body names, or null. */
export function jsonAccount(json: Uint8Array): string | null {
  const body = parsed(new TextDecoder().decode(json));
  return isPlainObject(body) && typeof body.AccountSid === 'string' ? body.AccountSid : null;
}

function members(body: unknown, text: string): FormFields {
  if (!isPlainObject(body)) return [['body', text]];
  return Object.entries(body).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
