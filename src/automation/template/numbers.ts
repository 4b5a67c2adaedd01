/** Filters and functions of numbers that Home Assistant adds to Jinja. */

import { byName, isNumber, type Table } from './arguments.ts';
import { pythonLiteral } from './python.ts';

/** Names that templates know without a call. */
export const CONSTANTS = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI, inf: Number.POSITIVE_INFINITY } as const;

const SINGLE = ['sqrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'] as const;

/** As filters and as functions. */
export const numbers: Table = {
  ...Object.fromEntries(
    SINGLE.map((name) => [
      name,
      (value: unknown, ...more: readonly unknown[]) => finite(name, Math[name](number(name, value, more)), value, more),
    ]),
  ),
  log(value, ...args) {
    const { rest, named } = byName(args, ['base', 'default']);
    const base = number('log', named.base ?? rest[0] ?? Math.E, []);
    return finite('log', Math.log(number('log', value, args)) / Math.log(base), value, args);
  },
  round(value, ...args) {
    const { rest, named } = byName(args, ['precision', 'method', 'default']);
    if (!isNumber(value)) {
      const fallback = named.default ?? rest[2];
      if (fallback === undefined) throw new Error(`round got ${pythonLiteral(value)} and has no default`);
      return fallback;
    }
    return rounded(Number(value), Number(named.precision ?? rest[0] ?? 0), String(named.method ?? rest[1] ?? 'common'));
  },
  median(...items) {
    const sorted = listed('median', items).sort((a, b) => a - b);
    const middle = sorted.length / 2;
    if (!Number.isInteger(middle)) return sorted[Math.floor(middle)];
    return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  },
  statistical_mode(...items) {
    const all = listed('statistical_mode', items);
    const counts = Map.groupBy(all, (one) => one);
    return [...counts].reduce((best, one) => (one[1].length > best[1].length ? one : best))[0];
  },
  bitwise_and: (a, b) => Number(a) & Number(b),
  bitwise_or: (a, b) => Number(a) | Number(b),
  bitwise_xor: (a, b) => Number(a) ^ Number(b),
  clamp: (value, low, high) => Math.min(Math.max(Number(value), Number(low)), Number(high)),
};

/** As Python does it: a half goes to the even neighbour. */
function rounded(value: number, precision: number, method: string): number {
  const power = 10 ** Math.min(15, Math.max(-15, precision));
  if (method === 'ceil') return Math.ceil(value * power) / power;
  if (method === 'floor') return Math.floor(value * power) / power;
  if (method === 'half') return Math.round(value * 2) / 2;
  if (method !== 'common') throw new Error(`round has no method ${pythonLiteral(method)}: common, ceil, floor or half`);
  const scaled = value * power;
  const below = Math.floor(scaled);
  const tie = scaled - below === 0.5;
  if (tie) return (below % 2 === 0 ? below : below + 1) / power;
  return precision > 0 ? Number(value.toFixed(Math.min(15, precision))) : Math.round(scaled) / power;
}

function number(what: string, value: unknown, args: readonly unknown[]): number {
  if (isNumber(value)) return Number(value);
  const { named } = byName(args, ['default']);
  if (named.default === undefined) throw new Error(`${what} got ${pythonLiteral(value)}, which is no number`);
  return Number.NaN;
}

function finite(what: string, result: number, value: unknown, args: readonly unknown[]): unknown {
  if (Number.isFinite(result)) return result;
  const { named } = byName(args, ['default']);
  if (named.default !== undefined) return named.default;
  throw new Error(`${what} has no result for ${pythonLiteral(value)}`);
}

function listed(what: string, items: readonly unknown[]): number[] {
  const all = items.length === 1 && Array.isArray(items[0]) ? (items[0] as unknown[]) : items;
  if (all.length > 0 && all.every(isNumber)) return all.map(Number);
  throw new Error(`${what} needs numbers, not ${pythonLiteral(all)}`);
}
