/** The connector's page, part by part in its own order, from the definition. */

import type { DocumentPart } from '../host.ts';
import { type SoarAction, type SoarField, soarDefinition } from './definition.ts';

const { title, description, identity, fields, actions, outputs, notes } = soarDefinition;
const [configurationNote = ''] = notes;

/** What the page says where an action has none. */
export const NO_PARAMETERS = 'No parameters are required for this action';
export const NO_OUTPUT = 'No Output';

export const soarDocument: readonly DocumentPart[] = [
  {
    heading: title,
    text: [
      `Publisher: ${identity.publisher}`,
      `Connector Version: ${identity.version}`,
      `Product Vendor: ${identity.productVendor}`,
      `Product Name: ${identity.productName}`,
      `Product Version Supported (regex): "${identity.productVersionRegex}"`,
      `Minimum Product Version: ${identity.minimumProductVersion}`,
      '',
      description,
    ].join('\n'),
  },
  {
    heading: 'Configuration Variables',
    text: configurationNote,
    table: {
      head: ['VARIABLE', 'REQUIRED', 'TYPE', 'DESCRIPTION'],
      rows: fields.configuration.map((row) => [row.name, requiredWord(row), row.type, row.description]),
    },
  },
  { heading: 'Supported Actions', text: actions.map((row) => `${row.name} - ${row.description}`).join('\n') },
  ...actions.flatMap(actionParts),
];

function actionParts({ name, description: text, type, readOnly, verbose, identifier }: SoarAction): DocumentPart[] {
  const heading = `action: '${name}'`;
  const facts = [text, `Type: ${type}`, `Read only: ${readOnly ? 'True' : 'False'}`, verbose];
  const own = identifier === 'send_text';
  return [
    { heading, text: facts.filter((line) => line !== '').join('\n') },
    { heading: `${heading}: Action Parameters`, ...(own ? { table: parameterTable() } : { text: NO_PARAMETERS }) },
    { heading: `${heading}: Action Output`, ...(own ? { table: outputTable() } : { text: NO_OUTPUT }) },
  ];
}

type Table = NonNullable<DocumentPart['table']>;

function parameterTable(): Table {
  return {
    head: ['PARAMETER', 'REQUIRED', 'DESCRIPTION', 'TYPE', 'CONTAINS'],
    rows: fields['send message'].map((row) => [
      row.name,
      requiredWord(row),
      row.description,
      row.type,
      kinds(row.contains),
    ]),
  };
}

function outputTable(): Table {
  return {
    head: ['DATA PATH', 'TYPE', 'CONTAINS', 'EXAMPLE VALUES'],
    rows: outputs.map(({ name, type, contains, examples = [] }) => [name, type, kinds(contains), examples.join('  ')]),
  };
}

function requiredWord({ required }: SoarField): string {
  return required ? 'required' : 'optional';
}

function kinds(contains: readonly string[] = []): string {
  return contains.map((kind) => `\`${kind}\``).join('  ');
}
