/**
 * The code between the marks of a template, rewritten: functions and methods become filters, and operators that may meet a
 * time are asked for through one where they do. `a - b` becomes `(a|tb_calculate('-', b) if a is mapping else a - b)`, as
 * the engine subtracts numbers only. Whatever it cannot read it leaves as it is: the engine tells what is wrong.
 */

import { attributeOf, FLOATS, isFloat, kindOf, NUMBERS_ONLY, NUMERAL } from './results.ts';

export interface Names {
  /** Called as `name(…)`. */
  functions: ReadonlySet<string>;
  /** Called as `value.name(…)`, beyond those that the engine itself knows. */
  methods: ReadonlySet<string>;
  /** Told of each filter as `|name`, of each test as `is name`, of each function as `name()`. */
  used?(what: string): void;
}

/** The filters that stand in. */
export const PRINTED = 'tb_print';
export const FLOAT = 'tb_float';
/** A list, the times in it as texts. */
export const TEXTS = 'tb_texts';
export const CALLED = 'tb_call_';
export const METHOD = 'tb_method_';
export const OPERATOR = 'tb_';

/** An operand stands twice where it may be a time: sums within sums within sums grow. */
const LONGEST = 512 * 1024;

/** Brackets within brackets: the engine itself takes few more. */
const DEEPEST = 100;

const TOKEN =
  /\s+|[A-Za-z_]\w*|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\*\*|\/\/|[<>=!]=|[\s\S]/y;
const OPENS: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
/** These words are no values: after them a parenthesis opens a group, no call. */
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'elif', 'for', 'set', 'call', 'filter', 'do']);

/** Binary operators, the loosest first. Only those of three levels know of times. */
const LEVELS = [
  new Set(['==', '!=', '<', '<=', '>', '>=']),
  new Set(['+', '-']),
  new Set(['~']),
  new Set(['*', '/', '//', '%']),
  new Set(['**']),
] as const;
const [COMPARE, , CONCAT, PRODUCT, POWER] = [0, 1, 2, 3, 4];

/** Members of `isocalendar()`, which is a list. */
const CALENDAR = ['year', 'week', 'weekday'];

interface Arguments {
  text: string;
  items: string[];
}

interface Node {
  text: string;
  /** What it comes to: a number or a text; a list, a truth or nothing; or whatever, a time, too. */
  kind: 'plain' | 'other' | 'any';
  /** A text that is written out. */
  isText?: boolean;
  /** An operator or a test stands in it, with no brackets around: what follows would hang on its last part. */
  loose?: boolean;
  /** Of a list in parentheses, `(a, b)`. */
  items?: readonly string[];
}

/** What stands right of an operator; `between`: the operator with the blanks around it. */
interface Right {
  operator: string;
  between: string;
  node: Node;
}

/** `times`: whether the template makes times at all; else no operator is touched. */
export function rewriteExpression(source: string, names: Names, times: boolean): string {
  return new Expression(source, names, times).until(null).text;
}

