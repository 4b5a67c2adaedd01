/** Whether an event fires one of several triggers, templates in them included. */

import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Trigger } from './definition.ts';
import type { Evaluation } from './evaluate.ts';
import type { TemplateEngine, Variables } from './template/engine.ts';
import type { Value } from './template/python.ts';
import type { EventTrigger, Fired } from './trigger.ts';
import { isEnabled, renderedFields } from './evaluate.ts';
import { firedByEvent, fits } from './trigger.ts';
import { hasTemplate } from './trigger-index.ts';

/** By the first trigger that fits; null where none does. `variables`: what templates of the triggers see, the first time. */
export type Firing = (triggers: readonly Trigger[], event: EventRecord, variables: Variables) => Promise<Fired | null>;

export interface FiringOptions {
  engine: TemplateEngine;
  clock: Clock;
  logger: Logger;
}

export function createFiring({ engine, clock, logger }: FiringOptions): Firing {
  const rendered = new WeakMap<EventTrigger, Promise<RenderedTrigger>>();

  /** Once for all events, as in Home Assistant. One whose template fails never fires; the fault is logged with its place. */
  function renderedOnce(trigger: EventTrigger, variables: Variables): Promise<RenderedTrigger> {
    const known = rendered.get(trigger);
    if (known !== undefined) return known;
    const rendering = renderedTrigger(trigger, { engine, variables, now: clock.now() }).catch((error: unknown) => {
      const facts = { where: trigger.where, path: trigger.path, error: String(error) };
      logger.warn(facts, NOT_EVALUATED);
      return OFF;
    });
    rendered.set(trigger, rendering);
    return rendering;
  }

  async function isFired(trigger: EventTrigger, event: EventRecord, variables: Variables): Promise<boolean> {
    // Most triggers have nothing to render.
    if (trigger.enabled === true && !hasTemplate(trigger.types) && !hasTemplate(trigger.data))
      return fits(trigger.types, trigger.data, event);
    const { enabled, types, data } = await renderedOnce(trigger, variables);
    return enabled && fits(types, data, event);
  }

  return async (triggers, event, variables) => {
    for (const [index, trigger] of triggers.entries()) {
      if (trigger.kind === 'event' && (await isFired(trigger, event, variables)))
        return firedByEvent(trigger, index, event);
    }
    return null;
  };
}

/** Whether a trigger that a time has fired is switched on; where that cannot be told it is not, and the log says why. */
export async function isOn(
  trigger: Trigger,
  variables: Variables,
  { engine, clock, logger }: FiringOptions,
): Promise<boolean> {
  return isEnabled(trigger, { engine, variables, now: clock.now() }).catch((error: unknown) => {
    logger.warn({ where: trigger.where, path: trigger.path, error: String(error) }, NOT_EVALUATED);
    return false;
  });
}

const NOT_EVALUATED = 'a trigger could not be evaluated: it fires nothing';

/** With their templates rendered: what a wait goes by, whatever becomes of the variables. */
export async function renderedTriggers(triggers: readonly Trigger[], evaluation: Evaluation): Promise<Trigger[]> {
  const found: Trigger[] = [];
  for (const trigger of triggers) {
    if (trigger.kind === 'event') found.push({ ...trigger, ...(await renderedTrigger(trigger, evaluation)) });
    else found.push({ ...trigger, enabled: await isEnabled(trigger, evaluation) });
  }
  return found;
}

interface RenderedTrigger {
  enabled: boolean;
  types: string[];
  data: Readonly<Record<string, Value>>;
}

const OFF: RenderedTrigger = { enabled: false, types: [], data: {} };

/** One that is switched off is not rendered. */
async function renderedTrigger(trigger: EventTrigger, evaluation: Evaluation): Promise<RenderedTrigger> {
  if (!(await isEnabled(trigger, evaluation))) return OFF;
  const types = Object.values(
    await renderedFields(Object.fromEntries(trigger.types.entries()), trigger, evaluation),
  ).map(String);
  return { enabled: true, types, data: await renderedFields(trigger.data, trigger, evaluation) };
}
