/** One request to the simulated REST API and its answer, as the resource files see them. */

import type { FormFields } from '../core/parameter.ts';
import type { Logger, Random } from '../core/ports.ts';
import type { WireError } from '../wire/error.ts';
import type { Json } from '../wire/json.ts';
import type { Callbacks } from './callbacks.ts';
import type { SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { ListKey } from './message-list.ts';
import type { SimulatorAccount } from './model.ts';
import type { Scenarios } from './scenarios.ts';
import type { SimulatorStore } from './store.ts';
import { parsePageRequest, renderPage, slicePage } from '../wire/page.ts';

/** Everything that lives as long as the simulator. */
export interface Simulation {
  accounts: SimulatorAccount[];
  /** Which rules trial accounts follow: those of the five documents, or those of 2026. */
  trial: 'seeds' | '2026';
  clock: SimulatorClock;
  random: Random;
  store: SimulatorStore;
  scenarios: Scenarios;
  faults: Faults;
  callbacks: Callbacks;
  logger: Logger;
  /** When the queue of a paced sender is empty, ms, by account and sender. */
  queues: Map<string, number>;
  /** Where the ends of pages stood, by account and SID. */
  cursors: Map<string, ListKey>;
}

export interface Exchange {
  sim: Simulation;
  /** Path without the query, as it was asked for. */
  path: string;
  query: FormFields;
  form: FormFields;
  /** Whose resources these are: the account of the path. */
  account: SimulatorAccount;
  /** Identifiers after the account's. */
  sid: string;
  subSid: string;
  now: number;
}

/** `body` null: no content. `created`: the SID that this request brought into being. */
export type Answer =
  | { status: number; body: { [name: string]: Json } | null; headers?: Record<string, string>; created?: string }
  | { error: WireError };

export type Handler = (exchange: Exchange) => Answer | Promise<Answer>;

export function failure(status: number, code: number | null, message: string): Answer {
  return { error: { status, code, message } };
}

/** A page of an ordered list. `position` replaces looking the cursor up in the list itself. */
export function listAnswer<T extends { sid: string }>(
  exchange: Exchange,
  all: readonly T[],
  key: string,
  render: (item: T) => { [name: string]: Json },
  position: (sid: string) => { first: number; last: number } | null = (sid) => placeOf(all, sid),
): Answer {
  const request = parsePageRequest(exchange.path, exchange.query);
  if ('status' in request) return { error: request };
  const page = slicePage(all, request, position);
  if ('status' in page) return { error: page };
  return { status: 200, body: renderPage(request, page, key, render) };
}

function placeOf(all: readonly { sid: string }[], sid: string): { first: number; last: number } | null {
  const index = all.findIndex((item) => item.sid === sid);
  return index < 0 ? null : { first: index, last: index + 1 };
}
