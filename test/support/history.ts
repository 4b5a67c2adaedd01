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

export type Acceptance = Pick<PhoneMessage, 'sid' | 'to' | 'body' | 'status'>;

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
  const { asked, entries, events, acceptances } = history;
  return [
    ...asked.flatMap((request) => requestFaults(request, entries)),
    ...entries.flatMap((entry) => endFaults(entry, mayHold)),
    ...countFaults(entries, acceptances),
    ...sidFaults(entries, acceptances),
    ...backwards(events),
  ];
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

/** Every entry ends, and a person is asked only where nothing else is left. */
function endFaults(entry: Entry, mayHold: boolean): string[] {
  const named = nameOf(entry);
  if (entry.state !== 'held') return FINAL_STATES.has(entry.state) ? [] : [`unfinished: ${named} reached no end`];
  const faults: string[] = [];
  if (!mayHold)
    faults.push(`held: ${named} waits for a person although the list tells the truth: ${entry.error?.message ?? ''}`);
  if ((entry.resolution?.choices.length ?? 0) === 0) faults.push(`held: ${named} offers no choice`);
  return faults;
}

/**
 * Equal texts to one number cannot be told apart by anybody, so they are counted: as many acceptances as entries that
 * say so; held ones may have been taken or not. Where all texts differ, each is a count of its own.
 */
function countFaults(entries: readonly Entry[], acceptances: readonly Acceptance[]): string[] {
  const alike = Map.groupBy(entries, textOf);
  const taken = Map.groupBy(acceptances, textOf);
  const faults: string[] = [];
  for (const [text, copies] of taken) {
    if (!alike.has(text))
      faults.push(`unexplained: Twilio took ${copies.map(({ sid }) => sid).join(', ')}, and no entry accounts for it`);
  }
  for (const [text, group] of alike) {
    const sids = (taken.get(text) ?? []).map(({ sid }) => sid);
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

function textOf({ to, body }: Pick<Entry, 'to' | 'body'>): string {
  return JSON.stringify([to, body]);
}

function nameOf({ id, state, status }: Entry): string {
  return `${id} (${state}, ${status ?? 'no status'})`;
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
