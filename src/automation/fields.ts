/** Reading a mapping of the file: known keys only, each taken once, every fault with its place. */

import type { Located } from '../core/located.ts';
import type { Part } from './definition.ts';
import type { Value } from './template/python.ts';
import { TollboardError } from '../core/errors.ts';
import { toPlain } from '../core/located.ts';
import { nearest } from '../core/nearest.ts';
import { isPlain } from './template/rewrite.ts';

export type PrintPlace = (place: Located['place']) => string;

/** Throws `TOLLBOARD_AUTOMATION_INVALID`. */
export class Fields {
  readonly path: string;
  readonly where: string;
  readonly #source: Extract<Located, { kind: 'map' }>;
  readonly #printPlace: PrintPlace;
  readonly #taken = new Set<string>();

  constructor(source: Located, path: string, printPlace: PrintPlace) {
    this.path = path;
    this.where = printPlace(source.place);
    this.#printPlace = printPlace;
    if (source.kind !== 'map') throw invalid(this.where, path, `is ${kindOf(source)}`, 'a mapping');
    this.#source = source;
  }

  /** The first of these keys that is there. */
  has(...names: readonly string[]): string | null {
    return names.find((name) => this.#source.entries.some(({ key }) => key === name)) ?? null;
  }

  /** The value under any of these names; null where there is none, or nothing after the colon. */
  take(...names: readonly string[]): Located | null {
    for (const name of names) this.#taken.add(name);
    const given = this.#source.entries.filter(({ key }) => names.includes(key));
    const [first, second] = given;
    if (second !== undefined)
      throw invalid(this.#printPlace(second.place), this.path, `has ${first?.key} and ${second.key}`, 'one of them');
    return first === undefined || first.value.kind === 'empty' ? null : first.value;
  }

  text(...names: readonly string[]): string | null {
    const value = this.take(...names);
    if (value === null) return null;
    if (value.kind !== 'text') throw this.fault(value, names[0] ?? '', `is ${kindOf(value)}`, 'a text');
    return value.text;
  }

  need(...names: readonly string[]): string {
    const text = this.text(...names);
    if (text !== null) return text;
    this.misspelt(names);
    throw invalid(this.where, this.path, `lacks ${names[0]}`, `${names[0]}: with a text`);
  }

  /** Throws where a key is nearly one of these names. */
  misspelt(names: readonly string[]): void {
    for (const { key, place } of this.#source.entries) {
      const near = names.includes(key) ? null : nearest(key, names);
      if (near !== null)
        throw invalid(this.#printPlace(place), this.path, `has ${key.slice(0, 40)}, which is no key`, `${near}?`);
    }
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name);
    if (text === null) return fallback;
    if (!Object.hasOwn(FLAGS, text))
      throw invalid(this.where, this.path, `has ${name}: ${text.slice(0, 40)}`, 'true or false');
    return FLAGS[text] as boolean;
  }

  /** One text, or a list of them. */
  texts(...names: readonly string[]): string[] {
    const value = this.take(...names);
    return listOf(value).map((item) => {
      if (item.kind !== 'text') throw this.fault(item, names[0] ?? '', `is ${kindOf(item)}`, 'a text');
      return item.text;
    });
  }

  /** A mapping with plain values, empty where there is none. */
  mapping(...names: readonly string[]): Readonly<Record<string, Value>> {
    const value = this.take(...names);
    if (value === null) return {};
    if (value.kind !== 'map') throw this.fault(value, names[0] ?? '', `is ${kindOf(value)}`, 'a mapping');
    return toPlain(value) as Readonly<Record<string, Value>>;
  }

  /** A mapping with plain values, or a template that makes one; empty where there is neither. */
  mappingOrTemplate(...names: readonly string[]): Readonly<Record<string, Value>> | string {
    const value = this.take(...names);
    if (value === null) return {};
    if (value.kind === 'text' && !isPlain(value.text)) return value.text;
    if (value.kind !== 'map')
      throw this.fault(value, names[0] ?? '', `is ${kindOf(value)}`, 'a mapping, or a template');
    return toPlain(value) as Readonly<Record<string, Value>>;
  }

  plain(...names: readonly string[]): Value | null {
    const value = this.take(...names);
    return value === null ? null : (toPlain(value) as Value);
  }

  /** Each item with its place; one value is a list of one. */
  list(...names: readonly string[]): Located[] {
    return listOf(this.take(...names));
  }

  part(): Part {
    const { path, where } = this;
    const enabled = this.text('enabled');
    const word = enabled === null || Object.hasOwn(FLAGS, enabled);
    if (!word && isPlain(enabled))
      throw invalid(where, path, `has enabled: ${enabled.slice(0, 40)}`, 'true, false or a template');
    return { path, where, alias: this.text('alias'), enabled: word ? FLAGS[enabled ?? 'true'] === true : enabled };
  }

  /** Every key that nobody asked for is a mistake. */
  end(what: string): void {
    const stranger = this.#source.entries.find(({ key }) => !this.#taken.has(key));
    if (stranger === undefined) return;
    const near = nearest(stranger.key, this.#taken);
    throw invalid(
      this.#printPlace(stranger.place),
      this.path,
      `has ${stranger.key.slice(0, 40)}, which ${what} does not know`,
      near === null ? [...this.#taken].filter((name) => name !== 'alias').join(', ') : `${near}?`,
    );
  }

  fault(value: Located, name: string, fault: string, expected: string): TollboardError {
    return invalid(this.#printPlace(value.place), `${this.path}/${name}`, fault, expected);
  }

  get printPlace(): PrintPlace {
    return this.#printPlace;
  }
}

/** What YAML 1.1 reads as a truth value. */
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
  True: true,
  False: false,
};

export function listOf(value: Located | null): Located[] {
  if (value === null || value.kind === 'empty') return [];
  return value.kind === 'list' ? value.items : [value];
}

export function kindOf(value: Located): string {
  return { text: 'a text', list: 'a list', map: 'a mapping', empty: 'empty' }[value.kind];
}

export function invalid(where: string, path: string, fault: string, expected: string): TollboardError {
  const details = { where, path: path === '' ? 'the automation' : path, fault, expected };
  return new TollboardError('TOLLBOARD_AUTOMATION_INVALID', { details });
}
