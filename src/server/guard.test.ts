import { describe, expect, test } from 'vitest';
import { createGuard, type GuardedRequest } from './guard.ts';

const guard = createGuard({ hosts: ['gateway.lan', 'Box.Lan'], publicUrl: 'https://toll.example.com/prefix' });

function verdict(headers: GuardedRequest['headers'], method = 'GET', url = '/'): string {
  try {
    guard({ method, url, headers });
    return 'passes';
  } catch (error) {
    return (error as { code: string }).code.replace('TOLLBOARD_HTTP_', '');
  }
}

describe('the Host of a request', () => {
  test.each([
    'localhost',
    'LOCALHOST:8655',
    '127.0.0.1:8655',
    '127.8.9.1',
    '[::1]:8655',
    'gateway.lan:8655',
    'box.lan',
    'toll.example.com',
    'toll.example.com:443',
  ])('%s passes', (host) => expect(verdict({ host })).toBe('passes'));

  test.each([
    undefined,
    '',
    'evil.example',
    'evil.example:8655',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'x127.0.0.1',
    '10.0.0.1',
    '[::2]',
    '::1',
    'gateway.lan.evil.example',
    'gateway.lan:8655:1',
    'localhost@evil.example',
    'evil.example#localhost',
  ])('%s is refused', (host) => expect(verdict(host === undefined ? {} : { host })).toBe('HOST_REFUSED'));

  test('a target in absolute form is refused: it would name another host', () => {
    expect(verdict({ host: 'localhost' }, 'GET', 'http://evil.example/')).toBe('HOST_REFUSED');
    expect(verdict({ host: 'localhost' }, 'OPTIONS', '*')).toBe('passes');
  });
});

describe('the origin of a change', () => {
  const post = (headers: GuardedRequest['headers']) => verdict({ host: '127.0.0.1:8655', ...headers }, 'POST');

  test.each([undefined, 'http://127.0.0.1:8655', 'https://toll.example.com'])('%s passes', (origin) =>
    expect(post(origin === undefined ? {} : { origin })).toBe('passes'),
  );

  test.each([
    'null',
    '',
    'http://evil.example',
    'http://127.0.0.1',
    'http://127.0.0.1:3000',
    'http://localhost:8655',
    'http://toll.example.com',
    'https://toll.example.com.evil.example',
    'file://',
    'http://127.0.0.1:8655.evil.example',
  ])('%s is refused', (origin) => expect(post({ origin })).toBe('ORIGIN_REFUSED'));

  test('a default port is the same origin, written or not', () => {
    expect(verdict({ host: 'gateway.lan:80', origin: 'http://gateway.lan' }, 'POST')).toBe('passes');
    expect(verdict({ host: 'gateway.lan', origin: 'https://gateway.lan' }, 'DELETE')).toBe('passes');
    expect(verdict({ host: 'gateway.lan', origin: 'https://gateway.lan:444' }, 'PUT')).toBe('ORIGIN_REFUSED');
  });

  test('what a browser calls cross-site is refused without an Origin too; reading is not', () => {
    expect(post({ 'sec-fetch-site': 'cross-site' })).toBe('ORIGIN_REFUSED');
    expect(post({ 'sec-fetch-site': 'same-origin' })).toBe('passes');
    expect(verdict({ host: 'localhost', origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' })).toBe(
      'passes',
    );
  });
});
