/** One sink at work: its events in their order, each until it was taken or is given up, whatever happens in between. */

import type { Delivery, Keeping } from '../core/consumer.ts';
import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger, Random, Store } from '../core/ports.ts';
import type { SinkSettings } from '../core/sinks.ts';
import type { Outcome } from './outcome.ts';
import type { Progress, Retry } from './progress.ts';
import { wantsEvent } from '../core/sinks.ts';
import { consumerOf, deadRecord, deadRecords, MOST_DEAD, progressRecord, readProgress, retryOf } from './progress.ts';
import { nextTryMs } from './retry.ts';

export interface WorkerOptions {
  sink: SinkSettings;
  store: Store;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** One try. Rejects only with the signal's reason. */
  send(event: EventRecord, signal: AbortSignal): Promise<Outcome>;
  /** A try ended so: `delivered`, `failed` or `dead`. */
  onTry(result: 'delivered' | 'failed' | 'dead'): void;
}

export interface Worker {
  readonly sink: SinkSettings;
  readonly sending: boolean;
  readonly progress: Progress;
  /** There may be something to do. */
  wake(): void;
  /** Tries at once what waits for its next try. */
  hurry(): void;
  /** Lets the try under way end, for some seconds. May be called twice. */
  stop(): Promise<void>;
}

/** Events taken at a time. */
const BATCH = 100;
/** Without news it still looks this often. */
const LONGEST_NAP_MS = 30_000;
/** After an error of the store (locked, full) it tries again this much later. */
const PAUSE_MS = 1000;
/** How long a stop waits for the try under way; an event whose try was cut off is tried again after the next start. */
const GRACE_MS = 5000;

const WOKEN = new Error('woken');
const STOPPED = new DOMException('The gateway stops.', 'AbortError');

