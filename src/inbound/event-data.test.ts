import type { FormFields } from '../core/parameter.ts';
import { expect, test } from 'vitest';
import { formData, untold } from './event-data.ts';

const ID = 'a'.repeat(64);

test('data hold every field by its name, the first of repeated ones, and which webhook it was', () => {
  const fields: FormFields = [
    ['From', '+15551230001'],
    ['Body', 'first'],
    ['Body', 'second'],
    ['ToCity', ''],
  ];
  expect(formData(fields, ID)).toEqual({ From: '+15551230001', Body: 'first', ToCity: '', webhook_id: ID });
});

test('names that objects have a meaning of their own for are names like any other', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const fields = names.flatMap(
    (name): FormFields => [
      [name, `${name} it is`],
      [name, 'a second one'],
    ],
  );
  const data = formData(fields, ID);
  expect(Object.entries(data)).toEqual([...names.map((name) => [name, `${name} it is`]), ['webhook_id', ID]]);
  expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
});

test('the form is kept only where the data do not tell all of it', () => {
  const told: FormFields = [
    ['From', '+15551230001'],
    ['Body', ''],
  ];
  const untellable: FormFields[] = [
    [...told, ['Body', 'again']],
    [
      ['2', 'b'],
      ['1', 'a'],
    ],
    [...told, ['webhook_id', 'of its own']],
  ];
  expect(untold(told, formData(told, ID))).toBeUndefined();
  for (const fields of untellable) expect(untold(fields, formData(fields, ID))).toEqual(fields);
});
