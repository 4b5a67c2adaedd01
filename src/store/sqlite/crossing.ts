/**
 * What crosses between the process and the writer's thread. Both ways it is one JSON text per batch, which costs half of
 * cloning the objects; and of an entry that both sides keep only the changed fields cross back.
 */

import type { EntryRecord } from '../../core/entry.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { EventRecord } from '../../core/event.ts';
import type { EntryPatch } from '../../core/outbox.ts';
import type { AcceptBatch, AcceptResult, Applied } from '../../core/ports.ts';
import type { OperationName, Operations, Performed } from '../operations.ts';
import type { HotEntries } from './hot-entries.ts';

/** An operation on its way to the thread. `at` is the process's monotonic time in milliseconds when it was asked for. */
export interface WriteRequest {
  number: number;
  at: number;
  name: OperationName;
  input: Operations[OperationName]['input'];
}

export interface Failure {
  code: ErrorCode;
  message: string;
  details: Record<string, unknown>;
  cause: string | null;
}

export type WriteAnswer = PackedAnswer | { number: number; error: Failure };

/** The answer to an operation, with every changed entry once. */
export interface PackedAnswer {
  number: number;
  /** In place of an entry stands its place in `entries`. */
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

/** `patchOf` tells what changed of a record that the process keeps, and is undefined for all others. */
export function packAnswer(
  number: number,
  name: OperationName,
  performed: Performed,
  patchOf: (record: EntryRecord) => EntryPatch | undefined,
): PackedAnswer {
  const { value, events, replayed } = performed;
  const replays = replayed.length === 0 ? {} : { replayed };
  // The process has the entries that it handed in; it only lacks their numbers.
  if (name === 'accept') return { number, value: packAccepted(value as AcceptResult), entries: [], events };
  const entries = performed.entries.map((record) => {
    const patch = patchOf(record);
    return patch === undefined ? record : { seq: record.seq, patch };
  });
  const places = new Map(performed.entries.map((record, place) => [record, place]));
  return { number, value: PACKED[name]?.pack(value, places) ?? value, entries, events, ...replays };
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
  if (name === 'accept') {
    const value = unpackAccepted(packed.value, input as AcceptBatch);
    const entries = value.outcome === 'accepted' ? value.entries : [];
    for (const record of entries) mirror.put({ record });
    return { value, entries, events, replayed } as Performed<N>;
  }
  const entries = packed.entries.map((entry) => {
    const record = 'patch' in entry ? changed(mirror, entry) : entry;
    mirror.put({ record });
    return record;
  });
  const value = PACKED[name]?.unpack(packed.value, entries) ?? packed.value;
  return { value, entries, events, replayed } as Performed<N>;
}

function changed(mirror: HotEntries<Mirrored>, { seq, patch }: EntryChange): EntryRecord {
  const before = mirror.bySeq(seq)?.record;
  if (before === undefined) throw new Error(`the writer changed entry ${seq}, which is not kept here`);
  return { ...before, ...patch };
}

function packAccepted(value: AcceptResult): unknown {
  return value.outcome === 'accepted' ? value.entries.map(({ seq }) => seq) : value;
}

function unpackAccepted(value: unknown, { entries }: AcceptBatch): AcceptResult {
  if (!Array.isArray(value)) return value as AcceptResult;
  const seqs = value as number[];
  return { outcome: 'accepted', entries: entries.map((entry, index) => ({ seq: seqs[index] ?? 0, ...entry })) };
}

interface Packing {
  pack(value: unknown, places: ReadonlyMap<EntryRecord, number>): unknown;
  unpack(value: unknown, entries: readonly EntryRecord[]): unknown;
}

/** Operations whose values repeat entries that they changed. */
const PACKED: { readonly [N in OperationName]?: Packing } = {
  claim: {
    pack: (value, places) => (value as EntryRecord[]).map((record) => places.get(record)),
    unpack: (value, entries) => (value as number[]).map((place) => entries[place]),
  },
  apply: {
    pack: (value, places) =>
      (value as Applied[]).map((applied) =>
        applied.outcome === 'applied' ? { ...applied, entry: places.get(applied.entry) } : applied,
      ),
    unpack: (value, entries) =>
      (value as Array<Applied & { entry: number }>).map((applied) =>
        applied.outcome === 'applied' ? { ...applied, entry: entries[applied.entry] } : applied,
      ),
  },
};
