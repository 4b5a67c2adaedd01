import { describe, expect, it } from 'vitest';
import { destinationWords, shellWord } from './command.ts';

describe('the words that a line to copy needs to reach the same gateway', () => {
  it.each([
    [{}, ''],
    [{ data: 'data' }, ' --data data'],
    [{ data: "/srv/a b's" }, ` --data '/srv/a b'\\''s'`],
    [{ url: 'http://127.0.0.1:8655', token: 'secret' }, ' --url http://127.0.0.1:8655'],
    [{ gatewayUrl: 'http://127.0.0.1:8655', url: 'https://example.org/voice.xml' }, ' --url http://127.0.0.1:8655'],
  ])('%j', (options, words) => {
    expect(destinationWords(options, 'gatewayUrl' in options ? 'gatewayUrl' : 'url')).toBe(words);
  });

  it('a word of a shell is quoted only where it must be', () => {
    expect(shellWord('./data')).toBe('./data');
    expect(shellWord('me@host')).toBe('me@host');
    expect(shellWord('$(x)')).toBe("'$(x)'");
  });
});
