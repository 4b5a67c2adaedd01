/** Our sentences name create parameters as twilio-node does; a task knows them by the names of the module's arguments. */

import type { EntryKind } from '../../core/entry.ts';
import type { ErrorReport } from '../../core/errors.ts';
import { MODULES } from './definition.ts';

const NAMES: Readonly<Record<EntryKind, ReadonlyMap<string, string>>> = {
  message: namesOf(MODULES.twilio.arguments),
  call: namesOf(MODULES.twilio_call.arguments),
};

function namesOf(rows: ReadonlyArray<{ name: string; parameter?: string }>): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ name, parameter }) => (parameter === undefined ? [] : [[parameter, name]])));
}

/** A quoted value, which stays as it is; a name in backticks; a name that no word of English looks like. */
const WORDS = /'[^']*'|`(\w+)`|\b[a-z]+(?:[A-Z][a-z]*)+\b/g;

export function inOwnNames(kind: EntryKind, report: ErrorReport): ErrorReport {
  const own = (text: string) =>
    text.replaceAll(WORDS, (word, quoted?: string) => {
      const name = NAMES[kind].get(quoted ?? word);
      return name === undefined ? word : quoted === undefined ? name : `\`${name}\``;
    });
  return { ...report, message: own(report.message), remedy: own(report.remedy) };
}
