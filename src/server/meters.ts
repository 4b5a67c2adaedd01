/** What `/metrics` shows: counters of this process and gauges of the store. Never a number, a body or a SID. */

import type { EntryState } from '../core/entry.ts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Meters {
  /** A create request to Twilio ended so. */
  created(outcome: string, seconds: number): void;
  /** A status callback came in: `applied`, `forged` or `unknown`. */
  calledBack(result: string): void;
  /** A webhook came in: `stored`, `repeated` or `refused`. */
  received(result: string): void;
  /** A sink was given an event: `delivered`, `failed` or `dead`. */
  handedOn(sink: string, result: string): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
}

/** `counts` is read when the page is asked for. */
export function createMeters(counts: () => Promise<Record<EntryState, number>>): Meters {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  new Gauge({
    name: 'tollboard_entries',
    help: 'Entries in the store by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const [state, count] of Object.entries(await counts())) this.set({ state }, count);
    },
  });
  const creates = new Counter({
    name: 'tollboard_create_requests_total',
    help: 'Create requests to Twilio by what is known of their outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'tollboard_create_request_seconds',
    help: 'Seconds from a create request to what came of it.',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
    registers,
  });
  const callbacks = new Counter({
    name: 'tollboard_status_callbacks_total',
    help: 'Status callbacks received by what they led to.',
    labelNames: ['result'],
    registers,
  });
  const webhooks = new Counter({
    name: 'tollboard_webhooks_total',
    help: 'Inbound webhooks received by what became of them.',
    labelNames: ['result'],
    registers,
  });
  const sinks = new Counter({
    name: 'tollboard_sink_tries_total',
    help: 'Events handed to sinks by what came of the try.',
    labelNames: ['sink', 'result'],
    registers,
  });
  return {
    created(outcome, seconds) {
      creates.inc({ outcome });
      duration.observe(seconds);
    },
    calledBack: (result) => callbacks.inc({ result }),
    received: (result) => webhooks.inc({ result }),
    handedOn: (sink, result) => sinks.inc({ sink, result }),
    text: () => register.metrics(),
  };
}
