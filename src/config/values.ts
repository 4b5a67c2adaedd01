/** From the file, the environment and the flags to one checked value per setting, each with its origin. */

import type { Located, MapEntry } from '../core/located.ts';
import type { Group, SchemaNode, Setting } from './schema.ts';
import path from 'node:path';
import { withoutCredentials } from '../core/base-url.ts';
import { TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { parseDuration, printDuration } from './duration.ts';
import { SCHEMA } from './schema.ts';

export type SettingValue = string | number | readonly string[];

export interface Found {
  value: SettingValue;
  origin: 'flag' | 'environment' | 'file' | 'default';
  /** `tollboard.yaml:3:9`, `environment variable PORT`, `--port` or `default`. */
  where: string;
  secret: boolean;
  setting: Setting;
  /** What the file said, where a flag or the environment went before it. */
  overridden?: SettingValue;
}

/** By dotted path, e.g. `listen.port`, `accounts.home.auth_token`. */
export type Values = ReadonlyMap<string, Found>;

export interface ValueSources {
  file: Located | null;
  printPlace: (place: MapEntry['place']) => string;
  env: Readonly<Record<string, string | undefined>>;
  /** By flag name, e.g. `--port`. */
  flags: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Filled with the parts that other rooms read, by key. */
  raw?: Map<string, Located>;
}

/** Flag before environment before file before default. Throws what the first wrong value or unknown key deserves. */
export function collectValues(sources: ValueSources): Values {
  const values = new Map<string, Found>();
  if (sources.file !== null) readGroup(sources.file, SCHEMA, '', values, sources);
  for (const [key, setting] of fixedSettings(SCHEMA, '')) overlay(key, setting, values, sources);
  return values;
}

/** Settings whose place does not depend on a name the user chose, with their dotted paths. */
export function fixedSettings(group: Group, prefix: string): Array<[path: string, setting: Setting]> {
  return Object.entries(group.fields).flatMap(([key, node]) => {
    if (node.kind === 'setting') return [[prefix + key, node] as [string, Setting]];
    return node.kind === 'group' ? fixedSettings(node, `${prefix}${key}.`) : [];
  });
}

function overlay(key: string, setting: Setting, values: Map<string, Found>, sources: ValueSources): void {
  const inFile = values.get(key);
  const set = (text: string, origin: Found['origin'], where: string) =>
    values.set(key, {
      value: setting.type === 'texts' && text === '[]' ? [] : parse(key, text, setting, where, sources.cwd),
      origin,
      where,
      secret: setting.secret === true,
      setting,
      ...(inFile === undefined ? {} : { overridden: inFile.value }),
    });
  const environment = sources.env[setting.environment ?? ''] ?? '';
  const flag = sources.flags[setting.flag ?? ''];
  if (flag !== undefined) set(flag, 'flag', setting.flag ?? '');
  else if (environment !== '') set(environment, 'environment', `environment variable ${setting.environment}`);
  else if (inFile === undefined && setting.default !== undefined) set(setting.default, 'default', 'default');
}

function readGroup(
  source: Located,
  group: Group,
  prefix: string,
  values: Map<string, Found>,
  sources: ValueSources,
): void {
  for (const entry of entriesOf(source, prefix, sources)) {
    const node = Object.hasOwn(group.fields, entry.key) ? group.fields[entry.key] : undefined;
    if (node === undefined) throw unknownKey(entry, prefix, Object.keys(group.fields), sources);
    readNode(entry, node, prefix + entry.key, values, sources);
  }
}

function readNode(
  entry: MapEntry,
  node: SchemaNode,
  key: string,
  values: Map<string, Found>,
  sources: ValueSources,
): void {
  const where = sources.printPlace(entry.place);
  if (entry.value.kind === 'empty') return;
  if (node.kind === 'raw') {
    sources.raw?.set(key, entry.value);
  } else if (node.kind === 'group') {
    readGroup(entry.value, node, `${key}.`, values, sources);
  } else if (node.kind === 'named') {
    for (const named of entriesOf(entry.value, `${key}.`, sources)) {
      const { keyType } = node;
      if (keyType !== undefined && PARSERS[keyType](named.key, '') === undefined) {
        const text: Located = { kind: 'text', text: named.key, quoted: true, secret: false, place: named.place };
        throw invalid(key, text, EXPECTED[keyType], false, sources);
      }
      if (named.value.kind === 'empty')
        throw invalid(`${key}.${named.key}`, named.value, 'a mapping of settings', false, sources);
      readGroup(named.value, node.each, `${key}.${named.key}.`, values, sources);
    }
  } else {
    const value = settingValue(entry.value, node, key, sources);
    const secret = node.secret === true || (entry.value.kind === 'text' && entry.value.secret);
    values.set(key, { value, origin: 'file', where, secret, setting: node });
  }
}

function entriesOf(source: Located, prefix: string, sources: ValueSources): MapEntry[] {
  if (source.kind === 'map') return source.entries;
  if (source.kind === 'empty') return [];
  throw invalid(prefix.replace(/\.$/, '') || 'the file', source, 'a mapping of settings', false, sources);
}

function settingValue(source: Located, setting: Setting, key: string, sources: ValueSources): SettingValue {
  const folder = path.dirname(source.place.file);
  const one = (item: Located, type: Setting): SettingValue => {
    if (item.kind !== 'text') throw invalid(key, item, expectation(setting), setting.secret === true, sources);
    return parse(key, item.text, type, sources.printPlace(item.place), folder, item.secret);
  };
  if (setting.type !== 'texts') return one(source, setting);
  const { maxItems: most = 100, ...each } = setting;
  const item: Setting = { ...each, type: setting.items ?? 'text' };
  if (source.kind !== 'list') return [String(one(source, item))];
  if (source.items.length > most) throw invalid(key, source, expectation(setting), setting.secret === true, sources);
  return source.items.map((text) => String(one(text, item)));
}

function parse(
  key: string,
  text: string,
  setting: Setting,
  where: string,
  folder: string,
  secret = false,
): SettingValue {
  const value = PARSERS[setting.type](text.trim(), folder);
  const fits =
    value !== undefined &&
    (setting.choices === undefined || setting.choices.includes(String(value))) &&
    (typeof value !== 'number' || (value >= (setting.min ?? -Infinity) && value <= (setting.max ?? Infinity)));
  if (fits) return value;
  const shown =
    setting.secret === true || secret ? 'a value that is not shown' : JSON.stringify(clip(withoutCredentials(text)));
  throw new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: { where, key, value: shown, expected: expectation(setting) },
  });
}

