/** Entries on their way to Twilio, in memory: the writer's thread and the process each keep the same ones. */

import type { EntryRecord, EntryState } from '../../core/entry.ts';

/** From acceptance to Twilio's answer an entry is written thrice within moments; after that it is left alone for long. */
const KEPT: ReadonlySet<EntryState> = new Set(['queued', 'sending']);

/** Some 10 MB of usual texts on either side; beyond, the one kept longest goes first. */
const MOST = 8_192;

/**
 * By `seq` and by id. Which ones are kept follows from the order of writes alone, and both sides see
 * that alike: so the thread need not read an entry again to change it, and tells the process only what changed.
 */
export class HotEntries<Kept extends { readonly record: EntryRecord }> {
  /** Kept longest first. */
  readonly #kept = new Map<number, Kept>();
  readonly #seqs = new Map<string, number>();

  bySeq(seq: number): Kept | undefined {
    return this.#kept.get(seq);
  }

  byId(id: string): Kept | undefined {
    const seq = this.#seqs.get(id);
    return seq === undefined ? undefined : this.#kept.get(seq);
  }

  /** The newest state of an entry, just written. */
  put(kept: Kept): void {
    const { seq, id, state } = kept.record;
    if (KEPT.has(state)) {
      this.#kept.set(seq, kept);
      this.#seqs.set(id, seq);
      if (this.#kept.size > MOST) this.#dropFirst();
    } else if (this.#kept.delete(seq)) this.#seqs.delete(id);
  }

  clear(): void {
    this.#kept.clear();
    this.#seqs.clear();
  }

  #dropFirst(): void {
    for (const [seq, { record }] of this.#kept) {
      this.#kept.delete(seq);
      this.#seqs.delete(record.id);
      return;
    }
  }
}
