/** GET /Messages.json and /Calls.json: Twilio's list, and before it what only the gateway has; each of them once. */

import type { EntryKind, EntryRecord } from '../../core/entry.ts';
import type { TwilioResource } from '../../core/facade-gateway.ts';
import type { FormFields } from '../../core/parameter.ts';
import type { Json } from '../../wire/json.ts';
import type { PageRequest } from '../../wire/page.ts';
import type { Answer, Exchange, Handler } from './exchange.ts';
import { entryStatus } from '../../wire/entry.ts';
import { decodeForm, fieldOf } from '../../wire/form.ts';
import { parsePageRequest, renderItems } from '../../wire/page.ts';
import { rendered } from './entries.ts';
import { relay, relayed, translated } from './exchange.ts';

/**
 * Where a merged list goes on. `at`: when its first page was made, so that what leaves for Twilio in between is neither
 * shown twice nor missed. `before`: the gateway's own go on below this entry; null once they are all shown. `theirs`:
 * Twilio's token, empty for the first of Twilio's pages.
 */
interface Place {
  at: number;
  before: number | null;
  theirs: string;
}

const KEY: Record<EntryKind, string> = { message: 'messages', call: 'calls' };

/** Filters that entries can be judged by; with any other, such as a date, none of them fits. */
const FILTERS: ReadonlySet<string> = new Set(['To', 'From', 'Status']);

export function list(kind: EntryKind): Handler {
  return async (given) => {
    const exchange = await withTwilioParent(given);
    const token = fieldOf(exchange.query, 'PageToken');
    const place = token === null ? startOf(exchange.now) : placeOf(token);
    // The token is one of Twilio's own: the list had nothing of the gateway's.
    if (place === null) return twilioPage(exchange, kind);
    const query = exchange.query.filter(([name]) => name !== 'PageToken');
    const request = parsePageRequest(exchange.path, query);
    if ('status' in request) return { error: request };
    const whole = { ...exchange, query };
    if (place === BACK) return pageBefore(whole, kind, request, String(token));
    const own = await ownEntries(exchange, kind, request, place);
    if (token === null && own.length === 0) return twilioPage(exchange, kind);
    const part = await mergedPart(whole, kind, { request, place, own });
    return 'answer' in part ? part.answer : mergedPage(kind, request, part, { own: token, at: place.at });
  };
}

/** Twilio's page as it is, but for the SIDs under which clients know its resources. */
async function twilioPage(exchange: Exchange, kind: EntryKind): Promise<Answer> {
  const answer = await relay(exchange);
  const rows = rowsOf(answer.body, kind);
  if (answer.body === null || rows === null) return relayed(answer);
  const entries = await entriesOf(exchange, rows);
  const shown = rows.flatMap((row) => shownRow(row, entries.get(String(row.sid)) ?? null));
  return { status: answer.status, body: { ...answer.body, [KEY[kind]]: shown } as never };
}

interface Asked {
  request: PageRequest;
  place: Place;
  /** One more than fit, where there are more. */
  own: EntryRecord[];
}

/** What a page holds and where the list goes on; `answer` where Twilio gave no list. */
type Part = { items: readonly Json[]; next: Place | null } | { answer: Answer };

async function mergedPart(exchange: Exchange, kind: EntryKind, { request, place, own }: Asked): Promise<Part> {
  const { at } = place;
  const looked = own.slice(0, request.size);
  const status = fieldOf(request.filters, 'Status');
  const shown = looked.filter((entry) => status === null || entryStatus(entry) === status);
  const room = request.size - shown.length;
  if (own.length > looked.length)
    return { items: shown.map(rendered), next: { at, before: looked.at(-1)?.seq ?? 0, theirs: '' } };
  if (room === 0) return { items: shown.map(rendered), next: { at, before: null, theirs: '' } };
  const query: FormFields = [...request.filters, ['PageSize', String(room)]];
  if (place.theirs !== '') query.push(['Page', String(request.page)], ['PageToken', place.theirs]);
  const answer = await relay({ ...exchange, query });
  const rows = rowsOf(answer.body, kind);
  if (answer.body === null || rows === null) return { answer: relayed(answer) };
  const entries = await entriesOf(exchange, rows);
  const explained = exchange.gateway.facade.explain(
    shown.filter(({ sid }) => sid === null),
    rows.filter(({ sid }) => !entries.has(String(sid))),
  );
  const missing = new Set([...explained.values()].map(({ id }) => id));
  const items = [
    ...shown.filter(({ id }) => !missing.has(id)).map(rendered),
    ...rows.flatMap((row) => {
      const lost = explained.get(String(row.sid));
      if (lost !== undefined) return shownRow(row, { ...lost, sid: String(row.sid) });
      const entry = entries.get(String(row.sid)) ?? null;
      return entry !== null && wasShown(entry, at) ? [] : shownRow(row, entry);
    }),
  ];
  const theirs = nextToken(answer.body);
  return { items, next: theirs === null ? null : { at, before: null, theirs } };
}