class Expression {
  readonly #tokens: string[];
  readonly #names: Names;
  readonly #times: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, names: Names, times: boolean) {
    this.#names = names;
    this.#times = times;
    this.#tokens = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < source.length; )
      this.#tokens.push(asPython(TOKEN.exec(source)?.[0] ?? ''));
  }

  /**
   * Everything up to the closing bracket, which is read but not given, or to the end. Between its expressions stand words
   * and marks that stay as they are. `items`: as commas part it. `sole`: where it is but one expression.
   */
  until(end: string | null): { text: string; items: string[]; sole: Node | null } {
    this.#deeper();
    const items = [''];
    const nodes: Array<Node | null> = [];
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as string;
      if (token === end) break;
      const node = this.#startsValue() || token === '-' || token === '+' ? this.#level(0) : null;
      if (node === null) this.#at += 1;
      if (token === ',') items.push('');
      else items[items.length - 1] += node?.text ?? token;
      if (node !== null || !isBlank(token)) nodes.push(node);
    }
    if (end !== null && this.#peek() !== end) throw new Error(`a ${end} is missing`);
    this.#at += 1;
    this.#depth -= 1;
    return { text: items.join(','), items, sole: nodes.length === 1 ? (nodes[0] ?? null) : null };
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new Error('the template has too many brackets within each other');
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  /** `set(…)` is a function, `set x` a statement. */
  #startsValue(): boolean {
    const token = this.#peek();
    if (KEYWORDS.has(token)) return token === 'set' && this.#tokens[this.#at + 1] === '(';
    return /^[A-Za-z_\d'"]/.test(token) || OPENS.has(token);
  }

  #blanks(): string {
    return isBlank(this.#peek()) ? (this.#tokens[this.#at++] as string) : '';
  }

  /** The next token but blanks, if it is one of these: with the blanks before it. */
  #take(fits: (token: string) => boolean): { before: string; token: string } | null {
    const begin = this.#at;
    const before = this.#blanks();
    const token = this.#peek();
    if (token !== '' && fits(token)) {
      this.#at += 1;
      return { before, token };
    }
    this.#at = begin;
    return null;
  }

  /* ---------------------------------------------------------------- operators */

  #level(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    const first = this.#level(level + 1);
    const rest: Right[] = [];
    for (;;) {
      const found = this.#take((token) => operators.has(token));
      if (found === null) break;
      const between = found.before + found.token + this.#blanks();
      rest.push({ operator: found.token, between, node: this.#level(level + 1) });
    }
    const one = rest[0];
    if (one === undefined) return first;
    const text = first.text + rest.map(({ between, node }) => between + node.text).join('');
    if (level === CONCAT)
      return bounded(asText(first) + rest.map(({ between, node }) => between + asText(node)).join(''), 'plain');
    if (level === PRODUCT && first.isText && one.operator === '%' && rest.length === 1)
      return formatted(first, one.node);
    const nodes = [first, ...rest.map(({ node }) => node)];
    if (level === COMPARE) {
      // `a < b in c` is none that times come in.
      if (this.#isIn()) return { text, kind: 'other', loose: true };
      const pairs = rest.map((right, index) => this.#compared(nodes[index] as Node, right, index > 0));
      // The engine takes `a < b < c` for `(a < b) < c`.
      return pairs.length === 1
        ? (pairs[0] as Node)
        : bounded(`(${pairs.map((pair) => pair.text).join(' and ')})`, 'other');
    }
    const isPlain = nodes.every(({ kind }) => kind === 'plain');
    // A power is no time.
    const kind = isPlain ? 'plain' : level === POWER ? 'other' : 'any';
    const asked = level === POWER ? null : this.#asked(nodes);
    if (asked === null) return { text, kind, loose: true };
    const args = rest.map(({ operator, node }) => `'${operator}', ${flat(node.text)}`).join(', ');
    return bounded(`(${operand(first)}|${OPERATOR}calculate(${args}) if ${asked} else ${text})`, 'any');
  }

  /** `again`: what stands left stood right of another one, where its lines are counted. */
  #compared(left: Node, { operator, between, node }: Right, again: boolean): Node {
    const text = (again ? flat(left.text) : left.text) + between + node.text;
    const asked = this.#asked([left, node]);
    if (asked === null) return { text, kind: 'other', loose: true };
    const call = `${operand(left)}|${OPERATOR}compare('${operator}', ${flat(node.text)})`;
    return bounded(`(${call} if ${asked} else ${text})`, 'other');
  }

  /** Whether one of these turns out to be a time; null where none can. */
  #asked(nodes: readonly Node[]): string | null {
    const suspects = this.#times ? nodes.filter(({ kind }) => kind === 'any') : [];
    return suspects.length === 0 ? null : suspects.map((node) => `${operand(node)} is mapping`).join(' or ');
  }

  #isIn(): boolean {
    const begin = this.#at;
    const found = this.#take((token) => token === 'in' || token === 'not');
    this.#at = begin;
    return found !== null;
  }

  /** Filters hang on all signs, and on what they stand before. */
  #unary(): Node {
    return this.#filters(this.#signed());
  }

  #signed(): Node {
    const sign = this.#take((token) => token === '-' || token === '+');
    if (sign === null) return this.#value();
    const between = this.#blanks();
    this.#deeper();
    const node = this.#signed();
    this.#depth -= 1;
    // The engine has no sign of plus, and its minus takes a name before what hangs on it.
    const simple = /^\w*$/.test(node.text);
    const text = `${sign.before}${sign.token === '-' ? '-' : ''}${between}${simple ? node.text : `(${node.text})`}`;
    if (!this.#times || node.kind !== 'any' || sign.token === '+') return { ...node, text };
    const call = `${flat(node.text)}|${OPERATOR}negate`;
    return bounded(`(${call} if ${flat(node.text)} is mapping else ${text})`, 'any');
  }

  /* ---------------------------------------------------------------- values and what hangs on them */

  /** Filters and tests: their names are no values, only their arguments are. */
  #filters(value: Node): Node {
    let node = value;
    for (;;) {
      const found = this.#take((token) => token === '|' || token === 'is');
      if (found === null) return node;
      node = found.token === '|' ? this.#filter(node, found.before) : this.#test(node, found.before);
    }
  }

  #filter(node: Node, before: string): Node {
    const between = this.#blanks();
    const name = this.#name();
    this.#names.used?.(`|${name}`);
    const args = this.#peek() === '(' ? this.#arguments() : null;
    const call = `${before}|${between}${name}${args === null ? '' : `(${args.text})`}`;
    const kind = kindOf(name, args?.text ?? '');
    if (this.#times && name === 'map' && /^\s*(['"])string\1\s*$/.test(args?.text ?? ''))
      return { text: `${node.text}${before}|map('${PRINTED}')`, kind };
    if (name === 'string') return bounded(asText(node) + call, 'plain');
    const attribute = attributeOf(name, args?.items ?? []);
    if (attribute !== null) return { text: `${node.text}${before}|${attribute}`, kind };
    const either = floatOr(node.text, name, args?.items ?? []);
    if (either !== null) return either;
    if (this.#times && name === 'join') return { text: `${node.text}|${TEXTS}${call}`, kind };
    if (this.#times && node.kind === 'any' && name === 'abs') {
      const operand = flat(node.text);
      return bounded(`(${operand}|${OPERATOR}absolute if ${operand} is mapping else ${node.text}${call})`, 'any');
    }
    const text = node.text + call;
    return { text: isFloat(name, args?.items ?? []) ? `(${text} * 1.0)` : text, kind };
  }

  #test(node: Node, before: string): Node {
    const not = this.#take((token) => token === 'not');
    const between = this.#blanks();
    const name = this.#name();
    this.#names.used?.(`is ${name}`);
    let text = `${node.text}${before}is${not === null ? '' : `${not.before}not`}${between}${name}`;
    if (this.#peek() === '(') text += `(${this.#arguments().text})`;
    else {
      const begin = this.#at;
      const gap = this.#blanks();
      if (gap !== '' && this.#startsValue()) text += gap + this.#value().text;
      else this.#at = begin;
    }
    return { text, kind: 'other', loose: true };
  }

  #name(): string {
    return /^[A-Za-z_]/.test(this.#peek()) ? (this.#tokens[this.#at++] as string) : '';
  }

  #arguments(): Arguments {
    this.#at += 1;
    return this.until(')');
  }

  #value(): Node {
    let node = this.#primary();
    for (;;) {
      const begin = this.#at;
      const dot = this.#take((token) => token === '.');
      if (dot !== null) {
        // A dot may have blanks at both sides, and stand on a line of its own.
        const text = node.text + dot.before + this.#blanks();
        const name = this.#peek();
        this.#at += 1;
        if (/^\d+$/.test(name)) node = { text: `${text}[${name}]`, kind: 'any' };
        else if (/^[A-Za-z_]/.test(name)) node = this.#member({ ...node, text }, name);
        else {
          this.#at = begin;
          return node;
        }
      } else if (this.#peek() === '[') {
        this.#at += 1;
        node = { text: `${node.text}[${this.until(']').text}]`, kind: 'any' };
      } else if (this.#peek() === '(') node = this.#call(node);
      else return node;
    }
  }

  #primary(): Node {
    const token = this.#peek();
    if (!this.#startsValue()) return { text: '', kind: 'plain' };
    this.#at += 1;
    const close = OPENS.get(token);
    if (close === undefined) {
      const isText = /^['"]/.test(token);
      let text = token;
      // Texts side by side are one.
      while (isText) {
        const more = this.#take((next) => /^['"]/.test(next));
        if (more === null) break;
        text += more.before + more.token;
      }
      const kind = !/^[A-Za-z_]/.test(token) ? 'plain' : LITERALS.has(token) ? 'other' : 'any';
      return { text, kind, isText };
    }
    const { text, items, sole } = this.until(close);
    const whole = token + text + close;
    if (token !== '(') return { text: whole, kind: 'other' };
    if (items.length > 1) return { text: whole, kind: 'other', items: items.filter((item) => item.trim() !== '') };
    return { text: whole, kind: sole?.kind ?? 'any', isText: sole?.isText ?? false };
  }

  #call(node: Node): Node {
    const name = node.text;
    const args = this.#arguments();
    const { text, items } = args;
    const kind = kindOf(name, args.text);
    if (/^\w+$/.test(name)) this.#names.used?.(`${name}()`);
    // The engine's takes them in a list.
    if (name === 'cycler') return { text: `cycler([${text}])`, kind };
    // The engine's own filters keep what is whole and what is not, and sort times, too.
    if (name === 'min' || name === 'max') return { text: `(${items.length > 1 ? `[${text}]` : text}|${name})`, kind };
    // The engine's makes one of names, and of another mapping; ours of a list of pairs.
    const pairs = name === 'dict' && items.length === 1 && !/^\s*(?:$|\{|\*\*|\w+\s*=[^=])/.test(text);
    if (name === 'dict' && !pairs) return { text: `${name}(${text})`, kind: 'other' };
    if (!this.#names.functions.has(name)) return { text: `${name}(${text})`, kind };
    const either = floatOr(`(${items[0] ?? ''})`, name, items.slice(1));
    if (either !== null) return either;
    const call = `(none|${CALLED}${name}(${text}))`;
    return { text: isFloat(name, items.slice(1)) ? `(${call} * 1.0)` : call, kind };
  }

  #member({ text }: Node, name: string): Node {
    if (this.#peek() !== '(') {
      const place = text.trimEnd().endsWith(`|${METHOD}isocalendar())`) ? CALENDAR.indexOf(name) : -1;
      return {
        text: place < 0 ? `${text}.${name}` : `${text}[${place}]`,
        kind: this.#times ? kindOf(name, '') : 'any',
      };
    }
    const args = this.#arguments();
    // That of a datetime gives another one; that of a text, as the filter does, a text.
    const kind = name === 'replace' ? 'any' : kindOf(name, args.text);
    if (!this.#names.methods.has(name)) return { text: `${text}.${name}(${args.text})`, kind };
    const call = `(${text}|${METHOD}${name}(${args.text}))`;
    return { text: isFloat(name, args.items) ? `(${call} * 1.0)` : call, kind };
  }
}

const LITERALS = new Set(['true', 'false', 'none', 'True', 'False', 'None']);

/** `'%s: %d' % (a, b)` as the filter that does the same. */
function formatted({ text }: Node, { text: value, items }: Node): Node {
  return { text: `(${flat(text)}|format(${items?.join(',') ?? value}))`, kind: 'plain' };
}

/** As Python prints it: the engine knows neither `None` nor `True`, nor lists and times. */
function asText(node: Node): string {
  const { text, kind, loose } = node;
  if (kind === 'plain') return text;
  const one = operand(node);
  return `(${one} if ${one} is number else ${loose === true ? `(${text})` : text}|default('')|${PRINTED})`;
}

/** These fail for nothing but what is no number: then they come to their default as it is. Null without a default. */
function floatOr(value: string, name: string, items: readonly string[]): Node | null {
  const place = NUMBERS_ONLY.has(name) ? FLOATS.get(name) : undefined;
  const at = items.findIndex((item, index) => /^\s*default\s*=[^=]/.test(item) || index === place);
  if (at < 0 || (items[at] as string).trim() === '') return null;
  const rest = items.filter((_item, index) => index !== at);
  if (!isFloat(name, rest)) return null;
  const fallback = (items[at] as string).replace(/^\s*default\s*=/, '').trim();
  const one = flat(value);
  const kind = NUMERAL.test(fallback) ? 'plain' : 'any';
  return bounded(`(${one}|${name}(${rest.join(',')}) * 1.0 if ${one}|is_number else ${fallback})`, kind);
}

function bounded(text: string, kind: Node['kind']): Node {
  if (text.length > LONGEST)
    throw new Error('the sums of the template stand too deep within each other. Let {% set %} name a part of them.');
  return { text, kind };
}

/** On one line, for a filter or a test to hang on. */
function operand({ text, loose }: Node): string {
  return loose === true ? `(${flat(text)})` : flat(text);
}

/** On one line: lines are counted where it stands the last time. */
function flat(text: string): string {
  return text.replaceAll('\n', ' ');
}

/** In a text, a backslash before what is no escape stays a backslash: `'\\d+'` is a pattern as people write it. */
function asPython(token: string): string {
  if (!/^['"]/.test(token)) return token;
  const escaped = token.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g,
    (whole, hex: string | undefined, char: string) => {
      if (hex !== undefined) return `\\u00${hex}`;
      return `"'\\bfnrtu`.includes(char) ? whole : `\\\\${char}`;
    },
  );
  return escaped.replaceAll('\n', '\\n');
}

function isBlank(token: string): boolean {
  return /^\s+$/.test(token);
}
