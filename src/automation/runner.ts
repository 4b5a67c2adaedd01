/**
 * Automations at work: takes stored events in their order, begins runs in the same write that settles the event, carries
 * runs on (also after a restart), and lets times come. What came in while the gateway was down is worked off when it is
 * back; a time that passed meanwhile is not made up for, as in Home Assistant.
 */

import type { AutomationView } from '../core/automations.ts';
import type { Delivery } from '../core/consumer.ts';
import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import type { Automation } from './definition.ts';
import type { Run, RunWorld, ServiceCall } from './run.ts';
import type { TemplateEngine } from './template/engine.ts';
import type { Value } from './template/python.ts';
import type { Fired, TimeTrigger } from './trigger.ts';
import type { TriggerIndex } from './trigger-index.ts';
import { TollboardError } from '../core/errors.ts';
import { createFiring, type Firing } from './firing.ts';
import { carryOn } from './run.ts';
import { ROOM, recordsUnder, runRecord, runsOf, storedRuns, tidy, waitRecord, waitsOf } from './runs.ts';
import { firedByTime, nextTime } from './trigger.ts';
import { indexTriggers } from './trigger-index.ts';
import { createWaits, type Waits } from './waits.ts';

/** The name under which automations take events. */
export const CONSUMER = 'automation';

export interface RunnerOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  engine: TemplateEngine;
  automations: readonly Automation[];
  /** Carries out a service call; rejects with what it failed with. */
  call(service: ServiceCall, signal: AbortSignal): Promise<Value>;
  /** Told once no run of an event is under way any more: nothing will answer it. */
  onQuiet(eventId: string): void;
}

export interface Runner {
  automations(): AutomationView[];
  /** The newest last. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  runs(automationId: string): Promise<Run[]>;
  /** Begins a run as if its first trigger had fired. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  runNow(automationId: string): Promise<Run>;
  /** Whether a run of this event may still answer it: one is under way, or the event was not looked at yet. */
  mayAnswer(event: Pick<EventRecord, 'id' | 'seq'>): boolean;
  /** From now on these; runs under way go on with what they began with. */
  reload(automations: readonly Automation[]): void;
  /** Resolves once no run is under way but those that wait for a time or an event. */
  stop(): Promise<void>;
}

interface Active {
  run: Run;
  abort: AbortController;
  ended: Promise<void>;
}

/** Deliveries taken at a time. */
const BATCH = 50;

