import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { decodeForm, encodeForm, fieldOf, fieldsOf } from './form.ts';

describe('decodeForm', () => {
  test('keeps order, repeated names, empty values and names without a value', () => {
    expect(decodeForm('b=2&a=1&b=&c&&d=x=y')).toEqual([
      ['b', '2'],
      ['a', '1'],
      ['b', ''],
      ['c', ''],
      ['d', 'x=y'],
    ]);
  });

  test('reads + as a blank, so that an unescaped + of a number is lost as with Twilio', () => {
    expect(decodeForm('To=+15551112222&Body=a+b%2B')).toEqual([
      ['To', ' 15551112222'],
      ['Body', 'a b+'],
    ]);
  });

  test('never throws on broken escapes', () => {
    expect(decodeForm('Body=100%&x=%ff')).toEqual([
      ['Body', '100%'],
      ['x', '�'],
    ]);
  });

  test('reads the inequality of a date filter as part of the name', () => {
    expect(decodeForm('DateSent%3E=2026-01-01&DateSent<=2026-02-01')).toEqual([
      ['DateSent>', '2026-01-01'],
      ['DateSent<', '2026-02-01'],
    ]);
  });

  test('gives back whatever was encoded', () => {
    const text = fc.string({ unit: 'grapheme' });
    holds(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), text)), (fields) => {
        expect(decodeForm(encodeForm(fields))).toEqual(fields);
      }),
    );
  });
});

test('fieldOf takes the first value, fieldsOf all of them', () => {
  const fields = decodeForm('a=1&b=2&a=3');
  expect(fieldOf(fields, 'a')).toBe('1');
  expect(fieldOf(fields, 'z')).toBeNull();
  expect(fieldsOf(fields, 'a')).toEqual(['1', '3']);
});
