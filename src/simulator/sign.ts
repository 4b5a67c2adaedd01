/** X-Twilio-Signature, computed as Twilio's documentation tells it; nothing is shared with the code that checks it. */

import type { FormFields } from '../core/parameter.ts';
import { createHmac } from 'node:crypto';

export interface SignRequest {
  /** The account's primary auth token. */
  token: string;
  /** The URL as configured; user info and fragment are cut here. */
  url: string;
  /** Form parameters of a POST; empty for a GET, whose parameters are in the URL. */
  fields: FormFields;
  /** Voice over HTTPS is signed without the port, everything else with it. */
  voice: boolean;
}

/** Base64 of HMAC-SHA1 over the public URL and the sorted parameters (Twilio docs: webhook security). */
export function signatureOf(request: SignRequest): string {
  const byName = new Map<string, Set<string>>();
  for (const [name, value] of request.fields) {
    const values = byName.get(name);
    if (values === undefined) byName.set(name, new Set([value]));
    else values.add(value);
  }
  let text = signedUrl(request.url, request.voice);
  for (const name of [...byName.keys()].sort(bytewise)) {
    for (const value of [...(byName.get(name) ?? [])].sort(bytewise)) text += name + value;
  }
  return createHmac('sha1', request.token).update(text, 'utf8').digest('base64');
}

/** The URL that goes into the signature. Everything but the parts that Twilio cuts stays as written. */
export function signedUrl(url: string, voice: boolean): string {
  const bare = url.split('#', 1)[0] as string;
  const parts = /^(https?):\/\/([^/?]*)(.*)$/is.exec(bare);
  if (parts === null) return bare;
  const scheme = parts[1] as string;
  let host = (parts[2] as string).replace(/^.*@/, '');
  if (voice && scheme.toLowerCase() === 'https') host = host.replace(/:\d+$/, '');
  // A URL without a path is asked for as `/`, and that is what its receiver sees.
  const path = parts[3] as string;
  return `${scheme}://${host}${path.startsWith('/') ? '' : '/'}${path}`;
}

function bytewise(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}
