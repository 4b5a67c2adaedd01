/** What Twilio's own REST API on the gateway (server/facade) asks of the gateway, beside what every surface may ask. */

import type { EntryKind, EntryRecord } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { FormFields } from './parameter.ts';
import type { GivenQuery } from './ports.ts';

/** A resource as Twilio wrote it: snake_case members in Twilio's order. */
export type TwilioResource = Record<string, unknown>;

/** A request to Twilio's REST API that no part of the gateway has an opinion on. */
export interface RelayRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/2010-04-01`, percent-encoded, e.g. `/Accounts/AC…/Balance.json`. */
  path: string;
  query: FormFields;
  form: FormFields;
}

/** Twilio's answer as it came, refusals included. */
export interface RelayAnswer {
  status: number;
  /** Null where there is no content, or a redirect. */
  body: TwilioResource | null;
  /** Of a redirect. */
  location: string | null;
}

/** What a client that asked for a create is told. */
export type CreateAnswer =
  /** Twilio's resource where its answer came in time; else the entry says under which SID it is known. */
  | { outcome: 'taken'; entry: EntryRecord; resource: TwilioResource | null }
  /** Twilio's 4xx, as it came. */
  | { outcome: 'refused'; status: number; body: TwilioResource }
  /** Refused here, or by Twilio at an earlier time. */
  | { outcome: 'rejected'; error: ErrorReport };

/** Methods throw `TollboardError` with a code of the catalogue, nothing else. */
export interface FacadeGateway {
  /** Is this SID an account of the configuration? */
  knows(account: string): boolean;
  /** Does it open to its own credentials? Without an auth token it opens to issued keys only. */
  opens(account: string): boolean;
  /**
   * What came of an entry's create within `facade.answer_within`; sooner where it has to wait for its sender's pace, or
   * for Twilio. An entry without Twilio's SID is from then on shown under its id, on disk before this resolves.
   */
  answer(id: string): Promise<CreateAnswer>;
  /** Throws `TOLLBOARD_TWILIO_NO_ANSWER` and `TOLLBOARD_TWILIO_UNEXPECTED` where the answer is none of Twilio's. */
  relay(account: string, request: RelayRequest): Promise<RelayAnswer>;
  /** By our id or Twilio's SID. */
  find(account: string, kind: EntryKind, sid: string): Promise<EntryRecord | null>;
  bySids(sids: readonly string[]): Promise<EntryRecord[]>;
  given(query: GivenQuery): Promise<EntryRecord[]>;
  /** Which of these entries, whose requests may have left, each listed resource must be: SID to entry. */
  explain(entries: readonly EntryRecord[], rows: readonly TwilioResource[]): Map<string, EntryRecord>;
  /** Twilio just showed this resource of the entry. */
  shown(entry: EntryRecord, resource: TwilioResource): Promise<void>;
  /** Its text is gone at Twilio, or all of it: here it goes, too. */
  mark(entry: EntryRecord, what: 'redacted' | 'deleted'): Promise<void>;
}
