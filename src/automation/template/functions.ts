/** The filters, tests, functions and methods that Home Assistant adds to Jinja, as far as they need no Home Assistant. */

import { createHash } from 'node:crypto';
import { escapeXml } from '../../core/xml.ts';
import { byName, type Fn, isNumber, type Table } from './arguments.ts';
import { collections } from './collections.ts';
import { numbers } from './numbers.ts';
import { pythonLiteral, pythonText, shown } from './python.ts';
import { AT, dateTime, instantOf, printed, strftime, strptime } from './time.ts';

/** What a template may know of its world. */
export interface World {
  /** Milliseconds since the epoch, the same for the whole template. */
  now: number;
}

export interface Functions {
  filters: Table;
  tests: Table;
  functions: Table;
  methods: Table;
}

export const FUNCTION_NAMES = [
  'now',
  'utcnow',
  'today_at',
  'as_timestamp',
  'as_datetime',
  'as_local',
  'strptime',
  'int',
  'float',
  'bool',
  'min',
  'max',
  'average',
  'iif',
  'is_number',
  'contains',
  'slugify',
  'typeof',
  'states',
  'is_state',
  'state_attr',
  'is_state_attr',
  'has_value',
  'timedelta',
  'as_timedelta',
  'relative_time',
  'time_since',
  'time_until',
  'urlencode',
  ...Object.keys(numbers),
  ...Object.keys(collections),
] as const;
export const METHOD_NAMES = [
  'strftime',
  'isoformat',
  'timestamp',
  'weekday',
  'isoweekday',
  'date',
  'time',
  'get',
  'format',
  'zfill',
] as const;

