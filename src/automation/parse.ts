/** From YAML to automations: a mapping, a list, or a file that is one automation; both spellings of Home Assistant. */

import type { Located } from '../core/located.ts';
import type { Action, Automation, Condition, Duration, Loop, Mode, Trigger } from './definition.ts';
import type { Value } from './template/python.ts';
import { toPlain } from '../core/located.ts';
import { MODES, WEEKDAYS } from './definition.ts';
import { durationMs, UNIT_MS } from './durations.ts';
import { Fields, invalid, kindOf, listOf, type PrintPlace } from './fields.ts';
import { isPlain } from './template/rewrite.ts';

/** Home Assistant's default for `max`. */
const MAX_RUNS = 10;
/** Parts within parts deeper than this are no automation that somebody wrote. */
const MAX_DEPTH = 30;

/** Throws `TOLLBOARD_AUTOMATION_INVALID` for the first fault, with file, line and column. */
export function parseAutomations(source: Located | null, printPlace: PrintPlace): Automation[] {
  const automations = listOf(source).map((item, index) => automation(new Fields(item, '', printPlace), index));
  const seen = new Map<string, Automation>();
  for (const one of automations) {
    const other = seen.get(one.id);
    if (other !== undefined)
      throw invalid(one.where, 'id', `is ${one.id}, as in ${other.where}`, 'an id, or an alias, that no other has');
    seen.set(one.id, one);
  }
  return automations;
}

function automation(fields: Fields, index: number): Automation {
  const alias = fields.text('alias');
  const id = fields.text('id') ?? (alias === null ? `automation_${index + 1}` : slug(alias));
  const mode = fields.text('mode') ?? 'single';
  if (!(MODES as readonly string[]).includes(mode))
    throw invalid(fields.where, 'mode', `is ${mode.slice(0, 40)}`, MODES.join(', '));
  const triggers = triggersOf(fields.list('triggers', 'trigger'), 'triggers', fields.printPlace);
  const acts = fields.has('actions', 'action') !== null;
  const found: Automation = {
    id,
    alias: alias ?? id,
    description: fields.text('description') ?? '',
    mode: mode as Mode,
    max: whole(fields, 'max', MAX_RUNS),
    exceeded: loudness(fields),
    fires: fields.flag('initial_state', true),
    traces: storedTraces(fields),
    variables: { ...fields.mapping('trigger_variables'), ...fields.mapping('variables') },
    triggers,
    conditions: conditionsOf(fields.list('conditions', 'condition'), 'conditions', fields.printPlace, 0),
    actions: actionsOf(fields.list('actions', 'action'), 'actions', fields.printPlace, 0),
    where: fields.where,
  };
  fields.end('an automation');
  if (triggers.length === 0) throw invalid(fields.where, '', 'has no trigger', 'triggers: with at least one');
  if (!acts) throw invalid(fields.where, '', 'has no action', 'actions: with what it does');
  return found;
}

/** Traces that are kept, where the file says nothing of it, and at most. */
const TRACES = 20;
const MAX_TRACES = 100;

function storedTraces(fields: Fields): number {
  const source = fields.take('trace');
  if (source === null) return TRACES;
  const trace = new Fields(source, 'trace', fields.printPlace);
  const text = trace.text('stored_traces') ?? String(TRACES);
  trace.end('trace');
  if (/^\d{1,3}$/.test(text) && Number(text) <= MAX_TRACES) return Number(text);
  throw invalid(trace.where, 'trace/stored_traces', `is ${text.slice(0, 40)}`, `a number from 0 to ${MAX_TRACES}`);
}

function whole(fields: Fields, name: string, fallback: number): number {
  const text = fields.text(name);
  if (text === null) return fallback;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw invalid(fields.where, name, `is ${text.slice(0, 40)}`, 'a number from 1 to 9999');
}

/** Home Assistant's levels of `max_exceeded`, as ours. */
const LOUDNESS: Readonly<Record<string, Automation['exceeded']>> = {
  silent: null,
  debug: 'debug',
  notset: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
  critical: 'error',
};

function loudness(fields: Fields): Automation['exceeded'] {
  const text = fields.text('max_exceeded')?.toLowerCase() ?? 'warning';
  const level = Object.hasOwn(LOUDNESS, text) ? LOUDNESS[text] : undefined;
  if (level !== undefined) return level;
  throw invalid(fields.where, 'max_exceeded', `is ${text.slice(0, 40)}`, Object.keys(LOUDNESS).join(', '));
}

/* ------------------------------------------------------------------ triggers */

/** An item may be a list of triggers of its own, under `triggers`; each is counted as if it stood here. */
function triggersOf(items: readonly Located[], path: string, printPlace: PrintPlace): Trigger[] {
  const flat = items.flatMap((item) => nested(item) ?? [item]);
  return flat.map((item, index) => trigger(new Fields(item, `${path}/${index}`, printPlace), index));
}