const SENDER =
  /^(\+[1-9]\d{4,14}|MG[0-9a-fA-F]{32}|\d{3,8}|[a-z]+:\S+|(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 &+_-]{0,10})$/;

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i;

const PARSERS: Readonly<Record<Setting['type'], (text: string, folder: string) => SettingValue | undefined>> = {
  text: (text) => (text === '' ? undefined : text),
  integer: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
  number: (text) => (/^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
  duration: (text) => parseDuration(text),
  url: (text) => (isWebUrl(text) ? text.replace(/\/+$/, '') : undefined),
  path: (text, folder) => (text === '' ? undefined : path.resolve(folder, text)),
  sender: (text) => (SENDER.test(text) ? text : undefined),
  host: (text) => (HOST.test(text) ? text.toLowerCase() : undefined),
  store: (text) => (text === 'sqlite' ? text : undefined),
  target: (text) => (isTarget(text) ? text : undefined),
  texts: (text) => (text === '' ? undefined : [text]),
};

const EXPECTED: Readonly<Record<Setting['type'], string>> = {
  text: 'text',
  integer: 'a whole number',
  number: 'a number',
  duration: 'a duration such as 500ms, 5s, 10m, 2h or 90d',
  url: 'an http or https address without credentials, query or fragment',
  path: 'a path',
  sender: 'a number in E.164 form such as +15552014545, or a Messaging Service SID (MG and 32 hexadecimal digits)',
  host: 'the name of a host without scheme and port, such as toll.example.com',
  store: '"sqlite" (this version has no other store yet)',
  target: 'an http or https address without fragment',
  texts: 'text, or a list of texts',
};

/** What a value has to be, in words. */
export function expectation(setting: Setting): string {
  if (setting.choices !== undefined) return `one of ${setting.choices.join(', ')}`;
  const print = (bound: number) => (setting.type === 'duration' ? printDuration(bound) : String(bound));
  const bounds =
    setting.min !== undefined && setting.max !== undefined
      ? ` from ${print(setting.min)} to ${print(setting.max)}`
      : '';
  const most = setting.maxItems === undefined ? '' : ` (at most ${setting.maxItems})`;
  return EXPECTED[setting.type] + bounds + most;
}

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  );
}

function isTarget(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hash === '';
}

function unknownKey(entry: MapEntry, prefix: string, candidates: string[], sources: ValueSources): TollboardError {
  const guess = nearest(entry.key, candidates);
  const where = sources.printPlace(entry.place);
  const under = prefix === '' ? '' : ` under "${prefix.slice(0, -1)}"`;
  return new TollboardError('TOLLBOARD_CONFIG_KEY_UNKNOWN', {
    details: { where, key: clip(entry.key), under, nearest: guess ?? '' },
    ...(guess ? {} : { remedy: `Remove it, or use one of: ${candidates.join(', ')}.` }),
  });
}

function invalid(
  key: string,
  source: Located,
  expected: string,
  secret: boolean,
  sources: ValueSources,
): TollboardError {
  const text =
    source.kind === 'text'
      ? JSON.stringify(clip(source.text))
      : { map: 'a mapping', list: 'a list', empty: 'empty' }[source.kind];
  const value = secret && source.kind === 'text' ? 'a value that is not shown' : text;
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: { where: sources.printPlace(source.place), key, value, expected },
  });
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
