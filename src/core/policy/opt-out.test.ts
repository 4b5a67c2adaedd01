import { describe, expect, it } from 'vitest';
import { optedOutReport, optOutWord } from './opt-out.ts';

describe('opt-out words', () => {
  const words: Array<[text: string, longCode: string | null, tollFree: string | null]> = [
    ['STOP', 'stop', 'stop'],
    ['stopall', 'stop', null],
    ['Unsubscribe', 'stop', null],
    ['CANCEL', 'stop', null],
    ['end', 'stop', null],
    ['QUIT', 'stop', null],
    ['revoke', 'stop', null],
    ['OptOut', 'stop', null],
    ['START', 'start', 'start'],
    ['yes', 'start', null],
    ['unstop', 'start', 'start'],
    ['help', 'help', 'help'],
    ['INFO', 'help', 'help'],
    [' stop\n', 'stop', 'stop'],
    ['', null, null],
    ['please stop', null, null],
    ['STOP.', null, null],
    ['stop it', null, null],
    ['constructor', null, null],
  ];
  it.each(words)('%j means %s to a long code and %s to a toll-free number', (text, longCode, tollFree) => {
    expect(optOutWord(text)).toBe(longCode);
    expect(optOutWord(text, true)).toBe(tollFree);
  });
});

describe('a send to a pair that opted out', () => {
  it('is refused with 21610 before anything leaves', () => {
    expect(optedOutReport('+15550000001', '+15550001111')).toMatchObject({
      code: 'TOLLBOARD_POLICY_OPTED_OUT',
      kind: 'forbidden',
      twilioCode: 21610,
      stage: 'before_send',
      message: '+15550001111 opted out of messages from +15550000001; nothing was sent.',
    });
  });
});
