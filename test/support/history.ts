/** The history checker: what clients asked and were told, what the gateway says, what Twilio took; do they agree? */

import type { Entry } from '../../src/core/entry.ts';
import type { TollboardEvent } from '../../src/core/event.ts';
import type { PhoneMessage } from '../../src/simulator/control.ts';
import { FINAL_STATES } from '../../src/core/entry.ts';
import { messageStatus } from '../../src/core/message.ts';

/** One request of a client, repeated under its key until it was answered or given up. */
export interface Asked {
  key: string;
  to: readonly string[];
  body: string;
  /** Ids in the answer, one per recipient; null when no answer ever came. */
  acknowledged: readonly string[] | null;
}

export type Acceptance = Pick<PhoneMessage, 'sid' | 'to' | 'body' | 'status' | 'statusCallback'>;

export interface History {
  asked: readonly Asked[];
  /** Every entry of the gateway at the end. */
  entries: readonly Entry[];
  /** In the order in which they were stored. */
  events: readonly Pick<TollboardEvent, 'data'>[];
  /** Every acceptance at the simulator, those included whose answer was dropped. */
  acceptances: readonly Acceptance[];
}

export interface CheckOptions {
  /** Held entries are no fault: equal texts to one number, or a list that hides. Default false. */
  mayHold?: boolean;
}

/** One sentence per contradiction, each beginning with its kind; empty when the history is as promised. */
export function contradictions(history: History, { mayHold = false }: CheckOptions = {}): string[] {
  const copies = copiesByEntry(history);
  return [
    ...history.asked.flatMap((asked) => requestFaults(asked, history.entries)),
    ...history.entries.flatMap((entry) => entryFaults(entry, copies.get(entry.id ?? '') ?? [], mayHold)),
    ...sidFaults(history.entries, history.acceptances),
    ...strangers(history),
    ...backwards(history.events),
  ];
}

/** Which entry each acceptance was made for: by the ref in its callback URL, else by the SID that the entry shows. */
function copiesByEntry({ entries, acceptances }: History): Map<string, Acceptance[]> {
  const bySid = new Map(entries.map((entry) => [entry.sid, entry.id]));
  const copies = new Map<string, Acceptance[]>();
  for (const acceptance of acceptances) {
    const id = refOf(acceptance) ?? bySid.get(acceptance.sid) ?? null;
    if (id === null) continue;
    copies.set(id, [...(copies.get(id) ?? []), acceptance]);
  }
  return copies;
}

function refOf({ statusCallback }: Acceptance): string | null {
  return statusCallback === null ? null : new URL(statusCallback).searchParams.get('ref');
}

function requestFaults({ key, to, body, acknowledged }: Asked, entries: readonly Entry[]): string[] {
  const own = entries.filter((entry) => entry.idempotencyKey === key);
  const faults: string[] = [];
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
    if (entry.body !== body) faults.push(`altered: ${entry.id} has another text than ${key} asked for`);
  }
  return faults;
}

function entryFaults(entry: Entry, copies: readonly Acceptance[], mayHold: boolean): string[] {
  const faults: string[] = [];
  const named = `${entry.id} (${entry.state}, ${entry.status ?? 'no status'})`;
  if (copies.length > 1)
    faults.push(`doubled: Twilio took ${named} ${copies.length} times: ${copies.map((c) => c.sid).join(', ')}`);
  if (entry.state === 'held') {
    if (!mayHold)
      faults.push(`held: ${named} waits for a person although the list tells the truth: ${entry.error?.message ?? ''}`);
    if ((entry.resolution?.choices.length ?? 0) === 0) faults.push(`held: ${named} offers no choice`);
  } else if (!FINAL_STATES.has(entry.state)) faults.push(`unfinished: ${named} reached no end`);
  else if (entry.state !== 'done' && copies.length > 0) {
    faults.push(`false: ${named} says that nothing was sent, but Twilio took ${copies[0]?.sid}`);
  } else if (entry.state === 'done' && copies.length === 0) {
    faults.push(`lost: ${named} says that it was sent, but Twilio never took it`);
  }
  return faults;
}

/** What an entry says of the message whose SID it shows must be so, and no two entries may show the same. */
function sidFaults(entries: readonly Entry[], acceptances: readonly Acceptance[]): string[] {
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
    faults.push(...resourceFaults(entry, taken.get(entry.sid)));
  }
  return faults;
}

function resourceFaults(entry: Entry, resource: Acceptance | undefined): string[] {
  if (resource === undefined) return [`false: ${entry.id} shows ${entry.sid}, which Twilio does not have`];
  const faults: string[] = [];
  if (resource.to !== entry.to || resource.body !== entry.body)
    faults.push(`false: ${entry.id} shows ${entry.sid}, which is another text`);
  if (entry.state === 'done' && resource.status !== entry.status) {
    faults.push(`false: ${entry.id} ended ${entry.status}, but ${entry.sid} is ${resource.status}`);
  }
  if (entry.state === 'done' && messageStatus(entry.status ?? '').failed !== (entry.error !== null)) {
    faults.push(`false: ${entry.id} ended ${entry.status} ${entry.error === null ? 'without' : 'with'} an error`);
  }
  return faults;
}

/** Acceptances that no entry accounts for. */
function strangers({ entries, acceptances }: History): string[] {
  const ids = new Set(entries.map((entry) => entry.id));
  const sids = new Set(entries.map((entry) => entry.sid));
  return acceptances
    .filter((acceptance) => !sids.has(acceptance.sid) && !ids.has(refOf(acceptance)))
    .map(
      (acceptance) => `unexplained: Twilio took ${acceptance.sid} to ${acceptance.to}, and no entry accounts for it`,
    );
}

function backwards(events: History['events']): string[] {
  const last = new Map<string, string>();
  const faults: string[] = [];
  for (const { data } of events) {
    const { entryId, MessageStatus: status } = data;
    if (entryId === undefined || status === undefined) continue;
    const before = last.get(entryId);
    if (before !== undefined && messageStatus(status).rank <= messageStatus(before).rank) {
      faults.push(`backwards: ${entryId} was ${before}, then ${status}`);
    }
    last.set(entryId, status);
  }
  return faults;
}
