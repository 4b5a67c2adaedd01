/** What is wrong with automations, found without running anything: templates that cannot be read, services that nobody has. */

import type { Action, Automation } from './definition.ts';
import type { TemplateEngine } from './template/engine.ts';
import { actionsOf } from './definition.ts';
import { isPlain } from './template/rewrite.ts';

/** One fault, with its place. */
export interface CheckFault {
  automation: string;
  where: string;
  path: string;
  message: string;
}

export interface CheckOptions {
  engine: TemplateEngine;
  /** `domain.service` of those that are ours. */
  services: readonly string[];
  /** Whether services of other domains have somewhere to go. */
  homeAssistant: boolean;
}

export async function checkAutomations(
  automations: readonly Automation[],
  options: CheckOptions,
): Promise<CheckFault[]> {
  const faults: CheckFault[] = [];
  for (const automation of automations) {
    for (const { part, template } of templatesOf(automation, { path: '', where: automation.where })) {
      const message = await options.engine.fault(template);
      if (message !== null) faults.push({ automation: automation.id, ...part, message });
    }
    for (const action of actionsOf(automation.actions)) {
      const message = serviceFault(action, options);
      if (message !== null) faults.push({ automation: automation.id, where: action.where, path: action.path, message });
    }
  }
  return faults;
}

function serviceFault(action: Action, { services, homeAssistant }: CheckOptions): string | null {
  if (action.kind === 'service' && action.response !== null && SILENT.test(action.service))
    return `${action.service} gives nothing back: leave response_variable out`;
  if (action.kind !== 'service' || !isPlain(action.service) || services.includes(action.service)) return null;
  const [domain = ''] = action.service.split('.');
  if (OWN.has(domain)) return `there is no service ${action.service}; there are ${services.join(', ')}`;
  return homeAssistant ? null : `the service ${action.service} is Home Assistant's, and home_assistant: is not set`;
}

/** Notifiers of the configuration. */
const SILENT = /^notify\.(?!persistent_notification$)[^{]*$/;
const OWN = new Set(['notify', 'twilio', 'rest_command']);

interface Found {
  part: { path: string; where: string };
  template: string;
}

/** Every text with something to run, with the part that it belongs to. */
function templatesOf(value: unknown, part: Found['part']): Found[] {
  if (typeof value === 'string') return isPlain(value) ? [] : [{ part, template: value }];
  if (typeof value !== 'object' || value === null) return [];
  const own = 'path' in value && 'where' in value ? (value as Found['part']) : null;
  const within = own === null ? part : { path: own.path, where: own.where };
  return Object.values(value).flatMap((item) => templatesOf(item, within));
}
