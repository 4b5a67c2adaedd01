/** One request to the gateway's own Twilio API and its answer, as the resource files see them. */

import type { EntryRecord } from '../../core/entry.ts';
import type { TollboardError } from '../../core/errors.ts';
import type { RelayAnswer, TwilioResource } from '../../core/facade-gateway.ts';
import type { GatewayApi } from '../../core/gateway-api.ts';
import type { FormFields } from '../../core/parameter.ts';
import type { WireError } from '../../wire/error.ts';
import type { Json } from '../../wire/json.ts';
import type { WirePath } from '../../wire/path.ts';
import { shownSid } from '../../core/entry.ts';
import { ERROR_KINDS, isTollboardError } from '../../core/errors.ts';

export interface Exchange {
  gateway: GatewayApi;
  method: 'GET' | 'POST' | 'DELETE';
  /** Without the query, as it was asked for. */
  path: string;
  wire: WirePath;
  query: FormFields;
  form: FormFields;
  /** Whose resources these are. */
  account: string;
  /** Identifiers after the account's; empty where there are none. */
  sid: string;
  subSid: string;
  idempotencyKey: string | null;
  now: number;
}

/** `body` null: no content. */
export type Answer =
  | { status: number; body: { [name: string]: Json } | null; headers?: Record<string, string> }
  | { error: WireError; headers?: Record<string, string> };

export type Handler = (exchange: Exchange) => Promise<Answer>;

/** Hands the request on to Twilio; where it names an entry, under the SID that Twilio knows. */
export async function relay(exchange: Exchange, entry: EntryRecord | null = null): Promise<RelayAnswer> {
  const { gateway, method, account, wire, query, form } = exchange;
  const sids = entry?.sid == null ? wire.sids : wire.sids.map((sid, index) => (index === 1 ? (entry.sid ?? sid) : sid));
  return gateway.facade.relay(account, { method, path: pathOf(wire, sids), query, form });
}

/** Twilio's answer as ours; SIDs of an entry that the client knows by our id are put right. */
export function relayed({ status, body, location }: RelayAnswer, entry: EntryRecord | null = null): Answer {
  if (location !== null) return { status, body: null, headers: { Location: location } };
  return { status, body: body === null ? null : translated(body, entry) };
}

/** A resource of Twilio's under the SID that is shown for its entry: in members, paths and sentences, never in texts. */
export function translated(resource: TwilioResource, entry: EntryRecord | null): { [name: string]: Json } {
  const shown = entry === null ? null : shownSid(entry);
  if (entry === null || entry.sid === null || shown === null || shown === entry.sid) return resource as never;
  return rename(resource as never, entry.sid, shown) as never;
}

function rename(value: Json, sid: string, shown: string): Json {
  if (typeof value === 'string') return value === sid ? shown : value.replaceAll(`/${sid}`, `/${shown}`);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => rename(item, sid, shown));
  const members = Object.entries(value as { [name: string]: Json });
  return Object.fromEntries(
    members.map(([name, member]) => [name, TEXTS.has(name) ? member : rename(member, sid, shown)]),
  );
}

/** What people wrote: it may hold a SID as well. */
const TEXTS: ReadonlySet<string> = new Set(['body', 'friendly_name']);

function pathOf({ pattern, suffix }: WirePath, sids: readonly string[]): string {
  let index = 0;
  const parts = pattern.split('/').map((part) => (part === ':sid' ? encodeURIComponent(sids[index++] ?? '') : part));
  return `/${parts.join('/')}${suffix === null ? '' : `.${suffix}`}`;
}

/** What of the gateway's own faults has no code of Twilio's. Twilio docs: 20500 leaves open whether a POST took effect. */
export function faultOf(error: TollboardError, status: number = ERROR_KINDS[error.kind].httpStatus): Answer {
  const { report } = error;
  const message = `${error.message} ${error.remedy}`.trim();
  if (report.twilioCode !== null)
    return { error: { status: report.httpStatus ?? status, code: report.twilioCode, message } };
  if (report.stage === 'unknown') return { error: { status: 500, code: 20500, message } };
  if (status === 413) return { error: { status, code: 20413, message } };
  if (status < 500) return { error: { status, code: null, message } };
  const code = error.kind === 'internal' ? 20500 : 20503;
  return code === 20500
    ? { error: { status: 500, code, message } }
    : { error: { status: 503, code, message }, headers: { 'Retry-After': '1' } };
}

/** Twilio could not be asked: nothing is known beyond what the gateway has on disk. */
export function isUnanswered(error: unknown): boolean {
  return isTollboardError(error) && UNANSWERED.has(error.code);
}

const UNANSWERED: ReadonlySet<string> = new Set(['TOLLBOARD_TWILIO_NO_ANSWER', 'TOLLBOARD_TWILIO_UNEXPECTED']);
