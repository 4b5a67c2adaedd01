/** The settings of a gateway after flags, environment, file and defaults were merged and checked. */

import type { OnUnknown } from '../core/entry.ts';
import type { Located, Place } from '../core/located.ts';
import type { SinkSettings } from '../core/sinks.ts';

/** Credentials of one account: an auth token (two during rotation, the first is used to send), or an API key pair. */
export interface AccountSettings {
  /** Name under `accounts:`, or `default` for `twilio:`. */
  name: string;
  accountSid: string;
  authTokens: string[];
  apiKey: string | null;
  apiSecret: string | null;
  /** Scheme, host, port and optional prefix, without a trailing `/` or `/2010-04-01`. */
  baseUrl: string;
  /** True for an account of our own simulator. */
  simulated: boolean;
  /** The numbers it owns, where they are known without asking: those of our own simulator. */
  numbers?: readonly string[];
}

/** What automations are made of, still as it is written: their own room reads it. */
export interface AutomationSettings {
  automations: Located | null;
  notify: Located | null;
  restCommand: Located | null;
  homeAssistant: { url: string; token: string } | null;
  printPlace(place: Place): string;
  /** The file that all this was read from, or would be once it is there. */
  configFile: string | null;
  /** Reads it again; null where nothing may change. */
  reload: (() => Promise<AutomationSettings>) | null;
  /** What takes effect at a start only, by its key in the file, as text to compare. Holds secrets. */
  atStart: Readonly<Record<string, string>>;
}

export interface Settings {
  listen: { host: string; port: number; hosts: string[] };
  publicUrl: string | null;
  dataDir: string;
  store: string;
  accounts: AccountSettings[];
  sender: string | null;
  /** Messages per second by sender. */
  senders: Record<string, { perSecond: number }>;
  simulator: {
    mode: 'auto' | 'always' | 'never';
    port: number;
    accountsFile: string | null;
    /** What that file declares, as plain data that the simulator checks; null without a file. */
    accounts: PlainFile | null;
    trial: 'seeds' | '2026';
  };
  delivery: {
    onUnknown: OnUnknown;
    resolveWindowMs: number;
    concurrency: number;
    statusCallback: 'auto' | 'always' | 'never';
  };
  /** How long a create of the facade waits for Twilio's own answer. */
  facade: { answerWithinMs: number };
  sinks: SinkSettings[];
  retention: { messagesMs: number; idempotencyMs: number; eventsMs: number };
  automation: AutomationSettings;
  /** The file that was read; null when there was none. */
  configFile: string | null;
  /** What is odd but no error, one sentence each. */
  warnings: string[];
}

/** A file as plain data that knows where its values stand. */
export interface PlainFile {
  value: unknown;
  /** `file:line:column` of the value at a path such as `accounts[0].sid`. */
  placeOf(path: string): string;
}
