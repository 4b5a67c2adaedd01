/** Filters, tests and functions of single values, as in Home Assistant: what they are, and what they become. */

import { byName, defaultOf, inOrder, isNumber, plain, str, type Table } from './arguments.ts';
import { pythonLiteral } from './python.ts';
import { printed, timeOf } from './time.ts';

/** As filters and as functions. */
export const values: Table = {
  int: (value, ...fallback) => toInteger(value, fallback),
  float: (value, ...fallback) => (isNumber(value) ? Number(value) : defaultOf(fallback, 'float', value)),
  bool: (value, ...fallback) => toBool(value, fallback),
  iif(value, ...args) {
    const [yes = true, no = false, none = no] = inOrder(args, ['if_true', 'if_false', 'if_none']);
    return value === undefined || value === null ? none : truthy(value) ? yes : no;
  },
  is_number: (value) => isNumber(value),
  contains: (value, item) => contains(value, item),
  typeof: (value) => typeName(value),
};

export const valueFilters: Table = {
  from_json: (value, ...fallback) => {
    try {
      return JSON.parse(str(value), exactly as Reviver) as unknown;
    } catch {
      return defaultOf(fallback, 'from_json', value);
    }
  },
  to_json(value, ...args) {
    const [onlyAscii, pretty] = inOrder(args, ['ensure_ascii', 'pretty_print', 'sort_keys']);
    const text = JSON.stringify(plain(withoutTimes(value)), null, pretty === true ? 2 : 0);
    return onlyAscii === true ? ascii(text) : text;
  },
  tojson: (value) => htmlSafe(pythonJson(plain(withoutTimes(value)))),
  pprint: (value) => pythonLiteral(value),
  is_defined(value) {
    if (value === undefined) throw new Error('is_defined got what is not defined');
    return value;
  },
};

export const valueTests: Table = {
  is_number: (value) => isNumber(value),
  contains: (value, item) => contains(value, item),
  list: (value) => Array.isArray(value),
  // A set and a tuple are lists here.
  set: (value) => Array.isArray(value),
  tuple: (value) => Array.isArray(value),
  string_like: (value) => typeof value === 'string',
  // Nothing here is code, and nothing is marked as safe.
  callable: () => false,
  escaped: () => false,
};

type Reviver = (name: string, value: unknown) => unknown;

/** An integer of which a number of ours loses digits is its text. */
function exactly(_name: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && /^-?\d+$/.test(source ?? '') && !Number.isSafeInteger(value) ? source : value;
}

/** With all of its digits, as far as the engine has integers: 64 bits. */
function toInteger(value: unknown, args: readonly unknown[]): unknown {
  const { rest, named } = byName(args, ['base', 'default']);
  const fallback = 'default' in named ? [named.default] : rest.slice(0, 1);
  const base = Number(named.base ?? rest[1] ?? 10);
  if (base === 10 && !isNumber(value)) return defaultOf(fallback, 'int', value);
  const whole =
    base === 10 && /^\s*[+-]?\d{16,20}\s*$/.test(str(value)) ? BigInt(str(value).trim().replace('+', '')) : 0n;
  if (whole !== 0n && whole === (whole < 0n ? BigInt.asIntN(64, whole) : BigInt.asUintN(64, whole))) return whole;
  if (base === 10) return Math.trunc(Number(value));
  const digits = str(value)
    .trim()
    .toLowerCase()
    .replace(/^0[xob]/, '');
  const number = Number.parseInt(digits, base);
  if (number.toString(base) === digits.replace(/^0+(?=.)/, '')) return number;
  return defaultOf(fallback, 'int', value);
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
  const time = timeOf(value);
  if (time !== null) return time.kind !== 'timedelta' || time.at !== 0;
  if (value instanceof Map) return value.size > 0;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function contains(value: unknown, item: unknown): boolean {
  if (value instanceof Map) return value.has(item);
  if (!Array.isArray(value)) return str(value).includes(str(item));
  const literal = pythonLiteral(item);
  return value.some((one) => typeof one === typeof item && pythonLiteral(one) === literal);
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (value instanceof Map) return timeOf(value)?.kind ?? 'dict';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? typeof value;
}

/** Times as texts in ISO 8601. */
function withoutTimes(value: unknown): unknown {
  const time = timeOf(value);
  if (time !== null) return printed(time, 'T');
  if (Array.isArray(value)) return value.map(withoutTimes);
  return value instanceof Map ? new Map([...value].map(([name, item]) => [name, withoutTimes(item)])) : value;
}

/** As Python's `json` writes it, and Jinja with the names in order. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return ascii(JSON.stringify(value));
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${pythonJson(name)}: ${pythonJson(item)}`).join(', ')}}`;
}

function htmlSafe(json: string): string {
  return json.replaceAll(/[<>&']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

function ascii(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
