/** The outbox: which facts move an entry, and to what. Pure: (entry, fact, now) → transition. */

import type { CallbackMode, Choice, EntryRecord } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { NewEvent } from './event.ts';
import type { FormFields } from './parameter.ts';
import { callStatus } from './call.ts';
import { ENTRY_STATES } from './entry.ts';
import { errorReport } from './errors.ts';
import { messageStatus } from './message.ts';
import { failedPollWaitMs, lookupWaitMs, pollWaitMs } from './retry.ts';
import { twilioErrorReport } from './twilio-errors.ts';

/** What Twilio says of a message or call, wherever it said so (answer, callback, fetch, list). */
export interface StatusFact {
  readonly sid: string;
  readonly status: string;
  readonly errorCode: number | null;
  readonly errorMessage: string | null;
  /** Where Twilio's sender became known later (Messaging Service). */
  readonly from?: string | null;
  readonly segments?: number | null;
}

/** Everything that can happen to a stored entry after acceptance. */
export type Fact =
  /** Its turn came: the intent is on disk before the request leaves. `callbackMode`: whose StatusCallback goes out. */
  | { readonly type: 'claimed'; readonly callbackMode: CallbackMode; readonly leftAfter?: number }
  /** Its pace or its own schedule says later. */
  | { readonly type: 'postponed'; readonly until: number; readonly why: string }
  /** Twilio answered 2xx with a SID. */
  | ({ readonly type: 'accepted' } & StatusFact)
  /** Our check, our policy or Twilio's 4xx refused it: nothing was sent. */
  | { readonly type: 'rejected'; readonly error: ErrorReport }
  /** Certainly not processed: 429 with 20429, queue full, nothing left this machine. */
  | { readonly type: 'retry'; readonly error: ErrorReport; readonly at: number }
  /** The request left and no answer that proves anything came back. */
  | { readonly type: 'lost'; readonly error: ErrorReport }
  /** Found in `sending` when the gateway started: the request may have left. */
  | { readonly type: 'interrupted' }
  /** Found in a copy of a database at its first start: since `copiedAt` its request may have left from the original. */
  | { readonly type: 'restored'; readonly copiedAt: number }
  /** Twilio told a status. `fields` are Twilio's own, for the event. */
  | ({ readonly type: 'status'; readonly source: 'callback' | 'poll'; readonly fields: FormFields } & StatusFact)
  /** A poll that brought no news, or (`failed`) no answer for now: only the next poll is set. */
  | { readonly type: 'polled'; readonly why: string; readonly failed?: true }
  /**
   * A listing was made. `complete` false: it failed or was partial and does not count. `at`: when, by Twilio's clock
   * where that is known, as ours may jump; default now.
   */
  | {
      readonly type: 'listed';
      readonly complete: boolean;
      readonly windowMs: number;
      readonly why: string;
      readonly at?: number;
    }
  /** A listing explained it. */
  | ({ readonly type: 'found'; readonly why: string } & StatusFact)
  /** Complete listings lack it. */
  | { readonly type: 'absent'; readonly why: string }
  /** What stays ambiguous waits for a person. */
  | { readonly type: 'ambiguous'; readonly error: ErrorReport; readonly why: string }
  /** A person chose (`--resolve sent|resend|drop`). */
  | { readonly type: 'chosen'; readonly choice: Choice; readonly sid: string | null }
  | { readonly type: 'canceled'; readonly why: string }
  | { readonly type: 'expired' }
  | { readonly type: 'redacted' }
  /** A client of the facade is about to be given our id as the SID, because Twilio's is not known yet. */
  | { readonly type: 'idGiven' }
  /** A client of the facade deleted it. */
  | { readonly type: 'deleted' };

export type EntryPatch = Partial<Omit<EntryRecord, 'seq' | 'id' | 'kind' | 'createdAt'>>;

/** What a store writes in one transaction for a fact; `refused` writes nothing and says why. */
export type Transition =
  | {
      readonly ok: true;
      readonly patch: EntryPatch;
      readonly what: string;
      readonly why: string;
      readonly event?: EventDraft;
    }
  | { readonly ok: false; readonly refused: string };

/** A status event without what the store adds (id, seq). */
export type EventDraft = Pick<NewEvent, 'type' | 'data'>;

