/** Parts of settings that most tests do not care about. */

import type { AutomationSettings } from '../../src/config/settings.ts';
import type { AutomationGateway } from '../../src/core/automations.ts';

export const NO_AUTOMATIONS: AutomationSettings = {
  automations: null,
  notify: null,
  restCommand: null,
  homeAssistant: null,
  printPlace: () => '',
  configFile: null,
  reload: null,
};

/** A gateway without automations. */
export const NO_AUTOMATION_GATEWAY: AutomationGateway = {
  automations: () => [],
  runs: () => Promise.reject(new Error('there are no automations in this test')),
  run: () => Promise.reject(new Error('there are no automations in this test')),
};
