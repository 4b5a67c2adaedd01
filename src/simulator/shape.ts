/** Reads input of unknown shape (accounts file, control requests) into typed records, with errors that name the place. */

import { TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { isPlainObject } from '../core/plain-object.ts';

/** Returns the value as T or throws `TOLLBOARD_SIMULATOR_INPUT_INVALID`; `where` is the path for the error. */
export type Reader<T> = (value: unknown, where: string) => T;

type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { [K in keyof S]?: ReturnType<S[K]> };

/** An object with these members only, each optional; `snake_case` names are read as `camelCase`. */
export function record<S extends Shape>(shape: S): Reader<Read<S>> {
  return (value, where) => {
    if (!isPlainObject(value)) throw misfit(where, value, 'an object');
    const read: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const reader = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (reader === undefined) {
        const near = nearest(name, Object.keys(shape));
        const expected = near === null ? `one of ${Object.keys(shape).join(', ')}` : `perhaps ${near}`;
        throw invalid(`${where}.${key}`, 'not known here', expected);
      }
      if (member !== undefined && member !== null) read[name] = reader(member, `${where}.${key}`);
    }
    return read as Read<S>;
  };
}

export function listOf<T>(reader: Reader<T>): Reader<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw misfit(where, value, 'a list');
    return value.map((item, index) => reader(item, `${where}[${index}]`));
  };
}

/** Text that is not empty. */
export const text: Reader<string> = (value, where) => {
  if (typeof value === 'string' && value !== '') return value;
  throw misfit(where, value, 'a text (numbers need quotes)');
};

/** Like {@link text}, but no error shows the value. */
export const secretText: Reader<string> = (value, where) => {
  if (typeof value === 'string' && value !== '') return value;
  throw misfit(where, value === '' ? 'empty' : 'a value that is not shown', 'a text (numbers need quotes)');
};

export const flag: Reader<boolean> = (value, where) => {
  if (typeof value === 'boolean') return value;
  throw misfit(where, value, 'true or false');
};

export function numberBetween(min: number, max: number): Reader<number> {
  return (value, where) => {
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw misfit(where, value, `a number from ${min} to ${max}`);
  };
}

export function oneOf<W extends string>(...words: readonly W[]): Reader<W> {
  return (value, where) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw misfit(where, value, `one of ${words.join(', ')}`);
  };
}

/** A value of any shape, kept as it is. */
export const anything: Reader<unknown> = (value) => value;

export function required<T>(value: T | undefined, where: string, expected: string): T {
  if (value === undefined) throw misfit(where, 'nothing', expected);
  return value;
}

export function misfit(where: string, value: unknown, expected: string): TollboardError {
  const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return invalid(where, `'${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}'`, expected);
}

function invalid(where: string, value: string, expected: string): TollboardError {
  return new TollboardError('TOLLBOARD_SIMULATOR_INPUT_INVALID', { details: { where, value, expected } });
}