/** Decides what a fact does to an entry. Never moves a status backwards (promise 4). */
export function transition(entry: EntryRecord, fact: Fact, now: number): Transition {
  switch (fact.type) {
    case 'claimed':
      return from(entry, ['queued', 'scheduled'], () => ({
        patch: {
          state: 'sending',
          attempts: entry.attempts + 1,
          sendingAt: now,
          leftAfter: entry.attempts === 0 ? (fact.leftAfter ?? null) : entry.leftAfter,
          dueAt: null,
          callbackMode: fact.callbackMode,
        },
        what: 'claimed',
        why: `Try ${entry.attempts + 1}: the intent is on disk, the request may leave now.`,
      }));
    case 'postponed':
      return from(entry, ['queued', 'scheduled'], () => ({
        patch: { dueAt: fact.until },
        what: 'postponed',
        why: fact.why,
      }));
    case 'accepted':
      return from(entry, ['sending', 'unknown', 'held', 'sent', 'done'], () =>
        taken(entry, fact, now, 'answered', `Twilio took it as ${fact.sid} with status ${fact.status}.`),
      );
    case 'rejected':
      return from(entry, ['queued', 'scheduled', 'sending'], () => ({
        patch: { state: 'rejected', error: fact.error, dueAt: null },
        what: 'rejected',
        why: fact.error.message,
      }));
    case 'retry':
      return from(entry, ['sending'], () => ({
        patch: { state: 'queued', error: fact.error, dueAt: fact.at },
        what: 'retry',
        why: `Not processed by Twilio (${fact.error.message}), so it is safe to try again.`,
      }));
    case 'lost':
      return from(entry, ['sending'], () => lost(fact.error, now));
    case 'interrupted':
      return from(entry, ['sending'], () =>
        lost(errorReport('TOLLBOARD_DELIVERY_INTERRUPTED', { stage: 'unknown' }), now),
      );
    case 'restored':
      return restored(entry, fact.copiedAt, now);
    case 'status':
      return status(entry, fact, now);
    case 'polled':
      return from(entry, ['sent'], () => ({
        patch: fact.failed === true ? pollAgain(entry, now) : nextPoll(entry, now),
        what: 'polled',
        why: fact.why,
      }));
    case 'listed':
      return from(entry, ['unknown'], () => listed(entry, fact, now));
    case 'found':
      return from(entry, ['unknown', 'held', 'queued'], () => taken(entry, fact, now, 'found', fact.why));
    case 'absent':
      return from(entry, ['unknown'], () => absent(entry, fact.why, now));
    case 'ambiguous':
      return from(entry, ['unknown', 'queued', 'scheduled', 'sending'], () => hold(fact.error, fact.why));
    case 'chosen':
      return from(entry, ['held', 'unknown'], () => chosen(entry, fact, now));
    case 'canceled':
      return from(entry, ['scheduled', 'queued'], () => ({
        patch: { state: 'canceled', dueAt: null },
        what: 'canceled',
        why: fact.why,
      }));
    case 'expired':
      return from(entry, ['scheduled', 'queued'], () => ({
        patch: {
          state: 'expired',
          dueAt: null,
          error: errorReport('TOLLBOARD_DELIVERY_EXPIRED', { stage: 'before_send' }),
        },
        what: 'expired',
        why: 'Its time passed before Twilio took it; nothing was sent.',
      }));
    case 'idGiven':
      if (entry.sid !== null || entry.idGiven) return { ok: false, refused: 'It has a SID that is shown already.' };
      return from(entry, UNTOLD, () => ({
        patch: { idGiven: true },
        what: 'id given',
        why: 'Twilio had not answered in time, so the client was given our id as the SID; it stays the SID.',
      }));
    case 'deleted':
      return from(entry, ['done', 'rejected', 'expired', 'canceled'], () => ({
        patch: { deleted: true, body: '', params: withoutContent(entry) },
        what: 'deleted',
        why: 'A client of the facade deleted it; the body was removed.',
      }));
    case 'redacted':
      return from(entry, ['done', 'rejected', 'expired', 'canceled'], () => ({
        patch: { body: '', params: withoutContent(entry) },
        what: 'redacted',
        why: 'The body was removed.',
      }));
  }
}

/** The entry after the fact; as it was where the fact is refused. */
export function moved(entry: EntryRecord, fact: Fact, now: number): EntryRecord {
  const next = transition(entry, fact, now);
  return next.ok ? { ...entry, ...next.patch, updatedAt: now } : entry;
}

