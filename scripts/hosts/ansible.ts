/** What `ansible-doc` shows: a YAML file beside each module, from the module's own tables. */

import type { OutputField } from '../../src/hosts/host.ts';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { type AnsibleModule, type Argument, MODULES, RETURNS } from '../../src/hosts/ansible/definition.ts';

export function ansibleFiles(): Record<string, string> {
  return Object.fromEntries(
    Object.values(MODULES).map((module) => [`ansible/plugins/modules/${module.name}.yml`, page(module)]),
  );
}

/** Ansible's layout of a documentation file: three documents under three keys, `EXAMPLES` as text. */
function page(module: AnsibleModule): string {
  const content = { DOCUMENTATION: documentation(module), EXAMPLES: EXAMPLES[module.name], RETURN: returns(module) };
  return `---\n# Written by \`npm run hosts\` from src/hosts/ansible.\n${stringify(content, { lineWidth: 120 })}`;
}

function documentation(module: AnsibleModule): Record<string, unknown> {
  return {
    module: module.name,
    short_description: module.shortDescription,
    version_added: module.versionAdded,
    description: module.synopsis.map(plain),
    author: ['The Tollboard authors'],
    options: Object.fromEntries(module.arguments.map((argument) => [argument.name, option(argument)])),
    requirements: ['Node.js 18 or newer where the module runs'],
    attributes: {
      check_mode: { support: 'full', description: 'Checks every argument and number, and sends nothing.' },
      diff_mode: { support: 'none', description: 'There is nothing to compare.' },
    },
    notes: module.notes.map(plain),
  };
}

function option(argument: Argument): Record<string, unknown> {
  const { aliases, type, required, choices, description, more = [] } = argument;
  return {
    description: [description, ...more].map(plain),
    type,
    ...(type === 'list' ? { elements: 'str' } : {}),
    ...(required ? { required } : {}),
    ...(argument.default === undefined ? {} : { default: argument.default }),
    ...(choices === undefined ? {} : { choices: choices.map(({ value }) => value) }),
    ...(aliases === undefined ? {} : { aliases }),
  };
}

function returns({ kind }: AnsibleModule): Record<string, unknown> {
  return Object.fromEntries(RETURNS.map((field) => [field.name, returned(field, kind)]));
}

function returned({ type, description = '', name }: OutputField, kind: AnsibleModule['kind']): Record<string, unknown> {
  const text = kind === 'call' ? description.replaceAll('Texts that were', 'Calls that were') : description;
  return {
    description: [plain(text)],
    type,
    ...(type === 'list' ? { elements: name === 'unsent' ? 'str' : 'dict' } : {}),
    returned: name === 'replayed' ? 'when an idempotency key was used before' : 'always',
  };
}

/** Markup that ansible-core knows only from 2.15 on is written as that of every version. */
function plain(text: string): string {
  return text.replaceAll(/[OVE]\(([^)]*)\)/g, 'C($1)');
}

/** The examples of the module's own page, unedited, which are run as they stand. */
const SEED = ['one-number', 'several-numbers', 'media'].map((name) =>
  readFileSync(new URL(`../../examples/seeds/ansible/${name}.yml`, import.meta.url), 'utf8'),
);

const EXAMPLES: Readonly<Record<AnsibleModule['name'], string>> = {
  twilio: `${SEED.join('\n')}
# through a gateway: a second run sends nothing
- tollboard.twilio.twilio:
    msg: "Release 4711 is out."
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    from_number: "+15552014545"
    to_number: "{{ on_call_numbers }}"
    stop_on_error: false
    idempotency_key: release-4711
    gateway_url: "http://127.0.0.1:8655"
    gateway_token: "{{ tollboard_token }}"
  delegate_to: localhost
  register: texts
`,
  twilio_call: `# wake somebody up, and fail when nobody answers within five minutes
- tollboard.twilio.twilio_call:
    say: "The database of the shop is down."
    language: en-GB
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    from_number: "+15552014545"
    to_number: "+15553035681"
    wait_until: final
    wait: 300
  delegate_to: localhost
`,
};
