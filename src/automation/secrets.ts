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
  /** What was stored, as it was; a secret that changed meanwhile is the new one, one that is gone its name. */
  reveal<T>(value: T): T;
  /** As it is told: `!secret name`. */
  show<T>(value: T): T;
  /** The same of a sentence, which may show a long value cut short. */
  hush(sentence: string): string;
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
  let longestFirst: string[] = [];

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
  const nameOf = (name: string) => `!secret ${decodeURIComponent(name)}`;
  const revealText = (text: string) => {
    const [, number] = STORED_NUMBER.exec(text) ?? [];
    if (number !== undefined) return values.has(number) ? Number(values.get(number)) : nameOf(number);
    return text.replaceAll(STORED, (_whole, name: string | undefined) =>
      name === undefined ? MARK : (values.get(name) ?? nameOf(name)),
    );
  };
  const showText = (text: string) => {
    const [, number] = STORED_NUMBER.exec(text) ?? [];
    if (number !== undefined) return nameOf(number);
    return text.replaceAll(STORED, (_whole, name: string | undefined) => (name === undefined ? MARK : nameOf(name)));
  };
  const hide = <T>(value: T): T => mapped(value, hideText, hideNumber) as T;

  return {
    learn(sources) {
      for (const source of sources) note(source);
      longestFirst = [...names.keys()].sort((a, b) => b.length - a.length);
      pattern = new RegExp([MARK, ...longestFirst.map(literally)].join('|'), 'g');
    },
    hide,
    reveal: <T>(value: T) => mapped(value, revealText) as T,
    hush: (sentence) =>
      longestFirst.reduce((told, text) => named(told, text, nameOf(names.get(text) ?? 'unnamed')), sentence),
    show: <T>(value: T) => mapped(hide(value), showText) as T,
  };
}

/** A sentence about a fault of the file: a `!secret` that stands in the wrong place is told by its name. */
export function withoutSecrets(sentence: string, sources: ReadonlyArray<Located | null>): string {
  const secrets = createSecrets();
  secrets.learn(sources);
  return secrets.hush(sentence);
}

/** Sentences cut long values: so much of one is enough to know it by. */
const BEGINNING = 20;

/** `name` in the place of the text, whole or cut short. */
function named(sentence: string, text: string, name: string): string {
  const beginning = text.slice(0, BEGINNING);
  let told = '';
  for (let at = 0; ; ) {
    const found = sentence.indexOf(beginning, at);
    if (found < 0) return told + sentence.slice(at);
    let length = beginning.length;
    while (length < text.length && sentence[found + length] === text[length]) length += 1;
    told += sentence.slice(at, found) + name;
    at = found + length;
  }
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
