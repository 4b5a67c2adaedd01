/** Times added, subtracted, multiplied and compared as Python does it. */

import type { Table } from './arguments.ts';
import { pythonLiteral } from './python.ts';
import { DAY, dateTime, fromWall, mapping, modulo, type Time, timeOf, wallOf } from './time.ts';

/** What stands in for operators where one side turns out to be a mapping; see `expression.ts`. */
export const operators: Table = {
  /** `a - b + c` as a, '-', b, '+', c; so with `*`, `/`, `//` and `%`. */
  calculate: (first, ...rest) => {
    let result = operand(first);
    for (let at = 0; at + 1 < rest.length; at += 2)
      result = calculated(result, String(rest[at]), operand(rest[at + 1]));
    return typeof result === 'object' && result !== null && 'kind' in result ? mapping(result as Time) : result;
  },
  compare: (a, operator, b) => compared(operand(a), String(operator), operand(b)),
  negate: (value) => mapping(scaled(span(value, '-'), -1)),
  absolute: (value) => {
    const time = span(value, 'abs');
    return mapping(scaled(time, time.at < 0 ? -1 : 1));
  },
};

function operand(value: unknown): unknown {
  return timeOf(value) ?? value;
}

function isTime(value: unknown): value is Time {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function calculated(a: unknown, operator: string, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return withNumbers(a, operator, b);
  const work = operator === '+' || operator === '-' ? summed : multiplied;
  return work(a, operator, b) ?? refuse(a, operator, b);
}

function withNumbers(a: number, operator: string, b: number): number {
  if (b === 0 && operator !== '*' && operator !== '+' && operator !== '-') throw new Error('a division by zero');
  const results: Readonly<Record<string, number>> = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': a / b,
    '//': Math.floor(a / b),
    '%': modulo(a, b),
  };
  return results[operator] as number;
}

function summed(a: unknown, operator: string, b: unknown): Time | null {
  if (!isTime(a) || !isTime(b)) return null;
  const sign = operator === '+' ? 1 : -1;
  if (b.kind === 'timedelta') {
    if (a.kind === 'timedelta') return timeSpan(a.at + sign * b.at);
    // As Python does it: a clock on the wall is moved, whatever the zone does meanwhile.
    if (a.kind === 'datetime') return fromWall(wallOf(a) + sign * b.at, a.zone);
    if (a.kind === 'date') {
      const { at } = dateTime(a.at + sign * Math.floor(b.at / DAY) * DAY, null);
      return { kind: 'date', at, zone: null };
    }
    return null;
  }
  if (operator === '+') return a.kind === 'timedelta' ? summed(b, '+', a) : null;
  if (a.kind === 'time' || a.kind === 'timedelta') return null;
  const difference = beside(a, b);
  return difference === null ? null : timeSpan(difference);
}

function multiplied(a: unknown, operator: string, b: unknown): Time | number | null {
  if (isTime(a) && isTime(b)) {
    if (a.kind !== 'timedelta' || b.kind !== 'timedelta' || operator === '*') return null;
    const result = withNumbers(a.at, operator, b.at);
    return operator === '%' ? timeSpan(result) : result;
  }
  if (operator === '*' && typeof a === 'number') return multiplied(b, '*', a);
  if (!isTime(a) || a.kind !== 'timedelta' || typeof b !== 'number' || operator === '%') return null;
  return timeSpan(Math.round(withNumbers(a.at, operator, b)));
}

function scaled(time: Time, by: number): Time {
  return timeSpan(time.at * by);
}

export function timeSpan(at: number): Time {
  if (Math.abs(at) > 999_999_999 * DAY) throw new Error('the timedelta is longer than 999999999 days');
  return { kind: 'timedelta', at: at === 0 ? 0 : at, zone: null };
}

function span(value: unknown, operator: string): Time {
  const time = timeOf(value);
  if (time?.kind === 'timedelta') return time;
  throw new Error(`${operator} needs a number or a timedelta, not ${pythonLiteral(value)}`);
}

function compared(a: unknown, operator: string, b: unknown): boolean {
  if (operator === '==' || operator === '!=') return same(a, b) === (operator === '==');
  const difference = isTime(a) && isTime(b) ? beside(a, b) : null;
  if (difference === null) return refuse(a, operator, b);
  if (operator.startsWith('<')) return difference < 0 || (difference === 0 && operator === '<=');
  return difference > 0 || (difference === 0 && operator === '>=');
}

function same(a: unknown, b: unknown): boolean {
  if (!isTime(a) || !isTime(b)) return pythonLiteral(a) === pythonLiteral(b);
  return a.kind === b.kind && (a.zone === null) === (b.zone === null) && beside(a, b) === 0;
}

/** How far a is behind b, in microseconds; null where they have nothing in common. */
function beside(a: Time, b: Time): number | null {
  if (a.kind !== b.kind) return null;
  if ((a.zone === null) !== (b.zone === null))
    throw new Error('one datetime has a time zone and the other has none: put | as_local behind the one without');
  // Within one zone Python goes by the clocks on the wall.
  return a.zone === b.zone ? wallOf(a) - wallOf(b) : a.at - b.at;
}

function refuse(a: unknown, operator: string, b: unknown): never {
  throw new Error(`${kindOf(a)} ${operator} ${kindOf(b)} has no meaning. ${WRITE_SPAN}`);
}

export const WRITE_SPAN = 'A span of time is written timedelta(minutes=5), seconds are those of as_timestamp(…).';

function kindOf(value: unknown): string {
  if (isTime(value)) return `a ${value.kind}`;
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'string') return 'a text';
  return value instanceof Map ? 'a mapping' : Array.isArray(value) ? 'a list' : 'a boolean';
}
