/** Carries out what a host's input asks for, over any Messenger, and answers in the host's own form. */

import type { Entry, EntryState } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Clock, Messenger, SendRequest } from '../core/ports.ts';
import type { Done, Follow, Host, Outcome, SendWork, Verdict, Work } from './host.ts';
import { reached } from '../core/entry.ts';
import { errorReport, isTollboardError, TollboardError } from '../core/errors.ts';

export interface RunOptions {
  clock: Clock;
  /** Ends waits, and begins no further request. */
  signal?: AbortSignal;
  /** Of the request that brought the input: a repeat of it repeats nothing. The input's own key comes first. */
  idempotencyKey?: string;
}

/** How a run ended, for exit codes (interface §1). `some`: some failed · `unsure`: any unknown or held. */
export const ENDINGS = ['ok', 'invalid', 'failed', 'some', 'unsure'] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Run<Output> {
  output: Output;
  ending: Ending;
}

/** Twilio's verdict is waited for this long (interface §7). */
const WAIT_MS = 10_000;

const FINAL_STATUSES: ReadonlySet<string> = new Set(['delivered', 'undelivered', 'failed', 'canceled', 'read']);
const BAD_STATUSES: ReadonlySet<string> = new Set(['undelivered', 'failed', 'canceled', 'busy', 'no-answer']);

const VERDICTS: Readonly<Record<EntryState, Verdict>> = {
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  unknown: 'unsure',
  held: 'unsure',
  sent: 'taken',
  done: 'taken',
  rejected: 'refused',
  expired: 'refused',
  canceled: 'refused',
};

/** Carries an input out. Rejects only with the signal's reason, and only where nothing was sent. */
export async function runHost<Asked, Output>(
  host: Host<Asked, Output>,
  input: unknown,
  messenger: Messenger,
  options: RunOptions,
): Promise<Run<Output>> {
  const work = host.request(input);
  if (work.do === 'answer') return { output: work.output, ending: work.ok ? 'ok' : 'invalid' };
  const done = await carryOut(work, messenger, options);
  return { output: host.result(work.asked, done), ending: endingOf(done) };
}

/**
 * The answer where one error met an input as a whole, as a gateway did not have it or its answer was lost: every recipient
 * is met alike, also by hosts that stop at the first failure.
 */
export async function refuseHost<Asked, Output>(
  host: Host<Asked, Output>,
  input: unknown,
  error: TollboardError,
  options: RunOptions,
): Promise<Run<Output>> {
  const work = host.request(input);
  if (work.do === 'answer') return { output: work.output, ending: work.ok ? 'ok' : 'invalid' };
  const whole = work.do === 'send' ? { ...work, stopAtFailure: false } : work;
  const done = await carryOut(whole, refusingMessenger(error), options);
  return { output: host.result(work.asked, done), ending: endingOf(done) };
}

async function carryOut<Asked, Output>(
  work: Exclude<Work<Asked, Output>, { do: 'answer' }>,
  messenger: Messenger,
  options: RunOptions,
): Promise<Done> {
  const { signal } = options;
  switch (work.do) {
    case 'send':
      return { do: 'send', outcomes: await sendAll(work, messenger, options) };
    case 'recipients': {
      const { value, error } = await orReport(messenger.recipients(signal), signal);
      return { do: 'recipients', recipients: value, error };
    }
    case 'check': {
      const { value, error } = await orReport(messenger.check(signal), signal);
      return { do: 'check', report: value, error };
    }
  }
}

async function sendAll<Asked>(
  work: SendWork<Asked>,
  messenger: Messenger,
  { clock, signal, idempotencyKey }: RunOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const key = work.idempotencyKey ?? idempotencyKey;
  for (const [index, request] of work.requests.entries()) {
    // Once something was sent the caller must learn of it, also when it no longer wants the rest.
    if (outcomes.length === 0) signal?.throwIfAborted();
    else if (signal?.aborted === true) break;
    const own = key === undefined || work.requests.length === 1 ? key : `${key}:${index}`;
    const step = await sendOne(request, own, messenger, { clock, signal });
    const seen = await Promise.all(step.map((outcome) => pursue(outcome, work, messenger, { clock, signal })));
    outcomes.push(...seen);
    if (work.stopAtFailure && seen.some(({ verdict }) => verdict !== 'taken' && verdict !== 'accepted')) break;
  }
  return outcomes;
}