function nested(item: Located): Located[] | null {
  const [only, ...others] = item.kind === 'map' ? item.entries : [];
  return only?.key === 'triggers' && others.length === 0 ? listOf(only.value) : null;
}

function trigger(fields: Fields, index: number): Trigger {
  const kind = fields.need('trigger', 'platform');
  const read = Object.hasOwn(TRIGGERS, kind) ? TRIGGERS[kind] : undefined;
  if (read === undefined)
    throw invalid(
      fields.where,
      fields.path,
      `is a trigger of kind ${kind.slice(0, 40)}`,
      Object.keys(TRIGGERS).join(', '),
    );
  const common = { ...fields.part(), id: fields.text('id') ?? String(index), variables: fields.mapping('variables') };
  const own = read(fields);
  fields.end(`a trigger of kind ${kind}`);
  return { ...common, ...own } as Trigger;
}

const TRIGGERS: Readonly<Record<string, (fields: Fields) => object>> = {
  event(fields) {
    const types = fields.texts('event_type');
    if (types.length === 0)
      throw invalid(fields.where, fields.path, 'lacks event_type', 'event_type: twilio_data_received');
    return { kind: 'event', types, data: fields.mapping('event_data') };
  },
  time(fields) {
    const at = fields.texts('at').map((text) => clockTime(text, fields, 'at'));
    if (at.length === 0) throw invalid(fields.where, fields.path, 'lacks at', "at: '07:30:00'");
    return { kind: 'time', at, weekday: weekdays(fields) };
  },
  time_pattern(fields) {
    const [hours, minutes, seconds] = (['hours', 'minutes', 'seconds'] as const).map((name) => {
      const text = fields.text(name);
      const limit = name === 'hours' ? 24 : 60;
      const number = Number(/^\/?(\d{1,2})$/.exec(text ?? '')?.[1] ?? Number.NaN);
      if (text === null || text === '*' || (number < limit && !/^\/0+$/.test(text))) return text;
      throw invalid(
        fields.where,
        `${fields.path}/${name}`,
        `is ${text.slice(0, 20)}`,
        `a number below ${limit}, /n or *`,
      );
    });
    if (hours === null && minutes === null && seconds === null)
      throw invalid(fields.where, fields.path, 'has no hours, minutes or seconds', "minutes: '/5'");
    return { kind: 'time_pattern', hours, minutes, seconds };
  },
};

/** `7:30` or `07:30:00`. */
function clockTime(text: string, fields: Fields, name: string): string {
  const [, h = '', m = '', s = '00'] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text.trim()) ?? [];
  if (h !== '' && Number(h) < 24 && Number(m) < 60 && Number(s) < 60) return `${h.padStart(2, '0')}:${m}:${s}`;
  throw invalid(fields.where, `${fields.path}/${name}`, `is ${text.slice(0, 40)}`, "a time of day such as '07:30:00'");
}

function weekdays(fields: Fields): string[] {
  const days = fields.texts('weekday');
  const odd = days.find((day) => !WEEKDAYS.includes(day));
  if (odd === undefined) return days;
  throw invalid(fields.where, `${fields.path}/weekday`, `is ${odd.slice(0, 20)}`, WEEKDAYS.join(', '));
}

/* ------------------------------------------------------------------ conditions */

function conditionsOf(items: readonly Located[], path: string, printPlace: PrintPlace, depth: number): Condition[] {
  return items.map((item, index) => condition(item, `${path}/${index}`, printPlace, depth + 1));
}

function condition(item: Located, path: string, printPlace: PrintPlace, depth: number): Condition {
  if (item.kind === 'text') {
    const part = { path, where: printPlace(item.place), alias: null, enabled: true };
    if (!isPlain(item.text)) return { ...part, kind: 'template', template: item.text };
    throw invalid(part.where, path, `is the text ${item.text.slice(0, 40)}`, 'a condition, or a template in {{ }}');
  }
  const fields = new Fields(item, path, printPlace);
  if (depth > MAX_DEPTH)
    throw invalid(fields.where, path, 'lies too deep', `at most ${MAX_DEPTH} parts within each other`);
  const short = fields.has('and', 'or', 'not');
  const kind = short ?? fields.need('condition');
  const part = fields.part();
  if (!isPlain(kind)) {
    fields.end('a template as condition');
    return { ...part, kind: 'template', template: kind };
  }
  const read = Object.hasOwn(CONDITIONS, kind) ? CONDITIONS[kind] : undefined;
  if (read === undefined)
    throw invalid(
      fields.where,
      path,
      `is a condition of kind ${kind.slice(0, 40)}`,
      Object.keys(CONDITIONS).join(', '),
    );
  const own = read(fields, kind, depth);
  fields.end(`a condition of kind ${kind}`);
  return { ...part, ...own } as Condition;
}