/** States in which Twilio's SID need not be known. */
const UNTOLD = ENTRY_STATES.filter((state) => state !== 'sent' && state !== 'done');

type Move = Omit<Extract<Transition, { ok: true }>, 'ok'>;

function from(entry: EntryRecord, states: readonly EntryRecord['state'][], move: () => Move): Transition {
  if (!states.includes(entry.state))
    return { ok: false, refused: `An entry in state ${entry.state} does not take this.` };
  const { patch, what, why, event } = move();
  return event === undefined ? { ok: true, patch, what, why } : { ok: true, patch, what, why, event };
}

/** Twilio has it: remember the SID (the first one stays, and only its own status counts), set the next poll. */
function taken(entry: EntryRecord, fact: StatusFact, now: number, what: string, why: string): Move {
  if (entry.sid !== null && entry.sid !== fact.sid) {
    return { patch: {}, what, why: `${why} The entry has ${entry.sid} already: Twilio took this text twice.` };
  }
  const advanced = advance(entry, fact, now);
  return {
    patch: {
      ...advanced,
      sid: entry.sid ?? fact.sid,
      resolution: null,
      error: advanced.state === 'done' ? (advanced.error ?? null) : null,
    },
    what,
    why,
  };
}

/** The part of a patch that a status decides: forward only, final or not, error of a bad end, next poll. */
function advance(entry: EntryRecord, fact: StatusFact, now: number): EntryPatch {
  const table = entry.kind === 'call' ? callStatus : messageStatus;
  const known = entry.status === null ? null : table(entry.status);
  const next = table(fact.status);
  const forward = known === null || next.rank > known.rank;
  const details: EntryPatch = {
    ...(fact.from && !entry.from ? { from: fact.from } : {}),
    ...(fact.segments && entry.kind === 'message' ? { segments: fact.segments } : {}),
  };
  // A callback overtook the answer: its end, and the error of a bad one, stand.
  if (!forward && known.final) return { ...details, state: 'done', error: entry.error, dueAt: null };
  if (!forward) return { ...details, state: 'sent', ...(entry.state === 'sent' ? {} : nextPoll(entry, now)) };
  const bad = next.final && next.failed;
  return {
    ...details,
    status: fact.status,
    state: next.final ? 'done' : 'sent',
    error: bad ? twilioErrorReport(fact.errorCode, fact.errorMessage, { stage: 'after_send' }) : null,
    ...(next.final ? { dueAt: null } : nextPoll({ ...entry, polls: entry.state === 'sent' ? entry.polls : 0 }, now)),
  };
}

/** A message that Twilio itself holds back until `sendAt` has nothing to tell before. */
function nextPoll(entry: EntryRecord, now: number): EntryPatch {
  const sendAt = typeof entry.params.sendAt === 'string' ? Date.parse(entry.params.sendAt) : Number.NaN;
  const own = entry.callbackMode === 'own';
  if (sendAt > now) return { polls: 0, failedPolls: 0, dueAt: sendAt + (pollWaitMs(0, own) ?? 0) };
  const wait = pollWaitMs(entry.polls, own);
  return { polls: entry.polls + 1, failedPolls: 0, dueAt: wait === null ? null : now + wait };
}

/** A poll that got no answer takes no step of the schedule: the same look is due again, after longer and longer waits. */
function pollAgain(entry: EntryRecord, now: number): EntryPatch {
  const failedPolls = entry.failedPolls + 1;
  return { failedPolls, dueAt: now + failedPollWaitMs(failedPolls) };
}

function lost(error: ErrorReport, now: number): Move {
  return {
    patch: { state: 'unknown', error, listings: [], lookups: 0, dueAt: now + lookupWaitMs(0, 0, 0) },
    what: 'lost',
    why: `${error.message} It is looked for before anything else happens.`,
  };
}

/**
 * What was waiting, under way or sought when the database was copied may have been sent by the gateway that went on: it
 * is looked for like a lost answer. What waits for a time still to come was certainly not.
 */
function restored(entry: EntryRecord, copiedAt: number, now: number): Transition {
  if (entry.state === 'scheduled' && (entry.notBefore ?? 0) > now)
    return { ok: false, refused: 'Its time has not come yet.' };
  return from(entry, ['scheduled', 'queued', 'sending', 'unknown'], () => {
    const { patch, ...move } = lost(errorReport('TOLLBOARD_DELIVERY_RESTORED', { stage: 'unknown' }), now);
    const waited = entry.state === 'scheduled' || entry.state === 'queued';
    // A try that may have been made counts: only then its callback is believed.
    const tried = waited ? { attempts: entry.attempts + 1, sendingAt: entry.sendingAt ?? copiedAt } : {};
    return { ...move, what: 'restored', patch: { ...patch, ...tried } };
  });
}

