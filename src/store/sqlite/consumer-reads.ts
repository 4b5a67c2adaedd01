/** Questions about consumers of events and about what rooms keep, on the reading connection. */

import type { RoomRecord } from '../../core/consumer.ts';
import type { Store } from '../../core/ports.ts';
import type { Row } from './rows.ts';
import type { Statements } from './statements.ts';
import { eventFromRow, parse } from './rows.ts';

type ConsumerReads = Pick<
  Store,
  'event' | 'answerTo' | 'newestEvent' | 'consumers' | 'deliveries' | 'record' | 'records' | 'nextRecord'
>;

/** Behind every text that can begin with a prefix: a character that no key has. */
const BEHIND = '\u{10FFFF}';

export function createConsumerReads(sql: Statements): ConsumerReads {
  return {
    async event(id) {
      const row = sql.get('select * from events where id = ?', id);
      return row === undefined ? null : eventFromRow(row);
    },
    async answerTo(eventId) {
      const row = sql.get(ANSWER_TO, eventId);
      return row === undefined ? null : String(row.answer);
    },
    async newestEvent() {
      return Number(sql.get("select seq from sqlite_sequence where name = 'events'")?.seq ?? 0);
    },
    async consumers() {
      const rows = sql.all('select consumer, seq from consumers order by consumer');
      return rows.map(({ consumer, seq }) => ({ consumer: String(consumer), seq: Number(seq) }));
    },
    async deliveries(consumer, limit) {
      const replays = sql.all(REPLAYS, consumer, limit);
      const fresh = sql.all(FRESH, consumer, limit - replays.length);
      return [...replays, ...fresh].map((row) => {
        const replay = typeof row.replay === 'number' ? row.replay : null;
        return { consumer, event: eventFromRow(row), replay };
      });
    },
    async record(room, key) {
      const row = sql.get('select * from records where room = ? and key = ?', room, key);
      return row === undefined ? null : recordFromRow(row);
    },
    async records({ room, limit, prefix = '', after = '', dueBy }) {
      const keys = [room, prefix, prefix + BEHIND, after] as const;
      const rows = dueBy === undefined ? sql.all(BY_KEY, ...keys, limit) : sql.all(BY_DUE_TIME, ...keys, dueBy, limit);
      return rows.map(recordFromRow);
    },
    async nextRecord(room) {
      const row = sql.get('select min(due_at) as at from records where room = ? and due_at is not null', room);
      return typeof row?.at === 'number' ? row.at : null;
    },
  };
}

const ANSWER_TO = 'select answer from answers join events on events.seq = answers.event_seq where events.id = ?';
const REPLAYS = `select events.*, replays.seq as replay from replays join events on events.seq = replays.event_seq
  where replays.consumer = ? order by replays.seq limit ? + 0`;
const FRESH = `select events.* from events where seq > (select seq from consumers where consumer = ?)
  order by seq limit ? + 0`;
const OF_ROOM = 'select * from records where room = ? and key >= ? and key < ? and key > ?';
const BY_KEY = `${OF_ROOM} order by key limit ? + 0`;
const BY_DUE_TIME = `${OF_ROOM} and due_at is not null and due_at <= ? order by due_at, key limit ? + 0`;

function recordFromRow(row: Row): RoomRecord {
  const { room, key, value, due_at } = row;
  return { room: String(room), key: String(key), value: parse(value, null), dueAt: due_at as number | null };
}