/** Begins with what the last start left under way. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const runner = new AutomationRunner(options);
  await runner.resume();
  return runner;
}

const STOPPED = new DOMException('The gateway stops.', 'AbortError');
const RESTARTED = new DOMException('A newer run took over.', 'AbortError');

class AutomationRunner implements Runner {
  readonly #options: RunnerOptions;
  #automations: readonly Automation[];
  #index: TriggerIndex;
  readonly #active = new Map<string, Active>();
  readonly #firing: Firing;
  readonly #waits: Waits;
  readonly #stopping = new AbortController();
  #nap = new AbortController();
  #pumping: Promise<void> | null = null;
  #again = false;
  /** Runs begun by hand: two within one millisecond are told apart by it. */
  #byHand = 0;
  /** Events up to this one were looked at. */
  #place = 0;
  /** Deliveries of which nothing came, not settled yet. */
  readonly #idle: Array<{ consumer: string; replay: number | null; eventSeq: number }> = [];
  readonly #unsubscribe: () => void;
  #times: Promise<void> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#automations = options.automations;
    this.#index = indexTriggers(options.automations);
    this.#firing = createFiring(options);
    this.#waits = createWaits({ clock: options.clock, firing: this.#firing });
    this.#unsubscribe = options.store.onCommit(({ events, replayed }) => {
      if (events.length > 0 || replayed.includes(CONSUMER)) this.#pump();
    });
  }

  async resume(): Promise<void> {
    const places = await this.#options.store.consumers();
    this.#place = places.find(({ consumer }) => consumer === CONSUMER)?.seq ?? 0;
    const left = (await storedRuns(this.#options.store)).filter(({ ending }) => ending === 'running');
    // An event that comes now may be the one that a run waits for: it has to be where it was before events are taken.
    await Promise.all(left.map((run) => new Promise<void>((resolve) => this.#begin(run, resolve))));
    this.#times = this.#watchTimes();
    this.#pump();
  }

  automations(): AutomationView[] {
    return this.#automations.map(({ id, alias, mode, where }) => {
      return { id, alias, mode, where, running: this.#running(id).length };
    });
  }

  runs(automationId: string): Promise<Run[]> {
    this.#known(automationId);
    return storedRuns(this.#options.store, automationId);
  }

  async runNow(automationId: string): Promise<Run> {
    const automation = this.#known(automationId);
    const { clock, store } = this.#options;
    const trigger = automation.triggers[0];
    const fired: Fired = { platform: 'manual', id: trigger?.id ?? '0', idx: '0', alias: trigger?.alias ?? null };
    const run = newRun(`manual-${clock.now()}-${++this.#byHand}.${automation.id}`, automation, fired, clock.now());
    await store.keep({ put: [runRecord(run)] });
    this.#begin(run);
    return run;
  }

  mayAnswer({ id, seq }: Pick<EventRecord, 'id' | 'seq'>): boolean {
    // Without automations no event is looked at, so none is waited for.
    const looked = this.#automations.length === 0 || seq <= this.#place;
    return !looked || [...this.#active.values()].some(({ run }) => run.trigger.event?.id === id);
  }

  reload(automations: readonly Automation[]): void {
    this.#automations = automations;
    this.#index = indexTriggers(automations);
    this.#nap.abort();
  }

  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#unsubscribe();
      this.#stopping.abort(STOPPED);
      this.#nap.abort();
      for (const { abort } of this.#active.values()) abort.abort(STOPPED);
    }
    await Promise.all([this.#pumping, this.#times, ...[...this.#active.values()].map(({ ended }) => ended)]);
  }

  #known(id: string): Automation {
    const automation = this.#automations.find((one) => one.id === id);
    if (automation !== undefined) return automation;
    const known = this.#automations.map((one) => one.id).join(', ') || 'none';
    throw new TollboardError('TOLLBOARD_AUTOMATION_UNKNOWN', { details: { id: id.slice(0, 80), known } });
  }

  /* ---------------------------------------------------------------- events */

  #pump(): void {
    this.#again = true;
    this.#pumping ??= this.#pumpAll().finally(() => {
      this.#pumping = null;
    });
  }

  async #pumpAll(): Promise<void> {
    const { store, logger, clock } = this.#options;
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      try {
        const deliveries = await store.deliveries(CONSUMER, BATCH);
        for (const delivery of deliveries) {
          if (this.#stopping.signal.aborted) return;
          if (await this.#take(delivery)) continue;
          // Somebody else settled or forgot one of them: what is left has to be read again before a later one is settled.
          this.#again = true;
          break;
        }
        await this.#settleIdle();
        this.#again ||= deliveries.length === BATCH;
      } catch (error) {
        this.#idle.length = 0;
        logger.warn({ error: String(error) }, 'automations could not take an event; they try again');
        this.#again = true;
        await clock.sleep(1000, this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  /**
   * Runs and waits that an event fires are on disk with its settling: it fires each once, whatever happens next. False:
   * nothing was settled.
   */
  async #take({ event, replay, consumer }: Delivery): Promise<boolean> {
    const { store, clock } = this.#options;
    const suffix = replay === null ? '' : `-r${replay}`;
    const begun: Run[] = [];
    for (const automation of this.#index.candidates(event)) {
      const fired = await this.#firing(automation.triggers, event, automation.variables);
      if (fired !== null) begun.push(newRun(`${event.id}${suffix}.${automation.id}`, automation, fired, clock.now()));
    }
    const waited = await this.#waits.fired(event);
    const runs = begun.filter((run) => this.#admits(run.automation));
    const put = [
      ...runs.map(runRecord),
      ...waited.map(([{ waiting }, fired]) => waitRecord(waiting.runId, waiting.key, fired)),
    ];
    const settled = { consumer, replay, eventSeq: event.seq };
    if (put.length === 0) {
      // Nothing comes of most events: they are settled together.
      this.#idle.push(settled);
      this.#done(event);
      return true;
    }
    const settle = [...this.#idle.splice(0), settled];
    const kept = await store.keep({ put, settle });
    if (!kept) return false;
    for (const [wait, fired] of waited) wait.resolve(fired);
    for (const run of runs) this.#begin(run);
    this.#done(event, runs.length);
    return true;
  }

  #done({ id, seq }: EventRecord, runs = 0): void {
    this.#place = Math.max(this.#place, seq);
    if (runs === 0) this.#options.onQuiet(id);
  }

  async #settleIdle(): Promise<void> {
    const settle = this.#idle.splice(0);
    if (settle.length > 0) await this.#options.store.keep({ settle });
  }

  /* ---------------------------------------------------------------- runs */

  #running(automationId: string): Active[] {
    return [...this.#active.values()].filter(({ run }) => run.automation.id === automationId);
  }

  /** Whether the mode lets one more begin. */
  #admits({ id, mode, max }: Automation): boolean {
    const { length } = this.#running(id);
    if (mode === 'restart') return true;
    if (length < (mode === 'single' ? 1 : max)) return true;
    this.#options.logger.warn({ automation: id, mode }, 'an automation already runs as often as it may');
    return false;
  }

  /** `parked`: told once the run waits for something, does something, or has ended. */
  #begin(run: Run, parked: () => void = () => undefined): void {
    if (this.#stopping.signal.aborted || this.#active.has(run.id)) {
      parked();
      return;
    }
    const { mode } = run.automation;
    const others = this.#running(run.automation.id);
    if (mode === 'restart') for (const { abort } of others) abort.abort(RESTARTED);
    const before = mode === 'queued' || mode === 'restart' ? Promise.all(others.map(({ ended }) => ended)) : null;
    const abort = new AbortController();
    const active: Active = { run, abort, ended: Promise.resolve() };
    this.#active.set(run.id, active);
    if (before !== null && others.length > 0) parked();
    active.ended = this.#carry(run, before, abort.signal, parked).finally(() => {
      parked();
      this.#end(run);
    });
  }

  #end(run: Run): void {
    this.#active.delete(run.id);
    const event = run.trigger.event?.id;
    if (event === undefined) return;
    const others = [...this.#active.values()].some((active) => active.run.trigger.event?.id === event);
    if (!others) this.#options.onQuiet(event);
  }

  async #carry(run: Run, before: Promise<unknown> | null, signal: AbortSignal, parked: () => void): Promise<void> {
    const { store, logger, clock } = this.#options;
    for (let behind = false; ; behind = true) {
      try {
        await before;
        signal.throwIfAborted();
        // What it did so far has to be on disk before it does more.
        if (behind) await this.#save(run);
        await carryOn(run, this.#world(run, parked), signal);
        await tidy(store, run);
        return;
      } catch (error) {
        if (signal.reason === STOPPED) return;
        if (signal.reason === RESTARTED) return this.#cancel(run);
        logger.warn({ run: run.id, error: String(error) }, 'a run could not be kept; it goes on');
        await clock.sleep(1000, signal).catch(() => undefined);
      }
    }
  }

  async #cancel(run: Run): Promise<void> {
    Object.assign(run, { ending: 'canceled', error: RESTARTED.message, endedAt: this.#options.clock.now() });
    await this.#save(run).catch(() => undefined);
  }

  #save = async (run: Run): Promise<void> => {
    await this.#options.store.keep({ put: [runRecord(run)] });
  };

  #world(run: Run, parked: () => void): RunWorld {
    const { engine, clock, store, call } = this.#options;
    return {
      engine,
      clock: {
        ...clock,
        sleep(ms, signal) {
          const slept = clock.sleep(ms, signal);
          parked();
          return slept;
        },
      },
      save: this.#save,
      call(service, signal) {
        parked();
        return call(service, signal);
      },
      fire: (type, data, key) => this.#fire(type, data, key, run.chain + 1),
      waitForTrigger: async (triggers, waiting, signal) => {
        const known = await store.record(ROOM, waitsOf(waiting.runId) + waiting.key);
        if (known !== null) return known.value as Fired;
        const waited = this.#waits.wait(triggers, waiting, signal);
        parked();
        return waited;
      },
    };
  }

  /** An automation's own event: it is not Twilio's, so it is not stored; it fires other automations. */
  async #fire(type: string, data: Readonly<Record<string, Value>>, key: string, chain: number): Promise<void> {
    if (chain > MAX_CHAIN)
      throw new Error(
        `this is event ${chain} that one automation fired after the other: they fire each other in a ring`,
      );
    const { clock, store } = this.#options;
    const texts = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value as string]));
    const event = {
      seq: 0,
      id: key,
      type: type as EventRecord['type'],
      at: clock.now(),
      entryId: null,
      data: texts,
      simulated: false,
    };
    const runs: Run[] = [];
    for (const automation of this.#index.candidates(event)) {
      const fired = await this.#firing(automation.triggers, event, automation.variables);
      const run = fired === null ? null : newRun(`${key}.${automation.id}`, automation, fired, clock.now(), chain);
      if (run === null || !this.#admits(automation) || (await this.#exists(run))) continue;
      runs.push(run);
    }
    const waited = await this.#waits.fired(event);
    await store.keep({
      put: [
        ...runs.map(runRecord),
        ...waited.map(([{ waiting }, fired]) => waitRecord(waiting.runId, waiting.key, fired)),
      ],
    });
    for (const [wait, fired] of waited) wait.resolve(fired);
    for (const run of runs) this.#begin(run);
  }

  async #exists(run: Run): Promise<boolean> {
    const records = await recordsUnder(this.#options.store, runsOf(run.automation.id));
    return records.some(({ key }) => key.endsWith(`/${run.id}`));
  }

  /* ---------------------------------------------------------------- times */

  async #watchTimes(): Promise<void> {
    const { clock, store, logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const now = clock.now();
      const due = this.#automations.flatMap((automation) =>
        automation.triggers.flatMap((trigger, index) => {
          const at = trigger.kind === 'event' || trigger.enabled === false ? null : nextTime(trigger, now);
          return at === null ? [] : [{ automation, trigger: trigger as TimeTrigger, index, at }];
        }),
      );
      const next = Math.min(...due.map(({ at }) => at), now + LONGEST_SLEEP_MS);
      this.#nap = new AbortController();
      await clock.sleep(Math.max(1, next - now), this.#nap.signal).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      for (const { automation, trigger, index, at } of due) {
        if (at > clock.now() || at > next || !this.#admits(automation)) continue;
        const run = newRun(`time-${at}.${automation.id}`, automation, firedByTime(trigger, index, at), clock.now());
        try {
          await store.keep({ put: [runRecord(run)] });
          this.#begin(run);
        } catch (error) {
          logger.error(
            { automation: automation.id, error: String(error) },
            'a time came, but its run could not be kept',
          );
        }
      }
    }
  }
}

/** Events of automations that begin runs which fire the next one. */
const MAX_CHAIN = 100;

/** A clock that jumps must not keep a time from coming. */
const LONGEST_SLEEP_MS = 30_000;

function newRun(id: string, automation: Automation, trigger: Fired, startedAt: number, chain = 0): Run {
  return { id, automation, trigger, startedAt, endedAt: null, ending: 'running', error: null, chain, steps: [] };
}
