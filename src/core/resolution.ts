/** What a listing says about lost answers: found, absent so far, or ambiguous. Pure; the reconciler feeds it. */

import type { EntryRecord } from './entry.ts';
import type { ListedResource } from './ports.ts';
import { smartEncode } from './segments.ts';

/** Twilio's documented prefix of trial accounts; a listed copy of our text may carry it. */
export const TRIAL_PREFIX = 'Sent from your Twilio trial account - ';

/** How far Twilio's and our clock may differ before times say nothing about which text is which. */
const CLOCK_TRUST_MS = 5 * 60_000;
/** So a copy this much older than our request may be ours: our clock may have been set right in between. */
const MARGIN_MS = CLOCK_TRUST_MS;
/** What is older than that, up to here, may be ours all the same (a clock that jumped) or somebody else's: never certain. */
const DOUBTFUL_MS = 10 * 60_000;

/** Where an entry knows when it left by Twilio's clock: Twilio's machines may disagree by this much. */
const SHARP_MARGIN_MS = 5000;
/** What is older than that, up to here, is never certain. */
const SHARP_DOUBTFUL_MS = 60_000;

/** Complete listings, over at least the window, before absence is concluded (interface: §4). */
export const LISTINGS_FOR_ABSENCE = 3;

export interface Evidence {
  /** Entries with a lost answer to one address of one account; `held` ones take part, they are as unexplained. */
  readonly lost: readonly EntryRecord[];
  /** Entries to that address whose request is under way right now. */
  readonly underWay: readonly EntryRecord[];
  /** Entries to that address that a person called sent without naming a SID: one of the copies may be theirs. */
  readonly nameless?: readonly EntryRecord[];
  readonly resources: readonly ListedResource[];
  /** SIDs in the listing that other entries own already. */
  readonly explained: ReadonlySet<string>;
  /** Twilio's clock minus ours, null when unknown. */
  readonly clockOffsetMs: number | null;
  readonly now: number;
}

export type Conclusion =
  | { readonly verdict: 'found'; readonly resource: ListedResource }
  /** Not in this listing. */
  | { readonly verdict: 'absent' }
  /** More copies than entries, or one that cannot be recognised. */
  | { readonly verdict: 'ambiguous'; readonly why: string }
  /** A twin is under way: this listing proves nothing yet. */
  | { readonly verdict: 'wait' };

type Match = 'yes' | 'maybe' | 'no';

/**
 * One conclusion per lost entry. Entries that a listing cannot tell apart are matched by count: as many unexplained
 * copies as entries explain them all. Fewer copies explain some of them only where the entries are equal in what a
 * listing does not show, too (media, what a call says); more copies than entries are ambiguous.
 */
export function conclude(evidence: Evidence): Map<string, Conclusion> {
  const conclusions = new Map<string, Conclusion>();
  const open = evidence.resources.filter((r) => r.direction === 'outbound-api' && !evidence.explained.has(r.sid));
  const groups = groupAlike(evidence.lost).map((alike) => ({ alike, ...matchesOf(alike, open, evidence) }));
  for (const group of groups) {
    const others = groups.filter((other) => other !== group);
    for (const [id, conclusion] of concludeGroup(group, others, evidence)) conclusions.set(id, conclusion);
  }
  return conclusions;
}

interface Group {
  /** At least one, oldest first. */
  readonly alike: readonly EntryRecord[];
  readonly certain: readonly ListedResource[];
  readonly doubtful: boolean;
}

function matchesOf(alike: readonly EntryRecord[], open: readonly ListedResource[], evidence: Evidence) {
  const [sample] = alike;
  const since = earliest(alike, evidence);
  const matches = open.map((resource) => ({
    resource,
    match: sample === undefined ? ('no' as const) : compare(sample, resource, since),
  }));
  return {
    certain: matches.filter(({ match }) => match === 'yes').map(({ resource }) => resource),
    doubtful: matches.some(({ match }) => match === 'maybe'),
  };
}

