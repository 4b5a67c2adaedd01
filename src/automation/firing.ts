/** Whether an event fires one of several triggers, templates in them included. */

import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Trigger } from './definition.ts';
import type { TemplateEngine, Variables } from './template/engine.ts';
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
  const evaluation = { engine, variables, now: clock.now() };
  try {
    if (trigger.enabled !== true && !(await isEnabled(trigger, evaluation))) return false;
    const types = await renderedFields(Object.fromEntries(trigger.types.entries()), trigger, evaluation);
    const plain = Object.values(types).map(String);
    if (!plain.includes(event.type)) return false;
    return fits(plain, await renderedFields(trigger.data, trigger, evaluation), event);
  } catch (error) {
    logger.warn({ where: trigger.where, path: trigger.path, error: String(error) }, 'a trigger could not be evaluated');
    return false;
  }
}
