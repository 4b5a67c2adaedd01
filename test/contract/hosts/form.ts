/** How the one conformance suite speaks with a host: in the host's own words, on both sides. */

import type { RunnableHost } from '../../../src/hosts.ts';

/** What a person wants, before any host has put it into its own words. */
export interface Asked {
  to: ReadonlyArray<string | number>;
  from: string;
  body: string;
  mediaUrl?: readonly string[];
  accountSid: string;
  authToken: string;
  /** Scheme, host and port of the Twilio that the input names. */
  baseUrl: string;
}

/** What the host's output tells, read as its user would read it. */
export interface Told {
  /** Recipients told as taken (or accepted), failed, and not known; as the output writes them. */
  taken: readonly string[];
  failed: readonly string[];
  unsure: readonly string[];
  /** All that a person reads. */
  says: string;
}

export interface HostForm {
  /** As in `src/hosts.ts`. */
  host: RunnableHost;
  /** How many recipients one input can name. */
  maxRecipients: number;
  /** Whether the host can send media. */
  media: boolean;
  input(asked: Asked): unknown;
  /** `asked` tells hosts whose output names nobody whom it is about. */
  read(output: unknown, asked: Asked): Told;
  /** Situations that the host cannot meet, by name, each with its reason. */
  skips: Readonly<Record<string, string>>;
}
