/** Faults on demand: which of the next requests and callbacks go wrong, and how. Seeded, counted, matched on the path. */

import { flag, numberBetween, oneOf, record, required, text } from './shape.ts';

/**
 * - `drop_answer`: taken, then the connection is destroyed before the answer
 * - `reset`: the connection is reset before anything is taken
 * - `rate_limit`: 429 with 20429, never taken
 * - `server_error`: 500 or 503 with Twilio's body, before or (`accept`) after the request was taken
 * - `proxy_error`: 502 with HTML, as a proxy writes it, or with nothing (`empty`), before or (`accept`) after
 * - `slow`: answers after `delayMs`
 * - `half_open`: never answers, before or (`accept`) after the request was taken
 * - `truncate`: taken, answered with half a body
 * - `no_sid`: taken, answered 2xx with an empty object
 * - `list_lag`: what is created shows in lists only after `delayMs`
 * - `callback_lost`, `callback_duplicated`, `callback_reordered`, `callback_delayed`
 */
export const FAULTS = [
  'drop_answer',
  'reset',
  'rate_limit',
  'server_error',
  'proxy_error',
  'slow',
  'half_open',
  'truncate',
  'no_sid',
  'list_lag',
  'callback_lost',
  'callback_duplicated',
  'callback_reordered',
  'callback_delayed',
] as const;
export type FaultName = (typeof FAULTS)[number];

const readFields = record({
  fault: oneOf(...FAULTS),
  /** How many times; default: until cleared. */
  count: numberBetween(1, 1e9),
  /** Of each matching request, 0 to 1; default 1. */
  probability: numberBetween(0, 1),
  /** Makes the draws repeatable; default 1. */
  seed: numberBetween(0, 2 ** 32 - 1),
  /** Default: POST for the faults of creates, any for the rest. */
  method: oneOf('GET', 'POST', 'DELETE'),
  /** Text that the path must hold, e.g. `Messages`. */
  path: text,
  /** Whether the request is taken before it fails. */
  accept: flag,
  /** Of `server_error` (default 500) and `proxy_error` (default 502). */
  status: numberBetween(500, 599),
  /** Whether `proxy_error` comes without a body. */
  empty: flag,
  /** Seconds; `Retry-After` of `rate_limit` and `server_error`. */
  retryAfter: numberBetween(0, 3600),
  /** Of `slow` (default 1000), `list_lag` (default 5000), `callback_delayed` (default 1000). */
  delayMs: numberBetween(0, 86_400_000),
});

export interface Fault extends ReturnType<typeof readFields> {
  fault: FaultName;
  /** Times it has struck. */
  struck: number;
}

export interface Faults {
  /** Throws `TOLLBOARD_SIMULATOR_INPUT_INVALID`. */
  add(input: unknown): Fault;
  list(): Fault[];
  clear(): void;
  /** The fault that strikes a request, if any. */
  forRequest(method: string, path: string): Fault | null;
  /** How long a record created now stays out of lists, ms. */
  listLag(path: string): number;
  forCallback(): Fault | null;
}

/** Faults that only make sense for a request that creates something. */
const CREATES: ReadonlySet<FaultName> = new Set(['drop_answer', 'truncate', 'no_sid', 'list_lag']);

export function createFaults(): Faults {
  const rules: Array<{ fault: Fault; draw: () => number }> = [];

  function strike(kind: (fault: FaultName) => boolean, method: string, path: string): Fault | null {
    for (const { fault, draw } of rules) {
      if (!kind(fault.fault)) continue;
      const wanted = fault.method ?? (CREATES.has(fault.fault) ? 'POST' : undefined);
      if (wanted !== undefined && wanted !== method) continue;
      if (fault.path !== undefined && !path.includes(fault.path)) continue;
      if (fault.count !== undefined && fault.struck >= fault.count) continue;
      if (fault.probability !== undefined && draw() >= fault.probability) continue;
      fault.struck += 1;
      return fault;
    }
    return null;
  }

  return {
    add(input) {
      const fields = readFields(input, 'fault');
      const name = required(fields.fault, 'fault.fault', `one of ${FAULTS.join(', ')}`);
      const fault: Fault = { ...fields, fault: name, struck: 0 };
      rules.push({ fault, draw: seededRandom(fields.seed ?? 1) });
      return fault;
    },
    list: () => rules.map(({ fault }) => fault),
    clear: () => {
      rules.length = 0;
    },
    forRequest: (method, path) => (rules.length === 0 ? null : strike(isAnswerFault, method, path)),
    listLag: (path) =>
      rules.length === 0
        ? 0
        : delayOf(
            strike((fault) => fault === 'list_lag', 'POST', path),
            5000,
          ),
    forCallback: () => (rules.length === 0 ? null : strike((fault) => fault.startsWith('callback_'), 'POST', '')),
  };
}

function isAnswerFault(fault: FaultName): boolean {
  return fault !== 'list_lag' && !fault.startsWith('callback_');
}

function delayOf(fault: Fault | null, fallback: number): number {
  return fault === null ? 0 : (fault.delayMs ?? fallback);
}

/** mulberry32: small, repeatable, good enough to choose victims. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
