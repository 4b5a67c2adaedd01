/** What the operations on webhooks, consumers and rooms need of a place that keeps rows; beside {@link Tables}. */

import type { RoomRecord } from '../core/consumer.ts';
import type { EventRecord } from '../core/event.ts';

export interface ConsumerTables {
  event(seq: number): EventRecord | null;
  /** The event that claimed this key. */
  receipt(key: string): number | null;
  insertReceipt(key: string, eventSeq: number): void;
  answer(eventSeq: number): string | null;
  insertAnswer(eventSeq: number, answer: string): void;

  /** By name. */
  names(): string[];
  /** The last event that this consumer settled, or null when there is no such consumer. */
  place(consumer: string): number | null;
  /** Puts a new consumer behind the newest event. */
  insertConsumer(consumer: string): void;
  /** With its replays. */
  deleteConsumer(consumer: string): void;
  moveTo(consumer: string, seq: number): void;
  insertReplay(consumer: string, eventSeq: number): void;
  replayIsOpen(consumer: string, seq: number): boolean;
  deleteReplay(seq: number): void;
  /** Whether somebody has not settled this event, or a replay of it. */
  isOwed(eventSeq: number): boolean;
  /** Every consumer behind the newest event, no replays: for a copy, whose original went on with them. */
  settleAll(): void;

  putRecord(record: RoomRecord): void;
  removeRecord(room: string, key: string): void;
}
