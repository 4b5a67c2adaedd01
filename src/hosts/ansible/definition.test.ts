import { describe, expect, test } from 'vitest';
import seed from '../../../test/contract/data/seed-ansible.json' with { type: 'json' };
import { pageOf } from '../../../test/support/pages.ts';
import { readRepositoryFile } from '../../../test/support/tree.ts';
import { CALL_PARAMETERS } from '../../core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../core/message-parameters.ts';
import { definition, MODULES } from './definition.ts';
import { PAGE_EXAMPLES } from './examples.ts';

describe("the definition of Ansible's module", () => {
  const own = MODULES.twilio.arguments.filter(({ added }) => added !== true);

  test('has the options of its page, in the words of its page', () => {
    const told = own.map(({ name, required, description }) => ({ name, required, description }));
    expect(told.sort((a, b) => a.name.localeCompare(b.name))).toEqual(
      seed.options.map(({ name, required, description }) => ({ name, required, description })),
    );
    expect(seed.options.every(({ choices }) => choices.length === 0)).toBe(true);
    expect(own.every((argument) => argument.default === undefined && argument.choices === undefined)).toBe(true);
  });

  test('has its title, synopsis, notes and version', () => {
    expect(definition.title).toBe(seed.title);
    expect(MODULES.twilio.synopsis).toEqual([seed.synopsis]);
    expect(MODULES.twilio.notes).toEqual(seed.notes);
    expect(MODULES.twilio.versionAdded).toBe(seed.version_added);
    expect(`twilio - ${MODULES.twilio.shortDescription}`).toBe(seed.title);
  });

  test('reaches every create parameter of a text and of a call', () => {
    const reached = (name: 'twilio' | 'twilio_call') => MODULES[name].arguments.flatMap(({ twilio }) => twilio ?? []);
    expect(new Set(reached('twilio'))).toEqual(new Set(MESSAGE_PARAMETERS.map(({ wire }) => wire)));
    expect(new Set(reached('twilio_call'))).toEqual(new Set(CALL_PARAMETERS.map(({ wire }) => wire)));
  });

  test('gives every argument one name', () => {
    for (const module of Object.values(MODULES)) {
      const names = module.arguments.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      expect(new Set(names).size).toBe(names.length);
      expect(names.every((name) => /^[a-z_]+$/.test(name))).toBe(true);
    }
  });

  test.each(Object.entries(PAGE_EXAMPLES))('prints the example %s as examples/seeds runs it', (name, text) => {
    expect(readRepositoryFile(`examples/seeds/ansible/${name}.yml`)).toBe(text);
    expect(seed.examples).toContain(text.trimEnd());
  });

  test('has a fixture that says what the page says', () => {
    const page = pageOf('ansible');
    const letters = page.replaceAll(/<\/?div[^>]*>|\n +(?=<)/g, '').replaceAll('&#x27;', "'");
    for (const { name, required } of seed.options)
      expect(letters).toContain(`<td>${name}<br/></td><td>${required ? 'yes' : 'no'}</td><td></td>`);
    for (const { description } of seed.options) expect(letters).toContain(`<td>${description}</td>`);
    for (const note of seed.notes) expect(page).toContain(`.. note:: ${note}`);
    for (const example of seed.examples) expect(page).toContain(example.replaceAll(/^/gm, '    '));
    expect(page).toContain(seed.title);
    expect(page).toContain(seed.synopsis);
    expect(page).toContain(`.. versionadded:: ${seed.version_added}`);
    expect(seed.options.length).toBe([...letters.matchAll(/<td>\w+<br\/>/g)].length);
  });
});
