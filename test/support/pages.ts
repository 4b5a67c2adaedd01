/** The five documents as they are, and the statements that they make: what a reader sees, without the markup. */

import type { HostName } from '../../src/hosts/host.ts';
import { readRepositoryFile } from './tree.ts';

/** The document of a host, unedited. */
export function pageOf(host: HostName): string {
  return readRepositoryFile(`test/contract/data/pages/${host}.txt`);
}

/** Where the documents point elsewhere or tell of their own making; nothing that a host could do. */
const ABOUT_THE_PAGE =
  /^(?:\[comment\]|\.\. (?:_twilio|contents|raw)|:local:|:depth:|This is an Extras Module|For (?:more information on what this means|help in developing on modules)|\{% (?:end)?(?:raw|configuration) %\}|<hr \/>|::$|weight: )/;
/** Lines that only draw: underlines, fences, rules, braces of JSON. */
const DRAWN = /^[-+=\s|:]*$|^```\w*$|^[\][{}\s,]*$/;

/** Every statement of a document in its order: a line, or a cell of a table. */
export function statementsOf(host: HostName): string[] {
  return unwrapped(pageOf(host))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !DRAWN.test(line) && !ABOUT_THE_PAGE.test(line))
    .flatMap(parts)
    .map(plain)
    .filter((text, place, all) => text !== '' && text !== all[place - 1]);
}

/** As {@link statementsOf} has it: for looking a statement up in a text. */
export function plain(text: string): string {
  return text
    .replaceAll(/\{% term "([^"]+)" %\}/g, '$1')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll('\\', '')
    .replaceAll('**', '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Ansible's tables are HTML that has each letter in an element of its own; a row of them becomes one with bars. */
function unwrapped(page: string): string {
  return page
    .replaceAll(/<div(?: [^>]*)?>|<\/div>/g, '')
    .replaceAll(/<tr>([\s\S]*?)<\/tr>/g, (_whole, cells: string) =>
      cells.replaceAll(/\s*\n\s*/g, '').replaceAll(/<\/t[dh]>/g, ' | '),
    )
    .replaceAll(/<\/?(?:table|tr|td|th|ul|br)\b[^>]*>/g, '');
}

function parts(line: string): string[] {
  if (line.includes('|') && !line.startsWith('{{') && !/: \|$/.test(line)) return line.split('|');
  // A member of Flogo's schema, a variable of Home Assistant's configuration, a fact of the front matter.
  const member = /^"?(name|type|required|value|allowed)"?: (.*?),?$/.exec(line)?.[2];
  if (member !== undefined) return member === '[' ? [] : [unquoted(member)];
  if (/^"[^"]*",?$/.test(line)) return [unquoted(line)];
  const listed = /^"(inputs|outputs)":\[?/.exec(line)?.[1];
  if (listed !== undefined) return [listed];
  const fact = /^(ha_\w+): (.+)$/.exec(line);
  if (fact !== null) return [fact[1] ?? '', unquoted((fact[2] ?? '').replaceAll("'", '"'))];
  return [
    line
      .replace(/^(?:#+ |\.\. |- )/, '')
      .replace('::', ':')
      .replace(/^(\w+):$/, '$1')
      .replace(/^(?:title|description): ("?)(.*)\1$/, '$2'),
  ];
}

function unquoted(text: string): string {
  return text.replace(/^"(.*?)"[,\s]*$/, '$1');
}
