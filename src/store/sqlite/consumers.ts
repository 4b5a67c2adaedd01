/** Webhooks, consumers and rooms over the writing connection. Runs in the writer's thread. */

import type { RoomRecord } from '../../core/consumer.ts';
import type { EventRecord } from '../../core/event.ts';
import type { ConsumerTables } from '../consumer-tables.ts';
import type { Statements } from './statements.ts';
import { eventFromRow } from './rows.ts';

/** The greatest `seq` that an event ever had, also of those that were removed. */
const NEWEST = `coalesce((select seq from sqlite_sequence where name = 'events'), 0)`;

/** Consumers are few. */
const OWED = 'select 1 from consumers where seq < ? limit 1';
const REPLAYED = 'select 1 from replays where event_seq = ? limit 1';

export class SqliteConsumers implements ConsumerTables {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  event(seq: number): EventRecord | null {
    const row = this.#sql.get('select * from events where seq = ?', seq);
    return row === undefined ? null : eventFromRow(row);
  }

  receipt(key: string): number | null {
    const row = this.#sql.get('select event_seq from receipts where key = ?', key);
    return row === undefined ? null : Number(row.event_seq);
  }

  insertReceipt(key: string, eventSeq: number): void {
    this.#sql.run('insert into receipts (key, event_seq) values (?, ?)', key, eventSeq);
  }

  answer(eventSeq: number): string | null {
    const row = this.#sql.get('select answer from answers where event_seq = ?', eventSeq);
    return row === undefined ? null : String(row.answer);
  }

  insertAnswer(eventSeq: number, answer: string): void {
    const sql = `insert or replace into answers (event_seq, answer)
      select seq, ? from events where seq = ?`;
    this.#sql.run(sql, answer, eventSeq);
  }

  /** With the event goes what hangs on it, but not the keys that it claimed. */
  forgetEvent(seq: number): void {
    this.#sql.run('delete from answers where event_seq = ?', seq);
  }

  names(): string[] {
    return this.#sql.all('select consumer from consumers order by consumer').map(({ consumer }) => String(consumer));
  }

  place(consumer: string): number | null {
    const row = this.#sql.get('select seq from consumers where consumer = ?', consumer);
    return row === undefined ? null : Number(row.seq);
  }

  insertConsumer(consumer: string): void {
    this.#sql.run(`insert into consumers (consumer, seq) values (?, ${NEWEST})`, consumer);
  }

  deleteConsumer(consumer: string): void {
    this.#sql.run('delete from consumers where consumer = ?', consumer);
    this.#sql.run('delete from replays where consumer = ?', consumer);
  }

  moveTo(consumer: string, seq: number): void {
    this.#sql.run('update consumers set seq = ? where consumer = ?', seq, consumer);
  }

  insertReplay(consumer: string, eventSeq: number): void {
    this.#sql.run('insert into replays (consumer, event_seq) values (?, ?)', consumer, eventSeq);
  }

  replayIsOpen(consumer: string, seq: number): boolean {
    return this.#sql.get('select 1 from replays where seq = ? and consumer = ?', seq, consumer) !== undefined;
  }

  deleteReplay(seq: number): void {
    this.#sql.run('delete from replays where seq = ?', seq);
  }

  isOwed(eventSeq: number): boolean {
    return this.#sql.get(OWED, eventSeq) !== undefined || this.#sql.get(REPLAYED, eventSeq) !== undefined;
  }

  settleAll(): void {
    this.#sql.run('delete from replays');
    this.#sql.run(`update consumers set seq = ${NEWEST}`);
  }

  putRecord({ room, key, value, dueAt }: RoomRecord): void {
    const sql = 'insert or replace into records (room, key, value, due_at) values (?, ?, ?, ?)';
    this.#sql.run(sql, room, key, JSON.stringify(value), dueAt);
  }

  removeRecord(room: string, key: string): void {
    this.#sql.run('delete from records where room = ? and key = ?', room, key);
  }
}
