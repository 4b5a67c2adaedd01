/** The parameters page: what a message and a call can be created with, from the tables in core. */

import type { Parameter } from '../../src/core/parameter.ts';
import { CALL_PARAMETERS } from '../../src/core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../src/core/message-parameters.ts';
import { table } from './markdown.ts';

export function parametersReference(): string {
  return `# Create parameters

What a message or a call can be created with. One table in \`src/core/\` is the source for the API, the command line, the
simulator and this page. In the API and the library the name is twilio-node's; as a flag of \`tollboard send\` and
\`tollboard call\` it is written \`--kebab-case\`; Twilio's own name is the form field.

## Messages

${parameterTable(MESSAGE_PARAMETERS)}

## Calls

${parameterTable(CALL_PARAMETERS)}
`;
}

function parameterTable(rows: readonly Parameter[]): string {
  return table(
    ['name', "Twilio's field", 'flag', 'type and limits', 'description'],
    rows.map((row) => [`\`${row.name}\``, `\`${row.wire}\``, `\`${flag(row.name)}\``, limits(row), row.description]),
  );
}

function flag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function limits(row: Parameter): string {
  const parts: string[] = [row.prefix === undefined ? row.type : `${row.type} \`${row.prefix}…\``];
  if (row.required === true) parts.push('required');
  if (row.choices !== undefined) parts.push(row.choices.map((choice) => `\`${choice}\``).join(', '));
  if (row.min !== undefined || row.max !== undefined) parts.push(`${row.min ?? '…'} to ${row.max ?? '…'}`);
  if (row.maxLength !== undefined)
    parts.push(`at most ${row.maxLength} ${row.type === 'list' ? 'items' : 'characters'}`);
  if (row.default !== undefined) parts.push(`default \`${row.default}\``);
  return parts.join('; ');
}
