/** Runs on disk: one record each, the newest kept as traces. */

import type { RoomRecord } from '../core/consumer.ts';
import type { Store } from '../core/ports.ts';
import type { Run } from './run.ts';

export const ROOM = 'automation';

/** Finished runs of an automation that are kept as traces. */
export const KEPT_RUNS = 20;

const PAGE = 200;

export function runRecord(run: Run): RoomRecord {
  return { room: ROOM, key: keyOf(run), value: run, dueAt: null };
}

/** In the order of an automation's runs. */
export function keyOf({ automation, startedAt, id }: Pick<Run, 'automation' | 'startedAt' | 'id'>): string {
  return `${runsOf(automation.id)}${String(startedAt).padStart(15, '0')}/${id}`;
}

/** Ids are anything that a file says: `a/b` is not one of `a`. */
export function runsOf(automation: string): string {
  return `run/${encodeURIComponent(automation)}/`;
}

export function waitsOf(runId: string): string {
  return `wait/${encodeURIComponent(runId)}/`;
}

/** What fired for a wait, until its run has noted it. */
export function waitRecord(runId: string, key: string, value: unknown): RoomRecord {
  return { room: ROOM, key: waitsOf(runId) + key, value, dueAt: null };
}

/** Of one automation, or of all; oldest first. */
export async function storedRuns(store: Store, automation?: string): Promise<Run[]> {
  const prefix = automation === undefined ? 'run/' : runsOf(automation);
  return (await recordsUnder(store, prefix)).map(({ value }) => value as Run);
}

export async function recordsUnder(store: Store, prefix: string): Promise<RoomRecord[]> {
  const found: RoomRecord[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.records({ room: ROOM, prefix, limit: PAGE, ...(after === undefined ? {} : { after }) });
    found.push(...page);
    if (page.length < PAGE) return found;
    after = page.at(-1)?.key;
  }
}

/** Removes what a finished run does not need any more, and the oldest traces of its automation. */
export async function tidy(store: Store, run: Run): Promise<void> {
  const waits = await recordsUnder(store, waitsOf(run.id));
  const ended = (await recordsUnder(store, runsOf(run.automation.id))).filter(
    ({ value }) => (value as Run).ending !== 'running',
  );
  const old = ended.slice(0, Math.max(0, ended.length - KEPT_RUNS));
  const remove = [...waits, ...old].map(({ room, key }) => ({ room, key }));
  if (remove.length > 0) await store.keep({ remove });
}
