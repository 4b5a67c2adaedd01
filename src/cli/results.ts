/** Prints entries: one line each, or on a terminal a table; each failure with its remedy, and a sum. */

import type { Entry } from '../core/entry.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/** On a terminal more rows than this are summed up; failures are always listed. */
const TABLE_ROWS = 20;

export function printEntries(entries: readonly Entry[], out: Output): void {
  if (out.json) {
    for (const entry of entries) out.line(entry);
    return;
  }
  if (!out.terminal || entries.length <= TABLE_ROWS) {
    out.table(
      ['TO', 'STATE', 'ID', 'SEGMENTS'],
      entries.map((entry) => [
        entry.to,
        outcomeWord(entry),
        entry.id ?? entry.sid ?? '-',
        String(entry.segments ?? '-'),
        ...(out.terminal ? [] : [entry.error?.code ?? '-']),
      ]),
    );
  }
  for (const entry of entries) if (entry.error !== null && entry.duplicate !== true) printFailure(entry, out);
  if (entries.length > 1) out.aside(summary(entries));
  if (entries.some((entry) => entry.simulated)) out.note('Simulated: nothing left this machine.');
}

/** Twilio's word for what ended; for what Twilio has, our state with its word. */
export function outcomeWord(entry: Entry): string {
  const { state, status, duplicate } = entry;
  const word =
    state === 'done'
      ? (status ?? state)
      : state === 'sent' && status !== null && status !== state
        ? `sent (${status})`
        : state;
  return duplicate === true ? `${word}, repeated` : word;
}

function printFailure(entry: Entry, out: Output): void {
  const { error } = entry;
  if (error === null) return;
  const code = `${error.code}${error.twilioCode === null ? '' : `, Twilio ${error.twilioCode}`}`;
  out.aside(`${out.style('red', `${printable(entry.to)}: ${outcomeWord(entry)}`)} (${code})`);
  out.aside(`  ${printable(error.message)}`);
  out.aside(`  ${printable(error.remedy)}`);
}

/** `1000 recipients: 990 delivered, 10 rejected.` */
export function summary(entries: readonly Entry[]): string {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(outcomeWord(entry), (counts.get(outcomeWord(entry)) ?? 0) + 1);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([word, count]) => `${count} ${word}`);
  return `${entries.length} recipients: ${parts.join(', ')}.`;
}