const group = (fields: Fields, kind: string, depth: number) => {
  const items = fields.list('conditions', kind);
  return { kind, conditions: conditionsOf(items, `${fields.path}/conditions`, fields.printPlace, depth) };
};

const CONDITIONS: Readonly<Record<string, (fields: Fields, kind: string, depth: number) => object>> = {
  template: (fields) => ({ kind: 'template', template: fields.need('value_template') }),
  and: group,
  or: group,
  not: group,
  time(fields) {
    const [after, before] = (['after', 'before'] as const).map((name) => {
      const text = fields.text(name);
      return text === null ? null : clockTime(text, fields, name);
    });
    const weekday = weekdays(fields);
    if (after === null && before === null && weekday.length === 0)
      throw invalid(fields.where, fields.path, 'has no after, before or weekday', 'at least one of them');
    return { kind: 'time', after, before, weekday };
  },
  numeric_state(fields) {
    refuseStates(fields);
    const [above, below] = (['above', 'below'] as const).map((name) => fields.plain(name));
    if (above === null && below === null)
      throw invalid(fields.where, fields.path, 'has no above or below', 'at least one of them');
    return { kind: 'numeric_state', value: fields.need('value_template'), above, below };
  },
  state(fields) {
    refuseStates(fields);
    return { kind: 'state', value: fields.need('value_template'), states: fields.texts('state') };
  },
  trigger: (fields) => ({ kind: 'trigger', ids: fields.texts('id') }),
};

function refuseStates(fields: Fields): void {
  const [entity] = fields.list('entity_id');
  if (entity === undefined) return;
  const fault = 'asks for the state of an entity, and a gateway has no states';
  throw invalid(fields.printPlace(entity.place), fields.path, fault, 'value_template: with what is to be compared');
}

/* ------------------------------------------------------------------ actions */

function actionsOf(items: readonly Located[], path: string, printPlace: PrintPlace, depth: number): Action[] {
  return items.map((item, index) => action(item, `${path}/${index}`, printPlace, depth + 1));
}

function action(item: Located, path: string, printPlace: PrintPlace, depth: number): Action {
  if (item.kind === 'text' || (item.kind === 'map' && isCondition(item))) {
    const found = condition(item, path, printPlace, depth);
    const { where, alias, enabled } = found;
    return { path, where, alias, enabled, continueOnError: false, kind: 'condition', condition: found };
  }
  const fields = new Fields(item, path, printPlace);
  if (depth > MAX_DEPTH)
    throw invalid(fields.where, path, 'lies too deep', `at most ${MAX_DEPTH} parts within each other`);
  const key = fields.has(...Object.keys(ACTIONS));
  const read = key === null ? undefined : ACTIONS[key];
  if (read === undefined) {
    fields.misspelt([...Object.keys(ACTIONS), 'condition']);
    const [first = 'nothing'] = item.kind === 'map' ? item.entries.map((entry) => entry.key) : [];
    throw invalid(
      fields.where,
      path,
      `begins with ${first.slice(0, 40)}, which is no action`,
      Object.keys(ACTIONS).join(', '),
    );
  }
  const part = { ...fields.part(), continueOnError: fields.flag('continue_on_error', false) };
  const own = read(fields, depth);
  fields.end(`the action ${key}`);
  return { ...part, ...own } as Action;
}

/** `condition: …`, `and:`, `or:`, `not:` among actions are inline conditions; `wait_for_trigger` has a trigger, too. */
function isCondition({ entries }: Extract<Located, { kind: 'map' }>): boolean {
  return entries.some(({ key }) => ['condition', 'and', 'or', 'not'].includes(key));
}

const steps = (fields: Fields, name: string, depth: number) =>
  actionsOf(fields.list(name), `${fields.path}/${name}`, fields.printPlace, depth);

function service(fields: Fields) {
  // What Home Assistant's editor notes for itself.
  fields.take('metadata');
  const entity = fields.plain('entity_id');
  if (entity !== null && fields.has('target') !== null)
    throw invalid(fields.where, fields.path, 'has entity_id and target', 'one of them');
  return {
    kind: 'service',
    service: fields.need('action', 'service', 'service_template'),
    target: entity === null ? fields.mappingOrTemplate('target') : { entity_id: entity },
    data: fields.mappingOrTemplate('data', 'data_template'),
    response: fields.text('response_variable'),
  };
}

const waiting = (fields: Fields) => ({
  timeout: durationOf(fields, 'timeout'),
  continueOnTimeout: fields.flag('continue_on_timeout', true),
});

