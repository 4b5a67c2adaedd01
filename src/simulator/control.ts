/** Steering the simulator: the same verbs in process and under /_simulator/. */

import type { FormFields } from '../core/parameter.ts';
import type { CallbackResult } from './callback-request.ts';
import type { Coverage, EndpointUse } from './coverage.ts';
import type { Simulation } from './exchange.ts';
import type { Fault } from './faults.ts';
import type { InboundResult } from './inbound.ts';
import type { Call, Message } from './model.ts';
import type { Scenario } from './scenarios.ts';
import { isPlainObject } from '../core/plain-object.ts';
import { receiveCall, receiveMessage } from './inbound.ts';
import { readScenarios } from './scenarios.ts';
import { anything, flag, misfit, numberBetween, record, required, text } from './shape.ts';

/** A message as the phone and the acceptance log know it. Times are ISO 8601 UTC. */
export interface PhoneMessage {
  /** Ascending order of acceptance. */
  seq: number;
  sid: string;
  accountSid: string;
  direction: string;
  from: string | null;
  to: string;
  /** As the phone got it: trial prefix included, kept after redaction. */
  body: string;
  mediaUrl: string[];
  status: string;
  errorCode: number | null;
  messagingServiceSid: string | null;
  statusCallback: string | null;
  /** False when a fault kept the answer to the create from the client. */
  answered: boolean;
  acceptedAt: string;
  receivedAt: string | null;
}

export interface PhoneCall {
  seq: number;
  sid: string;
  accountSid: string;
  direction: string;
  from: string;
  to: string;
  status: string;
  /** Seconds. */
  duration: number | null;
  url: string | null;
  twiml: string | null;
  /** True when a trial notice is spoken first. */
  notice: boolean;
  /** What the number's VoiceUrl answered to an inbound call. */
  document: string | null;
  statusCallback: string | null;
  answered: boolean;
  acceptedAt: string;
}

export interface LogFilter {
  to?: string;
  from?: string;
  /** ISO 8601, or milliseconds since the epoch: accepted at or after. */
  since?: string;
  /** Only records with a greater seq. */
  after?: number;
  /** Default 1000, at most 10,000. */
  limit?: number;
}

export interface InboundView<T> {
  record: T;
  webhook: CallbackResult | null;
  reply: string | null;
}

export interface ClockState {
  now: string;
  frozen: boolean;
  /** Steps that wait for their time. */
  pending: number;
}

/** Inputs of unknown shape are checked: `TOLLBOARD_SIMULATOR_INPUT_INVALID`. */
export interface SimulatorControl {
  /** A phone texts one of the account's numbers: Twilio's From, To, Body, MediaUrl …, and AccountSid where several own it. */
  inbound(fields: unknown): Promise<InboundView<PhoneMessage>>;
  /** A phone calls one of the account's numbers: From, To. */
  call(fields: unknown): Promise<InboundView<PhoneCall>>;
  /** Every acceptance in order, also those whose answer was dropped. `next` is the `after` of the next page. */
  messages(filter?: LogFilter): { messages: PhoneMessage[]; next: number | null };
  calls(filter?: LogFilter): { calls: PhoneCall[]; next: number | null };
  scenarios: {
    list(): Scenario[];
    add(input: unknown): Scenario[];
    replace(input: unknown): Scenario[];
    clear(): void;
  };
  faults: { list(): Fault[]; add(input: unknown): Fault; clear(): void };
  clock: {
    state(): ClockState;
    /** `{advanceMs}` or `{set}` (ISO or ms), `{frozen}`; `settle: true` also waits for the callbacks. */
    move(input: unknown): Promise<ClockState>;
  };
  coverage(): { endpoints: EndpointUse[] };
  /** Resolves when no callback is queued or under way. */
  settled(): Promise<void>;
}

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 10_000;
const LONGEST_MS = 10 * 365 * 86_400_000;

const readMove = record({
  advanceMs: numberBetween(0, LONGEST_MS),
  set: anything,
  frozen: flag,
  settle: flag,
});

export function createControl(sim: Simulation, coverage: Coverage): SimulatorControl {
  return {
    async inbound(fields) {
      const { From, To, Body, AccountSid, MediaUrl, ...extra } = fieldsOf(fields);
      const result = await receiveMessage(sim, {
        from: single(required(From, 'From', "the phone's number")),
        to: single(required(To, 'To', "the account's number")),
        body: single(Body ?? ['']),
        mediaUrl: MediaUrl ?? [],
        ...(AccountSid === undefined ? {} : { accountSid: single(AccountSid) }),
        extra: Object.entries(extra).map(([name, values]) => [name, single(values)]) as FormFields,
      });
      return view(result, phoneMessage);
    },
    async call(fields) {
      const { From, To, AccountSid } = fieldsOf(fields);
      const result = await receiveCall(sim, {
        from: single(required(From, 'From', "the caller's number")),
        to: single(required(To, 'To', "the account's number")),
        ...(AccountSid === undefined ? {} : { accountSid: single(AccountSid) }),
      });
      return view(result, phoneCall);
    },
    messages(filter = {}) {
      const { page, next } = logPage(sim.store.messages.all(), filter, (message) => ({
        to: message.recipient,
        from: message.from,
        at: message.dateCreated,
      }));
      return { messages: page.map(phoneMessage), next };
    },
    calls(filter = {}) {
      const { page, next } = logPage(sim.store.calls.all(), filter, (call) => ({
        to: call.to,
        from: call.from,
        at: call.listedAt,
      }));
      return { calls: page.map(phoneCall), next };
    },
    scenarios: {
      list: () => sim.scenarios.list(),
      add(input) {
        sim.scenarios.add(readScenarios(Array.isArray(input) ? input : [input], 'scenarios'));
        return sim.scenarios.list();
      },
      replace(input) {
        const scenarios = readScenarios(input, 'scenarios');
        sim.scenarios.clear();
        sim.scenarios.add(scenarios);
        return sim.scenarios.list();
      },
      clear: () => sim.scenarios.clear(),
    },
    faults: { list: () => sim.faults.list(), add: (input) => sim.faults.add(input), clear: () => sim.faults.clear() },
    clock: {
      state: () => clockState(sim),
      async move(input) {
        const move = readMove(input, 'clock');
        const set = move.set === undefined ? null : instantOf(move.set);
        if (move.frozen !== undefined) sim.clock.freeze(move.frozen);
        if (set !== null) sim.clock.set(set);
        if (move.advanceMs !== undefined) sim.clock.advance(move.advanceMs);
        if (move.settle === true) await settled(sim);
        return clockState(sim);
      },
    },
    coverage: () => ({ endpoints: coverage.list() }),
    settled: () => settled(sim),
  };
}

