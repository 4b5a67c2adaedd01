/**
 * What crosses between the process and the writer's thread. Both ways it is one JSON text per batch, which costs half of
 * cloning the objects; and of an entry that both sides keep only the changed fields cross back.
 */

import type { InboundResult } from '../../core/consumer.ts';
import type { EntryRecord } from '../../core/entry.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { EventRecord } from '../../core/event.ts';
import type { EntryPatch } from '../../core/outbox.ts';
import type { AcceptBatch, AcceptResult, Applied } from '../../core/ports.ts';
import type { OperationName, Operations, Performed } from '../operations.ts';
import type { HotEntries } from './hot-entries.ts';
import type { Values } from './rows.ts';
import { entryFromValues, rowOf } from './rows.ts';

/** Operations on their way to the thread. `at`: the process's monotonic time in milliseconds when the first was asked for. */
export interface WriteBatch {
  at: number;
  requests: WriteRequest[];
}

export interface WriteRequest {
  name: OperationName;
  /** As {@link packInput} leaves it. */
  input: unknown;
}

export interface Failure {
  code: ErrorCode;
  message: string;
  details: Record<string, unknown>;
  cause: string | null;
}

/** Answers come in the order of the requests. */
export type WriteAnswer = PackedAnswer | { error: Failure };

/** The answer to an operation, with every changed entry and every new event once. */
export interface PackedAnswer {
  /** In place of an entry or event stands its place in `entries` or `events`. */
  value: unknown;
  entries: ReadonlyArray<EntryRecord | EntryChange>;
  events: readonly EventRecord[];
  /** Absent where there are none. */
  replayed?: readonly string[];
  /** What the thread kept before this operation is not kept any more. */
  cleared?: true;
}

/** The fields of a kept entry that a write changed. */
export interface EntryChange {
  seq: number;
  patch: EntryPatch;
}

/** What the process keeps of an entry. */
export interface Mirrored {
  readonly record: EntryRecord;
}

/** New entries as rows: texts without thirty names each, which cost a third to write and to read. */
export function packInput<N extends OperationName>(name: N, input: Operations[N]['input']): unknown {
  if (name !== 'accept') return input;
  const batch = input as AcceptBatch;
  return { ...batch, entries: batch.entries.map(rowOf) };
}

export function unpackInput(name: OperationName, input: unknown): Operations[OperationName]['input'] {
  if (name !== 'accept') return input as Operations[OperationName]['input'];
  const batch = input as Omit<AcceptBatch, 'entries'> & { entries: Values[] };
  return { ...batch, entries: batch.entries.map(entryFromValues) };
}

/** `patchOf` tells what changed of a record that the process keeps, and is undefined for all others. */
export function packAnswer(
  name: OperationName,
  performed: Performed,
  patchOf: (record: EntryRecord) => EntryPatch | undefined,
): PackedAnswer {
  const { value, events, replayed } = performed;
  const replays = replayed.length === 0 ? {} : { replayed };
  const numbered = NUMBERED[name] as Numbered | undefined;
  if (numbered !== undefined) return { value: numbered.pack(value), entries: [], events: [] };
  const entries = performed.entries.map((record) => {
    const patch = patchOf(record);
    return patch === undefined ? record : { seq: record.seq, patch };
  });
  return { value: PACKED[name]?.pack(value, performed) ?? value, entries, events, ...replays };
}

/** The other way round; keeps what the thread keeps. */
export function unpackAnswer<N extends OperationName>(
  name: N,
  input: Operations[N]['input'],
  packed: PackedAnswer,
  mirror: HotEntries<Mirrored>,
): Performed<N> {
  if (packed.cleared === true) mirror.clear();
  const { events, replayed = [] } = packed;
  const numbered = NUMBERED[name] as Numbered | undefined;
  if (numbered !== undefined) {
    const performed = { entries: [], events: [], replayed, ...numbered.unpack(packed.value, input) };
    for (const record of performed.entries) mirror.put({ record });
    return performed as Performed<N>;
  }
  const entries = packed.entries.map((entry) => {
    const record = 'patch' in entry ? changed(mirror, entry) : entry;
    mirror.put({ record });
    return record;
  });
  const value = PACKED[name]?.unpack(packed.value, entries, events) ?? packed.value;
  return { value, entries, events, replayed } as Performed<N>;
}

function changed(mirror: HotEntries<Mirrored>, { seq, patch }: EntryChange): EntryRecord {
  const before = mirror.bySeq(seq)?.record;
  if (before === undefined) throw new Error(`the writer changed entry ${seq}, which is not kept here`);
  return { ...before, ...patch };
}

type Unpacked = Pick<Performed, 'value'> & Partial<Pick<Performed, 'entries' | 'events'>>;

interface Numbered {
  pack(value: unknown): unknown;
  unpack(packed: unknown, input: unknown): Unpacked;
}

type NumberedOf<N extends OperationName> = {
  pack(value: Operations[N]['value']): unknown;
  unpack(packed: unknown, input: Operations[N]['input']): Unpacked;
};

/** Operations that store what the process handed in: it has that already, and only lacks the numbers. */
const NUMBERED: { readonly [N in OperationName]?: NumberedOf<N> } = {
  accept: {
    pack: (value) => (value.outcome === 'accepted' ? value.entries.map(({ seq }) => seq) : value),
    unpack(packed, { entries: given }) {
      if (!Array.isArray(packed)) return { value: packed as AcceptResult };
      const seqs = packed as number[];
      const entries = given.map((entry, index) => ({ ...entry, seq: seqs[index] ?? 0 }));
      return { value: { outcome: 'accepted', entries }, entries };
    },
  },
  receive: {
    pack: (value) => (value.outcome === 'stored' ? value.event.seq : value),
    unpack(packed, { event: given }) {
      if (typeof packed !== 'number') return { value: packed as InboundResult };
      const event = { ...given, seq: packed };
      return { value: { outcome: 'stored', event }, events: [event] };
    },
  },
};

interface Packing {
  pack(value: unknown, performed: Performed): unknown;
  unpack(value: unknown, entries: readonly EntryRecord[], events: readonly EventRecord[]): unknown;
}

interface PackedApplied {
  outcome: Applied['outcome'];
  entry: number;
  event: number;
}

/** Operations whose values repeat entries that they changed, and events that they made; place -1: none. */
const PACKED: { readonly [N in OperationName]?: Packing } = {
  claim: {
    pack: (value, { entries }) => (value as EntryRecord[]).map((record) => entries.indexOf(record)),
    unpack: (value, entries) => (value as number[]).map((place) => entries[place]),
  },
  apply: {
    pack: (value, { entries, events }) =>
      (value as Applied[]).map((applied) => {
        if (applied.outcome !== 'applied') return applied;
        const event = applied.event === null ? -1 : events.indexOf(applied.event);
        return { outcome: applied.outcome, entry: entries.indexOf(applied.entry), event };
      }),
    unpack: (value, entries, events) =>
      (value as PackedApplied[]).map((applied) => {
        if (applied.outcome !== 'applied') return applied;
        return { outcome: applied.outcome, entry: entries[applied.entry], event: events[applied.event] ?? null };
      }),
  },
};
