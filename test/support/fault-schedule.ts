/** The seeded scheduler of faults: what is sent, and what goes wrong when. Pure: one seed, one schedule. */

export interface Sending {
  /** Milliseconds of clock after the start. */
  at: number;
  key: string;
  to: string[];
  body: string;
  /** Seconds, Twilio's ValidityPeriod. */
  validityPeriod?: number;
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

export interface Schedule {
  seed: number;
  /** Some texts to one number are equal: those may end held. */
  equalTexts: boolean;
  sendings: Sending[];
  acts: Array<{ at: number } & Act>;
  /** How phones behave that are not simply reached. */
  scenarios: Array<Record<string, unknown>>;
  /** Milliseconds of clock; after that nothing goes wrong any more. */
  stormMs: number;
}

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
      path: 'Messages',
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
  const phones = Array.from({ length: random.whole(3, 12) }, (_, index) => `+1555111${String(1000 + index)}`);
  return {
    seed,
    equalTexts,
    sendings: Array.from({ length: random.whole(6, 24) }, (_, index) =>
      sending(random, { seed, index, phones, equalTexts }),
    ),
    acts: acts(random),
    scenarios: phones.flatMap((to) => scenario(random, to)),
    stormMs: STORM_MS,
  };
}

function sending(random: Draw, of: { seed: number; index: number; phones: string[]; equalTexts: boolean }): Sending {
  const { seed, index, phones, equalTexts } = of;
  const to = random.some(phones, random.chance(0.3) ? random.whole(2, 6) : 1);
  const body = equalTexts
    ? `Equal text ${index % 2}`
    : `Text ${index} of run ${seed}${random.chance(0.2) ? ' – “quoted”…' : ''}`;
  return {
    at: random.whole(0, STORM_MS * 0.8),
    key: `run-${seed}-${index}`,
    to,
    body,
    patience: random.chance(0.1) ? 1 : 10_000,
    ...(random.chance(0.1) ? { validityPeriod: random.whole(20, 300) } : {}),
    ...(random.chance(0.1) ? { hangsUpAfterMs: random.whole(0, 500) } : {}),
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
      { to, callbacks: 'lost' },
      { to, callbacks: 'reordered' },
      { to, callbacks: 'duplicated' },
      { to, after: { sentMs: random.whole(100, 20_000), deliveredMs: random.whole(20_000, 60_000) } },
    ]),
  ];
}

function create(fault: Record<string, unknown>): Record<string, unknown> {
  return { ...fault, method: 'POST', path: 'Messages' };
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
