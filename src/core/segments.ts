/** Segments: which encoding a text needs and how many parts it becomes, as Twilio counts and bills them. */

import type { Encoding } from './entry.ts';
import smartEncoding from './data/smart-encoding.json' with { type: 'json' };

export interface SegmentCount {
  readonly encoding: Encoding;
  /** At least 1, also for an empty text. */
  readonly segments: number;
  /** Septets for GSM-7 (an extension character takes two), UTF-16 units for UCS-2. */
  readonly units: number;
  /** Unicode code points. */
  readonly characters: number;
  /** The different characters that force UCS-2, in order, at most ten; empty for GSM-7. */
  readonly foreign: readonly string[];
}

/**
 * Counts the segments of a text. Parts are filled greedily; an escape pair, a surrogate pair and a grapheme cluster are
 * never cut, so near an edge the count exceeds the quotient. `smartEncoded` counts the text after Twilio's
 * replacements. Linear in the length.
 */
export function segmentsOf(body: string, options: { smartEncoded?: boolean } = {}): SegmentCount {
  const text = options.smartEncoded === true ? smartEncode(body) : body;
  const septets = septetsOf(text);
  if (septets !== null) {
    const segments = septets <= GSM7.single ? 1 : packSeptets(text);
    return { encoding: 'GSM-7', segments, units: septets, characters: text.length, foreign: [] };
  }
  const segments = text.length <= UCS2.single ? 1 : packClusters(text);
  return { encoding: 'UCS-2', segments, units: text.length, characters: [...text].length, foreign: foreignIn(text) };
}

/** The text after Twilio's smart encoding: look-alikes replaced by GSM-7 text, invisible characters dropped. */
export function smartEncode(body: string): string {
  let text = '';
  for (const character of body) text += REPLACEMENTS.get(character) ?? character;
  return text;
}

/** Capacity of a message of one part, and of each part of a longer one (six bytes go to the header). */
const GSM7 = { single: 160, part: 153 };
const UCS2 = { single: 70, part: 67 };

/** GSM 03.38: the basic set without the escape, in code order, and the extension set. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

/** Septets by UTF-16 unit up to the last one of the sets (€); 0 is foreign. */
const SEPTETS = septetTable();

function septetTable(): Uint8Array {
  const table = new Uint8Array(0x20ad);
  for (const character of BASIC) table[character.charCodeAt(0)] = 1;
  for (const character of EXTENSION) table[character.charCodeAt(0)] = 2;
  return table;
}

const REPLACEMENTS = new Map(
  Object.entries(smartEncoding.replacements).map(([name, to]) => [
    String.fromCodePoint(Number.parseInt(name.slice('U+'.length), 16)),
    to,
  ]),
);

/** Null when a character is foreign to GSM-7. */
function septetsOf(text: string): number | null {
  let septets = 0;
  for (let index = 0; index < text.length; index++) {
    const size = SEPTETS[text.charCodeAt(index)] ?? 0;
    if (size === 0) return null;
    septets += size;
  }
  return septets;
}

function packSeptets(text: string): number {
  let segments = 1;
  let used = 0;
  for (let index = 0; index < text.length; index++) {
    const size = SEPTETS[text.charCodeAt(index)] ?? 0;
    if (used + size > GSM7.part) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return segments;
}

function packClusters(text: string): number {
  let segments = 1;
  let used = 0;
  for (let index = 0; index < text.length; ) {
    const size = clusterSize(text, index);
    index += size;
    if (used + size > UCS2.part && used > 0) {
      segments += 1;
      used = 0;
    }
    used += size;
    // A cluster longer than a part has to be cut after all.
    while (used > UCS2.part) {
      segments += 1;
      used -= UCS2.part;
    }
  }
  return segments;
}

/**
 * One grapheme cluster as Twilio's calculator sees it: the extended clusters of UAX 29 (Unicode 10, thus without the
 * later rule for Indic conjuncts), but CR LF as two. `Intl.Segmenter` follows the newer rules, so the rules are here.
 * Sets are taken from each other by lookahead: Node 18, on which Ansible's module runs, has no flag `v`.
 */
const PREPEND = String.raw`\u0600-\u0605\u06DD\u070F\u08E2\u0D4E\u{110BD}\u{111C2}\u{111C3}`;
/** What joins to the cluster before it; some Burmese and Tai vowel signs do not, Thai and Lao am do. */
const EXTEND = String.raw`(?:[\p{Grapheme_Extend}\u200D\u0E33\u0EB3]|(?![\u102B\u102C\u1038\u1062-\u1064\u1067-\u106D\u1083\u1087-\u108C\u108F\u109A-\u109C\u1A61\u1A63\u1A64\uAA7B\uAA7D])\p{Mc})`;
const CONTROL = String.raw`(?:(?![\u200C\u200D${PREPEND}\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}])`;
const EMOJI = String.raw`(?:\p{Emoji_Modifier_Base}\p{Grapheme_Extend}*\p{Emoji_Modifier}|\p{Extended_Pictographic})`;
const CORES = [
  // Regional indicators pair up to a flag.
  String.raw`\p{Regional_Indicator}{2}`,
  // An emoji, its skin tone, and what zero-width joiners tie to it.
  String.raw`${EMOJI}(?:\p{Grapheme_Extend}*\u200D${EMOJI})*`,
  // Hangul letters join to a syllable.
  String.raw`[\u1100-\u115F\uA960-\uA97C]*(?:[\uAC00-\uD7A3]|[\u1160-\u11A7\uD7B0-\uD7C6]+)[\u1160-\u11A7\uD7B0-\uD7C6]*[\u11A8-\u11FF\uD7CB-\uD7FB]*`,
  String.raw`[\u1100-\u115F\uA960-\uA97C]+`,
  String.raw`[\u11A8-\u11FF\uD7CB-\uD7FB]+`,
  '[^]',
];
const CLUSTER = `${CONTROL}|(?:[${PREPEND}](?!${CONTROL}))*(?:${CORES.join('|')})${EXTEND}*`;
/** Made for the first text that needs it: that takes a millisecond, which no start has to pay. */
let cluster: RegExp | null = null;

function clusterSize(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  const next = text.charCodeAt(index + 1);
  if (isPlain(unit) && (Number.isNaN(next) || isPlain(next))) return 1;
  cluster ??= new RegExp(CLUSTER, 'uy');
  cluster.lastIndex = index;
  return cluster.exec(text)?.[0].length ?? 1;
}

/** Latin, Greek, Cyrillic, Kana and Han: between two of them there is always a cluster boundary. */
function isPlain(unit: number): boolean {
  return (
    unit < 0x300 ||
    (unit >= 0x370 && unit < 0x483) ||
    (unit >= 0x48a && unit < 0x591) ||
    (unit >= 0x2010 && unit < 0x2028) ||
    (unit >= 0x3031 && unit < 0x3099) ||
    (unit >= 0x309b && unit < 0xa000)
  );
}

function foreignIn(text: string): string[] {
  const found = new Set<string>();
  for (const character of text) {
    if (character.length === 1 && (SEPTETS[character.charCodeAt(0)] ?? 0) > 0) continue;
    found.add(character);
    if (found.size === 10) break;
  }
  return [...found];
}
