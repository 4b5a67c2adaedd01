/** Waiting for many entries over one live stream; polls with backoff where the stream breaks. */

import type { Entry } from '../core/entry.ts';
import type { Clock, Random, WaitUntil } from '../core/ports.ts';
import type { GatewayClient } from './client.ts';
import type { StreamFrame } from './frames.ts';
import { reached } from '../core/entry.ts';
import { TollboardError } from '../core/errors.ts';
import { backoffMs } from '../core/retry.ts';
import { isFatal } from './fatal.ts';

export interface FollowerOptions {
  client: GatewayClient;
  clock: Clock;
  random: Random;
  /** The entry as it stands; null when unknown. */
  fetch(id: string, signal?: AbortSignal): Promise<Entry | null>;
}

export interface Follower {
  wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry>;
  close(): void;
}

const STREAM = '/api/v1/stream?bodies=true';
/** Times in a row that the gateway could not be asked at all (about a minute together) until the waits give up. */
const MAX_FAILURES = 10;
/** The pauses between tries grow to about eight seconds. */
const LONGEST_STEP = 5;
/** Entries fetched at a time after a stream was opened. */
const FETCHES = 8;

interface Waiter {
  id: string;
  until: WaitUntil;
  resolve(entry: Entry): void;
  reject(error: unknown): void;
}

export function createFollower(options: FollowerOptions): Follower {
  return new StreamFollower(options);
}

class StreamFollower implements Follower {
  readonly #options: FollowerOptions;
  /** By the id that was asked for, which may be Twilio's SID. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Of the stream under way; null while nobody waits. */
  #running: AbortController | null = null;
  /** True while the stream is open: changes from then on are seen. */
  #open = false;
  /** Ends the stream under way. */
  #stale: AbortController | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry> {
    const { fetch } = this.#options;
    let away: unknown = null;
    const now = await fetch(id).catch((error: unknown) => {
      if (this.#fatal(error) || signal?.aborted === true) throw error;
      away = error;
      return null;
    });
    if (now === null && away === null) throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
    if (now !== null && (reached(now, until) || signal?.aborted === true)) return now;
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    const waiter: Waiter = { id, until, resolve, reject };
    this.#add(waiter);
    // Given up: as it stands now, or as last seen where the gateway cannot be asked any more.
    const give = () =>
      void fetch(id)
        .catch(() => null)
        .then((last) => {
          const entry = last ?? now;
          if (entry === null) reject(away);
          else resolve(entry);
        });
    signal?.addEventListener('abort', give, { once: true });
    if (this.#open) {
      this.#refresh(waiter).catch((error: unknown) => {
        if (this.#fatal(error)) reject(error);
        // The next stream begins with another look at everything.
        else this.#stale?.abort();
      });
    } else this.#run();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', give);
      this.#remove(waiter);
    }
  }

  close(): void {
    const error = new DOMException('The messenger was closed.', 'AbortError');
    for (const waiter of this.#all()) waiter.reject(error);
    this.#waiting.clear();
    this.#running?.abort();
  }

  #add(waiter: Waiter): void {
    const set = this.#waiting.get(waiter.id) ?? new Set();
    this.#waiting.set(waiter.id, set.add(waiter));
  }

  #remove(waiter: Waiter): void {
    const set = this.#waiting.get(waiter.id);
    set?.delete(waiter);
    if (set?.size === 0) this.#waiting.delete(waiter.id);
    if (this.#waiting.size === 0) this.#running?.abort();
  }

  #run(): void {
    if (this.#running !== null) return;
    const running = new AbortController();
    this.#running = running;
    void this.#follow(running.signal)
      .catch((error: unknown) => {
        for (const waiter of this.#all()) waiter.reject(error);
      })
      .finally(() => {
        this.#running = null;
        // Somebody came while the last one left.
        if (this.#waiting.size > 0 && running.signal.aborted) this.#run();
      });
  }

  /** Ends when nobody waits; throws when the gateway refuses, or stays away too long. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#stream(signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (this.#fatal(error)) throw error;
        // Perhaps only streams are refused: then this is a poll.
        await this.#refreshAll().catch((away: unknown) => {
          if (failures >= MAX_FAILURES || this.#fatal(away)) throw away;
        });
      }
      const pause = backoffMs(Math.min(failures + 1, LONGEST_STEP), random.number());
      if (!signal.aborted) await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  async #stream(signal: AbortSignal, opened: () => void): Promise<void> {
    const over = new AbortController();
    this.#stale = over;
    try {
      const frames = await this.#options.client.stream(STREAM, AbortSignal.any([signal, over.signal]));
      this.#open = true;
      opened();
      await Promise.all([this.#refreshAll(), this.#read(frames)]);
    } finally {
      this.#open = false;
      over.abort();
    }
  }

  async #read(frames: AsyncIterable<StreamFrame>): Promise<void> {
    for await (const { event, data } of frames) if (event === 'entry') this.#tell(JSON.parse(data) as Entry);
  }

  /** What changed before the stream was open. */
  async #refreshAll(): Promise<void> {
    const waiters = this.#all();
    const worker = async () => {
      for (let waiter = waiters.pop(); waiter !== undefined; waiter = waiters.pop()) await this.#refresh(waiter);
    };
    await Promise.all(Array.from({ length: FETCHES }, worker));
  }

  async #refresh(waiter: Waiter): Promise<void> {
    const entry = await this.#options.fetch(waiter.id);
    if (entry !== null && reached(entry, waiter.until)) waiter.resolve(entry);
  }

  #tell(entry: Entry): void {
    for (const id of [entry.id, entry.sid]) {
      for (const waiter of this.#waiting.get(id ?? '') ?? []) if (reached(entry, waiter.until)) waiter.resolve(entry);
    }
  }

  #fatal(error: unknown): boolean {
    return isFatal(error, this.#options.client);
  }

  #all(): Waiter[] {
    return [...this.#waiting.values()].flatMap((set) => [...set]);
  }
}