function mergedPage(
  kind: EntryKind,
  request: PageRequest,
  { items, next }: Exclude<Part, { answer: Answer }>,
  { own, at }: { own: string | null; at: number },
): Answer {
  const back = request.page > 0 && request.page <= MAX_PAGES_BACK;
  const tokens = { own, next: next === null ? null : tokenOf(next), previous: back ? backTokenOf(at) : null };
  return { status: 200, body: renderItems(request, KEY[kind], items, tokens) };
}

/** Twilio's pages only lead forwards, so the list that was begun then is walked again, up to the page asked for. */
async function pageBefore(exchange: Exchange, kind: EntryKind, request: PageRequest, token: string): Promise<Answer> {
  const at = Number.parseInt(token.slice(BACK.length), 36);
  let place: Place | null = startOf(at);
  for (let page = 0; place !== null && page <= Math.min(request.page, MAX_PAGES_BACK); page += 1) {
    const step: PageRequest = { ...request, page };
    const part: Part = await mergedPart(exchange, kind, {
      request: step,
      place,
      own: await ownEntries(exchange, kind, step, place),
    });
    if ('answer' in part) return part.answer;
    if (page === request.page) return mergedPage(kind, step, part, { own: token, at });
    place = part.next;
  }
  return { error: { status: 400, code: 21481, message: 'Invalid PageToken' } };
}

/** It left for Twilio after the list was begun, so it was among the gateway's own. */
function wasShown({ idGiven, sendingAt }: EntryRecord, at: number): boolean {
  return idGiven && sendingAt !== null && sendingAt >= at;
}

function shownRow(row: TwilioResource, entry: EntryRecord | null): Array<{ [name: string]: Json }> {
  return entry?.deleted === true ? [] : [translated(row, entry)];
}

async function ownEntries(
  { gateway, account }: Exchange,
  kind: EntryKind,
  request: PageRequest,
  { at, before }: Place,
): Promise<EntryRecord[]> {
  if (before === null || request.filters.some(([name]) => !FILTERS.has(name))) return [];
  const to = fieldOf(request.filters, 'To');
  const from = fieldOf(request.filters, 'From');
  return gateway.facade.given({
    account,
    kind,
    at,
    beforeSeq: before,
    limit: request.size + 1,
    ...(to === null ? {} : { to }),
    ...(from === null ? {} : { from }),
  });
}

/** Calls can be asked for by their parent, which a client may know by our id. */
async function withTwilioParent(exchange: Exchange): Promise<Exchange> {
  const parent = fieldOf(exchange.query, 'ParentCallSid');
  if (parent === null) return exchange;
  const sid = (await exchange.gateway.facade.find(exchange.account, 'call', parent))?.sid ?? parent;
  const query = exchange.query.map(([name, value]): [string, string] => [name, name === 'ParentCallSid' ? sid : value]);
  return { ...exchange, query };
}

function rowsOf(body: TwilioResource | null, kind: EntryKind): TwilioResource[] | null {
  const rows = body?.[KEY[kind]];
  return Array.isArray(rows) ? (rows as TwilioResource[]) : null;
}

async function entriesOf({ gateway }: Exchange, rows: readonly TwilioResource[]): Promise<Map<string, EntryRecord>> {
  const found = await gateway.facade.bySids(rows.map(({ sid }) => String(sid)));
  return new Map(found.map((entry) => [entry.sid ?? '', entry]));
}

function nextToken({ next_page_uri: uri }: TwilioResource): string | null {
  return typeof uri === 'string' ? fieldOf(decodeForm(uri.split('?')[1] ?? ''), 'PageToken') : null;
}

function startOf(at: number): Place {
  return { at, before: Number.MAX_SAFE_INTEGER, theirs: '' };
}

/** Opaque to clients, as Twilio's are; `PM` and `PW` tell them from Twilio's `PA` and `PB`. */
function tokenOf({ at, before, theirs }: Place): string {
  return `PM${at.toString(36)}-${before === null ? '' : before.toString(36)}-${theirs}`;
}

/** Of the page before this one, in the list that was begun at `at`. */
const BACK = 'PW';
/** So many pages of Twilio's are read again at most. */
const MAX_PAGES_BACK = 50;

function backTokenOf(at: number): string {
  return `${BACK}${at.toString(36)}`;
}

function placeOf(token: string): Place | typeof BACK | null {
  if (/^PW[0-9a-z]+$/.test(token)) return BACK;
  const [, at, before, theirs] = /^PM([0-9a-z]+)-([0-9a-z]*)-(.*)$/.exec(token) ?? [];
  if (at === undefined || before === undefined || theirs === undefined) return null;
  return { at: Number.parseInt(at, 36), before: before === '' ? null : Number.parseInt(before, 36), theirs };
}
