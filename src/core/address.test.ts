import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { addressRemedy, parseAddress } from './address.ts';

describe('an address is told by its form', () => {
  const forms: Array<[text: string, kind: string, value?: string]> = [
    ['+15551112222', 'e164'],
    ['  +15551112222\n', 'e164', '+15551112222'],
    ['+1 (555) 111-2222', 'e164', '+15551112222'],
    ['+49 170 1234567', 'e164', '+491701234567'],
    ['+15005550001', 'e164'],
    ['12345', 'short-code'],
    ['894546', 'short-code'],
    ['Tollboard', 'alphanumeric'],
    ['My Shop 24', 'alphanumeric'],
    ['whatsapp:+15551112222', 'channel'],
    ['messenger:1234567890', 'channel'],
    ['rcs:brand_agent', 'channel'],
    ['sip:jo@example.com', 'sip'],
    ['client:alice', 'client'],
    [`MG${'0a'.repeat(16)}`, 'sid'],
  ];
  it.each(forms)('%j is %s', (text, kind, value = text) => {
    expect(parseAddress(text)).toMatchObject({ kind, value });
  });

  it('a channel address keeps its text and names its channel', () => {
    expect(parseAddress(' whatsapp:+1 5 ')).toBeNull();
    expect(parseAddress('whatsapp:+15551112222')).toEqual({
      kind: 'channel',
      value: 'whatsapp:+15551112222',
      channel: 'whatsapp',
    });
  });

  const noAddress = [
    '',
    '   ',
    '+',
    '15551112222',
    '5551112222',
    '+0123456789',
    '+1555111222233344',
    '+1555',
    '+15551112222,+15551112223',
    '+1555111222x',
    'Name longer than eleven',
    '+49',
    'whatsapp:',
    'client:',
    `MG${'0'.repeat(31)}`,
    'x'.repeat(10_000),
  ];
  it.each(noAddress)('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe('the remedy for a wrong number', () => {
  it('puts the + before a number that is complete with it', () => {
    expect(addressRemedy('15551112222')).toBe('Write it with +: +15551112222; no country code is guessed.');
    expect(addressRemedy('1 (555) 111-2222')).toContain(': +15551112222;');
    expect(addressRemedy('0049 170 1234567')).toContain('+491701234567.');
  });

  it('never makes a national number one of another country', () => {
    // +5551112222 and +5512345678 would be numbers in Brazil.
    for (const national of ['5551112222', '555-111-2222', '55 1234 5678', '0170 1234567', '12345']) {
      expect(addressRemedy(national)).toBe(
        'Write the number with + and its country code, as in +15551112222; no country code is guessed.',
      );
    }
  });

  it('asks for a look at the length where the + is there', () => {
    expect(addressRemedy('+1555')).toBe('Check the country code and the number of digits.');
  });
});

describe('numbers of +1', () => {
  it('are as possible as the library says, whatever their digits', () => {
    holds(
      fc.property(fc.stringMatching(/^[2-9][0-9]{9}$/), fc.stringMatching(/^[0-9]{1,13}$/), (national, any) => {
        for (const number of [`+1${national}`, `+1${any}`]) {
          expect(parseAddress(number) !== null).toBe(parsePhoneNumberFromString(number)?.isPossible() === true);
        }
      }),
    );
  });
});
