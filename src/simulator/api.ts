/** The simulated REST API: who may ask, and which resource answers. */

import type { FormFields } from '../core/parameter.ts';
import type { WirePath } from '../wire/path.ts';
import type { Answer, Handler, Simulation } from './exchange.ts';
import type { SimulatorAccount } from './model.ts';
import { timingSafeEqual } from 'node:crypto';
import { methodNotAllowed, notFound, unauthorized } from '../wire/error.ts';
import { parseWirePath } from '../wire/path.ts';
import { fetchAccount, listAccounts } from './accounts.ts';
import { fetchBalance } from './balance.ts';
import { createCall, deleteCall, fetchCall, listCalls, updateCall } from './calls.ts';
import { failure } from './exchange.ts';
import { createFeedback } from './feedback.ts';
import { createNumber, deleteNumber, fetchNumber, listNumbers, updateNumber } from './incoming-phone-numbers.ts';
import { isTestable } from './magic-numbers.ts';
import { deleteMedia, fetchMedia, listMedia, redirectToMedia } from './media.ts';
import { listMessages } from './message-list.ts';
import { createMessage, deleteMessage, fetchMessage, updateMessage } from './messages.ts';
import {
  deleteCallerId,
  fetchCallerId,
  listCallerIds,
  updateCallerId,
  validateCallerId,
} from './outgoing-caller-ids.ts';
import { refusal } from './refusals.ts';

export interface ApiRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: FormFields;
  form: FormFields;
  /** The Authorization header. */
  authorization: string | undefined;
}

type Methods = Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', Handler>>>;

/** Every resource that is covered. The account in the path is the first identifier. */
export const RESOURCES: Readonly<Record<string, Methods>> = {
  Accounts: { GET: listAccounts },
  'Accounts/:sid': { GET: fetchAccount },
  'Accounts/:sid/Balance': { GET: fetchBalance },
  'Accounts/:sid/Calls': { GET: listCalls, POST: createCall },
  'Accounts/:sid/Calls/:sid': { GET: fetchCall, POST: updateCall, DELETE: deleteCall },
  'Accounts/:sid/IncomingPhoneNumbers': { GET: listNumbers, POST: createNumber },
  'Accounts/:sid/IncomingPhoneNumbers/:sid': { GET: fetchNumber, POST: updateNumber, DELETE: deleteNumber },
  'Accounts/:sid/Messages': { GET: listMessages, POST: createMessage },
  'Accounts/:sid/Messages/:sid': { GET: fetchMessage, POST: updateMessage, DELETE: deleteMessage },
  'Accounts/:sid/Messages/:sid/Feedback': { POST: createFeedback },
  'Accounts/:sid/Messages/:sid/Media': { GET: listMedia },
  'Accounts/:sid/Messages/:sid/Media/:sid': { GET: fetchMedia, DELETE: deleteMedia },
  'Accounts/:sid/OutgoingCallerIds': { GET: listCallerIds, POST: validateCallerId },
  'Accounts/:sid/OutgoingCallerIds/:sid': { GET: fetchCallerId, POST: updateCallerId, DELETE: deleteCallerId },
};

const MEDIA = 'Accounts/:sid/Messages/:sid/Media/:sid';

/** Answers a request. An unknown account of the path is a 404 before the credentials are looked at, as in the seeds. */
export function answerApi(sim: Simulation, request: ApiRequest): Answer | Promise<Answer> {
  const path = parseWirePath(request.path);
  if (path === null) return { error: notFound(request.path) };
  const account = authorize(sim, path, request);
  if ('error' in account) return account;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const resource = Object.hasOwn(RESOURCES, path.pattern) ? RESOURCES[path.pattern] : undefined;
  if (resource === undefined) return { error: notFound(request.path) };
  if (account.test && !isTestable(method, path.pattern)) return refusal(20008);
  const handler = handlerOf(resource, path, method);
  if (typeof handler !== 'function') return handler;
  const [, sid = '', subSid = ''] = path.sids;
  const { query, form } = request;
  return handler({ sim, path: request.path, query, form, account, sid, subSid, now: sim.clock.now() });
}

/** Only `.json` is served; Twilio's XML and CSV are not covered and say so with 406. */
function handlerOf(resource: Methods, path: WirePath, method: string): Handler | Answer {
  if (path.suffix === null && path.pattern === MEDIA && method === 'GET') return redirectToMedia;
  if (path.suffix !== 'json') {
    return failure(406, null, 'The simulator answers JSON only: end the path with .json');
  }
  const handler = Object.hasOwn(resource, method) ? resource[method as keyof Methods] : undefined;
  return handler ?? { error: methodNotAllowed() };
}

/** The account whose resources are asked for, once the credentials prove a right to them. */
function authorize(
  sim: Simulation,
  path: WirePath,
  request: ApiRequest,
): SimulatorAccount | Extract<Answer, { error: unknown }> {
  const credentials = basicCredentials(request.authorization);
  if (credentials === null) return { error: unauthorized() };
  const named = path.sids[0];
  const wanted = named === undefined ? undefined : sim.accounts.find(({ sid }) => sid === named);
  if (named !== undefined && wanted === undefined) return { error: notFound(request.path) };
  const owner = sim.accounts.find(({ sid }) => sid === credentials.username);
  if (owner !== undefined) {
    const account = wanted ?? owner;
    const mayAct = account === owner || account.ownerAccountSid === owner.sid;
    if (!mayAct || !equal(owner.authToken, credentials.password)) return { error: unauthorized() };
    return owner.status === 'active' && account.status === 'active' ? account : { error: unauthorized() };
  }
  // A standard key cannot read accounts, nor list them (Twilio docs: API keys).
  const key = wanted?.apiKeys.find(({ sid }) => sid === credentials.username);
  const accountItself = path.pattern === 'Accounts' || path.pattern === 'Accounts/:sid';
  if (wanted === undefined || key === undefined || accountItself) return { error: unauthorized() };
  if (!equal(key.secret, credentials.password) || wanted.status !== 'active') return { error: unauthorized() };
  return wanted;
}

function basicCredentials(header: string | undefined): { username: string; password: string } | null {
  if (header === undefined) return null;
  const parts = /^Basic\s+([A-Za-z0-9+/=_-]+)\s*$/i.exec(header);
  const text = parts === null ? '' : Buffer.from(parts[1] as string, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** In constant time for texts of one length. */
function equal(left: string, right: string): boolean {
  const [known, given] = [Buffer.from(left), Buffer.from(right)];
  return known.length === given.length && timingSafeEqual(known, given);
}