function concludeGroup(group: Group, others: readonly Group[], evidence: Evidence): Array<[string, Conclusion]> {
  const { alike, certain, doubtful } = group;
  const all = (conclusion: Conclusion) => alike.map(({ id }): [string, Conclusion] => [id, conclusion]);
  const looks = new Set(alike.map((entry) => visible(entry)));
  if (evidence.underWay.some((other) => looks.has(visible(other)))) return all({ verdict: 'wait' });
  const why = doubtAbout(group, others, evidence, looks);
  if (why !== null) return all({ verdict: 'ambiguous', why });
  const oldestFirst = [...certain].sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  return alike.map(({ id }, index): [string, Conclusion] => {
    const resource = oldestFirst[index];
    if (resource !== undefined) return [id, { verdict: 'found', resource }];
    if (!doubtful) return [id, { verdict: 'absent' }];
    return [id, { verdict: 'ambiguous', why: 'Twilio lists a text to this number that may be this one.' }];
  });
}

/** Why the copies cannot be given to the entries of a group, or null when they can. */
function doubtAbout(
  { alike, certain }: Group,
  others: readonly Group[],
  evidence: Evidence,
  looks: ReadonlySet<string>,
): string | null {
  const copies = certain.length;
  if (copies > alike.length) {
    return `Twilio lists ${copies} copies that nothing else explains, for ${alike.length} lost answer(s).`;
  }
  if (copies === 0) return null;
  if (evidence.nameless?.some((other) => looks.has(visible(other)))) {
    return 'A copy is listed, but an equal one was called sent by a person without its SID.';
  }
  if (copies < alike.length && new Set(alike.map((entry) => hidden(entry))).size > 1) {
    return `Twilio lists ${copies} of ${alike.length} that differ only in what a list does not show.`;
  }
  const claimed = others.some((other) => other.certain.some(({ sid }) => certain.some((own) => own.sid === sid)));
  return claimed ? 'Twilio lists a copy that fits several of our texts.' : null;
}

/**
 * Which entry each listed resource is, as far as one look can tell: for lists that people see, never for deciding what is
 * sent. Each entry explains one resource at most.
 */
export function recognise(
  entries: readonly EntryRecord[],
  resources: readonly ListedResource[],
): Map<string, EntryRecord> {
  const open = entries.filter(({ state }) => state === 'sending' || state === 'unknown' || state === 'held');
  const known = new Map<string, EntryRecord>();
  for (const resource of resources) {
    if (resource.direction !== 'outbound-api') continue;
    const since = (entry: EntryRecord) => ({ at: firstLeft(entry), marginMs: MARGIN_MS, doubtfulMs: DOUBTFUL_MS });
    const index = open.findIndex((entry) => compare(entry, resource, since(entry)) === 'yes');
    const [entry] = index < 0 ? [] : open.splice(index, 1);
    if (entry !== undefined) known.set(resource.sid, entry);
  }
  return known;
}

/** True when a copy of this entry could not be told from its listing at all: it is held at once (interface §4). */
export function unrecognisable(entry: EntryRecord): boolean {
  return entry.params.contentRetention === 'discard' || entry.params.addressRetention === 'obfuscate';
}

