/** Webhooks, consumers and rooms of the store in memory: plain maps. */

import type { Delivery, RecordQuery, RoomRecord } from '../core/consumer.ts';
import type { EventRecord } from '../core/event.ts';
import type { ConsumerTables } from './consumer-tables.ts';

export class MemoryConsumers implements ConsumerTables {
  readonly #events: ReadonlyMap<number, EventRecord>;
  readonly newest: () => number;
  readonly #receipts = new Map<string, number>();
  readonly #answers = new Map<number, string>();
  readonly #places = new Map<string, number>();
  readonly #replays = new Map<number, { consumer: string; eventSeq: number }>();
  readonly #records = new Map<string, RoomRecord>();
  #replay = 0;

  /** `newest`: the greatest `seq` that an event ever had. */
  constructor(events: ReadonlyMap<number, EventRecord>, newest: () => number) {
    this.#events = events;
    this.newest = newest;
  }

  event(seq: number): EventRecord | null {
    return this.#events.get(seq) ?? null;
  }

  receipt(key: string): number | null {
    return this.#receipts.get(key) ?? null;
  }

  insertReceipt(key: string, eventSeq: number): void {
    this.#receipts.set(key, eventSeq);
  }

  answer(eventSeq: number): string | null {
    return this.#answers.get(eventSeq) ?? null;
  }

  insertAnswer(eventSeq: number, answer: string): void {
    if (this.#events.has(eventSeq)) this.#answers.set(eventSeq, answer);
  }

  /** With the event goes what hangs on it, but not the keys that it claimed. */
  forgetEvent(seq: number): void {
    this.#answers.delete(seq);
  }

  names(): string[] {
    return [...this.#places.keys()].sort();
  }

  place(consumer: string): number | null {
    return this.#places.get(consumer) ?? null;
  }

  insertConsumer(consumer: string): void {
    this.#places.set(consumer, this.newest());
  }

  deleteConsumer(consumer: string): void {
    this.#places.delete(consumer);
    for (const [seq, replay] of this.#replays) if (replay.consumer === consumer) this.#replays.delete(seq);
  }

  moveTo(consumer: string, seq: number): void {
    this.#places.set(consumer, seq);
  }

  insertReplay(consumer: string, eventSeq: number): void {
    this.#replay += 1;
    this.#replays.set(this.#replay, { consumer, eventSeq });
  }

  replayIsOpen(consumer: string, seq: number): boolean {
    return this.#replays.get(seq)?.consumer === consumer;
  }

  deleteReplay(seq: number): void {
    this.#replays.delete(seq);
  }

  isOwed(wanted: number): boolean {
    const replayed = [...this.#replays.values()].some(({ eventSeq }) => eventSeq === wanted);
    return replayed || [...this.#places.values()].some((place) => place < wanted);
  }

  settleAll(): void {
    this.#replays.clear();
    for (const consumer of this.#places.keys()) this.#places.set(consumer, this.newest());
  }

  putRecord(record: RoomRecord): void {
    this.#records.set(recordKey(record.room, record.key), structuredClone(record));
  }

  removeRecord(room: string, key: string): void {
    this.#records.delete(recordKey(room, key));
  }

  deliveries(consumer: string, limit: number): Delivery[] {
    const place = this.place(consumer);
    if (place === null) return [];
    const replays = [...this.#replays].flatMap(([replay, { consumer: of, eventSeq }]) => {
      const event = of === consumer ? this.event(eventSeq) : null;
      return event === null ? [] : [{ consumer, event, replay }];
    });
    const fresh = [...this.#events.values()].filter(({ seq }) => seq > place);
    return [...replays, ...fresh.map((event) => ({ consumer, event, replay: null }))].slice(0, limit);
  }

  record(room: string, key: string): RoomRecord | null {
    const record = this.#records.get(recordKey(room, key));
    return record === undefined ? null : structuredClone(record);
  }

  records({ room, limit, prefix = '', after, dueBy }: RecordQuery): RoomRecord[] {
    const found = this.#of(room)
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || key > after))
      .filter(({ dueAt }) => dueBy === undefined || (dueAt !== null && dueAt <= dueBy))
      .sort((a, b) => (dueBy === undefined ? 0 : (a.dueAt ?? 0) - (b.dueAt ?? 0)) || (a.key < b.key ? -1 : 1));
    return found.slice(0, limit).map((record) => structuredClone(record));
  }

  nextRecord(room: string): number | null {
    const times = this.#of(room).flatMap(({ dueAt }) => (dueAt === null ? [] : [dueAt]));
    return times.length === 0 ? null : Math.min(...times);
  }

  #of(wanted: string): RoomRecord[] {
    return [...this.#records.values()].filter(({ room }) => room === wanted);
  }
}

function recordKey(room: string, key: string): string {
  return JSON.stringify([room, key]);
}
