/** Questions to Twilio and their answers: one request, a checked one, every page of a list. */

import type { EntryKind } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { RelayAnswer, RelayRequest } from '../core/facade-gateway.ts';
import type { StatusFact } from '../core/outbox.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Clock, CreateResult } from '../core/ports.ts';
import type { Resource } from './answers.ts';
import type { ActionName, ActionOptions, ListAction, TwilioCredentials } from './resources.ts';
import type { Transport, TransportAnswer, TransportRequest } from './transport.ts';
import { errorReport, TollboardError } from '../core/errors.ts';
import {
  clockOffsetMs,
  createFailure,
  createResult,
  isRefusal,
  jsonObject,
  refusalReport,
  statusFact,
} from './answers.ts';
import { ACTIONS, createRequests, KIND_ACTIONS } from './resources.ts';
import { TransportFailure } from './transport.ts';

export interface ConversationOptions {
  transport: Transport;
  clock: Clock;
  timeoutMs?: number;
  userAgent?: string;
}

/** What the last answer says about the account's load and Twilio's clock; null where it says nothing. */
export interface Observations {
  /** `Twilio-Concurrent-Requests`: requests of the whole account in flight. */
  concurrentRequests: number | null;
  /** Twilio's clock minus ours, in milliseconds, to about a second. */
  clockOffsetMs: number | null;
}

export interface Pages {
  readonly rows: Resource[];
  /** Why not every page was read; null when every one was. */
  readonly error: ErrorReport | null;
}

export type Conversation = ReturnType<typeof createConversation>;

/** Pages have 1,000 records; a list beyond this many pages counts as not read to its end. */
export const MAX_PAGES = 50;
export const PAGE_SIZE = 1000;

