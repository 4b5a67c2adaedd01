/** Sinks: where events are handed on to. What the configuration says of one, and how the outside sees it. */

import type { ErrorReport } from './errors.ts';
import type { EventType } from './event.ts';

export const SINK_KINDS = ['home_assistant', 'twilio', 'standard_webhooks', 'command'] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** How an event gets there. */
export type SinkTarget =
  /** Home Assistant's event API, `POST /api/events/<type>`; `url` without a trailing slash. */
  | { readonly via: 'event_api'; readonly url: string; readonly token: string }
  /** Twilio's own form, signed over `signedUrl` with the receiver's token. */
  | { readonly via: 'form'; readonly url: string; readonly signedUrl: string; readonly authToken: string }
  /** JSON, signed with each of the secrets (two during rotation), `whsec_` and base64. */
  | { readonly via: 'standard_webhooks'; readonly url: string; readonly secrets: readonly string[] }
  /** A program and its arguments; the event goes to its standard input. */
  | { readonly via: 'command'; readonly argv: readonly string[]; readonly timeoutMs: number };

/** A sink as it is configured. */
export interface SinkSettings {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  readonly kind: SinkKind;
  readonly target: SinkTarget;
  /** Only events of these types. */
  readonly events: readonly EventType[];
  /** Only events whose data has all of these values. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  /** Tries of an event that the receiver refuses; then it becomes a dead letter. */
  readonly attempts: number;
  /** How long an event waits for a receiver that cannot be reached; then it becomes a dead letter. */
  readonly giveUpAfterMs: number;
}

/** A sink as the outside sees it: no secrets. */
export interface SinkView {
  name: string;
  kind: SinkKind;
  /** The URL without credentials and query, or the program without its arguments. */
  target: string;
  events: EventType[];
  where: Record<string, string>;
  /** `idle`: nothing to do · `sending` · `retrying`: the oldest event failed and will be tried again. */
  state: 'idle' | 'sending' | 'retrying';
  /** Events that it has to get yet; 1,000 stands for that many or more. */
  waiting: number;
  /** Events that it got, ever. */
  delivered: number;
  lastDeliveredAt: string | null;
  /** Dead letters that are kept. */
  dead: number;
  /** The event that failed last and is tried again; null while all is well. */
  retry: { event: string; attempts: number; nextAt: string; error: ErrorReport } | null;
}

/** An event that a sink never took. */
export interface DeadLetter {
  sink: string;
  /** The event's id; the event itself stays as long as events are kept. */
  event: string;
  type: EventType;
  /** When the event happened. */
  time: string;
  diedAt: string;
  attempts: number;
  error: ErrorReport;
}

export interface SinkTest {
  sink: string;
  delivered: boolean;
  /** The made-up event that was sent. */
  event: string;
  error: ErrorReport | null;
}

/** Events by when they happened, milliseconds since the epoch, both ends included. */
export interface EventStretch {
  readonly since: number;
  readonly until: number;
}

/** Most events that one replay of a stretch hands on. */
export const MAX_REPLAYED = 10_000;

/** Every method throws `TollboardError` with a code of the catalogue, nothing else; `TOLLBOARD_SINK_UNKNOWN` all that name one. */
export interface SinkGateway {
  /** In the order of the configuration. */
  sinks(): Promise<SinkView[]>;
  /** Oldest event first, at most 1,000 of each sink. */
  deadLetters(sink: string): Promise<DeadLetter[]>;
  /** Sends a made-up text once, past the queue; what is retried is then tried at once, where it was taken. */
  probe(sink: string): Promise<SinkTest>;
  /**
   * Hands events to the sink once more, behind what it is at: these, all its dead letters, or a stretch of time. Those
   * that it will get: what its `events` and `where` leave out is not among them. Throws `TOLLBOARD_EVENT_NOT_FOUND` and
   * `TOLLBOARD_SINK_REPLAY_TOO_LARGE`.
   */
  replay(sink: string, events: readonly string[] | 'dead' | EventStretch): Promise<string[]>;
  /** Forgets dead letters: of these events, or all; those that were forgotten. */
  drop(sink: string, events: readonly string[] | 'dead'): Promise<string[]>;
}

/** Whether a sink wants this event. */
export function wantsEvent(
  { events, fields }: Pick<SinkSettings, 'events' | 'fields'>,
  event: { readonly type: EventType; readonly data: Readonly<Record<string, string>> },
): boolean {
  return (
    events.includes(event.type) &&
    fields.every(([name, value]) => Object.hasOwn(event.data, name) && event.data[name] === value)
  );
}
