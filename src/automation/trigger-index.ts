/** Which automations an event may fire, without asking all of them: by the rarest pair of each trigger's `event_data`. */

import type { EventRecord } from '../core/event.ts';
import type { Automation } from './definition.ts';
import type { EventTrigger } from './trigger.ts';
import { isPlain } from './template/rewrite.ts';

export interface TriggerIndex {
  /** In the order of the file. All that fire are among them; not all of them fire. */
  candidates(event: Pick<EventRecord, 'type' | 'data'>): readonly Automation[];
}

export function indexTriggers(automations: readonly Automation[]): TriggerIndex {
  const rare = pairCounts(automations);
  /** By type and pair; what has no pair stands under its type alone, what has templates under neither. */
  const places = new Map<string, Set<number>>();
  const always = new Set<number>();
  const put = (key: string, index: number) => places.set(key, (places.get(key) ?? new Set()).add(index));
  for (const [index, { triggers, fires }] of automations.entries()) {
    if (!fires) continue;
    for (const trigger of triggers) {
      if (trigger.kind !== 'event') continue;
      if (hasTemplate(trigger.types) || hasTemplate(trigger.data)) always.add(index);
      else for (const type of trigger.types) put(keyOf(type, rarestPair(trigger, rare)), index);
    }
  }
  return {
    candidates({ type, data }) {
      const found = new Set(always);
      const look = (key: string) => {
        for (const index of places.get(key) ?? []) found.add(index);
      };
      look(keyOf(type, null));
      for (const name of Object.keys(data)) look(keyOf(type, [name, data[name]]));
      return [...found].sort((a, b) => a - b).flatMap((index) => automations[index] ?? []);
    },
  };
}

type Pair = readonly [name: string, value: unknown];

/** The type of the value belongs to it: the text "0" is not the number 0. */
function keyOf(type: string, pair: Pair | null): string {
  return pair === null ? type : JSON.stringify([type, pair[0], pair[1]]);
}

function pairCounts(automations: readonly Automation[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { triggers } of automations) {
    for (const trigger of triggers) {
      if (trigger.kind !== 'event') continue;
      for (const pair of Object.entries(trigger.data)) {
        const key = keyOf('', pair);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

function rarestPair({ data }: EventTrigger, counts: ReadonlyMap<string, number>): Pair | null {
  const count = (pair: Pair) => counts.get(keyOf('', pair)) ?? 0;
  return Object.entries(data).reduce<Pair | null>(
    (best, pair) => (best === null || count(pair) < count(best) ? pair : best),
    null,
  );
}

export function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return !isPlain(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasTemplate);
}
