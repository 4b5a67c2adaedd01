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

/** By the first trigger that fits; null where none does. `variables`: what templates of the triggers see. */
export type Firing = (triggers: readonly Trigger[], event: EventRecord, variables: Variables) => Promise<Fired | null>;

export interface FiringOptions {
  engine: TemplateEngine;
  clock: Clock;
  logger: Logger;
}

export function createFiring(options: FiringOptions): Firing {
  return async (triggers, event, variables) => {
    for (const [index, trigger] of triggers.entries()) {
      if (trigger.kind === 'event' && (await eventFits(trigger, event, variables, options)))
        return firedByEvent(trigger, index, event);
    }
    return null;
  };
}

/** A trigger whose template fails does not fire; the fault is logged with its place. */
async function eventFits(
  trigger: EventTrigger,
  event: EventRecord,
  variables: Variables,
  { engine, clock, logger }: FiringOptions,
): Promise<boolean> {
  if (trigger.enabled === false) return false;
  // Most triggers have nothing to render.
  if (trigger.enabled === true && !hasTemplate(trigger.types) && !hasTemplate(trigger.data))
    return fits(trigger.types, trigger.data, event);
  try {
    const { enabled, types, data } = await renderedTrigger(trigger, { engine, variables, now: clock.now() });
    return enabled && fits(types, data, event);
  } catch (error) {
    logger.warn({ where: trigger.where, path: trigger.path, error: String(error) }, 'a trigger could not be evaluated');
    return false;
  }
}

/** With their templates rendered: what a wait goes by, whatever becomes of the variables. */
export async function renderedTriggers(triggers: readonly Trigger[], evaluation: Evaluation): Promise<Trigger[]> {
  const found: Trigger[] = [];
  for (const trigger of triggers) {
    if (trigger.kind === 'event') found.push({ ...trigger, ...(await renderedTrigger(trigger, evaluation)) });
    else found.push({ ...trigger, enabled: await isEnabled(trigger, evaluation) });
  }
  return found;
}

/** One that is switched off is not rendered. */
async function renderedTrigger(
  trigger: EventTrigger,
  evaluation: Evaluation,
): Promise<{ enabled: boolean; types: string[]; data: Readonly<Record<string, Value>> }> {
  if (!(await isEnabled(trigger, evaluation))) return { enabled: false, types: [], data: {} };
  const types = Object.values(
    await renderedFields(Object.fromEntries(trigger.types.entries()), trigger, evaluation),
  ).map(String);
  return { enabled: true, types, data: await renderedFields(trigger.data, trigger, evaluation) };
}
