/** Values of a YAML file that know their place: what configuration and automations are read from. */

export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A value of the file. A scalar keeps its text: `+15550000001` is a number to YAML and a sender to us. */
export type Located =
  /** `secretName`: of `!secret`. */
  | { kind: 'text'; text: string; quoted: boolean; secret: boolean; secretName?: string; place: Place }
  | { kind: 'list'; items: Located[]; place: Place }
  | { kind: 'map'; entries: MapEntry[]; place: Place }
  | { kind: 'empty'; place: Place };

export interface MapEntry {
  key: string;
  place: Place;
  value: Located;
}

/**
 * Plain data: unquoted `true`, `false` and numbers of at most 15 digits become what they say. `+15550000001` and a token
 * of 32 digits stay the text they are.
 */
export function toPlain(source: Located): unknown {
  if (source.kind === 'empty') return null;
  if (source.kind === 'list') return source.items.map(toPlain);
  if (source.kind === 'map') return Object.fromEntries(source.entries.map(({ key, value }) => [key, toPlain(value)]));
  if (source.quoted) return source.text;
  if (source.text === 'true' || source.text === 'false') return source.text === 'true';
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(source.text) ? Number(source.text) : source.text;
}
