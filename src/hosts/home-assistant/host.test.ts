import type { Messenger, SendRequest } from '../../core/ports.ts';
import type { SendWork } from '../host.ts';
import type { NotifyAsked } from './result.ts';
import { describe, expect, it } from 'vitest';
import { TollboardError } from '../../core/errors.ts';
import { systemClock } from '../../system.ts';
import { refusingMessenger, runHost } from '../run.ts';
import { homeAssistantHost } from './host.ts';

const TWILIO = { account_sid: 'AC1', auth_token: 'a secret' };
const [ANN, BEA] = ['+15551230001', '+15551230002'];

function work(notify: object, data: object): SendWork<NotifyAsked> {
  const asked = homeAssistantHost.request({ twilio: TWILIO, notify, data });
  if (asked.do !== 'send') throw new Error(JSON.stringify(asked));
  return asked;
}
const request = (notify: object, data: object): SendRequest | undefined => work(notify, data).requests[0];
const sms = { platform: 'twilio_sms', from_number: '+15550000001' };
const call = { platform: 'twilio_call', from_number: '+15550000001' };

describe('notify by text', () => {
  it('is one request to all targets, with nothing that was not given', () => {
    expect(work(sms, { message: 'Hi', target: [ANN, BEA] })).toEqual({
      do: 'send',
      asked: { targets: [ANN, BEA] },
      stopAtFailure: false,
      requests: [
        {
          kind: 'message',
          to: [ANN, BEA],
          account: 'AC1',
          host: 'home-assistant',
          params: { from: '+15550000001', body: 'Hi' },
        },
      ],
    });
  });

  it('takes one target, media as text or as a list, and drops the title', () => {
    const data = { message: 'Hi', title: 'Door', target: ANN, data: { media_url: 'https://example.org/a,b.png' } };
    expect(request(sms, data)).toMatchObject({ to: [ANN], params: { mediaUrl: ['https://example.org/a,b.png'] } });
    const two = { ...data, data: { media_url: ['https://example.org/a.png', 'https://example.org/b.png'] } };
    expect(request(sms, two)?.params).toMatchObject({ mediaUrl: two.data.media_url, body: 'Hi' });
    expect(request(sms, data)?.params).not.toHaveProperty('title');
  });

  it("gives a sender that YAML took for an integer its plus back, as it is one of the account's own", () => {
    const from = (number: unknown) =>
      request({ ...sms, from_number: number }, { message: 'x', target: ANN })?.params.from;
    expect([15_550_000_001, '15550000001', 12_345, '12345678', 'MyHome'].map(from)).toEqual([
      ...['+15550000001', '+15550000001', '12345', '12345678', 'MyHome'],
    ]);
  });

  it('keeps a number that YAML took for an integer as its digits', () => {
    expect(request(sms, { message: 12, target: 15_551_230_001 })).toMatchObject({
      to: ['15551230001'],
      params: { body: '12' },
    });
  });
});

describe('notify by call', () => {
  it('S8: speaks the message itself, with voice and language; no text travels in a URL', () => {
    const data = { message: 'The door & the window', target: ANN, data: { voice: 'Polly.Amy', language: 'en-GB' } };
    expect(request(call, data)).toMatchObject({
      kind: 'call',
      params: { say: { text: 'The door & the window', voice: 'Polly.Amy', language: 'en-GB' } },
    });
    expect(JSON.stringify(request(call, data))).not.toContain('twimlet');
  });

  it('takes a message that is a URL as the address of the TwiML', () => {
    const params = request(call, { message: 'https://example.org/alarm.xml', target: ANN })?.params;
    expect(params).toEqual({ from: '+15550000001', url: 'https://example.org/alarm.xml' });
  });

  it("takes a sender without plus, as Home Assistant's schema does", () => {
    const from = { ...call, from_number: '15550000001' };
    expect(request(from, { message: 'x', target: ANN })?.params.from).toBe('+15550000001');
  });
});

