/** Filters and functions of lists and mappings that Home Assistant adds to Jinja. A set is a list without repeats. */

import { byName, type Table } from './arguments.ts';
import { pythonLiteral } from './python.ts';

/** As filters and as functions. */
export const collections: Table = {
  union: (a, b) => unique([...list('union', a), ...list('union', b)]),
  intersect: (a, b) => unique(list('intersect', a).filter((item) => has(list('intersect', b), item))),
  difference: (a, b) => unique(list('difference', a).filter((item) => !has(list('difference', b), item))),
  symmetric_difference(a, b) {
    const [one, two] = [list('symmetric_difference', a), list('symmetric_difference', b)];
    return unique([...one.filter((item) => !has(two, item)), ...two.filter((item) => !has(one, item))]);
  },
  zip(...lists) {
    const all = lists.map((one) => list('zip', one));
    const length = Math.min(...all.map((one) => one.length));
    return Array.from({ length: Number.isFinite(length) ? length : 0 }, (_, index) => all.map((one) => one[index]));
  },
  set: (value = []) => unique(list('set', value)),
  tuple: (value = []) => list('tuple', value),
  combine(...args) {
    const { rest, named } = byName(args, ['recursive']);
    const maps = rest.map((one) => mapping('combine', one));
    return named.recursive === true ? maps.reduce(merged, new Map()) : new Map(maps.flatMap((one) => [...one]));
  },
  flatten(value, ...args) {
    const { rest, named } = byName(args, ['levels']);
    return list('flatten', value).flat(Math.min(MAX_DEPTH, Number(named.levels ?? rest[0] ?? MAX_DEPTH)));
  },
  shuffle: (value) => shuffled(list('shuffle', value)),
  random(value) {
    const items = list('random', value);
    if (items.length === 0) throw new Error('random needs a list with something in it');
    return items[Math.floor(Math.random() * items.length)];
  },
};

/** The function `dict` of a list of pairs. */
export function dictOf(value: unknown): Map<unknown, unknown> {
  if (value instanceof Map) return value;
  const pairs = list('dict', value);
  const odd = pairs.find((pair) => !Array.isArray(pair) || pair.length !== 2);
  if (odd !== undefined) throw new Error(`dict needs a list of pairs, not one with ${pythonLiteral(odd)}`);
  return new Map(pairs as Array<[unknown, unknown]>);
}

/** Lists within lists are looked into as deep as this. */
const MAX_DEPTH = 20;

function merged(one: Map<unknown, unknown>, other: Map<unknown, unknown>): Map<unknown, unknown> {
  const all = new Map(one);
  for (const [name, item] of other) {
    const known = all.get(name);
    all.set(name, known instanceof Map && item instanceof Map ? merged(known, item) : item);
  }
  return all;
}

function list(what: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  if (typeof value === 'string') return [...value];
  throw new Error(`${what} needs a list, not ${pythonLiteral(value)}`);
}

function mapping(what: string, value: unknown): Map<unknown, unknown> {
  if (value instanceof Map) return value;
  throw new Error(`${what} needs a mapping, not ${pythonLiteral(value)}`);
}

function keyOf(value: unknown): string {
  return `${typeof value} ${pythonLiteral(value)}`;
}

function has(items: readonly unknown[], item: unknown): boolean {
  const key = keyOf(item);
  return items.some((one) => keyOf(one) === key);
}

function unique(items: readonly unknown[]): unknown[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

function shuffled(items: readonly unknown[]): unknown[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
