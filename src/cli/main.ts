/** The command line: finds the command, loads it alone, runs it, and turns what it throws into an exit code. */

import type { CommandRow, OptionRow } from './command.ts';
import type { Io } from './io.ts';
import { Command, CommanderError, Option } from 'commander';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { version } from '../version.ts';
import { usageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { errorExitCode } from './exit-code.ts';
import { processIo } from './io.ts';
import { createOutput } from './output.ts';

/** Runs `tollboard <argv…>` and resolves with the exit code; never rejects. */
export async function main(words: readonly string[], io: Io = processIo()): Promise<number> {
  const argv = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
  const json = argv.includes('--json');
  try {
    return await run(argv, io);
  } catch (error) {
    if (io.interrupted.aborted && isAbort(error)) return 130;
    createOutput(io, json).error(error);
    return isTollboardError(error) ? errorExitCode(error.report) : 1;
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  const program = newCommand('tollboard', io)
    .description('Twilio for five tools: nothing lost, nothing sent twice.')
    .version(version, '-V, --version', 'Print the version.');
  let code = 0;
  const wanted = argv.find((word) => !word.startsWith('-'));
  // Named first, a command is all that is needed; anything else may be help or a mistake, which know them all.
  const named = COMMANDS.filter(({ name }) => name === argv[0]);
  for (const { name, summary, load } of named.length > 0 ? named : COMMANDS) {
    if (name !== wanted) {
      program.addCommand(newCommand(name, io).description(summary));
      continue;
    }
    const top = newCommand(name, io).description(summary);
    program.addCommand(top);
    for (const row of (await load()).commands) {
      define(nested(top, row.name.split(' ').slice(1), io), row, io, (result) => {
        code = result;
      });
    }
  }
  if (wanted === undefined && argv.length === 0) {
    io.stderr.write(program.helpInformation());
    return 2;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Help that is shown because a subcommand is missing says all there is to say.
    if (error instanceof CommanderError && error.code === 'commander.help') return 2;
    throw inCommand(commandAt(program, argv), error);
  }
  return code;
}

/** The innermost command that the words name. */
function commandAt(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const inner = command.commands.find((child) => child.name() === word);
    if (inner === undefined) break;
    command = inner;
  }
  return command;
}

/** A wrong use points to the help of the very command; any other error stays as it is. */
function inCommand(command: Command, error: unknown): unknown {
  const wrongUse = (fault: unknown) =>
    new TollboardError('TOLLBOARD_CLI_USAGE', { details: { fault: String(fault), command: wordsOf(command) } });
  if (error instanceof CommanderError) return wrongUse(unknownSubcommand(command, error) ?? sentence(error.message));
  return isTollboardError(error) && error.code === 'TOLLBOARD_CLI_USAGE' ? wrongUse(error.details.fault) : error;
}

/** `simulator inboud`: for commander a command that also runs by itself has an argument too many there. */
function unknownSubcommand(command: Command, { code }: CommanderError): string | null {
  const [given = ''] = command.args;
  if (code !== 'commander.excessArguments' || command.commands.length === 0) return null;
  const names = command.commands.map((child) => child.name());
  const near = nearest(given, names);
  return `Unknown command '${given.slice(0, 40)}' (${near === null ? `there are ${names.join(', ')}` : `Did you mean ${near}?`})`;
}

/** `config token ` of `tollboard config token`; nothing for the program itself. */
function wordsOf(command: Command): string {
  return command.parent === null ? '' : `${wordsOf(command.parent)}${command.name()} `;
}

/** Commands that only hold others. */
const GROUPS: Readonly<Record<string, string>> = { token: 'Create, list and revoke named tokens.' };

function define(command: Command, row: CommandRow, io: Io, finish: (code: number) => void): void {
  command.description(row.summary);
  for (const { name, description } of row.arguments ?? []) command.argument(name, description);
  for (const option of row.options) command.addOption(toOption(option));
  if (row.examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${row.examples.map((line) => `  ${line}\n`).join('')}`);
  command.action(async () => {
    const options = command.opts();
    // Not commander's own check: that comes before the one for mistyped options, which say more.
    const missing = row.options.find(({ flags, required }) => required && options[nameOf(flags)] === undefined);
    if (missing !== undefined) throw usageError(`Required option '${missing.flags}' not specified`);
    const out = createOutput(io, options.json === true);
    finish(await row.run({ args: command.args, options, out, io }));
  });
}

function toOption(row: OptionRow): Option {
  const text = row.default === undefined ? row.description : `${row.description} (default: ${row.default})`;
  const option = new Option(row.flags, text);
  if (row.repeat) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function nameOf(flags: string): string {
  return new Option(flags).attributeName();
}

function nested(parent: Command, names: readonly string[], io: Io): Command {
  const [name, ...rest] = names;
  if (name === undefined) return parent;
  let child = parent.commands.find((command) => command.name() === name);
  if (child === undefined) {
    child = newCommand(name, io).description(GROUPS[name] ?? '');
    parent.addCommand(child);
  }
  return nested(child, rest, io);
}

function newCommand(name: string, io: Io): Command {
  return (
    new Command(name)
      .exitOverride()
      .helpCommand(false)
      .helpOption('-h, --help', 'Print this help.')
      .allowExcessArguments(false)
      // `simulator inbound --json`: an option after a subcommand is the subcommand's.
      .enablePositionalOptions()
      // Long flags leave little room beside them; commander would then not wrap at all.
      .configureHelp({ minWidthToWrap: 20 })
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        outputError: () => undefined,
      })
  );
}

/** Commander's `error: unknown option '--tos'\n(Did you mean --to?)` as our sentence. */
function sentence(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