/** The filter as a query gives it. */
export function logFilter(query: FormFields): LogFilter {
  const given = Object.fromEntries(query.filter(([, value]) => value !== ''));
  const { to, from, since, after, limit, ...unknown } = given;
  const stranger = Object.keys(unknown)[0];
  if (stranger !== undefined)
    throw misfit(`query ${stranger}`, given[stranger], 'one of to, from, since, after, limit');
  return {
    ...(to === undefined ? {} : { to }),
    ...(from === undefined ? {} : { from }),
    ...(since === undefined ? {} : { since }),
    ...(after === undefined ? {} : { after: wholeNumber(after, 'after') }),
    ...(limit === undefined ? {} : { limit: wholeNumber(limit, 'limit') }),
  };
}

async function settled(sim: Simulation): Promise<void> {
  await sim.store.committed();
  await sim.callbacks.idle();
}

/** Twilio's fields from an object, a list repeating its name. */
function fieldsOf(input: unknown): Record<string, string[]> {
  if (!isPlainObject(input)) throw misfit('body', input, 'an object');
  const fields: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(input)) {
    const values = Array.isArray(value) ? value : [value];
    fields[name] = values.map((item: unknown) =>
      typeof item === 'number' ? String(item) : text(item === '' ? ' ' : item, name),
    );
    if (value === '') fields[name] = [''];
  }
  return fields;
}

function single(values: string[]): string {
  return values[0] ?? '';
}

function view<R, V>(result: InboundResult<R>, show: (record: R) => V): InboundView<V> {
  return { record: show(result.record), webhook: result.webhook, reply: result.reply };
}

function logPage<R extends { seq: number }>(
  all: Iterable<R>,
  filter: LogFilter,
  facts: (item: R) => { to: string; from: string | null; at: number },
): { page: R[]; next: number | null } {
  const limit = Math.min(filter.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  const since = filter.since === undefined ? null : instantOf(filter.since);
  const page: R[] = [];
  for (const item of all) {
    if (filter.after !== undefined && item.seq <= filter.after) continue;
    const { to, from, at } = facts(item);
    if (filter.to !== undefined && to !== filter.to) continue;
    if (filter.from !== undefined && from !== filter.from) continue;
    if (since !== null && at < since) continue;
    if (page.length === limit) return { page, next: page.at(-1)?.seq ?? null };
    page.push(item);
  }
  return { page, next: null };
}

function phoneMessage(message: Message): PhoneMessage {
  return {
    seq: message.seq,
    sid: message.sid,
    accountSid: message.accountSid,
    direction: message.direction,
    from: message.from,
    to: message.recipient,
    body: message.receivedBody,
    mediaUrl: message.mediaUrl,
    status: message.status,
    errorCode: message.errorCode,
    messagingServiceSid: message.messagingServiceSid,
    statusCallback: message.statusCallback,
    answered: message.answered,
    acceptedAt: new Date(message.dateCreated).toISOString(),
    receivedAt: message.receivedAt === null ? null : new Date(message.receivedAt).toISOString(),
  };
}

function phoneCall(call: Call): PhoneCall {
  const { seq, sid, accountSid, direction, from, to, status, duration, url, twiml, notice, document } = call;
  const { statusCallback, answered } = call;
  const acceptedAt = new Date(call.listedAt).toISOString();
  return {
    seq,
    sid,
    accountSid,
    direction,
    from,
    to,
    status,
    duration,
    url,
    twiml,
    notice,
    document,
    statusCallback,
    answered,
    acceptedAt,
  };
}

function clockState(sim: Simulation): ClockState {
  const { now, frozen, pending } = sim.clock.state();
  return { now: new Date(now).toISOString(), frozen, pending };
}

function instantOf(value: unknown): number {
  const ms =
    typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
      ? Number(value)
      : Date.parse(String(value));
  if (Number.isFinite(ms) && ms >= 0 && ms < 8.64e15) return ms;
  throw misfit('time', value, 'an ISO 8601 time or milliseconds since the epoch');
}

function wholeNumber(value: string, where: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  throw misfit(where, value, 'a whole number');
}
