/** Who waits for what Twilio answers to a create: its answer is handed over by entry id, and kept only while somebody waits. */

import type { EntryRecord } from '../core/entry.ts';
import type { Clock, CreateResult, Store } from '../core/ports.ts';

export type CreateVerdict = Extract<CreateResult, { outcome: 'accepted' | 'rejected' }>;

export interface CreateWaits {
  /** What came back, before it is on disk. */
  note(id: string, result: CreateResult): void;
  /** The account's Twilio cannot be reached before then (milliseconds since the epoch); null: it can. */
  rest(account: string, until: number | null): void;
  /** It is not on disk, yet whoever waits may know: Twilio remembers what it took. */
  release(id: string): void;
  /**
   * Twilio's verdict; null when there is none within `withinMs`, or as soon as it is clear that it takes longer: the
   * sender's pace or Twilio itself has to be waited for, or the answer was not needed to settle it.
   */
  wait(id: string, withinMs: number): Promise<CreateVerdict | null>;
}

interface Waiting {
  waiters: number;
  verdict: CreateVerdict | null;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

export function createCreateWaits({ store, clock }: { store: Store; clock: Clock }): CreateWaits {
  const waiting = new Map<string, Waiting>();
  const resting = new Map<string, number>();
  let unsubscribe: (() => void) | null = null;

  function see(entry: EntryRecord): void {
    const now = clock.now();
    const rests = entry.state === 'queued' && (resting.get(entry.account) ?? now) > now;
    if (rests || isSettled(entry, now)) waiting.get(entry.id)?.settle();
  }

  function enter(id: string): Waiting {
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const entered = waiting.get(id) ?? { waiters: 0, verdict: null, settled, settle };
    entered.waiters += 1;
    waiting.set(id, entered);
    unsubscribe ??= store.onCommit(({ entries }) => entries.forEach(see));
    return entered;
  }

  function leave(id: string, entered: Waiting): void {
    entered.waiters -= 1;
    if (entered.waiters === 0) waiting.delete(id);
    if (waiting.size > 0) return;
    unsubscribe?.();
    unsubscribe = null;
  }

  return {
    note(id, result) {
      const entered = waiting.get(id);
      if (entered !== undefined && (result.outcome === 'accepted' || result.outcome === 'rejected'))
        entered.verdict = result;
    },
    rest(account, until) {
      if (until === null) resting.delete(account);
      else resting.set(account, until);
    },
    release(id) {
      const entered = waiting.get(id);
      if (entered?.verdict !== null) entered?.settle();
    },
    async wait(id, withinMs) {
      // Listens first and looks then, so that nothing falls between the two.
      const entered = enter(id);
      const patience = new AbortController();
      const end = clock.sleep(withinMs, patience.signal).catch(() => undefined);
      try {
        const entry = await store.entry({ id });
        if (entry !== null) see(entry);
        await Promise.race([entered.settled, end]);
        return entered.verdict;
      } finally {
        patience.abort();
        leave(id, entered);
      }
    },
  };
}

/** Nothing more is to be had by waiting a little: it ended, is with Twilio, or has to wait for a time still to come. */
function isSettled({ state, dueAt }: EntryRecord, now: number): boolean {
  if (state === 'queued') return dueAt !== null && dueAt > now;
  return state !== 'sending' && state !== 'unknown';
}
