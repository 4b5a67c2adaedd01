/** How a request gets to Twilio and back, and what is known about it when it does not. */

import type { Clock } from '../core/ports.ts';

/** One HTTP request. Redirects are never followed, nothing is ever repeated. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** From the moment the request may leave to the last byte of the answer; default {@link ANSWER_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** Longest answer body in bytes; default {@link MAX_ANSWER_BYTES}. */
  readonly maxBytes?: number | undefined;
}

export interface TransportAnswer {
  readonly status: number;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Two implementations (undici, node:https), judged by one suite: `test/contract/transport.ts`. */
export interface Transport {
  /** Rejects with {@link TransportFailure} and nothing else. Any HTTP status is an answer, not a failure. */
  request(request: TransportRequest): Promise<TransportAnswer>;
  /** Ends idle connections and whatever is under way. May be called twice. */
  close(): Promise<void>;
}

/** What both implementations take. */
export interface TransportOptions {
  clock: Clock;
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read (see proxy.ts); default: no proxy. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Certificates to trust instead of Node's own, PEM. `NODE_EXTRA_CA_CERTS` adds to Node's own. */
  ca?: string;
  /** Default {@link CONNECT_TIMEOUT_MS}. */
  connectTimeoutMs?: number;
}

export const CONNECT_TIMEOUT_MS = 10_000;
/** As twilio-node; Twilio's own limit may be longer, so a time-out says nothing about processing. */
export const ANSWER_TIMEOUT_MS = 30_000;
/** A page of 1,000 messages of 1,600 characters each stays below this. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Twilio's limit is on concurrent requests per account (number not published); this many connections per origin. */
export const MAX_CONNECTIONS = 50;

export type FailureReason =
  | 'aborted'
  | 'closed'
  | 'connect_timeout'
  | 'dns'
  | 'malformed'
  | 'oversized'
  | 'proxy'
  | 'refused'
  | 'request'
  | 'reset'
  | 'timeout'
  | 'tls'
  | 'truncated';

/**
 * A request without an answer. `before_send` only where it is proved that no byte of the request left this machine;
 * everything else is `unknown`: it may have been processed.
 */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  readonly stage: 'before_send' | 'unknown';
  readonly reason: FailureReason;

  constructor(stage: 'before_send' | 'unknown', reason: FailureReason, detail: string, cause?: unknown) {
    super(`${SENTENCES[reason]} (${detail})`, cause === undefined ? {} : { cause });
    this.stage = stage;
    this.reason = reason;
  }
}

const SENTENCES = {
  aborted: 'the request was aborted',
  closed: 'the transport is closed',
  connect_timeout: 'no connection was made in time',
  dns: 'the name was not found',
  malformed: 'the answer is not HTTP',
  oversized: 'the answer is too large',
  proxy: 'the proxy refused or failed',
  refused: 'the connection was refused',
  request: 'the request cannot be sent as it is',
  reset: 'the connection broke before the answer',
  timeout: 'no complete answer came in time',
  tls: 'no TLS connection could be agreed on',
  truncated: 'the answer broke off',
} as const satisfies Record<FailureReason, string>;

/** The first fitting row decides; codes are Node's, OpenSSL's, llhttp's and undici's. */
const REASONS: ReadonlyArray<readonly [pattern: RegExp, reason: FailureReason]> = [
  [/^(ENOTFOUND|EAI_)/, 'dns'],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|EACCES)$/, 'refused'],
  [/^(ERR_SSL|ERR_TLS|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|HOSTNAME_MISMATCH)/, 'tls'],
  [/^(HPE_|UND_ERR_HEADERS_OVERFLOW)/, 'malformed'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'connect_timeout'],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, 'truncated'],
  [/^(UND_ERR_DESTROYED|UND_ERR_CLOSED)$/, 'closed'],
  [/^(ERR_INVALID|ERR_UNESCAPED|UND_ERR_INVALID_ARG|ERR_HTTP_INVALID)/, 'request'],
];

/**
 * The failure for an error of a socket, a TLS layer or an HTTP parser. The detail holds the error's code and the host
 * only: texts of other programs could quote headers, and headers hold credentials.
 */
export function transportFailure(stage: 'before_send' | 'unknown', host: string, error: unknown): TransportFailure {
  if (error instanceof TransportFailure) {
    return error.stage === stage ? error : new TransportFailure(stage, error.reason, host, error.cause);
  }
  const code = codeOf(error);
  const reason =
    REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? (stage === 'before_send' ? 'refused' : 'reset');
  return new TransportFailure(stage, reason, code === '' ? host : `${host}, ${code}`, error);
}

/** Host and port for messages; what is no URL is not repeated there. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'not a URL';
}

/** Where to connect: the port spelled out, an IPv6 literal without its brackets. */
export function hostAndPort(url: URL): { host: string; port: number } {
  const usual = url.protocol === 'https:' ? 443 : 80;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? usual : Number(url.port) };
}

/** Joins Node's header object, whose values may be lists, into plain text. */
export function plainHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return plain;
}

/** An AggregateError (all addresses of a name failed) has the code of its parts; undici's parser error has a name only. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, errors, name } = error as { code?: unknown; errors?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  if (name === 'HTTPParserError') return 'HPE_INVALID';
  return Array.isArray(errors) ? codeOf(errors[0]) : '';
}
