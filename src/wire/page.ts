/** Pages of Twilio's 2010 API: relative URIs that keep the filters, `PA` + SID as token, exactly one list member. */

import type { FormFields } from '../core/parameter.ts';
import type { WireError } from './error.ts';
import type { Json } from './json.ts';
import { encodeForm, fieldOf } from './form.ts';

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

/** What a request asked for. */
export interface PageRequest {
  /** Path without the query, as the URIs repeat it. */
  path: string;
  size: number;
  page: number;
  /** From `PageToken`: go on after this SID, or (`before`) end in front of it. */
  cursor: { sid: string; before: boolean } | null;
  /** The query without paging, in the order received. */
  filters: FormFields;
}

export interface Page<T> {
  items: readonly T[];
  hasNext: boolean;
  hasPrevious: boolean;
}

/** Refuses PageSize above 1000 (20007) and a token of the wrong form (21481); odd sizes fall back to the default. */
export function parsePageRequest(path: string, query: FormFields): PageRequest | WireError {
  const wanted = Number(fieldOf(query, 'PageSize') ?? DEFAULT_SIZE);
  if (wanted > MAX_SIZE) return { status: 400, code: 20007, message: 'Page size must be less than or equal to 1000' };
  const number = Number(fieldOf(query, 'Page') ?? 0);
  const token = fieldOf(query, 'PageToken');
  const parsed = token === null ? null : /^P([AB])([A-Za-z0-9]{2,64})$/.exec(token);
  if (token !== null && parsed === null) return { status: 400, code: 21481, message: 'Invalid PageToken' };
  return {
    path,
    size: Number.isInteger(wanted) && wanted > 0 ? wanted : DEFAULT_SIZE,
    page: Number.isInteger(number) && number >= 0 ? number : 0,
    cursor: parsed === null ? null : { sid: parsed[2] as string, before: parsed[1] === 'B' },
    filters: query.filter(([name]) => name !== 'Page' && name !== 'PageSize' && name !== 'PageToken'),
  };
}

/**
 * The page's items out of the whole ordered list. `position` tells where the cursor's item stands or stood: the index
 * of the first item after it; -1 when the token is unknown (then 21481).
 */
export function slicePage<T>(
  all: readonly T[],
  request: PageRequest,
  position: (sid: string) => { first: number; last: number } | null,
): Page<T> | WireError {
  let start = request.page * request.size;
  if (request.cursor !== null) {
    const place = position(request.cursor.sid);
    if (place === null) return { status: 400, code: 21481, message: 'Invalid PageToken' };
    start = request.cursor.before ? Math.max(0, place.first - request.size) : place.last;
  }
  const items = all.slice(start, start + request.size);
  return { items, hasNext: start + request.size < all.length, hasPrevious: start > 0 && request.page > 0 };
}

/** The page as Twilio answers it. `key` names the one list member, e.g. `messages`. */
export function renderPage<T extends { sid: string }>(
  request: PageRequest,
  page: Page<T>,
  key: string,
  render: (item: T) => Json,
): { [name: string]: Json } {
  const { items, hasNext, hasPrevious } = page;
  const { cursor } = request;
  const last = items.at(-1);
  const first = items[0];
  return renderItems(request, key, items.map(render), {
    own: cursor === null ? null : `P${cursor.before ? 'B' : 'A'}${cursor.sid}`,
    next: hasNext && last !== undefined ? `PA${last.sid}` : null,
    previous: hasPrevious && first !== undefined ? `PB${first.sid}` : null,
  });
}

/** A page whose tokens are somebody else's business; null where there is no such page. */
export function renderItems(
  request: Pick<PageRequest, 'path' | 'size' | 'page' | 'filters'>,
  key: string,
  items: readonly Json[],
  tokens: { own: string | null; next: string | null; previous: string | null },
): { [name: string]: Json } {
  const start = request.page * request.size;
  const uri = (number: number, token: string | null): string => pageUri(request, number, token);
  return {
    first_page_uri: uri(0, null),
    end: items.length === 0 ? 0 : start + items.length - 1,
    previous_page_uri: tokens.previous === null ? null : uri(request.page - 1, tokens.previous),
    [key]: items,
    uri: uri(request.page, tokens.own),
    page_size: request.size,
    start: items.length === 0 ? 0 : start,
    next_page_uri: tokens.next === null ? null : uri(request.page + 1, tokens.next),
    page: request.page,
  };
}

function pageUri(
  request: Pick<PageRequest, 'path' | 'size' | 'filters'>,
  number: number,
  token: string | null,
): string {
  const query: FormFields = [...request.filters, ['PageSize', String(request.size)], ['Page', String(number)]];
  if (token !== null) query.push(['PageToken', token]);
  return `${request.path}?${encodeForm(query)}`;
}
