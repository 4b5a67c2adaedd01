/** Texts with places to fill: `'%.1f' % x` and `'{:.1f}'.format(x)`, as Python fills them. */

import { replacing, str } from './arguments.ts';
import { fixed, pythonLiteral, shown } from './python.ts';
import { timeOf } from './time.ts';
import { strftime } from './time-text.ts';

/** Longest text that a width or a precision may make. */
export const MAX_WIDTH = 1000;

interface Form {
  kind: string;
  fill: string;
  align: string;
  sign: string;
  width: number;
  /** Thousands are parted by it. */
  group: string;
  precision: number | undefined;
}

/** printf-style formatting: `%d`, `%05.1f`, `%-10s`, `%(name)s`. */
export function percentFormat(text: string, args: readonly unknown[]): string {
  let next = 0;
  return replacing(
    text,
    /%(?:\((\w+)\))?([-+ 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (whole, name: string | undefined, flags, width, precision: string | undefined, kind) => {
      if (kind === '%') return '%';
      if (!'difFeEgGsrxXoc'.includes(kind)) throw new Error(`format does not know ${whole}`);
      if (name === undefined && next >= args.length) throw new Error(`format has no value for ${whole}`);
      const value = name === undefined ? args[next++] : member(args.at(-1), name);
      const zero = flags.includes('0') && !'src'.includes(kind);
      return filled(value, {
        kind: kind === 'i' ? 'd' : kind,
        fill: zero ? '0' : ' ',
        align: flags.includes('-') ? '<' : zero ? '=' : '>',
        sign: /[+ ]/.exec(flags)?.[0] ?? '-',
        width: Number(width),
        group: '',
        precision: precision === undefined ? undefined : Number(precision),
      });
    },
  );
}

const FIELD = /\{\{|\}\}|\{(\w*)((?:\.\w+|\[[^\]]*\])*)(?:!([rs]))?(?::([^{}]*))?\}/g;
const FORM = /^(?:(.)?([<>=^]))?([-+ ]?)(0?)(\d*)([,_]?)(?:\.(\d+))?([bcdeEfFgGosxX%]?)$/su;

/** `str.format`: places by number, by name or in order, each with what `:` says of its form. */
export function braceFormat(text: string, args: readonly unknown[]): string {
  let next = 0;
  return replacing(
    text,
    FIELD,
    (whole, name: string | undefined, path: string | undefined, repr: string | undefined, spec: string | undefined) => {
      if (whole === '{{' || whole === '}}') return whole.slice(1);
      const place = name === undefined || name === '' ? next++ : /^\d+$/.test(name) ? Number(name) : null;
      if (place !== null && place >= args.length) throw new Error(`format has no value for ${whole}`);
      let value = place === null ? member(args.at(-1), name as string) : args[place];
      for (const [, attribute, item] of (path ?? '').matchAll(/\.(\w+)|\[([^\]]*)\]/g))
        value = Array.isArray(value) ? value[Number(item)] : member(value, attribute ?? item ?? '');
      if (repr === 'r') value = pythonLiteral(value);
      const time = timeOf(value);
      if (time !== null && spec?.includes('%')) return strftime(time, spec);
      return braceFilled(value, spec ?? '', whole);
    },
  );
}

function braceFilled(value: unknown, spec: string, whole: string): string {
  const [found, fill, align, sign = '', zero, width, group = '', precision, kind = ''] = FORM.exec(spec) ?? [];
  if (found === undefined) throw new Error(`format does not know ${whole}`);
  const number = typeof value === 'number';
  const general =
    kind === '' && number && precision !== undefined ? 'g' : kind === '' && number && group !== '' ? 'd' : kind;
  return filled(value, {
    kind: general === '' ? 's' : general,
    fill: fill ?? (zero === '0' ? '0' : ' '),
    align: align ?? (zero === '0' ? '=' : number ? '>' : '<'),
    sign: sign === '' ? '-' : sign,
    width: Number(width),
    group,
    precision: precision === undefined ? undefined : Number(precision),
  });
}

function member(value: unknown, name: string): unknown {
  if (value instanceof Map && value.has(name)) return value.get(name);
  throw new Error(`format has no value named ${name}`);
}

function filled(value: unknown, form: Form): string {
  const { kind, precision } = form;
  if (kind === 's' || kind === 'r') {
    const text = kind === 'r' ? pythonLiteral(value) : str(value);
    return padded(precision === undefined ? text : [...text].slice(0, precision).join(''), form);
  }
  if (kind === 'c') return padded(typeof value === 'number' ? String.fromCodePoint(value) : str(value), form);
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new Error(`format needs a number for ${kind}, not ${pythonLiteral(value)}`);
  const number = Number(value);
  const sign = number < 0 || Object.is(number, -0) ? '-' : form.sign === '-' ? '' : form.sign;
  const digits = digitsOf(Math.abs(number), form);
  return padded(
    sign + (form.group === '' ? digits : digits.replace(/^\d+/, (whole) => grouped(whole, form.group))),
    form,
  );
}

function grouped(digits: string, mark: string): string {
  return digits.replaceAll(/\B(?=(?:\d{3})+$)/g, mark);
}

function digitsOf(number: number, { kind, precision }: Form): string {
  const places = Math.min(100, precision ?? 6);
  const upper = kind !== kind.toLowerCase();
  const cased = (text: string) => (upper ? text.toUpperCase() : text);
  switch (kind.toLowerCase()) {
    case 'd':
      return wholeOf(number).toString();
    case 'x':
      return cased(wholeOf(number).toString(16));
    case 'o':
      return wholeOf(number).toString(8);
    case 'b':
      return wholeOf(number).toString(2);
    case 'e':
      return cased(exponent(number.toExponential(places)));
    case '%':
      return `${fixed(number * 100, places)}%`;
    case 'g':
      return cased(general(number, places === 0 ? 1 : places));
    default:
      return fixed(number, places);
  }
}

function wholeOf(number: number): bigint {
  if (!Number.isFinite(number)) throw new Error(`format needs a whole number, not ${number}`);
  return BigInt(Math.trunc(number));
}

/** Python writes at least two digits of it. */
function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function general(number: number, digits: number): string {
  if (number === 0) return '0';
  const power = Number(number.toExponential(digits - 1).split('e')[1]);
  const short = (text: string) => (text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text);
  if (power < -4 || power >= digits) return exponent(short(number.toExponential(digits - 1)));
  return short(number.toFixed(Math.max(0, digits - 1 - power)));
}

/** To its width, which is bounded. */
export function padded(text: string, { fill, align, width }: Pick<Form, 'fill' | 'align' | 'width'>): string {
  if ([...fill.slice(0, 3)].length !== 1)
    throw new Error(`a text is filled up by one character, not by ${shown(fill)}`);
  const wide = Math.min(width, MAX_WIDTH);
  const missing = wide - [...text].length;
  if (missing <= 0) return text;
  if (align === '<') return text + fill.repeat(missing);
  if (align === '>') return fill.repeat(missing) + text;
  if (align === '^') return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2));
  return text.replace(/^[-+ ]?/, (sign) => sign + fill.repeat(missing));
}
