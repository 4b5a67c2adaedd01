import * as fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { describe, expect, it } from 'vitest';
import { segmentsOf, smartEncode } from '../../src/core/segments.ts';
import { holds } from '../support/property.ts';

/** Pieces of text; each alphabet aims at one way in which counting goes wrong. */
const ALPHABETS: Record<string, string[]> = {
  'GSM-7 with extension characters': [...'abc XYZ09@£Δ', '€', '[', '|', '~', '\f', '\\'],
  'line breaks of every kind': ['a', '\r\n', '\n', '\r', 'é', '€'],
  'line breaks in UCS-2': ['ж', '\r\n', '\n', '\r', ' ', '\u200b'],
  'Cyrillic, Greek and Han': [...'привет мир άέ你好世界かな', '.'],
  'surrogate pairs': ['x', '😀', '𝒳', '𠮷', '🚀'],
  'lone surrogates': ['x', 'ж', '\ud83d', '\ude00', '\u0301'],
  'skin tones, families and flags': ['x', '👍🏽', '👨‍👩‍👧‍👦', '🇩🇪', '🇫🇷', '❤️', '👩‍❤️‍💋‍👨', '🏳️‍🌈'],
  'combining marks': ['e', 'е', '\u0301', '\u0323', '\u0308', 'ñ', ' '],
  'Indic, Thai and Burmese signs': ['क', '्', 'ष', 'ि', 'ा', 'น', 'ำ', 'ั', 'က', 'ာ', ' '],
  'Hangul letters and syllables': ['한', '글', 'ᄒ', 'ᅡ', 'ᆫ', '가', 'x'],
  'prefixes and controls': ['\u0600', 'ع', '\u00ad', '\u200e', '\u2028', '\u0301', '\u200c', 'x'],
  'look-alikes': [...'“”‘’—–… «»½\u00a0\u200b\u3000ab'],
  'a bit of everything': ['a', '€', '“', 'ж', '😀', '👍🏽', 'é', '\r\n', '\u0301', '한', '世', '…', '\t'],
};

describe("segments agree with Twilio's calculator", () => {
  it.each(Object.entries(ALPHABETS))('for %s', (_name, alphabet) => {
    // Runs of marks stay short: a cluster longer than a segment is cut here and overfills one there.
    const piece = fc.constantFrom(...alphabet);
    const text = fc.array(piece, { maxLength: 340 }).map((pieces) => boundMarks(pieces.join('')));
    const edge = fc
      .tuple(
        fc.constantFrom(60, 64, 65, 66, 67, 68, 69, 128, 131, 132, 133, 134, 150, 152, 153, 154, 304),
        fc.array(piece, { maxLength: 30 }),
      )
      .map(([length, pieces]) => boundMarks('x'.repeat(length) + pieces.join('')));
    holds(
      fc.property(fc.oneof(text, edge), fc.boolean(), (body, smartEncoded) => {
        const judge = new SegmentedMessage(body, 'auto', smartEncoded);
        const ours = segmentsOf(body, { smartEncoded });
        expect(ours.encoding).toBe(judge.encodingName);
        expect(ours.segments).toBe(judge.segments.length);
        expect(ours.characters).toBe(judge.numberOfUnicodeScalars);
        if (ours.encoding === 'GSM-7') expect(ours.units).toBe(judge.numberOfCharacters);
      }),
      { numRuns: 120 },
    );
  });

  it('for every character of the basic plane beside a letter', () => {
    const judged: string[] = [];
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code);
      const judge = new SegmentedMessage(character);
      if (segmentsOf(character).encoding !== judge.encodingName) judged.push(code.toString(16));
    }
    expect(judged).toEqual([]);
  });
});

describe('smart encoding', () => {
  it('is what it leaves: a second pass changes nothing', () => {
    holds(
      fc.property(fc.string({ unit: 'binary' }), (body) => {
        const once = smartEncode(body);
        expect(smartEncode(once)).toBe(once);
      }),
    );
  });
});

function boundMarks(text: string): string {
  return text.replaceAll(/([\p{M}\u200c\u200d]{8})[\p{M}\u200c\u200d]+/gu, '$1');
}
