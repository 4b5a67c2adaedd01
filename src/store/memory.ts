/** A store in memory: nothing outlives the process. For the library without a data directory, and as a judge in tests. */

import type { EntryState } from '../core/entry.ts';
import type { EntryQuery, Random, Store } from '../core/ports.ts';
import type { StoredEntry } from './tables.ts';
import type { Write } from './writes.ts';
import { ENTRY_STATES } from '../core/entry.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { isOfAccount } from './claim.ts';
import { byDue, MemoryTables } from './memory-tables.ts';
import { perform } from './operations.ts';
import { WAITING_STATES } from './tables.ts';
import { createWrites, Listeners } from './writes.ts';

export interface MemoryStoreOptions {
  /** Mints the ids of events. */
  random: Random;
}

/** Same answers as the SQLite store. `backup` throws `TOLLBOARD_STORE_IN_MEMORY`; after `close` writes throw `TOLLBOARD_STORE_CLOSED`. */
export function createMemoryStore({ random }: MemoryStoreOptions): Store {
  const tables = new MemoryTables();
  const listeners = new Listeners();
  let closed = false;
  const write: Write = async (name, input) => {
    if (closed) throw new TollboardError('TOLLBOARD_STORE_CLOSED');
    try {
      const performed = perform(tables, name, input);
      listeners.tell(performed);
      return performed.value;
    } catch (cause) {
      throw isTollboardError(cause) ? cause : new TollboardError('TOLLBOARD_INTERNAL', { cause });
    }
  };
  return {
    ...createWrites(write, random),
    ...createReads(tables),
    async backup() {
      throw new TollboardError('TOLLBOARD_STORE_IN_MEMORY');
    },
    onCommit: (listener) => listeners.add(listener),
    async close() {
      closed = true;
    },
  };
}

function createReads(tables: MemoryTables) {
  const records = (keep: (stored: StoredEntry) => boolean) => tables.all().filter(keep);
  return {
    entry: async (key) => tables.entry(key)?.record ?? null,
    async entriesBySid(sids) {
      return sids.flatMap((sid) =>
        (tables.sids.get(sid) ?? []).flatMap((seq) => tables.entries.get(seq)?.record ?? []),
      );
    },
    async entries(query) {
      const before = query.after === undefined ? Number.POSITIVE_INFINITY : (tables.ids.get(query.after) ?? 0);
      const found = records(({ record }) => record.seq < before && fits(record, query)).map(({ record }) => record);
      return found.sort((a, b) => b.seq - a.seq).slice(0, query.limit);
    },
    async given({ account, kind, limit, at, beforeSeq = Number.POSITIVE_INFINITY, to, from }) {
      const found = records(
        ({ record }) =>
          record.idGiven &&
          !record.deleted &&
          record.account === account &&
          record.kind === kind &&
          record.seq < beforeSeq &&
          record.createdAt <= at &&
          (record.sid === null || (record.sendingAt ?? 0) >= at) &&
          (to === undefined || record.to === to) &&
          (from === undefined || record.from === from),
      ).map(({ record }) => record);
      return found.sort((a, b) => b.seq - a.seq).slice(0, limit);
    },
    async due(states, now, limit) {
      const found = records(
        ({ record, lane }) => lane === null && isIn(states, record.state) && (record.dueAt ?? now + 1) <= now,
      );
      return found
        .sort(byDue)
        .slice(0, limit)
        .map(({ record }) => record);
    },
    async nextDue(states, paused = []) {
      const times = records(
        ({ record, lane }) => lane === null && isIn(states, record.state) && !paused.includes(record.account),
      ).map(({ record }) => record.dueAt);
      if (states.some((state) => WAITING_STATES.has(state))) {
        times.push(...tables.lanes().flatMap(({ sender, nextAt }) => (isOfAccount(sender, paused) ? [] : [nextAt])));
        times.push(...records(({ lane }) => lane !== null).map(({ record }) => record.expiresAt));
      }
      return earliest(times);
    },
    async inState(state, limit) {
      const found = records(({ record }) => record.state === state).map(({ record }) => record);
      return found.slice(0, limit);
    },
    async twins(account, kind, to, since) {
      const found = records(({ record }) => record.account === account && record.kind === kind && record.to === to);
      return found.map(({ record }) => record).filter(({ createdAt }) => createdAt >= since);
    },
    async counts() {
      const counts = Object.fromEntries(ENTRY_STATES.map((state) => [state, 0])) as Record<EntryState, number>;
      for (const { record } of tables.entries.values()) counts[record.state] += 1;
      return counts;
    },
    async decisions(id) {
      return [...(tables.ledger.get(tables.ids.get(id) ?? 0) ?? [])];
    },
    async events({ limit, afterSeq = 0, type, since = 0 }) {
      const found = [...tables.events.values()].filter((event) => event.seq > afterSeq && event.at >= since);
      return found.filter((event) => type === undefined || event.type === type).slice(0, limit);
    },
    event: async (id) => [...tables.events.values()].find((event) => event.id === id) ?? null,
    async answerTo(eventId) {
      const event = [...tables.events.values()].find(({ id }) => id === eventId);
      return event === undefined ? null : tables.consumers.answer(event.seq);
    },
    newestEvent: async () => tables.consumers.newest(),
    async consumers() {
      const { consumers } = tables;
      return consumers.names().map((consumer) => ({ consumer, seq: consumers.place(consumer) ?? 0 }));
    },
    deliveries: async (consumer, limit) => tables.consumers.deliveries(consumer, limit),
    record: async (room, key) => tables.consumers.record(room, key),
    records: async (query) => tables.consumers.records(query),
    nextRecord: async (room) => tables.consumers.nextRecord(room),
    async answered(key) {
      const row = tables.idempotency(key);
      return row === null ? null : { hash: row.hash, answer: row.answer };
    },
    optedOut: async (account, sender, recipient, now) => tables.isOptedOut(account, sender, recipient, now),
    async tokens() {
      return [...tables.tokens.values()].map((token) => ({ ...token }));
    },
    async accounts() {
      return [...tables.accounts].map(([account, simulated]) => ({ account, simulated }));
    },
    async dueForwards(now, limit) {
      const due = heads(tables).filter((forward) => forward.dueAt <= now);
      const found = due.sort((a, b) => a.dueAt - b.dueAt || a.seq - b.seq).slice(0, limit);
      return found.map((forward) => ({ ...forward }));
    },
    nextForward: async () => earliest(heads(tables).map(({ dueAt }) => dueAt)),
  } satisfies Partial<Store>;
}

/** The oldest forward of each entry: the next one waits until it is settled. */
function heads(tables: MemoryTables) {
  const oldest = new Map<string, NonNullable<ReturnType<typeof tables.forwards.get>>>();
  for (const forward of tables.forwards.values()) {
    const earlier = oldest.get(forward.entryId);
    if (earlier === undefined || forward.seq < earlier.seq) oldest.set(forward.entryId, forward);
  }
  return [...oldest.values()];
}

function fits(record: StoredEntry['record'], query: EntryQuery): boolean {
  const { kind, state, status, to, from, account, idempotencyKey, since } = query;
  const wanted = { kind, state, status, to, from, account, idempotencyKey };
  if (since !== undefined && record.createdAt < since) return false;
  return Object.entries(wanted).every(
    ([field, value]) => value === undefined || record[field as keyof typeof record] === value,
  );
}

function isIn(states: readonly EntryState[], state: EntryState): boolean {
  return states.includes(state);
}

function earliest(times: ReadonlyArray<number | null>): number | null {
  return times.reduce((least, time) => (time !== null && (least === null || time < least) ? time : least), null);
}
