/** Filters, tests and methods of texts, as in Home Assistant and Python. */

import { createHash } from 'node:crypto';
import { escapeXml } from '../../core/xml.ts';
import { boundedText, type Fn, inOrder, joined, replacing, str, type Table } from './arguments.ts';
import { pattern, replacement } from './pattern.ts';
import { pythonLiteral, shown } from './python.ts';
import { braceFormat, MAX_WIDTH, padded, percentFormat } from './text-format.ts';

/** As filters and as functions. */
export const texts: Table = {
  slugify: (value, ...args) => slug(str(value), str(inOrder(args, ['separator'])[0] ?? '_')),
  urlencode: (value) => urlEncoded(value),
  ...Object.fromEntries(
    ['md5', 'sha1', 'sha256', 'sha512'].map((name): [string, Fn] => [
      name,
      (value) => createHash(name).update(str(value)).digest('hex'),
    ]),
  ),
};

export const textFilters: Table = {
  regex_match: (value, ...args) => matches(value, args, 'begin'),
  regex_search: (value, ...args) => matches(value, args, 'anywhere'),
  regex_replace(value, ...args) {
    const [find = '', by = '', ignore] = inOrder(args, ['find', 'replace', 'ignorecase']);
    return replacing(str(value), pattern(str(find), ignore === true, 'g'), replacement(str(by)));
  },
  regex_findall: (value, ...args) => findAll(value, inOrder(args, ['find', 'ignorecase'])),
  regex_findall_index(value, ...args) {
    const [find, index = 0, ignore] = inOrder(args, ['find', 'index', 'ignorecase']);
    const found = findAll(value, [find, ignore]).at(Number(index));
    if (found === undefined) throw new Error(`regex_findall_index finds no match ${shown(index)} in ${shown(value)}`);
    return found;
  },
  base64_encode: (value) => Buffer.from(str(value)).toString('base64'),
  base64_decode: (value) => Buffer.from(str(value), 'base64').toString('utf8'),
  ordinal: (value) => ordinal(Number(value)),
  // The engine's own leave in what XML cannot hold, such as the page break that a phone can send.
  ...Object.fromEntries(['e', 'escape', 'forceescape'].map((name): [string, Fn] => [name, escaped])),
  ord: (value) => str(value).codePointAt(0) ?? 0,
  format: (value, ...args) => percentFormat(str(value), args),
  truncate(value, ...args) {
    const [length = 255, kill, end = '...', leeway = 5] = inOrder(args, ['length', 'killwords', 'end', 'leeway']);
    return truncate(str(value), { length: Number(length), kill: kill === true, end: str(end), leeway: Number(leeway) });
  },
  wordwrap(value, ...args) {
    const [width = 79, , mark = '\n'] = inOrder(args, ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens']);
    const lines = str(value)
      .split('\n')
      .flatMap((line) => wrapped(line, Number(width)));
    return joined(lines, str(mark));
  },
  indent(value, ...args) {
    const [width = 4, first, blank] = inOrder(args, ['width', 'first', 'blank']);
    const margin = typeof width === 'string' ? width : ' '.repeat(Math.min(MAX_WIDTH, Math.max(0, Number(width))));
    const lines = str(value).split('\n');
    boundedText(str(value).length + lines.length * margin.length);
    return lines
      .map((line, at) => ((at === 0 ? first === true : line !== '' || blank === true) ? margin + line : line))
      .join('\n');
  },
  replace: (value, ...args) => replacedText(value, inOrder(args, ['old', 'new', 'count'])),
  center: (value, width = 80) => padded(str(value), { fill: ' ', align: '^', width: Number(width) }),
  wordcount: (value) => words(str(value)).length,
  striptags: (value) =>
    str(value)
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
};

export const textTests: Table = {
  match: (value, ...args) => matches(value, args, 'begin'),
  search: (value, ...args) => matches(value, args, 'anywhere'),
};

/** Those of Python that the engine lacks. `index` is one of lists, too. */
export const textMethods: Table = {
  format: (value, ...args) => braceFormat(str(value), args),
  zfill: (value, width) => padded(str(value), { fill: '0', align: '=', width: Number(width) }),
  ljust: (value, width, fill = ' ') => padded(str(value), { fill: str(fill), align: '<', width: Number(width) }),
  rjust: (value, width, fill = ' ') => padded(str(value), { fill: str(fill), align: '>', width: Number(width) }),
  center: (value, width, fill = ' ') => padded(str(value), { fill: str(fill), align: '^', width: Number(width) }),
  removeprefix: (value, prefix) => (str(value).startsWith(str(prefix)) ? str(value).slice(str(prefix).length) : value),
  removesuffix: (value, suffix) =>
    str(suffix) !== '' && str(value).endsWith(str(suffix)) ? str(value).slice(0, -str(suffix).length) : value,
  partition: (value, mark) => parted(str(value), str(mark), str(value).indexOf(str(mark)), 'front'),
  rpartition: (value, mark) => parted(str(value), str(mark), str(value).lastIndexOf(str(mark)), 'back'),
  rsplit: (value, mark, most = -1) => splitFromBack(str(value), mark, Number(most)),
  casefold: (value) => str(value).toLowerCase().replaceAll('ß', 'ss'),
  swapcase: (value) =>
    [...str(value)].map((char) => (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase())).join(''),
  isspace: (value) => /^\s+$/.test(str(value)),
  isdecimal: (value) => /^\p{Nd}+$/u.test(str(value)),
  istitle: (value) => /\p{L}/u.test(str(value)) && titled(str(value)) === str(value),
  isidentifier: (value) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(str(value)),
  index: (value, item) =>
    found(Array.isArray(value) ? (places(value, item)[0] ?? -1) : str(value).indexOf(str(item)), value, item),
  rindex: (value, item) => found(str(value).lastIndexOf(str(item)), value, item),
};

/** `x.replace(old, new)`, perhaps so many of them at most. */
export function replacedText(value: unknown, [old, by, most = -1]: readonly unknown[]): string {
  const parts = str(value).split(str(old));
  const times = Math.min(parts.length - 1, Number(most) < 0 ? parts.length : Number(most));
  boundedText(str(value).length + times * str(by).length);
  return parts.reduce((text, part, index) => text + (index <= times ? str(by) : str(old)) + part);
}

function found(at: number, value: unknown, item: unknown): number {
  if (at < 0) throw new Error(`${shown(value)} has no ${shown(item)}`);
  return at;
}

function places(items: readonly unknown[], item: unknown): number[] {
  const literal = pythonLiteral(item);
  return [...items.keys()].filter((at) => pythonLiteral(items[at]) === literal);
}

function parted(text: string, mark: string, at: number, side: 'front' | 'back'): string[] {
  if (at < 0) return side === 'front' ? [text, '', ''] : ['', '', text];
  return [text.slice(0, at), mark, text.slice(at + mark.length)];
}

function splitFromBack(text: string, mark: unknown, most: number): string[] {
  const all = mark === undefined || mark === null ? words(text) : text.split(str(mark));
  if (most < 0 || all.length <= most + 1) return all;
  const front = all.slice(0, all.length - most);
  return [front.join(mark === undefined || mark === null ? ' ' : str(mark)), ...all.slice(all.length - most)];
}

function titled(text: string): string {
  return text.replaceAll(/\p{L}+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase());
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function matches(value: unknown, args: readonly unknown[], where: 'begin' | 'anywhere'): boolean {
  const [find = '', ignore] = inOrder(args, ['find', 'ignorecase']);
  return pattern(str(find), ignore === true, where === 'begin' ? 'y' : '').test(str(value));
}

/** Whole matches, or the groups where there are some (`re.findall`). */
function findAll(value: unknown, [find = '', ignore]: readonly unknown[]): unknown[] {
  return [...str(value).matchAll(pattern(str(find), ignore === true, 'g'))].map(([whole, ...groups]) =>
    groups.length === 0 ? whole : groups.length === 1 ? (groups[0] ?? '') : groups.map((group) => group ?? ''),
  );
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

/** As Home Assistant names services: `Küche 1` is `kuche_1`. */
export function slug(text: string, mark: string): string {
  if (text === '') return '';
  const plainText = text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll('ß', 'ss')
    .toLowerCase();
  const parts = plainText.split(/[^a-z0-9]+/).filter((part) => part !== '');
  return joined(parts, mark) || 'unknown';
}

function ordinal(number: number): string {
  const tail = number % 100 >= 11 && number % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${tail}`;
}

interface Cut {
  length: number;
  /** Within a word. */
  kill: boolean;
  end: string;
  /** Characters over its length that are let be. */
  leeway: number;
}

function truncate(text: string, { length, kill, end, leeway }: Cut): string {
  if (text.length <= length + leeway) return text;
  const cut = text.slice(0, Math.max(0, length - end.length));
  return (kill ? cut : cut.replace(/ [^ ]*$/, '')) + end;
}

/** In lines of at most so many characters; a longer word is cut. */
function wrapped(line: string, width: number): string[] {
  const wide = Math.max(1, Math.trunc(width) || 79);
  const lines: string[] = [];
  let current = '';
  for (const word of words(line)) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (longer.length <= wide) {
      current = longer;
      continue;
    }
    if (current !== '') lines.push(current);
    for (current = word; current.length > wide; current = current.slice(wide)) lines.push(current.slice(0, wide));
  }
  return [...lines, current];
}
