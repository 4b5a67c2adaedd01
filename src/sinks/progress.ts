/** What a sink keeps in the store: how far it is with the event it is at, and its dead letters. */

import type { Delivery, RoomRecord } from '../core/consumer.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { EventType } from '../core/event.ts';
import type { Store } from '../core/ports.ts';
import type { DeadLetter } from '../core/sinks.ts';

export const ROOM = 'sink';

export function consumerOf(sink: string): string {
  return `sink:${sink}`;
}

/** The event that failed and is tried again. */
export interface Retry {
  readonly eventSeq: number;
  readonly replay: number | null;
  readonly event: string;
  readonly attempts: number;
  readonly refusals: number;
  /** When the event came, or when its replay was first tried. */
  readonly since: number;
  readonly nextAt: number;
  readonly error: ErrorReport;
}

export interface Progress {
  readonly delivered: number;
  readonly lastDeliveredAt: number | null;
  /** When the sink could not be reached for the first time since its last answer. */
  readonly failingSince: number | null;
  readonly retry: Retry | null;
}

const NOTHING: Progress = { delivered: 0, lastDeliveredAt: null, failingSince: null, retry: null };

export async function readProgress(store: Store, sink: string): Promise<Progress> {
  const record = await store.record(ROOM, stateKey(sink));
  return record === null ? NOTHING : (record.value as Progress);
}

export function progressRecord(sink: string, progress: Progress): RoomRecord {
  return { room: ROOM, key: stateKey(sink), value: progress, dueAt: null };
}

export function retryOf({ retry }: Progress, { event, replay }: Delivery): Retry | null {
  return retry !== null && retry.eventSeq === event.seq && retry.replay === replay ? retry : null;
}

/* ------------------------------------------------------------------ dead letters */

/** Of each sink; the oldest goes first. */
export const MOST_DEAD = 1000;

interface StoredLetter {
  readonly event: string;
  readonly type: EventType;
  readonly at: number;
  readonly diedAt: number;
  readonly attempts: number;
  readonly error: ErrorReport;
}

export function deadRecord(
  sink: string,
  { event }: Delivery,
  { diedAt, attempts, error }: Pick<StoredLetter, 'diedAt' | 'attempts' | 'error'>,
): RoomRecord {
  const value: StoredLetter = { event: event.id, type: event.type, at: event.at, diedAt, attempts, error };
  return { room: ROOM, key: deadPrefix(sink) + String(event.seq).padStart(15, '0'), value, dueAt: null };
}

export async function deadRecords(store: Store, sink: string): Promise<RoomRecord[]> {
  return store.records({ room: ROOM, prefix: deadPrefix(sink), limit: MOST_DEAD });
}

export function letterView(sink: string, record: RoomRecord): DeadLetter {
  const { event, type, at, diedAt, attempts, error } = record.value as StoredLetter;
  const iso = (ms: number) => new Date(ms).toISOString();
  return { sink, event, type, time: iso(at), diedAt: iso(diedAt), attempts, error };
}

function stateKey(sink: string): string {
  return `state/${sink}`;
}

function deadPrefix(sink: string): string {
  return `dead/${sink}/`;
}
