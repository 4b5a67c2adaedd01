import type { SendWork } from '../host.ts';
import { describe, expect, it, test } from 'vitest';
import { type BytechefAsked, bytechefCredentials, bytechefRequest } from './request.ts';
import { type BytechefFailure, isFailure } from './result.ts';

const SID = `AC${'0'.repeat(32)}`;
const CONNECTION = { accountSid: SID, authToken: 'secret-token' };
const TEXT = { to: '+15551112222', source: 1, from: '+15550000001', content: 1, body: 'Hello' };

const input = (
  inputParameters: Record<string, unknown>,
  connectionParameters: Record<string, unknown> = CONNECTION,
) => ({
  connectionParameters,
  inputParameters,
});

function sending(given: unknown): SendWork<BytechefAsked> {
  const work = bytechefRequest(given);
  if (work.do !== 'send') throw new Error(JSON.stringify(work));
  return work;
}

function refusal(given: unknown): BytechefFailure['error'] {
  const work = bytechefRequest(given);
  if (work.do !== 'answer' || !isFailure(work.output)) throw new Error(JSON.stringify(work));
  expect(work.ok).toBe(false);
  return work.output.error;
}

const paramsOf = (given: unknown) => sending(given).requests[0]?.params;

describe('the input of Send SMS', () => {
  it('becomes one request of the account of the connection', () => {
    expect(sending(input(TEXT)).requests).toEqual([
      {
        kind: 'message',
        to: '+15551112222',
        params: { from: '+15550000001', body: 'Hello' },
        host: 'bytechef',
        account: SID,
      },
    ]);
  });

  it('may have the names of today', () => {
    const today = input(
      { To: '+15551112222', From: '+15550000001', Body: 'Hello' },
      { username: SID, password: 'secret-token' },
    );
    expect(sending(today).requests).toEqual(sending(input(TEXT)).requests);
    expect(bytechefCredentials(today)).toEqual({
      accountSid: SID,
      username: SID,
      password: 'secret-token',
      baseUrl: null,
    });
  });

  it('does not send what is unset, null or blank', () => {
    const blank = {
      statusCallback: '',
      applicationSid: null,
      mediaUrl: [],
      persistentAction: [' '],
      maxPrice: undefined,
    };
    expect(paramsOf(input({ ...TEXT, ...blank, sendAt: { dateTime: '', zoneId: null } }))).toEqual({
      from: '+15550000001',
      body: 'Hello',
    });
  });

  it('keeps false, zero and the blanks around a text', () => {
    const params = paramsOf(input({ ...TEXT, body: ' Hello ', provideFeedback: false, attempt: 0 }));
    expect(params).toMatchObject({ body: ' Hello ', provideFeedback: false, attempt: 0 });
  });

  it('trims numbers and takes integers for text, without guessing a +', () => {
    expect(sending(input({ ...TEXT, to: ' +15551112222 ' })).requests[0]?.to).toBe('+15551112222');
    expect(sending(input({ ...TEXT, to: 15551112222 })).requests[0]?.to).toBe('15551112222');
    expect(paramsOf(input({ ...TEXT, from: 15550000001 }))).toMatchObject({ from: '15550000001' });
  });

  it('takes numbers and booleans that came as text', () => {
    const texts = { validityPeriod: '60', smartEncoded: 'true', source: '1', content: '1' };
    expect(paramsOf(input({ ...TEXT, ...texts }))).toMatchObject({ validityPeriod: 60, smartEncoded: true });
  });

  it('makes no item of null', () => {
    const params = paramsOf(input({ ...TEXT, persistentAction: [null, 'geo:1,2'] }));
    expect(params).toMatchObject({ persistentAction: ['geo:1,2'] });
  });

  it('takes one media URL for a list of one', () => {
    const media = { ...TEXT, content: 2, mediaUrl: 'https://example.com/a.png' };
    expect(paramsOf(input(media))).toEqual({ from: '+15550000001', mediaUrl: ['https://example.com/a.png'] });
  });
});

