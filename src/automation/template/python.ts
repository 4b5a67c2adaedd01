/** How Python writes and reads values: what a template prints, and what its text means to whoever asked for a value. */

import { printed, timeOf } from './time.ts';

/** A value that templates work with: JSON, in which an integer and a float are told apart only by their digits. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** `str(value)`: text stays as it is; a mapping prints as in Python (interface §7: `{'From': '+1…'}`). */
export function pythonText(value: unknown): string {
  if (typeof value === 'string') return value;
  const time = timeOf(value);
  return time === null ? pythonLiteral(value) : printed(time);
}

/** `repr` of a float, also where it is whole. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  if (value !== 0 && (Number(power) < -4 || Number(power) >= 16))
    return `${digits}e${power.replace(/^([+-])(\d)$/, '$10$2')}`;
  const text = value.toString();
  return Number.isInteger(value)
    ? `${Object.is(value, -0) ? '-0' : text}.0`
    : text.includes('e')
      ? value.toFixed(20).replace(/0+$/, '')
      : text;
}

/** `repr(value)`. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  const time = timeOf(value);
  if (time !== null) return quoted(printed(time));
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return `{${entries.map(([name, item]) => `${pythonLiteral(name)}: ${pythonLiteral(item)}`).join(', ')}}`;
}

/** The most that can be asked for: more than any half needs. */
const ALL_PLACES = 100;

/** With so many places; a half, which few numbers are, goes to the even neighbour. */
export function fixed(value: number, places: number): string {
  const text = value.toFixed(places);
  const [whole = '', parts = ''] = Math.abs(value).toFixed(ALL_PLACES).split('.');
  if (Math.abs(value) >= 1e21 || !/^50*$/.test(parts.slice(places))) return text;
  const digits = BigInt(whole + parts.slice(0, places));
  const even = String(digits + (digits % 2n)).padStart(places + 1, '0');
  const point = even.length - places;
  return `${value < 0 ? '-' : ''}${even.slice(0, point)}${places === 0 ? '' : `.${even.slice(point)}`}`;
}

/** A value in an error: enough of it to know it again. */
export function shown(value: unknown): string {
  const text = pythonLiteral(value);
  return text.length > LONGEST_SHOWN ? `${cut(text, LONGEST_SHOWN)}…` : text;
}

const LONGEST_SHOWN = 60;

/** At most so many characters, none of them cut in two. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

/** Of Latin-1: control characters, the no-break space and the soft hyphen. */
const UNSEEN = /[\p{Cc}\u00a0\u00ad]/gu;

/** Single quotes unless the text has some and no double ones; what cannot be seen is escaped. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(UNSEEN, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** Home Assistant's: a number without leading zeros. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d*)?$|^-?\.\d+$/;

/** Deeper than this is no literal that somebody wrote. */
const MAX_DEPTH = 50;

/**
 * What the text of a template means, as Home Assistant reads it: a number, `True`, `False`, `None`, a list, tuple or
 * mapping become that; everything else stays the text, integers beyond 2^53 too. Unlike there, text that begins with `+` stays text: it is a number
 * to call, not to count with (interface §7).
 */
export function parseNative(text: string): Value {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('+')) return text;
  if (NUMBER.test(trimmed)) return exactly(trimmed) ?? text;
  if (Object.hasOwn(WORDS, trimmed)) return WORDS[trimmed] as Value;
  if (!'[({'.includes(trimmed[0] ?? ' ')) return text;
  const reader = new Reader(trimmed);
  try {
    const value = reader.value(0);
    return reader.atEnd() && typeof value !== 'string' ? value : text;
  } catch {
    return text;
  }
}

/** Null where it would lose digits, which Python keeps: the number of an order, of a parcel. */
function exactly(text: string): number | null {
  const number = Number(text);
  return Number.isFinite(number) && (/[.eE]/.test(text) || Number.isSafeInteger(number)) ? number : null;
}

const WORDS: Readonly<Record<string, Value>> = { True: true, False: false, None: null };

/** `ast.literal_eval` for the literals that templates print. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#blanks();
    return this.#at === this.#text.length;
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) throw new Error('too deep');
    this.#blanks();
    const char = this.#text[this.#at] ?? '';
    if (char === '[') return this.#list(']', depth);
    if (char === '(') return this.#list(')', depth);
    if (char === '{') return this.#mapping(depth);
    if (char === "'" || char === '"') return this.#string(char);
    const [word = ''] = /^[\w.+-]+/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += word.length;
    if (Object.hasOwn(WORDS, word)) return WORDS[word] as Value;
    const number = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(word) ? exactly(word) : null;
    if (number === null) throw new Error('no literal');
    return number;
  }

  #list(end: string, depth: number): Value[] {
    this.#at += 1;
    const items: Value[] = [];
    while (!this.#take(end)) {
      items.push(this.value(depth + 1));
      if (!this.#take(',') && this.#peek() !== end) throw new Error('no comma');
    }
    return items;
  }

  #mapping(depth: number): Value {
    this.#at += 1;
    const entries: Array<[string, Value]> = [];
    while (!this.#take('}')) {
      const name = this.value(depth + 1);
      if (!this.#take(':')) throw new Error('no colon');
      entries.push([pythonText(name), this.value(depth + 1)]);
      if (!this.#take(',') && this.#peek() !== '}') throw new Error('no comma');
    }
    return Object.fromEntries(entries);
  }

  #string(quote: string): string {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] ?? '';
      if (char === quote) {
        this.#at += 1;
        return text;
      }
      text += char === '\\' ? this.#escape() : char;
    }
    throw new Error('no end of text');
  }

  #escape(): string {
    this.#at += 1;
    const char = this.#text[this.#at] ?? '';
    const digits = { x: 2, u: 4 }[char];
    if (digits === undefined) return { n: '\n', r: '\r', t: '\t' }[char] ?? char;
    const hex = this.#text.slice(this.#at + 1, this.#at + 1 + digits);
    this.#at += digits;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #peek(): string {
    this.#blanks();
    return this.#text[this.#at] ?? '';
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }
}
