/** A task's arguments as YAML gave them, brought into the types of a module as Ansible does it, in its sentences. */

import type { Argument, ArgumentType } from './definition.ts';

export type ArgumentValue = string | number | boolean | readonly string[] | Record<string, unknown>;

export interface Arguments {
  /** By canonical name; absent where not given. */
  values: Readonly<Record<string, ArgumentValue>>;
  warnings: readonly string[];
}

type Converted = { value: ArgumentValue } | { fault: string };

/**
 * `given` without Ansible's own `_ansible_*` members. The fault is Ansible's sentence: an unsupported name, a value of
 * another type, a word that is none of the choices.
 */
export function readArguments(
  moduleName: string,
  rows: readonly Argument[],
  given: Readonly<Record<string, unknown>>,
): Arguments | { fault: string } {
  const known = new Map(rows.flatMap((row) => [row.name, ...(row.aliases ?? [])].map((name) => [name, row] as const)));
  const strangers = Object.keys(given).filter(
    (name) => given[name] !== undefined && !known.has(name) && !name.startsWith('_ansible_'),
  );
  if (strangers.length > 0) return { fault: unsupported(moduleName, rows, strangers) };

  const values: Record<string, ArgumentValue> = {};
  const warnings: string[] = [];
  for (const row of rows) {
    const alias = (row.aliases ?? []).find((name) => isGiven(given[name]));
    if (alias !== undefined && isGiven(given[row.name]))
      warnings.push(`Both option ${row.name} and its alias ${alias} are set.`);
    const raw = given[alias ?? row.name];
    if (!isGiven(raw)) continue;
    const result = converted(row, raw);
    if ('fault' in result) return result;
    values[row.name] = result.value;
  }
  return { values, warnings };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function unsupported(moduleName: string, rows: readonly Argument[], strangers: readonly string[]): string {
  const supported = rows
    .map(({ name, aliases = [] }) => (aliases.length === 0 ? name : `${name} (${aliases.join(', ')})`))
    .sort();
  const names = [...strangers].sort().map((name) => name.slice(0, 64));
  return `Unsupported parameters for (${moduleName}) module: ${names.join(', ')}. Supported parameters include: ${supported.join(', ')}.`;
}

function converted(row: Argument, raw: unknown): Converted {
  const typed = CONVERT[row.type](raw, row);
  if (typed === null) return { fault: unconvertible(row, raw) };
  const value = typeof raw === 'boolean' ? wordOf(row, raw, typed) : typed;
  const fault = choiceFault(row, value) ?? rangeFault(row, value) ?? lengthFault(row, value);
  return fault === null ? { value } : { fault };
}

/** YAML makes booleans of words such as `true`; where exactly one choice is such a word, that was meant (Ansible). */
function wordOf({ type, choices = [] }: Argument, raw: boolean, typed: ArgumentValue): ArgumentValue {
  if (type !== 'str') return typed;
  const words = raw ? TRUE : FALSE;
  const meant = choices.map(({ value }) => String(value)).filter((word) => words.has(word));
  return meant.length === 1 ? (meant[0] ?? typed) : typed;
}

function unconvertible({ name, type }: Argument, raw: unknown): string {
  const from = `<class '${pythonType(raw)}'>`;
  return `argument '${name}' is of type ${from} and we were unable to convert to ${type}: ${from} cannot be converted to ${type === 'int' ? 'an' : 'a'} ${type}`;
}

function choiceFault({ name, choices, secret }: Argument, value: ArgumentValue): string | null {
  if (choices === undefined) return null;
  const allowed = choices.map((choice) => String(choice.value));
  const words = Array.isArray(value) ? value.flatMap((item: string) => item.split(' ')) : [String(value)];
  const wrong = words.filter((word) => !allowed.includes(word));
  if (wrong.length === 0) return null;
  const got = secret === true ? '********' : wrong.map((word) => word.slice(0, 80)).join(', ');
  return `value of ${name} must be ${Array.isArray(value) ? 'one or more of' : 'one of'}: ${allowed.join(', ')}, got: ${got}`;
}

function rangeFault({ name, min = -Infinity, max = Infinity }: Argument, value: ArgumentValue): string | null {
  if (typeof value !== 'number' || (value >= min && value <= max)) return null;
  return `value of ${name} must be from ${min} to ${max}, got: ${value}`;
}

function lengthFault({ name, maxLength = Infinity }: Argument, value: ArgumentValue): string | null {
  if (typeof value !== 'string' || value.length <= maxLength) return null;
  return `value of ${name} must have at most ${maxLength} characters, got: ${value.length}`;
}

/** Null where the value cannot be of that type. */
const CONVERT: Readonly<Record<ArgumentType, (raw: unknown, row: Argument) => ArgumentValue | null>> = {
  str: pythonText,
  int(raw) {
    const text = typeof raw === 'number' || typeof raw === 'string' ? String(raw).trim() : '';
    return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
  },
  float(raw) {
    const text = typeof raw === 'number' || typeof raw === 'string' ? String(raw).trim() : '';
    return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
  },
  bool(raw) {
    const word = String(raw).toLowerCase();
    return TRUE.has(word) ? true : FALSE.has(word) ? false : null;
  },
  list(raw, row) {
    if (Array.isArray(raw)) return raw.filter(isGiven).map(pythonText);
    if (typeof raw === 'object') return null;
    const text = pythonText(raw);
    return row.commas === true ? text.split(',') : [text];
  },
  dict(raw) {
    if (typeof raw === 'string') return raw;
    return typeof raw === 'object' && !Array.isArray(raw) ? (raw as Record<string, unknown>) : null;
  },
};

/** Ansible's words for a boolean. */
const TRUE: ReadonlySet<string> = new Set(['true', 'yes', 'on', '1', 't', 'y', '1.0']);
const FALSE: ReadonlySet<string> = new Set(['false', 'no', 'off', '0', 'f', 'n', '0.0']);

/** As Python's `str()` writes a value of JSON: what Ansible makes of it where text is wanted. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).map(([name, member]) => `${quoted(name)}: ${pythonRepr(member)}`);
  return `{${members.join(', ')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);
  return text.includes("'") && !text.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

function pythonType(value: unknown): string {
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return Array.isArray(value) ? 'list' : 'dict';
}
