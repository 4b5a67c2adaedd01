/** The seeded scheduler of faults: what is sent, and what goes wrong when. Pure: one seed, one schedule. */

import type { EntryKind } from '../../src/core/entry.ts';

export interface Sending {
  /** Milliseconds of clock after the start. */
  at: number;
  key: string;
  kind: EntryKind;
  account: AccountName;
  to: string[];
  /** The text, or what a call says. */
  body: string;
  mediaUrl?: string[];
  /** Seconds, Twilio's ValidityPeriod. */
  validityPeriod?: number;
  onUnknown?: 'hold';
  /** The gateway's own schedule, milliseconds after the sending. */
  notBeforeMs?: number;
  /** The client changes its mind this long after the answer. */
  cancelAfterMs?: number;
  /** The client breaks its first request off after this long, and asks again under the same key. */
  hangsUpAfterMs?: number;
  /** Tries without an answer after which the client gives up; it then never knows. */
  patience: number;
}

export type Act =
  /** SIGKILL, and a new gateway on the same data after `downMs`. */
  | { act: 'kill'; downMs: number }
  /** A clean stop in the middle, and a new start. */
  | { act: 'stop'; downMs: number }
  /** The gateway's clock is set; nobody else's. */
  | { act: 'jump'; ms: number }
  /** Another process holds the database's write lock. */
  | { act: 'lock'; ms: number }
  /** Nobody listens at Twilio's address. */
  | { act: 'away'; ms: number }
  /** One of the simulator's faults. */
  | { act: 'fault'; fault: Record<string, unknown> };

/** `trial`: a second account, which sends to verified numbers only and puts a prefix before each text. */
export type AccountName = 'full' | 'trial';

export interface Schedule {
  seed: number;
  /** Statuses come by polling: no callback URL goes out. */
  polling: boolean;
  /** Messages and calls per second of each account's sender; null: as fast as can be. */
  perSecond: number | null;
  /** Some texts to one number are equal: those may end held. */
  equalTexts: boolean;
  sendings: Sending[];
  acts: Array<{ at: number } & Act>;
  /** How phones behave that are not simply reached. */
  scenarios: Array<Record<string, unknown>>;
  /** Milliseconds of clock; after that nothing goes wrong any more. */
  stormMs: number;
}

/** Numbers that the trial account may send to (interface §8), and one that it may not. */
const VERIFIED = ['+15550100001', '+15550100002', '+15550100003'];
export const UNVERIFIED = '+15550100009';

const STORM_MS = 40_000;
const MINUTE = 60_000;

/** How each fault is drawn; the weights make lost answers the most frequent. */
const FAULTS: ReadonlyArray<[weight: number, draw: (random: Draw) => Record<string, unknown>]> = [
  [4, (r) => create({ fault: 'drop_answer', count: r.whole(1, 8) })],
  [2, (r) => create({ fault: 'reset', count: r.whole(1, 8) })],
  [
    2,
    (r) =>
      create({ fault: 'rate_limit', count: r.whole(1, 12), ...(r.chance(0.3) ? { retryAfter: r.whole(1, 5) } : {}) }),
  ],
  [
    2,
    (r) => create({ fault: 'server_error', count: r.whole(1, 8), accept: r.chance(0.5), status: r.pick([500, 503]) }),
  ],
  [2, (r) => create({ fault: 'proxy_error', count: r.whole(1, 8), accept: r.chance(0.5) })],
  [2, (r) => create({ fault: 'half_open', count: r.whole(1, 4), accept: r.chance(0.5) })],
  [2, (r) => create({ fault: 'slow', count: r.whole(2, 20), delayMs: r.whole(500, 20_000) })],
  [1, (r) => create({ fault: 'truncate', count: r.whole(1, 6) })],
  [1, (r) => create({ fault: 'no_sid', count: r.whole(1, 6) })],
  // Shorter than the window: a list that hides longer would not be truthful.
  [2, (r) => ({ fault: 'list_lag', count: r.whole(2, 20), delayMs: r.whole(1000, 110_000) })],
  [
    2,
    (r) => ({
      fault: r.pick(['server_error', 'proxy_error', 'half_open', 'reset', 'rate_limit']),
      method: 'GET',
      count: r.whole(1, 4),
    }),
  ],
  [2, (r) => ({ fault: 'callback_lost', count: r.whole(5, 60) })],
  [1, (r) => ({ fault: 'callback_duplicated', count: r.whole(5, 60) })],
  [2, (r) => ({ fault: 'callback_reordered', count: r.whole(5, 60) })],
  [1, (r) => ({ fault: 'callback_delayed', count: r.whole(5, 60), delayMs: r.whole(500, 90_000) })],
];

