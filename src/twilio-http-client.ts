/** An HTTP client for Twilio's Node SDK: an unchanged program then sends its messages and calls through a gateway. */

import type { Entry, EntryKind } from './core/entry.ts';
import type { ErrorCode, ErrorKind, ErrorReport } from './core/errors.ts';
import type { FormFields } from './core/parameter.ts';
import type { RemoteMessenger } from './remote/messenger.ts';
import type { Json } from './wire/json.ts';
import { isTollboardError, TollboardError } from './core/errors.ts';
import { fromForm } from './core/form.ts';
import { createRemoteMessenger } from './remote/messenger.ts';
import { systemClock, systemRandom } from './system.ts';
import { renderEntry } from './wire/entry.ts';
import { errorBody, notFound, type WireError } from './wire/error.ts';
import { decodeForm } from './wire/form.ts';
import { parsePageRequest, renderPage } from './wire/page.ts';

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
  /** Query fields. */
  params?: unknown;
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
 * listing, canceling and redacting messages, and creating, fetching, listing and canceling calls go through the gateway;
 * anything else is answered 501 and reaches nobody. The account SID selects an account of the gateway's configuration;
 * the auth token stays here.
 *
 * What the gateway refuses comes back as Twilio's error body with Twilio's code and status; `details` of the SDK's
 * exception then holds our `code` and `remedy`. Where the gateway gave no answer, its error is thrown as it is:
 * `TOLLBOARD_GATEWAY_UNREACHABLE` (nothing was sent), `TOLLBOARD_GATEWAY_ANSWER_LOST` (it is not known),
 * `TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED`. Throws `TOLLBOARD_CONFIG_VALUE_INVALID` for options that cannot be right.
 *
 * `Client` is inferred: the SDK's type of an HTTP client has private members that only its own class can have.
 */
export function createTwilioHttpClient<Client = TwilioHttpClient>(options: TwilioHttpClientOptions): Client {
  const { url, token, answerWithinMs = 5000 } = options;
  if (!(answerWithinMs >= 0 && answerWithinMs <= LONGEST_WAIT_MS)) throw badPatience(answerWithinMs);
  const world: World = {
    messenger: createRemoteMessenger({ url, token, clock: systemClock, random: systemRandom }),
    answerWithinMs,
    given: new Set(),
  };
  const client: TwilioHttpClient = {
    async request(request) {
      const route = routeOf(request);
      if (route === null) return unsupported(request);
      try {
        return await route.answer({ ...world, ...route.asked });
      } catch (error) {
        if (!isTollboardError(error) || NO_ANSWER.has(error.code)) throw error;
        return refused(error.report);
      }
    },
  };
  return client as Client;
}

const LONGEST_WAIT_MS = 3_600_000;
/** Ids remembered because a create answered with them. */
const MOST_GIVEN = 10_000;

/** What concerns the way to the gateway is no answer of Twilio's. */
const NO_ANSWER: ReadonlySet<string> = new Set<ErrorCode>([
  'TOLLBOARD_GATEWAY_ANSWER_LOST',
  'TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED',
  'TOLLBOARD_GATEWAY_UNREACHABLE',
]);

interface World {
  messenger: RemoteMessenger;
  answerWithinMs: number;
  /** Our ids that a create had to answer with: the program knows the message by no other SID. */
  given: Set<string>;
}

interface Asked {
  kind: EntryKind;
  account: string;
  /** Empty where the path names none. */
  sid: string;
  path: string;
  query: FormFields;
  form: FormFields;
  request: TwilioRequest;
}

type Answer = (asked: World & Asked) => Promise<TwilioResponse>;

interface Route {
  method: 'GET' | 'POST';
  /** Groups: account, resource, SID. */
  pattern: RegExp;
  answer: Answer;
}

const ROUTES: readonly Route[] = [
  { method: 'POST', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\.json$/, answer: create },
  { method: 'GET', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\.json$/, answer: list },
  { method: 'GET', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\/([^/]+)\.json$/, answer: fetch },
  { method: 'POST', pattern: /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\/([^/]+)\.json$/, answer: update },
];

function routeOf(request: TwilioRequest): { answer: Answer; asked: Asked } | null {
  const { pathname: path, search } = new URL(request.uri);
  for (const { method, pattern, answer } of ROUTES) {
    const [, account, resource, sid = ''] = pattern.exec(path) ?? [];
    if (account === undefined || method !== request.method.toUpperCase()) continue;
    const kind: EntryKind = resource === 'Calls' ? 'call' : 'message';
    const query = [...decodeForm(search.slice(1)), ...formOf(request.params)];
    const named = { account: decoded(account), sid: decoded(sid) };
    return { answer, asked: { kind, path, query, form: formOf(request.data), request, ...named } };
  }
  return null;
}

async function create(asked: World & Asked): Promise<TwilioResponse> {
  const { messenger, kind, account, form, request, given } = asked;
  const { to, params, extra } = fromForm(kind, form);
  const idempotencyKey = header(request, 'idempotency-key') ?? header(request, 'i-twilio-idempotency-token');
  const [outcome] = await messenger.send(
    // Fields that no table knows keep their name, so that the gateway's refusal can name them.
    [{ kind, to, params: { ...params, ...Object.fromEntries(extra) }, account, host: 'library' }],
    idempotencyKey === undefined ? {} : { idempotencyKey },
  );
  if (outcome === undefined) return refused(new TollboardError('TOLLBOARD_INTERNAL').report);
  const { id, error } = outcome;
  if (id === null) return refused(error ?? new TollboardError('TOLLBOARD_INTERNAL').report);
  const entry = await takenWithin(outcome, id, asked);
  if (entry.state === 'rejected' && entry.error !== null) return refused(entry.error);
  if (entry.sid !== null) return answered(201, entry, entry.sid);
  if (given.size >= MOST_GIVEN) given.clear();
  given.add(id);
  return answered(201, entry, id);
}