interface Running {
  clock: Clock;
  signal: AbortSignal | undefined;
}

/** One outcome per recipient, whatever happens: what throws met each of them. */
async function sendOne(
  request: SendRequest,
  idempotencyKey: string | undefined,
  messenger: Messenger,
  { clock, signal }: Running,
): Promise<Outcome[]> {
  const at = clock.now();
  const recipients = typeof request.to === 'string' ? [request.to] : request.to;
  try {
    const entries = await messenger.send([request], {
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(signal === undefined ? {} : { signal }),
    });
    return entries.map((entry) => outcomeOf(entry, at));
  } catch (error) {
    const report = reportOf(error);
    // What nobody foresaw may have happened after the request left.
    const verdict = report.stage === 'unknown' || report.kind === 'internal' ? 'unsure' : 'refused';
    return recipients.map((to) => ({ ...NOTHING, to, verdict, error: report, at }));
  }
}

const NOTHING = { id: null, sid: null, status: null, resource: null, entry: null, duplicate: false, replayed: false };

function outcomeOf(entry: Entry, at: number): Outcome {
  const { to, id, sid, status } = entry;
  const verdict = verdictOf(entry);
  // An entry on its way keeps what its last try failed with; it is no failure of the recipient's.
  const error = verdict === 'taken' || verdict === 'accepted' ? null : entry.error;
  const replayed = entry.replayed === true;
  const duplicate = entry.duplicate === true;
  return { to, verdict, id, sid, status, error, at, resource: null, entry, duplicate, replayed };
}

export function verdictOf({ state, status }: Pick<Entry, 'state' | 'status'>): Verdict {
  return state === 'done' && BAD_STATUSES.has(status ?? '') ? 'undelivered' : VERDICTS[state];
}

/** Waits for Twilio's verdict, then reads or follows what the host wants to show of it. */
async function pursue<Asked>(
  first: Outcome,
  work: SendWork<Asked>,
  messenger: Messenger,
  running: Running,
): Promise<Outcome> {
  const outcome = await awaited(first, work, messenger, running);
  if (outcome.id === null || outcome.verdict === 'refused') return outcome;
  if (work.follow !== undefined && outcome.verdict !== 'unsure')
    return followed(outcome, work.follow, messenger, running);
  if (work.resource !== true) return outcome;
  return { ...outcome, resource: await resourceOf(outcome, messenger, false, running) };
}

async function awaited<Asked>(
  outcome: Outcome,
  work: SendWork<Asked>,
  messenger: Messenger,
  running: Running,
): Promise<Outcome> {
  const { until, ms } = work.wait ?? { until: 'sent', ms: WAIT_MS };
  const { id, entry } = outcome;
  if (id === null || entry === null || reached(entry, until)) return outcome;
  const { patience, end } = patienceOf(ms, running);
  try {
    const { duplicate, replayed } = outcome;
    return { ...outcomeOf(await messenger.wait(id, until, patience), outcome.at), duplicate, replayed };
  } catch {
    // It is accepted, whatever a look at it failed with.
    return outcome;
  } finally {
    await end();
  }
}

