/** The writing half of a store, over whatever runs its operations; and the listeners that learn of commits. */

import type { Commit, Random, Store } from '../core/ports.ts';
import type { OperationName, Operations } from './operations.ts';
import type { PrunedTable } from './tables.ts';
import { mintId } from '../core/mint-id.ts';

/** Runs one operation durably; rejects when nothing of it was written. */
export type Write = <N extends OperationName>(
  name: N,
  input: Operations[N]['input'],
) => Promise<Operations[N]['value']>;

export type StoreWrites = Pick<
  Store,
  | 'accept'
  | 'claim'
  | 'apply'
  | 'rebase'
  | 'recoverCopy'
  | 'slow'
  | 'addEvent'
  | 'receive'
  | 'keepAnswer'
  | 'subscribe'
  | 'keep'
  | 'replay'
  | 'setOptOut'
  | 'settleForward'
  | 'addToken'
  | 'revokeToken'
  | 'noteAccount'
  | 'prune'
>;

export function createWrites(write: Write, random: Random): StoreWrites {
  return {
    accept: (batch) => write('accept', batch),
    claim: (query) => write('claim', query),
    apply(changes, now) {
      const eventIds = changes.map(({ fact }) => (fact.type === 'status' ? mintId('EV', now, random) : null));
      return write('apply', { changes, now, eventIds });
    },
    rebase: (now) => write('rebase', { now }),
    recoverCopy: (now) => write('recoverCopy', { now }),
    slow: (sender, configured, now) => write('slow', { sender, configured, now }),
    addEvent(draft, simulated, now) {
      return write('addEvent', {
        ...draft,
        id: mintId('EV', now, random),
        at: now,
        entryId: draft.data.entryId ?? null,
        simulated,
      });
    },
    receive({ keys, data, form, simulated }, now) {
      const event = {
        id: mintId('EV', now, random),
        type: 'twilio_data_received',
        at: now,
        entryId: null,
        data,
        ...(form === undefined ? {} : { form }),
        simulated,
      } as const;
      return write('receive', { keys, event });
    },
    async keepAnswer(eventSeq, answer) {
      await write('keepAnswer', { eventSeq, answer });
    },
    async subscribe(consumers) {
      await write('subscribe', { consumers });
    },
    keep: (keeping) => write('keep', keeping),
    replay: (eventSeq, consumers) => write('replay', { eventSeq, consumers: consumers ?? null }),
    async setOptOut(account, sender, recipient, until) {
      await write('setOptOut', { account, sender, recipient, until });
    },
    async settleForward(seq, retryAt) {
      await write('settleForward', { seq, retryAt });
    },
    async addToken(token) {
      await write('addToken', token);
    },
    revokeToken: (sid, now) => write('revokeToken', { sid, now }),
    async noteAccount(account, simulated, now) {
      await write('noteAccount', { account, simulated, now });
    },
    async prune({ messagesMs, eventsMs, idempotencyMs }, now) {
      return (
        (await pruneTable(write, 'entries', now - messagesMs)) +
        (await pruneTable(write, 'events', now - eventsMs)) +
        (await pruneTable(write, 'idempotency', now - idempotencyMs))
      );
    },
  };
}

/** Listeners in the order they came; each commit reaches all before the next one. */
export class Listeners {
  readonly #listeners = new Set<(commit: Commit) => void>();

  add(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells what an operation changed. What a listener throws must not undo or delay what is on disk: it surfaces on its own. */
  tell(commit: Commit): void {
    if (commit.entries.length + commit.events.length + commit.replayed.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(commit);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Chunk by chunk, each a write of its own, so that others get their turn in between. */
async function pruneTable(write: Write, table: PrunedTable, olderThan: number): Promise<number> {
  let removed = 0;
  for (let after: number | null = 0; after !== null; ) {
    const chunk: Operations['prune']['value'] = await write('prune', { table, olderThan, after });
    removed += chunk.removed;
    after = chunk.next;
  }
  return removed;
}