export function createFunctions({ now }: World): Functions {
  const date = (at: number | null, fallback: readonly unknown[], what: string, value: unknown) => {
    if (at !== null) return dateTime(at, false);
    return defaultOf(fallback, what, value);
  };
  const asTimestamp: Fn = (value, ...fallback) => {
    const at = instantOf(value);
    return at === null ? defaultOf(fallback, 'as_timestamp', value) : at / 1000;
  };
  const asDatetime: Fn = (value, ...fallback) => date(instantOf(value), fallback, 'as_datetime', value);
  const values: Table = {
    int: (value, ...fallback) => toInteger(value, fallback),
    float: (value, ...fallback) => toNumber(value, fallback, 'float', (number) => number),
    bool: (value, ...fallback) => toBool(value, fallback),
    as_timestamp: asTimestamp,
    as_datetime: asDatetime,
    as_local: asDatetime,
    average: (...items) => {
      const numbers = (Array.isArray(items[0]) ? items[0] : items).map(Number);
      if (numbers.length === 0 || numbers.some(Number.isNaN)) throw new Error('average has no numbers');
      return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    },
    iif: (value, yes = true, no = false, none) =>
      value === undefined || value === null ? (none ?? no) : truthy(value) ? yes : no,
    is_number: (value) => isNumber(value),
    contains: (value, item) => contains(value, item),
    slugify: (value, mark) => slug(pythonText(value), typeof mark === 'string' ? mark : '_'),
    typeof: (value) => typeName(value),
    relative_time: (value) => ago(now - instant(value, 'relative_time'), 1),
    time_since: (value, precision = 1) => ago(now - instant(value, 'time_since'), Number(precision)),
    time_until: (value, precision = 1) => ago(instant(value, 'time_until') - now, Number(precision)),
    urlencode: (value) => urlEncoded(value),
    ...numbers,
    ...collections,
  };
  const filters: Table = {
    ...values,
    regex_match: (value, find = '', ignore = false) => regex(`^(?:${str(find)})`, ignore).test(str(value)),
    regex_search: (value, find = '', ignore = false) => regex(str(find), ignore).test(str(value)),
    regex_replace: (value, find = '', replace = '', ignore = false) =>
      str(value).replace(regex(str(find), ignore, 'g'), replacement(str(replace))),
    regex_findall: (value, find = '', ignore = false) => findAll(str(value), str(find), ignore),
    regex_findall_index: (value, find = '', index = 0, ignore = false) =>
      findAll(str(value), str(find), ignore)[Number(index)],
    from_json: (value, ...fallback) => fromJson(value, fallback),
    to_json: (value) => JSON.stringify(plain(value)),
    timestamp_custom: (value, format = '%Y-%m-%d %H:%M:%S', local: unknown = true, ...fallback) => {
      const at = instantOf(value);
      return at === null ? defaultOf(fallback, 'timestamp_custom', value) : strftime(at, str(format), local !== true);
    },
    timestamp_local: (value, ...fallback) => {
      const at = instantOf(value);
      return at === null ? defaultOf(fallback, 'timestamp_local', value) : printed(at, false).replace(' ', 'T');
    },
    timestamp_utc: (value, ...fallback) => {
      const at = instantOf(value);
      return at === null ? defaultOf(fallback, 'timestamp_utc', value) : printed(at, true).replace(' ', 'T');
    },
    base64_encode: (value) => Buffer.from(str(value)).toString('base64'),
    base64_decode: (value) => Buffer.from(str(value), 'base64').toString('utf8'),
    ordinal: (value) => ordinal(Number(value)),
    // The engine's own leave in what XML cannot hold, such as the page break that a phone can send.
    ...Object.fromEntries(['e', 'escape', 'forceescape'].map((name): [string, Fn] => [name, escaped])),
    multiply: (value, by) => Number(value) * Number(by),
    add: (value, by) => Number(value) + Number(by),
    is_defined(value) {
      if (value === undefined) throw new Error('is_defined got what is not defined');
      return value;
    },
    ord: (value) => str(value).codePointAt(0) ?? 0,
    flatten: (value) => (Array.isArray(value) ? value.flat(20) : value),
    format: (value, ...args) => percentFormat(str(value), args),
    truncate: (value, length = 255, killwords = false, end = '...') =>
      truncate(str(value), Number(length), killwords === true, str(end)),
    wordcount: (value) =>
      str(value)
        .split(/\s+/)
        .filter((word) => word !== '').length,
    striptags: (value) =>
      str(value)
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ...Object.fromEntries(
      ['md5', 'sha1', 'sha256', 'sha512'].map((name): [string, Fn] => [
        name,
        (value) => createHash(name).update(str(value)).digest('hex'),
      ]),
    ),
  };
  return {
    filters,
    tests: {
      match: (value, find = '', ignore = false) => regex(`^(?:${str(find)})`, ignore).test(str(value)),
      search: (value, find = '', ignore = false) => regex(str(find), ignore).test(str(value)),
      is_number: (value) => isNumber(value),
      contains: (value, item) => contains(value, item),
      datetime: (value) => value instanceof Map && value.has(AT),
      list: (value) => Array.isArray(value),
    },
    functions: {
      ...values,
      now: () => date(now, [], 'now', null),
      utcnow: () => dateTime(now, true),
      today_at: (time = '00:00') => {
        const at = strptime(
          `${strftime(now, '%Y-%m-%d', false)} ${str(time)}`,
          str(time).split(':').length > 2 ? '%Y-%m-%d %H:%M:%S' : '%Y-%m-%d %H:%M',
        );
        return date(at, [], 'today_at', time);
      },
      strptime: (text, format, ...fallback) => date(strptime(str(text), str(format)), fallback, 'strptime', text),
      min: (...items) => extreme(items, (a, b) => a < b),
      max: (...items) => extreme(items, (a, b) => a > b),
      ...Object.fromEntries(
        ['timedelta', 'as_timedelta'].map((name): [string, Fn] => [
          name,
          () => {
            throw new Error(`${name} is not there: count in seconds, as in as_timestamp(now()) - 3600`);
          },
        ]),
      ),
      ...Object.fromEntries(
        ['states', 'is_state', 'state_attr', 'is_state_attr', 'has_value'].map((name): [string, Fn] => [
          name,
          () => {
            throw new Error(`${name} asks for a state of Home Assistant; a gateway has none`);
          },
        ]),
      ),
    },
    methods: {
      strftime: (value, format) => strftime(instant(value, 'strftime'), str(format), isUtc(value)),
      isoformat: (value) => printed(instant(value, 'isoformat'), isUtc(value)).replace(' ', 'T'),
      timestamp: (value) => instant(value, 'timestamp') / 1000,
      weekday: (value) => (Number(strftime(instant(value, 'weekday'), '%w', isUtc(value))) + 6) % 7,
      isoweekday: (value) => Number(strftime(instant(value, 'isoweekday'), '%w', isUtc(value))) || 7,
      date: (value) => strftime(instant(value, 'date'), '%Y-%m-%d', isUtc(value)),
      time: (value) => strftime(instant(value, 'time'), '%H:%M:%S', isUtc(value)),
      zfill: (value, width) => padded(str(value), { left: false, zero: true, width: Number(width) }),
      get: (value, name, fallback) => (value instanceof Map ? (value.get(name) ?? fallback) : fallback),
      format: (value, ...args) => braceFormat(str(value), args),
    },
  };
}

/** As Python prints it, points in time included; mappings in the order in which they came (see {@link orderOf}). */
export function print(value: unknown, orders: ReadonlyMap<string, readonly string[]>): string {
  return pythonText(inOrder(value, orders));
}

