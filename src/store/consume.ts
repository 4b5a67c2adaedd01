/** The writes about webhooks, consumers of events and what rooms keep. */

import type { InboundResult, Keeping } from '../core/consumer.ts';
import type { NewEvent } from '../core/event.ts';
import type { Changes } from './changes.ts';
import type { Tables } from './tables.ts';

/** See `Store.receive`. */
export function receive(
  tables: Tables,
  { keys, event }: { keys: readonly string[]; event: NewEvent },
  changes: Changes,
): InboundResult {
  const { consumers } = tables;
  for (const key of keys) {
    const seq = consumers.receipt(key);
    if (seq !== null) return { outcome: 'repeat', event: consumers.event(seq), answer: consumers.answer(seq) };
  }
  const record = tables.insertEvent(event);
  for (const key of new Set(keys)) consumers.insertReceipt(key, record.seq);
  changes.events.push(record);
  return { outcome: 'stored', event: record };
}

/** See `Store.subscribe`. */
export function subscribe({ consumers }: Tables, { consumers: wanted }: { consumers: readonly string[] }): null {
  const known = consumers.names();
  for (const name of known) if (!wanted.includes(name)) consumers.deleteConsumer(name);
  for (const name of new Set(wanted)) if (!known.includes(name)) consumers.insertConsumer(name);
  return null;
}

/** See `Store.keep`. */
export function keep({ consumers }: Tables, { put = [], remove = [], settle = [] }: Keeping): boolean {
  // Looked at before anything is written: a store in memory cannot undo.
  for (const { consumer, eventSeq, replay } of settle) {
    const place = consumers.place(consumer);
    const open = replay === null ? place !== null && eventSeq > place : consumers.replayIsOpen(consumer, replay);
    if (!open) return false;
  }
  for (const { consumer, eventSeq, replay } of settle) {
    if (replay === null) consumers.moveTo(consumer, eventSeq);
    else consumers.deleteReplay(replay);
  }
  for (const { room, key } of remove) consumers.removeRecord(room, key);
  for (const record of put) consumers.putRecord(record);
  return true;
}

/** See `Store.replay`. */
export function replay(
  { consumers }: Tables,
  { eventSeq, consumers: wanted }: { eventSeq: number; consumers: readonly string[] | null },
  changes: Changes,
): string[] {
  const names = consumers.names().filter((name) => wanted === null || wanted.includes(name));
  if (consumers.event(eventSeq) === null) return [];
  for (const name of names) consumers.insertReplay(name, eventSeq);
  changes.replayed.push(...names);
  return names;
}
