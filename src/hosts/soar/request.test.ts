import { describe, expect, test } from 'vitest';
import { recipientOf } from './recipient.ts';
import { credentials, request } from './request.ts';

const config = {
  base_url: 'https://api.twilio.com/2010-04-01/',
  account_sid: 'AC1',
  auth_token: 'a-token',
  from_phone: '+15123456789',
};
const set = { to_phone: '5101112345', message: 'Happy Halloween to GV' };
const sendText = (parameters: unknown, change: Record<string, unknown> = {}) =>
  request({ identifier: 'send_text', config: { ...config, ...change }, parameters });

describe('a recipient', () => {
  test.each([
    ['5101112345', '+15101112345', false],
    ['(510) 111-2345', '+15101112345', false],
    ['510.111.2345', '+15101112345', false],
    ['15101112345', '+15101112345', false],
    [' +15101112345 ', '+15101112345', false],
    ['+44 20 7946 0000', '+44 20 7946 0000', false],
    ['whatsapp:+15101112345', 'whatsapp:+15101112345', false],
    ['messenger:5101112345', 'messenger:5101112345', false],
    ['442079460000', '442079460000', true],
    ['25101112345', '25101112345', true],
    ['51011', '51011', true],
    ['+15101112345,+15101112346', '+15101112345,+15101112346', false],
  ])('%s goes out as %s', (given, to, asGiven) => {
    expect(recipientOf(given)).toEqual({ to, asGiven });
  });
});

describe('an action', () => {
  test('send_text has one request for each parameter set, and is followed every 5 s, at most 12 times', () => {
    expect(sendText([set, { ...set, to_phone: '+15101112222', context: { guid: 'g' } }])).toMatchObject({
      do: 'send',
      stopAtFailure: false,
      follow: { everyMs: 5000, attempts: 12 },
      requests: [
        {
          kind: 'message',
          to: '+15101112345',
          params: { from: '+15123456789', body: 'Happy Halloween to GV' },
          account: 'AC1',
          host: 'soar',
        },
        { to: '+15101112222' },
      ],
      asked: { slots: [{ parameter: set, warning: null }, { context: { guid: 'g' } }] },
    });
  });

  test('what goes out as given without a country code carries a warning', () => {
    expect(sendText([{ ...set, to_phone: '442079460000' }])).toMatchObject({
      requests: [{ to: '442079460000' }],
      asked: { slots: [{ warning: expect.stringContaining('442079460000 has no +') }] },
    });
  });

  test('keeps blanks of the message, and takes integers as their digits', () => {
    expect(sendText([{ to_phone: 5101112345, message: ' a ' }])).toMatchObject({
      requests: [{ to: '+15101112345', params: { body: ' a ' } }],
    });
  });

  test('test_connectivity only asks, and texts to_phone where the asset has one', () => {
    const asset = (change: object) => ({ identifier: 'test_connectivity', config: { ...config, ...change } });
    expect(request(asset({}))).toMatchObject({ do: 'check' });
    expect(request(asset({ to_phone: '5101112345' }))).toMatchObject({
      do: 'send',
      requests: [{ to: '+15101112345', params: { body: 'Testing connectivity from Phantom to Twilio' } }],
      asked: { slots: [{ parameter: {} }] },
    });
  });

  test.each([
    [
      { from_phone: '15123456789' },
      'Please specify the from_phone value with a country code starting with the + char for e.g +15101281337',
    ],
    [
      { from_phone: undefined },
      'Please specify the from_phone value with a country code starting with the + char for e.g +15101281337',
    ],
    [{ account_sid: ' ' }, "Please specify the account_sid value: the asset's configuration lacks it"],
    [
      { base_url: 'api.twilio.com' },
      'Please specify the base_url value as a URL for e.g https://api.twilio.com/2010-04-01',
    ],
  ])('an asset with %j stops before any action', (change, message) => {
    expect(sendText([set], change)).toMatchObject({
      do: 'answer',
      ok: false,
      output: { result_data: [], result_summary: { total_objects: 0 }, status: 'failed', message },
    });
  });

  test.each([
    [[{ message: 'x' }], 'Please specify the to_phone value: the action lacks it'],
    [[{ to_phone: '5101112345' }], 'Please specify the message value: the action lacks it'],
    ['x', 'Please specify the to_phone value: the action lacks it'],
  ])('parameters %j have a result that says what is missing', (parameters, message) => {
    expect(sendText(parameters)).toMatchObject({
      do: 'answer',
      ok: false,
      output: { result_data: [{ status: 'failed', message }], status: 'failed' },
    });
  });

  test('an unknown action, no parameters and no input at all are told', () => {
    const message = (work: unknown) => (work as { output: { message: string } }).output.message;
    expect(message(request({ identifier: 'on_poll', config }))).toContain('no action on_poll');
    expect(message(sendText([]))).toContain('no parameters');
    for (const input of [null, {}, { config }]) expect(message(request(input))).toContain('expected an object');
  });

  test('its credentials are those of the asset', () => {
    expect(credentials({ config })).toEqual({
      accountSid: 'AC1',
      username: 'AC1',
      password: 'a-token',
      baseUrl: 'https://api.twilio.com/2010-04-01/',
    });
    expect(credentials({ config: { account_sid: 'AC1' } })).toBeNull();
  });
});
