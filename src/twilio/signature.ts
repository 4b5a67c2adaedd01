/** Twilio's webhook signature: verified over everything that came, and made for callbacks that we pass on. */

import type { EntryKind } from '../core/entry.ts';
import type { FormFields } from '../core/parameter.ts';
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  /** The public URL as it was given to Twilio, with the query exactly as it came. Never what a proxy made of it. */
  readonly url: string;
  /** `X-Twilio-Signature`. */
  readonly signature: string | null;
  /** Auth tokens of the account the request is for, two during rotation. Never API secrets: Twilio signs with none. */
  readonly authTokens: readonly string[];
  /** Every parameter of a form post, decoded, also unknown and repeated ones. Empty for GET and for JSON. */
  readonly fields: FormFields;
  /** The body of a post that is no form (JSON), byte for byte: `bodySHA256` of the query is then compared with it. */
  readonly rawBody?: string | Uint8Array;
}

/**
 * True when one of the tokens made the signature. Tried with the URL's port as it is, without one, and with the default
 * one spelled out, because Twilio drops it for voice over HTTPS (Twilio docs: webhooks security). The signature covers
 * neither time nor a nonce: whoever calls this must refuse repeats by itself.
 */
export function verifySignature(request: SignedRequest): boolean {
  return genuineParameters(request) !== null;
}

/**
 * Null for what {@link verifySignature} refuses; else the SHA-256 (base64url) of what the signature covers, by the URL as
 * configured. Requests with the same one have the same signature, also where names and values are cut at other places:
 * Twilio signs them without borders.
 */
export function signedDigest(request: SignedRequest): string | null {
  const parameters = genuineParameters(request);
  return parameters === null ? null : hash('sha256', request.url + parameters, 'base64url');
}

/** The parameters as they are signed, or null where no token made the signature. */
function genuineParameters({ url, signature, authTokens, fields, rawBody }: SignedRequest): string | null {
  if (signature === null || signature === '') return null;
  if (rawBody !== undefined && (fields.length > 0 || !hashMatches(url, rawBody))) return null;
  const given = Buffer.from(signature);
  const parameters = canonical(fields);
  for (const candidate of spellings(url)) {
    for (const token of authTokens) {
      // An empty key would make everybody's signature genuine. A forged one is compared with all: its time tells nothing.
      if (token !== '' && equal(given, Buffer.from(hmac(token, candidate + parameters)))) return parameters;
    }
  }
  return null;
}

/**
 * The signature that Twilio itself would send for a form post to `url`, which may hold userinfo and a fragment: both are
 * cut. `kind`: calls over HTTPS are signed without the port.
 */
export function signForm(url: string, fields: FormFields, authToken: string, kind: EntryKind = 'message'): string {
  const parts = split(url);
  const port = kind === 'call' && parts.scheme === 'https://' ? '' : parts.port;
  return hmac(authToken, parts.scheme + parts.host + port + parts.rest + canonical(fields));
}

interface UrlParts {
  readonly scheme: string;
  readonly host: string;
  /** With its colon, or empty. */
  readonly port: string;
  /** Path and query. */
  readonly rest: string;
}

/**
 * Cuts userinfo and fragment without rewriting anything: Twilio signs the characters as configured, and a URL object
 * would encode some of them.
 */
function split(url: string): UrlParts {
  const [, scheme = '', authority = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^#]*)/i.exec(url) ?? [];
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(hostAndPort) ?? [];
  return { scheme: scheme.toLowerCase(), host, port, rest };
}

function spellings(url: string): string[] {
  const { scheme, host, port, rest } = split(url);
  if (host === '') return [];
  const usual = scheme === 'https://' ? ':443' : ':80';
  return ['', port === '' ? usual : port].map((spelled) => scheme + host + spelled + rest);
}

/** Names in byte order, each with its values: distinct, in byte order, appended name and value. */
function canonical(fields: FormFields): string {
  const text = sorted(fields, byCodeUnits);
  // UTF-16 order is byte order unless surrogates are about, and much cheaper on a hostile form of thousands of fields.
  return SURROGATE.test(text) ? sorted(fields, byBytes) : text;
}

function sorted(fields: FormFields, order: (left: string, right: string) => number): string {
  const inOrder = fields.toSorted((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
  let text = '';
  let last: readonly [string, string] | null = null;
  for (const field of inOrder) {
    if (last === null || last[0] !== field[0] || last[1] !== field[1]) text += field[0] + field[1];
    last = field;
  }
  return text;
}

const SURROGATE = /[\uD800-\uDFFF]/;

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function hmac(token: string, text: string): string {
  return createHmac('sha1', token).update(text, 'utf8').digest('base64');
}

function hashMatches(url: string, rawBody: string | Uint8Array): boolean {
  const query = split(url).rest.split('?')[1] ?? '';
  const claimed = new URLSearchParams(query).get('bodySHA256') ?? '';
  return equal(Buffer.from(claimed.toLowerCase()), Buffer.from(hash('sha256', rawBody)));
}

/** The lengths are those of public formats, so comparing them tells nothing. */
function equal(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
