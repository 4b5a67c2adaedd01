/** A gateway's events: page by page, and as they happen. */

import type { TollboardEvent } from '../core/event.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { GatewayClient } from './client.ts';
import { backoffMs } from '../core/retry.ts';
import { isFatal } from './fatal.ts';

export interface EventFilter {
  type?: string;
  /** ISO 8601: at or after. */
  since?: string;
  /** `From=+15551230001`: only events whose data has all of these. */
  fields: readonly string[];
}

export interface EventPage {
  events: TollboardEvent[];
  /** Where a stream goes on without a gap. */
  cursor: string;
}

const PAGE = 1000;
/** The pauses between tries grow to about eight seconds. */
const LONGEST_STEP = 5;

/** Stored events, oldest first, every page. */
export async function* listEvents(client: GatewayClient, filter: EventFilter): AsyncGenerator<EventPage> {
  for (let after: string | null = '0'; after !== null; ) {
    const query = new URLSearchParams({ limit: String(PAGE), after });
    if (filter.type !== undefined) query.set('type', filter.type);
    if (filter.since !== undefined) query.set('since', filter.since);
    for (const field of filter.fields) query.append('field', field);
    const page: EventPage & { next: string | null } = await client.request({
      method: 'GET',
      path: `/api/v1/events?${query}`,
    });
    yield page;
    after = page.next;
  }
}

export interface FollowOptions {
  client: GatewayClient;
  clock: Clock;
  random: Random;
  filter: EventFilter;
  /** Ends the following. */
  signal: AbortSignal;
  /** The gateway cannot be followed just now; once for each time that it is away. */
  onAway?(): void;
}

/**
 * Events as they happen, each once and none left out, also where the connection breaks or the gateway starts again; with
 * `since`, the stored ones first. Ends with the signal; throws what waiting does not mend, and that the gateway cannot be
 * reached at the beginning: then there is no place from which to go on.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<TollboardEvent> {
  const { client, clock, random, filter, signal } = options;
  let after: string | undefined;
  if (filter.since !== undefined) {
    for await (const { events, cursor } of listEvents(client, filter)) {
      yield* events;
      after = cursor;
    }
  }
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const { id, event, data } of await client.stream('/api/v1/stream', signal, after)) {
        failures = 0;
        after = id ?? after;
        if (id === null || data === '' || (filter.type !== undefined && event !== filter.type)) continue;
        const told = JSON.parse(data) as TollboardEvent;
        if (fits(told, filter.fields)) yield told;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (after === undefined || isFatal(error, client)) throw error;
    }
    failures += 1;
    // A stream that ended well may be there again at once.
    if (failures === 2) options.onAway?.();
    const pause = backoffMs(Math.min(failures, LONGEST_STEP), random.number());
    await clock.sleep(pause, signal).catch(() => undefined);
  }
}

function fits({ data }: TollboardEvent, fields: readonly string[]): boolean {
  return fields.every((field) => {
    const [name = '', value] = field.split(/=(.*)/s, 2);
    return data[name] === value;
  });
}
