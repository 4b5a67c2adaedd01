/** What Splunk SOAR's page of the connector says, against the host's definition and what is made from it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { soarDefinition } from '../../../src/hosts/soar/definition.ts';
import { pageOf } from '../../support/pages.ts';
import { ROOT, readRepositoryFile } from '../../support/tree.ts';
import seed from '../data/seed-soar.json' with { type: 'json' };

const { identity, fields, actions, outputs } = soarDefinition;

const plain = ({ name, type, required, description }: (typeof fields)['configuration'][number]) => ({
  name,
  required,
  type,
  description,
});

describe("the page's words are the definition's", () => {
  test('publisher, versions, vendor, product and description', () => {
    const { publisher, version, productVendor, productName, productVersionRegex, minimumProductVersion } = identity;
    const { configuration, actions: _actions, parameters, outputs: _outputs, ...head } = seed;
    expect({
      ...{ publisher, version, productVendor, productName, productVersionRegex, minimumProductVersion },
      description: soarDefinition.description,
    }).toEqual(head);
    expect([configuration.length, parameters.length]).toEqual([5, 2]);
  });

  test.each(seed.configuration)('configuration variable $name', (row) => {
    const own = fields.configuration.find(({ name }) => name === row.name);
    expect(own && plain(own)).toEqual(row);
  });

  test.each(seed.parameters)('parameter $name of send message', (row) => {
    const own = fields['send message'].find(({ name }) => name === row.name);
    expect(own && { ...plain(own), contains: own.contains ?? [] }).toEqual(row);
  });

  test.each(seed.actions)('action $name', (row) => {
    const own = actions.find(({ name }) => name === row.name);
    expect(own).toMatchObject(row);
  });

  test.each(seed.outputs)('output $name', (row) => {
    const own = outputs.find(({ name }) => name === row.name);
    expect(own && { name: own.name, type: own.type, contains: own.contains ?? [], examples: own.examples }).toEqual(
      row,
    );
  });

  test('in the same order, and nothing besides', () => {
    const names = (rows: ReadonlyArray<{ name: string }>) => rows.map(({ name }) => name);
    expect(names(fields.configuration)).toEqual(names(seed.configuration));
    expect(names(fields['send message'])).toEqual(names(seed.parameters));
    expect(names(actions)).toEqual(names(seed.actions));
    expect(names(outputs)).toEqual(names(seed.outputs));
  });
});

describe('the app', () => {
  const app = JSON.parse(readRepositoryFile('integrations/soar/twilio/twilio.json'));

  test('declares every output of the page in its JSON, each with its examples', () => {
    const [connectivity, message] = app.actions;
    expect([connectivity.parameters, connectivity.output]).toEqual([{}, []]);
    const paths = (rows: ReadonlyArray<Record<string, unknown>>) =>
      rows.map(({ data_path, data_type, contains = [], example_values = [] }) => ({
        name: data_path,
        type: data_type,
        contains,
        examples: (example_values as unknown[]).map(String),
      }));
    expect(paths(message.output)).toEqual(seed.outputs);
  });

  test('names a main module, a README and pictures that it has', () => {
    for (const file of [app.main_module, app.logo, app.logo_dark, 'README.md', '__init__.py'])
      expect(existsSync(join(ROOT, 'integrations/soar/twilio', file)), file).toBe(true);
  });

  test('has the page itself as its README', () => {
    expect(readRepositoryFile('integrations/soar/twilio/README.md')).toBe(`${pageOf('soar')}\n`);
  });
});
