/**
 * What a run did, step by step, each under a key of its own: what stands here is not done again. It is on disk before every
 * effect, and bounded.
 */

import type { Action, Automation } from './definition.ts';
import type { Value } from './template/python.ts';
import type { Fired } from './trigger.ts';
import { PartError } from './evaluate.ts';

/** A line of the journal, and of the trace. */
export interface Step {
  /** Unique in its run, the same each time: the path, with the rounds of the loops around it. */
  key: string;
  path: string;
  where: string;
  at: number;
  /** What came of it; null where nothing does. */
  result: Value;
  /** Variables that it set. */
  changed: Readonly<Record<string, Value>> | null;
  /** In words; the run ended, unless the action goes on over errors. */
  error: string | null;
}

export type Ending = 'running' | 'finished' | 'stopped' | 'failed' | 'canceled';

/** As it is stored. */
export interface Run {
  id: string;
  automation: Automation;
  trigger: Fired;
  /** Ascends with every run that begins: their order, also within one millisecond. */
  arrival: number;
  startedAt: number;
  endedAt: number | null;
  ending: Ending;
  /** Why it failed or stopped, with its place. */
  error: string | null;
  steps: Step[];
}

/** A wait in the middle of a run. */
export interface Waiting {
  runId: string;
  /** Of its step. */
  key: string;
}

/** Steps of one run. */
export const MAX_STEPS = 2000;
/** What to do about a loop that is too long. */
export const END_IT = 'Give its loop a condition that ends it.';
/** Characters of what the steps of one run came to: it is written whole each time. */
const MAX_JOURNAL = 1024 * 1024;

/** The key of the step that something comes to before its action is done. */
export function stepKey(action: string, mark: 'enabled' | 'call' | 'until' | 'items' | 'count' | 'error'): string {
  return `${action}#${mark}`;
}

/** When what the step begins is over, for who reads the trace; null of any other step. */
export function deadlineOf({ key, result }: Step): number | null {
  return /#until(\[|$)/.test(key) && typeof result === 'number' ? result : null;
}

/** The journal is not on disk: no fault of the run, which waits until it is. */
export class NotKept extends Error {}

/** A run beyond its bounds, which `continue_on_error` does not lift. */
export class Unbounded extends PartError {}

export interface JournalOptions {
  run: Run;
  now(): number;
  /** The run as it is now, on disk when it resolves. */
  save(run: Run): Promise<void>;
  /** Of the run: its reason is told instead of a save that fails. */
  signal: AbortSignal;
  /** Secrets stand in no sentence. */
  hush(sentence: string): string;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #steps: Map<string, Step>;
  /** Steps that are in no save, begun or done; after one that failed the run is carried on anew. */
  #unsaved = false;
  #saved: Promise<void> = Promise.resolve();
  /** A step that is being written with what comes of it: nothing else is saved before that is known. */
  #noting: Promise<void> | null = null;
  #size: number;

  constructor(options: JournalOptions) {
    const { steps } = options.run;
    this.#options = options;
    this.#steps = new Map(steps.map((step) => [step.key, step]));
    this.#size = steps.reduce((sum, step) => sum + sizeOf(step), 0);
  }

  step(key: string): Step | null {
    return this.#steps.get(key) ?? null;
  }

  /** What a step comes to, once and for all. */
  async once(key: string, { path, where }: Pick<Action, 'path' | 'where'>, work: () => Promise<Value>): Promise<Value> {
    const known = this.#steps.get(key);
    if (known !== undefined) return known.result;
    const result = await work();
    this.note({ key, path, where, result, changed: null, error: null });
    return result;
  }

  /** Throws {@link Unbounded}. */
  note(step: Omit<Step, 'at'>): void {
    const { run, now, hush } = this.#options;
    if (run.steps.length >= MAX_STEPS)
      throw new Unbounded(step, `the run has more than ${MAX_STEPS} steps: it loops. ${END_IT}`);
    const size = sizeOf(step);
    if (this.#size + size > MAX_JOURNAL)
      throw new Unbounded(
        step,
        `the variables and results of the run have more than ${MAX_JOURNAL} characters. Keep less of them.`,
      );
    this.#size += size;
    const whole = { ...step, error: step.error === null ? null : hush(step.error), at: now() };
    run.steps.push(whole);
    this.#steps.set(step.key, whole);
    this.#unsaved = true;
  }

  /**
   * Resolves once every step so far is on disk, also those that another branch is just saving. Rejects with {@link NotKept},
   * or with the signal's reason.
   */
  async save(): Promise<void> {
    while (this.#noting !== null) await this.#noting;
    await (this.#unsaved ? this.#write(this.#options.save) : this.#saved);
  }

  /**
   * A step and what comes of it in one write, which puts the run as it is then. Rejects as {@link save}, or with
   * {@link Unbounded}; then there is neither.
   */
  async noteWith(step: Omit<Step, 'at'>, write: (run: Run) => Promise<unknown>): Promise<void> {
    while (this.#noting !== null) await this.#noting;
    this.note(step);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#noting = promise;
    try {
      await this.#write(write);
    } catch (error) {
      const { steps } = this.#options.run;
      steps.splice(steps.indexOf(this.#steps.get(step.key) as Step), 1);
      this.#steps.delete(step.key);
      this.#size -= sizeOf(step);
      // Steps of others that were in that write are in none.
      this.#unsaved = true;
      throw error;
    } finally {
      this.#noting = null;
      resolve();
    }
  }

  #write(write: (run: Run) => Promise<unknown>): Promise<void> {
    const { run, signal } = this.#options;
    this.#unsaved = false;
    this.#saved = write(run).then(
      () => undefined,
      (error: unknown) => {
        signal.throwIfAborted();
        throw new NotKept(String(error));
      },
    );
    return this.#saved;
  }
}

function sizeOf({ result, changed, error }: Pick<Step, 'result' | 'changed' | 'error'>): number {
  return JSON.stringify([result, changed, error]).length;
}
