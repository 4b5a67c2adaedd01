/** An HTTP client for Twilio's Node SDK: an unchanged program then sends its messages and calls through a gateway. */

import type { Entry, EntryKind } from './core/entry.ts';
import type { FormFields } from './core/parameter.ts';
import type { RemoteMessenger } from './remote/messenger.ts';
import type { Json } from './wire/json.ts';
import { fromForm } from './core/form.ts';
import { createRemoteMessenger } from './remote/messenger.ts';
import { systemClock, systemRandom } from './system.ts';
import { renderCall } from './wire/call.ts';
import { errorBody, notFound } from './wire/error.ts';
import { renderMessage } from './wire/message.ts';

export interface TwilioHttpClientOptions {
  /** The gateway, such as `http://127.0.0.1:8655`. */
  url: string;
  /** Its local token, or a named one. */
  token: string;
  /** Milliseconds that a create waits for Twilio's own answer before it answers `accepted` with our id. Default 5000. */
  answerWithinMs?: number;
}

/** What the SDK hands to its HTTP client, as far as it is used here. */
export interface TwilioRequest {
  method: string;
  uri: string;
  headers?: Record<string, string>;
  /** Form fields under Twilio's names; a list repeats its field. */
  data?: unknown;
}

export interface TwilioResponse {
  statusCode: number;
  body: unknown;
  headers: Record<string, string>;
}

export interface TwilioHttpClient {
  request(options: TwilioRequest): Promise<TwilioResponse>;
}

/**
 * For `twilio(accountSid, authToken, { httpClient: createTwilioHttpClient({ url, token }) })`. Creating, fetching,
 * canceling and redacting messages and creating and fetching calls go through the gateway; every other resource is
 * answered 404/20404. The account SID selects an account of the gateway's configuration; the auth token stays here.
 * Throws the gateway's errors (`TOLLBOARD_GATEWAY_UNREACHABLE`, `TOLLBOARD_HTTP_TOKEN_INVALID`, …); a recipient that is
 * refused comes back as Twilio's error body, with Twilio's code.
 *
 * `Client` is inferred: the SDK's type of an HTTP client has private members that only its own class can have.
 */
export function createTwilioHttpClient<Client = TwilioHttpClient>(options: TwilioHttpClientOptions): Client {
  const { url, token, answerWithinMs = 5000 } = options;
  const messenger = createRemoteMessenger({ url, token, clock: systemClock, random: systemRandom });
  const client: TwilioHttpClient = {
    async request(request) {
      const path = new URL(request.uri).pathname;
      for (const { method, pattern, answer } of ROUTES) {
        const [, account, resource, sid] = pattern.exec(path) ?? [];
        if (account === undefined || method !== request.method.toUpperCase()) continue;
        const kind: EntryKind = resource === 'Calls' ? 'call' : 'message';
        return answer({
          messenger,
          kind,
          account,
          sid: sid ?? '',
          form: formOf(request.data),
          request,
          answerWithinMs,
          path,
        });
      }
      return refusal({
        ...notFound(path),
        message: `A Tollboard gateway takes messages and calls, not ${request.method} ${path}.`,
      });
    },
  };
  return client as Client;
}

interface Asked {
  messenger: RemoteMessenger;
  kind: EntryKind;
  account: string;
  sid: string;
  form: FormFields;
  request: TwilioRequest;
  answerWithinMs: number;
  path: string;
}

interface Route {
  method: 'GET' | 'POST';
  /** Groups: account, resource, SID. */
  pattern: RegExp;
  answer(asked: Asked): Promise<TwilioResponse>;
}

const ROUTES: readonly Route[] = [
  { method: 'POST', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\.json$/, answer: create },
  { method: 'GET', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\/([^/]+)\.json$/, answer: fetch },
  { method: 'POST', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages)\/([^/]+)\.json$/, answer: update },
];

