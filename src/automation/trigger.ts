/** When an automation fires: which events fit, and when a time comes next. Pure. */

import type { EventRecord } from '../core/event.ts';
import type { Trigger } from './definition.ts';
import type { Value } from './template/python.ts';
import { WEEKDAYS } from './definition.ts';

export type EventTrigger = Extract<Trigger, { kind: 'event' }>;
export type TimeTrigger = Exclude<Trigger, { kind: 'event' }>;

/** What templates know of it: `trigger`. */
export interface Fired {
  readonly platform: string;
  readonly id: string;
  readonly idx: string;
  readonly alias: string | null;
  readonly event?: {
    readonly id: string;
    readonly event_type: string;
    readonly data: Readonly<Record<string, string>>;
    readonly time_fired: string;
  };
  /** ISO 8601; of the two kinds of time. */
  readonly now?: string;
}

/** `data`: `event_data` with its templates rendered. Type-strict: the text "0" is not the number 0. */
export function fits(types: readonly string[], data: Readonly<Record<string, Value>>, event: EventRecord): boolean {
  if (!types.includes(event.type)) return false;
  return Object.entries(data).every(([name, wanted]) => {
    const given = Object.hasOwn(event.data, name) ? event.data[name] : undefined;
    return given !== undefined && given === wanted;
  });
}

/** The first trigger that an event fires; null where none does. They have no templates, or rendered ones. */
export function firedBy(triggers: readonly Trigger[], event: EventRecord): Fired | null {
  const index = triggers.findIndex(
    (one) => one.kind === 'event' && one.enabled === true && fits(one.types, one.data, event),
  );
  return index < 0 ? null : firedByEvent(triggers[index] as EventTrigger, index, event);
}

export function firedByEvent(trigger: EventTrigger, index: number, event: EventRecord): Fired {
  return {
    platform: 'event',
    id: trigger.id,
    idx: String(index),
    alias: trigger.alias,
    event: { id: event.id, event_type: event.type, data: event.data, time_fired: new Date(event.at).toISOString() },
  };
}

export function firedByTime(trigger: TimeTrigger, index: number, at: number): Fired {
  return {
    platform: trigger.kind,
    id: trigger.id,
    idx: String(index),
    alias: trigger.alias,
    now: new Date(at).toISOString(),
  };
}

/** The first whole second after `now` at which the trigger fires, local time; null where there is none soon. */
export function nextTime(trigger: TimeTrigger, now: number): number | null {
  return trigger.kind === 'time' ? nextClockTime(trigger, now) : nextPattern(trigger, now);
}

/** Today, and the seven days after: a weekday may come again in a week only. */
const DAYS = [0, 1, 2, 3, 4, 5, 6, 7];

function nextClockTime({ at, weekday }: Extract<Trigger, { kind: 'time' }>, now: number): number | null {
  const today = new Date(now);
  const times = at.flatMap((text) => {
    const [h = 0, m = 0, s = 0] = text.split(':').map(Number);
    return DAYS.map((days) => new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, h, m, s));
  });
  const wanted = times.filter((time) => weekday.length === 0 || weekday.includes(WEEKDAYS[time.getDay()] ?? ''));
  const later = wanted.map((time) => time.getTime()).filter((time) => time > now);
  return later.length === 0 ? null : Math.min(...later);
}

type Pattern = Extract<Trigger, { kind: 'time_pattern' }>;

/** A part that is left out is `*` above the largest one given, and 0 below it (Home Assistant's rule). */
function nextPattern({ hours, minutes, seconds }: Pattern, now: number): number | null {
  const h = hours ?? '*';
  const m = minutes ?? (hours === null ? '*' : '0');
  const s = seconds ?? '0';
  const second = (Math.floor(now / 1000) + 1) * 1000;
  const day = new Date(second);
  for (let hour = 0; hour < 25; hour++) {
    const at = new Date(day.getFullYear(), day.getMonth(), day.getDate(), day.getHours() + hour);
    if (!matches(h, at.getHours())) continue;
    for (let minute = 0; minute < 60; minute++) {
      if (!matches(m, minute)) continue;
      for (let one = 0; one < 60; one++) {
        if (!matches(s, one)) continue;
        const time = at.getTime() + (minute * 60 + one) * 1000;
        if (time >= second) return time;
      }
    }
  }
  return null;
}

function matches(pattern: string, value: number): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('/') ? value % Number(pattern.slice(1)) === 0 : value === Number(pattern);
}
