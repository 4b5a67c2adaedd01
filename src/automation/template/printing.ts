/** How a template prints what it came to: as Python does, with the names of mappings in the order in which they came. */

import { pythonText } from './python.ts';
import { timeOf } from './time.ts';

/** Orders by the names that a mapping has: the engine sorts them, Python keeps them as they were put in. */
export type Orders = ReadonlyMap<string, readonly string[]>;

export function print(value: unknown, orders: Orders): string {
  return pythonText(inOrder(value, orders));
}

function inOrder(value: unknown, orders: Orders): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, orders));
  if (!(value instanceof Map) || timeOf(value) !== null) return value;
  const names = orders.get(signature([...value.keys()].map(String))) ?? [...value.keys()];
  return new Map(names.map((name) => [name, inOrder(value.get(name), orders)]));
}

/** Of every mapping in the variables. */
export function orderOf(variables: unknown, orders: Map<string, readonly string[]> = new Map()): Orders {
  if (typeof variables !== 'object' || variables === null) return orders;
  if (!Array.isArray(variables)) {
    const names = Object.keys(variables);
    orders.set(signature(names), names);
  }
  for (const item of Object.values(variables)) orderOf(item, orders);
  return orders;
}

function signature(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}
