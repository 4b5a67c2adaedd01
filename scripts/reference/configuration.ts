/** The configuration page, from the table of settings. */

import type { SchemaNode, Setting } from '../../src/config/schema.ts';
import { SCHEMA } from '../../src/config/schema.ts';
import { expectation } from '../../src/config/values.ts';
import { table } from './markdown.ts';

export function configurationReference(): string {
  return `# Configuration

A setting comes from its flag, else from the environment, else from the file, else from its default. The file is
\`--config FILE\`, else \`TOLLBOARD_CONFIG\`, else \`./tollboard.yaml\` where it exists. \`tollboard config show\` prints every
setting with its origin. An unknown key is an error that names file, line, column and the nearest key.

Paths in the file are relative to it. A duration is a number of seconds, or \`500ms\`, \`5s\`, \`10m\`, \`2h\`, \`90d\`. Text need not
be quoted: \`+15550000001\` is a number of a phone, not a sum.

| tag | gives |
| --- | --- |
| \`!env NAME\`, \`!env_var NAME default\` | the environment variable, or the default; without either it is an error |
| \`!secret name\` | the value of that key in \`secrets.yaml\` beside the file; never shown |
| \`!include other.yaml\` | the content of a file, relative to this one |

Half a credential set is an error: an account SID needs its auth token, or an API key with its secret. Credentials of the
file are not used for another account SID that the environment names. Without any account \`tollboard start\` runs the
simulator, unless \`--simulator never\`.

## Settings

${table(['setting', 'value', 'default', 'environment', 'flag of `start`', 'meaning'], settingRows(SCHEMA, ''))}

Two more flags of \`start\` have no setting: \`--simulator auto|always|never\` and \`--simulator-port PORT\` (8656).

## Example

\`\`\`yaml
listen: {port: 8655}
public_url: https://sms.example.org
twilio:
  account_sid: !env TWILIO_ACCOUNT_SID
  auth_token: !secret twilio_token
sender: +15552014545
senders:
  +15552014545: {per_second: 1}
retention: {messages: 30d}
\`\`\`
`;
}

function settingRows(node: SchemaNode, path: string): string[][] {
  if (node.kind === 'setting') return [settingRow(node, path)];
  if (node.kind === 'named') return settingRows(node.each, `${path}.${node.keyName}`);
  if (node.kind === 'raw') return [[`\`${path}\``, 'see its guide', '', '', '', node.description]];
  return Object.entries(node.fields).flatMap(([key, field]) =>
    settingRows(field, path === '' ? key : `${path}.${key}`),
  );
}

function settingRow(setting: Setting, path: string): string[] {
  const code = (text: string | undefined) => (text === undefined ? '' : `\`${text}\``);
  const secret = setting.secret === true ? ' Secret.' : '';
  return [
    code(path),
    expectation(setting),
    code(setting.default),
    code(setting.environment),
    code(setting.flag),
    setting.description + secret,
  ];
}
