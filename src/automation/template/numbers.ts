/** Filters and functions of numbers that Home Assistant adds to Jinja. */

import { byName, defaultOf, inOrder, isNumber, type Table } from './arguments.ts';
import { fixed, pythonLiteral } from './python.ts';
import { modulo } from './time.ts';

/** Names that templates know without a call. */
export const CONSTANTS = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI, inf: Number.POSITIVE_INFINITY } as const;

const SINGLE = ['sqrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'] as const;

/** As filters and as functions. */
export const numbers: Table = {
  average: (...items) => {
    const { all, fallback } = listed('average', items);
    return all === null ? fallback : all.reduce((sum, one) => sum + one, 0) / all.length;
  },
  ...Object.fromEntries(
    SINGLE.map((name) => [
      name,
      (value: unknown, ...fallback: readonly unknown[]) =>
        finite(name, isNumber(value) ? Math[name](Number(value)) : Number.NaN, value, fallback),
    ]),
  ),
  log(value, ...args) {
    const { rest, named } = byName(args, ['base', 'default']);
    const base = named.base ?? rest[0] ?? Math.E;
    const fallback = 'default' in named ? [named.default] : rest.slice(1, 2);
    const result = isNumber(value) && isNumber(base) ? Math.log(Number(value)) / Math.log(Number(base)) : Number.NaN;
    return finite('log', result, value, fallback);
  },
  round(value, ...args) {
    const { rest, named } = byName(args, ['precision', 'method', 'default']);
    if (!isNumber(value)) {
      return defaultOf('default' in named ? [named.default] : rest.slice(2, 3), 'round', value);
    }
    return rounded(Number(value), Number(named.precision ?? rest[0] ?? 0), String(named.method ?? rest[1] ?? 'common'));
  },
  median(...items) {
    const { all, fallback } = listed('median', items);
    if (all === null) return fallback;
    const sorted = all.sort((a, b) => a - b);
    const middle = sorted.length / 2;
    if (!Number.isInteger(middle)) return sorted[Math.floor(middle)];
    return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  },
  statistical_mode(...items) {
    const first = items[0];
    const all = Array.isArray(first) ? (first as unknown[]) : items;
    if (all.length === 0) return defaultOf(items.slice(1), 'statistical_mode', first);
    const counts = Map.groupBy(all, pythonLiteral);
    return [...counts.values()].reduce((best, one) => (one.length > best.length ? one : best))[0];
  },
  atan2(...args) {
    const { rest } = byName(args, ['default']);
    const [y, x] = (Array.isArray(rest[0]) ? rest[0] : rest) as unknown[];
    if (isNumber(y) && isNumber(x)) return Math.atan2(Number(y), Number(x));
    return defaultOf(args.slice(Array.isArray(rest[0]) ? 1 : 2), 'atan2', [y, x]);
  },
  bitwise_and: (a, b) => Number(a) & Number(b),
  bitwise_or: (a, b) => Number(a) | Number(b),
  bitwise_xor: (a, b) => Number(a) ^ Number(b),
  clamp(...args) {
    const [value, low, high] = range('clamp', args);
    return Math.max(low, Math.min(high, value));
  },
  wrap(...args) {
    const [value, low, high] = range('wrap', args);
    const size = high - low;
    const result = size === 0 ? low : modulo(value - low, size) + low;
    return size > 0 && result >= high ? low : result;
  },
};

/** As Python does it: a half goes to the even neighbour. */
function rounded(value: number, precision: number, method: string): number {
  const power = 10 ** Math.min(15, Math.max(-15, precision));
  if (method === 'ceil') return Math.ceil(value * power) / power;
  if (method === 'floor') return Math.floor(value * power) / power;
  if (method === 'half') return Math.round(value * 2) / 2;
  if (method !== 'common') throw new Error(`round has no method ${pythonLiteral(method)}: common, ceil, floor or half`);
  if (precision < 0) return Number(fixed(value * power, 0)) / power;
  return Number(fixed(value, Math.min(15, precision)));
}

/** A value and the least and the most that it may be. */
function range(what: string, args: readonly unknown[]): [value: number, low: number, high: number] {
  const given = [args[0], ...inOrder(args.slice(1), ['min_value', 'max_value'])];
  const odd = given.find((one) => !isNumber(one));
  if (given.every(isNumber)) return given.map(Number) as [number, number, number];
  throw new Error(`${what} needs three numbers, not ${pythonLiteral(odd)}`);
}

function finite(what: string, result: number, value: unknown, fallback: readonly unknown[]): unknown {
  return Number.isFinite(result) ? result : defaultOf(fallback, what, value);
}

/** Numbers by place or in a list, behind which a default may stand. */
function listed(what: string, items: readonly unknown[]): { all: number[] | null; fallback: unknown } {
  const { rest } = byName(items, ['default']);
  const inList = Array.isArray(rest[0]);
  const all = (inList ? rest[0] : rest) as unknown[];
  if (all.length > 0 && all.every((one) => typeof one === 'number'))
    return { all: [...all] as number[], fallback: null };
  return { all: null, fallback: defaultOf(items.slice(inList ? 1 : rest.length), what, all) };
}

/** What is only a filter. */
export const numberFilters: Table = {
  multiply: (value, by, ...fallback) =>
    isNumber(value) && isNumber(by) ? Number(value) * Number(by) : defaultOf(fallback, 'multiply', value),
  add: (value, by, ...fallback) =>
    isNumber(value) && isNumber(by) ? Number(value) + Number(by) : defaultOf(fallback, 'add', value),
};
