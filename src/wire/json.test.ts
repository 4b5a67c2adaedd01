import type { Json } from './json.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { writeJson } from './json.ts';

test('writes a blank after every colon and comma, on one line', () => {
  const value = { a: 'x: y, "z"', b: [1, null, { c: true }], d: {}, e: [] };
  expect(writeJson(value)).toBe('{"a": "x: y, \\"z\\"", "b": [1, null, {"c": true}], "d": {}, "e": []}');
});

test('is JSON for any value', () => {
  const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null));
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '_', 'c'), minLength: 1, maxLength: 6 });
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(name, tie('value'), { noNullPrototype: true }),
    ),
  }));
  holds(
    fc.property(value, (given) => {
      expect(JSON.parse(writeJson(given))).toEqual(given);
    }),
  );
});
