/** Conditions, and values that may hold templates, against the variables of a run. */

import type { Condition, Duration, Part } from './definition.ts';
import type { TemplateEngine, Variables } from './template/engine.ts';
import type { Value } from './template/python.ts';
import { WEEKDAYS } from './definition.ts';
import { durationMs, sumOfUnits } from './durations.ts';
import { pythonText, shown } from './template/python.ts';

/** A fault of a part, in words and with its place in the file. */
export class PartError extends Error {
  override readonly name = 'PartError';
  readonly path: string;
  readonly where: string;

  constructor({ path, where }: Pick<Part, 'path' | 'where'>, message: string) {
    super(message);
    this.path = path;
    this.where = where;
  }
}

export interface Evaluation {
  engine: TemplateEngine;
  variables: Variables;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Texts anywhere in the value are rendered and read as what they mean, but for fields of a name in `texts`, which stay
 * what they print; everything else stays.
 */
export async function rendered(
  value: Value,
  part: Part,
  evaluation: Evaluation,
  texts: ReadonlySet<string> = NONE,
): Promise<Value> {
  if (typeof value === 'string') return inWords(part, evaluation.engine.value(value, evaluation.variables));
  if (Array.isArray(value)) {
    const items: Value[] = [];
    for (const item of value as readonly Value[]) items.push(await rendered(item, part, evaluation, texts));
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return renderedFields(value as Readonly<Record<string, Value>>, part, evaluation, { texts });
}

const NONE: ReadonlySet<string> = new Set();

export interface FieldOptions {
  /** Each sees those before it: `variables` may build on each other. */
  building?: boolean;
  texts?: ReadonlySet<string>;
}

export async function renderedFields(
  fields: Readonly<Record<string, Value>>,
  part: Part,
  evaluation: Evaluation,
  { building = false, texts = NONE }: FieldOptions = {},
): Promise<Record<string, Value>> {
  const found: Record<string, Value> = {};
  for (const [name, value] of Object.entries(fields)) {
    const variables = building ? { ...evaluation.variables, ...found } : evaluation.variables;
    const its = { ...evaluation, variables };
    found[name] =
      texts.has(name) && typeof value === 'string'
        ? await renderedText(value, part, its)
        : await rendered(value, part, its, texts);
  }
  return found;
}

/**
 * The data of a service. What our own send stays as it came: `1.50` or `[1,2]` from a phone is a text, no number and no
 * list that is printed anew.
 */
export function renderedData(
  service: string,
  data: Value,
  part: Part,
  evaluation: Evaluation,
): Promise<Readonly<Record<string, Value>>> {
  return renderedMapping(data, part, evaluation, SENDING.test(service) ? SENT : NONE);
}

/** A mapping, or a template that makes one. */
export async function renderedMapping(
  source: Value,
  part: Part,
  evaluation: Evaluation,
  texts: ReadonlySet<string> = NONE,
): Promise<Readonly<Record<string, Value>>> {
  const value = await rendered(source, part, evaluation, texts);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, Value>>;
  throw new PartError(part, `the template makes ${shown(value)}; expected a mapping`);
}

const SENDING = /^(?:notify|twilio|persistent_notification)\./;
const SENT: ReadonlySet<string> = new Set(['message', 'title', 'body', 'Body', 'twiml', 'say', 'text']);

export function renderedText(template: string, part: Part, { engine, variables }: Evaluation): Promise<string> {
  return inWords(part, engine.text(template, variables));
}

/** A part that is switched off, by a word or by a template. */
export async function isEnabled(part: Part, evaluation: Evaluation): Promise<boolean> {
  return typeof part.enabled === 'boolean' ? part.enabled : isTrue(await rendered(part.enabled, part, evaluation));
}

/** Milliseconds. */
export async function durationOf(duration: Duration, part: Part, evaluation: Evaluation): Promise<number> {
  if (typeof duration === 'number') return duration;
  const value = await rendered(duration as Value, part, evaluation);
  const ms = typeof value === 'object' && value !== null ? sumOfUnits(value) : durationMs(pythonText(value));
  if (ms !== null && ms >= 0 && ms <= MAX_MS) return ms;
  throw new PartError(part, `the duration is ${shown(value)}; expected seconds, or HH:MM:SS, up to a year`);
}

const MAX_MS = 366 * 86_400_000;
/** As Home Assistant reads the result of a template as a condition. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  return typeof value === 'string' && ['true', 'yes', 'on', 'enable', '1'].includes(value.toLowerCase().trim());
}

/** All hold. A condition that is switched off counts as if it were not there. */
async function allHold(conditions: readonly Condition[], evaluation: Evaluation): Promise<boolean> {
  for (const condition of conditions) {
    if ((await isEnabled(condition, evaluation)) && !(await holds(condition, evaluation))) return false;
  }
  return true;
}

async function anyHolds(conditions: readonly Condition[], evaluation: Evaluation): Promise<boolean> {
  for (const condition of conditions) {
    if ((await isEnabled(condition, evaluation)) && (await holds(condition, evaluation))) return true;
  }
  return false;
}

/** Throws {@link PartError} with the condition's own place, however deep it lies. */
export async function holds(condition: Condition, evaluation: Evaluation): Promise<boolean> {
  switch (condition.kind) {
    case 'template':
      return isTrue(await rendered(condition.template, condition, evaluation));
    case 'and':
      return allHold(condition.conditions, evaluation);
    case 'or':
      return anyHolds(condition.conditions, evaluation);
    case 'not':
      return !(await anyHolds(condition.conditions, evaluation));
    case 'time':
      return timeHolds(condition, evaluation.now);
    case 'numeric_state':
      return numberHolds(condition, evaluation);
    case 'state': {
      const text = await renderedText(condition.value, condition, evaluation);
      return condition.states.includes(text);
    }
    case 'trigger': {
      const { trigger } = evaluation.variables as { trigger?: { id?: string } };
      return trigger?.id !== undefined && condition.ids.includes(trigger.id);
    }
  }
}

/** Local time. `after` later than `before` spans midnight. */
function timeHolds({ after, before, weekday }: Extract<Condition, { kind: 'time' }>, now: number): boolean {
  const local = new Date(now);
  const two = (number: number) => String(number).padStart(2, '0');
  const time = `${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`;
  if (weekday.length > 0 && !weekday.includes(WEEKDAYS[local.getDay()] ?? '')) return false;
  if (after === null) return before === null || time < before;
  if (before === null) return time >= after;
  return after <= before ? time >= after && time < before : time >= after || time < before;
}

async function numberHolds(
  condition: Extract<Condition, { kind: 'numeric_state' }>,
  evaluation: Evaluation,
): Promise<boolean> {
  const number = async (value: Value) => {
    const found = await rendered(value, condition, evaluation);
    const text = pythonText(found).trim();
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
    throw new PartError(condition, `${shown(found)} is no number`);
  };
  const value = await number(condition.value);
  if (condition.above !== null && !(value > (await number(condition.above)))) return false;
  return condition.below === null || value < (await number(condition.below));
}

async function inWords<T>(part: Part, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new PartError(part, error instanceof Error ? error.message : String(error));
  }
}