export function scheduleOf(seed: number): Schedule {
  const random = drawFrom(seed);
  const equalTexts = random.chance(0.2);
  const phones = Array.from({ length: random.whole(3, 12) }, (_, index) => `+1555111${1000 + index}`);
  const callees = Array.from({ length: random.whole(1, 6) }, (_, index) => `+1555222${1000 + index}`);
  const trial = random.chance(0.3);
  const drawn = acts(random);
  const jumps = drawn.some(({ act }) => act === 'jump');
  // A time of day would be waited for as long as the clock was set back.
  const schedules = !drawn.some((act) => act.act === 'jump' && act.ms < -5 * MINUTE);
  const crowd = { seed, phones, callees: [...callees], trial, equalTexts, schedules };
  return {
    seed,
    equalTexts,
    polling: random.chance(0.25),
    // A clock that jumps says nothing about a pace.
    perSecond: !jumps && random.chance(0.4) ? random.pick([0.5, 2, 10]) : null,
    sendings: Array.from({ length: random.whole(6, 24) }, (_, index) => sending(random, index, crowd)),
    acts: drawn,
    scenarios: [
      ...phones.flatMap((to) => scenario(random, to)),
      ...callees.flatMap((to) => callScenario(random, to)),
      ...VERIFIED.flatMap((to) => (trial ? scenario(random, to) : [])),
    ],
    stormMs: STORM_MS,
  };
}

interface Crowd {
  seed: number;
  phones: readonly string[];
  /** Numbers that are still to be called: a list cannot tell two calls to one number apart. */
  callees: string[];
  trial: boolean;
  equalTexts: boolean;
  schedules: boolean;
}

function sending(random: Draw, index: number, crowd: Crowd): Sending {
  const { seed, equalTexts, callees } = crowd;
  const at = random.whole(0, STORM_MS * 0.8);
  const called = random.chance(0.2) ? callees.at(-1) : undefined;
  if (called !== undefined && !equalTexts) callees.pop();
  const account = called === undefined && crowd.trial && random.chance(0.4) ? 'trial' : 'full';
  const numbers = account === 'trial' ? [...VERIFIED, UNVERIFIED] : crowd.phones;
  const own = `Text ${index} of run ${seed}${random.chance(0.2) ? ' – “quoted”…' : ''}`;
  return {
    at,
    key: `run-${seed}-${index}`,
    kind: called === undefined ? 'message' : 'call',
    account,
    to: called === undefined ? random.some(numbers, random.chance(0.3) ? random.whole(2, 6) : 1) : [called],
    body: equalTexts ? `Equal text ${index % 2}` : own,
    patience: random.chance(0.1) ? 1 : 10_000,
    ...(called === undefined ? onlyOfTexts(random) : {}),
    ...(random.chance(0.1) ? { onUnknown: 'hold' } : {}),
    ...(crowd.schedules && random.chance(0.1) ? { notBeforeMs: random.whole(1000, 60_000) } : {}),
    ...(random.chance(0.1) ? { cancelAfterMs: random.whole(0, 20_000) } : {}),
    ...(random.chance(0.1) ? { hangsUpAfterMs: random.whole(0, 500) } : {}),
  };
}

function onlyOfTexts(random: Draw): Partial<Sending> {
  const media = random.chance(0.15) ? random.whole(1, 3) : 0;
  return {
    ...(media > 0 ? { mediaUrl: Array.from({ length: media }, (_, n) => `https://example.com/${n}.jpg`) } : {}),
    ...(random.chance(0.1) ? { validityPeriod: random.whole(20, 300) } : {}),
  };
}

