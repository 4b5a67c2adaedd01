/** All sinks of a gateway: each works by itself, so that none waits for another. */

import type { EventRecord } from '../core/event.ts';
import type { Clock, Logger, Random, Store } from '../core/ports.ts';
import type { SinkGateway, SinkSettings, SinkView } from '../core/sinks.ts';
import type { HttpOptions } from './http.ts';
import type { Worker } from './worker.ts';
import { TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { wantsEvent } from '../core/sinks.ts';
import { sendToCommand } from './command.ts';
import { sendByHttp } from './http.ts';
import { consumerOf, deadRecords, letterView } from './progress.ts';
import { replayDead, replayEvents, replayStretch } from './replay.ts';
import { startWorker } from './worker.ts';

export interface SinksOptions extends Pick<HttpOptions, 'sign' | 'request'> {
  sinks: readonly SinkSettings[];
  /** With {@link sinkConsumers} subscribed. */
  store: Store;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** A try of an event ended so. */
  onTry(sink: string, result: 'delivered' | 'failed' | 'dead'): void;
}

export interface Sinks extends SinkGateway {
  /** Lets tries under way end, for some seconds. May be called twice. */
  stop(): Promise<void>;
}

/** The names under which sinks take events from the store. */
export function sinkConsumers(sinks: readonly SinkSettings[]): string[] {
  return sinks.map(({ name }) => consumerOf(name));
}

/** Begins at once with what earlier starts left. */
export async function startSinks(options: SinksOptions): Promise<Sinks> {
  const { store, random, clock } = options;
  const stopping = new AbortController();
  const workers = await Promise.all(options.sinks.map((sink) => startOne(sink, options)));
  const unsubscribe = store.onCommit(({ events, replayed }) => {
    for (const worker of workers) {
      if (events.length > 0 || replayed.includes(consumerOf(worker.sink.name))) worker.wake();
    }
  });
  const known = (name: string): Worker => {
    const worker = workers.find(({ sink }) => sink.name === name);
    if (worker !== undefined) return worker;
    const names = workers.map(({ sink }) => sink.name);
    const near = nearest(name, names);
    throw new TollboardError('TOLLBOARD_SINK_UNKNOWN', {
      details: { sink: name.slice(0, 80), known: names.join(', ') || 'none' },
      ...(near === null ? {} : { remedy: `Did you mean ${near}?` }),
    });
  };
  return {
    sinks: () => Promise.all(workers.map((worker) => viewOf(worker, store))),
    async deadLetters(name) {
      known(name);
      return (await deadRecords(store, name)).map((record) => letterView(name, record));
    },
    async probe(name) {
      const worker = known(name);
      const event = testEvent(name, random, clock.now());
      const outcome = await sender(worker.sink, options)(event, stopping.signal);
      if (outcome.taken) worker.hurry();
      return { sink: name, delivered: outcome.taken, event: event.id, error: outcome.taken ? null : outcome.error };
    },
    async replay(name, wanted) {
      const worker = known(name);
      const replayed = await replayChosen(store, worker.sink, wanted);
      if (replayed.length > 0) worker.hurry();
      return replayed;
    },
    async drop(name, wanted) {
      known(name);
      const records = await deadRecords(store, name);
      const chosen = records.filter((record) => wanted === 'dead' || wanted.includes(letterView(name, record).event));
      if (chosen.length > 0) await store.keep({ remove: chosen });
      return chosen.map((record) => letterView(name, record).event);
    },
    async stop() {
      unsubscribe();
      stopping.abort();
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

function startOne(sink: SinkSettings, options: SinksOptions): Promise<Worker> {
  const { store, clock, random, logger, onTry } = options;
  const send = sender(sink, options);
  return startWorker({ sink, store, clock, random, logger, send, onTry: (result) => onTry(sink.name, result) });
}

function sender(sink: SinkSettings, { clock, sign, request }: SinksOptions): Parameters<typeof startWorker>[0]['send'] {
  const { target } = sink;
  if (target.via === 'command') return (event, signal) => sendToCommand(sink, target, event, clock, signal);
  return (event, signal) => sendByHttp(sink, target, event, { clock, sign, request }, signal);
}

/** Events looked at to count those that wait. */
const COUNTED = 1000;

async function viewOf({ sink, sending, progress }: Worker, store: Store): Promise<SinkView> {
  const { name, kind, target, events, fields } = sink;
  const [deliveries, dead] = await Promise.all([store.deliveries(consumerOf(name), COUNTED), deadRecords(store, name)]);
  const { retry, delivered, lastDeliveredAt } = progress;
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    name,
    kind,
    target: target.via === 'command' ? (target.argv[0] ?? '') : shownUrl(target.url),
    events: [...events],
    where: Object.fromEntries(fields),
    state: sending ? 'sending' : retry === null ? 'idle' : 'retrying',
    waiting: deliveries.filter(({ event }) => wantsEvent(sink, event)).length,
    delivered,
    lastDeliveredAt: lastDeliveredAt === null ? null : iso(lastDeliveredAt),
    dead: dead.length,
    retry:
      retry === null
        ? null
        : { event: retry.event, attempts: retry.attempts, nextAt: iso(retry.nextAt), error: retry.error },
  };
}

/** Credentials and query may be secrets. */
function shownUrl(text: string): string {
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}

function replayChosen(store: Store, sink: SinkSettings, wanted: Parameters<SinkGateway['replay']>[1]) {
  if (wanted === 'dead') return replayDead(store, sink);
  return 'since' in wanted ? replayStretch(store, sink, wanted) : replayEvents(store, sink, wanted);
}

/** A text like any other to the receiver, from a number that nobody has. */
function testEvent(sink: string, random: Random, now: number): EventRecord {
  const sid = `SM${random.hex(32)}`;
  const data = {
    ToCountry: 'US',
    SmsMessageSid: sid,
    NumMedia: '0',
    SmsSid: sid,
    SmsStatus: 'received',
    To: '+15550000001',
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: `AC${'0'.repeat(32)}`,
    From: '+15550000000',
    ApiVersion: '2010-04-01',
    Body: `Tollboard tests the sink ${sink}.`,
    webhook_id: '0'.repeat(64),
  };
  return {
    seq: 0,
    id: `EV${random.hex(32)}`,
    type: 'twilio_data_received',
    at: now,
    entryId: null,
    data,
    simulated: true,
  };
}
