/** The errors page: every code of the catalogue, by area. */

import { ERROR_KINDS, ERRORS } from '../../src/core/errors.ts';
import { table } from './markdown.ts';

type Row = (typeof ERRORS)[keyof typeof ERRORS] & { readonly twilioCode?: number };

export function errorsReference(): string {
  const areas = new Map<string, Array<[code: string, row: Row]>>();
  for (const [code, row] of Object.entries(ERRORS)) {
    const area = code.split('_')[1] ?? '';
    areas.set(area, [...(areas.get(area) ?? []), [code, row]]);
  }
  const sections = [...areas].sort(([a], [b]) => (a < b ? -1 : 1)).map(([area, rows]) => section(area, rows));
  return `# Errors

Every error of Tollboard has a code that keeps its meaning, a sentence that says what failed, and a remedy: the next
thing to do. \`{…}\` stands for the value in question; secrets are never shown. Failures of a send also carry a \`stage\`:
\`before_send\` (nothing left, safe to repeat), \`unknown\` (the answer was lost), \`after_send\` (Twilio took it, never send
again).

## Kinds

${table(
  ['kind', 'HTTP status', 'exit code of a command it ends'],
  Object.entries(ERROR_KINDS).map(([kind, { httpStatus, exit }]) => [`\`${kind}\``, String(httpStatus), String(exit)]),
)}

${sections.join('\n\n')}
`;
}

function section(area: string, rows: ReadonlyArray<[code: string, row: Row]>): string {
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, row]) => [`\`${code}\``, row.kind, row.message, row.remedy, twilioLink(row.twilioCode)]);
  return `## ${area}\n\n${table(['code', 'kind', 'what it says', 'what to do', 'Twilio code'], lines)}`;
}

function twilioLink(code: number | undefined): string {
  return code === undefined ? '' : `[${code}](https://www.twilio.com/docs/errors/${code})`;
}
