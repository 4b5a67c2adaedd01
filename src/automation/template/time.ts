/** Times within templates: what Python has as `datetime`, `date`, `time` and `timedelta`, as mappings of the engine. */

import type { Value } from './python.ts';

/** Minutes east of UTC, the zone of this machine, or none: then only a clock on a wall is known. */
export type Zone = number | 'local' | null;

export interface Time {
  kind: 'datetime' | 'date' | 'time' | 'timedelta';
  /**
   * Microseconds: since the epoch; without a zone, and of a date, what they would be if its clock showed UTC; of a time
   * since midnight; of a timedelta its length.
   */
  at: number;
  zone: Zone;
}

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;

/** Members of the mapping that nobody writes by accident. The engine sorts mappings by their first member: by time. */
const AT = '__at';
const KIND = '__kind';
const ZONE = '__zone';

const KINDS: ReadonlySet<unknown> = new Set(['datetime', 'date', 'time', 'timedelta'] satisfies Array<Time['kind']>);

/** What the engine gave, if it is a time. */
export function timeOf(value: unknown): Time | null {
  if (!(value instanceof Map) || typeof value.get(AT) !== 'number' || !KINDS.has(value.get(KIND))) return null;
  return {
    kind: value.get(KIND) as Time['kind'],
    at: value.get(AT) as number,
    zone: (value.get(ZONE) ?? null) as Zone,
  };
}

/** With the members that Python's have. */
export function mapping(time: Time): { readonly [name: string]: Value } {
  const { kind, at, zone } = time;
  const own = { [AT]: at, [KIND]: kind, [ZONE]: zone };
  if (kind === 'timedelta') {
    const days = Math.floor(at / DAY);
    const left = at - days * DAY;
    return { ...own, days, seconds: Math.floor(left / SECOND), microseconds: left % SECOND };
  }
  const { year, month, day, hour, minute, second, microsecond } = partsOf(time);
  const date = { year, month, day };
  if (kind === 'date') return { ...own, ...date };
  const clock = { hour, minute, second, microsecond, tzinfo: zoneName(zone) };
  return kind === 'time' ? { ...own, ...clock } : { ...own, ...date, ...clock };
}

export function dateTime(at: number, zone: Zone): Time {
  const time: Time = { kind: 'datetime', at, zone };
  const { year } = partsOf(time);
  if (!(year >= 1 && year <= 9999)) throw new Error('the point in time is beyond the years 1 to 9999');
  return time;
}

/** By what a clock in the zone shows. */
export function fromWall(wall: number, zone: Zone): Time {
  if (zone !== 'local') return dateTime(wall - (zone ?? 0) * MINUTE, zone);
  const shown = new Date(Math.floor(wall / 1000));
  const local = new Date(2000, 0, 1);
  local.setFullYear(shown.getUTCFullYear(), shown.getUTCMonth(), shown.getUTCDate());
  local.setHours(shown.getUTCHours(), shown.getUTCMinutes(), shown.getUTCSeconds(), 0);
  return dateTime(local.getTime() * 1000 + modulo(wall, SECOND), 'local');
}

/** What a clock in its zone shows, as microseconds. */
export function wallOf(time: Time): number {
  return time.at + offsetOf(time) * MINUTE;
}

/** Minutes east of UTC; 0 without a zone. */
export function offsetOf({ at, zone }: Time): number {
  return zone === 'local' ? -new Date(Math.floor(at / 1000)).getTimezoneOffset() : (zone ?? 0);
}

export function inZone(time: Time, zone: Zone): Time {
  // Without a zone it is a clock of this machine, as in Python.
  const known = time.zone === null ? fromWall(time.at, 'local') : time;
  return dateTime(known.at, zone);
}

export interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  microsecond: number;
  /** 0 is Sunday. */
  weekday: number;
}

/** What calendar and clock show. */
export function partsOf(time: Time): Parts {
  const wall = wallOf(time);
  const shown = new Date(Math.floor(wall / 1000));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    microsecond: modulo(wall, SECOND),
    weekday: shown.getUTCDay(),
  };
}

/** The wall clock of these parts; null where no calendar has them. */
export function wallFrom({
  year,
  month,
  day,
  hour,
  minute,
  second,
  microsecond,
}: Omit<Parts, 'weekday'>): number | null {
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  const dateFits = shown.getUTCMonth() === month - 1 && shown.getUTCDate() === day && year >= 1 && year <= 9999;
  if (!dateFits || hour > 23 || minute > 59 || second > 59 || Math.min(hour, minute, second) < 0) return null;
  return shown.getTime() * 1000 + ((hour * 60 + minute) * 60 + second) * SECOND + microsecond;
}

/** Asked for with every time, and slow to find. */
let ownZone: string | undefined;

/** Null without a zone. */
export function zoneName(zone: Zone): string | null {
  if (zone === null) return null;
  if (zone === 'local') {
    ownZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
    return ownZone;
  }
  return zone === 0 ? 'UTC' : `UTC${offsetText(zone)}`;
}

/** `+02:00`. */
export function offsetText(minutes: number): string {
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

export function two(number: number): string {
  return String(number).padStart(2, '0');
}

export function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}

/** As Python prints it: `2026-11-25 18:30:00.120000+00:00`, `1 day, 2:03:04`. `between`: date and clock. */
export function printed(time: Time, between = ' '): string {
  if (time.kind === 'timedelta') return printedSpan(time.at);
  const { year, month, day, hour, minute, second, microsecond } = partsOf(time);
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  if (time.kind === 'date') return date;
  const micro = microsecond === 0 ? '' : `.${String(microsecond).padStart(6, '0')}`;
  const zone = time.zone === null ? '' : offsetText(offsetOf(time));
  const clock = `${two(hour)}:${two(minute)}:${two(second)}${micro}${zone}`;
  return time.kind === 'time' ? clock : date + between + clock;
}

function printedSpan(at: number): string {
  const days = Math.floor(at / DAY);
  const left = at - days * DAY;
  const clock = printed({ kind: 'time', at: left, zone: null }).replace(/^0(?=\d)/, '');
  return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`;
}
