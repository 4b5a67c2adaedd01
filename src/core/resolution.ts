/** What a listing says about lost answers: found, absent so far, or ambiguous. Pure; the reconciler feeds it. */

import type { EntryRecord } from './entry.ts';
import type { ListedResource } from './ports.ts';
import { smartEncode } from './segments.ts';

/** Twilio's documented prefix of trial accounts; a listed copy of our text may carry it. */
export const TRIAL_PREFIX = 'Sent from your Twilio trial account - ';

/** How far Twilio's and our clock may differ before times say nothing about which text is which. */
const CLOCK_TRUST_MS = 5 * 60_000;
/** A copy is looked for from this long before our request left, so that small differences do no harm. */
const WINDOW_MARGIN_MS = 10 * 60_000;

/** Complete listings, over at least the window, before absence is concluded (interface: §4). */
export const LISTINGS_FOR_ABSENCE = 3;

export interface Evidence {
  /** Entries with a lost answer to one address of one account; `held` ones take part, they are as unexplained. */
  readonly lost: readonly EntryRecord[];
  /** Entries to that address whose request is under way right now. */
  readonly underWay: readonly EntryRecord[];
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
 * One conclusion per lost entry. Texts are matched by count: `n` unexplained copies explain `n` of the entries that look
 * alike (which of them is which cannot matter, they are equal); more copies than entries is ambiguous.
 */
export function conclude(evidence: Evidence): Map<string, Conclusion> {
  const conclusions = new Map<string, Conclusion>();
  const open = evidence.resources.filter((r) => r.direction === 'outbound-api' && !evidence.explained.has(r.sid));
  for (const alike of groupAlike(evidence.lost)) {
    const sample = alike[0];
    if (sample === undefined) continue;
    if (evidence.underWay.some((other) => key(other) === key(sample))) {
      for (const entry of alike) conclusions.set(entry.id, { verdict: 'wait' });
      continue;
    }
    const since = earliest(alike, evidence);
    const matches = open.map((resource) => ({ resource, match: compare(sample, resource, since) }));
    const certain = matches.filter(({ match }) => match === 'yes').map(({ resource }) => resource);
    const doubtful = matches.some(({ match }) => match === 'maybe');
    assign(alike, certain, doubtful, conclusions);
  }
  return conclusions;
}

/** True when a copy of this entry could not be told from its listing at all: it is held at once (interface §4). */
export function unrecognisable(entry: EntryRecord): boolean {
  return entry.params.contentRetention === 'discard' || entry.params.addressRetention === 'obfuscate';
}

function assign(
  alike: readonly EntryRecord[],
  certain: readonly ListedResource[],
  doubtful: boolean,
  conclusions: Map<string, Conclusion>,
): void {
  const oldestFirst = [...certain].sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const [index, entry] of alike.entries()) {
    const resource = oldestFirst[index];
    if (certain.length > alike.length) {
      const why = `Twilio lists ${certain.length} copies that nothing else explains, for ${alike.length} lost answer(s).`;
      conclusions.set(entry.id, { verdict: 'ambiguous', why });
    } else if (resource !== undefined) conclusions.set(entry.id, { verdict: 'found', resource });
    else if (doubtful) {
      conclusions.set(entry.id, {
        verdict: 'ambiguous',
        why: 'Twilio lists a text to this number that may be this one.',
      });
    } else conclusions.set(entry.id, { verdict: 'absent' });
  }
}

function groupAlike(entries: readonly EntryRecord[]): EntryRecord[][] {
  const groups = new Map<string, EntryRecord[]>();
  for (const entry of [...entries].sort((a, b) => a.seq - b.seq)) {
    const group = groups.get(key(entry));
    if (group === undefined) groups.set(key(entry), [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

/** Entries with equal keys could not be told apart in a listing. */
function key(entry: EntryRecord): string {
  const { messagingServiceSid, mediaUrl, contentSid, contentVariables, smartEncoded, shortenUrls } = entry.params;
  const content =
    entry.kind === 'call' ? null : [entry.body, mediaUrl, contentSid, contentVariables, smartEncoded, shortenUrls];
  return JSON.stringify([entry.kind, entry.to, entry.from, messagingServiceSid, content]);
}

/**
 * The earliest creation that can be ours, or null when times cannot be trusted: Twilio's clock is far from ours now, or
 * the request left at a time that is still to come.
 */
function earliest(alike: readonly EntryRecord[], evidence: Evidence): number | null {
  const left = Math.min(...alike.map((entry) => firstLeft(entry)));
  const offset = evidence.clockOffsetMs ?? 0;
  if (Math.abs(offset) > CLOCK_TRUST_MS || left > evidence.now + 1000) return null;
  return left + offset - WINDOW_MARGIN_MS;
}

/** An entry sent again after absence may be explained by its first request as well, so its age counts from acceptance. */
function firstLeft(entry: EntryRecord): number {
  return entry.attempts > 1
    ? Math.min(entry.createdAt, entry.sendingAt ?? entry.createdAt)
    : (entry.sendingAt ?? entry.createdAt);
}

function compare(entry: EntryRecord, resource: ListedResource, since: number | null): Match {
  if (resource.to !== entry.to) return 'no';
  if (since !== null && resource.createdAt !== null && resource.createdAt < since) return 'no';
  if (!sameSender(entry, resource)) return 'no';
  return entry.kind === 'call' ? 'yes' : sameContent(entry, resource);
}

function sameSender(entry: EntryRecord, resource: ListedResource): boolean {
  const service = entry.params.messagingServiceSid ?? (entry.from?.startsWith('MG') ? entry.from : undefined);
  if (service === undefined) return resource.from === entry.from;
  return resource.messagingServiceSid === service;
}

function sameContent(entry: EntryRecord, resource: ListedResource): Match {
  const rewritten = entry.params.contentSid !== undefined || entry.params.shortenUrls === true;
  const text = entry.body ?? '';
  const media = entry.params.mediaUrl;
  if (resource.numMedia !== (Array.isArray(media) ? media.length : media === undefined ? 0 : 1)) return 'no';
  if (rewritten) return 'maybe';
  if ((resource.body ?? '') === '' && text !== '') return 'maybe';
  return sameText(entry, text, resource.body ?? '') ? 'yes' : 'no';
}

/**
 * A text may be listed with the trial prefix, and with look-alikes replaced where SmartEncoded or a service asked for
 * it. Replaced texts are compared by what both spellings come to, so that it does not matter which table Twilio used.
 */
function sameText(entry: EntryRecord, text: string, listed: string): boolean {
  const { smartEncoded, messagingServiceSid } = entry.params;
  const replaced = smartEncoded === true || messagingServiceSid !== undefined || entry.from?.startsWith('MG') === true;
  const spellings = listed.startsWith(TRIAL_PREFIX) ? [listed, listed.slice(TRIAL_PREFIX.length)] : [listed];
  return spellings.some((spelling) => spelling === text || (replaced && folded(spelling) === folded(text)));
}

/** Tables disagree on which way the single angle quotes turn, so both ways count as one. */
function folded(text: string): string {
  return smartEncode(text).replaceAll(/[<>\u2039\u203a]/g, '<');
}