describe('what Home Assistant itself takes', () => {
  it('is taken as it writes it: a text that reads True has become a boolean on its way', () => {
    expect(request(sms, { message: true, target: ANN })?.params.body).toBe('True');
    expect(request(call, { message: false, target: ANN })?.params.say).toEqual({ text: 'False' });
  });
});

describe('an input with a fault', () => {
  const cases: Array<[what: string, input: object, says: RegExp]> = [
    [
      'no twilio block',
      { twilio: null, notify: sms, data: { message: 'x', target: ANN } },
      /twilio\.account_sid is absent/,
    ],
    ['no token', { twilio: { account_sid: 'AC1' }, notify: sms, data: {} }, /twilio\.auth_token is absent/],
    ['an unknown platform', { twilio: TWILIO, notify: { platform: 'x' }, data: {} }, /notify\.platform is 'x'/],
    ['no sender', { twilio: TWILIO, notify: { platform: 'twilio_sms' }, data: {} }, /notify\.from_number is absent/],
    ['no message', { twilio: TWILIO, notify: sms, data: { target: ANN } }, /data\.message is absent/],
    ['an absent target among others', { data: { message: 'x', target: [null, ANN] } }, /data\.target is absent/],
    [
      'a mapping as media',
      { data: { message: 'x', target: ANN, data: { media_url: [{}] } } },
      /data\.data\.media_url is/,
    ],
    ['no target', { twilio: TWILIO, notify: sms, data: { message: 'x' } }, /At least 1 target is required/],
    [
      'a target that is no text',
      { twilio: TWILIO, notify: sms, data: { message: 'x', target: [ANN, { number: BEA }] } },
      /data\.target is '\{\\"number\\":\\"\+15551230002\\"\}'; expected numbers as text, in quotes/,
    ],
    [
      'data that is a list',
      { twilio: TWILIO, notify: sms, data: { message: 'x', target: ANN, data: [] } },
      /data\.data is '\[\]'; expected a mapping/,
    ],
  ];
  it.each(cases)('%s: is told, with what was expected', (_what, input, says) => {
    expect(JSON.stringify(homeAssistantHost.request({ twilio: TWILIO, notify: sms, ...input }))).toMatch(says);
  });

  it('a voice that is no text is passed on to be told, not dropped', () => {
    const data = { message: 'x', target: ANN, data: { voice: 7, language: null } };
    expect(request(call, data)?.params.say).toEqual({ text: 'x', voice: 7 });
  });

  it('shows no value where a token belongs', () => {
    const input = { twilio: { account_sid: 'AC1', auth_token: 123_456_789 }, notify: sms, data: {} };
    expect(JSON.stringify(homeAssistantHost.request(input))).not.toContain('123456789');
  });
});

describe('the outcome', () => {
  const input = { twilio: TWILIO, notify: sms, data: { message: 'x', target: [ANN, BEA] } };
  const run = async (messenger: Messenger) =>
    (await runHost(homeAssistantHost, input, messenger, { clock: systemClock })).output;

  it('of a lost answer names recipient and time, and says not to send it again', async () => {
    const lost = new TollboardError('TOLLBOARD_GATEWAY_ANSWER_LOST', {
      stage: 'unknown',
      details: { url: 'http://127.0.0.1:8655', reason: 'ECONNRESET', idempotencyKey: 'k' },
    });
    const { results } = await run(refusingMessenger(lost));
    expect(results.map(({ status }) => status)).toEqual(['unknown', 'unknown']);
    expect(results[0]?.error?.message).toMatch(/\+15551230001 of \d{4}-\d\d-\d\dT/);
    expect(results[0]?.error?.remedy).toMatch(/^Do not send it again/);
  });

  it('of what certainly was not sent is told for each target', async () => {
    const gone = new TollboardError('TOLLBOARD_GATEWAY_UNREACHABLE', { stage: 'before_send', details: {} });
    const { results } = await run(refusingMessenger(gone));
    expect(results.map(({ target, status }) => [target, status])).toEqual([
      [ANN, 'rejected'],
      [BEA, 'rejected'],
    ]);
  });
});
