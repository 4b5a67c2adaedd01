/** The outbox worker: claims due entries (intent on disk), posts them to Twilio, records what came back. */

import type { EntryRecord } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Fact } from '../core/outbox.ts';
import type { ClaimQuery, Clock, CreateResult, Logger, Random, Store, TwilioAccount } from '../core/ports.ts';
import type { CreateWaits } from './create-waits.ts';
import type { DueLoop } from './loop.ts';
import { errorReport } from '../core/errors.ts';
import { LEARNED_OPT_OUT_MS } from '../core/policy/opt-out.ts';
import { backoffMs } from '../core/retry.ts';
import { senderKey } from '../core/throttle.ts';
import { createForm } from './create-form.ts';
import { startDueLoop } from './loop.ts';
import { createTwilioTimes } from './twilio-times.ts';

export interface OutboxWorkerOptions {
  store: Store;
  /** Configured accounts by SID. */
  accounts: ReadonlyMap<string, TwilioAccount>;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Requests in flight per account. */
  concurrency: number;
  claim: Pick<ClaimQuery, 'configured' | 'callbackMode' | 'callbackReachable' | 'unsigned'>;
  /** Where status callbacks of an account come in (`https://…`, no trailing slash), or null. */
  callbackBase(account: string): string | null;
  /** Who waits for Twilio's own answer. */
  waits?: Pick<CreateWaits, 'note' | 'release' | 'rest'>;
  /** Called with every result, for metrics. */
  onResult?(result: CreateResult['outcome'], seconds: number): void;
}

/** Entries claimed beyond those in flight, so that a freed place never waits for the disk; claimed when half are gone. */
const READY_SHARE = 1;
/** Results that may wait for the disk, in multiples of the concurrency, before sending waits for them. */
const UNRECORDED_SHARE = 8;
/** Twilio's code for a recipient who opted out of this sender. */
const OPTED_OUT = 21610;
/** How long a stop waits for answers under way. */
const DRAIN_MS = 10_000;

/**
 * Runs until stopped. Only `retry` (certainly not processed) sends an entry again by itself; everything that may have
 * reached Twilio becomes `unknown` and is the reconciler's.
 */
export function startOutboxWorker(options: OutboxWorkerOptions): DueLoop {
  const { store, clock, logger, concurrency } = options;
  const sids = [...options.accounts.keys()];
  const places = new Map<string, Places>(sids.map((sid) => [sid, { ready: [], inFlight: 0 }]));
  const pauses = new Pauses(clock, options.random);
  const times = createTwilioTimes(clock);
  const mostPlaces = Math.ceil(concurrency * (1 + READY_SHARE));
  const fewReady = Math.floor((concurrency * READY_SHARE) / 2);
  const mostRecording = concurrency * UNRECORDED_SHARE;
  let recording = 0;
  let stopped = false;
  let whenDrained: (() => void) | null = null;

  const loop = startDueLoop({
    name: 'outbox',
    clock,
    logger,
    work: fill,
    nextDue: async () => {
      const { limit, closed } = rooms();
      const end = pauses.firstEnd();
      if (limit < 1) return end;
      const due = await store.nextDue(['queued', 'scheduled'], closed);
      return due === null || end === null ? (due ?? end) : Math.min(due, end);
    },
  });

  /** Places left. Results that wait for the disk count, so that a slow disk slows the sending. */
  function rooms(): { room: Record<string, number>; limit: number; closed: string[] } {
    const room: Record<string, number> = {};
    const closed: string[] = [];
    let limit = 0;
    for (const [account, { inFlight, ready }] of places) {
      const taken = inFlight + ready.length;
      const most = recording > mostRecording ? 0 : pauses.places(account, mostPlaces);
      if (taken >= most || ready.length > fewReady) closed.push(account);
      else limit += room[account] = most - taken;
    }
    return { room, limit, closed };
  }

  async function fill(): Promise<boolean> {
    const { room, limit, closed } = rooms();
    if (limit < 1) return false;
    const twilioNow = times.now();
    const query = { ...options.claim, now: clock.now(), limit, accounts: sids, paused: closed, room, twilioNow };
    const claimed = await store.claim(query);
    for (const entry of claimed) places.get(entry.account)?.ready.push(entry);
    for (const place of places.values()) pump(place);
    return claimed.length === limit && rooms().limit > 0;
  }

  function pump(place: Places): void {
    while (place.inFlight < concurrency) {
      const entry = place.ready.shift();
      if (entry === undefined) break;
      place.inFlight += 1;
      void post(entry, place);
    }
  }

  async function post(entry: EntryRecord, place: Places): Promise<void> {
    const started = performance.now();
    const account = options.accounts.get(entry.account);
    const result = account === undefined ? undefined : await create(account, entry);
    place.inFlight -= 1;
    recording += 1;
    if (result !== undefined) {
      pauses.note(entry.account, result.outcome);
      options.waits?.rest(entry.account, pauses.endOf(entry.account));
    }
    if (result?.outcome === 'accepted') times.note(entry.account, result.resource);
    // The place is free now: the next request need not wait until this result is on disk.
    pump(place);
    if (place.ready.length <= fewReady) loop.wake();
    if (result !== undefined) {
      options.onResult?.(result.outcome, (performance.now() - started) / 1000);
      await record(entry, result);
    }
    recording -= 1;
    if (recording === mostRecording) loop.wake();
    if (idle()) whenDrained?.();
  }

  function idle(): boolean {
    return recording === 0 && [...places.values()].every(({ inFlight, ready }) => inFlight + ready.length === 0);
  }

  async function create(account: TwilioAccount, entry: EntryRecord): Promise<CreateResult> {
    try {
      return await account.create(entry.kind, createForm(entry, options.callbackBase(entry.account)));
    } catch (error) {
      logger.error({ entry: entry.id, error }, 'a create request ended in an unforeseen error; its outcome is unknown');
      return { outcome: 'unknown', error: errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' }) };
    }
  }

  /** A result that cannot be written now (disk full, locked) is kept and written as soon as the store takes it. */
  async function record(entry: EntryRecord, result: CreateResult): Promise<void> {
    const now = clock.now();
    const fact = factOf(entry, result, now, options.random.number());
    options.waits?.note(entry.id, result);
    for (;;) {
      try {
        if (result.outcome === 'rate_limited') await slowDown(entry, now);
        if (result.outcome === 'rejected' && result.error.twilioCode === OPTED_OUT) await remember(entry, now);
        await store.apply([{ key: { id: entry.id }, fact }], now);
        return;
      } catch (error) {
        options.waits?.release(entry.id);
        if (stopped) return;
        logger.warn({ entry: entry.id, outcome: result.outcome, error }, 'the result is not on disk yet; trying again');
        await clock.sleep(500);
      }
    }
  }

  async function remember(entry: EntryRecord, now: number): Promise<void> {
    const sender = senderKey(entry).slice(entry.account.length + 1);
    await store.setOptOut(entry.account, sender, entry.to, now + LEARNED_OPT_OUT_MS);
  }

  async function slowDown(entry: EntryRecord, now: number): Promise<void> {
    const sender = senderKey(entry);
    const pace = await store.slow(sender, options.claim.configured[sender] ?? null, now);
    logger.warn({ sender, perSecond: pace.slowed }, 'Twilio says too fast; the sender was slowed');
  }

  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      if (!idle()) await drain();
      stopped = true;
    },
  };

  /** Requests under way may end by themselves; what then still hangs ends with the transport and is resolved at the next start. */
  async function drain(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      whenDrained = resolve;
    });
    const patience = new AbortController();
    const deadline = clock.sleep(DRAIN_MS, patience.signal).catch(() => undefined);
    await Promise.race([drained, deadline]);
    patience.abort();
  }
}