function status(entry: EntryRecord, fact: Extract<Fact, { type: 'status' }>, now: number): Transition {
  // A request of it must have left. Even an entry that was dropped, expired or refused on a second try then takes the
  // status: the first try got through after all, and the end that is shown has to be true.
  if (entry.attempts === 0) return { ok: false, refused: 'Nothing of this entry was ever sent.' };
  if (entry.sid !== null && entry.sid !== fact.sid) {
    return { ok: false, refused: `A status of ${fact.sid} says nothing of ${entry.sid}.` };
  }
  // The one word that only callbacks carry: no news to us, who know the call as queued, but to its caller.
  if (fact.status === 'initiated' && entry.status === 'queued' && entry.sid !== null)
    return { ok: true, patch: {}, what: 'status', why: `Twilio's ${fact.source} says initiated.` };
  const table = entry.kind === 'call' ? callStatus : messageStatus;
  const next = table(fact.status);
  const known = entry.status === null ? null : table(entry.status);
  if (
    known !== null &&
    next.rank <= known.rank &&
    entry.sid !== null &&
    (entry.state === 'sent' || entry.state === 'done')
  ) {
    return { ok: false, refused: `${fact.status} after ${entry.status}: a status never goes backwards.` };
  }
  const move = taken(entry, fact, now, 'status', `Twilio's ${fact.source} says ${fact.status}.`);
  return {
    ok: true,
    ...move,
    event: {
      type: entry.kind === 'call' ? 'twilio_call_status' : 'twilio_message_status',
      data: { ...Object.fromEntries(fact.fields), entryId: entry.id },
    },
  };
}

function listed(entry: EntryRecord, fact: Extract<Fact, { type: 'listed' }>, now: number): Move {
  const listings = fact.complete ? [...entry.listings, fact.at ?? now] : entry.listings;
  const failedInARow = fact.complete ? 0 : entry.lookups - entry.listings.length + 1;
  return {
    patch: {
      listings,
      lookups: entry.lookups + 1,
      dueAt: now + lookupWaitMs(listings.length, failedInARow, fact.windowMs),
    },
    what: 'listing',
    why: fact.why,
  };
}

function absent(entry: EntryRecord, why: string, now: number): Move {
  if (entry.onUnknown === 'hold') {
    return hold(errorReport('TOLLBOARD_DELIVERY_HELD_ABSENT', { stage: 'unknown' }), why);
  }
  return { patch: { state: 'queued', dueAt: now, listings: [], lookups: 0 }, what: 'resend', why };
}

function hold(error: ErrorReport, why: string): Move {
  return {
    patch: { state: 'held', error, dueAt: null, resolution: { choices: ['sent', 'resend', 'drop'] } },
    what: 'held',
    why,
  };
}

function chosen(entry: EntryRecord, fact: Extract<Fact, { type: 'chosen' }>, now: number): Move {
  const common = { what: 'chosen', why: `A person chose: ${fact.choice}.` };
  switch (fact.choice) {
    case 'sent':
      return fact.sid === null
        ? { ...common, patch: { state: 'done', resolution: null, dueAt: null, error: null } }
        : {
            ...common,
            patch: {
              state: 'sent',
              sid: fact.sid,
              resolution: null,
              error: null,
              ...nextPoll({ ...entry, polls: 0 }, now),
              dueAt: now,
            },
          };
    case 'resend':
      return {
        ...common,
        patch: { state: 'queued', resolution: null, error: null, dueAt: now, listings: [], lookups: 0 },
      };
    case 'drop':
      return { ...common, patch: { state: 'canceled', resolution: null, dueAt: null } };
  }
}

/** The parameters that hold what was said or shown. */
const CONTENT: ReadonlySet<string> = new Set(['body', 'mediaUrl', 'contentVariables', 'twiml', 'persistentAction']);

function withoutContent(entry: EntryRecord): EntryRecord['params'] {
  return Object.fromEntries(Object.entries(entry.params).filter(([name]) => !CONTENT.has(name)));
}
