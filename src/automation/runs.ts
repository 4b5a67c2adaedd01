/**
 * Runs on disk: one record each. Those under way stand in the order of their arrival, so that a start reads them and no
 * others; a run that ended becomes a trace of its automation, the newest of which are kept until their time is over.
 */

import type { RoomRecord } from '../core/consumer.ts';
import type { Clock, Store } from '../core/ports.ts';
import type { Run, Waiting } from './journal.ts';
import type { Secrets } from './secrets.ts';
import type { Fired } from './trigger.ts';
import { actionsOf } from './definition.ts';

export const ROOM = 'automation';

/** Records read at a time: each may have more than a megabyte. */
const PAGE = 20;

export interface Runs {
  /** Of a run under way, for a write with others. */
  record(run: Run): RoomRecord;
  /** What fired for a wait, until its run has noted it. */
  firedRecord(waiting: Waiting, fired: Fired): RoomRecord;
  /** In the order of their arrival. */
  underWay(): Promise<Run[]>;
  /** Of one automation, in no particular order; also of one that is no longer in the file. */
  traces(automation: string): Promise<Run[]>;
  /** A run under way as it is now; with its end it becomes a trace, in the same write that drops the oldest one. */
  save(run: Run): Promise<void>;
  /** What fired for a wait since its run was saved, or null. */
  fired(waiting: Waiting): Promise<Fired | null>;
  /** Removes the traces whose time is over. */
  sweep(): Promise<void>;
}

export interface RunsOptions {
  store: Store;
  clock: Clock;
  /** How long traces are kept, milliseconds. */
  keepMs: number;
  /** Stand on no disk. */
  secrets: Pick<Secrets, 'hide' | 'reveal'>;
}

const UNDER_WAY = 'under-way/';

function keyOf({ arrival, id }: Run): string {
  return `${UNDER_WAY}${String(arrival).padStart(15, '0')}/${id}`;
}

/** Ids are anything that a file says: `a/b` is not one of `a`. */
function tracesOf(automation: string): string {
  return `trace/${encodeURIComponent(automation)}/`;
}

function traceKey({ automation, id }: Run): string {
  return tracesOf(automation.id) + id;
}

/** The keys of an automation's traces, oldest first. */
function keptKey(automation: string): string {
  return `kept/${encodeURIComponent(automation)}`;
}

function firedKey({ runId, key }: Waiting): string {
  return firedOf(runId) + key;
}

function firedOf(runId: string): string {
  return `fired/${encodeURIComponent(runId)}/`;
}

export function createRuns({ store, clock, keepMs, secrets }: RunsOptions): Runs {
  /** By automation: what changes the list of its traces, one after the other. */
  const turns = new Map<string, Promise<void>>();
  /** By automation: runs that ended and wait for their write. */
  const ended = new Map<string, Array<{ run: Run; resolve: () => void; reject: (error: unknown) => void }>>();

  function inTurn(automation: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(automation) ?? Promise.resolve()).then(work);
    const over = turn.then(
      () => undefined,
      () => undefined,
    );
    turns.set(automation, over);
    void over.then(() => turns.get(automation) === over && turns.delete(automation));
    return turn;
  }

  async function under(prefix: string): Promise<RoomRecord[]> {
    const found: RoomRecord[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.records({ room: ROOM, prefix, limit: PAGE, ...(after === undefined ? {} : { after }) });
      found.push(...page);
      if (page.length < PAGE) return found;
      after = page.at(-1)?.key;
    }
  }

  async function runsUnder(prefix: string): Promise<Run[]> {
    return (await under(prefix)).map(({ value }) => secrets.reveal(value as Run));
  }

  /** Keys of what its waits left; most runs have none. */
  async function firedFor({ id, automation }: Run): Promise<string[]> {
    const waits = actionsOf(automation.actions).some(({ kind }) => kind === 'wait_for_trigger');
    return waits ? (await under(firedOf(id))).map(({ key }) => key) : [];
  }

  async function kept(automation: string): Promise<string[]> {
    return ((await store.record(ROOM, keptKey(automation)))?.value ?? []) as string[];
  }

  /** The list without these traces; no list where none is left. */
  async function drop(automation: string, gone: readonly string[]): Promise<void> {
    const left = (await kept(automation)).filter((key) => !gone.includes(key));
    const list = { room: ROOM, key: keptKey(automation) };
    const traces = gone.map((key) => ({ room: ROOM, key }));
    if (left.length === 0) await store.keep({ remove: [...traces, list] });
    else await store.keep({ put: [{ ...list, value: left, dueAt: null }], remove: traces });
  }

  /** Runs of one automation that ended, in one write: those that would be dropped again are not written. */
  async function end(runs: readonly Run[]): Promise<void> {
    const { id, traces } = (runs.at(-1) as Run).automation;
    const keys = runs.map(traceKey);
    const all = [...(await kept(id)).filter((key) => !keys.includes(key)), ...keys];
    const left = all.slice(Math.max(0, all.length - traces));
    const stay = runs.filter((run) => left.includes(traceKey(run)));
    const gone = [...runs.map(keyOf), ...(await Promise.all(runs.map(firedFor))).flat()];
    gone.push(...all.slice(0, all.length - left.length));
    const dueAt = clock.now() + keepMs;
    await store.keep({
      put: [
        ...stay.map((run) => ({ room: ROOM, key: traceKey(run), value: secrets.hide(run), dueAt })),
        { room: ROOM, key: keptKey(id), value: left, dueAt: null },
      ],
      remove: gone.map((key) => ({ room: ROOM, key })),
    });
  }

  /** Those that end while another write is under way go together: a mode that restarts ends more than one write each could. */
  function saveEnd(run: Run): Promise<void> {
    const { id } = run.automation;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = ended.get(id) ?? [];
    waiting.push({ run, resolve, reject });
    ended.set(id, waiting);
    void inTurn(id, async () => {
      const batch = waiting.splice(0, PAGE);
      if (waiting.length === 0 && ended.get(id) === waiting) ended.delete(id);
      if (batch.length === 0) return;
      try {
        await end(batch.map((one) => one.run));
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    });
    return promise;
  }

  const record = (run: Run) => ({ room: ROOM, key: keyOf(run), value: secrets.hide(run), dueAt: null });

  return {
    record,
    firedRecord: (waiting, fired) => {
      return { room: ROOM, key: firedKey(waiting), value: secrets.hide(fired), dueAt: null };
    },
    underWay: () => runsUnder(UNDER_WAY),
    traces: (automation) => runsUnder(tracesOf(automation)),
    async save(run) {
      if (run.ending === 'running') await store.keep({ put: [record(run)] });
      else await saveEnd(run);
    },
    async fired(waiting) {
      const found = await store.record(ROOM, firedKey(waiting));
      return found === null ? null : secrets.reveal(found.value as Fired);
    },
    async sweep() {
      for (;;) {
        const due = await store.records({ room: ROOM, prefix: 'trace/', limit: PAGE, dueBy: clock.now() });
        if (due.length === 0) return;
        const byAutomation = Map.groupBy(due, ({ value }) => (value as Run).automation.id);
        for (const [automation, traces] of byAutomation)
          await inTurn(automation, () =>
            drop(
              automation,
              traces.map(({ key }) => key),
            ),
          );
      }
    },
  };
}