/** Until the status is final; a look that fails costs one attempt, never the outcome. */
async function followed(
  start: Outcome,
  { everyMs, attempts }: Follow,
  messenger: Messenger,
  { clock, signal }: Running,
): Promise<Outcome> {
  let outcome = start;
  // Looks that hang must not make it longer than it says.
  const end = clock.steady() + everyMs * attempts;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const resource = await resourceOf(outcome, messenger, true, { clock, signal });
    if (resource !== null) outcome = told(outcome, resource);
    else if (outcome.sid === null) outcome = await seenAgain(outcome, messenger);
    const over = attempt === attempts || clock.steady() >= end || signal?.aborted === true;
    if (over || outcome.verdict === 'refused' || FINAL_STATUSES.has(outcome.status ?? '')) break;
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
  if (outcome.verdict === 'refused' || outcome.verdict === 'unsure') return outcome;
  // No look succeeded: then what Twilio told at the create is the last that is known.
  const known = outcome.resource ?? (await resourceOf(outcome, messenger, false, { clock, signal }));
  return { ...outcome, resource: known };
}

/** What only a gateway has may have been refused since, or its answer lost. */
async function seenAgain(outcome: Outcome, messenger: Messenger): Promise<Outcome> {
  if (outcome.id === null) return outcome;
  const entry = await messenger.fetch(outcome.id).catch(() => null);
  const { at, duplicate, replayed } = outcome;
  return entry === null ? outcome : { ...outcomeOf(entry, at), duplicate, replayed };
}

/**
 * What Twilio's own JSON says of it beyond what is known. An error of what is still under way is a gateway's: behind its
 * facade nobody knows whether Twilio has it.
 */
function told(outcome: Outcome, resource: Readonly<Record<string, unknown>>): Outcome {
  const { status, sid, error_message: message } = resource;
  if (typeof status !== 'string' || typeof sid !== 'string') return { ...outcome, resource };
  const known = { ...outcome, resource, status, sid };
  if (!FINAL_STATUSES.has(status) && typeof message === 'string' && message !== '') {
    const error = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown', message });
    return { ...known, verdict: 'unsure', error };
  }
  return { ...known, verdict: BAD_STATUSES.has(status) ? 'undelivered' : 'taken', error: null };
}

async function resourceOf(
  { id }: Outcome,
  messenger: Messenger,
  fresh: boolean,
  { signal }: Running,
): Promise<Outcome['resource']> {
  if (id === null) return null;
  try {
    return await messenger.resource(id, { fresh, ...(signal === undefined ? {} : { signal }) });
  } catch {
    return null;
  }
}

/** A signal that aborts after `ms` of this clock, or with the caller's. */
function patienceOf(ms: number, { clock, signal }: Running): { patience: AbortSignal; end(): Promise<void> } {
  const over = new AbortController();
  const awake = new AbortController();
  const timer = clock.sleep(ms, awake.signal).then(
    () => over.abort(),
    () => undefined,
  );
  const patience = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const end = () => {
    awake.abort();
    return timer;
  };
  return { patience, end };
}

function endingOf(done: Done): Ending {
  if (done.do === 'check') return done.report?.ok === true ? 'ok' : 'failed';
  if (done.do === 'recipients') return done.error === null ? 'ok' : 'failed';
  const verdicts = done.outcomes.map(({ verdict }) => verdict);
  if (verdicts.includes('unsure')) return 'unsure';
  const good = verdicts.filter((verdict) => verdict === 'taken' || verdict === 'accepted').length;
  if (good === verdicts.length) return 'ok';
  return good === 0 ? 'failed' : 'some';
}

async function orReport<T>(
  answer: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ value: T; error: null } | { value: null; error: ErrorReport }> {
  try {
    return { value: await answer, error: null };
  } catch (error) {
    signal?.throwIfAborted();
    return { value: null, error: reportOf(error) };
  }
}

function reportOf(error: unknown): ErrorReport {
  return (isTollboardError(error) ? error : new TollboardError('TOLLBOARD_INTERNAL', { cause: error })).report;
}

/** A Messenger that answers everything with one error: for inputs whose credentials or gateway are refused. */
export function refusingMessenger(error: TollboardError): Messenger {
  const refuse = () => Promise.reject(error);
  return { send: refuse, fetch: refuse, wait: refuse, resource: refuse, recipients: refuse, check: refuse };
}