function inOrder(value: unknown, orders: ReadonlyMap<string, readonly string[]>): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, orders));
  if (!(value instanceof Map)) return value;
  if (value.has(AT)) return printed(value.get(AT) as number, isUtc(value));
  const names = orders.get(signature([...value.keys()].map(String))) ?? [...value.keys()];
  return new Map(names.map((name) => [name, inOrder(value.get(name), orders)]));
}

/** The engine sorts the names of mappings; Python keeps them as they were put in. So their order is remembered by their names. */
export function orderOf(variables: unknown, orders: Map<string, readonly string[]> = new Map()): typeof orders {
  if (typeof variables !== 'object' || variables === null) return orders;
  if (!Array.isArray(variables)) {
    const names = Object.keys(variables);
    orders.set(signature(names), names);
  }
  for (const item of Object.values(variables)) orderOf(item, orders);
  return orders;
}

function signature(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}

/** Mappings of the engine as plain objects. */
export function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, item]) => [pythonText(name), plain(item)]));
  return Array.isArray(value) ? value.map(plain) : (value ?? null);
}

function str(value: unknown): string {
  return pythonText(value);
}

/** The default of a filter, by place or as `default=`; without one the value's fault is the template's. */
function defaultOf(args: readonly unknown[], what: string, value: unknown): unknown {
  const last = args.at(-1);
  if (last instanceof Map && last.has('default')) return last.get('default');
  if (args.length > 0) return args[0];
  throw new Error(`${what} got ${shown(value)} and has no default`);
}

function toNumber(value: unknown, fallback: readonly unknown[], what: string, round: (n: number) => number): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (!isNumber(value)) return defaultOf(fallback, what, value);
  return round(Number(value));
}

function toInteger(value: unknown, args: readonly unknown[]): unknown {
  const { rest, named } = byName(args, ['base', 'default']);
  const base = Number(named.base ?? rest[1] ?? 10);
  const fallback = named.default ?? rest[0];
  if (base === 10) return toNumber(value, fallback === undefined ? [] : [fallback], 'int', Math.trunc);
  const digits = str(value)
    .trim()
    .toLowerCase()
    .replace(/^0[xob]/, '');
  const number = Number.parseInt(digits, base);
  if (number.toString(base) === digits.replace(/^0+(?=.)/, '')) return number;
  return defaultOf(fallback === undefined ? [] : [fallback], 'int', value);
}

function toBool(value: unknown, fallback: readonly unknown[]): unknown {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  const word = str(value).toLowerCase().trim();
  if (['true', 'yes', 'on', 'enable', '1'].includes(word)) return true;
  if (['false', 'no', 'off', 'disable', '0'].includes(word)) return false;
  return defaultOf(fallback, 'bool', value);
}