export function createConversation(credentials: TwilioCredentials, options: ConversationOptions) {
  const { transport, clock, timeoutMs } = options;
  const requests = createRequests(credentials, options.userAgent ?? 'tollboard');
  const observations: Observations = { concurrentRequests: null, clockOffsetMs: null };

  async function exchange(request: TransportRequest, signal: AbortSignal | undefined): Promise<TransportAnswer> {
    const answer = await transport.request({ ...request, signal, timeoutMs });
    const load = Number.parseInt(answer.headers['twilio-concurrent-requests'] ?? '', 10);
    observations.concurrentRequests = Number.isNaN(load) ? null : load;
    observations.clockOffsetMs = clockOffsetMs(answer, clock.now());
    return answer;
  }

  /** Never rejects: an aborted create has an outcome too. */
  async function create(kind: EntryKind, form: FormFields, signal?: AbortSignal): Promise<CreateResult> {
    try {
      const answer = await exchange(requests.build(KIND_ACTIONS[kind].create, { form }), signal);
      return createResult(kind, answer, clock.now());
    } catch (error) {
      if (error instanceof TransportFailure) return createFailure(error);
      throw error;
    }
  }

  /** The JSON object of a 2xx answer, or why there is none. Rejects with the signal's reason when aborted. */
  async function read(
    request: TransportRequest,
    description: string,
    signal: AbortSignal | undefined,
  ): Promise<{ body: Resource } | { error: ErrorReport }> {
    const answer = await answerOf(request, description, signal);
    if ('error' in answer) return answer;
    const body = answer.status === 204 ? {} : jsonObject(answer.body);
    if (answer.status >= 200 && answer.status < 300 && body !== null) return { body };
    return { error: refusalReport(answer, description) };
  }

  /** Any answer, or why there is none. Rejects with the signal's reason when aborted. */
  async function answerOf(
    request: TransportRequest,
    description: string,
    signal: AbortSignal | undefined,
  ): Promise<TransportAnswer | { error: ErrorReport }> {
    try {
      return await exchange(request, signal);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (signal?.aborted) throw signal.reason;
      const stage = request.method === 'GET' ? {} : { stage: error.stage };
      const details = { request: description, reason: error.message };
      return { error: errorReport('TOLLBOARD_TWILIO_NO_ANSWER', { details, ...stage }) };
    }
  }

  /** Redirects are answers, too: nothing is followed. */
  async function relay(request: RelayRequest): Promise<RelayAnswer> {
    const description = `${request.method} /2010-04-01${request.path}`;
    const answer = await answerOf(requests.relay(request), description, undefined);
    if ('error' in answer) throw TollboardError.from(answer.error);
    const { status, body, headers } = answer;
    const location = status >= 300 && status < 400 ? (headers.location ?? null) : null;
    if (status === 204 || location !== null) return { status, body: null, location };
    const resource = jsonObject(body);
    if (resource === null || (status >= 400 && !isRefusal(answer)) || (status >= 300 && status < 400))
      throw TollboardError.from(refusalReport(answer, description));
    return { status, body: resource, location: null };
  }

  function ask(action: ActionName, of: ActionOptions, signal: AbortSignal | undefined) {
    return read(requests.build(action, of), requests.describe(action, of.sid), signal);
  }

  /** The resource, else throws. */
  async function demand(action: ActionName, of: ActionOptions, signal: AbortSignal | undefined): Promise<Resource> {
    const answer = await ask(action, of, signal);
    if ('error' in answer) throw TollboardError.from(answer.error);
    return answer.body;
  }

  async function askFact(
    kind: EntryKind,
    action: ActionName,
    of: ActionOptions,
    signal: AbortSignal | undefined,
  ): Promise<StatusFact | ErrorReport> {
    const answer = await ask(action, of, signal);
    if ('error' in answer) return answer.error;
    return statusFact(kind, answer.body) ?? unexpected(action, 'the answer has no SID', of.sid);
  }

  /** Every page of a list, in order; ends with an error as soon as one page cannot be had whole. */
  async function everyPage(action: ListAction, of: ActionOptions, signal: AbortSignal | undefined): Promise<Pages> {
    const rows: Resource[] = [];
    const visited = new Set<string>();
    const query: FormFields = [...(of.query ?? []), ['PageSize', String(PAGE_SIZE)]];
    let request: TransportRequest | null = requests.build(action, { ...of, query });
    while (request !== null) {
      if (visited.size >= MAX_PAGES) return { rows, error: unexpected(action, `more than ${MAX_PAGES} pages`, of.sid) };
      visited.add(request.url);
      const answer = await read(request, requests.describe(action, of.sid), signal);
      if ('error' in answer) return { rows, error: answer.error };
      const page = parsePage(answer.body, ACTIONS[action].list);
      if (page === null) return { rows, error: unexpected(action, 'a page without its list', of.sid) };
      rows.push(...page.rows);
      request = page.next === null ? null : requests.page(page.next);
      if (page.next !== null && (request === null || visited.has(request.url))) {
        return { rows, error: unexpected(action, 'the next page lies elsewhere or was read before', of.sid) };
      }
    }
    return { rows, error: null };
  }

  async function demandEveryPage(action: ListAction, of: ActionOptions, signal: AbortSignal | undefined) {
    const { rows, error } = await everyPage(action, of, signal);
    if (error !== null) throw TollboardError.from(error);
    return rows;
  }

  function unexpected(action: ActionName, reason: string, sid?: string): ErrorReport {
    const details = { request: requests.describe(action, sid), status: 200, reason };
    return errorReport('TOLLBOARD_TWILIO_UNEXPECTED', { details, httpStatus: 200 });
  }

  return { observations, create, relay, demand, askFact, everyPage, demandEveryPage, unexpected };
}

/** What the official clients need of a page: the array under its key, and where the next one is. */
function parsePage(body: Resource, key: string): { rows: Resource[]; next: string | null } | null {
  const rows = body[key];
  const next = body.next_page_uri ?? null;
  if (!Array.isArray(rows) || (next !== null && typeof next !== 'string')) return null;
  if (!rows.every((row) => typeof row === 'object' && row !== null)) return null;
  return { rows: rows as Resource[], next: next === '' ? null : next };
}
