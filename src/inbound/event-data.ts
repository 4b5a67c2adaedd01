/** What Twilio sent as the data of `twilio_data_received`. */

import type { FormFields } from '../core/parameter.ts';
import { isPlainObject } from '../core/plain-object.ts';

/** Every field by Twilio's name, the first of repeated ones as in Home Assistant; and which webhook it was. */
export function formData(fields: FormFields, webhookId: string): Record<string, string> {
  const data: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (Object.hasOwn(data, name)) continue;
    // An assignment would set the prototype.
    if (name === '__proto__') Object.defineProperty(data, name, { value, ...OWN });
    else data[name] = value;
  }
  data.webhook_id = webhookId;
  return data;
}

const OWN = { enumerable: true, writable: true, configurable: true };

/** The form itself, where such data do not tell all of it: repeated names, another order, a `webhook_id` of its own. */
export function untold(fields: FormFields, data: Readonly<Record<string, string>>): FormFields | undefined {
  const told = Object.keys(data);
  const all = told.length === fields.length + 1 && fields.every(([name], at) => name === told[at]);
  return all ? undefined : fields;
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
