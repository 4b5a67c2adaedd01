/** Sends what a Send SMS asks for straight to Twilio, with plain JavaScript and whatever HTTP the place offers. */

import type { HostCredentials, Outcome } from '../../src/hosts/host.ts';
import { errorReport } from '../../src/core/errors.ts';
import { toForm } from '../../src/core/form.ts';
import { bytechefCredentials, bytechefRequest } from '../../src/hosts/bytechef/request.ts';
import { type BytechefOutput, bytechefResult, failure, isFailure } from '../../src/hosts/bytechef/result.ts';
import { createFailure, createResult } from '../../src/twilio/answers.ts';
import { TransportFailure } from '../../src/twilio/transport.ts';

/** Change this one line to send through a Tollboard gateway: `http://127.0.0.1:8655`. */
const TWILIO = 'https://api.twilio.com';

/** Twilio answers within seconds; after this the answer counts as lost. */
export const TIMEOUT_MS = 30_000;

export interface Post {
  url: string;
  /** `application/x-www-form-urlencoded` text. */
  form: string;
}

/** As the place gives it: header names in any case, values alone or in lists, a body as text or parsed already. */
export interface Answer {
  statusCode: number;
  headers?: Readonly<Record<string, unknown>> | null;
  body?: unknown;
}

/** Posts once. Throws what ByteChef throws, which for an answer outside 200–399 is `<status>: <body>`. */
export type Http = (post: Post, credentials: HostCredentials | null) => Answer;

/** The declared output; throws what the step is to fail with. `now` in milliseconds since the epoch. */
export function sendSms(input: unknown, http: Http, now: number): BytechefOutput {
  const output = sent(input, http, now);
  if (isFailure(output)) throw new Error(output.error.message);
  return output;
}

function sent(input: unknown, http: Http, now: number): BytechefOutput {
  const work = bytechefRequest(input);
  if (work.do === 'answer') return work.output;
  const request = work.do === 'send' ? work.requests[0] : undefined;
  if (work.do !== 'send' || request?.account === undefined) return failure('', NO_ACCOUNT);
  const { to } = work.asked;
  const url = `${TWILIO}/2010-04-01/Accounts/${encodeURIComponent(request.account)}/Messages.json`;
  const post = { url, form: encodeForm(toForm('message', to, request.params)) };
  const outcome = outcomeOf(to, now, () => http(post, bytechefCredentials(input)));
  return bytechefResult(work.asked, { do: 'send', outcomes: [outcome] });
}

const NO_ACCOUNT = errorReport('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE', {
  message: 'No account is named: the connection and the property Account SID are empty.',
  remedy: 'Fill in Account SID.',
});

function outcomeOf(to: string, at: number, request: () => Answer): Outcome {
  const result = resultOf(at, request);
  const nothing = { to, at, id: null, sid: null, status: null, error: null, resource: null };
  const rest = { entry: null, duplicate: false, replayed: false };
  if (result.outcome === 'accepted') {
    const { sid, status, resource } = result;
    return { ...nothing, ...rest, verdict: 'taken', id: sid, sid, status, resource };
  }
  return { ...nothing, ...rest, verdict: result.outcome === 'unknown' ? 'unsure' : 'refused', error: result.error };
}

function resultOf(now: number, request: () => Answer) {
  try {
    const { statusCode, headers, body } = request();
    const text = typeof body === 'string' ? body : body === null || body === undefined ? '' : JSON.stringify(body);
    return createResult(
      'message',
      { status: Number(statusCode), headers: plainHeaders(headers ?? {}), body: text },
      now,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, status, body] = /(?:^|: )([1-5]\d\d): ([\s\S]*)$/.exec(message) ?? [];
    if (status !== undefined)
      return createResult('message', { status: Number(status), headers: {}, body: body ?? '' }, now);
    const detail = 'told by the HTTP client of ByteChef';
    if (NOT_CONNECTED.test(message)) return createFailure(new TransportFailure('before_send', 'refused', detail));
    return createFailure(new TransportFailure('unknown', 'reset', detail));
  }
}

/** How Java names what goes wrong before a byte has left. */
const NOT_CONNECTED =
  /\bConnectException\b|\bUnknownHostException\b|\bUnresolvedAddressException\b|^Connection refused/;

function plainHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    plain[name.toLowerCase()] = String(Array.isArray(value) ? value[0] : value);
  }
  return plain;
}

/** As a browser writes a form; the place has no URLSearchParams. */
function encodeForm(fields: ReadonlyArray<readonly [string, string]>): string {
  return fields.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).join('&');
}

function encodePart(text: string): string {
  return encodeURIComponent(text.replaceAll(LONE_SURROGATE, '\uFFFD'))
    .replaceAll('%20', '+')
    .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** HTTP Basic (RFC 7617) with UTF-8; the place has no btoa. */
export function basic({ username, password }: HostCredentials): string {
  const bytes = unescapeUtf8(`${username}:${password}`);
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.slice(index, index + 3);
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    text +=
      b === undefined
        ? '=='
        : ALPHABET.charAt((group >> 6) & 63) + (c === undefined ? '=' : ALPHABET.charAt(group & 63));
  }
  return `Basic ${text}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function unescapeUtf8(text: string): number[] {
  const escaped = encodeURIComponent(text.replaceAll(LONE_SURROGATE, '\uFFFD'));
  return [...escaped.matchAll(/%([0-9A-F]{2})|([^%])/g)].map(([, hex, sign]) =>
    hex === undefined ? (sign ?? '').charCodeAt(0) : Number.parseInt(hex, 16),
  );
}
