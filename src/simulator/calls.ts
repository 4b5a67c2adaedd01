/** /Calls: create, fetch, list, update, delete. Given TwiML and URLs are kept, not fetched and not interpreted. */

import type { ParameterValues } from '../core/parameter.ts';
import type { Exchange, Handler, Simulation } from './exchange.ts';
import type { Call } from './model.ts';
import { parseAddress } from '../core/address.ts';
import { callStatus, checkCall } from '../core/call.ts';
import { fromForm } from '../core/form.ts';
import { renderCall } from '../wire/call.ts';
import { parseDateFilter } from '../wire/date.ts';
import { fieldOf } from '../wire/form.ts';
import { missing } from './accounts.ts';
import { armCall, moveCall, planCall } from './call-life.ts';
import { failure, listAnswer } from './exchange.ts';
import { magicCallFault } from './magic-numbers.ts';
import { refusal, refusalOf } from './refusals.ts';
import { ownedNumber } from './senders.ts';
import { trialCallFault } from './trial.ts';

/** POST /Calls.json */
export const createCall: Handler = (exchange) => {
  const { sim, account, now } = exchange;
  const { to: given, params } = fromForm('call', exchange.form);
  const caller = textOf(params.from) ?? '';
  const from = parseAddress(caller)?.value ?? '';
  const to = parseAddress(given)?.value ?? given;
  const facts = { to, from: from === '' ? caller : from };
  const magic = account.test && from !== '' && to !== '' ? magicCallFault(from, to) : null;
  if (magic !== null) return refusal(magic, facts);
  const fault = checkCall(given, params, now);
  if (fault !== null) return refusalOf(fault, facts);
  const call = newCall(sim, account.sid, { to, from, direction: 'outbound-api', status: 'queued', ...wishes(params) });
  if (account.test) return { status: 201, body: renderCall(call) };
  if (to.startsWith('+') && !isCallerId(exchange, from)) return refusal(21210, facts);
  const trial = trialCallFault(sim, account, { to, twiml: params.twiml !== undefined });
  if (trial !== null) return refusal(trial, facts);
  const refused = sim.scenarios.forPhone(to, from).refuse;
  if (refused !== undefined) return refusal(refused, facts);
  call.phoneNumberSid = ownedNumber(sim, account, from)?.sid ?? null;
  call.notice = account.type === 'Trial';
  call.listedAt = now + sim.faults.listLag(exchange.path);
  const timeLimitMs = typeof params.timeLimit === 'number' ? params.timeLimit * 1000 : null;
  call.plan = planCall(sim, call, { timeLimitMs, trial: account.type === 'Trial' });
  sim.store.calls.save(call);
  armCall(sim, call);
  return { status: 201, body: renderCall(call), created: call.sid };
};

export const fetchCall: Handler = (exchange) => {
  const call = find(exchange);
  return call === null ? missing(exchange) : { status: 200, body: renderCall(call) };
};

/** GET /Calls.json: newest first. */
export const listCalls: Handler = (exchange) => {
  const { sim, account, query, now } = exchange;
  const exact = { to: fieldOf(query, 'To'), from: fieldOf(query, 'From'), status: fieldOf(query, 'Status') };
  const parent = fieldOf(query, 'ParentCallSid');
  const times = timeFilters(query);
  if (times === null) return failure(400, 20422, 'Invalid Parameter: StartTime or EndTime');
  const matching = sim.store.calls
    .of(account.sid)
    .filter(
      (call) =>
        !call.deleted &&
        call.listedAt <= now &&
        parent === null &&
        (exact.to === null || call.to === exact.to) &&
        (exact.from === null || call.from === exact.from) &&
        (exact.status === null || call.status === exact.status) &&
        times.every((fits) => fits(call)),
    )
    .sort((left, right) => right.seq - left.seq);
  return listAnswer(exchange, matching, 'calls', renderCall);
};

