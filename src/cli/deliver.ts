/** Hands a plan to a messenger chunk by chunk and waits for the end of what was taken. */

import type { Entry, EntryState } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Clock, Messenger } from '../core/ports.ts';
import type { Chunk, Plan } from './plan.ts';
import { FINAL_STATES } from '../core/entry.ts';
import { errorReport, isTollboardError, TollboardError } from '../core/errors.ts';
import { unstoredOutcome } from '../core/refusal.ts';
import { shellWord } from './command.ts';

/** Chunks and waits under way at a time. */
const CHUNKS_AT_ONCE = 4;
const WAITS_AT_ONCE = 16;

export interface Handover {
  /** Per chunk, one entry per recipient. */
  outcomes: Entry[][];
  /** What ended the run early, to be told once; its recipients have lines of their own. */
  error: TollboardError | null;
}

export interface HandoverOptions {
  interrupted: AbortSignal;
  /** Given to the messenger with each send; where it is absent a send is never broken off. */
  sendSignal?: AbortSignal;
  onProgress(recipients: number): void;
}

/**
 * Sends every chunk. An error ends the run: it is thrown when certainly nothing had been handed over, else the recipients
 * it concerns get a line that says so. With parameters of their own per row a fault of them is that row's alone. After an
 * interruption the chunks under way are awaited and no further one is begun.
 */
export async function handOver(plan: Plan, messenger: Messenger, options: HandoverOptions): Promise<Handover> {
  const outcomes: Entry[][] = [];
  const faults: TollboardError[] = [];
  let handed = 0;
  await inParallel(plan.chunks, CHUNKS_AT_ONCE, async (chunk, index) => {
    if (faults.length > 0 || options.interrupted.aborted) return;
    try {
      const { idempotencyKey } = chunk;
      outcomes[index] = await messenger.send([chunk.request], {
        ...(idempotencyKey === null ? {} : { idempotencyKey }),
        ...(options.sendSignal === undefined ? {} : { signal: options.sendSignal }),
      });
    } catch (thrown) {
      // An abort comes before the request left; who was not handed over is told below.
      if (options.interrupted.aborted && isAbort(thrown)) return;
      const fault = repeatable(known(thrown), plan.idempotencyKey);
      if (!plan.individual || !ROW_FAULT.test(fault.code)) faults.push(fault);
      outcomes[index] = lines(chunk, fault.report.stage === 'unknown' ? 'unknown' : 'rejected', fault);
    }
    handed += chunk.request.to.length;
    options.onProgress(handed);
  });
  const error = faults.find(({ report }) => report.stage === 'unknown') ?? faults[0] ?? null;
  const taken = outcomes.flat().some((entry) => entry.id !== null || entry.error === null || entry.state === 'unknown');
  if (error !== null && !taken) throw error;
  for (const [index, chunk] of plan.chunks.entries()) {
    outcomes[index] ??= lines(chunk, 'rejected', (to) => notHandedOver(to, plan.idempotencyKey));
  }
  return { outcomes, error: error === null ? null : withRepeat(error, plan.idempotencyKey) };
}

/** What the parameters of one row can be at fault for; anything else would meet every row alike. */
const ROW_FAULT = /^TOLLBOARD_(MESSAGE|CALL|PARAMETER)_/;

/** A fault of ours proves nothing about what left. */
function known(thrown: unknown): TollboardError {
  return isTollboardError(thrown)
    ? thrown
    : new TollboardError('TOLLBOARD_INTERNAL', { cause: thrown, stage: 'unknown' });
}

/** The key in a lost answer is that of a chunk; a person repeats the whole command. */
function repeatable(fault: TollboardError, key: string | null): TollboardError {
  if (fault.code !== 'TOLLBOARD_GATEWAY_ANSWER_LOST' || key === null) return fault;
  return TollboardError.from({ ...fault.report, remedy: repeat(key) }, fault.details);
}

/** Some were handed over: repeating is safe only by the run's key, whatever the fault itself says. */
function withRepeat(fault: TollboardError, key: string | null): TollboardError {
  if (key === null || fault.remedy === repeat(key)) return fault;
  const remedy = `${fault.remedy} ${repeat(key)}`;
  return TollboardError.from({ ...fault.report, remedy }, fault.details);
}

function notHandedOver(to: string, key: string | null): ErrorReport {
  const again = key === null ? 'Send it again to this recipient alone.' : repeat(key);
  return errorReport('TOLLBOARD_CLI_INTERRUPTED', { details: { to, again }, stage: 'before_send' });
}

function repeat(key: string): string {
  return `Run the same command with the same input and this flag, and nothing is sent twice: --idempotency-key ${shellWord(key)}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

export interface Waited {
  outcomes: Entry[][];
  /** Why the wait ended before its time; null when it did not. */
  error: TollboardError | null;
}

/**
 * Each entry as it stands once it is final, or held, or when the signal ends the wait. Never throws: what can be asked no
 * more stays as it was last known, and the first reason is told.
 */
export async function waitForEnd(
  outcomes: readonly (readonly Entry[])[],
  messenger: Messenger,
  options: { signal: AbortSignal; onProgress: (recipients: number) => void },
): Promise<Waited> {
  const waited = outcomes.map((entries) => [...entries]);
  const open = waited.flatMap((entries) =>
    entries.flatMap((entry, place) => (isOpen(entry) ? [{ entries, entry, place }] : [])),
  );
  let ended = 0;
  let error: TollboardError | null = null;
  await inParallel(open, WAITS_AT_ONCE, async ({ entries, entry, place }) => {
    try {
      entries[place] = await messenger.wait(entry.id ?? '', 'final', options.signal);
    } catch (thrown) {
      error ??= known(thrown);
    }
    ended += 1;
    if (!options.signal.aborted) options.onProgress(ended);
  });
  return { outcomes: waited, error };
}

/** A signal that the time or another signal aborts; `stop` clears the timer. */
export function waitSignal(
  seconds: number,
  interrupted: AbortSignal,
  clock: Clock,
): { signal: AbortSignal; stop: () => void } {
  const timer = new AbortController();
  const ended = new AbortController();
  void clock.sleep(seconds * 1000, timer.signal).then(
    () => ended.abort(new DOMException('The wait ended.', 'TimeoutError')),
    () => undefined,
  );
  return { signal: AbortSignal.any([ended.signal, interrupted]), stop: () => timer.abort() };
}

export function isOpen(entry: Entry): boolean {
  return entry.id !== null && !FINAL_STATES.has(entry.state) && entry.state !== 'held';
}

/** Lines for recipients that no messenger answered for: they have no id. */
function lines(chunk: Chunk, state: EntryState, fault: TollboardError | ((to: string) => ErrorReport)): Entry[] {
  const { request, idempotencyKey } = chunk;
  const simulated = typeof fault !== 'function' && fault.details.simulated === true;
  return request.to.map((to) => {
    const error = typeof fault === 'function' ? fault(to) : fault.report;
    return unstoredOutcome(request, to, { state, error, simulated, idempotencyKey });
  });
}

async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