/** By the key that says what it is; the first that is there counts. */
const ACTIONS: Readonly<Record<string, (fields: Fields, depth: number) => object>> = {
  action: service,
  service,
  service_template: service,
  delay(fields) {
    const delay = durationOf(fields, 'delay');
    if (delay === null) throw invalid(fields.where, fields.path, 'has an empty delay', DURATION);
    return { kind: 'delay', delay };
  },
  wait_for_trigger(fields) {
    const triggers = triggersOf(fields.list('wait_for_trigger'), `${fields.path}/wait_for_trigger`, fields.printPlace);
    if (triggers.length === 0) throw invalid(fields.where, fields.path, 'waits for no trigger', 'at least one');
    return { kind: 'wait_for_trigger', triggers, ...waiting(fields) };
  },
  wait_template: (fields) => ({ kind: 'wait_template', template: fields.need('wait_template'), ...waiting(fields) }),
  choose: (fields, depth) => ({
    kind: 'choose',
    options: fields.list('choose').map((item, index) => {
      const option = new Fields(item, `${fields.path}/choose/${index}`, fields.printPlace);
      option.text('alias');
      const conditions = conditionsOf(option.list('conditions'), `${option.path}/conditions`, option.printPlace, depth);
      const found = { conditions, sequence: steps(option, 'sequence', depth) };
      option.end('an option of choose');
      return found;
    }),
    fallback: steps(fields, 'default', depth),
  }),
  if: (fields, depth) => ({
    kind: 'if',
    conditions: conditionsOf(fields.list('if'), `${fields.path}/if`, fields.printPlace, depth),
    yes: steps(fields, 'then', depth),
    no: steps(fields, 'else', depth),
  }),
  repeat(fields, depth) {
    const source = fields.take('repeat');
    if (source === null)
      throw invalid(fields.where, fields.path, 'has an empty repeat', 'count, while, until or for_each');
    const inner = new Fields(source, `${fields.path}/repeat`, fields.printPlace);
    const loop = loopOf(inner, depth);
    const found = { kind: 'repeat', loop, sequence: steps(inner, 'sequence', depth) };
    inner.end('repeat');
    return found;
  },
  parallel: (fields, depth) => ({
    kind: 'parallel',
    branches: fields.list('parallel').map((item, index) => {
      const path = `${fields.path}/parallel/${index}`;
      const one =
        item.kind === 'map' && item.entries.some(({ key }) => key === 'sequence')
          ? new Fields(item, path, fields.printPlace)
          : null;
      if (one === null) return actionsOf(listOf(item), path, fields.printPlace, depth);
      one.text('alias');
      const found = steps(one, 'sequence', depth);
      one.end('a branch of parallel');
      return found;
    }),
  }),
  sequence: (fields, depth) => ({ kind: 'sequence', sequence: steps(fields, 'sequence', depth) }),
  stop: (fields) => ({ kind: 'stop', reason: fields.text('stop') ?? '', error: fields.flag('error', false) }),
  event: (fields) => ({
    kind: 'event',
    type: fields.need('event'),
    data: fields.mappingOrTemplate('event_data', 'event_data_template'),
  }),
  variables: (fields) => ({ kind: 'variables', variables: fields.mapping('variables') }),
};

function loopOf(fields: Fields, depth: number): Loop {
  const key = fields.has('count', 'while', 'until', 'for_each');
  if (key === null) throw invalid(fields.where, fields.path, 'has no count, while, until or for_each', 'one of them');
  if (key === 'while' || key === 'until')
    return { over: key, conditions: conditionsOf(fields.list(key), `${fields.path}/${key}`, fields.printPlace, depth) };
  const value: Value = fields.plain(key) ?? 0;
  return key === 'count' ? { over: 'count', count: value } : { over: 'for_each', items: value };
}

/** Seconds, `HH:MM:SS`, a mapping of units, or a template. */
function durationOf(fields: Fields, name: string): Duration | null {
  const value = fields.take(name);
  if (value === null) return null;
  if (value.kind === 'map') {
    const odd = value.entries.find(({ key }) => !UNITS.includes(key));
    if (odd === undefined) return toPlain(value) as Duration;
    throw fields.fault(value, name, `has ${odd.key.slice(0, 40)}`, UNITS.join(', '));
  }
  if (value.kind !== 'text') throw fields.fault(value, name, `is ${kindOf(value)}`, DURATION);
  if (!isPlain(value.text)) return value.text;
  const ms = durationMs(value.text);
  if (ms === null) throw fields.fault(value, name, `is ${value.text.slice(0, 40)}`, DURATION);
  return ms;
}

const UNITS = Object.keys(UNIT_MS);
const DURATION = "seconds, '00:01:00', or minutes: 1";

/** Of an id made from an alias. */
export function slug(alias: string): string {
  const text = alias.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '_');
  return text.replace(/^_+|_+$/g, '') || 'automation';
}
