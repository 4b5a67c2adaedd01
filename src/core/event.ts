/** The three event types, and the form in which they are stored, streamed and handed on. */

import type { FormFields } from './parameter.ts';

export const EVENT_TYPES = ['twilio_data_received', 'twilio_message_status', 'twilio_call_status'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * An event as outsiders see it. `data` holds Twilio's fields under Twilio's names; status events add `entryId`
 * (the entry's id); inbound events add `webhook_id`.
 */
export interface TollboardEvent {
  /** `EV` + 32 hex. */
  id: string;
  type: EventType;
  /** ISO 8601 UTC. */
  time: string;
  data: Record<string, string>;
  simulated: boolean;
}

/** The stored form; `seq` ascends and serves as the cursor of pages and of the live stream. */
export interface EventRecord {
  readonly seq: number;
  readonly id: string;
  readonly type: EventType;
  readonly at: number;
  readonly entryId: string | null;
  readonly data: Record<string, string>;
  /**
   * The form that it came as, where `data` does not tell all of it (repeated names): for those who hand the form on. No
   * part of what outsiders see.
   */
  readonly form?: FormFields;
  readonly simulated: boolean;
}

export type NewEvent = Omit<EventRecord, 'seq'>;

export function eventView(record: EventRecord): TollboardEvent {
  const { id, type, data, simulated } = record;
  return { id, type, time: new Date(record.at).toISOString(), data, simulated };
}
