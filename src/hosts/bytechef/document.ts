/** The component's page, part by part in its own order, from the definition. */

import type { DocumentPart } from '../host.ts';
import { BYTECHEF, type Property } from './definition.ts';

const { title, description, component, connection, action, fields, outputs } = BYTECHEF;
const { connection: credentials, 'Send SMS': properties } = fields;

export const bytechefDocument: readonly DocumentPart[] = [
  { heading: title, text: description },
  {
    heading: 'Reference',
    text: `${description}\nCategories: [${component.categories.join(', ')}]\nVersion: ${component.version}`,
  },
  { heading: 'Connections', text: `Version: ${connection.version}` },
  { heading: `Connections: ${connection.authorization}: Properties`, table: propertyTable(credentials) },
  { heading: `Actions: ${action.title}`, text: action.description },
  { heading: `Actions: ${action.title}: Properties`, table: propertyTable(properties) },
  { heading: 'Output', text: 'Type: OBJECT' },
  {
    heading: 'Output: Properties',
    table: { head: ['Type', 'Control Type'], rows: outputs.map(({ type, control = '' }) => [type, control]) },
  },
  { heading: 'In JSON: connectionParameters', table: keyTable(credentials) },
  { heading: 'In JSON: inputParameters', table: keyTable(properties) },
  {
    heading: 'In JSON: output',
    table: {
      head: ['Key', 'Type', 'Twilio'],
      rows: outputs.map(({ name, type, twilio }) => [name, type, twilio ?? '']),
    },
  },
];

type Table = NonNullable<DocumentPart['table']>;

/** As the page prints it. */
function propertyTable(rows: readonly Property[]): Table {
  return {
    head: ['Name', 'Type', 'Control Type', 'Description'],
    rows: rows.map(({ name, label = name, type, control = '', description: text }) => [label, type, control, text]),
  };
}

/** What the page leaves out and whoever writes JSON needs. */
function keyTable(rows: readonly Property[]): Table {
  return {
    head: ['Name', 'Key', 'Required', 'Default', 'Values', 'Twilio'],
    rows: rows.map((row) => [
      row.label ?? row.name,
      [row.name, ...(row.aliases ?? [])].join(', '),
      requiredWords(row),
      String(row.default ?? ''),
      (row.choices ?? []).map(({ value, label }) => (label === undefined ? value : `${value} ${label}`)).join(', '),
      row.twilio ?? '',
    ]),
  };
}

function requiredWords({ required, condition }: Property): string {
  const where = condition === undefined ? '' : `${condition.field} ${condition.equals}`;
  if (required) return where === '' ? 'yes' : `where ${where}`;
  return where === '' ? '' : `no, only where ${where}`;
}
