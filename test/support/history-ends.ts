/** Whether each entry ended as its circumstances call for: nothing is given up without a reason that can be shown. */

import type { Entry } from '../../src/core/entry.ts';
import type { Asked, Circumstances, History } from './history-facts.ts';
import { FINAL_STATES } from '../../src/core/entry.ts';
import { askedLook, lookOf, nameOf } from './history-facts.ts';

/** One sentence per entry that reached no end, or an end that nothing calls for. */
export function endFaults(history: History, circumstances: Circumstances): string[] {
  const requests = new Map(history.asked.map((request) => [request.key, request]));
  return history.entries.flatMap((entry) => {
    const request = requests.get(entry.idempotencyKey ?? '');
    if (request === undefined) return [];
    if (entry.state === 'held') return heldFaults(entry, request, history);
    if (!FINAL_STATES.has(entry.state)) return [`unfinished: ${nameOf(entry)} reached no end`];
    const faults = [...(ENDS[entry.state]?.(entry, request, circumstances) ?? [])];
    if (
      entry.id !== null &&
      request.canceled.includes(entry.id) &&
      entry.state !== 'canceled' &&
      entry.state !== 'done'
    )
      faults.push(`false: ${nameOf(entry)} was said to be canceled`);
    return faults;
  });
}

const ENDS: Partial<Record<Entry['state'], (entry: Entry, request: Asked, circumstances: Circumstances) => string[]>> =
  {
    rejected(entry, request, { refusals }) {
      const codes = refusals(request, entry.to);
      const code = entry.error?.twilioCode ?? null;
      if (code !== null && codes.includes(code)) return [];
      return [
        `groundless: ${nameOf(entry)} with ${code}; Twilio refuses ${entry.to} with ${codes.join(', ') || 'nothing'}`,
      ];
    },
    expired(entry, { validityPeriod }, { clockJumps }) {
      if (validityPeriod === undefined) return [`groundless: ${nameOf(entry)} has no validity period`];
      // A schedule moves the beginning; that it is never before acceptance is what can be said of all.
      const lived = Date.parse(entry.updatedAt ?? '') - Date.parse(entry.createdAt ?? '');
      if (clockJumps || lived >= validityPeriod * 1000) return [];
      return [`groundless: ${nameOf(entry)} after ${lived} ms of ${validityPeriod} s`];
    },
    canceled(entry, { cancelAfterMs }) {
      return cancelAfterMs === undefined ? [`groundless: ${nameOf(entry)}, and nobody asked for it`] : [];
    },
  };

/**
 * A person is asked only where nothing else is left: another one looks the same in Twilio's list, or the request was not to
 * be repeated and Twilio certainly never took it.
 */
function heldFaults(entry: Entry, request: Asked, { asked, acceptances }: History): string[] {
  const faults: string[] = [];
  if ((entry.resolution?.choices.length ?? 0) === 0) faults.push(`held: ${nameOf(entry)} offers no choice`);
  const look = askedLook(request, entry.to);
  const twins = asked.flatMap((other) => other.to.filter((to) => askedLook(other, to) === look)).length;
  const taken = acceptances.some((acceptance) => lookOf(acceptance) === look);
  if (twins > 1 || (request.onUnknown === 'hold' && !taken)) return faults;
  const why = entry.error?.message ?? '';
  return [...faults, `held: ${nameOf(entry)} waits for a person although the list tells the truth: ${why}`];
}
