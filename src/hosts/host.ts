/** The contract of a host: what Tollboard knows of a tool, as data and two pure functions. `run.ts` carries it out. */

import type { Entry } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { CheckReport, Recipient, SendRequest, WaitUntil } from '../core/ports.ts';

export const HOST_NAMES = ['ansible', 'soar', 'bytechef', 'flogo', 'home-assistant'] as const;
export type HostName = (typeof HOST_NAMES)[number];

/* ------------------------------------------------------------------ definition: the host's documents as data */

export interface Choice {
  readonly value: string | number | boolean;
  /** As the host shows it; absent: the value. */
  readonly label?: string;
}

/** One field that a user of the host fills in. */
export interface Field {
  /** The host's own name of it. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** As the host shows it; absent: the name. */
  readonly label?: string;
  /** The host's own word: `str`, `password`, `INTEGER`. */
  readonly type: string;
  /** The host's word for how it is entered, where it has one. */
  readonly control?: string;
  readonly required: boolean;
  readonly default?: string | number | boolean;
  readonly secret?: true;
  readonly choices?: readonly Choice[];
  /** Shown and required only while another field has a value. */
  readonly condition?: { readonly field: string; readonly equals: string | number };
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  /** Twilio's form field, e.g. `MediaUrl`; null where it is none. */
  readonly twilio: string | null;
  /** The seed's sentence word for word; ours for a field that the seed lacks; empty where the seed says nothing. */
  readonly description: string;
  /** True for what Tollboard adds beside the seed's fields. */
  readonly added?: true;
}

/** One value that the host gets back. */
export interface OutputField {
  /** The host's own path: `action_result.data.*.body`, `statusCode`. */
  readonly name: string;
  readonly type: string;
  readonly control?: string;
  readonly contains?: readonly string[];
  readonly examples?: readonly string[];
  /** Twilio's member of the resource, e.g. `num_segments`; null where it is none. */
  readonly twilio: string | null;
  readonly description?: string;
  readonly added?: true;
}

/** Every field of a host as data. Hosts extend it with what only they have (codes, identity, conditions). */
export interface HostDefinition {
  readonly host: HostName;
  readonly title: string;
  readonly description: string;
  /** By the host's own section: `options`, `configuration`, `send message`, `inputs`. */
  readonly fields: Readonly<Record<string, readonly Field[]>>;
  readonly outputs: readonly OutputField[];
  readonly notes: readonly string[];
}

/** A part of the host's document as `tollboard host NAME --describe` prints it, under the document's own heading. */
export interface DocumentPart {
  readonly heading: string;
  /** Sentences of the part; a part has these, a table, or both. */
  readonly text?: string;
  readonly table?: { readonly head: readonly string[]; readonly rows: ReadonlyArray<readonly string[]> };
}

/* ------------------------------------------------------------------ work: what a host's input asks for */

/** What an input says of an account. `username` is the account's SID or an API key's. */
export interface HostCredentials {
  accountSid: string;
  username: string;
  password: string;
  /** Where the input wants Twilio to be; used only without a gateway (interface §3). Null: Twilio's own address. */
  baseUrl: string | null;
}

/** Asking for the status until it is final (Splunk SOAR): at once, then every `everyMs`, at most `attempts` times. */
export interface Follow {
  everyMs: number;
  attempts: number;
}

export interface SendWork<Asked> {
  do: 'send';
  asked: Asked;
  /** Carried out one after the other; the recipients of one request are sent to in parallel. */
  requests: readonly SendRequest[];
  /** No further request once one had an outcome that is not taken or accepted. */
  stopAtFailure: boolean;
  /** The user's own key (interface §4); each request of several has `<key>:<index>`. */
  idempotencyKey?: string;
  /** Default: Twilio's verdict, for up to 10 s. */
  wait?: { until: WaitUntil; ms: number };
  follow?: Follow;
  /** Whether {@link Outcome.resource} is wanted: one more request to Twilio for each. */
  resource?: true;
}

export type Work<Asked, Output> =
  /** Nothing to do: refused input, or a dry run. `ok` decides the exit code, 0 or 2. */
  | { do: 'answer'; output: Output; ok: boolean }
  | SendWork<Asked>
  | { do: 'recipients'; asked: Asked }
  | { do: 'check'; asked: Asked };

/**
 * What is known of one recipient.
 * - `taken`: Twilio has it · `undelivered`: Twilio had it, and it failed on the way
 * - `accepted`: a gateway has it on disk, Twilio not yet
 * - `refused`: certainly not sent · `unsure`: may have been sent, must not be sent again (unknown, held)
 */
export type Verdict = 'taken' | 'undelivered' | 'accepted' | 'refused' | 'unsure';

export interface Outcome {
  /** As asked for. */
  to: string;
  verdict: Verdict;
  /** The gateway's id, or Twilio's SID without a gateway; null for what was never stored. */
  id: string | null;
  sid: string | null;
  /** Twilio's word, the last one seen; null before Twilio had it. */
  status: string | null;
  /** Why it failed or is not known; null for what is taken or accepted. */
  error: ErrorReport | null;
  /** When it was asked for, milliseconds since the epoch: what to name where there is no id. */
  at: number;
  /** Twilio's own JSON of it, where it was asked for and could be had. */
  resource: Readonly<Record<string, unknown>> | null;
  /** Null where the whole request threw before there was an entry. */
  entry: Entry | null;
  /** This number came before in the same request; it was sent once. */
  duplicate: boolean;
  /** An idempotency key gave a stored answer again: nothing was sent now. */
  replayed: boolean;
}

export type Done =
  /** In input order. Recipients of requests that were not begun are missing at the end. */
  | { do: 'send'; outcomes: readonly Outcome[] }
  | { do: 'recipients'; recipients: readonly Recipient[] | null; error: ErrorReport | null }
  | { do: 'check'; report: CheckReport | null; error: ErrorReport | null };

/** A host: its documents as data, and the two pure functions between its words and ours. */
export interface Host<Asked, Output> {
  readonly definition: HostDefinition;
  /** The account that an input names and what proves a right to it; null where the input lacks either. */
  credentials(input: unknown): HostCredentials | null;
  /** The input with the account that came beside it, where it names none itself. Absent: an input always names its own. */
  withAccount?(input: unknown, account: { username: string; password: string }): unknown;
  /** From the host's input, unchecked JSON, to what is to be done. Never throws: a bad input has an answer, too. */
  request(input: unknown): Work<Asked, Output>;
  /** From what was done to the host's output. */
  result(asked: Asked, done: Done): Output;
}
