/** Status callbacks in the order and number that a simulated Twilio sends them: chained, bounded, disturbed on demand. */

import type { Logger } from '../core/ports.ts';
import type { CallbackRequest, CallbackResult, CallbackSender } from './callback-request.ts';
import type { SimulatorClock } from './clock.ts';

/** What goes wrong with one callback. */
export type Disturbance = { kind: 'lost' | 'duplicated' | 'reordered' } | { kind: 'delayed'; delayMs: number };

export interface Callbacks {
  /** Sends and waits for the answer. Never throws. */
  request(request: CallbackRequest): Promise<CallbackResult>;
  /** Queues a status callback; those of one `chain` (a SID) go one after the other. */
  send(chain: string, request: CallbackRequest, disturbance: Disturbance | null): void;
  /** Queued and under way; not those that wait for their time. */
  pending(): number;
  /** Resolves when none is pending. */
  idle(): Promise<void>;
  start(): void;
  /** Drops what is queued and aborts what is under way. */
  stop(): void;
}

const MAX_IN_FLIGHT = 64;
const MAX_QUEUED = 1_000_000;
const REORDER_MS = 1000;

export interface CallbackOptions {
  sender: CallbackSender;
  /** Time of delays and reordering. */
  clock: SimulatorClock;
  logger: Logger;
}

export function createCallbacks({ sender, clock, logger }: CallbackOptions): Callbacks {
  const queue = createQueue<{ chain: string; request: CallbackRequest }>();
  const busy = new Set<string>();
  const waiting = new Map<string, CallbackRequest[]>();
  const held = new Map<string, CallbackRequest>();
  let inFlight = 0;
  let direct = 0;
  let stopped = new AbortController();
  let idlers: Array<() => void> = [];

  async function request(callback: CallbackRequest): Promise<CallbackResult> {
    const { signal } = stopped;
    const result = await sender.request(callback, signal);
    // What our own stop cut off is nobody's fault.
    if (result.errorCode !== null && !signal.aborted) {
      const { status, attempts, errorCode } = result;
      logger.warn({ host: hostOf(callback.url), status, attempts, errorCode }, 'a callback was not taken');
    }
    return result;
  }

  function enqueue(chain: string, callback: CallbackRequest): void {
    if (queue.size() >= MAX_QUEUED) {
      logger.warn({ queued: queue.size() }, 'a callback was dropped: too many are waiting');
      return;
    }
    if (busy.has(chain)) {
      const after = waiting.get(chain);
      if (after === undefined) waiting.set(chain, [callback]);
      else after.push(callback);
      return;
    }
    busy.add(chain);
    queue.push({ chain, request: callback });
    pump();
  }

  function pump(): void {
    while (inFlight < MAX_IN_FLIGHT) {
      const next = queue.shift();
      if (next === undefined) break;
      inFlight += 1;
      request(next.request).then(
        () => settled(next.chain),
        () => settled(next.chain),
      );
    }
    wake();
  }

  function settled(chain: string): void {
    inFlight -= 1;
    const after = waiting.get(chain);
    const next = after?.shift();
    if (after?.length === 0) waiting.delete(chain);
    if (next === undefined) busy.delete(chain);
    else queue.push({ chain, request: next });
    pump();
  }

  function pending(): number {
    return queue.size() + inFlight + direct + waiting.size;
  }

  function wake(): void {
    if (idlers.length === 0 || pending() > 0) return;
    const ready = idlers;
    idlers = [];
    for (const resolve of ready) resolve();
  }

  function release(chain: string): void {
    const callback = held.get(chain);
    if (callback === undefined) return;
    held.delete(chain);
    enqueue(chain, callback);
  }

  /** Reordering keeps a callback back until the next one of its chain has gone, or a second has passed. */
  function hold(chain: string, callback: CallbackRequest): void {
    release(chain);
    held.set(chain, callback);
    clock.at(clock.now() + REORDER_MS, () => {
      if (held.get(chain) === callback) release(chain);
    });
  }

  return {
    async request(callback) {
      direct += 1;
      try {
        return await request(callback);
      } finally {
        direct -= 1;
        wake();
      }
    },
    send(chain, callback, disturbance) {
      if (disturbance?.kind === 'lost') return;
      if (disturbance?.kind === 'reordered' && !held.has(chain)) return hold(chain, callback);
      if (disturbance?.kind === 'delayed') {
        clock.at(clock.now() + disturbance.delayMs, () => enqueue(chain, callback));
        return;
      }
      enqueue(chain, callback);
      if (disturbance?.kind === 'duplicated') enqueue(chain, callback);
      release(chain);
    },
    pending,
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        wake();
      }),
    start() {
      stopped = new AbortController();
    },
    stop() {
      queue.clear();
      waiting.clear();
      held.clear();
      busy.clear();
      stopped.abort();
      sender.close();
      wake();
    },
  };
}

interface Queue<T> {
  push(item: T): void;
  shift(): T | undefined;
  size(): number;
  clear(): void;
}

/** First in, first out, without moving what waits on every take. */
function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    shift() {
      const item = items[head];
      head += 1;
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      } else if (head >= items.length) {
        items = [];
        head = 0;
      }
      return item;
    },
    size: () => items.length - head,
    clear() {
      items = [];
      head = 0;
    },
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'invalid';
}
