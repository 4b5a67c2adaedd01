/** The template engine within its bounds: fuel for time, pages for memory, no function of ours that throws into it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Environment, initSync } from 'minijinja-js/dist/web/minijinja_js.js';
import { nearest } from '../../core/nearest.ts';
import { type Fn, plain, str, type Table } from './arguments.ts';
import { CALLED, FLOAT, METHOD, OPERATOR, PRINTED, TEXTS } from './expression.ts';
import { BUILT_IN, createFunctions, refusalOf } from './functions.ts';
import { CONSTANTS } from './numbers.ts';
import { type Orders, orderOf, print } from './printing.ts';
import { pythonFloat } from './python.ts';
import { isPlain, MAX_TEMPLATE, rewriteTemplate } from './rewrite.ts';
import { timeOf } from './time.ts';
import { WRITE_SPAN } from './time-arithmetic.ts';
import { withTimes } from './times.ts';

export interface Rendering {
  template: string;
  /** True: only read, nothing run. */
  check?: boolean;
  /** JSON. */
  variables: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Instructions of one template: a loop of some ten thousand rounds. */
const FUEL = 500_000;
/** WebAssembly pages of 64 KiB: 64 MiB for all templates together. */
const MAX_PAGES = 1024;
/** Longest text that a template may make, in UTF-16 units. */
export const MAX_OUTPUT = 256 * 1024;

/** Of the template that is just being rendered: one at a time. */
const current: { now: number; orders: Orders } = { now: 0, orders: new Map() };

const { filters, tests, functions, methods, operators } = createFunctions(() => current.now);
const NAMES = { functions: new Set(Object.keys(functions)), methods: new Set(Object.keys(methods)) };

/** All filters that the engine is given, by the names that they have in a rewritten template. */
const FILTERS: Table = {
  ...filters,
  [PRINTED]: (value) => print(value, current.orders),
  [FLOAT]: (value) => pythonFloat(Number(value)),
  [TEXTS]: (value) => (Array.isArray(value) ? value.map((item) => (timeOf(item) === null ? item : str(item))) : value),
  // The first argument of a function's filter is the `none` it hangs on.
  ...under(
    CALLED,
    functions,
    (run) =>
      (_none, ...args) =>
        run(...args),
  ),
  ...under(METHOD, methods),
  ...under(OPERATOR, operators),
};

function under(mark: string, table: Table, asFilter = (run: Fn) => run): Table {
  return Object.fromEntries(Object.entries(table).map(([name, run]) => [mark + name, asFilter(run)]));
}

let loaded = false;

/** Loads the engine, which takes longer than most templates. */
export function load(): void {
  if (loaded) return;
  const file = createRequire(import.meta.url).resolve('minijinja-js/dist/web/minijinja_js_bg.wasm');
  initSync({ module: withMaximum(readFileSync(file), MAX_PAGES) });
  loaded = true;
}

/** Throws what is wrong with the template, in a sentence with its line. */
export function render({ template, variables, now, check = false }: Rendering): string {
  if (template.length > MAX_TEMPLATE) throw new Error(`the template has more than ${MAX_TEMPLATE} characters`);
  if (isPlain(template)) return template;
  load();
  const used = new Set<string>();
  const source = rewriteTemplate(template, check ? { ...NAMES, used: (what) => void used.add(what) } : NAMES);
  const environment = new Environment();
  Object.assign(current, { now, orders: orderOf(variables) });
  const faults: Error[] = [];
  // What throws within the engine would leave it unusable, so it is kept and thrown afterwards.
  const kept =
    (run: Fn): Fn =>
    (...args) => {
      try {
        return faults.length > 0 ? null : toEngine(run(...args));
      } catch (error) {
        faults.push(error instanceof Error ? error : new Error(String(error)));
        return null;
      }
    };
  try {
    environment.enablePyCompat();
    environment.fuel = FUEL;
    for (const [name, value] of Object.entries(CONSTANTS)) environment.addGlobal(name, value);
    // Most templates name few of them.
    for (const word of new Set(source.match(/[A-Za-z_]\w*/g))) {
      if (Object.hasOwn(FILTERS, word)) environment.addFilter(word, kept(FILTERS[word] as Fn));
      if (Object.hasOwn(tests, word)) environment.addTest(word, kept(tests[word] as Fn));
    }
    if (check) {
      environment.addTemplate('<string>', source);
      for (const what of used) {
        if (what.endsWith('()')) checkFunction(what.slice(0, -2), template);
        else probe(environment, what);
        // A filter that is known may well refuse what it was tried on.
        faults.length = 0;
      }
    }
    const text = check ? '' : environment.renderStr(source, withTimes(variables));
    environment.free();
    if (text.length > MAX_OUTPUT)
      throw new Error(`the template made more than ${MAX_OUTPUT} characters. Let it make a shorter text.`);
    if (faults[0] === undefined) return text.trim();
  } catch (error) {
    // After a trap the environment belongs to nobody and is not freed: the whole engine is given up.
    throw faults[0] ?? inWords(error, { template, variables });
  }
  throw faults[0];
}

