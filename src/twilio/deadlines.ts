/** Time-outs for many requests at once on one Clock: one sleep for all of the same length, not one each. */

import type { Clock } from '../core/ports.ts';
import { LinkedList } from '../core/linked-list.ts';

export interface Deadlines {
  /** Calls `expire` once after `ms`, unless the returned function was called before. */
  after(ms: number, expire: () => void): () => void;
  /** Forgets all of them. */
  clear(): void;
}

/** Made once: an abort without a reason makes an exception with a stack each time. */
const STOPPED = new Error('stopped');

interface Item {
  startedAt: number;
  readonly expire: () => void;
  /** From its queue; false where it is gone. */
  remove(): boolean;
}

interface Queue {
  readonly ms: number;
  readonly items: LinkedList<Item>;
  watch: AbortController | null;
}

/**
 * Items of one length expire in the order in which they came, so only the first needs a sleep. With none left nothing is
 * pending, so an idle process can end. A clock that jumps back delays an item by at most its own length.
 */
export function createDeadlines(clock: Clock): Deadlines {
  const queues = new Map<number, Queue>();
  return {
    after(ms, expire) {
      const queue = queues.get(ms) ?? { ms, items: new LinkedList<Item>(), watch: null };
      const { items } = queue;
      queues.set(ms, queue);
      const item: Item = { startedAt: clock.now(), expire, remove: () => remove() };
      const remove = items.add(item);
      if (queue.watch === null) void watch(queue, clock);
      return () => {
        if (remove() && items.first === undefined) stop(queue);
      };
    },
    clear() {
      for (const queue of queues.values()) {
        for (const item of queue.items.values()) item.remove();
        stop(queue);
      }
    },
  };
}

async function watch(queue: Queue, clock: Clock): Promise<void> {
  const controller = new AbortController();
  const { ms, items } = queue;
  queue.watch = controller;
  try {
    for (let head = items.first; head !== undefined; head = items.first) {
      await clock.sleep(Math.min(ms, Math.max(0, head.startedAt + ms - clock.now())), controller.signal);
      expireDue(queue, head, clock.now());
    }
    queue.watch = null;
  } catch {
    // Stopped: nothing is left to wait for, or another watch took over.
  }
}

function expireDue(queue: Queue, head: Item, now: number): void {
  const due = [head]; // it slept its time by this clock, whatever `now` says since
  for (const item of queue.items.values()) {
    if (item.startedAt > now) item.startedAt = now;
    else if (item !== head && item.startedAt + queue.ms <= now) due.push(item);
  }
  for (const item of due) if (item.remove()) item.expire();
}

function stop(queue: Queue): void {
  queue.watch?.abort(STOPPED);
  queue.watch = null;
}
