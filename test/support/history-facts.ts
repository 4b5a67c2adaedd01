/** What the history checker is told of a run, and when two messages or calls look the same. */

import type { Entry, EntryKind } from '../../src/core/entry.ts';
import type { TollboardEvent } from '../../src/core/event.ts';

/** One request of a client, repeated under its key until it was answered or given up. */
export interface Asked {
  key: string;
  kind: EntryKind;
  /** SID of the account that is to send. */
  account: string;
  to: readonly string[];
  /** The text, or what a call says. */
  body: string;
  mediaUrl?: readonly string[];
  /** Seconds. */
  validityPeriod?: number;
  onUnknown?: 'hold';
  /** Not to be sent before, milliseconds since the epoch. */
  notBefore: number | null;
  /** The client asked for its end this long after the answer. */
  cancelAfterMs?: number;
  /** Ids in the answer, one per recipient; null when no answer ever came. */
  acknowledged: readonly string[] | null;
  /** Twilio's code for which the only recipient was refused at once: nothing is stored then. */
  refused: number | null;
  /** Ids that the gateway said it had canceled. */
  canceled: readonly string[];
}

/** A message or call that the simulator took. */
export interface Acceptance {
  sid: string;
  account: string;
  kind: EntryKind;
  to: string;
  /** Without the prefix of a trial account; null for a call. */
  body: string | null;
  media: number;
  status: string;
  /** A StatusCallback URL came with it. */
  calledBack: boolean;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface History {
  asked: readonly Asked[];
  /** Every entry of the gateway at the end. */
  entries: readonly Entry[];
  /** In the order in which they were stored. */
  events: readonly Pick<TollboardEvent, 'data'>[];
  /** Every acceptance at the simulator, those included whose answer was dropped. */
  acceptances: readonly Acceptance[];
  /** When requests left, for each sender that has a pace. */
  claims: readonly { account: string; at: number }[];
}

/** What the schedule of a run makes possible, and what it rules out. */
export interface Circumstances {
  /** Twilio's codes for which it refuses this recipient; empty where it does not. */
  refusals(asked: Asked, to: string): readonly number[];
  /** The gateway's clock was set: its times say little. */
  clockJumps: boolean;
  /** Whether StatusCallback URLs go out; null: either. */
  callbacks: boolean | null;
  perSecond: number | null;
}

export function nameOf({ id, state, status }: Entry): string {
  return `${id} (${state}, ${status ?? 'no status'})`;
}

/** What Twilio's list shows of a message or call: two with the same cannot be told apart by anybody. */
export function lookOf(one: Pick<Acceptance, 'account' | 'kind' | 'to' | 'body' | 'media'>): string {
  const { account, kind, to, body, media } = one;
  return JSON.stringify(kind === 'call' ? [account, kind, to] : [account, kind, to, body, media]);
}

/** The look that a recipient of a request has once Twilio took it. */
export function askedLook({ account, kind, body, mediaUrl }: Asked, to: string): string {
  return lookOf({ account, kind, to, body, media: mediaUrl?.length ?? 0 });
}
