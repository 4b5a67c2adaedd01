/** Parts of settings that most tests do not care about. */

import type { AutomationSettings } from '../../src/config/settings.ts';
import type { AutomationGateway } from '../../src/core/automations.ts';
import type { SinkGateway } from '../../src/core/sinks.ts';

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
  page: async () => null,
};

/** A gateway without sinks. */
export const NO_SINK_GATEWAY: SinkGateway = {
  sinks: async () => [],
  deadLetters: () => Promise.reject(new Error('there are no sinks in this test')),
  probe: () => Promise.reject(new Error('there are no sinks in this test')),
  drop: () => Promise.reject(new Error('there are no sinks in this test')),
  replay: () => Promise.reject(new Error('there are no sinks in this test')),
};
