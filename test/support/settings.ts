/** Parts of settings that most tests do not care about. */

import type { AutomationSettings, Settings } from '../../src/config/settings.ts';
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
  atStart: {},
};

/** What an empty configuration means, but on any port and without a simulator of its own. */
export function defaultSettings(dataDir: string): Omit<Settings, 'accounts' | 'sender'> {
  return {
    listen: { host: '127.0.0.1', port: 0, hosts: [] },
    publicUrl: null,
    dataDir,
    store: 'sqlite',
    senders: {},
    simulator: { mode: 'never', port: 0, accountsFile: null, accounts: null, trial: 'seeds' },
    delivery: { onUnknown: 'resend', resolveWindowMs: 120_000, concurrency: 50, statusCallback: 'auto' },
    facade: { answerWithinMs: 5000 },
    retention: { messagesMs: 90 * 86_400_000, idempotencyMs: 7 * 86_400_000, eventsMs: 90 * 86_400_000 },
    automation: NO_AUTOMATIONS,
    sinks: [],
    configFile: null,
    warnings: [],
  };
}

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
