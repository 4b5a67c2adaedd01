/** The Flogo definition beside the document that it is made of, field by field and text by text. */

import { describe, expect, test } from 'vitest';
import legacy from '../../../integrations/flogo/legacy/twiliosms/activity.json' with { type: 'json' };
import descriptor from '../../../integrations/flogo/twiliosms/descriptor.json' with { type: 'json' };
import { flogoDefinition } from '../../../src/hosts/flogo/definition.ts';
import { pageOf } from '../../support/pages.ts';
import fixture from '../data/seed-flogo.json' with { type: 'json' };

/** The first table after a heading, cells trimmed, without its head. */
function tableAfter(text: string, heading: string): string[][] {
  const lines = text.slice(text.indexOf(heading)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const rows: string[][] = [];
  for (const line of lines.slice(start)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .trim()
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => cell.trim()),
    );
  }
  return rows.slice(2);
}

describe('the fixture of the Flogo document', () => {
  const text = pageOf('flogo');

  test('has its schema, its settings and both tables of codes as the document prints them', () => {
    expect(JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '')).toEqual(fixture.schema);
    expect(tableAfter(text, '## Settings')).toEqual(fixture.settings.map((row) => Object.values(row)));
    for (const [heading, rows] of Object.entries(fixture.codes)) {
      expect(tableAfter(text, `### ${heading}`), heading).toEqual(rows.map((row) => Object.values(row)));
    }
  });

  test('has its title, its description, its command and where its examples are', () => {
    for (const line of [`title: ${fixture.title}`, fixture.description, fixture.install, fixture.examples]) {
      expect(text).toContain(line);
    }
  });
});

describe('the definition of the Flogo activity', () => {
  test('has the seven inputs and four outputs of the schema, in its order, with allowed, value and required', () => {
    const inputs = flogoDefinition.fields.inputs ?? [];
    const schema = inputs.map(({ name, type, required, default: value, choices }) => ({
      name,
      type,
      ...(choices === undefined ? {} : { allowed: choices.map((choice) => choice.value) }),
      ...(value === undefined ? {} : { value }),
      ...(required ? { required } : {}),
    }));
    expect(schema).toEqual(fixture.schema.inputs);
    expect(flogoDefinition.outputs.map(({ name, type }) => ({ name, type }))).toEqual(fixture.schema.outputs);
  });

  test('describes the settings in the words of the document, and marks what is added to them', () => {
    const settings = flogoDefinition.fields.settings ?? [];
    expect(
      settings
        .filter(({ added }) => added !== true)
        .map(({ name, required, description }) => ({
          setting: name,
          required: required ? 'True' : 'False',
          description,
        })),
    ).toEqual(fixture.settings);
    expect(settings.filter(({ added }) => added === true).map(({ name }) => name)).toEqual(['legacyCodes']);
  });

  test('has every row of both tables of response codes', () => {
    expect(flogoDefinition.codes).toEqual(fixture.codes);
  });

  test('has the title, the description and the notes of the document', () => {
    const { title, description, notes } = flogoDefinition;
    expect({ title, description, notes }).toEqual({
      title: fixture.title,
      description: fixture.description,
      notes: [fixture.install, fixture.examples],
    });
  });

  test('keeps the auth token secret, and nothing else', () => {
    const secrets = (flogoDefinition.fields.inputs ?? []).filter(({ secret }) => secret === true);
    expect(secrets.map(({ name }) => name)).toEqual(['authToken']);
  });
});

describe('activity.json and descriptor.json', () => {
  test('are descriptors with the schema of the document, word for word', () => {
    const added = { name: 'legacyCodes', type: 'boolean', value: false };
    expect(descriptor).toMatchObject({
      input: fixture.schema.inputs,
      settings: [added],
      output: fixture.schema.outputs,
    });
    expect(legacy).toMatchObject({ inputs: [...fixture.schema.inputs, added], outputs: fixture.schema.outputs });
    expect(descriptor).not.toHaveProperty('ref');
    expect(legacy.ref).toBe('github.com/tollboard/tollboard/integrations/flogo/legacy/twiliosms');
  });
});