/** POST /Calls/{sid}.json: `canceled` before the answer, `completed` at any time before the end, else 21220. */
export const updateCall: Handler = (exchange) => {
  const { sim, form, now } = exchange;
  const call = find(exchange);
  if (call === null) return missing(exchange);
  const status = fieldOf(form, 'Status');
  if (status !== null && status !== 'canceled' && status !== 'completed') return refusal(20422);
  const waiting = call.status === 'queued' || call.status === 'ringing';
  if (callStatus(call.status).final || (status === 'canceled' && !waiting)) return refusal(21220);
  const url = fieldOf(form, 'Url');
  const twiml = fieldOf(form, 'Twiml');
  if (url !== null) call.url = url;
  if (twiml !== null) call.twiml = twiml;
  if (url !== null) call.statusCallback = fieldOf(form, 'StatusCallback') ?? call.statusCallback;
  if (status === null) {
    call.dateUpdated = now;
    sim.store.calls.save(call);
  } else {
    const silent = call.status === 'queued' && status === 'canceled';
    call.plan = [];
    if (silent) call.statusCallbackEvents = [];
    moveCall(sim, call, call.status === 'in-progress' || status === 'canceled' ? status : 'canceled');
  }
  return { status: 200, body: renderCall(call) };
};

/** DELETE /Calls/{sid}.json; a call under way is refused with 20009. */
export const deleteCall: Handler = (exchange) => {
  const call = find(exchange);
  if (call === null) return missing(exchange);
  if (!callStatus(call.status).final) return refusal(20009);
  call.deleted = true;
  exchange.sim.store.calls.save(call);
  return { status: 204, body: null };
};

/** A call with the fields that every one begins with. */
export function newCall(
  sim: Simulation,
  accountSid: string,
  facts: Pick<Call, 'to' | 'from' | 'direction' | 'status'> & Partial<Call>,
): Call {
  return {
    seq: sim.store.nextSeq(),
    sid: `CA${sim.random.hex(32)}`,
    accountSid,
    phoneNumberSid: null,
    startTime: null,
    endTime: null,
    duration: null,
    price: null,
    priceUnit: 'USD',
    answeredBy: null,
    callerName: null,
    dateCreated: null,
    dateUpdated: null,
    answered: true,
    statusCallback: null,
    statusCallbackMethod: 'POST',
    statusCallbackEvents: ['completed'],
    sequence: 0,
    url: null,
    twiml: null,
    notice: false,
    document: null,
    listedAt: sim.clock.now(),
    deleted: false,
    plan: [],
    ...facts,
  };
}

/** What of the create's parameters the simulator keeps. */
function wishes(params: ParameterValues): Partial<Call> {
  const events = Array.isArray(params.statusCallbackEvent) ? (params.statusCallbackEvent as string[]) : [];
  const named = events.flatMap((event) => event.split(' ')).filter((event) => event !== '');
  return {
    url: textOf(params.url) ?? null,
    twiml: textOf(params.twiml) ?? null,
    statusCallback: textOf(params.applicationSid) === undefined ? (textOf(params.statusCallback) ?? null) : null,
    statusCallbackMethod: textOf(params.statusCallbackMethod) ?? 'POST',
    statusCallbackEvents: named.length === 0 ? ['completed'] : named,
  };
}

function isCallerId({ sim, account }: Exchange, from: string): boolean {
  if (ownedNumber(sim, account, from) !== null) return true;
  return sim.store.callerIds.of(account.sid).some(({ phoneNumber }) => phoneNumber === from);
}

/** One test per time filter of the query; null when a value is no date. */
function timeFilters(query: Exchange['query']): Array<(call: Call) => boolean> | null {
  const filters: Array<(call: Call) => boolean> = [];
  for (const [name, value] of query) {
    const parts = /^(StartTime|EndTime)([<>]?)$/.exec(name);
    if (parts === null) continue;
    const range = parseDateFilter(value);
    if (range === null) return null;
    filters.push((call) => {
      const at = parts[1] === 'StartTime' ? call.startTime : call.endTime;
      return at !== null && (parts[2] === '<' || at >= range.from) && (parts[2] === '>' || at <= range.to);
    });
  }
  return filters;
}

function find({ sim, account, sid }: Exchange): Call | null {
  const call = sim.store.calls.get(account.sid, sid);
  return call === null || call.deleted ? null : call;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
