/** Filters, functions and methods of times, as in Home Assistant and Python. */

import { byName, defaultOf, type Fn, inOrder, str, type Table } from './arguments.ts';
import { pythonLiteral, shown } from './python.ts';
import {
  DAY,
  dateTime,
  fromWall,
  inZone,
  MINUTE,
  mapping,
  offsetOf,
  offsetText,
  partsOf,
  printed,
  SECOND,
  type Time,
  timeOf,
  wallFrom,
  wallOf,
  type Zone,
  zoneName,
} from './time.ts';
import { timeSpan } from './time-arithmetic.ts';
import { isoCalendar, parseIso, parseSpan, strftime, strptime, zoneShort } from './time-text.ts';

/** What makes a time: a template without any of these has none. `as_local` and the like are filters, too. */
export const TIME_MAKERS = [
  'now',
  'utcnow',
  'today_at',
  'as_datetime',
  'as_local',
  'strptime',
  'timedelta',
  'as_timedelta',
] as const;

/**
 * Variables as templates see them: what fired a run, or ended its wait, has its times as texts, and in Home Assistant they
 * are datetimes: `trigger.now` and `trigger.event.time_fired`.
 */
export function withTimes(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { trigger, wait } = variables;
  const seen: Record<string, unknown> = { ...variables };
  if (isMapping(trigger)) seen.trigger = firedWithTimes(trigger);
  if (isMapping(wait) && isMapping(wait.trigger)) seen.wait = { ...wait, trigger: firedWithTimes(wait.trigger) };
  return seen;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firedWithTimes(fired: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { now, event } = fired;
  return {
    ...fired,
    ...(typeof now === 'string' ? { now: timeFrom(now, 'local') } : {}),
    ...(isMapping(event) && typeof event.time_fired === 'string'
      ? { event: { ...event, time_fired: timeFrom(event.time_fired, 0) } }
      : {}),
  };
}

function timeFrom(text: string, zone: Zone): unknown {
  const time = parseIso(text);
  return time === null ? text : mapping(inZone(time, zone));
}

/** Units of `timedelta`, in the order of its places. */
const UNITS = {
  days: DAY,
  seconds: SECOND,
  microseconds: 1,
  milliseconds: 1000,
  minutes: MINUTE,
  hours: 60 * MINUTE,
  weeks: 7 * DAY,
} as const;
const UNIT_NAMES = Object.keys(UNITS) as Array<keyof typeof UNITS>;

/** `now`: milliseconds since the epoch. `values` are filters and functions. */
export function createTimes(now: () => number): { values: Table; filters: Table; functions: Table; methods: Table } {
  const here = () => dateTime(now() * 1000, 'local');
  const age = (value: unknown, precision: unknown, sign: 1 | -1) => {
    const time = timeOf(value);
    if (time?.kind !== 'datetime') return value;
    const ahead = inZone(time, 'local').at - now() * 1000;
    return ahead * sign < 0 ? value : inWords((ahead * sign) / SECOND, Number(precision));
  };
  const values: Table = {
    as_timestamp: (value, ...fallback) => {
      const time = instantOf(value);
      return time === null ? defaultOf(fallback, 'as_timestamp', value) : secondsOf(time);
    },
    as_datetime: (value, ...fallback) => {
      const time =
        typeof value === 'number' || /^\s*-?\d+(?:\.\d+)?\s*$/.test(str(value))
          ? instantOf(Number(value))
          : instantOf(value);
      if (time !== null) return mapping(time);
      return typeof value === 'string' && fallback.length === 0 ? null : defaultOf(fallback, 'as_datetime', value);
    },
    as_local: (value) => {
      const time = instantOf(value);
      if (time === null) throw new Error(`as_local needs a datetime, not ${shown(value)}`);
      return mapping(inZone(time, 'local'));
    },
    as_timedelta: (value) => {
      const at = parseSpan(str(value));
      return at === null ? null : mapping(timeSpan(at));
    },
    today_at: (time = '') => {
      const wall = wallFrom({ ...partsOf(here()), ...MIDNIGHT, ...clockOf(str(time)) });
      if (wall === null) throw notAClock(time);
      return mapping(fromWall(wall, 'local'));
    },
    relative_time: (value) => age(value, 1, -1),
    timedelta_string(value, ...args) {
      const time = timeOf(value);
      return time?.kind === 'timedelta' ? inWords(Math.abs(time.at) / SECOND, Number(precisionOf(args))) : value;
    },
    time_since: (value, ...args) => age(value, precisionOf(args), -1),
    time_until: (value, ...args) => age(value, precisionOf(args), 1),
  };
  return {
    values,
    filters: {
      timestamp_custom: (value, ...args) => {
        const { rest, named } = byName(args, ['date_format', 'local', 'default']);
        const time = instantOf(value);
        const fallback = named.default ?? rest[2];
        if (time === null) return defaultOf(fallback === undefined ? [] : [fallback], 'timestamp_custom', value);
        const local = named.local ?? rest[1] ?? true;
        const format = named.date_format ?? rest[0] ?? '%Y-%m-%d %H:%M:%S';
        return strftime(inZone(time, local === false ? 0 : 'local'), str(format));
      },
      timestamp_local: (value, ...fallback) => iso(value, 'local', fallback, 'timestamp_local'),
      timestamp_utc: (value, ...fallback) => iso(value, 0, fallback, 'timestamp_utc'),
    },
    functions: {
      now: () => mapping(here()),
      utcnow: () => mapping(dateTime(now() * 1000, 0)),
      strptime: (text, format, ...fallback) => {
        const time = strptime(str(text), str(format));
        return time === null ? defaultOf(fallback, 'strptime', text) : mapping(time);
      },
      timedelta: (...args) => {
        const { rest, named } = byName(args, UNIT_NAMES);
        const amounts = UNIT_NAMES.map((unit, place) => [unit, named[unit] ?? rest[place] ?? 0] as const);
        const wrong = amounts.find(([, amount]) => typeof amount !== 'number' || !Number.isFinite(amount));
        if (wrong !== undefined || rest.length > UNIT_NAMES.length || rest.some((one) => one instanceof Map))
          throw new Error(
            `timedelta takes numbers for ${UNIT_NAMES.join(', ')}, not ${shown(wrong === undefined ? rest : wrong[1])}`,
          );
        return mapping(
          timeSpan(Math.round(amounts.reduce((sum, [unit, amount]) => sum + UNITS[unit] * Number(amount), 0))),
        );
      },
    },
    methods: METHODS,
  };
}

const MIDNIGHT = { hour: 0, minute: 0, second: 0, microsecond: 0 };

function notAClock(text: unknown): Error {
  return new Error(`today_at got ${shown(text)}; it takes a time of the day such as '18:30'`);
}

function clockOf(text: string): Partial<typeof MIDNIGHT> {
  if (text === '') return {};
  const [whole, hour, minute, second = '0'] = /^\s*(\d+)\s*:\s*(\d+)\s*(?::\s*(\d+)\s*)?$/.exec(text) ?? [];
  if (whole === undefined) throw notAClock(text);
  return { hour: Number(hour), minute: Number(minute), second: Number(second) };
}

/** By `timespec`, with as many digits as it wants, or more. */
const CLOCKS: Readonly<Record<string, string>> = {
  hours: '%H',
  minutes: '%H:%M',
  seconds: '%H:%M:%S',
  milliseconds: '%H:%M:%S.%f',
  microseconds: '%H:%M:%S.%f',
};

const METHODS: Table = {
  strftime: (value, format) => strftime(moment(value, 'strftime'), str(format)),
  isoformat(value, ...args) {
    const time = moment(value, 'isoformat');
    const [between = 'T', precision = 'auto'] = inOrder(time.kind === 'time' ? ['', ...args] : args, [
      'sep',
      'timespec',
    ]);
    if (precision === 'auto' || time.kind === 'date') return printed(time, str(between));
    const format = Object.hasOwn(CLOCKS, str(precision)) ? CLOCKS[str(precision)] : undefined;
    if (format === undefined)
      throw new Error(
        `isoformat got the timespec ${shown(precision)}; there are auto, ${Object.keys(CLOCKS).join(', ')}`,
      );
    const zone = time.zone === null ? '' : offsetText(offsetOf(time));
    const clock = strftime(time, format).replace(str(precision) === 'milliseconds' ? /...$/ : /$/, '');
    return (time.kind === 'time' ? '' : strftime(time, '%Y-%m-%d') + str(between)) + clock + zone;
  },
  timestamp: (value) => secondsOf(of(value, 'timestamp', ['datetime'])),
  weekday: (value) => (partsOf(day(value, 'weekday')).weekday + 6) % 7,
  isoweekday: (value) => partsOf(day(value, 'isoweekday')).weekday || 7,
  isocalendar: (value) => isoCalendar(day(value, 'isocalendar')),
  timetuple(value) {
    const time = day(value, 'timetuple');
    const { year, month, day: mday, hour, minute, second, weekday } = partsOf(time);
    const date = { tm_year: year, tm_mon: month, tm_mday: mday, tm_wday: (weekday + 6) % 7 };
    return { ...date, tm_hour: hour, tm_min: minute, tm_sec: second, tm_yday: Number(strftime(time, '%j')) };
  },
  ctime: (value) => strftime(day(value, 'ctime'), '%c'),
  toordinal: (value) => Math.floor(wallOf(day(value, 'toordinal')) / DAY) + 719_163,
  date: (value) => {
    const wall = wallOf(of(value, 'date', ['datetime']));
    return mapping({ kind: 'date', at: Math.floor(wall / DAY) * DAY, zone: null });
  },
  time: (value) => {
    const wall = wallOf(of(value, 'time', ['datetime']));
    return mapping({ kind: 'time', at: wall - Math.floor(wall / DAY) * DAY, zone: null });
  },
  total_seconds: (value) => of(value, 'total_seconds', ['timedelta']).at / SECOND,
  astimezone: (value, zone) => mapping(inZone(of(value, 'astimezone', ['datetime']), zoneFrom(zone ?? 'local'))),
  utcoffset: (value) => {
    const time = moment(value, 'utcoffset');
    return time.zone === null ? null : mapping(timeSpan(offsetOf(time) * MINUTE));
  },
  tzname: (value) => {
    const time = moment(value, 'tzname');
    return time.zone === null ? null : zoneShort(time);
  },
};

const REPLACED = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond', 'tzinfo'] as const;

/** `x.replace(hour=0)`; null where x is no time. */
export function replaced(value: unknown, args: readonly unknown[]): unknown {
  const time = timeOf(value);
  if (time === null || time.kind === 'timedelta') return null;
  const { rest, named } = byName(args, REPLACED);
  const places = time.kind === 'time' ? REPLACED.slice(3) : REPLACED;
  const given = { ...Object.fromEntries(rest.map((one, index) => [places[index], one])), ...named };
  const { tzinfo, ...numbers } = given;
  const wall = wallFrom({ ...partsOf(time), ...numbers });
  if (wall === null || Object.values(numbers).some((one) => !Number.isInteger(one)))
    throw new Error(`replace got ${shown(new Map(Object.entries(given)))}, which no calendar and no clock has`);
  if (time.kind !== 'datetime') return mapping({ ...time, at: wall });
  return mapping(fromWall(wall, 'tzinfo' in given ? zoneFrom(tzinfo) : time.zone));
}

/** What `tzinfo` gave, back again. */
function zoneFrom(value: unknown): Zone {
  if (value === null || value === undefined) return null;
  if (value === zoneName(0)) return 0;
  if (value === 'local' || value === zoneName('local')) return 'local';
  const [, sign, hours, minutes] = /^UTC([+-])(\d\d):(\d\d)$/.exec(str(value)) ?? [];
  if (sign !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  throw new Error(
    `${shown(value)} is no time zone that a template has: it takes one of now(), utcnow() or another time`,
  );
}

/** Of a datetime, a number of seconds, or a text in ISO 8601; null for everything else. */
function instantOf(value: unknown): Time | null {
  if (typeof value === 'number') return Number.isFinite(value) ? dateTime(Math.round(value * SECOND), 0) : null;
  if (typeof value === 'string') return parseIso(value.trim());
  const time = timeOf(value);
  if (time?.kind === 'date') return { ...time, kind: 'datetime' };
  return time?.kind === 'datetime' ? time : null;
}

function secondsOf(time: Time): number {
  return inZone(time, 0).at / SECOND;
}

function iso(value: unknown, zone: Zone, fallback: readonly unknown[], what: string): unknown {
  const time = instantOf(value);
  return time === null ? defaultOf(fallback, what, value) : printed(inZone(time, zone), 'T');
}

function of(value: unknown, method: string, kinds: ReadonlyArray<Time['kind']>): Time {
  const time = timeOf(value);
  if (time !== null && kinds.includes(time.kind)) return time;
  throw new Error(`${method} needs a ${kinds.join(' or a ')}, not ${time?.kind ?? pythonLiteral(value)}`);
}

function day(value: unknown, method: string): Time {
  return of(value, method, ['datetime', 'date']);
}

function moment(value: unknown, method: string): Time {
  return of(value, method, ['datetime', 'date', 'time']);
}

function precisionOf(args: readonly unknown[]): unknown {
  const { rest, named } = byName(args, ['precision']);
  return named.precision ?? rest[0] ?? 1;
}

const AGES: ReadonlyArray<readonly [name: string, seconds: number]> = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** `2 hours`, or with a precision of two `2 hours 5 minutes`; the last of them is rounded. */
function inWords(seconds: number, precision: number): string {
  let left = halfToEven(seconds);
  const parts: string[] = [];
  for (const [name, length] of AGES) {
    if (left < length) continue;
    const isLast = parts.length + 1 === precision;
    const count = isLast ? halfToEven(left / length) : Math.floor(left / length);
    parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
    if (isLast) break;
    left -= count * length;
  }
  return parts.join(' ') || '0 seconds';
}

function halfToEven(number: number): number {
  const below = Math.floor(number);
  if (number - below === 0.5) return below % 2 === 0 ? below : below + 1;
  return Math.round(number);
}

export const isDatetime: Fn = (value) => timeOf(value)?.kind === 'datetime';
