/** Entries on their way to Twilio, in memory: the writer's thread and the process each keep the same ones. */

import type { EntryRecord, EntryState } from '../../core/entry.ts';

/** From acceptance to Twilio's answer an entry is written thrice within moments; after that it is left alone for long. */
const KEPT: ReadonlySet<EntryState> = new Set(['queued', 'sending']);

/** Some 10 MB of usual texts on either side. */
const MOST = 8_192;

/**
 * By `seq` and by id, of the newest {@link MOST}: each entry has one place, by its `seq`. Which ones are kept follows from the order
 * of writes alone, and both sides see that alike: so the thread need not read an entry again to change it, and tells the
 * process only what changed. No map, for the reason that `LinkedList` of the core gives.
 */
export class HotEntries<Kept extends { readonly record: EntryRecord }> {
  #places: Array<Kept | undefined> = places();
  #seqs: Record<string, number> = Object.create(null);

  bySeq(seq: number): Kept | undefined {
    const kept = this.#places[seq % MOST];
    return kept?.record.seq === seq ? kept : undefined;
  }

  byId(id: string): Kept | undefined {
    const seq = this.#seqs[id];
    return seq === undefined ? undefined : this.bySeq(seq);
  }

  /** The newest state of an entry, just written. */
  put(kept: Kept): void {
    const { seq, id, state } = kept.record;
    const place = seq % MOST;
    const before = this.#places[place];
    if (KEPT.has(state)) {
      if (before !== undefined && before.record.seq !== seq) delete this.#seqs[before.record.id];
      this.#places[place] = kept;
      this.#seqs[id] = seq;
    } else if (before?.record.seq === seq) {
      this.#places[place] = undefined;
      delete this.#seqs[id];
    }
  }

  clear(): void {
    this.#places = places();
    this.#seqs = Object.create(null);
  }
}

function places(): undefined[] {
  return Array.from({ length: MOST }, () => undefined);
}
