import { describe, expect, it } from 'vitest';
import { parseNative, pythonText } from './python.ts';

describe('values as Python prints them', () => {
  const cases: Array<[value: unknown, text: string]> = [
    ['plain', 'plain'],
    [null, 'None'],
    [true, 'True'],
    [3, '3'],
    [1.5, '1.5'],
    [[1, 'a', false, null], "[1, 'a', False, None]"],
    [{ From: '+15551230001', Body: "it's" }, `{'From': '+15551230001', 'Body': "it's"}`],
    [{ a: `'"\n\\` }, `{'a': '\\'"\\n\\\\'}`],
    [new Map([['a', new Map([['b', 1]])]]), "{'a': {'b': 1}}"],
  ];
  it.each(cases)('%j', (value, text) => expect(pythonText(value)).toBe(text));
});

describe('what the text of a template means', () => {
  const cases: Array<[text: string, value: unknown]> = [
    ['5', 5],
    [' -2.5 ', -2.5],
    ['007', '007'],
    ['+15551230001', '+15551230001'],
    ['True', true],
    ['None', null],
    ['true', 'true'],
    ["[1, 'a', None]", [1, 'a', null]],
    ['(1, 2,)', [1, 2]],
    ["{'From': '+1555', 'n': [1]}", { From: '+1555', n: [1] }],
    ["{'a': 'it\\'s \\u00e9\\n'}", { a: "it's é\n" }],
    ['[1, 2', '[1, 2'],
    ['{a: 1}', '{a: 1}'],
    ['[__import__("os")]', '[__import__("os")]'],
    ['1,234', '1,234'],
    ['', ''],
    // Digits that no number of ours holds are not lost.
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['-12345678901234567890', '-12345678901234567890'],
    ['[1, 12345678901234567890]', '[1, 12345678901234567890]'],
    ['[1e999]', '[1e999]'],
    // Names that every object of JavaScript has: a phone may send them.
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['[toString]', '[toString]'],
    ['  spaced text ', '  spaced text '],
  ];
  it.each(cases)('%j', (text, value) => expect(parseNative(text)).toEqual(value));

  it('of a value that was printed is the value again', () => {
    const value = { list: [1, 'x', true, null], text: `'"\\\n`, inner: { a: -1.5 } };
    expect(parseNative(pythonText(value))).toEqual(value);
  });

  it('without end in depth is text', () => {
    expect(parseNative('['.repeat(100_000))).toHaveLength(100_000);
  });
});
