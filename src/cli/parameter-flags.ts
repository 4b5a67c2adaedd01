/** Create parameters as flags and as CSV columns, both from the tables of core. */

import type { EntryKind } from '../core/entry.ts';
import type { Parameter, ParameterValue, ParameterValues } from '../core/parameter.ts';
import type { OptionRow, Options } from './command.ts';
import { TollboardError } from '../core/errors.ts';
import { parametersOf, typedValue } from '../core/form.ts';
import { nearest } from '../core/nearest.ts';

/** One flag per parameter but To: its name in kebab-case. A list is given by repeating the flag. */
export function parameterOptions(kind: EntryKind, except: readonly string[] = []): OptionRow[] {
  return parametersOf(kind)
    .filter(({ name }) => name !== 'to' && !except.includes(name))
    .map((parameter) => ({
      flags: `--${kebabCase(parameter.name)} ${placeholder(parameter)}`,
      description: description(parameter),
      ...(parameter.type === 'list' ? { repeat: true as const } : {}),
    }));
}

/** The values that were given; what does not fit its type stays text, for the check to name it. */
export function parameterValues(kind: EntryKind, options: Options): ParameterValues {
  const values: ParameterValues = {};
  for (const parameter of parametersOf(kind)) {
    const given = options[parameter.name];
    if (parameter.name === 'to' || given === undefined) continue;
    values[parameter.name] =
      given === true ? true : typeof given === 'string' ? typedValue(parameter, given) : (given as readonly string[]);
  }
  return values;
}

/**
 * A CSV row's further columns. A column is named like the parameter, in any of the forms `mediaUrl`, `media-url`,
 * `media_url`, `MediaUrl`; a list is separated by blanks. Throws `TOLLBOARD_CLI_INPUT_INVALID` for other names.
 */
export function columnValues(kind: EntryKind, columns: Readonly<Record<string, string>>): ParameterValues {
  const values: ParameterValues = {};
  for (const [column, text] of Object.entries(columns)) {
    const parameter = parametersOf(kind).find(({ name }) => plain(name) === plain(column) && name !== 'to');
    if (parameter === undefined) throw unknownColumn(kind, column);
    values[parameter.name] = columnValue(parameter, text);
  }
  return values;
}

export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function columnValue(parameter: Parameter, text: string): ParameterValue {
  return parameter.type === 'list'
    ? text.split(/\s+/).filter(Boolean)
    : typedValue(parameter, text.trim() === '' ? text : cell(parameter, text));
}

/** A body keeps its blanks; everything else is a word. */
function cell(parameter: Parameter, text: string): string {
  return parameter.type === 'string' ? text : text.trim();
}

function unknownColumn(kind: EntryKind, column: string): TollboardError {
  const guess = nearest(
    column,
    parametersOf(kind).map(({ name }) => name),
  );
  const hint = guess ? `; was "${guess}" meant?` : '';
  return new TollboardError('TOLLBOARD_CLI_INPUT_INVALID', {
    details: { where: 'The header line', fault: `"${column.slice(0, 60)}" is no parameter of a ${kind}${hint}` },
  });
}

function placeholder(parameter: Parameter): string {
  if (parameter.type === 'boolean') return '[true|false]';
  const words: Partial<Record<Parameter['type'], string>> = {
    url: 'url',
    integer: 'number',
    number: 'number',
    datetime: 'time',
    json: 'json',
    sid: 'sid',
  };
  return `<${words[parameter.type] ?? 'text'}>`;
}

function description(parameter: Parameter): string {
  // The seeds' sentences run to a paragraph; the reference page of parameters has them whole.
  const first = /^.*?[.](?=\s|$)/s.exec(parameter.description)?.[0] ?? parameter.description;
  return parameter.choices === undefined ? first : `${first} One of: ${parameter.choices.join(', ')}.`;
}

function plain(name: string): string {
  return name.replaceAll(/[-_\s]/g, '').toLowerCase();
}