/** The engine looks for filters and tests only when it comes to them. Throws where it has none of this name. */
function probe(environment: Environment, what: string): void {
  try {
    environment.renderStr(`{{ none ${what} }}`, {});
  } catch (error) {
    if (isTrap(error) || UNKNOWN.test(String(error))) throw error;
  }
}

const UNKNOWN = /unknown (filter|test|function): (?:\1 )?(\w+) is unknown/;

/** What templates call without a table of ours having it. */
const CALLABLE: ReadonlySet<string> = new Set([...BUILT_IN.functions, 'caller', 'loop', 'super', 'self', 'debug']);

/** Throws where it is neither a function nor a name of the template's own, and where only a Home Assistant has it. */
function checkFunction(name: string, template: string): void {
  if (isOwn(name, template) || (refusalOf(name) === null && (NAMES.functions.has(name) || CALLABLE.has(name)))) return;
  throw new Error(unknownName('function', name));
}

/** Whether the template itself makes something of this name: left of a `=` or an `in`, or as a macro and what one is given. */
function isOwn(name: string, template: string): boolean {
  const left = String.raw`\{%[-+]?\s*(?:(?:macro|from|import)\b[^%]*|set\b[^=%]*|for\b(?:(?!\sin\s)[^%])*|call\s*\([^)]*)`;
  return new RegExp(String.raw`${left}\b${name}\b|\bwith\b[^%]*\b${name}\s*=`).test(template);
}

function unknownName(kind: string, name: string): string {
  const known = {
    filter: [...Object.keys(filters), ...BUILT_IN.filters],
    test: [...Object.keys(tests), ...BUILT_IN.tests],
    function: [...NAMES.functions, ...CALLABLE],
  }[kind];
  const near = nearest(
    name,
    (known ?? []).filter((one) => refusalOf(one) === null),
  );
  return refusalOf(name) ?? `there is no ${kind} ${name}${near === null ? '' : `, but there is ${near}`}`;
}

/** What the engine gives as a `Map` it takes as an object. */
function toEngine(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? plain(value) : value;
}

/** The engine names its template `<string>` and its trap by number. */
function inWords(error: unknown, rendering: Pick<Rendering, 'template' | 'variables'>): Error {
  if (isTrap(error)) return error as Error;
  // What comes after the first line shows the template as it was rewritten.
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const message = first.replace(/ ?\(in <string>:(\d+)\)/, ' (line $1)');
  const [, operator, types] =
    /tried to use (\S+) operator on unsupported types (.*\bmap\b.*?) \(line/.exec(message) ?? [];
  if (types !== undefined) return new Error(`${types.replace(' and ', ` ${operator} `)} has no meaning. ${WRITE_SPAN}`);
  const [, kind, unknown] = UNKNOWN.exec(message) ?? [];
  if (unknown !== undefined) return new Error(unknownName(kind ?? '', unknown));
  const name = message.startsWith('undefined value') ? nameUndefined(rendering) : null;
  if (name === 'states') return new Error(refusalOf(name) ?? name);
  if (name !== null) return new Error(message.replace('undefined value', `${name} is undefined`));
  const [, statement] = /unknown statement (break|continue)\b/.exec(message) ?? [];
  if (statement !== undefined)
    return new Error(
      `a gateway's templates have no ${statement}. Give the loop a condition: {% for x in list if … %}.`,
    );
  if (/range has too many elements/.test(message))
    return new Error('a range has more than 100000 numbers. Let the template count less far.');
  if (/engine ran out of fuel/.test(message))
    return new Error('the template takes too many steps. Let its loops go round less often.');
  return new Error(message);
}

/** The engine does not say what was undefined: the first name with a member that has nothing, but for the template's own. */
function nameUndefined({ template, variables }: Pick<Rendering, 'template' | 'variables'>): string | null {
  for (const [path] of template.matchAll(/\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+/g)) {
    const names = path.split('.');
    if (isOwn(names[0] as string, template)) continue;
    let value: unknown = variables;
    for (const [index, name] of names.slice(0, -1).entries()) {
      const within = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
      if (!within) return names.slice(0, index + 1).join('.');
      value = (value as Record<string, unknown>)[name];
    }
  }
  return null;
}

/** A trap of the engine (out of memory, its own bug): it must not be used again. */
export function isTrap(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'RuntimeError' || /unreachable|recursive use|memory/.test(error.message))
  );
}

/** The module with an upper bound on its one memory (WebAssembly core specification, §5.5.8). */
function withMaximum(module: Buffer, pages: number): Buffer {
  for (let at = 8; at < module.length; ) {
    const id = module[at];
    const [size, begin] = leb(module, at + 1);
    if (id !== 5) {
      at = begin + size;
      continue;
    }
    const [minimum] = leb(module, begin + 2);
    const limits = [1, 1, ...lebOf(minimum), ...lebOf(pages)];
    return Buffer.concat([
      module.subarray(0, at),
      Buffer.from([5, ...lebOf(limits.length), ...limits]),
      module.subarray(begin + size),
    ]);
  }
  throw new Error('the template engine has no memory section');
}

function leb(bytes: Buffer, begin: number): [value: number, next: number] {
  let value = 0;
  for (let at = begin, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at + 1];
  }
}

function lebOf(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...lebOf(value >>> 7)];
}
