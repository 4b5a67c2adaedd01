/** `docs/seeds.md` maps statements of the five documents to the file that serves each and the test that shows it. */

import type { HostName } from '../../src/hosts/host.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CALL_PARAMETERS } from '../../src/core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../src/core/message-parameters.ts';
import seed from '../contract/data/seed-bytechef.json' with { type: 'json' };
import { plain, statementsOf } from '../support/pages.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const { action: sendSms } = seed;
const page = readRepositoryFile('docs/seeds.md');
const ROW = /^\| (.+) \| \[`([^`]+)`\]\(\.\.\/([^)]+)\) \| \[([^\]]+)\]\(\.\.\/([^)]+)\) \|$/;

const SECTIONS: Readonly<Record<HostName, string>> = {
  ansible: 'Ansible',
  soar: 'Splunk SOAR',
  bytechef: 'ByteChef',
  flogo: 'Flogo',
  'home-assistant': 'Home Assistant',
};

/** Rows of the tables, without their heads. */
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:statement|---)/.test(line));

describe('the map of the five documents', () => {
  test('has a section for each of them', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(Object.values(SECTIONS));
  });

  test.each(rows)('%s', (row) => {
    const [, , file = '', path = '', name = '', testPath = ''] = ROW.exec(row) ?? [];
    expect(path, row).toBe(file);
    expect(existsSync(join(ROOT, path)), row).toBe(true);
    expect(testPath, row).toMatch(/^(?:src|test)\/.+\.ts$/);
    expect(readRepositoryFile(testPath).includes(name), row).toBe(true);
  });

  describe.each(Object.entries(SECTIONS))('has a row for each statement of %s', (host, title) => {
    const section = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
    const quotes = section.split('\n').flatMap((line) => plain(ROW.exec(line)?.[1] ?? ''));
    // A row may shorten with … and join with ·, and names what it quotes before a colon.
    const pieces = quotes
      .flatMap((quote) => [...quote.split(/…|·/), ...quote.split(/…|·|; |: /)])
      .map((piece) => piece.trim())
      .filter((piece) => piece.length >= 12);
    const quoted = (statement: string) =>
      quotes.some((quote) => quote.includes(statement)) || pieces.some((piece) => statement.includes(piece));
    // Types, keys and heads of tables are compared with the definitions; a colon only begins what follows.
    const sentences = statementsOf(host as HostName)
      .flatMap((statement) => statement.split(/(?<=[.!?]) ?(?=[A-Z])/))
      .filter((text) => text.split(' ').length > 3 && !text.endsWith(':'));

    test.each([...new Set(sentences)])('%s', (statement) => {
      expect(quoted(statement)).toBe(true);
    });
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
