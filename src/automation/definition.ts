/** An automation as it is carried out: Home Assistant's YAML in one spelling, every part with its place. */

import type { Value } from './template/python.ts';

/** A text that may hold a template; rendered when it is needed. */
export type Template = string;

/** As `Date` counts them. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export const MODES = ['single', 'restart', 'queued', 'parallel'] as const;
export type Mode = (typeof MODES)[number];

/** What every part has. */
export interface Part {
  /** Home Assistant's own way to name a part: `actions/0/choose/1/sequence/2`. */
  path: string;
  /** `automations.yaml:12:7`. */
  where: string;
  alias: string | null;
  /** False, or a template that is false, skips the part. */
  enabled: boolean | Template;
}

export interface Automation {
  /** The `id` of the file, else made from the alias. */
  id: string;
  alias: string;
  description: string;
  mode: Mode;
  /** Of `queued` and `parallel`: runs at a time, waiting ones included. */
  max: number;
  /** How loud it is told that a run may not begin; null: not at all. */
  exceeded: 'error' | 'warn' | 'info' | 'debug' | null;
  /** False: only by hand. */
  fires: boolean;
  /** How many runs that ended are kept. */
  traces: number;
  variables: Readonly<Record<string, Value>>;
  triggers: Trigger[];
  conditions: Condition[];
  actions: Action[];
  where: string;
}

/** `trigger.id` in templates: the `id` of the file, else its number. */
export type Trigger = Part & { id: string; variables: Readonly<Record<string, Value>> } & (
    | {
        kind: 'event';
        types: Template[];
        /** Every pair must be there and equal, text as text and number as number; templates are rendered first. */
        data: Readonly<Record<string, Value>>;
      }
    /** `HH:MM:SS`, local time; `weekday` empty: every day. */
    | { kind: 'time'; at: string[]; weekday: string[] }
    /** Each a number, `/n` or `*`; null where it is not given. */
    | { kind: 'time_pattern'; hours: string | null; minutes: string | null; seconds: string | null }
  );

export type Condition = Part &
  (
    | { kind: 'template'; template: Template }
    | { kind: 'and' | 'or' | 'not'; conditions: Condition[] }
    | { kind: 'time'; after: string | null; before: string | null; weekday: string[] }
    | { kind: 'numeric_state'; value: Template; above: number | Template | null; below: number | Template | null }
    | { kind: 'state'; value: Template; states: string[] }
    | { kind: 'trigger'; ids: string[] }
  );

/** Milliseconds, or a template that gives seconds or `HH:MM:SS`. */
export type Duration = number | Template | Readonly<Record<string, number | Template>>;

export type Action = Part & { continueOnError: boolean } & (
    | {
        kind: 'service';
        /** `domain.service`. */
        service: Template;
        target: Readonly<Record<string, Value>> | Template;
        data: Readonly<Record<string, Value>> | Template;
        response: string | null;
      }
    | { kind: 'variables'; variables: Readonly<Record<string, Value>> }
    | { kind: 'delay'; delay: Duration }
    | { kind: 'wait_for_trigger'; triggers: Trigger[]; timeout: Duration | null; continueOnTimeout: boolean }
    | { kind: 'wait_template'; template: Template; timeout: Duration | null; continueOnTimeout: boolean }
    | { kind: 'choose'; options: Array<{ conditions: Condition[]; sequence: Action[] }>; fallback: Action[] }
    | { kind: 'if'; conditions: Condition[]; yes: Action[]; no: Action[] }
    | { kind: 'repeat'; loop: Loop; sequence: Action[] }
    | { kind: 'parallel'; branches: Action[][] }
    | { kind: 'sequence'; sequence: Action[] }
    | { kind: 'stop'; reason: Template; error: boolean }
    | { kind: 'event'; type: Template; data: Readonly<Record<string, Value>> | Template }
    | { kind: 'condition'; condition: Condition }
  );

export type Loop =
  | { over: 'count'; count: Value }
  | { over: 'while' | 'until'; conditions: Condition[] }
  | { over: 'for_each'; items: Value };

/** Every action within a part or a list of parts, however deep. */
export function actionsOf(parts: unknown): Action[] {
  if (typeof parts !== 'object' || parts === null) return [];
  const inner = Object.values(parts).flatMap(actionsOf);
  return 'kind' in parts && 'continueOnError' in parts ? [parts as Action, ...inner] : inner;
}
