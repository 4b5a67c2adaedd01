/**
 * One run of an automation. It is carried out from its beginning each time, also after a restart: what was done stands in
 * its journal and is not done again. A step with an effect is on disk before the effect; the effect has a key that is the
 * same the second time, so that a text is sent once whatever happens in between.
 */

import type { Clock } from '../core/ports.ts';
import type { Action, Condition, Trigger } from './definition.ts';
import type { Evaluation } from './evaluate.ts';
import type { Ending, Run, Step, Waiting } from './journal.ts';
import type { TemplateEngine } from './template/engine.ts';
import type { Value } from './template/python.ts';
import type { Fired } from './trigger.ts';
import { isTollboardError } from '../core/errors.ts';
import { sleepUntil, within } from './deadlines.ts';
import {
  durationOf,
  holds,
  isEnabled,
  isTrue,
  PartError,
  rendered,
  renderedData,
  renderedFields,
  renderedMapping,
  renderedText,
} from './evaluate.ts';
import { renderedTriggers } from './firing.ts';
import { END_IT, Journal, MAX_STEPS, NotKept, stepKey, Unbounded } from './journal.ts';
import { slug } from './parse.ts';
import { shown } from './template/python.ts';

/** What a run asks of the world; every method may reject with an error in words. */
export interface RunWorld {
  engine: TemplateEngine;
  clock: Clock;
  /** An error in words, without secrets. */
  hush(sentence: string): string;
  /** The journal as it is now, on disk when it resolves. */
  save(run: Run): Promise<void>;
  /** `key` is the same when the call is made again after a crash. */
  call(service: ServiceCall, signal: AbortSignal): Promise<Value>;
  /** `note`: that it is fired; with the write, which puts the run, too, both are on disk or neither is. */
  fire(event: FiredEvent, note: (write: (run: Run) => Promise<unknown>) => Promise<void>): Promise<void>;
  /** Nothing of the run goes on by itself: each of its branches waits for a time, for an event, or for what it called. */
  atRest(): void;
  /** Nothing of the run goes on before this time, milliseconds since the epoch. */
  sleepsUntil(until: number): void;
  /** What comes from now on may end this wait, even before it is waited for. Again: nothing. */
  beginWait(waiting: Waiting, triggers: Promise<readonly Trigger[]>): void;
  /** Resolves with what fired since the wait began, once something did. */
  waitForTrigger(waiting: Waiting, signal: AbortSignal): Promise<Fired>;
}

/** An event of an automation's own. */
export interface FiredEvent {
  type: string;
  data: Readonly<Record<string, Value>>;
  key: string;
}

export interface ServiceCall {
  /** `domain.service`. */
  service: string;
  data: Readonly<Record<string, Value>>;
  target: Readonly<Record<string, Value>>;
  key: string;
  trigger: Fired;
  /** The automation that calls. */
  by: string;
}

/** A template that is waited for is looked at this often. */
const LOOK_MS = 1000;

/**
 * Carries the run on to its end, or until the signal: then it rejects with the signal's reason. It rejects with
 * {@link NotKept} where the journal could not be saved, or with what kept its end from the disk. Once it is saved, it can be
 * carried on again.
 */
export async function carryOn(run: Run, world: RunWorld, signal: AbortSignal): Promise<void> {
  const runner = new Runner(run, world, signal);
  try {
    await runner.whole();
    end(run, world, 'finished', null);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NotKept) throw error;
    if (error instanceof Stop) end(run, world, error.failed ? 'failed' : 'stopped', error.message || null);
    else end(run, world, 'failed', told(error));
  }
  await world.save(run);
}

function end(run: Run, { clock, hush }: RunWorld, ending: Ending, error: string | null): void {
  Object.assign(run, { ending, error: error === null ? null : hush(error), endedAt: clock.now() });
}

