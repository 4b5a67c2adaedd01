/**
 * From Home Assistant's Jinja to what the engine runs. The engine takes filters from us, but no functions and no methods,
 * and prints values its own way. So `now()` becomes a filter on nothing, `x.strftime('%H')` a filter on `x`, and whatever
 * `{{ … }}` prints goes through a filter that prints it as Python does. Line numbers stay as they are.
 */

export interface Names {
  /** Called as `name(…)`. */
  functions: ReadonlySet<string>;
  /** Called as `value.name(…)`, beyond those that the engine itself knows. */
  methods: ReadonlySet<string>;
  /** Told of each filter as `|name`, of each test as `is name`. */
  used?(what: string): void;
}

/** The filters that stand in. */
export const PRINTED = 'tb_print';
export const CALLED = 'tb_call_';
export const METHOD = 'tb_method_';

/** Templates longer than this are none that a person wrote. */
export const MAX_TEMPLATE = 64 * 1024;

const PART = /\{\{[-+]?|\{%[-+]?|\{#/g;
const RAW = /^\{%[-+]?\s*raw\s*[-+]?%\}/;
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/** True where there is nothing to run. */
export function isPlain(text: string): boolean {
  return !/\{[{%#]/.test(text);
}

/** Throws with the place where a part has no end. */
export function rewriteTemplate(source: string, names: Names): string {
  let out = '';
  let at = 0;
  for (;;) {
    PART.lastIndex = at;
    const part = PART.exec(source);
    if (part === null) return out + source.slice(at);
    out += source.slice(at, part.index);
    if (part[0] === '{#') {
      at = endOf(source, source.indexOf('#}', part.index), part.index);
      out += source.slice(part.index, at);
      continue;
    }
    if (RAW.test(source.slice(part.index))) {
      END_RAW.lastIndex = part.index;
      at = END_RAW.exec(source) === null ? source.length : END_RAW.lastIndex;
      out += source.slice(part.index, at);
      continue;
    }
    const printed = part[0].startsWith('{{');
    const begin = part.index + part[0].length;
    const close = closing(source, begin, printed ? '}}' : '%}');
    if (close < 0) throw new Error(`${part[0]} on line ${lineAt(source, part.index)} has no end`);
    const mark = /[-+]$/.exec(source.slice(begin, close))?.[0] ?? '';
    const code = rewriteCode(source.slice(begin, close - mark.length), names);
    const before = part[0].slice(2);
    out += printed ? printing(before, code, mark) : `{%${before}${code}${mark}%}`;
    at = close + 2;
  }
}

/** Numbers are printed by the engine, which knows 1 from 1.0, and what is undefined prints nothing. */
function printing(before: string, code: string, after: string): string {
  const value = `'' if tb_v is undefined else tb_v if tb_v is number else tb_v|${PRINTED}`;
  return `{%${before} with tb_v = (${code}) %}{{ ${value} }}{% endwith ${after}%}`;
}

function endOf(source: string, close: number, open: number): number {
  if (close < 0) throw new Error(`{# on line ${lineAt(source, open)} has no end`);
  return close + 2;
}

function lineAt(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}

/** Where the part ends: not within a text, not within `{ }` of a mapping. */
function closing(source: string, begin: number, mark: string): number {
  let depth = 0;
  for (let at = begin; at < source.length; at++) {
    const char = source[at] as string;
    if (char === "'" || char === '"') {
      at = endOfText(source, at);
      if (at < 0) return -1;
    } else if (char === '{') depth += 1;
    else if (depth === 0 && source.startsWith(mark, at)) return at;
    else if (char === '}') depth -= 1;
  }
  return -1;
}

function endOfText(source: string, begin: number): number {
  for (let at = begin + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === source[begin]) return at;
  }
  return -1;
}

const TOKEN = /\s+|[A-Za-z_]\w*|\d[\w.]*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\*\*|\/\/|[<>=!]=|[\s\S]/y;
const OPENS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
/** After these words a parenthesis opens a group, no call. */
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'elif', 'for', 'set', 'call', 'filter', 'do']);

function rewriteCode(source: string, names: Names): string {
  return new Code(source, names).until(null);
}

/** Reads values with what hangs on them (`.name`, `[…]`, `(…)`) as one piece; all between them stays as it is. */
class Code {
  readonly #tokens: string[];
  readonly #names: Names;
  #at = 0;

  constructor(source: string, names: Names) {
    this.#names = names;
    this.#tokens = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < source.length; )
      this.#tokens.push(asPython(TOKEN.exec(source)?.[0] ?? ''));
  }

  /** Everything up to the closing bracket, which is read, or to the end. */
  until(end: string | null): string {
    let out = '';
    let filter: '|' | 'is ' | null = null;
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as string;
      if (token === end) {
        this.#at += 1;
        return out + token;
      }
      if (!startsValue(token) || KEYWORDS.has(token)) {
        this.#at += 1;
        out += token;
        if (!/^\s+$/.test(token))
          filter = token === '|' ? '|' : token === 'is' ? 'is ' : token === 'not' ? filter : null;
        continue;
      }
      if (filter !== null) this.#names.used?.(filter + token);
      out += filter === null ? this.#value() : this.#filterCall();
      filter = null;
    }
    return out;
  }

  /** A filter's or a test's name is no value: only its arguments are. */
  #filterCall(): string {
    let out = this.#tokens[this.#at++] ?? '';
    if (this.#tokens[this.#at] === '(') {
      this.#at += 1;
      out += `(${this.until(')')}`;
    }
    return out;
  }

  #value(): string {
    const first = this.#tokens[this.#at++] as string;
    let out = first in OPENS ? first + this.until(OPENS[first] as string) : first;
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === '[') {
        this.#at += 1;
        out += `[${this.until(']')}`;
      } else if (token === '(') {
        this.#at += 1;
        const args = this.until(')');
        out = this.#names.functions.has(out) ? `(none|${CALLED}${out}(${args})` : `${out}(${args}`;
      } else if (token === '.' && /^[A-Za-z_]/.test(this.#tokens[this.#at + 1] ?? '')) {
        const name = this.#tokens[this.#at + 1] as string;
        this.#at += 2;
        if (this.#tokens[this.#at] === '(' && this.#names.methods.has(name)) {
          this.#at += 1;
          out = `(${out}|${METHOD}${name}(${this.until(')')})`;
        } else out += `.${name}`;
      } else return out;
    }
  }
}

/** In a text, a backslash before what is no escape stays a backslash: `'\\d+'` is a pattern as people write it. */
function asPython(token: string): string {
  if (!/^['"]/.test(token)) return token;
  return token.replaceAll(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (whole, hex: string | undefined, char: string) => {
    if (hex !== undefined) return `\\u00${hex}`;
    return `"'\\bfnrtu`.includes(char) ? whole : `\\\\${char}`;
  });
}

function startsValue(token: string): boolean {
  return /^[A-Za-z_\d'"]/.test(token) || token in OPENS;
}
