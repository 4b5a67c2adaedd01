/** What is wrong with automations, found without running anything: templates that cannot be read, services that nobody has. */

import type { Action, Automation, Trigger } from './definition.ts';
import type { TemplateEngine } from './template/engine.ts';
import { EVENT_TYPES } from '../core/event.ts';
import { nearest } from '../core/nearest.ts';
import { actionsOf } from './definition.ts';
import { OWN_DOMAINS, type RestCommand } from './services.ts';
import { isPlain } from './template/rewrite.ts';

type Place = Pick<Action, 'path' | 'where'>;

/** One fault, with its place. */
export interface CheckFault extends Place {
  /** Or `rest_command.<name>`. */
  automation: string;
  /** Without the full stop at its end. */
  message: string;
}

export interface CheckOptions {
  engine: TemplateEngine;
  /** `domain.service` of those that are ours. */
  services: readonly string[];
  /** Whether services of other domains have somewhere to go. */
  homeAssistant: boolean;
  restCommands: Readonly<Record<string, RestCommand>>;
}

/** In the order of the file's parts, templates first. */
export async function checkAutomations(
  automations: readonly Automation[],
  options: CheckOptions,
): Promise<CheckFault[]> {
  const faults: CheckFault[] = [];
  const all = automations.flatMap(({ actions }) => actionsOf(actions));
  const fired = new Set(all.flatMap((action) => (action.kind === 'event' ? action.type : [])));
  const telling = (automation: string) => (part: Place, message: string | null) => {
    const { path, where } = part;
    if (message !== null) faults.push({ automation, where, path, message: message.replace(/\.$/, '') });
  };
  const read = async (whole: { where: string }, tell: ReturnType<typeof telling>) => {
    for (const { part, template } of templatesOf(whole, { path: '', where: whole.where }))
      tell(part, await options.engine.fault(template));
  };
  for (const automation of automations) {
    const tell = telling(automation.id);
    await read(automation, tell);
    for (const trigger of automation.triggers) tell(trigger, triggerFault(trigger, fired));
    for (const action of actionsOf(automation.actions)) {
      tell(action, serviceFault(action, options));
      if (action.kind === 'wait_for_trigger')
        for (const trigger of action.triggers) tell(trigger, triggerFault(trigger, fired));
    }
  }
  for (const [name, command] of Object.entries(options.restCommands))
    await read(command, telling(`rest_command.${name}`));
  return faults;
}

/**
 * Every field of Twilio's is a text, and `event_data` is type-strict: what is no text never fits. `fired`: the events that
 * automations fire themselves.
 */
function triggerFault(trigger: Trigger, fired: ReadonlySet<string>): string | null {
  if (trigger.kind !== 'event') return null;
  const strange = trigger.types.find((type) => !TWILIOS.has(type) && !fired.has(type));
  const meant = strange === undefined ? null : nearest(strange, EVENT_TYPES);
  if (meant !== null) return `nothing fires the event_type ${strange}: ${meant} may be meant`;
  if (!trigger.types.every((type) => TWILIOS.has(type))) return null;
  const [odd] = Object.entries(trigger.data).filter(([, value]) => typeof value !== 'string');
  if (odd === undefined) return null;
  const [name, value] = odd;
  return `event_data has ${name} as ${JSON.stringify(value).slice(0, 40)}, and every field of Twilio's is a text, so this never fires. Write it in quotes`;
}

const TWILIOS: ReadonlySet<string> = new Set(EVENT_TYPES);

function serviceFault(action: Action, { services, homeAssistant }: CheckOptions): string | null {
  if (action.kind === 'service' && action.response !== null && SILENT.test(action.service))
    return `${action.service} gives nothing back: leave response_variable out`;
  if (action.kind !== 'service' || !isPlain(action.service) || services.includes(action.service)) return null;
  const [domain = ''] = action.service.split('.');
  if (OWN_DOMAINS.has(domain)) return `there is no service ${action.service}; there are ${services.join(', ')}`;
  return homeAssistant ? null : `the service ${action.service} is Home Assistant's, and home_assistant: is not set`;
}

/** Notifiers of the configuration. */
const SILENT = /^notify\.(?!persistent_notification$)[^{]*$/;

interface Found {
  part: Place;
  template: string;
}

/** Every text with something to run, with the part that it belongs to. */
function templatesOf(value: unknown, part: Place): Found[] {
  if (typeof value === 'string') return isPlain(value) ? [] : [{ part, template: value }];
  if (typeof value !== 'object' || value === null) return [];
  const own = 'path' in value && 'where' in value ? (value as Place) : null;
  const within = own === null ? part : { path: own.path, where: own.where };
  return Object.values(value).flatMap((item) => templatesOf(item, within));
}