function told(error: unknown): string {
  if (error instanceof PartError) return `${error.where}: ${error.path}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Thrown to end a run on purpose: `stop`, or a condition that does not hold. */
class Stop extends Error {
  readonly failed: boolean;

  constructor(reason: string, failed: boolean) {
    super(reason);
    this.failed = failed;
  }
}

function endsTheRun(error: unknown): boolean {
  return error instanceof Stop || error instanceof NotKept || error instanceof Unbounded;
}

interface Scope {
  variables: Record<string, Value>;
  /** Of the loops around, as `[2][0]`. */
  rounds: string;
  signal: AbortSignal;
  /** Nothing of the run goes on beside it. */
  alone: boolean;
}

class Runner {
  readonly #run: Run;
  readonly #world: RunWorld;
  readonly #signal: AbortSignal;
  readonly #journal: Journal;
  #rounds = 0;
  /** Branches that are not at rest. */
  #busy = 1;

  constructor(run: Run, world: RunWorld, signal: AbortSignal) {
    this.#run = run;
    this.#world = world;
    this.#signal = signal;
    this.#journal = new Journal({
      run,
      signal,
      now: () => world.clock.now(),
      save: (one) => world.save(one),
      hush: world.hush,
    });
  }

  async whole(): Promise<void> {
    const { automation, trigger } = this.#run;
    const variables = { trigger: trigger as never, this: itself(this.#run) };
    const scope: Scope = { variables, rounds: '', signal: this.#signal, alone: true };
    const part = { path: 'variables', where: automation.where, alias: null, enabled: true };
    const fired = automation.triggers[Number(trigger.idx)];
    const given = { ...automation.variables, ...fired?.variables };
    if (Object.keys(given).length > 0) await this.#setVariables('variables', part, given, scope);
    for (const condition of automation.conditions) {
      if (!(await this.#judge(condition, scope))) throw new Stop('', false);
    }
    await this.#sequence(automation.actions, scope);
  }

  async #sequence(actions: readonly Action[], scope: Scope): Promise<void> {
    for (const action of actions) {
      scope.signal.throwIfAborted();
      try {
        if (await this.#isOn(action, scope)) await this.#perform(action, scope);
      } catch (error) {
        scope.signal.throwIfAborted();
        if (endsTheRun(error) || !action.continueOnError) throw error;
        this.#passed(action, scope, error);
      }
    }
  }

  async #perform(action: Action, scope: Scope): Promise<void> {
    switch (action.kind) {
      case 'service':
        return this.#service(action, scope);
      case 'variables':
        return this.#setVariables(action.path, action, action.variables, scope);
      case 'delay':
        return this.#delay(action, scope);
      case 'wait_for_trigger':
        return this.#waitForTrigger(action, scope);
      case 'wait_template':
        return this.#waitForTemplate(action, scope);
      case 'choose':
        for (const option of action.options) {
          if (await this.#judgeAll(option.conditions, scope)) return this.#sequence(option.sequence, scope);
        }
        return this.#sequence(action.fallback, scope);
      case 'if':
        return this.#sequence((await this.#judgeAll(action.conditions, scope)) ? action.yes : action.no, scope);
      case 'repeat':
        return this.#repeat(action, scope);
      case 'parallel':
        return this.#parallel(action, scope);
      case 'sequence':
        return this.#sequence(action.sequence, scope);
      case 'stop': {
        const reason = await renderedText(action.reason, action, this.#at(scope));
        throw new Stop(action.error ? `${action.where}: ${action.path}: ${reason}` : reason, action.error);
      }
      case 'event':
        return this.#fire(action, scope);
      case 'condition':
        if (!(await this.#judge(action.condition, scope))) throw new Stop('', false);
    }
  }

  async #isOn(action: Action, scope: Scope): Promise<boolean> {
    if (typeof action.enabled === 'boolean') return action.enabled;
    const work = () => isEnabled(action, this.#at(scope));
    return (await this.#once(stepKey(action.path, 'enabled'), action, scope, work)) === true;
  }

  /** An error that the run goes on over stands in its trace, too. */
  #passed({ path, where }: Action, { rounds }: Scope, error: unknown): void {
    const key = stepKey(path, 'error') + rounds;
    const known = this.#journal.step(key) !== null || (this.#journal.step(path + rounds)?.error ?? null) !== null;
    if (!known) this.#journal.note({ key, path, where, result: null, changed: null, error: told(error) });
  }

  #once(key: string, part: Pick<Action, 'path' | 'where'>, scope: Scope, work: () => Promise<Value>): Promise<Value> {
    return this.#journal.once(key + scope.rounds, part, work);
  }

  #at({ variables }: Scope): Evaluation {
    return { engine: this.#world.engine, variables, now: this.#world.clock.now() };
  }

  async #judge(condition: Condition, scope: Scope): Promise<boolean> {
    const verdict = await this.#once(condition.path, condition, scope, async () =>
      (await isEnabled(condition, this.#at(scope))) ? holds(condition, this.#at(scope)) : true,
    );
    return verdict === true;
  }

  async #judgeAll(conditions: readonly Condition[], scope: Scope): Promise<boolean> {
    for (const condition of conditions) if (!(await this.#judge(condition, scope))) return false;
    return true;
  }

  async #setVariables(
    key: string,
    part: Pick<Action, 'path' | 'where' | 'alias' | 'enabled'>,
    fields: Readonly<Record<string, Value>>,
    scope: Scope,
  ): Promise<void> {
    const own = key + scope.rounds;
    let changed = this.#journal.step(own)?.changed ?? null;
    if (changed === null) {
      changed = await renderedFields(fields, part, this.#at(scope), { building: true });
      this.#journal.note({ key: own, path: part.path, where: part.where, result: null, changed, error: null });
    }
    Object.assign(scope.variables, changed);
  }

  async #service(action: Extract<Action, { kind: 'service' }>, scope: Scope): Promise<void> {
    const at = this.#at(scope);
    const asked = await this.#once(stepKey(action.path, 'call'), action, scope, async () => {
      const service = await renderedText(action.service, action, at);
      return {
        service,
        data: await renderedData(service, action.data, action, at),
        target: await renderedMapping(action.target, action, at),
      };
    });
    const { service, data, target } = asked as unknown as Pick<ServiceCall, 'service' | 'data' | 'target'>;
    const { id, trigger, automation } = this.#run;
    const key = `${id}:${action.path}${scope.rounds}`;
    const answer = await this.#effect(action, scope, () =>
      this.#world.call({ service, data, target, key, trigger, by: automation.id }, scope.signal),
    );
    if (action.response !== null) scope.variables[action.response] = answer;
  }

  async #fire(action: Extract<Action, { kind: 'event' }>, scope: Scope): Promise<void> {
    const at = this.#at(scope);
    const asked = await this.#once(stepKey(action.path, 'call'), action, scope, async () => ({
      type: await renderedText(action.type, action, at),
      data: await renderedMapping(action.data, action, at),
    }));
    const { type, data } = asked as unknown as { type: string; data: Record<string, Value> };
    const event = { type, data, key: `${this.#run.id}:${action.path}${scope.rounds}` };
    await this.#effect(action, scope, async (line) => {
      const step = { ...line, result: null, error: null };
      await this.#world.fire(event, (write) => this.#journal.noteWith(step, write));
      return null;
    });
  }

  async #resting<T>(work: () => Promise<T>): Promise<T> {
    const ending = work();
    this.#rests();
    try {
      return await ending;
    } finally {
      this.#busy += 1;
    }
  }

  #rests(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#world.atRest();
  }

  /**
   * The journal is on disk before; what failed is told with its place, and stays failed. `work` is given the line of the
   * journal that it may note itself.
   */
  async #effect(
    action: Action,
    scope: Scope,
    work: (line: Omit<Step, 'at' | 'result' | 'error'>) => Promise<Value>,
  ): Promise<Value> {
    const key = action.path + scope.rounds;
    const known = this.#journal.step(key);
    if (known !== null && known.error !== null) throw new PartError(action, known.error);
    if (known !== null) return known.result;
    await this.#journal.save();
    const line = { key, path: action.path, where: action.where, changed: null };
    try {
      const result = await this.#resting(() => work(line));
      if (this.#journal.step(key) === null) this.#journal.note({ ...line, result, error: null });
      return result;
    } catch (error) {
      scope.signal.throwIfAborted();
      if (endsTheRun(error)) throw error;
      const why = isTollboardError(error)
        ? `${error.message} ${error.remedy}`
        : error instanceof Error
          ? error.message
          : String(error);
      this.#journal.note({ ...line, result: null, error: why });
      throw new PartError(action, why);
    }
  }

  async #delay(action: Extract<Action, { kind: 'delay' }>, scope: Scope): Promise<void> {
    const until = await this.#deadline(action, action.delay, scope);
    if (scope.alone) this.#world.sleepsUntil(until);
    if (until > this.#world.clock.now()) await this.#resting(() => sleepUntil(this.#world.clock, until, scope.signal));
    await this.#once(action.path, action, scope, async () => null);
  }

  /** Set once; it stays where it is over any restart. */
  async #deadline(action: Action, duration: Parameters<typeof durationOf>[0], scope: Scope): Promise<number> {
    const until = await this.#once(
      stepKey(action.path, 'until'),
      action,
      scope,
      async () => this.#world.clock.now() + (await durationOf(duration, action, this.#at(scope))),
    );
    await this.#journal.save();
    return Number(until);
  }

  async #waitForTrigger(action: Extract<Action, { kind: 'wait_for_trigger' }>, scope: Scope): Promise<void> {
    const waiting = { runId: this.#run.id, key: action.path + scope.rounds };
    // First of all: what it waits for may come while the journal is saved.
    if (this.#journal.step(waiting.key) === null)
      this.#world.beginWait(waiting, renderedTriggers(action.triggers, this.#at(scope)));
    const until = action.timeout === null ? null : await this.#deadline(action, action.timeout, scope);
    await this.#journal.save();
    const fired = await this.#once(action.path, action, scope, async () => {
      const wait = (signal: AbortSignal) => this.#world.waitForTrigger(waiting, signal);
      return (await this.#resting(() => within(this.#world.clock, until, scope.signal, wait))) as Value;
    });
    this.#waited(action, scope, { result: fired, until, wait: { trigger: fired } });
  }

  async #waitForTemplate(action: Extract<Action, { kind: 'wait_template' }>, scope: Scope): Promise<void> {
    const until = action.timeout === null ? null : await this.#deadline(action, action.timeout, scope);
    await this.#journal.save();
    const completed = await this.#once(action.path, action, scope, async () =>
      this.#resting(() =>
        within(this.#world.clock, until, scope.signal, async (signal) => {
          while (!isTrue(await rendered(action.template, action, this.#at(scope))))
            await this.#world.clock.sleep(LOOK_MS, signal);
          return true;
        }),
      ),
    );
    this.#waited(action, scope, { result: completed, until, wait: {} });
  }

  /** `remaining`: seconds that were left when it ended; null where it had all the time. */
  #waited(
    action: { continueOnTimeout: boolean } & Pick<Action, 'path'>,
    scope: Scope,
    { result, until, wait }: { result: Value; until: number | null; wait: Readonly<Record<string, Value>> },
  ): void {
    const ended = this.#journal.step(action.path + scope.rounds)?.at ?? 0;
    const remaining = until === null ? null : Math.max(0, until - ended) / 1000;
    scope.variables.wait = { ...wait, completed: result !== null, remaining: result === null ? 0 : remaining };
    if (result === null && !action.continueOnTimeout) throw new Stop('The wait timed out.', false);
  }

  async #repeat(action: Extract<Action, { kind: 'repeat' }>, scope: Scope): Promise<void> {
    const { loop } = action;
    const items = loop.over === 'for_each' ? await this.#items(action, loop.items, scope) : null;
    const count = loop.over === 'count' ? await this.#count(action, loop.count, scope) : (items?.length ?? null);
    const outer = scope.variables.repeat;
    try {
      for (let index = 1; count === null || index <= count; index++) {
        const round: Scope = { ...scope, rounds: `${scope.rounds}[${index}]` };
        const item = items === null ? {} : { item: items[index - 1] ?? null };
        scope.variables.repeat = {
          first: index === 1,
          index,
          ...(count === null ? {} : { last: index === count }),
          ...item,
        };
        if (loop.over === 'while' && !(await this.#judgeAll(loop.conditions, round))) break;
        await this.#sequence(action.sequence, round);
        if (loop.over === 'until' && (await this.#judgeAll(loop.conditions, round))) break;
        // An empty loop makes no steps by which it could be stopped.
        this.#rounds += 1;
        if (this.#rounds > MAX_STEPS)
          throw new Unbounded(action, `the loops of the run go round more than ${MAX_STEPS} times. ${END_IT}`);
      }
    } finally {
      if (outer === undefined) delete scope.variables.repeat;
      else scope.variables.repeat = outer;
    }
  }

  async #items(action: Action, items: Value, scope: Scope): Promise<readonly Value[]> {
    const value = await this.#once(stepKey(action.path, 'items'), action, scope, () =>
      rendered(items, action, this.#at(scope)),
    );
    if (Array.isArray(value)) return value as readonly Value[];
    throw new PartError(action, `for_each is ${shown(value)}; expected a list`);
  }

  async #count(action: Action, count: Value, scope: Scope): Promise<number> {
    const value = await this.#once(stepKey(action.path, 'count'), action, scope, () =>
      rendered(count, action, this.#at(scope)),
    );
    const number = Number(value);
    if (Number.isInteger(number) && number >= 0) return number;
    throw new PartError(action, `count is ${shown(value)}; expected a whole number`);
  }

  /** Each branch has variables of its own; the first fault ends the run once all branches have ended. */
  async #parallel(action: Extract<Action, { kind: 'parallel' }>, scope: Scope): Promise<void> {
    this.#busy += action.branches.length;
    const branches = action.branches.map((branch) =>
      this.#sequence(branch, { ...scope, variables: { ...scope.variables }, alone: false }).finally(() =>
        this.#rests(),
      ),
    );
    const ended = await this.#resting(() => Promise.allSettled(branches));
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** What templates know of the automation: `this`, as far as it needs no states. */
function itself({ automation: { id, alias, mode } }: Run): Value {
  return {
    entity_id: `automation.${slug(alias)}`,
    name: alias,
    state: 'on',
    attributes: { id, friendly_name: alias, mode },
  };
}
