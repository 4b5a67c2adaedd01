/** `docs/seeds.md` maps statements of the five documents to the file that serves each and the test that shows it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CALL_PARAMETERS } from '../../src/core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../src/core/message-parameters.ts';
import seed from '../contract/data/seed-bytechef.json' with { type: 'json' };
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const { action: sendSms } = seed;
const page = readRepositoryFile('docs/seeds.md');
const ROW = /^\| (.+) \| \[`([^`]+)`\]\(\.\.\/([^)]+)\) \| \[([^\]]+)\]\(\.\.\/([^)]+)\) \|$/;

/** Rows of the tables, without their heads. */
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:statement|---)/.test(line));

describe('the map of the five documents', () => {
  test('has a section for each of them', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(['Ansible', 'Splunk SOAR', 'ByteChef', 'Flogo', 'Home Assistant']);
  });

  test.each(rows)('%s', (row) => {
    const [, , file = '', path = '', name = '', testPath = ''] = ROW.exec(row) ?? [];
    expect(path, row).toBe(file);
    expect(existsSync(join(ROOT, path)), row).toBe(true);
    expect(testPath, row).toMatch(/^(?:src|test)\/.+\.ts$/);
    expect(readRepositoryFile(testPath).includes(name), row).toBe(true);
  });

  test('maps enough to be worth reading', () => {
    expect(rows.length).toBeGreaterThan(30);
  });
});

describe("ByteChef's properties of Send SMS", () => {
  /** Properties that choose between others or name the account: they are no create parameters. */
  const FORM_ONLY = new Set(['Account SID', 'Source', 'Content']);
  const NAMES: Record<string, string> = {
    'Media URL': 'mediaUrl',
    'Maximum price': 'maxPrice',
    'Shorten URLs': 'shortenUrls',
    'Send as MMS': 'sendAsMms',
  };
  const camelCase = (name: string): string =>
    name
      .split(' ')
      .map((word, index) => (index === 0 ? word.toLowerCase() : word[0]?.toUpperCase() + word.slice(1).toLowerCase()))
      .join('');

  test.each(sendSms.properties.filter(({ name }) => !FORM_ONLY.has(name)))(
    '$name is described in the words of its document',
    ({ name, description }) => {
      const parameter = MESSAGE_PARAMETERS.find((row) => row.name === (NAMES[name] ?? camelCase(name)));
      expect(parameter?.description).toBe(description);
    },
  );

  test('are all but two of the create parameters of a message', () => {
    const theirs = sendSms.properties.length - FORM_ONLY.size;
    expect([theirs, MESSAGE_PARAMETERS.length, CALL_PARAMETERS.length]).toEqual([23, 25, 36]);
  });
});
