/** Times as text: formatted and read by Python's directives, read in ISO 8601. */

import {
  DAY,
  fromWall,
  MINUTE,
  offsetOf,
  offsetText,
  type Parts,
  partsOf,
  SECOND,
  type Time,
  two,
  wallFrom,
  wallOf,
  type Zone,
} from './time.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
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
] as const;

/** What some directives stand for. */
const WIDE: Readonly<Record<string, string>> = {
  T: '%H:%M:%S',
  R: '%H:%M',
  F: '%Y-%m-%d',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  c: '%a %b %e %H:%M:%S %Y',
  h: '%b',
  r: '%I:%M:%S %p',
};

const name = (names: readonly string[], index: number) => names[index] ?? '';
const space = (number: number) => String(number).padStart(2, ' ');
const twelve = (hour: number) => (hour % 12 === 0 ? 12 : hour % 12);

/** Python's directives (its `strftime` table) and those that the C library adds. */
const DIRECTIVES: Readonly<Record<string, (parts: Parts, time: Time) => string>> = {
  Y: (p) => String(p.year),
  C: (p) => two(Math.floor(p.year / 100)),
  y: (p) => two(p.year % 100),
  m: (p) => two(p.month),
  d: (p) => two(p.day),
  e: (p) => space(p.day),
  H: (p) => two(p.hour),
  k: (p) => space(p.hour),
  I: (p) => two(twelve(p.hour)),
  l: (p) => space(twelve(p.hour)),
  M: (p) => two(p.minute),
  S: (p) => two(p.second),
  f: (p) => String(p.microsecond).padStart(6, '0'),
  p: (p) => (p.hour < 12 ? 'AM' : 'PM'),
  P: (p) => (p.hour < 12 ? 'am' : 'pm'),
  A: (p) => name(DAYS, p.weekday),
  a: (p) => name(DAYS, p.weekday).slice(0, 3),
  B: (p) => name(MONTHS, p.month - 1),
  b: (p) => name(MONTHS, p.month - 1).slice(0, 3),
  j: (_p, time) => String(dayOfYear(time)).padStart(3, '0'),
  U: (p, time) => two(Math.floor((dayOfYear(time) + 6 - p.weekday) / 7)),
  W: (p, time) => two(Math.floor((dayOfYear(time) + 6 - ((p.weekday + 6) % 7)) / 7)),
  V: (_p, time) => two(isoCalendar(time)[1]),
  G: (_p, time) => String(isoCalendar(time)[0]),
  u: (_p, time) => String(isoCalendar(time)[2]),
  w: (p) => String(p.weekday),
  s: (_p, time) => String(Math.floor((time.zone === null ? fromWall(time.at, 'local').at : time.at) / SECOND)),
  z: (_p, time) => (time.zone === null ? '' : offsetText(offsetOf(time)).replace(':', '')),
  Z: (_p, time) => zoneShort(time),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

/** Directives that Python lacks stay as they are written; `%-d` and the like leave the leading zero out. */
export function strftime(time: Time, format: string): string {
  const parts = partsOf(time);
  const wide = format.replaceAll(/%([A-Za-z%])/g, (whole, letter: string) => WIDE[letter] ?? whole);
  return wide.replaceAll(/%(-?)([A-Za-z%])/g, (whole, short: string, letter: string) => {
    const text = DIRECTIVES[letter]?.(parts, time);
    if (text === undefined) return whole;
    return short === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}

function dayOfYear(time: Time): number {
  const { year } = partsOf(time);
  return Math.floor((wallOf(time) - Date.UTC(year, 0, 1) * 1000) / DAY) + 1;
}

/** Year, week and day of the week as in ISO 8601: a week belongs to the year of its Thursday. */
export function isoCalendar(time: Time): [year: number, week: number, weekday: number] {
  const weekday = partsOf(time).weekday || 7;
  const thursday: Time = { kind: 'date', at: wallOf(time) + (4 - weekday) * DAY, zone: null };
  return [partsOf(thursday).year, Math.ceil(dayOfYear(thursday) / 7), weekday];
}

/** `CET`: English has it in one country or another. */
export function zoneShort(time: Time): string {
  const { at, zone } = time;
  if (zone === null) return '';
  if (zone !== 'local') return zone === 0 ? 'UTC' : `UTC${offsetText(zone)}`;
  for (const locale of ['en-US', 'en-GB', 'en-AU']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(Math.floor(at / 1000));
    const short = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (!/^(?:GMT|UTC)[+-]/.test(short)) return short;
  }
  return offsetText(offsetOf(time)).replace(':', '').replace(/00$/, '');
}

const READ: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  I: '(?<I>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
  y: '(?<y>\\d{2})',
  j: '(?<j>\\d{1,3})',
  p: '(?<p>[AaPp][Mm])',
  b: `(?<b>${MONTHS.map((month) => month.slice(0, 3)).join('|')})`,
  B: `(?<B>${MONTHS.join('|')})`,
  a: `(?:${DAYS.map((day) => day.slice(0, 3)).join('|')})`,
  A: `(?:${DAYS.join('|')})`,
  z: '(?<z>Z|[+-]\\d\\d:?\\d\\d)',
  '%': '%',
};

/** Reads a text by Python's directives; null where it does not fit, is in no calendar, or has one that is not in {@link READ}. */
export function strptime(text: string, format: string): Time | null {
  let known = true;
  const pattern = format
    .replaceAll(/%([A-Za-z])/g, (whole, letter: string) => WIDE[letter] ?? whole)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/%([A-Za-z%])/g, (_whole, letter: string) => {
      known &&= letter in READ;
      return READ[letter] ?? '';
    })
    .replaceAll(/\s+/g, '\\s+');
  // The same directive twice is none that Python takes.
  const names = [...pattern.matchAll(/\(\?<(\w)>/g)].map(([, one]) => one);
  if (!known || new Set(names).size < names.length) return null;
  const found = new RegExp(`^${pattern}$`, 'i').exec(text)?.groups;
  return found === undefined ? null : timeFrom(found);
}

function timeFrom(found: Readonly<Record<string, string | undefined>>): Time | null {
  const number = (letter: string, fallback: number) => Number(found[letter] ?? fallback);
  const named = found.B ?? found.b;
  const month = MONTHS.findIndex((one) => one.slice(0, named?.length).toLowerCase() === named?.toLowerCase()) + 1;
  const hour =
    found.I === undefined ? number('H', 0) : (number('I', 0) % 12) + (found.p?.toLowerCase() === 'pm' ? 12 : 0);
  const wall = wallFrom({
    // As POSIX has it: 69 to 99 are of the last century.
    year: found.y === undefined ? number('Y', 1900) : number('y', 0) + (number('y', 0) < 69 ? 2000 : 1900),
    month: month || number('m', 1),
    day: number('d', 1),
    hour: number('I', 1) > 12 || number('I', 1) < 1 ? 24 : hour,
    minute: number('M', 0),
    second: number('S', 0),
    microsecond: Number((found.f ?? '0').padEnd(6, '0')),
  });
  if (wall === null) return null;
  return fromWall(found.j === undefined ? wall : wall + (number('j', 1) - 1) * DAY, zoneOf(found.z));
}

/** Minutes of `Z` or `+02:00`; null of nothing. */
function zoneOf(text: string | undefined): Zone {
  if (text === undefined) return null;
  const [, sign = '+', hours = '0', minutes = '0'] = /([+-])(\d\d):?(\d\d)?/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

const ISO =
  /^(?<Y>\d{4})(?:-(?<m>\d{1,2})(?:-(?<d>\d{1,2}))?|(?<m2>\d\d)(?<d2>\d\d))(?:[T ](?<H>\d{1,2})(?::?(?<M>\d{1,2})(?::?(?<S>\d{1,2})(?:[.,](?<f>\d{1,6})\d*)?)?)?(?<z>Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** A date, or a date with a time and perhaps a zone, in ISO 8601. */
export function parseIso(text: string): Time | null {
  const found = ISO.exec(text)?.groups as Record<string, string | undefined> | undefined;
  if (found === undefined) return null;
  return timeFrom({ ...found, m: found.m ?? found.m2, d: found.d ?? found.d2 });
}

const CLOCK_SPAN =
  /^(?:(?<days>-?\d+) (?:days?,? ?))?(?<sign>[-+]?)(?:(?<hours>\d+):(?=\d+:\d+))?(?:(?<minutes>\d+):)?(?<seconds>\d+(?:[.,]\d+)?)$/;
const DAYS_SPAN = /^(?<days>-?\d+) days?$/;
const ISO_SPAN =
  /^(?<sign>[-+]?)P(?:(?<days>\d+(?:[.,]\d+)?)D)?(?:T(?:(?<hours>\d+(?:[.,]\d+)?)H)?(?:(?<minutes>\d+(?:[.,]\d+)?)M)?(?:(?<seconds>\d+(?:[.,]\d+)?)S)?)?$/;

/** A span as `PT10M`, `1:30:00` or `2 days, 0:00:10`; null where it is none. Microseconds. */
export function parseSpan(text: string): number | null {
  const iso = ISO_SPAN.exec(text)?.groups;
  const found = iso ?? CLOCK_SPAN.exec(text)?.groups ?? DAYS_SPAN.exec(text)?.groups;
  if (found === undefined) return null;
  const number = (name: string) => Number((found[name] ?? '0').replace(',', '.'));
  const sign = found.sign === '-' ? -1 : 1;
  const clock = (number('hours') * 60 + number('minutes')) * MINUTE + number('seconds') * SECOND;
  const days = number('days') * DAY;
  return Math.round((iso === undefined ? days : sign * days) + sign * clock);
}
