/**
 * What `!secret` put into automations, by value: in what is stored and told its name stands for it, so that no trace and no
 * database holds it. A text that came in cannot pass for such a name: the mark of names is doubled where a text has it.
 */

import type { Located } from '../core/located.ts';
import { toPlain } from '../core/located.ts';

export interface Secrets {
  /** From now on these, too; those of an earlier configuration stay hidden. */
  learn(sources: ReadonlyArray<Located | null>): void;
  /** As it is stored. */
  hide<T>(value: T): T;
  /** What was stored, as it was; a secret that changed meanwhile is the new one. */
  reveal<T>(value: T): T;
  /** As it is told: `!secret name`. */
  show<T>(value: T): T;
}

/** Of Unicode's private use: no character that a text needs. */
const MARK = '\ue000';
const STORED = /\ue000(?:;|:([^;]*);)/g;
const STORED_NUMBER = /^\ue000#([^;]*);$/;
/** Shorter ones stand in too many places by chance. */
const SHORTEST = 4;

export function createSecrets(): Secrets {
  const names = new Map<string, string>();
  const values = new Map<string, string>();
  const numbers = new Map<number, string>();
  let pattern = new RegExp(MARK, 'g');

  function note(source: Located | null): void {
    if (source?.kind === 'list') for (const item of source.items) note(item);
    if (source?.kind === 'map') for (const { value } of source.entries) note(value);
    if (source?.kind !== 'text' || !source.secret || source.text.length < SHORTEST) return;
    const name = encodeURIComponent(source.secretName ?? 'unnamed');
    names.set(source.text, name);
    values.set(name, source.text);
    const plain = toPlain(source);
    if (typeof plain === 'number') numbers.set(plain, name);
  }

  const hideText = (text: string) =>
    text.replaceAll(pattern, (found) => (found === MARK ? `${MARK};` : `${MARK}:${names.get(found)};`));
  const hideNumber = (number: number) => (numbers.has(number) ? `${MARK}#${numbers.get(number)};` : number);
  const named = (name: string) => `!secret ${decodeURIComponent(name)}`;
  const revealText = (text: string) => {
    const [, number] = STORED_NUMBER.exec(text) ?? [];
    if (number !== undefined) return Number(values.get(number));
    return text.replaceAll(STORED, (_whole, name: string | undefined) =>
      name === undefined ? MARK : (values.get(name) ?? named(name)),
    );
  };
  const showText = (text: string) => {
    const [, number] = STORED_NUMBER.exec(text) ?? [];
    if (number !== undefined) return named(number);
    return text.replaceAll(STORED, (_whole, name: string | undefined) => (name === undefined ? MARK : named(name)));
  };
  const hide = <T>(value: T): T => mapped(value, hideText, hideNumber) as T;

  return {
    learn(sources) {
      for (const source of sources) note(source);
      const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length);
      pattern = new RegExp([MARK, ...longestFirst.map(literally)].join('|'), 'g');
    },
    hide,
    reveal: <T>(value: T) => mapped(value, revealText) as T,
    show: <T>(value: T) => mapped(hide(value), showText) as T,
  };
}

/** Sentences about faults of the file show at most so much of a value. */
const CUTS = [Number.POSITIVE_INFINITY, 40, 20];

/** A sentence about a fault of the file: a `!secret` that stands in the wrong place is told by its name. */
export function withoutSecrets(sentence: string, sources: ReadonlyArray<Located | null>): string {
  const found: Array<[shown: string, name: string]> = [];
  const visit = (source: Located | null): void => {
    if (source?.kind === 'list') source.items.forEach(visit);
    if (source?.kind === 'map') for (const { value } of source.entries) visit(value);
    if (source?.kind !== 'text' || !source.secret || source.text.length < SHORTEST) return;
    for (const cut of CUTS) found.push([source.text.slice(0, cut), `!secret ${source.secretName ?? 'unnamed'}`]);
  };
  sources.forEach(visit);
  found.sort(([a], [b]) => b.length - a.length);
  return found.reduce((told, [shown, name]) => told.replaceAll(shown, () => name), sentence);
}

/** The same object where nothing changes in it: a run is written often, and mostly holds no secret. */
function mapped(value: unknown, text: (text: string) => unknown, number: (number: number) => unknown = same): unknown {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (typeof value !== 'object' || value === null) return value;
  let changed = false;
  const entries = Object.entries(value).map(([name, item]) => {
    const made = mapped(item, text, number);
    changed ||= made !== item;
    return [name, made] as const;
  });
  if (!changed) return value;
  return Array.isArray(value) ? entries.map(([, made]) => made) : Object.fromEntries(entries);
}

function same<T>(value: T): T {
  return value;
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
