/** What `ansible-doc` shows: a YAML file beside each module, from the module's own tables. */

import type { OutputField } from '../../src/hosts/host.ts';
import { stringify } from 'yaml';
import { type AnsibleModule, type Argument, MODULES, RETURNS } from '../../src/hosts/ansible/definition.ts';
import { EXAMPLES } from '../../src/hosts/ansible/examples.ts';

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
