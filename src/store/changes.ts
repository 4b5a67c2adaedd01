/** Writing what a transition decided, and remembering what changed. */

import type { Decision, EntryRecord } from '../core/entry.ts';
import type { EventRecord } from '../core/event.ts';
import type { Transition } from '../core/outbox.ts';
import type { StoredEntry, Tables } from './tables.ts';
import { WAITING_STATES } from './tables.ts';

/** Collects what an operation changed, for the listeners. */
export interface Changes {
  entries: EntryRecord[];
  events: EventRecord[];
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
  if (move.event === undefined) return { stored: written, event: null };
  if (options.eventId === undefined) throw new Error(`no event id for the event of ${move.what}`);
  const { id: entryId, simulated } = written.record;
  const event = tables.insertEvent({ id: options.eventId, at: now, entryId, simulated, ...move.event });
  changes.events.push(event);
  return { stored: written, event };
}
