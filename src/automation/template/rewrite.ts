/**
 * From Home Assistant's Jinja to what the engine runs. The engine takes filters from us, but no functions and no methods,
 * and prints values its own way. So `now()` becomes a filter on nothing, `x.strftime('%H')` a filter on `x`
 * (see `expression.ts`), and whatever `{{ … }}` prints goes through a filter that prints it as Python does. Line numbers
 * stay as they are.
 */

import { FLOAT, type Names, PRINTED, rewriteExpression } from './expression.ts';
import { TIME_MAKERS } from './times.ts';

/** Templates longer than this are none that a person wrote. */
export const MAX_TEMPLATE = 64 * 1024;

const PART = /\{\{[-+]?|\{%[-+]?|\{#/g;
const RAW = /^\{%[-+]?\s*raw\s*[-+]?%\}/;
/** `time_fired` is a member of what fired a run, as `now` is. */
const MAKES_TIMES = new RegExp(`\\b(?:${TIME_MAKERS.join('|')}|time_fired)\\b`);
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/** True where there is nothing to run. */
export function isPlain(text: string): boolean {
  return !/\{[{%#]/.test(text);
}

/** Throws with the place where a part has no end. */
export function rewriteTemplate(source: string, names: Names): string {
  const own = withoutMacros(source, names);
  const times = MAKES_TIMES.test(source);
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
    let code: string;
    try {
      code = rewriteExpression(unpacked(source.slice(begin, close - mark.length)), own, times);
    } catch (error) {
      throw new Error(`${(error as Error).message} (line ${lineAt(source, part.index)})`);
    }
    const before = part[0].slice(2);
    out += printed ? printing(before, code, mark) : `{%${before}${code}${mark}%}`;
    at = close + 2;
  }
}

/** `set a, b = …`, which the engine takes in parentheses only. */
function unpacked(code: string): string {
  return code.replace(/^(\s*set\s+)(\w+(?:\s*,\s*\w+)+)(\s*=)([\s\S]*)$/, '$1($2)$3 ($4)');
}

/** A macro takes the place of a function of its name. */
function withoutMacros(source: string, names: Names): Names {
  const macros = new Set([...source.matchAll(/\{%[-+]?\s*macro\s+(\w+)/g)].map(([, name]) => name as string));
  const functions = new Set([...names.functions].filter((name) => !macros.has(name)));
  return macros.size === 0 ? names : { ...names, functions };
}

/** The engine knows 1 from 1.0; what is undefined prints nothing. */
function printing(before: string, code: string, after: string): string {
  const value = `'' if tb_v is undefined else tb_v if tb_v is integer else tb_v|${FLOAT} if tb_v is number else tb_v|${PRINTED}`;
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