async function create({ messenger, kind, account, form, request, answerWithinMs }: Asked): Promise<TwilioResponse> {
  const { to, params, extra } = fromForm(kind, form);
  const idempotencyKey = header(request, 'idempotency-key') ?? header(request, 'i-twilio-idempotency-token');
  const [outcome] = await messenger.send(
    // Fields that no table knows keep their name, so that the gateway's refusal can name them.
    [{ kind, to, params: { ...params, ...Object.fromEntries(extra) }, account, host: 'library' }],
    idempotencyKey === undefined ? {} : { idempotencyKey },
  );
  if (outcome?.id === null || outcome === undefined) return refused(outcome);
  const entry = await messenger.wait(outcome.id, 'sent', AbortSignal.timeout(answerWithinMs));
  return entry.state === 'rejected' ? refused(entry) : answered(201, entry, account, entry.sid ?? outcome.id);
}

async function fetch({ messenger, account, sid, path }: Asked): Promise<TwilioResponse> {
  const entry = await messenger.fetch(sid);
  return entry === null ? refusal(notFound(path)) : answered(200, entry, account, sid);
}

/** Twilio's two updates of a message: an empty body redacts it, `Status=canceled` cancels it. */
async function update({ messenger, account, sid, form, path }: Asked): Promise<TwilioResponse> {
  if ((await messenger.fetch(sid)) === null) return refusal(notFound(path));
  const cancels = form.some(([name, value]) => name === 'Status' && value === 'canceled');
  return answered(200, await (cancels ? messenger.cancel(sid) : messenger.redact(sid)), account, sid);
}

function answered(statusCode: number, entry: Entry, account: string, sid: string): TwilioResponse {
  return {
    statusCode,
    body: entry.kind === 'call' ? callOf(entry, account, sid) : messageOf(entry, account, sid),
    headers: {},
  };
}

/** The SID that the program knows is the one it sees, whether Twilio's or ours. */
function messageOf(entry: Entry, account: string, sid: string): Json {
  const created = Date.parse(entry.createdAt ?? '');
  return renderMessage({
    sid,
    accountSid: account,
    body: entry.body ?? '',
    numSegments: entry.segments ?? 0,
    direction: 'outbound-api',
    from: entry.from,
    to: entry.to,
    dateCreated: created,
    dateUpdated: Date.parse(entry.updatedAt ?? '') || created,
    dateSent: null,
    price: null,
    priceUnit: 'USD',
    numMedia: 0,
    status: entry.status ?? 'accepted',
    messagingServiceSid: null,
    errorCode: entry.error?.twilioCode ?? null,
    errorMessage: entry.error?.message ?? null,
  });
}

function callOf(entry: Entry, account: string, sid: string): Json {
  return renderCall({
    sid,
    accountSid: account,
    to: entry.to,
    from: entry.from ?? '',
    phoneNumberSid: null,
    status: entry.status ?? 'queued',
    startTime: null,
    endTime: null,
    duration: null,
    price: null,
    priceUnit: 'USD',
    direction: 'outbound-api',
    answeredBy: null,
    callerName: null,
    dateCreated: Date.parse(entry.createdAt ?? ''),
    dateUpdated: Date.parse(entry.updatedAt ?? ''),
  });
}

function refused(entry: Entry | undefined): TwilioResponse {
  const error = entry?.error;
  return refusal({
    status: error?.httpStatus ?? 400,
    code: error?.twilioCode ?? null,
    message: `${error?.message ?? 'Refused.'} ${error?.remedy ?? ''}`.trim(),
  });
}

function refusal(error: Parameters<typeof errorBody>[0]): TwilioResponse {
  return { statusCode: error.status, body: errorBody(error), headers: {} };
}

function header({ headers }: TwilioRequest, name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
}

function formOf(data: unknown): FormFields {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([name, value]): FormFields => {
    if (value === undefined || value === null) return [];
    return (Array.isArray(value) ? value : [value]).map((item) => [name, String(item)]);
  });
}
