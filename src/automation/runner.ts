/**
 * Automations at work: takes stored events in their order, begins runs in the same write that settles the event, carries
 * runs on (also after a restart), and lets times come. What came in while the gateway was down is worked off when it is
 * back; a time that passed meanwhile is not made up for, as in Home Assistant.
 */

import type { AutomationView } from '../core/automations.ts';
import type { Delivery, RoomRecord } from '../core/consumer.ts';
import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import type { Automation } from './definition.ts';
import type { Run } from './journal.ts';
import type { FiredEvent, RunWorld, ServiceCall } from './run.ts';
import type { Secrets } from './secrets.ts';
import type { TemplateEngine } from './template/engine.ts';
import type { Value } from './template/python.ts';
import type { Fired } from './trigger.ts';
import type { TriggerIndex } from './trigger-index.ts';
import { TollboardError } from '../core/errors.ts';
import { createFiring, type Firing, isOn } from './firing.ts';
import { createLineages, type Lineages, runOf } from './lineages.ts';
import { createRuns, type Runs } from './runs.ts';
import { type Times, watchTimes } from './times.ts';
import { indexTriggers } from './trigger-index.ts';
import { type Admission, UnderWay } from './under-way.ts';
import { createWaits, type FiredWait, type Waits } from './waits.ts';

/** The name under which automations take events. */
export const CONSUMER = 'automation';

export interface RunnerOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  engine: TemplateEngine;
  automations: readonly Automation[];
  /** Whether events are wanted from now on; who wants none loses its place among them. */
  consume(wanted: boolean): Promise<void>;
  /** How long the trace of a run is kept, milliseconds. */
  keepTracesMs: number;
  /** Of the configuration: stand in nothing that is stored. */
  secrets: Pick<Secrets, 'hide' | 'reveal' | 'hush'>;
  /** Carries out a service call; rejects with what it failed with. */
  call(service: ServiceCall, signal: AbortSignal): Promise<Value>;
  /** Told once no run that might reply to an event is under way any more: nothing will answer it. */
  onQuiet(eventId: string): void;
}

export interface Runner {
  automations(): AutomationView[];
  /** The newest last; also of an automation that left the file. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  runs(automationId: string): Promise<Run[]>;
  /**
   * Begins a run as if its first trigger had fired, as far as its mode lets it. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`,
   * `TOLLBOARD_AUTOMATION_BUSY`.
   */
  runNow(automationId: string): Promise<{ run: Run; as: Admission }>;
  /** Whether a run of this event may still answer it: one is under way, or the event was not looked at yet. */
  mayAnswer(event: Pick<EventRecord, 'id' | 'seq'>): boolean;
  /** From now on these; runs under way go on with what they began with. */
  reload(automations: readonly Automation[]): Promise<void>;
  /** Resolves once no run is under way but those that wait for a time or an event. */
  stop(): Promise<void>;
}

/** Deliveries taken at a time. */
const BATCH = 50;
/** Traces whose time is over are looked for this often. */
const SWEEP_MS = 3_600_000;

