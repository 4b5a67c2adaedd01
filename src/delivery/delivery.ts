/** Delivery as one thing that starts and stops: outbox worker, reconciler, tracker, forwarder, upkeep. */

import type { EntryState } from '../core/entry.ts';
import type { Clock, CreateResult, Logger, Random, Retention, Store, TwilioAccount } from '../core/ports.ts';
import type { CreateWaits } from './create-waits.ts';
import type { ForwarderOptions } from './forwarder.ts';
import type { DueLoop } from './loop.ts';
import type { OutboxWorkerOptions } from './outbox-worker.ts';
import { startForwarder } from './forwarder.ts';
import { startOutboxWorker } from './outbox-worker.ts';
import { startReconciler } from './reconciler.ts';
import { startTracker } from './tracker.ts';
import { startUpkeep } from './upkeep.ts';

export interface DeliveryOptions {
  store: Store;
  /** Configured accounts by SID. */
  accounts: ReadonlyMap<string, TwilioAccount>;
  clock: Clock;
  random: Random;
  logger: Logger;
  concurrency: number;
  windowMs: number;
  retention: Retention;
  claim: OutboxWorkerOptions['claim'];
  callbackBase(account: string): string | null;
  sign: ForwarderOptions['sign'];
  post: ForwarderOptions['post'];
  waits: CreateWaits;
  onResult(outcome: CreateResult['outcome'], seconds: number): void;
}

export interface Delivery {
  /** Looks at once for what is to be sent. */
  hurry(): void;
  /** Answers under way are waited for (10 s), then everything has stopped. May be called twice. */
  stop(): Promise<void>;
}

const INTERRUPTED_AT_ONCE = 500;

/** Starts when what the last run left behind is in order: due times fit the clock, requests under way are `unknown`. */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { store, clock, logger } = options;
  const moved = await store.rebase(clock.now());
  if (moved > 0) logger.warn({ moved }, 'the clock is behind what was written last; due times moved with it');
  const restored = await store.recoverCopy(clock.now());
  if (restored > 0)
    logger.warn({ entries: restored }, 'the database is a copy; what it had to send is looked for first');
  await recover(options);
  const loops = [
    startOutboxWorker(options),
    startReconciler(options),
    startTracker(options),
    startForwarder(options),
  ] as const;
  const wake = () => {
    for (const loop of loops) loop.wake();
  };
  const [outbox, reconciler, tracker, forwarder] = loops;
  const loopOf: Partial<Record<EntryState, DueLoop>> = {
    queued: outbox,
    scheduled: outbox,
    unknown: reconciler,
    sent: tracker,
  };
  const upkeep = startUpkeep({ ...options, onClockSetBack: wake });
  const unsubscribe = store.onCommit(({ entries, events }) => {
    for (const { state, dueAt } of entries) loopOf[state]?.wake(dueAt ?? undefined);
    // An end that Twilio never heard of is told without an event.
    const told = events.some(({ entryId }) => entryId !== null);
    if (told || entries.some(({ params }) => params.statusCallback !== undefined)) forwarder.wake();
  });
  let stopped: Promise<void> | null = null;
  return {
    hurry: () => outbox.wake(),
    stop() {
      stopped ??= (async () => {
        await Promise.all([...loops.map((loop) => loop.stop()), upkeep.stop()]);
        unsubscribe();
      })();
      return stopped;
    },
  };
}

/** Entries found in `sending` at start: their request may have left, so they are looked for before anything else. */
async function recover({ store, clock, logger }: DeliveryOptions): Promise<void> {
  for (;;) {
    const entries = await store.inState('sending', INTERRUPTED_AT_ONCE);
    if (entries.length === 0) return;
    const changes = entries.map(({ id }) => ({ key: { id }, fact: { type: 'interrupted' } as const }));
    await store.apply(changes, clock.now());
    logger.warn(
      { entries: entries.length },
      'the last run ended while requests were under way; their outcome is looked for',
    );
  }
}