function truthy(value: unknown): boolean {
  if (value instanceof Map) return value.size > 0;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function contains(value: unknown, item: unknown): boolean {
  if (value instanceof Map) return value.has(item);
  return Array.isArray(value) ? value.includes(item) : str(value).includes(str(item));
}

/** Python's named groups and inline flags in JavaScript's words. */
function regex(pattern: string, ignore: unknown, flags = ''): RegExp {
  const inline = /^\^?(?:\(\?:)?\(\?([a-z]+)\)/.exec(pattern)?.[1] ?? '';
  const body = pattern
    .replace(/\(\?[a-z]+\)/, '')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>');
  const own = ignore === true || inline.includes('i') ? 'i' : '';
  return new RegExp(body, `${flags}${own}${inline.includes('s') ? 's' : ''}${inline.includes('m') ? 'm' : ''}`);
}

/** `\1` and `\g<name>` of Python. */
function replacement(text: string): string {
  return text
    .replaceAll('$', '$$$$')
    .replaceAll(/\\g<(\w+)>/g, (_whole, name: string) => (/^\d+$/.test(name) ? `$${name}` : `$<${name}>`))
    .replaceAll(/\\(\d)/g, '$$$1');
}

/** Whole matches, or the groups where there are some (`re.findall`). */
function findAll(text: string, find: string, ignore: unknown): unknown[] {
  return [...text.matchAll(regex(find, ignore, 'g'))].map(([whole, ...groups]) =>
    groups.length === 0 ? whole : groups.length === 1 ? (groups[0] ?? '') : groups.map((group) => group ?? ''),
  );
}

function fromJson(value: unknown, fallback: readonly unknown[]): unknown {
  try {
    return JSON.parse(str(value)) as unknown;
  } catch {
    return defaultOf(fallback, 'from_json', value);
  }
}

/** As Jinja does it: a text keeps its slashes, a mapping becomes a query. */
function urlEncoded(value: unknown): string {
  const quoted = (text: string) =>
    encodeURIComponent(text.toWellFormed()).replaceAll(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  if (value instanceof Map)
    return [...value].map((pair) => pair.map((part) => quoted(str(part)).replaceAll('%20', '+')).join('=')).join('&');
  return quoted(str(value)).replaceAll('%2F', '/');
}

function escaped(value: unknown): string {
  return value === undefined || value === null ? '' : escapeXml(str(value));
}

function slug(text: string, mark: string): string {
  const plainText = text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll('ß', 'ss')
    .toLowerCase();
  return plainText
    .replaceAll(/[^a-z0-9]+/g, mark)
    .replace(new RegExp(`^[${mark || '_'}]+|[${mark || '_'}]+$`, 'g'), '');
}

function ordinal(number: number): string {
  const tail = number % 100 >= 11 && number % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${tail}`;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (value instanceof Map) return value.has(AT) ? 'datetime' : 'dict';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? typeof value;
}

function extreme(args: readonly unknown[], before: (a: never, b: never) => boolean): unknown {
  const items = args.length === 1 && Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (items.length === 0) throw new Error('min and max need a value');
  return items.reduce((best, item) => (before(item as never, best as never) ? item : best));
}

/** Longest text that a width or a precision may make. */
const MAX_WIDTH = 1000;

/** `'%.2f' % x`, as Jinja's filter `format` does it: d, f, s, x, with width, zeros and precision. */
function percentFormat(text: string, args: readonly unknown[]): string {
  let next = 0;
  return text.replaceAll(
    /%(-?)(0?)(\d*)(?:\.(\d+))?([dfsxX%])/g,
    (whole, left: string, zero: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      if (next >= args.length) throw new Error(`format has no value for ${whole}`);
      return padded(formatted(args[next++], kind, precision), {
        left: left === '-',
        zero: zero === '0',
        width: Number(width),
      });
    },
  );
}

function formatted(value: unknown, kind: string, precision: string | undefined): string {
  if (kind === 's') return precision === undefined ? str(value) : str(value).slice(0, Number(precision));
  const number = Number(value);
  if (Number.isNaN(number)) throw new Error(`format needs a number, not ${pythonLiteral(value)}`);
  if (kind === 'f') return number.toFixed(Math.min(100, Number(precision ?? 6)));
  const whole = Math.trunc(number);
  if (kind === 'd') return String(whole);
  return kind === 'x' ? whole.toString(16) : whole.toString(16).toUpperCase();
}

function padded(text: string, { left, zero, width }: { left: boolean; zero: boolean; width: number }): string {
  const wide = Math.min(width, MAX_WIDTH);
  if (left) return text.padEnd(wide);
  return zero && /^[-+]?\d/.test(text)
    ? text.replace(
        /^([-+]?)(.*)$/,
        (_whole, sign: string, digits: string) => sign + digits.padStart(wide - sign.length, '0'),
      )
    : text.padStart(wide);
}

/** `'{} {0:.2f}'.format(…)` for the fields that people write. */
function braceFormat(text: string, args: readonly unknown[]): string {
  let next = 0;
  const named = args.at(-1) instanceof Map ? (args.at(-1) as Map<unknown, unknown>) : null;
  return text.replaceAll(
    /\{\{|\}\}|\{(\w*)(?::(-?)(0?)(\d*)(?:\.(\d+))?([dfsxX]?))?\}/g,
    (whole, name: string | undefined, left = '', zero = '', width = '', precision: string | undefined, kind = '') => {
      if (whole === '{{' || whole === '}}') return whole.slice(1);
      const value =
        name === undefined || name === '' ? args[next++] : /^\d+$/.test(name) ? args[Number(name)] : named?.get(name);
      const type = kind === '' ? (precision === undefined ? 's' : 'f') : kind;
      return padded(formatted(value, type, precision), {
        left: left === '-',
        zero: zero === '0',
        width: Number(width),
      });
    },
  );
}

const UNITS: ReadonlyArray<readonly [name: string, seconds: number]> = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** `2 hours`, or with a precision of two `2 hours 5 minutes`. */
function ago(ms: number, precision: number): string {
  let left = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [name, seconds] of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0 && parts.length < Math.max(1, precision)) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ') || '0 seconds';
}

function truncate(text: string, length: number, killwords: boolean, end: string): string {
  if (text.length <= length + 5) return text;
  const cut = text.slice(0, Math.max(0, length - end.length));
  return (killwords ? cut : cut.replace(/\s+\S*$/, '')) + end;
}

function instant(value: unknown, method: string): number {
  if (value instanceof Map && typeof value.get(AT) === 'number') return value.get(AT) as number;
  throw new Error(`${method} needs a point in time, not ${pythonLiteral(value)}`);
}

function isUtc(value: unknown): boolean {
  return value instanceof Map && value.get('utc') === true;
}