/** Begins with what the last start left under way. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const runner = new AutomationRunner(options);
  await runner.resume();
  return runner;
}

class AutomationRunner implements Runner {
  readonly #options: RunnerOptions;
  #automations: readonly Automation[];
  #index: TriggerIndex;
  readonly #runs: Runs;
  readonly #underWay: UnderWay;
  readonly #firing: Firing;
  readonly #waits: Waits;
  readonly #lineages: Lineages = createLineages();
  readonly #stopping = new AbortController();
  #pumping: Promise<void> | null = null;
  #again = false;
  #consumes = false;
  /** Runs begun by hand: two within one millisecond are told apart by it. */
  #byHand = 0;
  /** Events up to this one were looked at. */
  #place = 0;
  /** Deliveries of which nothing came, not settled yet. */
  readonly #idle: Array<{ consumer: string; replay: number | null; eventSeq: number }> = [];
  readonly #unsubscribe: () => void;
  #times: Times | null = null;
  #swept = Number.NEGATIVE_INFINITY;

  constructor(options: RunnerOptions) {
    const { store, clock, logger, automations, secrets, keepTracesMs: keepMs } = options;
    this.#options = options;
    this.#automations = automations;
    this.#index = indexTriggers(automations);
    this.#runs = createRuns({ store, clock, keepMs, secrets });
    this.#firing = createFiring(options);
    this.#waits = createWaits({ clock });
    this.#underWay = new UnderWay({
      clock,
      logger,
      runs: this.#runs,
      world: (run) => this.#world(run),
      onSilent: (run) => this.#silent(run),
      onEnd: (run) => {
        this.#waits.end(run.id);
        this.#silent(run);
      },
    });
    this.#unsubscribe = store.onCommit(({ events, replayed }) => {
      if (events.length > 0 || replayed.includes(CONSUMER)) this.#pump();
    });
  }

  async resume(): Promise<void> {
    const { store, clock } = this.#options;
    const left = await this.#runs.underWay();
    await this.#consume(left.length > 0);
    const places = await store.consumers();
    this.#place = places.find(({ consumer }) => consumer === CONSUMER)?.seq ?? 0;
    for (const { id } of left) this.#lineages.begin(id, null);
    // An event that comes now may be the one that a run waits for: they come to their waits before it.
    await this.#underWay.resume(left);
    this.#times = watchTimes({
      clock,
      automations: () => this.#automations,
      fire: (automation, fired, at) => this.#fireTime(automation, fired, at),
      onLook: () => this.#sweep(),
    });
    this.#pump();
  }

  automations(): AutomationView[] {
    return this.#automations.map(({ id, alias, mode, fires, where }) => {
      return { id, alias, mode, fires, where, running: this.#underWay.of(id).length };
    });
  }

  async runs(automationId: string): Promise<Run[]> {
    const underWay = this.#underWay.of(automationId);
    const ended = await this.#runs.traces(automationId);
    const found = new Map([...underWay, ...ended].map((run) => [run.id, run]));
    if (found.size === 0) this.#known(automationId);
    return [...found.values()].sort((a, b) => a.startedAt - b.startedAt || a.arrival - b.arrival);
  }

  async runNow(automationId: string): Promise<{ run: Run; as: Admission }> {
    const automation = this.#known(automationId);
    const { clock, store } = this.#options;
    const trigger = automation.triggers[0];
    const fired: Fired = { platform: 'manual', id: trigger?.id ?? '0', idx: '0', alias: trigger?.alias ?? null };
    const id = `manual-${clock.now()}-${++this.#byHand}.${automation.id}`;
    const admitted = this.#underWay.admit({ id, automation, trigger: fired });
    if (admitted === null) {
      const running = this.#underWay.of(automation.id).length;
      const details = { id: automation.id.slice(0, 80), mode: automation.mode, running };
      throw new TollboardError('TOLLBOARD_AUTOMATION_BUSY', { details });
    }
    await this.#keeping([admitted.run], null, () => store.keep({ put: [this.#runs.record(admitted.run)] }));
    return admitted;
  }

  mayAnswer({ id, seq }: Pick<EventRecord, 'id' | 'seq'>): boolean {
    const looked = !this.#consumes || seq <= this.#place;
    return !looked || this.#underWay.mayReply(id);
  }

  async reload(automations: readonly Automation[]): Promise<void> {
    this.#automations = automations;
    this.#index = indexTriggers(automations);
    this.#times?.reload();
    await this.#consume(this.#underWay.any());
    this.#pump();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort();
    await Promise.all([this.#pumping, this.#times?.stop(), this.#underWay.stop()]);
  }

  #known(id: string): Automation {
    const automation = this.#automations.find((one) => one.id === id);
    if (automation !== undefined) return automation;
    const known = this.#automations.map((one) => one.id).join(', ') || 'none';
    throw new TollboardError('TOLLBOARD_AUTOMATION_UNKNOWN', { details: { id: id.slice(0, 80), known } });
  }

  /* ---------------------------------------------------------------- events */

  /** A run that goes on without any automation may wait for an event. */
  async #consume(runsGoOn: boolean): Promise<void> {
    const wanted = this.#automations.length > 0 || runsGoOn;
    await this.#options.consume(wanted);
    this.#consumes = wanted;
  }

  #pump(): void {
    if (!this.#consumes) return;
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
    const { store } = this.#options;
    const settled = { consumer, replay, eventSeq: event.seq };
    const drafts = await this.#fired(event, `${event.id}${replay === null ? '' : `-r${replay}`}`);
    const parent = drafts.length === 0 ? null : await this.#senderOf(event);
    const waits = await this.#waits.fired(event);
    const runs = drafts.flatMap((draft) => this.#underWay.admit(draft)?.run ?? []);
    if (runs.length === 0 && waits.length === 0) {
      // Nothing comes of most events: they are settled together.
      this.#idle.push(settled);
      this.#looked(event);
      return true;
    }
    const settle = [...this.#idle.splice(0), settled];
    const put = this.#records(runs, waits);
    const kept = await this.#keeping(runs, parent, () => store.keep({ put, settle }), waits);
    if (kept) this.#looked(event);
    return kept;
  }

  /** What an event begins, as far as the triggers go. */
  async #fired(event: EventRecord, id: string): Promise<Array<{ id: string; automation: Automation; trigger: Fired }>> {
    const found = [];
    for (const automation of this.#index.candidates(event)) {
      const trigger = await this.#firing(automation.triggers, event, automation.variables);
      if (trigger !== null) found.push({ id: `${id}.${automation.id}`, automation, trigger });
    }
    return found;
  }

  /** Runs that have their places begin, and waits end, once they are on disk; else it is as if they had not fired. */
  async #keeping(
    runs: readonly Run[],
    parent: string | null,
    write: () => Promise<boolean>,
    waits: readonly FiredWait[] = [],
  ): Promise<boolean> {
    let kept = false;
    try {
      kept = await write();
      return kept;
    } finally {
      for (const wait of waits) {
        if (kept) wait.kept();
        else wait.lost();
      }
      for (const run of runs) {
        if (kept) this.#lineages.begin(run.id, parent);
        if (kept) this.#underWay.begin(run);
        else this.#underWay.giveBack(run);
      }
    }
  }

  /** The run that sent the text, or made the call, of which this event tells. */
  async #senderOf({ entryId }: EventRecord): Promise<string | null> {
    const entry = entryId === null ? null : await this.#options.store.entry({ id: entryId });
    const key = entry?.idempotencyKey ?? '';
    return key.startsWith(OF_AUTOMATIONS) ? runOf(key.slice(OF_AUTOMATIONS.length)) : null;
  }

  #looked({ id, seq }: EventRecord): void {
    this.#place = Math.max(this.#place, seq);
    if (!this.#underWay.mayReply(id)) this.#options.onQuiet(id);
  }

  async #settleIdle(): Promise<void> {
    const settle = this.#idle.splice(0);
    if (settle.length > 0) await this.#options.store.keep({ settle });
  }

  /* ---------------------------------------------------------------- runs */

  /** One fewer that might reply. */
  #silent(run: Run): void {
    const event = run.trigger.event?.id;
    if (event !== undefined && !this.#underWay.mayReply(event)) this.#options.onQuiet(event);
  }

  #world(run: Run): Omit<RunWorld, 'atRest' | 'sleepsUntil'> {
    const { engine, clock, call, secrets } = this.#options;
    return {
      engine,
      clock,
      hush: secrets.hush,
      save: this.#runs.save,
      call: async (service, signal) => {
        this.#lineages.check(run.id);
        return call(service, signal);
      },
      fire: (event, note) => this.#fire(event, note, run.id),
      beginWait: (waiting, triggers) => this.#waits.begin(waiting, triggers),
      waitForTrigger: async (waiting, signal) => (await this.#runs.fired(waiting)) ?? this.#waits.wait(waiting, signal),
    };
  }

  /** An automation's own event: it is not Twilio's, so it is not stored; it fires other automations. */
  async #fire({ type, data, key }: FiredEvent, note: Parameters<RunWorld['fire']>[1], parent: string): Promise<void> {
    this.#lineages.check(parent);
    const { clock, store } = this.#options;
    const event: EventRecord = {
      seq: 0,
      id: key,
      type: type as EventRecord['type'],
      at: clock.now(),
      entryId: null,
      data: data as Record<string, string>,
      simulated: false,
    };
    const drafts = await this.#fired(event, key);
    const waits = await this.#waits.fired(event);
    const runs = drafts.flatMap((draft) => this.#underWay.admit(draft)?.run ?? []);
    const put = this.#records(runs, waits);
    const write = () => note((run) => store.keep({ put: [this.#runs.record(run), ...put] })).then(() => true);
    await this.#keeping(runs, parent, write, waits);
  }

  /** What an event has begun and ended. */
  #records(runs: readonly Run[], waits: readonly FiredWait[]): RoomRecord[] {
    return [
      ...runs.map(this.#runs.record),
      ...waits.map(({ waiting, fired }) => this.#runs.firedRecord(waiting, fired)),
    ];
  }

  /* ---------------------------------------------------------------- times */

  async #fireTime(automation: Automation, trigger: Fired, at: number): Promise<void> {
    const { store, logger } = this.#options;
    const source = automation.triggers[Number(trigger.idx)];
    if (source !== undefined && !(await isOn(source, automation.variables, this.#options))) return;
    const run = this.#underWay.admit({ id: `time-${at}.${automation.id}`, automation, trigger })?.run;
    if (run === undefined) return;
    await this.#keeping([run], null, () => store.keep({ put: [this.#runs.record(run)] })).catch((error: unknown) => {
      const facts = { automation: automation.id, error: String(error) };
      logger.error(facts, 'a time came, but its run could not be kept');
    });
  }

  async #sweep(): Promise<void> {
    const { clock, logger } = this.#options;
    if (clock.steady() - this.#swept < SWEEP_MS) return;
    this.#swept = clock.steady();
    await this.#runs.sweep().catch((error: unknown) => {
      logger.warn({ error: String(error) }, 'old traces of automations could not be removed; they are later');
    });
  }
}

/** What the idempotency keys of texts and calls begin with that automations send. */
const OF_AUTOMATIONS = 'automation:';
