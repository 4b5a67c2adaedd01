import { describe, expect, it } from 'vitest';
import { normalizeBaseUrl, withoutCredentials } from './base-url.ts';

describe('normalizeBaseUrl', () => {
  it.each([
    ['https://api.twilio.com', 'https://api.twilio.com'],
    ['https://api.twilio.com/', 'https://api.twilio.com'],
    ['https://API.Twilio.com/2010-04-01', 'https://api.twilio.com'],
    ['https://api.twilio.com/2010-04-01/', 'https://api.twilio.com'],
    [' http://127.0.0.1:8656// ', 'http://127.0.0.1:8656'],
    ['https://proxy.example/twilio/2010-04-01', 'https://proxy.example/twilio'],
    ['https://proxy.example/twilio/', 'https://proxy.example/twilio'],
    ['http://[::1]:8655', 'http://[::1]:8655'],
  ])('brings %s to %s', (text, expected) => {
    expect(normalizeBaseUrl(text)).toBe(expected);
    expect(normalizeBaseUrl(expected)).toBe(expected);
  });

  it.each([
    '',
    'api.twilio.com',
    'ftp://api.twilio.com',
    'https://',
    'https://me:secret@h.example',
    'https://h.example/?a=1',
    'https://h.example/#x',
  ])('refuses %j', (text) => {
    expect(normalizeBaseUrl(text)).toBeNull();
  });
});

describe('withoutCredentials', () => {
  it.each([
    ['https://me:secret@h.example/x', 'https://…@h.example/x'],
    ['ftp://p@ss:w0rd@h.example', 'ftp://…@h.example'],
    ['https://h.example/?mail=a@b.example', 'https://h.example/?mail=a@b.example'],
  ])('shows %s as %s', (text, expected) => expect(withoutCredentials(text)).toBe(expected));
});