/** What each outcome of a create means for the entry. A table in code form: one line per outcome. */
export function factOf(entry: EntryRecord, result: CreateResult, now: number, random: number): Fact {
  switch (result.outcome) {
    case 'accepted': {
      const { sid, status, errorCode, errorMessage, from, segments } = result;
      return { type: 'accepted', sid, status, errorCode, errorMessage, from: from ?? null, segments: segments ?? null };
    }
    case 'rejected':
      return { type: 'rejected', error: result.error };
    case 'rate_limited':
      return {
        type: 'retry',
        error: slowedReport(result.error),
        at: now + backoffMs(entry.attempts, random, result.retryAfterMs),
      };
    case 'not_sent':
      return { type: 'retry', error: result.error, at: now + backoffMs(entry.attempts, random) };
    case 'unknown':
      return { type: 'lost', error: result.error };
  }
}

/** Twilio's own words stay; but who reads that it should be repeated later would send it twice. */
function slowedReport(error: ErrorReport): ErrorReport {
  const { code, message, remedy } = errorReport('TOLLBOARD_DELIVERY_RATE_LIMITED');
  return { ...error, code, message, remedy };
}

/** What an account has claimed: under way, and ready to leave when a place is free. */
interface Places {
  readonly ready: EntryRecord[];
  inFlight: number;
}

/** Accounts whose Twilio cannot be reached: paused with backoff, then probed with one request at a time. */
class Pauses {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #paused = new Map<string, { failures: number; since: number; until: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  note(account: string, outcome: CreateResult['outcome']): void {
    if (outcome !== 'not_sent') {
      this.#paused.delete(account);
      return;
    }
    if (this.#rests(account)) return;
    const since = this.#clock.now();
    const failures = (this.#paused.get(account)?.failures ?? 0) + 1;
    this.#paused.set(account, { failures, since, until: since + backoffMs(failures, this.#random.number()) });
  }

  /** None while it rests; then one: that request finds out whether Twilio is back. */
  places(account: string, most: number): number {
    if (!this.#paused.has(account)) return most;
    return this.#rests(account) ? 0 : 1;
  }

  /** When its pause ends, or null when none is running. */
  endOf(account: string): number | null {
    return this.#rests(account) ? (this.#paused.get(account)?.until ?? null) : null;
  }

  /** The earliest end of a pause still running, or null. */
  firstEnd(): number | null {
    let first: number | null = null;
    for (const [account, { until }] of this.#paused) {
      if (this.#rests(account) && (first === null || until < first)) first = until;
    }
    return first;
  }

  /** A clock that was set back ends a pause early: one request too many does no harm. */
  #rests(account: string): boolean {
    const pause = this.#paused.get(account);
    const now = this.#clock.now();
    return pause !== undefined && now >= pause.since && now < pause.until;
  }
}
