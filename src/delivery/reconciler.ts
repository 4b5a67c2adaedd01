/** The reconciler: looks for lost answers in Twilio's lists and concludes found, absent or ambiguous. */

import type { EntryRecord } from '../core/entry.ts';
import type { Fact } from '../core/outbox.ts';
import type { Change, Clock, ListedResource, Listing, Logger, Store, TwilioAccount } from '../core/ports.ts';
import type { Conclusion } from '../core/resolution.ts';
import type { DueLoop } from './loop.ts';
import { errorReport } from '../core/errors.ts';
import { conclude, LISTINGS_FOR_ABSENCE, unrecognisable } from '../core/resolution.ts';
import { statusFields } from '../core/status-fields.ts';
import { startDueLoop } from './loop.ts';

export interface ReconcilerOptions {
  store: Store;
  accounts: ReadonlyMap<string, TwilioAccount>;
  clock: Clock;
  logger: Logger;
  /** `delivery.resolve_window`: absence needs complete listings over at least this long. Default 120,000. */
  windowMs: number;
}

/** Different numbers looked for at the same time, so that listing does not crowd out sending. */
const LOOKUPS_AT_ONCE = 8;
const BATCH = 200;
/** Twilio's Date header counts whole seconds, so a span measured by it may be this much too long. */
const DATE_MS = 1000;

export function startReconciler(options: ReconcilerOptions): DueLoop {
  const { store, clock, logger } = options;
  return startDueLoop({
    name: 'reconciler',
    clock,
    logger,
    nextDue: () => store.nextDue(['unknown']),
    async work(signal) {
      const due = await store.due(['unknown'], clock.now(), BATCH);
      const groups = byAddress(due);
      for (let start = 0; start < groups.length && !signal.aborted; start += LOOKUPS_AT_ONCE) {
        await Promise.all(groups.slice(start, start + LOOKUPS_AT_ONCE).map((group) => lookFor(group, options, signal)));
      }
      return due.length === BATCH;
    },
  });
}

/** One listing serves all lost answers of one address. */
function byAddress(entries: readonly EntryRecord[]): EntryRecord[][] {
  const groups = new Map<string, EntryRecord[]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.account, entry.kind, entry.to]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

async function lookFor(due: readonly EntryRecord[], options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, logger } = options;
  const first = due[0];
  if (first === undefined) return;
  const account = options.accounts.get(first.account);
  if (account === undefined) {
    const error = errorReport('TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN', {
      stage: 'unknown',
      details: { account: first.account },
    });
    await apply(due.map((entry) => hold(entry, error, error.message)));
    return;
  }
  const hidden = due.filter(unrecognisable);
  if (hidden.length > 0) {
    const why = 'Its content or address is not kept by Twilio, so a copy could not be recognised.';
    await apply(hidden.map((entry) => hold(entry, ambiguous(why), why)));
  }
  const sought = due.filter((entry) => !unrecognisable(entry));
  if (sought.length === 0) return;
  const since = Math.min(...sought.map((entry) => Math.min(entry.sendingAt ?? entry.createdAt, entry.createdAt)));
  const listing = await account.list(first.kind, first.to, Math.min(since, clock.now()), signal);
  if (signal.aborted) return;
  const facts = await judge(sought, listing, since);
  await apply(facts);

  /** Entries may have moved while the listing was made (a callback, a person), so they are read again with their twins. */
  async function judge(entries: readonly EntryRecord[], seen: Listing, from: number): Promise<Change[]> {
    const ids = new Set(entries.map((entry) => entry.id));
    // The owners are read first: a twin that takes a SID between the two reads then shows it in the second.
    const owners = await store.entriesBySid(seen.resources.map((resource) => resource.sid));
    const twins = await store.twins(
      entries[0]?.account ?? '',
      first?.kind ?? 'message',
      first?.to ?? '',
      from - 86_400_000,
    );
    const lost = twins.filter((twin) => twin.state === 'unknown' || twin.state === 'held');
    const conclusions = conclude({
      lost,
      underWay: twins.filter((twin) => twin.state === 'sending'),
      nameless: twins.filter((twin) => twin.state === 'done' && twin.sid === null && twin.attempts > 0),
      resources: seen.resources,
      explained: new Set([...owners, ...twins].map((owner) => owner.sid ?? '')),
      clockOffsetMs: seen.clockOffsetMs,
      now: clock.now(),
    });
    return lost.flatMap((entry) =>
      ids.has(entry.id) || conclusions.get(entry.id)?.verdict === 'found'
        ? changesOf(entry, conclusions.get(entry.id), seen, options.windowMs, clock.now())
        : [],
    );
  }

  async function apply(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    await store.apply(changes, clock.now());
    for (const { key, fact } of changes) logger.info({ ...key, fact: fact.type }, 'a lost answer was looked for');
  }
}

