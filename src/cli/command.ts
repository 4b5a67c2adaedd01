/** The shape of a command: data from which the parser, the help and the reference page are made. */

import type { Io } from './io.ts';
import type { Output } from './output.ts';
import { TollboardError } from '../core/errors.ts';

export interface OptionRow {
  /** As commander writes it: `--to <address>`, `--wait [seconds]`, `--json`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; the value is a list. */
  readonly repeat?: true;
  readonly required?: true;
  /** For the help; the command fills it in itself. */
  readonly default?: string;
}

export interface ArgumentRow {
  /** `<id>` where it must be given, `[file]` where it may. */
  readonly name: string;
  readonly description: string;
}

export interface CommandRow {
  /** With its parents: `config token create`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentRow[];
  readonly options: readonly OptionRow[];
  /** Lines to copy. */
  readonly examples?: readonly string[];
  run(call: Call): Promise<number>;
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Call {
  readonly args: readonly string[];
  /** By camelCase name; everything is text, a list of texts, or true. */
  readonly options: Options;
  readonly out: Output;
  readonly io: Io;
}

export const JSON_OPTION: OptionRow = { flags: '--json', description: 'Print JSON lines.' };

/** Which gateway, and which data folder its `gateway.json` is sought in. */
export const DESTINATION_OPTIONS: readonly OptionRow[] = [
  { flags: '--url <url>', description: 'Address of the gateway.', default: 'TOLLBOARD_URL, else gateway.json' },
  { flags: '--token <token>', description: 'Its token.', default: 'TOLLBOARD_TOKEN, else gateway.json' },
  { flags: '--data <dir>', description: 'Data folder with gateway.json.', default: './data' },
  { flags: '--config <file>', description: 'Configuration file.', default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml' },
  JSON_OPTION,
];

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}

/** Text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What a line to copy needs to reach the same gateway; its token is the reader's to give. */
export function destinationWords(options: Options, urlOption: 'url' | 'gatewayUrl' = 'url'): string {
  const given = { '--url': options[urlOption], '--data': options.data, '--config': options.config };
  return Object.entries(given)
    .flatMap(([flag, value]) => (typeof value === 'string' ? ` ${flag} ${shellWord(value)}` : []))
    .join('');
}

/** A wrong use of a command; which one, {@link main} fills in. */
export function usageError(fault: string): TollboardError {
  return new TollboardError('TOLLBOARD_CLI_USAGE', { details: { fault, command: '' } });
}

/** A number from a flag, within bounds; throws `TOLLBOARD_CLI_USAGE`. */
export function numberOption(flag: string, text: string, bounds: { min: number; max: number }): number {
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw usageError(
    `${flag} is ${JSON.stringify(text.slice(0, 40))}; expected a number from ${bounds.min} to ${bounds.max}`,
  );
}
