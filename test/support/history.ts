/** The history checker: what clients asked and were told, what the gateway says, what Twilio took; do they agree? */

import type { Entry, EntryKind } from '../../src/core/entry.ts';
import type { Acceptance, Asked, Circumstances, History } from './history-facts.ts';
import { callStatus } from '../../src/core/call.ts';
import { messageStatus } from '../../src/core/message.ts';
import { endFaults } from './history-ends.ts';
import { askedLook, lookOf, nameOf } from './history-facts.ts';

/** One sentence per contradiction, each beginning with its kind; empty when the history is as promised. */
export function contradictions(history: History, circumstances: Circumstances): string[] {
  const { asked, entries, acceptances, events } = history;
  const known = new Map(asked.map((request) => [request.key, request]));
  const entriesWithRequests = entries.map((entry) => ({ entry, request: known.get(entry.idempotencyKey ?? '') }));
  return [
    ...entriesWithRequests.flatMap(({ entry, request }) =>
      request === undefined ? [`unexplained: nobody asked for ${nameOf(entry)}`] : [],
    ),
    ...asked.flatMap((request) => requestFaults(request, history, circumstances)),
    ...endFaults(history, circumstances),
    ...countFaults(entries, acceptances, known),
    ...sidFaults(entries, acceptances, known),
    ...backwards(events),
    ...timeFaults(history, circumstances),
    ...paceFaults(history, circumstances),
    ...callbackFaults(acceptances, circumstances),
  ];
}

function entryLook(entry: Entry, known: ReadonlyMap<string, Asked>): string {
  const media = known.get(entry.idempotencyKey ?? '')?.mediaUrl?.length ?? 0;
  return lookOf({ ...entry, account: entry.account ?? '', media });
}

function requestFaults(request: Asked, { entries }: History, { refusals }: Circumstances): string[] {
  const { key, to, body, kind, acknowledged, refused } = request;
  const own = entries.filter((entry) => entry.idempotencyKey === key);
  const faults: string[] = [];
  if (refused !== null) {
    if (own.length > 0) faults.push(`false: request ${key} was refused, and ${own.map(nameOf).join(', ')} is there`);
    if (!refusals(request, to[0] ?? '').includes(refused)) faults.push(`false: ${key} was refused with ${refused}`);
    return faults;
  }
  for (const id of acknowledged ?? []) {
    if (!own.some((entry) => entry.id === id))
      faults.push(`lost: ${id} of request ${key} was acknowledged and is not there`);
  }
  if (own.length > to.length)
    faults.push(`repeated: request ${key} has ${own.length} entries for ${to.length} recipient(s)`);
  if (acknowledged !== null && own.length < to.length) {
    faults.push(`lost: request ${key} was acknowledged for ${to.length} recipient(s), ${own.length} are there`);
  }
  for (const entry of own) {
    if (!to.includes(entry.to)) faults.push(`altered: ${entry.id} goes to ${entry.to}, not asked for by ${key}`);
    if (kind === 'message' && entry.body !== body)
      faults.push(`altered: ${entry.id} has another text than ${key} asked for`);
    if (entry.account !== request.account) faults.push(`altered: ${entry.id} is sent by ${entry.account}`);
  }
  return faults;
}

/**
 * Equal texts to one number cannot be told apart by anybody, so they are counted: as many acceptances as entries that
 * say so; held ones may have been taken or not. Where all texts differ, each is a count of its own.
 */
function countFaults(
  entries: readonly Entry[],
  acceptances: readonly Acceptance[],
  known: ReadonlyMap<string, Asked>,
): string[] {
  const alike = Map.groupBy(entries, (entry) => entryLook(entry, known));
  const taken = Map.groupBy(acceptances, lookOf);
  const faults: string[] = [];
  for (const [look, copies] of taken) {
    if (!alike.has(look))
      faults.push(`unexplained: Twilio took ${copies.map(({ sid }) => sid).join(', ')}, and no entry accounts for it`);
  }
  for (const [look, group] of alike) {
    const sids = (taken.get(look) ?? []).map(({ sid }) => sid);
    const done = group.filter(({ state }) => state === 'done').length;
    const held = group.filter(({ state }) => state === 'held').length;
    const named = group.map(nameOf).join(', ');
    if (sids.length < done) faults.push(`lost: ${named}: ${done} said to be sent, Twilio took ${sids.length}`);
    if (sids.length <= done + held) continue;
    if (done + held === 0)
      faults.push(`false: ${named} says that nothing was sent, but Twilio took ${sids.join(', ')}`);
    else
      faults.push(
        `doubled: ${named}: ${done} said to be sent, ${held} held, Twilio took ${sids.length}: ${sids.join(', ')}`,
      );
  }
  return faults;
}