/** The facts that one listing adds to one entry. */
function changesOf(
  entry: EntryRecord,
  conclusion: Conclusion | undefined,
  listing: Listing,
  windowMs: number,
  now: number,
): Change[] {
  const key = { id: entry.id };
  if (conclusion?.verdict === 'found') return foundFacts(entry, conclusion.resource).map((fact) => ({ key, fact }));
  const counts = listing.complete && conclusion !== undefined && conclusion.verdict !== 'wait';
  // Spanned by Twilio's clock where it is known: ours may have jumped between two listings.
  const at = now + (listing.clockOffsetMs ?? 0);
  const why = describe(listing, conclusion);
  const listed: Fact = { type: 'listed', complete: counts, windowMs: windowMs + 2 * DATE_MS, why, at };
  const listings = counts ? [...entry.listings, at] : entry.listings;
  const spanMs = Math.max(...listings) - Math.min(...listings);
  const spanned = listings.length > 0 && spanMs >= windowMs + DATE_MS;
  if (!counts || listings.length < LISTINGS_FOR_ABSENCE || !spanned) return [{ key, fact: listed }];
  if (conclusion.verdict === 'ambiguous')
    return [{ key, fact: listed }, hold(entry, ambiguous(conclusion.why), conclusion.why)];
  const absent = `${listings.length} complete listings over ${Math.round(spanMs / 1000)} s lack it: Twilio never took it.`;
  return [
    { key, fact: listed },
    { key, fact: { type: 'absent', why: absent } },
  ];
}

/** It was taken as Twilio's initial status, which is silent; what it says now is a status like any other. */
function foundFacts(entry: EntryRecord, resource: ListedResource): Fact[] {
  const { sid, status, errorCode, errorMessage } = resource;
  const from = resource.from ?? null;
  const why = `Twilio's list has it as ${sid} (${status}): it was taken, only the answer was lost.`;
  const told = { sid, errorCode, errorMessage, from, segments: resource.segments ?? null };
  return [
    { type: 'found', why, ...told, status: initialStatus(entry, status) },
    { type: 'status', source: 'poll', fields: statusFields(entry, resource), ...told, status },
  ];
}

/** Twilio docs: message status values; a call begins `queued`. */
function initialStatus({ kind, params }: EntryRecord, status: string): string {
  if (kind === 'call' || params.messagingServiceSid === undefined) return 'queued';
  return status === 'scheduled' ? 'scheduled' : 'accepted';
}

function describe(listing: Listing, conclusion: Conclusion | undefined): string {
  if (!listing.complete)
    return `The listing could not be completed (${listing.error?.message ?? 'partial'}); it does not count.`;
  if (conclusion === undefined || conclusion.verdict === 'wait')
    return 'An equal text is under way; this listing does not count.';
  if (conclusion.verdict === 'ambiguous') return conclusion.why;
  return `A complete listing of ${listing.resources.length} record(s) lacks it.`;
}

function ambiguous(why: string) {
  return errorReport('TOLLBOARD_DELIVERY_AMBIGUOUS', { stage: 'unknown', details: { why } });
}

function hold(entry: EntryRecord, error: ReturnType<typeof ambiguous>, why: string): Change {
  return { key: { id: entry.id }, fact: { type: 'ambiguous', error, why } };
}
