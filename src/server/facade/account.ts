/** What belongs to the account itself: handed on to Twilio, whose answer is told but for the auth token. */

import type { Json } from '../../wire/json.ts';
import type { Answer, Exchange, Handler } from './exchange.ts';
import { fieldOf } from '../../wire/form.ts';
import { renderItems } from '../../wire/page.ts';
import { relay, relayed } from './exchange.ts';

/** Twilio's answer as it is. */
export const passOn: Handler = async (exchange) => relayed(await relay(exchange));

/** An account, or the accounts: `auth_token` is always empty, as no secret leaves the gateway. */
export const passAccount: Handler = async (exchange) => {
  const answer = await relay(exchange);
  if (answer.body === null) return relayed(answer);
  const { accounts } = answer.body;
  const body = Array.isArray(accounts) ? { ...answer.body, accounts: accounts.map(tokenless) } : tokenless(answer.body);
  return { status: answer.status, body: body as { [name: string]: Json } };
};

function tokenless(account: Record<string, unknown>): Record<string, unknown> {
  return 'auth_token' in account ? { ...account, auth_token: '' } : account;
}

const PAGE_SIZE = 1000;
const MAX_PAGES = 50;

/** Without `Page` and `PageSize` one page with all: clients that read one page only then miss none (interface §6). */
export const listCallerIds: Handler = async (exchange) => {
  const { query, path } = exchange;
  if (['Page', 'PageSize', 'PageToken'].some((name) => fieldOf(query, name) !== null)) return passOn(exchange);
  const items: Json[] = [];
  let paging: Exchange['query'] = [['PageSize', String(PAGE_SIZE)]];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await relay({ ...exchange, query: [...query, ...paging] });
    const rows = answer.body?.outgoing_caller_ids;
    if (answer.body === null || !Array.isArray(rows)) return relayed(answer);
    items.push(...(rows as Json[]));
    const next = answer.body.next_page_uri;
    if (typeof next !== 'string') return whole(path, query, items);
    paging = [...new URL(next, 'http://twilio').searchParams].filter(([name]) => fieldOf(query, name) === null);
  }
  const message = `There are more than ${MAX_PAGES * PAGE_SIZE} caller IDs; ask for them page by page, with PageSize.`;
  return { error: { status: 400, code: 20007, message } };
};

function whole(path: string, filters: Exchange['query'], items: readonly Json[]): Answer {
  const request = { path, filters, page: 0, size: Math.max(50, items.length) };
  const none = { own: null, next: null, previous: null };
  return { status: 200, body: renderItems(request, 'outgoing_caller_ids', items, none) };
}
