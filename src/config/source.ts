/** Reads a YAML file into values that know their place, with the tags `!env`, `!env_var`, `!secret` and `!include`. */

import type { Alias, Document, Node, Pair } from 'yaml';
import type { Located, MapEntry, Place } from '../core/located.ts';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { TollboardError } from '../core/errors.ts';

/** Bounds against files that are no configuration, and against aliases that multiply. */
const MAX_FILE_BYTES = 1_000_000;
const MAX_VALUES = 20_000;
const MAX_INCLUDES = 10;
const TAGS = ['!env', '!env_var', '!secret', '!include'] as const;
type Tag = (typeof TAGS)[number];

interface Reading {
  env: Readonly<Record<string, string | undefined>>;
  /** Files being read, outermost first: an include that returns to one of them is a loop. */
  files: string[];
  /** What the aliases that are being followed name: one that leads back to them is a loop. */
  aliased: readonly Node[];
  budget: { values: number };
}

/**
 * The top-level value of `file`, which `namedBy` named (a flag, a variable, a place in another file). Throws `TOLLBOARD_CONFIG_FILE_UNREADABLE`, `TOLLBOARD_CONFIG_SYNTAX` and
 * `TOLLBOARD_CONFIG_TAG_UNRESOLVED`, each with file, line and column.
 */
export function readSource(file: string, env: Reading['env'], namedBy = 'configuration'): Located {
  return readFile(file, { env, files: [], aliased: [], budget: { values: MAX_VALUES } }, namedBy);
}

export function printPlace(place: Place): string {
  const relative = path.relative(process.cwd(), place.file);
  return `${relative.startsWith('..') ? place.file : relative}:${place.line}:${place.column}`;
}

/**
 * Where a path of the plain data (`accounts[0].sid`) stands: its name, for a value may begin on a later line. Of what is
 * missing, the place of what holds it.
 */
