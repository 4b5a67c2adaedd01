/** What filters and functions of templates are given. */

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

export function isNumber(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return Number.isFinite(Number(value));
  return typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value);
}
