/** Hands a plan to a messenger chunk by chunk and waits for the end of what was taken. */

import type { Entry, EntryState } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Clock, Messenger } from '../core/ports.ts';
import type { Chunk, Plan } from './plan.ts';
import { FINAL_STATES } from '../core/entry.ts';
import { errorReport, isTollboardError } from '../core/errors.ts';

/** Chunks and waits under way at a time. */
const CHUNKS_AT_ONCE = 4;
const WAITS_AT_ONCE = 16;

export interface Handover {
  /** Per chunk, one entry per recipient. */
  outcomes: Entry[][];
  /** What ended the run early, to be told once; its recipients have lines of their own. */
  error: unknown;
}

export interface HandoverOptions {
  interrupted: AbortSignal;
  /** Given to the messenger with each send; where it is absent a send is never broken off. */
  sendSignal?: AbortSignal;
  onProgress(recipients: number): void;
}

/**
 * Sends every chunk. An error ends the run: it is thrown when nothing had been handed over, else the recipients it
 * concerns get a line that says so. With parameters of their own per row a fault of them is that row's alone. After an
 * interruption the chunks under way are awaited and no further one is begun.
 */
export async function handOver(plan: Plan, messenger: Messenger, options: HandoverOptions): Promise<Handover> {
  const outcomes: Entry[][] = [];
  let error: unknown = null;
  let handed = 0;
  await inParallel(plan.chunks, CHUNKS_AT_ONCE, async (chunk, index) => {
    if (error !== null || options.interrupted.aborted) return;
    try {
      const { idempotencyKey } = chunk;
      outcomes[index] = await messenger.send([chunk.request], {
        ...(idempotencyKey === null ? {} : { idempotencyKey }),
        ...(options.sendSignal === undefined ? {} : { signal: options.sendSignal }),
      });
    } catch (thrown) {
      if (!isTollboardError(thrown)) throw thrown;
      const row = plan.individual && thrown.kind === 'invalid';
      if (!row) error ??= thrown;
      outcomes[index] = lines(chunk, thrown.report.stage === 'unknown' ? 'unknown' : 'rejected', () => thrown.report);
    }
    handed += chunk.request.to.length;
    options.onProgress(handed);
  });
  const taken = outcomes.flat().some((entry) => entry.id !== null || entry.error === null);
  if (error !== null && !taken) throw error;
  for (const [index, chunk] of plan.chunks.entries()) {
    outcomes[index] ??= lines(chunk, 'rejected', (to) =>
      errorReport('TOLLBOARD_CLI_INTERRUPTED', { details: { to }, stage: 'before_send' }),
    );
  }
  return { outcomes, error };
}

/** Each entry as it stands once it is final, or held, or when the signal ends the wait. */
export async function waitForEnd(
  outcomes: readonly (readonly Entry[])[],
  messenger: Messenger,
  options: { signal: AbortSignal; onProgress: (recipients: number) => void },
): Promise<Entry[][]> {
  const waited = outcomes.map((entries) => [...entries]);
  const open = waited.flatMap((entries) =>
    entries.flatMap((entry, place) => (isOpen(entry) ? [{ entries, entry, place }] : [])),
  );
  let ended = 0;
  await inParallel(open, WAITS_AT_ONCE, async ({ entries, entry, place }) => {
    entries[place] = await messenger.wait(entry.id ?? '', 'final', options.signal);
    ended += 1;
    if (!options.signal.aborted) options.onProgress(ended);
  });
  return waited;
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

/** Lines for recipients that no messenger answered for: nothing of them was stored, so they have no id. */
function lines(chunk: Chunk, state: EntryState, error: (to: string) => ErrorReport): Entry[] {
  const { kind, to, params, host } = chunk.request;
  return to.map((recipient) => ({
    id: null,
    sid: null,
    kind,
    state,
    status: null,
    to: recipient,
    from: typeof params.from === 'string' ? params.from : null,
    body: typeof params.body === 'string' ? params.body : null,
    host,
    account: null,
    idempotencyKey: chunk.idempotencyKey,
    segments: null,
    encoding: null,
    attempts: 0,
    error: error(recipient),
    resolution: null,
    simulated: false,
    createdAt: null,
    updatedAt: null,
  }));
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