/** What an entry says of the message whose SID it shows must be so, and no two entries may show the same. */
function sidFaults(
  entries: readonly Entry[],
  acceptances: readonly Acceptance[],
  known: ReadonlyMap<string, Asked>,
): string[] {
  const taken = new Map(acceptances.map((acceptance) => [acceptance.sid, acceptance]));
  const owners = new Map<string, Entry>();
  const faults: string[] = [];
  for (const entry of entries) {
    if (entry.sid === null) {
      if (entry.state === 'done') faults.push(`false: ${entry.id} is done without a SID`);
      continue;
    }
    const other = owners.get(entry.sid);
    if (other !== undefined) faults.push(`false: ${entry.id} and ${other.id} both claim ${entry.sid}`);
    owners.set(entry.sid, entry);
    faults.push(...resourceFaults(entry, entryLook(entry, known), taken.get(entry.sid)));
  }
  return faults;
}

function resourceFaults(entry: Entry, look: string, resource: Acceptance | undefined): string[] {
  if (resource === undefined) return [`false: ${entry.id} shows ${entry.sid}, which Twilio does not have`];
  const faults: string[] = [];
  if (lookOf(resource) !== look) faults.push(`false: ${entry.id} shows ${entry.sid}, which is another one`);
  if (entry.state === 'done' && resource.status !== entry.status) {
    faults.push(`false: ${entry.id} ended ${entry.status}, but ${entry.sid} is ${resource.status}`);
  }
  const { failed } = statusOf(entry.kind, entry.status ?? '');
  if (entry.state === 'done' && failed !== (entry.error !== null)) {
    faults.push(`false: ${entry.id} ended ${entry.status} ${entry.error === null ? 'without' : 'with'} an error`);
  }
  return faults;
}

function backwards(events: History['events']): string[] {
  const last = new Map<string, string>();
  const faults: string[] = [];
  for (const { data } of events) {
    const { entryId, MessageStatus, CallStatus } = data;
    const status = MessageStatus ?? CallStatus;
    if (entryId === undefined || status === undefined) continue;
    const kind = MessageStatus === undefined ? 'call' : 'message';
    const before = last.get(entryId);
    if (before !== undefined && statusOf(kind, status).rank <= statusOf(kind, before).rank) {
      faults.push(`backwards: ${entryId} was ${before}, then ${status}`);
    }
    last.set(entryId, status);
  }
  return faults;
}

function statusOf(kind: EntryKind, status: string): { rank: number; failed: boolean } {
  return kind === 'call' ? callStatus(status) : messageStatus(status);
}

/** Clocks of two processes, read one after the other. */
const CLOCKS_MS = 2000;

/** Nothing leaves before its time. */
function timeFaults({ asked, acceptances }: History, { clockJumps }: Circumstances): string[] {
  if (clockJumps) return [];
  return asked.flatMap((request) =>
    request.to.flatMap((to) => {
      const look = askedLook(request, to);
      const twins = asked.filter((other) => other.to.some((number) => askedLook(other, number) === look));
      const first = Math.min(...twins.map(({ notBefore }) => notBefore ?? 0));
      return acceptances
        .filter((taken) => lookOf(taken) === look && taken.at < first - CLOCKS_MS)
        .map((taken) => `early: ${taken.sid} of ${request.key} was taken ${first - taken.at} ms before its time`);
    }),
  );
}

/** Time between slot and claim that is made good (throttle.ts), and fractions of a millisecond. */
const MADE_GOOD_MS = 51;

/** The requests of one sender leave no faster than its pace. */
function paceFaults({ claims }: History, { perSecond }: Circumstances): string[] {
  if (perSecond === null) return [];
  const faults: string[] = [];
  for (const [account, own] of Map.groupBy(claims, (claim) => claim.account)) {
    const times = own.map(({ at }) => at).sort((a, b) => a - b);
    for (const [index, at] of times.entries()) {
      const before = times[index - 1];
      if (before !== undefined && at - before < 1000 / perSecond - MADE_GOOD_MS)
        faults.push(`hasty: ${account} sent twice within ${at - before} ms at ${perSecond} per second`);
    }
  }
  return faults;
}

function callbackFaults(acceptances: readonly Acceptance[], { callbacks }: Circumstances): string[] {
  if (callbacks === null) return [];
  return acceptances
    .filter(({ calledBack }) => calledBack !== callbacks)
    .map(({ sid }) => `callback: ${sid} was sent ${callbacks ? 'without' : 'with'} a callback URL`);
}