/**
 * As it stands once Twilio has it, or when patience ends. From here on nothing fails: the gateway has it on disk, and a
 * program that saw an error would send it again.
 */
async function takenWithin(outcome: Entry, id: string, { messenger, answerWithinMs }: World): Promise<Entry> {
  const patience = AbortSignal.timeout(answerWithinMs);
  const late = new Promise<Entry>((resolve) => {
    patience.addEventListener('abort', () => resolve(outcome), { once: true });
  });
  const waiting = messenger.wait(id, 'sent', patience).catch(() => outcome);
  return Promise.race([waiting, late]);
}

async function fetch({ messenger, kind, account, sid, path }: World & Asked): Promise<TwilioResponse> {
  const entry = await messenger.fetch(sid);
  return isOf(entry, kind, account) ? answered(200, entry, sid) : refusal(notFound(path));
}

/** Twilio's updates: an empty body redacts a message, `Status=canceled` cancels a message or a call. */
async function update({ messenger, kind, account, sid, form, path, request }: World & Asked): Promise<TwilioResponse> {
  const entry = await messenger.fetch(sid);
  if (!isOf(entry, kind, account)) return refusal(notFound(path));
  const [[name, value] = [], ...others] = form;
  const asks = others.length > 0 ? '' : `${name}=${value}`;
  if (asks === 'Status=canceled') return answered(200, await messenger.cancel(sid), sid);
  if (asks === 'Body=' && kind === 'message') return answered(200, await messenger.redact(sid), sid);
  return unsupported(request, `An update of ${form.map(([field]) => field).join(', ') || 'nothing'}`);
}

/** Filters of Twilio's lists that a gateway's list has too. */
const FILTERS: Readonly<Record<EntryKind, Readonly<Record<string, string>>>> = {
  message: { To: 'to', From: 'from' },
  call: { To: 'to', From: 'from', Status: 'status' },
};

async function list(asked: World & Asked): Promise<TwilioResponse> {
  const { messenger, kind, account, path, query, request, given } = asked;
  const page = parsePageRequest(path, query);
  if ('status' in page) return refusal(page);
  const wanted = new URLSearchParams({ limit: String(page.size), account });
  for (const [name, value] of page.filters) {
    const filter = FILTERS[kind][name];
    if (filter === undefined) return unsupported(request, `The filter ${name}`);
    wanted.set(filter, value);
  }
  if (page.cursor !== null) wanted.set('after', page.cursor.sid);
  const plural = kind === 'call' ? 'calls' : 'messages';
  const found = await messenger.client.request<{ next: string | null } & Record<string, Entry[]>>({
    method: 'GET',
    path: `/api/v1/${plural}?${wanted}`,
  });
  // Pages go on after our id; what a page shows is the SID that the program was given.
  const items = (found[plural] ?? []).map((entry) => ({ sid: entry.id ?? '', entry }));
  const shown = { items, hasNext: found.next !== null, hasPrevious: false };
  const body = renderPage(page, shown, plural, ({ sid, entry }) =>
    rendered(entry, given.has(sid) ? sid : (entry.sid ?? sid)),
  );
  return { statusCode: 200, body, headers: {} };
}

function isOf(entry: Entry | null, kind: EntryKind, account: string): entry is Entry {
  return entry !== null && entry.kind === kind && entry.account === account;
}

function answered(statusCode: number, entry: Entry, sid: string): TwilioResponse {
  return { statusCode, body: rendered(entry, sid), headers: {} };
}

/** Under the SID that the program knows, Twilio's or ours. */
function rendered(entry: Entry, sid: string): Json {
  const createdAt = Date.parse(entry.createdAt ?? '');
  return renderEntry({ ...entry, createdAt, updatedAt: Date.parse(entry.updatedAt ?? '') || createdAt }, sid);
}

/** Twilio's status for a refusal that was never Twilio's own. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 400,
  not_found: 404,
  conflict: 409,
  rate_limited: 429,
  unavailable: 503,
  timeout: 504,
  internal: 500,
};

function refused({ code, kind, message, remedy, httpStatus, twilioCode }: ErrorReport): TwilioResponse {
  const status = httpStatus ?? STATUS[kind];
  return refusal({ status, code: twilioCode, message: `${message} ${remedy}`.trim() }, { code, remedy });
}

/** Not 404: a program must not take what a gateway lacks for what Twilio does not know. */
function unsupported({ method, uri }: TwilioRequest, what?: string): TwilioResponse {
  const { host, pathname } = new URL(uri);
  const asked = `${method.toUpperCase()} ${host}${pathname}`;
  const message = `${what === undefined ? asked : `${what} (${asked})`} does not go through a Tollboard gateway; nothing was done. Use a Twilio client without this httpClient for it.`;
  return refusal({ status: 501, code: null, message });
}

function refusal(error: WireError, details?: { code: string; remedy: string }): TwilioResponse {
  const body = { ...errorBody(error), ...(details === undefined ? {} : { details }) };
  return { statusCode: error.status, body, headers: {} };
}

/** A broken escape stays as it is: nothing has such a SID. */
function decoded(part: string): string {
  return decodeForm(`${part.replaceAll('+', '%2B')}=`)[0]?.[0] ?? part;
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

function badPatience(value: unknown): TollboardError {
  const expected = `milliseconds from 0 to ${LONGEST_WAIT_MS}`;
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: { where: 'createTwilioHttpClient', key: 'answerWithinMs', value: String(value), expected },
  });
}
