/** What the client can ask of Twilio, as a table, and the requests that come of it. */

import type { EntryKind } from '../core/entry.ts';
import type { RelayRequest } from '../core/facade-gateway.ts';
import type { FormFields } from '../core/parameter.ts';
import type { TransportRequest } from './transport.ts';

/** Credentials of one account. An API key is used where there is one and Twilio takes it, else the first auth token. */
export interface TwilioCredentials {
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
  /** Normalized (core/base-url.ts). */
  readonly baseUrl: string;
}

interface Action {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the account; `{sid}` is filled in. */
  readonly path: string;
  /** The array of a list page. */
  readonly list?: string;
}

/** Every request. Paths and methods: Twilio's OpenAPI, repository twilio/twilio-oai commit d50069b. */
export const ACTIONS = {
  createMessage: { method: 'POST', path: '/Messages.json' },
  fetchMessage: { method: 'GET', path: '/Messages/{sid}.json' },
  updateMessage: { method: 'POST', path: '/Messages/{sid}.json' },
  deleteMessage: { method: 'DELETE', path: '/Messages/{sid}.json' },
  listMessages: { method: 'GET', path: '/Messages.json', list: 'messages' },
  createFeedback: { method: 'POST', path: '/Messages/{sid}/Feedback.json' },
  listMedia: { method: 'GET', path: '/Messages/{sid}/Media.json', list: 'media_list' },
  createCall: { method: 'POST', path: '/Calls.json' },
  fetchCall: { method: 'GET', path: '/Calls/{sid}.json' },
  updateCall: { method: 'POST', path: '/Calls/{sid}.json' },
  deleteCall: { method: 'DELETE', path: '/Calls/{sid}.json' },
  listCalls: { method: 'GET', path: '/Calls.json', list: 'calls' },
  fetchAccount: { method: 'GET', path: '.json' },
  fetchBalance: { method: 'GET', path: '/Balance.json' },
  listOutgoingCallerIds: { method: 'GET', path: '/OutgoingCallerIds.json', list: 'outgoing_caller_ids' },
  listIncomingPhoneNumbers: { method: 'GET', path: '/IncomingPhoneNumbers.json', list: 'incoming_phone_numbers' },
  updateIncomingPhoneNumber: { method: 'POST', path: '/IncomingPhoneNumbers/{sid}.json' },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;
export type ListAction = {
  [Name in ActionName]: (typeof ACTIONS)[Name] extends { list: string } ? Name : never;
}[ActionName];

/** How the two kinds of entries are asked for. */
export const KIND_ACTIONS = {
  message: {
    create: 'createMessage',
    fetch: 'fetchMessage',
    update: 'updateMessage',
    delete: 'deleteMessage',
    list: 'listMessages',
    /** SID prefixes: text, or with media. */
    sid: /^(SM|MM)[0-9a-f]{32}$/i,
    sinceFilter: 'DateSent>',
  },
  call: {
    create: 'createCall',
    fetch: 'fetchCall',
    update: 'updateCall',
    delete: 'deleteCall',
    list: 'listCalls',
    sid: /^CA[0-9a-f]{32}$/i,
    sinceFilter: 'StartTime>',
  },
} as const satisfies Record<EntryKind, Record<string, string | RegExp>>;

export interface ActionOptions {
  sid?: string;
  form?: FormFields;
  query?: FormFields;
}

export interface Requests {
  /** `POST /2010-04-01/…`, without query: for error messages. */
  describe(action: ActionName, sid?: string): string;
  build(action: ActionName, options: ActionOptions): TransportRequest;
  /** Any other request, its path below `/2010-04-01`. */
  relay(request: RelayRequest): TransportRequest;
  /**
   * The request for a page that the last one named, or null when it leads to another origin or out of the account:
   * credentials must not follow wherever an answer points.
   */
  page(uri: string): TransportRequest | null;
}

/** Twilio docs: API keys: standard keys reach everything but accounts (and keys, which are not asked for). */
const CLOSED_TO_KEYS = /^\/2010-04-01\/Accounts(\/[^/]+)?\.json$/;

export function createRequests(credentials: TwilioCredentials, userAgent: string): Requests {
  const accountPath = `/2010-04-01/Accounts/${encodeURIComponent(credentials.accountSid)}`;
  const base = new URL(credentials.baseUrl);
  const headers = {
    authorization: basicAuthorization(credentials),
    accept: 'application/json',
    'user-agent': userAgent,
  };
  const formHeaders = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
  const tokened = credentials.authTokens.length > 0 ? { ...credentials, apiKey: null } : credentials;
  const withoutKey = { ...headers, authorization: basicAuthorization(tokened) };
  const pathOf = (action: ActionName, sid = '') =>
    accountPath + ACTIONS[action].path.replace('{sid}', encodeURIComponent(sid));
  function requestOf(method: Action['method'], path: string, query: FormFields, form: FormFields): TransportRequest {
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query)}`;
    const url = `${credentials.baseUrl}${path}${search}`;
    if (method === 'POST') return { method, url, headers: formHeaders, body: new URLSearchParams(form).toString() };
    return { method, url, headers: CLOSED_TO_KEYS.test(path) ? withoutKey : headers };
  }
  return {
    describe: (action, sid) => `${ACTIONS[action].method} ${pathOf(action, sid)}`,
    build(action, { sid, form = [], query = [] }) {
      return requestOf(ACTIONS[action].method, pathOf(action, sid), query, form);
    },
    relay({ method, path, query, form }) {
      return requestOf(method, `/2010-04-01${path}`, query, form);
    },
    page(uri) {
      // Twilio writes them from its own root, so a prefix of the base URL is not in them.
      const url = uri.startsWith('/2010-04-01/') ? `${credentials.baseUrl}${uri}` : uri;
      if (!URL.canParse(url, base.href)) return null;
      const { origin, pathname, search, username } = new URL(url, base.href);
      const within = `${base.pathname.replace(/\/$/, '')}${accountPath}/`;
      if (origin !== base.origin || username !== '' || !pathname.startsWith(within)) return null;
      return { method: 'GET', url: origin + pathname + search, headers };
    },
  };
}

function basicAuthorization({ accountSid, authTokens, apiKey, apiSecret }: TwilioCredentials): string {
  const [user, password] =
    apiKey !== null && apiSecret !== null ? [apiKey, apiSecret] : [accountSid, authTokens[0] ?? ''];
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCodePoint(...bytes))}`;
}
