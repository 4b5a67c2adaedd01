/** Points in time within templates: what `now()` gives, how it is printed, formatted and read. */

import type { Value } from './python.ts';

/** The member that tells a point in time from any other mapping: milliseconds since the epoch. */
export const AT = '__at';

/** With the parts that templates ask for, as in Python's `datetime`. `utc`: in UTC instead of local time. */
export function dateTime(at: number, utc: boolean): { readonly [name: string]: Value } {
  const p = partsOf(at, utc);
  return {
    [AT]: at,
    year: p.year,
    month: p.month,
    day: p.day,
    hour: p.hour,
    minute: p.minute,
    second: p.second,
    microsecond: p.ms * 1000,
    utc,
  };
}

/** Of a point in time, a number of seconds, or a text in ISO 8601; null for everything else. Milliseconds. */
export function instantOf(value: unknown): number | null {
  if (value instanceof Map && typeof value.get(AT) === 'number') return value.get(AT) as number;
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1000;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value.trim())) return null;
  const at = Date.parse(value.trim().replace(' ', 'T'));
  return Number.isNaN(at) ? null : at;
}

/** As Python prints it: `2026-11-25 18:30:00.120000+00:00`. */
export function printed(at: number, utc: boolean): string {
  const micro = partsOf(at, utc).ms === 0 ? '' : '.%f';
  const zone = strftime(at, '%z', utc).replace(/^(.{3})/, '$1:');
  return strftime(at, `%Y-%m-%d %H:%M:%S${micro}`, utc) + zone;
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  weekday: number;
  /** Minutes east of UTC. */
  offset: number;
}

function partsOf(at: number, utc: boolean): Parts {
  const offset = utc ? 0 : -new Date(at).getTimezoneOffset();
  const local = new Date(at + offset * 60_000);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    ms: local.getUTCMilliseconds(),
    weekday: local.getUTCDay(),
    offset,
  };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (number: number) => String(number).padStart(2, '0');

/** Python's directives (its `strftime` table); `%-d` and the like leave the leading zero out. */
const DIRECTIVES: Readonly<Record<string, (parts: Parts, at: number) => string>> = {
  Y: (p) => String(p.year),
  y: (p) => two(p.year % 100),
  m: (p) => two(p.month),
  d: (p) => two(p.day),
  H: (p) => two(p.hour),
  I: (p) => two(p.hour % 12 === 0 ? 12 : p.hour % 12),
  M: (p) => two(p.minute),
  S: (p) => two(p.second),
  f: (p) => String(p.ms * 1000).padStart(6, '0'),
  p: (p) => (p.hour < 12 ? 'AM' : 'PM'),
  A: (p) => DAYS[p.weekday] ?? '',
  a: (p) => (DAYS[p.weekday] ?? '').slice(0, 3),
  B: (p) => MONTHS[p.month - 1] ?? '',
  b: (p) => (MONTHS[p.month - 1] ?? '').slice(0, 3),
  j: (p) =>
    String(Math.round((Date.UTC(p.year, p.month - 1, p.day) - Date.UTC(p.year, 0, 0)) / 86_400_000)).padStart(3, '0'),
  u: (p) => String(p.weekday === 0 ? 7 : p.weekday),
  w: (p) => String(p.weekday),
  s: (_p, at) => String(Math.floor(at / 1000)),
  z: (p) => `${p.offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(p.offset) / 60))}${two(Math.abs(p.offset) % 60)}`,
  Z: (p) => (p.offset === 0 ? 'UTC' : ''),
  '%': () => '%',
};

/** Directives that Python lacks stay as they are written. */
export function strftime(at: number, format: string, utc: boolean): string {
  const parts = partsOf(at, utc);
  const wide = format
    .replaceAll('%T', '%H:%M:%S')
    .replaceAll('%F', '%Y-%m-%d')
    .replaceAll('%x', '%m/%d/%y')
    .replaceAll('%X', '%H:%M:%S');
  return wide.replaceAll(/%(-?)([A-Za-z%])/g, (whole, short: string, name: string) => {
    const text = DIRECTIVES[name]?.(parts, at);
    if (text === undefined) return whole;
    return short === '' ? text : text.replace(/^0+(?=.)/, '');
  });
}

const READ: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
  y: '(?<y>\\d{2})',
  z: '(?<z>Z|[+-]\\d\\d:?\\d\\d)',
};

/** Reads a text by Python's directives; null where it does not fit, or has none that {@link READ} knows. */
export function strptime(text: string, format: string): number | null {
  const pattern = format
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/%([A-Za-z])/g, (whole, name: string) => READ[name] ?? whole);
  const found = new RegExp(`^${pattern}$`).exec(text.trim())?.groups;
  if (found === undefined) return null;
  const number = (name: string, fallback: number) => (found[name] === undefined ? fallback : Number(found[name]));
  const year = found.y === undefined ? number('Y', 1900) : 2000 + Number(found.y);
  const ms = Math.trunc(Number((found.f ?? '0').padEnd(6, '0')) / 1000);
  const day = [year, number('m', 1) - 1, number('d', 1), number('H', 0), number('M', 0), number('S', 0), ms] as const;
  if (found.z === undefined) return new Date(...day).getTime();
  const [, sign = '+', hours = '0', minutes = '0'] = /([+-])(\d\d):?(\d\d)/.exec(found.z) ?? [];
  return Date.UTC(...day) - (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
