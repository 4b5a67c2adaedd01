/**
 * How rooms act on events: each has a place of its own in their order, and marks an event done in the same write as what
 * it does because of it.
 *
 * A consumer is a name (`automation`, `sink:home-assistant`). It reads `Store.deliveries`, and settles each delivery with
 * `Store.keep`, together with the records in which it keeps its own state. What was not settled comes again after a
 * restart: every stored event reaches every consumer at least once, and what it wrote about it is written exactly once.
 */

import type { EventRecord } from './event.ts';
import type { FormFields } from './parameter.ts';

/** An event that a consumer has not settled yet. */
export interface Delivery {
  readonly consumer: string;
  readonly event: EventRecord;
  /** Null when the event comes for the first time; else the number of the replay that a person asked for. */
  readonly replay: number | null;
}

/** State that a room keeps: JSON under a key of its own. */
export interface RoomRecord {
  /** Who keeps it: a folder's word such as `automation`; rooms never touch each other's. */
  readonly room: string;
  readonly key: string;
  readonly value: unknown;
  /** When the room has to look at it again, milliseconds since the epoch; null: never by itself. */
  readonly dueAt: number | null;
}

export interface RecordQuery {
  readonly room: string;
  readonly limit: number;
  /** Only keys that begin so. */
  readonly prefix?: string;
  /** Only keys after this one (pages run in the order of keys). */
  readonly after?: string;
  /** Only records due by then, those due first first. */
  readonly dueBy?: number;
}

/** What one write keeps; all of it or nothing. */
export interface Keeping {
  readonly put?: readonly RoomRecord[];
  readonly remove?: ReadonlyArray<Pick<RoomRecord, 'room' | 'key'>>;
  /** Deliveries that are done with this write, in their order: one settles those before it of the same consumer. */
  readonly settle?: ReadonlyArray<Pick<Delivery, 'consumer' | 'replay'> & { readonly eventSeq: number }>;
}

/** A webhook that was verified, as it is stored. */
export interface InboundDraft {
  /**
   * What makes it the same as another one: from signed content only. One key that was claimed before makes it a repeat.
   * Keys are kept for good: a signature has no date, so an old request could be sent again at any time.
   */
  readonly keys: readonly string[];
  /** `twilio_data_received`'s data. */
  readonly data: Record<string, string>;
  /** See {@link EventRecord}. */
  readonly form?: FormFields;
  readonly simulated: boolean;
}

export type InboundResult =
  | { readonly outcome: 'stored'; readonly event: EventRecord }
  /** `event`: null once its retention has passed. `answer`: the TwiML it was answered with, null when none was stored. */
  | { readonly outcome: 'repeat'; readonly event: EventRecord | null; readonly answer: string | null };
