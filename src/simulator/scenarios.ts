/** Scenarios: how one phone or one sender behaves from now on. */

import type { Reader } from './shape.ts';
import { listOf, misfit, numberBetween, oneOf, record, text } from './shape.ts';

const DAY_MS = 86_400_000;

const readScenario = record({
  /** The phone this is about. */
  to: text,
  /** The sender this is about. */
  from: text,
  /** Where a message to this phone ends. Default: delivered. */
  deliver: oneOf('delivered', 'undelivered', 'failed', 'sent', 'read'),
  /** Twilio's code of the end; default 30005 for undelivered, 30008 for failed. */
  errorCode: numberBetween(10_000, 999_999),
  /** Milliseconds from the create to each status. */
  after: record({
    queuedMs: numberBetween(0, DAY_MS),
    sentMs: numberBetween(0, DAY_MS),
    deliveredMs: numberBetween(0, DAY_MS),
    ringingMs: numberBetween(0, DAY_MS),
    answeredMs: numberBetween(0, DAY_MS),
    /** How long an answered call lasts. */
    durationMs: numberBetween(0, DAY_MS),
  }),
  /** US dollars per segment, e.g. 0.0075. */
  price: numberBetween(0, 1000),
  /** What happens to the status callbacks. */
  callbacks: oneOf('lost', 'duplicated', 'reordered'),
  /** Refuses the create with this code of Twilio's, e.g. 21614. */
  refuse: numberBetween(10_000, 999_999),
  /** Segments per second that this sender may send; the rest waits in its queue. */
  perSecond: numberBetween(0.001, 1_000_000),
  /** Segments that may wait; more are refused with 21611. Default: ten hours' worth. */
  queueLimit: numberBetween(1, 10_000_000),
  /** How a call to this phone ends. Default: completed. */
  answer: oneOf('completed', 'busy', 'no-answer', 'failed'),
});

export type Scenario = ReturnType<typeof readScenario>;

export const readScenarios: Reader<Scenario[]> = (value, where) =>
  listOf(readScenario)(value, where).map((scenario, index) => {
    if (scenario.to !== undefined || scenario.from !== undefined) return scenario;
    throw misfit(`${where}[${index}]`, scenario, 'a scenario with to or from');
  });

export interface Scenarios {
  list(): Scenario[];
  /** A later scenario replaces an earlier one for the same phone and sender. */
  add(scenarios: readonly Scenario[]): void;
  clear(): void;
  /** The phone's scenario where one is declared, else none; one that also names the sender comes first. */
  forPhone(to: string, from: string | null): Scenario;
  /** The scenario of a sender alone: its pace. */
  forSender(from: string): Scenario | null;
}

const NONE: Scenario = {};

export function createScenarios(): Scenarios {
  const byKey = new Map<string, Scenario>();
  const key = (to: string | undefined, from: string | null | undefined): string => `${to ?? ''} ${from ?? ''}`;
  return {
    list: () => [...byKey.values()],
    add(scenarios) {
      for (const scenario of scenarios) byKey.set(key(scenario.to, scenario.from), scenario);
    },
    clear: () => byKey.clear(),
    forPhone(to, from) {
      if (byKey.size === 0) return NONE;
      return byKey.get(key(to, from)) ?? byKey.get(key(to, null)) ?? byKey.get(key(undefined, from)) ?? NONE;
    },
    forSender: (from) => byKey.get(key(undefined, from)) ?? null,
  };
}
