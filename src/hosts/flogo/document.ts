/** The activity's document, part by part in its own order, from the definition. */

import type { DocumentPart, Field } from '../host.ts';
import { flogoDefinition } from './definition.ts';

const { title, description, fields, outputs, notes, codes } = flogoDefinition;
const { inputs = [], settings = [] } = fields;
const [installation = '', examples = ''] = notes;

export const flogoDocument: readonly DocumentPart[] = [
  { heading: title, text: description },
  { heading: 'Installation: Flogo CLI', text: installation },
  { heading: 'Schema', text: 'Inputs and Outputs:' },
  {
    heading: 'Schema: inputs',
    table: {
      head: ['name', 'type', 'allowed', 'value', 'required'],
      rows: inputs.map(({ name, type, choices = [], default: value = '', required }) => [
        name,
        type,
        choices.map((choice) => choice.value).join(', '),
        String(value),
        required ? 'true' : '',
      ]),
    },
  },
  {
    heading: 'Schema: outputs',
    table: { head: ['name', 'type'], rows: outputs.map(({ name, type }) => [name, type]) },
  },
  { heading: 'Settings', table: settingsTable(settings.filter(({ added }) => added !== true)) },
  { heading: 'Examples', text: examples },
  ...Object.entries(codes).map(([heading, rows]) => ({
    heading: `Response Codes: ${heading}`,
    table: {
      head: ['ResponseCode', 'Type', 'Description'],
      rows: rows.map((row) => [row.code, row.type, row.description]),
    },
  })),
  { heading: 'Added by Tollboard', table: settingsTable(settings.filter(({ added }) => added === true)) },
];

function settingsTable(rows: readonly Field[]): NonNullable<DocumentPart['table']> {
  return {
    head: ['Setting', 'Required', 'Description'],
    rows: rows.map(({ name, required, description: text }) => [name, required ? 'True' : 'False', text]),
  };
}