describe('what Source and Content hide', () => {
  const service = `MG${'0'.repeat(32)}`;

  test.each([
    ['Source 1 sends From only', { source: 1, messagingServiceSid: service }, { from: '+15550000001', body: 'Hello' }],
    [
      'Source 2 sends the service, and From where it is given',
      { source: 2, messagingServiceSid: service },
      { from: '+15550000001', messagingServiceSid: service, body: 'Hello' },
    ],
    [
      'Content 1 sends Body, and the media that are always shown',
      { contentSid: 'HX1', mediaUrl: ['https://example.com/a.png'] },
      { from: '+15550000001', body: 'Hello', mediaUrl: ['https://example.com/a.png'] },
    ],
    [
      'Content 2 sends the template and no Body',
      { content: 2, contentSid: 'HX1' },
      { from: '+15550000001', contentSid: 'HX1' },
    ],
    [
      'without Content whichever is there is sent',
      { content: null, contentSid: 'HX1' },
      { from: '+15550000001', body: 'Hello', contentSid: 'HX1' },
    ],
  ])('%s', (_name, change, params) => {
    expect(paramsOf(input({ ...TEXT, ...change }))).toEqual(params);
  });
});

describe('Send at', () => {
  const service = { ...TEXT, source: 2, messagingServiceSid: `MG${'0'.repeat(32)}`, scheduleType: 'fixed' };

  test.each([
    [
      'a zone behind UTC, whose id says plus',
      { dateTime: '2026-12-01T09:30:00', zoneId: 'Etc/GMT+5' },
      '2026-12-01T14:30:00Z',
    ],
    ['a zone ahead of UTC', { dateTime: '2026-12-01T09:30', zoneId: 'Etc/GMT-14' }, '2026-11-30T19:30:00Z'],
    ['UTC', { dateTime: '2026-12-01T09:30:00.5', zoneId: 'Etc/GMT+0' }, '2026-12-01T09:30:00Z'],
    ['ISO 8601 text', '2026-12-01T09:30:00+02:00', '2026-12-01T09:30:00+02:00'],
  ])('%s', (_name, sendAt, expected) => {
    expect(paramsOf(input({ ...service, sendAt }))).toMatchObject({ sendAt: expected });
  });

  test.each([
    ['a zone that ByteChef does not offer', { dateTime: '2026-12-01T09:30:00', zoneId: 'Europe/Paris' }],
    ['no zone', { dateTime: '2026-12-01T09:30:00' }],
    ['two zones', { dateTime: '2026-12-01T09:30:00Z', zoneId: 'Etc/GMT+5' }],
    ['no time', { dateTime: 'tomorrow', zoneId: 'Etc/GMT+5' }],
    ['a number', 5],
  ])('%s is refused', (_name, sendAt) => {
    expect(refusal(input({ ...service, sendAt }))).toMatchObject({
      code: 'TOLLBOARD_PARAMETER_TYPE',
      mayHaveBeenSent: false,
    });
  });
});

