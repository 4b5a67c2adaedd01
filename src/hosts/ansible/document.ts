/** The module's page, part by part in its own order, then what Tollboard adds to it, from the definition. */

import type { DocumentPart } from '../host.ts';
import { type AnsibleModule, type Argument, MODULES } from './definition.ts';
import { EXAMPLES, PAGE_EXAMPLES } from './examples.ts';

const { twilio, twilio_call: twilioCall } = MODULES;

export const ansibleDocument: readonly DocumentPart[] = [
  { heading: heading(twilio), text: `versionadded: ${twilio.versionAdded}` },
  { heading: 'Synopsis', text: twilio.synopsis.join('\n') },
  { heading: 'Options', table: optionTable(inPageOrder(twilio.arguments.filter(({ added }) => added !== true))) },
  { heading: 'Examples', text: Object.values(PAGE_EXAMPLES).join('\n').trimEnd() },
  { heading: 'Notes', text: twilio.notes.map((note) => `note: ${note}`).join('\n') },
  { heading: 'Options added by Tollboard', table: optionTable(twilio.arguments.filter(({ added }) => added === true)) },
  { heading: heading(twilioCall), text: twilioCall.synopsis.join('\n') },
  { heading: `Options of ${twilioCall.name}`, table: optionTable(twilioCall.arguments) },
  { heading: `Examples of ${twilioCall.name}`, text: EXAMPLES[twilioCall.name].trimEnd() },
  {
    heading: `Notes of ${twilioCall.name}`,
    text: twilioCall.notes.map((note) => `note: ${unmarked(note)}`).join('\n'),
  },
];

function heading({ name, shortDescription }: AnsibleModule): string {
  return `${name} - ${shortDescription}`;
}

function optionTable(rows: readonly Argument[]): NonNullable<DocumentPart['table']> {
  return {
    head: ['parameter', 'required', 'default', 'choices', 'comments'],
    rows: rows.map((row) => [
      [row.name, ...(row.aliases ?? [])].join(', '),
      row.required ? 'yes' : 'no',
      row.default === undefined ? '' : String(row.default),
      (row.choices ?? []).map(({ value }) => value).join(', '),
      unmarked(row.description),
    ]),
  };
}

/** The page has its options by name. */
function inPageOrder(rows: readonly Argument[]): Argument[] {
  return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Without Ansible's marks for code, options and values, which only `ansible-doc` turns into something. */
function unmarked(text: string): string {
  return text.replaceAll(/\b[OVEC]\(([^)]*)\)/g, '$1');
}
