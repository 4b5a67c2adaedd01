/** Runs under way: which may begin, by the mode of their automation, and how each is carried on to its end. */

import type { Clock, Logger } from '../core/ports.ts';
import type { Automation } from './definition.ts';
import type { Run } from './journal.ts';
import type { RunWorld } from './run.ts';
import type { Runs } from './runs.ts';
import type { Fired } from './trigger.ts';
import { ANSWER_WITHIN_MS } from '../core/inbound.ts';
import { actionsOf } from './definition.ts';
import { mayReply } from './replies.ts';
import { carryOn } from './run.ts';

/** What the mode makes of a run: it begins, behind those under way, or in their place. */
export type Admission = 'started' | 'queued' | 'restarted';

export interface UnderWayOptions {
  clock: Clock;
  logger: Logger;
  runs: Pick<Runs, 'save'>;
  world(run: Run): Omit<RunWorld, 'atRest' | 'sleepsUntil'>;
  /** The run does not reply any more within the time for it. */
  onSilent(run: Run): void;
  onEnd(run: Run): void;
}

export interface Draft {
  id: string;
  automation: Automation;
  trigger: Fired;
}

const STOPPED = new DOMException('The gateway stops.', 'AbortError');
const RESTARTED = new DOMException('A newer run took over.', 'AbortError');

/** Before another try of a run that could not be kept. */
const AGAIN_MS = 1000;

interface Active {
  run: Run;
  /** Whether it may reply to the webhook that fired it, within the time for it. */
  replies: boolean;
  abort: AbortController;
  ended: Promise<void>;
  end: () => void;
}

export class UnderWay {
  readonly #options: UnderWayOptions;
  readonly #active = new Map<string, Active>();
  #arrivals = 0;
  readonly #stopping = new AbortController();

  constructor(options: UnderWayOptions) {
    this.#options = options;
  }

  any(): boolean {
    return this.#active.size > 0;
  }

  /** Of one automation, in the order of their arrival. */
  of(automationId: string): Run[] {
    return this.#others(automationId).map(({ run }) => run);
  }

  /** Whether a run may still reply to this event. */
  mayReply(eventId: string): boolean {
    for (const { run, replies } of this.#active.values()) if (replies && run.trigger.event?.id === eventId) return true;
    return false;
  }

  /**
   * A place for one more run, from now on; it has to be begun once it is on disk, or given back. Null where the mode has
   * none: that is logged as loud as the automation wants it.
   */
  admit(draft: Draft): { run: Run; as: Admission } | null {
    const { id, mode, max, exceeded } = draft.automation;
    const { length } = this.#others(id);
    if (mode !== 'restart' && length >= (mode === 'single' ? 1 : max)) {
      const { logger } = this.#options;
      if (exceeded !== null)
        logger[exceeded]({ automation: id, mode }, 'an automation already runs as often as it may');
      return null;
    }
    const run: Run = {
      ...draft,
      arrival: ++this.#arrivals,
      startedAt: this.#options.clock.now(),
      endedAt: null,
      ending: 'running',
      error: null,
      steps: [],
    };
    this.#place(run);
    return { run, as: length === 0 || mode === 'parallel' ? 'started' : mode === 'restart' ? 'restarted' : 'queued' };
  }

  /** It could not be kept. */
  giveBack({ id }: Run): void {
    this.#active.get(id)?.end();
    this.#active.delete(id);
  }

  /** Carries a run on that has its place. `atRest`: told once nothing of it goes on by itself. */
  begin(run: Run, atRest: () => void = () => undefined): void {
    const active = this.#active.get(run.id);
    if (active === undefined || this.#stopping.signal.aborted) {
      // It is on disk, and goes on with the next start.
      this.giveBack(run);
      atRest();
      return;
    }
    const { mode } = run.automation;
    const earlier = this.#others(run.automation.id).filter((other) => other.run.arrival < run.arrival);
    if (mode === 'restart') for (const { abort } of earlier) abort.abort(RESTARTED);
    const waits = mode === 'queued' || mode === 'restart' ? earlier.map(({ ended }) => ended) : [];
    if (waits.length > 0) atRest();
    void this.#carry(run, Promise.all(waits), active.abort.signal, atRest).finally(() => {
      atRest();
      this.#active.delete(run.id);
      active.end();
      this.#options.onEnd(run);
    });
  }

  /** Those that the last start left, in the order of their arrival. Resolves once all are at rest, or have ended. */
  async resume(runs: readonly Run[]): Promise<void> {
    for (const run of runs) {
      this.#arrivals = Math.max(this.#arrivals, run.arrival);
      this.#place(run);
    }
    await Promise.all(runs.map((run) => new Promise<void>((resolve) => this.begin(run, resolve))));
  }

  /** Resolves once no run is carried on any more; those that wait go on with the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(STOPPED);
    for (const { abort } of this.#active.values()) abort.abort(STOPPED);
    await Promise.all([...this.#active.values()].map(({ ended }) => ended));
  }

  #others(automationId: string): Active[] {
    return [...this.#active.values()].filter(({ run }) => run.automation.id === automationId);
  }

  #place(run: Run): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const replies = mayReply(run.automation);
    this.#active.set(run.id, { run, replies, abort: new AbortController(), ended: promise, end: resolve });
  }

  #silenced(run: Run, until: number): void {
    const active = this.#active.get(run.id);
    const { event } = run.trigger;
    if (active === undefined || event === undefined || until < Date.parse(event.time_fired) + ANSWER_WITHIN_MS) return;
    active.replies = false;
    this.#options.onSilent(run);
  }

  async #carry(run: Run, before: Promise<unknown>, signal: AbortSignal, atRest: () => void): Promise<void> {
    const { logger, clock, runs } = this.#options;
    const stopping = this.#stopping.signal;
    const sleepsUntil = (until: number) => this.#silenced(run, until);
    const world = { ...this.#options.world(run), atRest, sleepsUntil };
    await unlessAborted(before, signal);
    for (let behind = false; !stopping.aborted; behind = true) {
      try {
        const canceled = signal.aborted && run.ending === 'running';
        if (canceled) Object.assign(run, { ending: 'canceled', error: RESTARTED.message, endedAt: clock.now() });
        // What it did so far, and how it ended, has to be on disk before it does more.
        if (behind || canceled) await runs.save(run);
        if (run.ending === 'running') await carryOn(run, world, signal);
        if (run.ending === 'failed')
          logger.warn(
            { automation: run.automation.id, run: run.id, where: placeOfFault(run) },
            'a run failed; tollboard automations trace tells why',
          );
        return;
      } catch (error) {
        if (signal.aborted && run.ending === 'running') continue;
        logger.warn({ run: run.id, error: String(error) }, 'a run could not be kept; it goes on');
        atRest();
        await clock.sleep(AGAIN_MS, stopping).catch(() => undefined);
      }
    }
  }
}

/** `automations.yaml:12:7`. The error itself may quote what a phone wrote, which is for the trace alone. */
function placeOfFault({ steps, automation, error }: Run): string {
  const parts = [...steps, ...actionsOf(automation.actions)];
  return (parts.find(({ where }) => error?.startsWith(`${where}: `)) ?? automation).where;
}

function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return Promise.race([work, aborted]);
}
