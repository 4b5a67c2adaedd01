/** Every command of the command line; the code of each is loaded when it is asked for. */

import type { CommandRow } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ commands: readonly CommandRow[] }>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'Start the gateway, and the simulator where there is no Twilio account.',
    load: () => import('./commands/start.ts'),
  },
  { name: 'send', summary: 'Send a text to one or many recipients.', load: () => import('./commands/send.ts') },
  { name: 'call', summary: 'Call one or many recipients.', load: () => import('./commands/call.ts') },
  {
    name: 'status',
    summary: 'Show how a message or call stands, explain it, or settle a held one.',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'recipients',
    summary: 'List the verified caller IDs of the account.',
    load: () => import('./commands/recipients.ts'),
  },
  {
    name: 'connectivity',
    summary: 'Check that Twilio can be reached with the credentials.',
    load: () => import('./commands/connectivity.ts'),
  },
  {
    name: 'host',
    summary: "Carry out a tool's own input and print its own output.",
    load: () => import('./commands/host.ts'),
  },
  {
    name: 'numbers',
    summary: "Point the account's numbers to the gateway, and back.",
    load: () => import('./commands/numbers.ts'),
  },
  {
    name: 'events',
    summary: 'Show what Twilio told: what came in, and statuses.',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'automations',
    summary: 'List, check and run automations, and show what became of each run.',
    load: () => import('./commands/automations.ts'),
  },
  {
    name: 'sinks',
    summary: 'List and test what events are handed on to, and hand on again.',
    load: () => import('./commands/sinks.ts'),
  },
  {
    name: 'simulator',
    summary: 'Run the offline Twilio alone, or steer a running one.',
    load: () => import('./commands/simulator.ts'),
  },
  {
    name: 'config',
    summary: 'Show the settings and the webhook, manage named tokens.',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'store',
    summary: 'Back up or check the database.',
    load: () => import('./commands/store.ts'),
  },
  {
    name: 'doctor',
    summary: 'Say what is wrong with a set-up and how to mend it.',
    load: () => import('./commands/doctor.ts'),
  },
];
