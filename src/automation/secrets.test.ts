import type { Located } from '../core/located.ts';
import { describe, expect, it } from 'vitest';
import { createSecrets } from './secrets.ts';

const place = { file: 'a.yaml', line: 1, column: 1 };
const secret = (secretName: string, text: string, quoted = true): Located => {
  return { kind: 'text', text, quoted, secret: true, secretName, place };
};

function learned() {
  const secrets = createSecrets();
  secrets.learn([
    {
      kind: 'list',
      place,
      items: [secret('pin', 'hunter2'), secret('a;b', 'hunter2+(x)'), secret('code', '4711', false)],
    },
    null,
  ]);
  return secrets;
}

describe('secrets', () => {
  const value = { a: ['my hunter2', { b: 'hunter2+(x)hunter2' }], n: 4711, m: 12, t: 'code 4711', z: null, f: true };

  it('stand in nothing that is stored or told, and are as they were when it is read', () => {
    const secrets = learned();
    const stored = secrets.hide(value);
    expect(JSON.stringify(stored)).not.toMatch(/hunter2|4711/);
    expect(secrets.reveal(stored)).toEqual(value);
    expect(secrets.show(value)).toEqual({
      a: ['my !secret pin', { b: '!secret a;b!secret pin' }],
      n: '!secret code',
      m: 12,
      t: 'code !secret code',
      z: null,
      f: true,
    });
  });

  it('are not told to a text that came in with the mark of their names', () => {
    const secrets = learned();
    for (const text of ['!secret pin', '\ue000:pin;', '\ue000;:pin;', '\ue000#code;', '\ue000\ue000:pin;']) {
      expect(secrets.reveal(secrets.hide(text))).toBe(text);
      expect(secrets.show(text)).toBe(text);
    }
  });

  it('that changed are the new ones, and the old ones stay hidden', () => {
    const secrets = learned();
    const stored = secrets.hide('hunter2');
    secrets.learn([secret('pin', 'hunter3')]);
    expect(secrets.reveal(stored)).toBe('hunter3');
    expect(secrets.show('hunter2 hunter3')).toBe('!secret pin !secret pin');
  });

  it('that are gone are told by their names, numbers too', () => {
    const stored = learned().hide({ text: 'my hunter2', number: 4711 });
    expect(createSecrets().reveal(stored)).toEqual({ text: 'my !secret pin', number: '!secret code' });
  });

  it('stand in no sentence, whole or cut short', () => {
    const secrets = createSecrets();
    const long = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ0b2xsYm9hcmQiLCJleHAiOjE4MDAwMDAwMDB9.signature';
    secrets.learn([secret('token', long), secret('pin', 'hunter2')]);
    for (const shown of [long, long.slice(0, 20), long.slice(0, 59)])
      expect(secrets.hush(`count is '${shown}…, and '${shown}', not hunter2`)).toBe(
        "count is '!secret token…, and '!secret token', not !secret pin",
      );
    expect(secrets.hush('eyJhbGciOiJIUzI1NiI and hunter')).toBe('eyJhbGciOiJIUzI1NiI and hunter');
  });
});