function acts(random: Draw): Schedule['acts'] {
  const drawn: Schedule['acts'] = Array.from({ length: random.whole(2, 7) }, () => ({
    at: random.whole(0, STORM_MS * 0.9),
    act: 'fault',
    fault: { ...random.weighted(FAULTS)(random), seed: random.whole(1, 1e9) },
  }));
  const later = () => random.whole(STORM_MS * 0.05, STORM_MS);
  if (random.chance(0.8)) drawn.push({ at: later(), act: 'kill', downMs: random.whole(0, 5000) });
  if (random.chance(0.3)) drawn.push({ at: later(), act: 'kill', downMs: 0 });
  if (random.chance(0.25)) drawn.push({ at: later(), act: 'stop', downMs: random.whole(0, 5000) });
  if (random.chance(0.25)) drawn.push({ at: later(), act: 'lock', ms: random.whole(100, 15_000) });
  if (random.chance(0.2)) drawn.push({ at: later(), act: 'away', ms: random.whole(1000, 15_000) });
  for (let jumps = random.chance(0.4) ? random.whole(1, 3) : 0; jumps > 0; jumps -= 1) {
    drawn.push({
      at: later(),
      act: 'jump',
      ms: (random.chance(0.5) ? 1 : -1) * random.pick([3_000, MINUTE, 3 * MINUTE, 120 * MINUTE]),
    });
  }
  return drawn.sort((a, b) => a.at - b.at);
}

/** Most phones are simply reached; some are not, and some callbacks of a phone always go wrong. */
function scenario(random: Draw, to: string): Array<Record<string, unknown>> {
  if (random.chance(0.6)) return [];
  return [
    random.pick<Record<string, unknown>>([
      { to, deliver: 'undelivered', errorCode: 30005 },
      { to, deliver: 'failed', errorCode: 30008 },
      { to, refuse: 21614 },
      { to, refuse: 21610 },
      { to, callbacks: 'lost' },
      { to, callbacks: 'reordered' },
      { to, callbacks: 'duplicated' },
      { to, after: { sentMs: random.whole(100, 20_000), deliveredMs: random.whole(20_000, 60_000) } },
    ]),
  ];
}

function callScenario(random: Draw, to: string): Array<Record<string, unknown>> {
  if (random.chance(0.4)) return [];
  return [
    random.pick<Record<string, unknown>>([
      { to, answer: 'busy' },
      { to, answer: 'no-answer' },
      { to, answer: 'failed' },
      { to, refuse: 21216 },
      { to, callbacks: 'lost' },
      { to, callbacks: 'reordered' },
      { to, after: { ringingMs: random.whole(100, 10_000), durationMs: random.whole(1000, 90_000) } },
    ]),
  ];
}

function create(fault: Record<string, unknown>): Record<string, unknown> {
  return { ...fault, method: 'POST' };
}

interface Draw {
  chance(of: number): boolean;
  /** Both ends included. */
  whole(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
  /** Different ones, in the order given. */
  some<T>(from: readonly T[], count: number): T[];
  weighted<T>(from: ReadonlyArray<readonly [number, T]>): T;
}

function drawFrom(seed: number): Draw {
  const next = sequence(seed);
  const whole = (from: number, to: number) => Math.floor(from + next() * (to - from + 1));
  const pick = <T>(from: readonly T[]): T => from[whole(0, from.length - 1)] as T;
  return {
    chance: (of) => next() < of,
    whole,
    pick,
    some(from, count) {
      const left = new Set(from);
      while (left.size > count) left.delete(pick([...left]));
      return [...left];
    },
    weighted(from) {
      let rest = next() * from.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of from) {
        rest -= weight;
        if (rest < 0) return value;
      }
      return (from.at(-1) as readonly [number, never])[1];
    },
  };
}

/** A Weyl sequence, mixed (splitmix32): repeatable, and well spread from the first number on. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