/** Begins where the last start ended. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { store, sink } = options;
  const progress = await readProgress(store, sink.name);
  const waiting = await store.deliveries(consumerOf(sink.name), BATCH);
  // In a copy of the data, and where the sink was away from the file, nothing waits any more.
  const stale = !waiting.some((delivery) => retryOf(progress, delivery) !== null);
  const worker = new SinkWorker(options, stale ? { ...progress, failingSince: null, retry: null } : progress);
  worker.begin();
  return worker;
}

class SinkWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #startedAt: number;
  #progress: Progress;
  #sending = false;
  #stopping = false;
  #nap: AbortController | null = null;
  /** What the nap under way, or the next one, is for. */
  #waitsFor: 'news' | 'retry' | null = null;
  #news = false;
  readonly #cut = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions, progress: Progress) {
    this.#options = options;
    this.#progress = progress;
    this.#startedAt = options.clock.now();
  }

  get sink(): SinkSettings {
    return this.#options.sink;
  }

  get sending(): boolean {
    return this.#sending;
  }

  get progress(): Progress {
    return this.#progress;
  }

  begin(): void {
    this.#ended = this.#run();
  }

  wake(): void {
    this.#news = true;
    if (this.#waitsFor === 'news') this.#nap?.abort(WOKEN);
  }

  hurry(): void {
    this.#news = true;
    this.#nap?.abort(WOKEN);
  }

  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#nap?.abort(STOPPED);
      const over = new AbortController();
      this.#options.clock.sleep(GRACE_MS, over.signal).then(
        () => this.#cut.abort(STOPPED),
        () => undefined,
      );
      void this.#ended.finally(() => over.abort());
    }
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { store, sink, logger } = this.#options;
    while (!this.#stopping) {
      try {
        this.#news = false;
        const deliveries = await store.deliveries(consumerOf(sink.name), BATCH);
        const done = await this.#hand(deliveries);
        if (done && deliveries.length < BATCH && !this.#news) await this.#sleep(LONGEST_NAP_MS, 'news');
      } catch (error) {
        if (this.#stopping) return;
        logger.warn(
          { sink: sink.name, error: String(error) },
          'a sink could not go on with its events; it tries again',
        );
        await this.#sleep(PAUSE_MS, 'retry');
      }
    }
  }

  /** False when it did not get through them: what is left has to be read again. */
  async #hand(deliveries: readonly Delivery[]): Promise<boolean> {
    const passed: Delivery[] = [];
    for (const delivery of deliveries) {
      if (wantsEvent(this.sink, delivery.event)) {
        // What it does not want is settled along: a write of its own for each would cost more than the event.
        if (!(await this.#see(delivery, passed.splice(0)))) return false;
      } else passed.push(delivery);
    }
    return passed.length === 0 || this.#keep({ settle: passed.map(settled) });
  }

  /** Tries until it was taken or is given up; false when stopped before, or when somebody else settled it. */
  async #see(delivery: Delivery, passed: readonly Delivery[]): Promise<boolean> {
    const { clock } = this.#options;
    const settle = [...passed, delivery].map(settled);
    for (;;) {
      const before = retryOf(this.#progress, delivery);
      if (before !== null) {
        // The clock may have been set back since: never longer than the longest step there is.
        const wait = Math.min(before.nextAt - clock.now(), LONGEST_WAIT_MS);
        if (wait > 0) await this.#sleep(wait, 'retry');
      }
      if (this.#stopping) return false;
      const outcome = await this.#try(delivery.event);
      if (outcome === null) return false;
      const { progress, dead } = this.#judge(delivery, before, outcome);
      const over = outcome.taken || dead;
      const kept = await this.#keep({
        put: [
          progressRecord(this.sink.name, progress),
          ...(dead && !outcome.taken ? [this.#letter(delivery, before, outcome)] : []),
        ],
        ...(dead ? { remove: await this.#oldLetters() } : {}),
        ...(over ? { settle } : {}),
      });
      if (!kept) return false;
      this.#progress = progress;
      if (over) return true;
    }
  }

  async #try(event: EventRecord): Promise<Outcome | null> {
    this.#sending = true;
    try {
      return await this.#options.send(event, this.#cut.signal);
    } catch (error) {
      if (this.#cut.signal.aborted) return null;
      throw error;
    } finally {
      this.#sending = false;
    }
  }

  /** Where the sink stands after a try. */
  #judge(delivery: Delivery, before: Retry | null, outcome: Outcome): { progress: Progress; dead: boolean } {
    const { sink, clock, random, logger, onTry } = this.#options;
    const { event, replay } = delivery;
    const now = clock.now();
    if (outcome.taken) {
      onTry('delivered');
      const delivered = this.#progress.delivered + 1;
      return { progress: { delivered, lastDeliveredAt: now, failingSince: null, retry: null }, dead: false };
    }
    const { refused, error, retryAfterMs } = outcome;
    const attempts = (before?.attempts ?? 0) + 1;
    const refusals = (before?.refusals ?? 0) + (refused ? 1 : 0);
    const since = before?.since ?? (replay === null ? event.at : now);
    const failingSince = refused ? null : (this.#progress.failingSince ?? now);
    const wait = nextTryMs({ attempts, refusals }, sink, {
      since,
      failingSince: failingSince ?? now,
      startedAt: this.#startedAt,
      now,
      random: random.number(),
      retryAfterMs,
    });
    const dead = wait === null;
    onTry(dead ? 'dead' : 'failed');
    const facts = { sink: sink.name, event: event.id, attempts, code: error.code, reason: error.message };
    logger.warn(
      facts,
      dead
        ? 'a sink did not take an event, which is a dead letter now'
        : 'a sink did not take an event; it is tried again',
    );
    const retry = dead
      ? null
      : { eventSeq: event.seq, replay, event: event.id, attempts, refusals, since, nextAt: now + wait, error };
    return { progress: { ...this.#progress, failingSince, retry }, dead };
  }

  #letter(delivery: Delivery, before: Retry | null, { error }: Extract<Outcome, { taken: false }>) {
    const attempts = (before?.attempts ?? 0) + 1;
    return deadRecord(this.sink.name, delivery, { diedAt: this.#options.clock.now(), attempts, error });
  }

  async #oldLetters() {
    const kept = await deadRecords(this.#options.store, this.sink.name);
    return kept.slice(0, Math.max(0, kept.length - MOST_DEAD + 1));
  }

  /** Until it is on disk, so that an event that was taken is not sent again for want of space. */
  async #keep(keeping: Keeping): Promise<boolean> {
    const { store, sink, logger, clock } = this.#options;
    for (;;) {
      try {
        return await store.keep(keeping);
      } catch (error) {
        if (this.#stopping) throw error;
        logger.warn(
          { sink: sink.name, error: String(error) },
          'what came of an event could not be kept; it is kept later',
        );
        await clock.sleep(PAUSE_MS, this.#cut.signal).catch(() => undefined);
      }
    }
  }

  async #sleep(ms: number, waitsFor: 'news' | 'retry'): Promise<void> {
    if (this.#stopping) return;
    this.#nap = new AbortController();
    this.#waitsFor = waitsFor;
    // Woken or stopped; both are looked at by whoever slept.
    await this.#options.clock.sleep(Math.max(1, ms), this.#nap.signal).catch(() => undefined);
    this.#nap = null;
    this.#waitsFor = null;
  }
}

/** See retry.ts: the longest that a receiver may ask for. */
const LONGEST_WAIT_MS = 3_600_000;

function settled({ consumer, replay, event }: Delivery) {
  return { consumer, replay, eventSeq: event.seq };
}