describe('an input that cannot be sent', () => {
  test.each([
    ['no To', { to: ' ' }, 'TOLLBOARD_MESSAGE_TO_MISSING', 21604],
    ['Source 1 without From', { from: '', messagingServiceSid: 'MG1' }, 'TOLLBOARD_MESSAGE_SENDER_MISSING', 21603],
    ['Source 2 without a service', { source: 2 }, 'TOLLBOARD_MESSAGE_SENDER_MISSING', 21603],
    ['neither sender', { source: null, from: null }, 'TOLLBOARD_MESSAGE_SENDER_MISSING', 21603],
    [
      'Content 1 without Body',
      { body: '', mediaUrl: ['https://example.com/a.png'] },
      'TOLLBOARD_MESSAGE_CONTENT_MISSING',
      21602,
    ],
    ['Content 2 without media or template', { content: 2 }, 'TOLLBOARD_MESSAGE_CONTENT_MISSING', 21602],
    ['nothing to say', { content: null, body: null }, 'TOLLBOARD_MESSAGE_CONTENT_MISSING', 21602],
  ])('%s', (_name, change, code, twilioCode) => {
    const error = refusal(input({ ...TEXT, ...change }));
    expect(error).toMatchObject({ code, twilioCode, status: 400, mayHaveBeenSent: false });
    expect(error.message).toMatch(/^400: \{"code": \d+, "message": ".+", "more_info": "https:.+", "status": 400\}$/);
  });

  test.each([
    [{ source: 'From' }, 'source is "From"; expected one of 1 (From), 2 (Messaging Service SID).'],
    [{ content: 3 }, 'content is 3; expected one of 1 (Body), 2 (Media URL).'],
    [{ content: true, source: [1, 2] }, 'source is [1,2]; expected one of 1 (From), 2 (Messaging Service SID).'],
  ])('a choice that is none: %j', (change, message) => {
    const error = refusal(input({ ...TEXT, ...change }));
    expect(error.code).toBe('TOLLBOARD_PARAMETER_CHOICE');
    expect(JSON.parse(error.message.replace(/^400: /, ''))).toMatchObject({ code: 20422, message });
  });

  it('a misspelt property is named, with the one that may be meant', () => {
    const error = refusal(input({ ...TEXT, statusCalback: 'https://example.com' }));
    expect(error).toMatchObject({ code: 'TOLLBOARD_PARAMETER_UNKNOWN', status: null });
    expect(error.message).toBe('statusCalback is not a property of Send SMS. Did you mean statusCallback?');
  });

  test.each([
    ['half a connection', { accountSid: SID }, {}],
    ['the other half', { authToken: 'secret-token' }, {}],
    ['an API key that names no account', { accountSid: `SK${'1'.repeat(32)}`, authToken: 'secret-token' }, {}],
  ])('%s', (_name, connection, more) => {
    const given = input({ ...TEXT, ...more }, connection);
    const error = refusal(given);
    expect(error.code).toBe('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE');
    expect(JSON.stringify(error)).not.toContain('secret-token');
    expect(bytechefCredentials(given)).toBeNull();
  });

  test.each([
    [null],
    [undefined],
    ['text'],
    [[]],
    [{}],
    [{ to: '+15551230001', source: 1, from: '+15550000001' }],
    [{ inputParameters: [] }],
    [{ inputParameters: null, connectionParameters: 5 }],
  ])('without inputParameters says so: %j', (given) => {
    expect(refusal(given)).toMatchObject({
      code: 'TOLLBOARD_HOST_INPUT_INVALID',
      message: expect.stringContaining('inputParameters'),
    });
    expect(bytechefCredentials(given)).toBeNull();
  });

  test.each([
    [{ body: { text: 'Hello' } }, 'body is an object; expected one value.'],
    [{ statusCallback: ['https://example.com/'] }, 'statusCallback is ["https://example.com/"]; expected one value.'],
    [{ persistentAction: [{ geo: 1 }] }, 'persistentAction is {"geo":1}; expected a list of texts.'],
  ])('with an object where a text belongs says so: %j', (change, message) => {
    expect(refusal(input({ ...TEXT, ...change })).message).toContain(JSON.stringify(message).slice(1, -1));
  });

  test('without a recipient says so', () => {
    expect(refusal({ inputParameters: {} }).code).toBe('TOLLBOARD_MESSAGE_TO_MISSING');
  });
});

describe('accounts', () => {
  it('S10: an API key connects, and the property Account SID then names the account', () => {
    const key = { accountSid: `SK${'1'.repeat(32)}`, authToken: 'api-secret' };
    const given = input({ ...TEXT, accountSid: SID }, key);
    expect(sending(given).requests[0]?.account).toBe(SID);
    expect(bytechefCredentials(given)).toEqual({
      accountSid: SID,
      username: key.accountSid,
      password: 'api-secret',
      baseUrl: null,
    });
    expect(bytechefCredentials(input(TEXT, key))).toBeNull();
  });

  it('the property Account SID comes before that of the connection', () => {
    const sub = `AC${'5'.repeat(32)}`;
    const given = input({ ...TEXT, accountSid: sub });
    expect(sending(given).requests[0]?.account).toBe(sub);
    expect(bytechefCredentials(given)).toMatchObject({ accountSid: sub, username: SID });
  });

  it('without a connection the Messenger has the credentials', () => {
    expect(sending({ inputParameters: TEXT }).requests[0]).not.toHaveProperty('account');
  });
});

describe('a short validity', () => {
  test.each([
    [5, 1],
    [6, 0],
  ])('of %i seconds: %i warnings', (validityPeriod, warnings) => {
    expect(sending(input({ ...TEXT, validityPeriod })).asked.warnings).toHaveLength(warnings);
  });
});
