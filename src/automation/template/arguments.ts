/** What filters and functions of templates are given, and what they give. */

import { pythonText, shown } from './python.ts';

/** Values come from the engine: mappings as `Map`, `none` as undefined, keyword arguments as a `Map` at the end. */
export type Fn = (...args: readonly unknown[]) => unknown;
export type Table = Readonly<Record<string, Fn>>;

/** Arguments by place, and those of these names; a mapping at the end with other names is an argument like any other. */
export function byName<Name extends string>(
  args: readonly unknown[],
  names: readonly Name[],
): { rest: readonly unknown[]; named: Partial<Record<Name, unknown>> } {
  const last = args.at(-1);
  const keywords = last instanceof Map && [...last.keys()].every((key) => names.includes(key as Name));
  if (!keywords || last.size === 0) return { rest: args, named: {} };
  return { rest: args.slice(0, -1), named: Object.fromEntries(last) as Partial<Record<Name, unknown>> };
}

/** Arguments in the order of these names, however they were given; undefined where one was not. */
export function inOrder(args: readonly unknown[], names: readonly string[]): readonly unknown[] {
  const { rest, named } = byName(args, names);
  return names.map((name, place) => (Object.hasOwn(named, name) ? named[name] : rest[place]));
}

/** The default of a filter, by place or as `default=`; without one the value's fault is the template's. */
export function defaultOf(args: readonly unknown[], what: string, value: unknown): unknown {
  const last = args.at(-1);
  if (last instanceof Map && last.has('default')) return last.get('default');
  if (args.length > 0) return args[0];
  throw new Error(`${what} got ${shown(value)} and has no default`);
}

export function isNumber(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number' || typeof value === 'bigint') return Number.isFinite(Number(value));
  if (typeof value !== 'string' || !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value)) return false;
  return Number.isFinite(Number(value));
}

/** Longest text that a filter of ours makes, in UTF-16 units: what the engine itself makes its memory bounds. */
const MAX_TEXT = 1024 * 1024;

/** Throws before a text of this length is made. */
export function boundedText(length: number): void {
  if (length > MAX_TEXT)
    throw new Error(`a filter makes a text of more than ${MAX_TEXT} characters. Let the template make shorter ones.`);
}

/** `text.replace`, of which the length is known as it grows. */
export function replacing(text: string, pattern: RegExp, by: (...found: string[]) => string): string {
  let length = text.length;
  return text.replace(pattern, (...found) => {
    const piece = by(...(found as string[]));
    length += piece.length;
    boundedText(length);
    return piece;
  });
}

/** `parts.join`, bounded. */
export function joined(parts: readonly string[], mark: string): string {
  boundedText(parts.reduce((sum, part) => sum + part.length + mark.length, 0));
  return parts.join(mark);
}

export function str(value: unknown): string {
  return pythonText(value);
}

/** Mappings of the engine as plain objects. */
export function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, item]) => [pythonText(name), plain(item)]));
  return Array.isArray(value) ? value.map(plain) : (value ?? null);
}
