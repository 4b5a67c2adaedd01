import { describe, expect, it } from 'vitest';
import vectors from '../../test/contract/data/segment-vectors.json' with { type: 'json' };
import smartEncoding from './data/smart-encoding.json' with { type: 'json' };
import { segmentsOf, smartEncode } from './segments.ts';

describe('segment vectors', () => {
  it.each(vectors.vectors)('$description', ({ text, encoding, segments, codeUnits, characters }) => {
    expect(segmentsOf(text)).toMatchObject({ encoding, segments, units: codeUnits, characters });
  });
});

describe('segments', () => {
  it('name the characters that force UCS-2, each once, at most ten', () => {
    expect(segmentsOf('“Hello” — “world”').foreign).toEqual(['“', '”', '—']);
    expect(segmentsOf('абвгдежзийклмн').foreign).toHaveLength(10);
    expect(segmentsOf('plain').foreign).toEqual([]);
  });

  it('are counted after the replacements when smart encoding is on', () => {
    const text = `${'x'.repeat(150)}“quoted”…`;
    expect(segmentsOf(text)).toMatchObject({ encoding: 'UCS-2', segments: 3 });
    expect(segmentsOf(text, { smartEncoded: true })).toMatchObject({ encoding: 'GSM-7', segments: 2, units: 161 });
  });

  it('cut a cluster that is longer than a segment', () => {
    expect(segmentsOf(`e${'\u0301'.repeat(200)}`)).toMatchObject({ encoding: 'UCS-2', segments: 3, units: 201 });
  });

  it.each(['😀', '👨‍👩‍👧‍👦', 'क्षि', 'е\u0301', '\u0600', '\ud83d'])(
    'of hundreds of %j take time in proportion to the length',
    (unit) => {
      const time = (text: string) => {
        const started = performance.now();
        for (let round = 0; round < 5; round++) segmentsOf(text);
        return performance.now() - started;
      };
      const short = unit.repeat(500);
      time(short);
      // Quadratic work would take 400 times as long; the bound leaves room for a busy machine.
      expect(time(unit.repeat(10_000))).toBeLessThan(Math.max(1, time(short)) * 150);
    },
  );
});

describe('smart encoding', () => {
  it.each(Object.entries(smartEncoding.replacements))('replaces %s by %j', (name, to) => {
    const character = String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    expect(smartEncode(`a${character}b`)).toBe(`a${to}b`);
  });

  it('knows all 271 replacements of the calculator', () => {
    expect(Object.keys(smartEncoding.replacements)).toHaveLength(271);
  });

  it('leaves what has no look-alike', () => {
    expect(smartEncode('Привет 😀 ok')).toBe('Привет 😀 ok');
  });
});
