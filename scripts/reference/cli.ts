/** The command line page, from the commands' own data. */

import type { CommandRow } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT_CODES } from '../../src/cli/exit-code.ts';
import { table } from './markdown.ts';

export async function cliReference(): Promise<string> {
  const loaded = await Promise.all(COMMANDS.map((command) => command.load()));
  return `# Command line

\`tollboard <command> [options]\`. With \`--json\` every command prints JSON lines on stdout; everything else goes to stderr.
Tables, colours and progress appear on a terminal only; elsewhere stdout has a line per result, its fields separated by
tabs and without a heading (of a message or call: recipient, state, id, segments, error code), and remedies and sums go to
stderr. \`TOLLBOARD_DEBUG=1\` adds the stack to an error.

## Exit codes

Of \`send\`, \`call\` and \`status\`, from the outcomes, whatever form is printed. An error that ends a command has the code
of its kind: 2 for what the user can mend, 1 for what was unavailable, 4 when the answer of a gateway was lost.

${table(
  ['code', 'meaning'],
  Object.entries(EXIT_CODES).map(([code, meaning]) => [code, meaning]),
)}

## Where a command goes

1. \`--url\` and \`--token\`, else \`TOLLBOARD_URL\` and \`TOLLBOARD_TOKEN\`. Of \`call\` the flag is \`--gateway-url\`: its \`--url\` is
   Twilio's parameter, the address of the call's instructions.
2. \`gateway.json\` in the data folder: only if it belongs to the user, is readable by nobody else and names a loopback
   address. One that is not believed is an error, never a reason to go elsewhere.
3. Straight to Twilio with the credentials of the environment or the configuration; \`--direct\` says so from the start.
   Nothing is stored: \`--at\`, \`--idempotency-key\`, \`status --explain\` and \`status --resolve\` need a gateway.
4. Neither: exit code 2.

## Recipients from standard input

\`--to -\` reads one number per line. Blank lines and lines that begin with \`#\` are skipped. With a first line such as
\`to,body,mediaUrl\` it is CSV: the further columns are parameters of that recipient, by the names of
[parameters.md](parameters.md). A number that comes again with the same parameters is sent once; its result is repeated
with \`duplicate: true\`. Chunks have at most 1,000 recipients and the key \`<key>:<chunk>\`, counted from 0.

${loaded.flatMap(({ commands }) => commands.map(section)).join('\n')}`;
}

function section(row: CommandRow): string {
  const words = (row.arguments ?? []).map(({ name }) => ` ${name}`).join('');
  const parts = [`## tollboard ${row.name}${words}\n`, `${row.summary}\n`];
  const rows = [
    ...(row.arguments ?? []).map(({ name, description }) => [`\`${name}\``, description]),
    ...row.options.map((option) => [`\`${option.flags}\``, meaning(option)]),
  ];
  if (rows.length > 0) parts.push(`${table(['option', 'meaning'], rows)}\n`);
  if (row.examples !== undefined) parts.push(`${['```sh', ...row.examples, '```'].join('\n')}\n`);
  return parts.join('\n');
}

function meaning(option: CommandRow['options'][number]): string {
  const more = [option.required === true ? 'Required.' : '', option.repeat === true ? 'May be repeated.' : ''];
  if (option.default !== undefined) more.push(`Default: ${option.default}.`);
  return [option.description, ...more].filter((part) => part !== '').join(' ');
}
