/** Writing what a transition decided, and remembering what changed. */

import type { Decision, EntryRecord } from '../core/entry.ts';
import type { EventRecord } from '../core/event.ts';
import type { Transition } from '../core/outbox.ts';
import type { FormFields } from '../core/parameter.ts';
import type { StoredEntry, Tables } from './tables.ts';
import { callerWants } from '../core/callback-mode.ts';
import { shownSid } from '../core/entry.ts';
import { statusFields, unsentEnd } from '../core/status-fields.ts';
import { WAITING_STATES } from './tables.ts';

/** Collects what an operation changed, for the listeners. */
export interface Changes {
  entries: EntryRecord[];
  events: EventRecord[];
  replayed: string[];
}

/** Writes a transition: patch, decision, event and forward. Leaving the waiting states also leaves the lane. */
export function writeTransition(
  tables: Tables,
  stored: StoredEntry,
  move: Extract<Transition, { ok: true }>,
  options: { now: number; changes: Changes; lane?: string; eventId?: string },
): { stored: StoredEntry; event: EventRecord | null } {
  const { now, changes } = options;
  const patch = { ...move.patch, updatedAt: now };
  const waiting = WAITING_STATES.has(patch.state ?? stored.record.state);
  const decision: Decision = { at: now, what: move.what, why: move.why };
  const written = tables.updateEntry(stored, patch, waiting ? (options.lane ?? stored.lane) : null, decision);
  changes.entries.push(written.record);
  const ended = written.record.idGiven && written.record.state !== stored.record.state;
  const end = ended ? unsentEnd(written.record) : null;
  if (end !== null) forward(tables, written.record, end.status, { fields: statusFields(written.record, end), now });
  if (move.event === undefined) return { stored: written, event: null };
  if (options.eventId === undefined) throw new Error(`no event id for the event of ${move.what}`);
  const { id: entryId, simulated } = written.record;
  const event = tables.insertEvent({ id: options.eventId, at: now, entryId, simulated, ...move.event });
  changes.events.push(event);
  return { stored: written, event };
}

/** Tells the caller's own StatusCallback, under the SID that the caller was given. */
export function forward(
  tables: Tables,
  record: EntryRecord,
  status: string,
  { fields, now }: { fields: FormFields; now: number },
): void {
  const { id: entryId, account, sid, kind, params } = record;
  const { statusCallback } = params;
  if (typeof statusCallback !== 'string' || !callerWants(kind, params, status)) return;
  const shown = shownSid(record);
  const told = fields.map(([name, value]): [string, string] => [name, value === sid ? shown : value]);
  tables.insertForward({ entryId, account, url: statusCallback, fields: told, attempts: 0, dueAt: now });
}