function groupAlike(entries: readonly EntryRecord[]): EntryRecord[][] {
  const groups = new Map<string, EntryRecord[]>();
  for (const entry of [...entries].sort((a, b) => a.seq - b.seq)) {
    const group = groups.get(visible(entry));
    if (group === undefined) groups.set(visible(entry), [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

/** What a listing shows of an entry: two with the same cannot be told apart there. */
function visible(entry: EntryRecord): string {
  const { messagingServiceSid } = entry.params;
  const content =
    entry.kind === 'call' ? null : isRewritten(entry) ? 'rewritten' : [shownText(entry), mediaCount(entry)];
  return JSON.stringify([entry.kind, entry.to, entry.from, messagingServiceSid, content]);
}

/** Everything that was asked for: two with the same are equal to whoever receives them. */
function hidden(entry: EntryRecord): string {
  const sorted = Object.entries(entry.params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted, entry.extra]);
}

/** A template or shortened links: Twilio lists another text than ours. */
function isRewritten({ params }: EntryRecord): boolean {
  return params.contentSid !== undefined || params.shortenUrls === true;
}

function mediaCount({ params: { mediaUrl } }: EntryRecord): number {
  return Array.isArray(mediaUrl) ? mediaUrl.length : mediaUrl === undefined ? 0 : 1;
}

function shownText(entry: EntryRecord): string {
  const text = entry.body ?? '';
  return isReplaced(entry) ? folded(text) : text;
}

/** Look-alikes are replaced where SmartEncoded asks for it, and a service may do so by itself. */
function isReplaced({ params, from }: EntryRecord): boolean {
  return params.smartEncoded === true || params.messagingServiceSid !== undefined || from?.startsWith('MG') === true;
}

/** The earliest creation that can be ours, by Twilio's clock; how much older a copy may be and still be ours, or in doubt. */
interface Since {
  readonly at: number;
  readonly marginMs: number;
  readonly doubtfulMs: number;
}

/**
 * Null when times cannot be trusted: Twilio's clock is far from ours now, or the request left at a time that is still to
 * come.
 */
function earliest(alike: readonly EntryRecord[], evidence: Evidence): Since | null {
  const known = alike.map((entry) => entry.leftAfter);
  if (known.every((at) => at !== null)) {
    return { at: Math.min(...known), marginMs: SHARP_MARGIN_MS, doubtfulMs: SHARP_DOUBTFUL_MS };
  }
  const left = Math.min(...alike.map((entry) => firstLeft(entry)));
  const offset = evidence.clockOffsetMs ?? 0;
  if (Math.abs(offset) > CLOCK_TRUST_MS || left > evidence.now + 1000) return null;
  // Without Twilio's clock a copy in doubt is taken for ours: what is certainly wrong then is to send it again.
  const marginMs = evidence.clockOffsetMs === null ? DOUBTFUL_MS : MARGIN_MS;
  return { at: left + offset, marginMs, doubtfulMs: DOUBTFUL_MS };
}

/** An entry sent again after absence may be explained by its first request as well, so its age counts from acceptance. */
function firstLeft(entry: EntryRecord): number {
  return entry.attempts > 1
    ? Math.min(entry.createdAt, entry.sendingAt ?? entry.createdAt)
    : (entry.sendingAt ?? entry.createdAt);
}

function compare(entry: EntryRecord, resource: ListedResource, since: Since | null): Match {
  if (resource.to !== entry.to) return 'no';
  const earlyMs = since === null || resource.createdAt === null ? 0 : since.at - resource.createdAt;
  if (!sameSender(entry, resource)) return 'no';
  if (since !== null && earlyMs > since.doubtfulMs) return 'no';
  const match = entry.kind === 'call' ? 'yes' : sameContent(entry, resource);
  return match === 'yes' && since !== null && earlyMs > since.marginMs ? 'maybe' : match;
}

function sameSender(entry: EntryRecord, resource: ListedResource): boolean {
  const service = entry.params.messagingServiceSid ?? (entry.from?.startsWith('MG') ? entry.from : undefined);
  if (service === undefined) return resource.from === entry.from;
  return resource.messagingServiceSid === service;
}

function sameContent(entry: EntryRecord, resource: ListedResource): Match {
  const text = entry.body ?? '';
  if (resource.numMedia !== mediaCount(entry)) return 'no';
  if (isRewritten(entry)) return 'maybe';
  if ((resource.body ?? '') === '' && text !== '') return 'maybe';
  return sameText(entry, text, resource.body ?? '') ? 'yes' : 'no';
}

/**
 * A text may be listed with the trial prefix, and with look-alikes replaced where SmartEncoded or a service asked for
 * it. Replaced texts are compared by what both spellings come to, so that it does not matter which table Twilio used.
 */
function sameText(entry: EntryRecord, text: string, listed: string): boolean {
  const replaced = isReplaced(entry);
  const spellings = listed.startsWith(TRIAL_PREFIX) ? [listed, listed.slice(TRIAL_PREFIX.length)] : [listed];
  return spellings.some((spelling) => spelling === text || (replaced && folded(spelling) === folded(text)));
}

/** Tables disagree on which way the single angle quotes turn, so both ways count as one. */
function folded(text: string): string {
  return smartEncode(text).replaceAll(/[<>\u2039\u203a]/g, '<');
}