export function placeAt(source: Located, path: string): Place {
  let { place } = source;
  let found = source;
  for (const [, name = '', index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    const item = found.kind === 'list' ? found.items[Number(index)] : undefined;
    const entry = found.kind === 'map' ? found.entries.find(({ key }) => key === name) : undefined;
    const inner = entry?.value ?? item;
    if (inner === undefined) break;
    place = (entry ?? inner).place;
    found = inner;
  }
  return place;
}

function readFile(file: string, reading: Reading, where: string): Located {
  if (reading.files.includes(file) || reading.files.length > MAX_INCLUDES) {
    throw new TollboardError('TOLLBOARD_CONFIG_TAG_UNRESOLVED', {
      details: { where, tag: '!include', name: path.basename(file), fault: 'the files include each other without end' },
    });
  }
  const text = readText(file, where);
  const lines = new LineCounter();
  // The failsafe schema keeps every scalar as the text that was written: `yes`, `0755` and `+1555…` mean themselves.
  const document = parseDocument(text, {
    schema: 'failsafe',
    merge: true,
    lineCounter: lines,
    customTags: TAGS.map((tag) => ({ tag, resolve: (value: string) => value })),
    prettyErrors: false,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new TollboardError('TOLLBOARD_CONFIG_SYNTAX', {
      details: {
        where: printPlace({ file, line, column: col }),
        fault: tabFault(text, line) ?? firstSentence(fault.message),
      },
    });
  }
  const inner = { ...reading, files: [...reading.files, file] };
  return locate(document.contents as Node | null, { file, lines, document: document as Document }, inner);
}

/** The parser's own words for a tab seldom name it, and nobody sees one. */
function tabFault(text: string, line: number): string | null {
  const indented = /^ *\t/.test(text.split('\n')[line - 1] ?? '');
  return indented ? 'a tab indents this line; write spaces in its place' : null;
}

interface FileContext {
  file: string;
  lines: LineCounter;
  document: Document;
}

function locate(node: Node | null, context: FileContext, reading: Reading): Located {
  const place = placeOf(node, context);
  reading.budget.values -= 1;
  if (reading.budget.values < 0) {
    throw new TollboardError('TOLLBOARD_CONFIG_SYNTAX', {
      details: { where: printPlace(place), fault: `it holds more than ${MAX_VALUES} values` },
    });
  }
  if (node === null) return { kind: 'empty', place };
  if (isAlias(node)) return followAlias(node, context, reading);
  if (isSeq(node)) {
    return { kind: 'list', items: node.items.map((item) => locate(item as Node | null, context, reading)), place };
  }
  if (isMap(node)) {
    return { kind: 'map', entries: merged(node.items.map((pair) => entryOf(pair as Pair, context, reading))), place };
  }
  if (!isScalar(node)) return { kind: 'empty', place };
  const text = String(node.value ?? '');
  if (isTag(node.tag)) return resolveTag(node.tag, text, place, reading);
  if (node.type === 'PLAIN' && ['', '~', 'null'].includes(text)) return { kind: 'empty', place };
  return { kind: 'text', text, quoted: node.type !== 'PLAIN', secret: false, place };
}

function followAlias(alias: Alias, context: FileContext, reading: Reading): Located {
  const named = (alias.resolve(context.document) as Node | undefined) ?? null;
  if (named !== null && reading.aliased.includes(named)) {
    throw new TollboardError('TOLLBOARD_CONFIG_SYNTAX', {
      details: { where: printPlace(placeOf(alias, context)), fault: 'an alias stands within what it names' },
    });
  }
  return locate(named, context, named === null ? reading : { ...reading, aliased: [...reading.aliased, named] });
}

function entryOf(pair: Pair, context: FileContext, reading: Reading): MapEntry {
  const place = placeOf(pair.key as Node | null, context);
  if (isCollection(pair.key)) {
    const fault = `a ${isMap(pair.key) ? 'mapping' : 'list'} stands where a name is expected; a template needs quotes around it`;
    throw new TollboardError('TOLLBOARD_CONFIG_SYNTAX', { details: { where: printPlace(place), fault } });
  }
  const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value ?? '') : '';
  return { key, place, value: locate(pair.value as Node | null, context, reading) };
}

/** What `<<` names stands below what is written here, and of several the first counts (YAML's merge key). */
function merged(entries: readonly MapEntry[]): MapEntry[] {
  const all = [
    ...entries.filter(({ key }) => key !== '<<'),
    ...entries.filter(({ key }) => key === '<<').flatMap(({ value, place }) => mergedEntries(value, place)),
  ];
  const seen = new Set<string>();
  return all.filter(({ key }) => !seen.has(key) && seen.add(key));
}

function mergedEntries(value: Located, place: Place): MapEntry[] {
  if (value.kind === 'map') return value.entries;
  if (value.kind === 'list') return value.items.flatMap((item) => mergedEntries(item, place));
  const fault = '<< names no mapping';
  throw new TollboardError('TOLLBOARD_CONFIG_SYNTAX', { details: { where: printPlace(place), fault } });
}

function resolveTag(tag: Tag, argument: string, place: Place, reading: Reading): Located {
  const fail = (fault: string): never => {
    throw new TollboardError('TOLLBOARD_CONFIG_TAG_UNRESOLVED', {
      details: { where: printPlace(place), tag, name: argument, fault },
    });
  };
  const folder = path.dirname(place.file);
  if (tag === '!include') return readFile(path.resolve(folder, argument), reading, printPlace(place));
  if (tag === '!secret') {
    const secrets = readFile(path.join(folder, 'secrets.yaml'), reading, printPlace(place));
    const found = secrets.kind === 'map' ? secrets.entries.find((entry) => entry.key === argument)?.value : undefined;
    if (found?.kind !== 'text') return fail('secrets.yaml beside the file has no such key');
    return { ...found, secret: true, secretName: argument, place };
  }
  // Home Assistant's form: a default may follow the name.
  const [name = '', ...rest] = argument.trim().split(/\s+/);
  const text = reading.env[name] ?? (rest.length > 0 ? rest.join(' ') : undefined);
  if (text === undefined) return fail('the environment has no such variable');
  return { kind: 'text', text, quoted: true, secret: false, place };
}

function readText(file: string, where: string): string {
  const fail = (fault: string): never => {
    throw new TollboardError('TOLLBOARD_CONFIG_FILE_UNREADABLE', { details: { where, file, fault } });
  };
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return fail(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof TollboardError) throw error;
    return fail((error as NodeJS.ErrnoException).code ?? 'unknown fault');
  }
}

function placeOf(node: Node | null, context: FileContext): Place {
  const offset = node?.range?.[0] ?? 0;
  const { line, col } = context.lines.linePos(offset);
  return { file: context.file, line: Math.max(1, line), column: Math.max(1, col) };
}

function isTag(tag: string | undefined): tag is Tag {
  return tag !== undefined && (TAGS as readonly string[]).includes(tag);
}

/** The parser's message may quote the file after a line break; the first line says what is wrong. */
function firstSentence(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/[.:]$/, '');
}
