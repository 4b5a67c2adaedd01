/** GET /Messages.json: filters, order and pages. */

import type { Exchange, Handler, Simulation } from './exchange.ts';
import type { SimulatorAccount } from './model.ts';
import { parseDateFilter } from '../wire/date.ts';
import { fieldOf } from '../wire/form.ts';
import { failure, listAnswer } from './exchange.ts';
import { showMessage } from './messages.ts';

/** Where a message stands in the list. */
export interface ListKey {
  dateSent: number | null;
  seq: number;
}

const MAX_CURSORS = 10_000;

/**
 * Newest DateSent first, those without one before them; date filters skip those. The place of a page's last item is
 * remembered: it may have been sent since and stand elsewhere, and the next page must still miss nothing.
 */
export const listMessages: Handler = (exchange) => {
  const { sim, account, query, now } = exchange;
  const to = fieldOf(query, 'To');
  const from = fieldOf(query, 'From');
  const range = dateRange(query);
  if (range === null) return failure(400, 20422, 'Invalid Parameter: DateSent');
  const candidates = to === null ? sim.store.messages.of(account.sid) : sim.store.messages.to(account.sid, to);
  const matching = candidates.filter(
    (message) =>
      !message.deleted &&
      message.listedAt <= now &&
      (from === null || message.from === from) &&
      (!range.given || (message.dateSent !== null && message.dateSent >= range.from && message.dateSent <= range.to)),
  );
  matching.sort(newestFirst);
  const position = (sid: string): { first: number; last: number } | null => {
    const key = sim.cursors.get(`${account.sid} ${sid}`) ?? sim.store.messages.get(account.sid, sid);
    if (key === null) return null;
    const first = matching.findIndex((message) => newestFirst(message, key) >= 0);
    const last = matching.findIndex((message) => newestFirst(message, key) > 0);
    return { first: first < 0 ? matching.length : first, last: last < 0 ? matching.length : last };
  };
  const answer = listAnswer(exchange, matching, 'messages', (message) => showMessage(message, now), position);
  if (!('error' in answer)) rememberCursor(sim, account, answer.body?.messages as Array<{ sid: string }> | undefined);
  return answer;
};

function newestFirst(left: ListKey, right: ListKey): number {
  const leftSent = left.dateSent ?? Number.POSITIVE_INFINITY;
  const rightSent = right.dateSent ?? Number.POSITIVE_INFINITY;
  return leftSent === rightSent ? right.seq - left.seq : rightSent > leftSent ? 1 : -1;
}

function rememberCursor(sim: Simulation, account: SimulatorAccount, page: Array<{ sid: string }> | undefined): void {
  for (const item of [page?.[0], page?.at(-1)]) {
    const message = item === undefined ? null : sim.store.messages.get(account.sid, item.sid);
    if (message === null) continue;
    sim.cursors.set(`${account.sid} ${message.sid}`, { dateSent: message.dateSent, seq: message.seq });
    if (sim.cursors.size > MAX_CURSORS) sim.cursors.delete(sim.cursors.keys().next().value as string);
  }
}

/** Null for a value that is no date. */
function dateRange(query: Exchange['query']): { given: boolean; from: number; to: number } | null {
  const range = { given: false, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  for (const [name, value] of query) {
    if (name !== 'DateSent' && name !== 'DateSent<' && name !== 'DateSent>') continue;
    const day = parseDateFilter(value);
    if (day === null) return null;
    range.given = true;
    if (name !== 'DateSent<') range.from = Math.max(range.from, day.from);
    if (name !== 'DateSent>') range.to = Math.min(range.to, day.to);
  }
  return range;
}
