import { describe, expect, test } from 'vitest';
import { flogoCredentials, flogoRequest } from './request.ts';

const INPUTS = {
  accountSid: 'AC1',
  authToken: 'token',
  urlString: 'https://api.twilio.com/2010-04-01/Accounts/',
  method: 'Send SMS',
  messageBody: 'Hello',
  to: '+16175551212',
  from: '+16175550000',
};

/** The outputs of an input that is answered at once. */
function answer(input: unknown) {
  const work = flogoRequest(input);
  return work.do === 'answer' ? work.output : work.do;
}

function requestOf(change: Record<string, unknown>) {
  const work = flogoRequest({ ...INPUTS, ...change });
  return work.do === 'send' ? work.requests[0] : work;
}

describe('an input of the Flogo activity', () => {
  test('becomes one request to every number of the list, with the account, the sender and the body as given', () => {
    expect(requestOf({ to: '+16175551212,+16175551213', messageBody: ' Hello, you ' })).toEqual({
      kind: 'message',
      host: 'flogo',
      account: 'AC1',
      to: ['+16175551212', '+16175551213'],
      params: { from: '+16175550000', body: ' Hello, you ' },
    });
  });

  test('loses blanks, empty elements and a trailing comma of its list, and nothing else', () => {
    expect(requestOf({ to: ' +16175551212 , ,whatsapp:+16175551213,' })).toMatchObject({
      to: ['+16175551212', 'whatsapp:+16175551213'],
    });
  });

  test('may have numbers for texts', () => {
    expect(requestOf({ to: 16175551212, from: 12345, messageBody: 7 })).toMatchObject({
      to: ['16175551212'],
      params: { from: '12345', body: '7' },
    });
  });

  test.each([
    ['504', 'Url String field is blank'],
    ['505', 'Account SID field is blank'],
    ['506', 'Auth Token String field is blank'],
    ['501', 'SMS body is blank'],
    ['502', 'To field is blank'],
    ['503', 'From field is blank'],
  ])('with every field blank up to it ends with %s', (statusCode, message) => {
    const order = ['urlString', 'accountSid', 'authToken', 'messageBody', 'to', 'from'];
    const codes = ['504', '505', '506', '501', '502', '503'];
    const blank = Object.fromEntries(order.slice(codes.indexOf(statusCode)).map((name) => [name, '  ']));
    expect(answer({ ...INPUTS, ...blank })).toMatchObject({ statusCode, status: 'Failed', message });
  });

  test('without a body has failed for the whole list, as in the original', () => {
    expect(answer({ ...INPUTS, messageBody: '', to: '+1, +2' })).toMatchObject({
      statusCode: '501',
      failedNumbers: '+1, +2',
    });
  });

  test('with nothing but commas in its list has a blank to', () => {
    expect(answer({ ...INPUTS, to: ' , ,' })).toMatchObject({ statusCode: '502', message: 'To field is blank' });
  });

  test.each(['Retrive Recipients', 'Retrieve Recipients', ' Retrive Recipients '])(
    'with method "%s" reads the recipients',
    (method) => {
      const { accountSid, authToken, urlString } = INPUTS;
      expect(answer({ accountSid, authToken, urlString, method })).toBe('recipients');
    },
  );

  test('without a method sends: the default of the document', () => {
    const { method: _method, ...others } = INPUTS;
    expect(answer(others)).toBe('send');
  });

  test('with an unknown method does nothing and says which are known', () => {
    expect(answer({ ...INPUTS, method: 'send sms' })).toEqual({
      statusCode: '1001',
      status: 'Failed',
      message: 'Method "send sms" is not known; use "Send SMS" or "Retrive Recipients"',
      failedNumbers: '',
    });
  });

  test.each([
    [null, 'The input is null; expected an object with the seven inputs'],
    [['a'], 'The input is a list; expected an object with the seven inputs'],
    [{ ...INPUTS, to: ['+1'] }, 'to is a list; expected a text'],
    [{ ...INPUTS, authToken: { secret: 'token' } }, 'authToken is a value of type object; expected a text'],
    [{ ...INPUTS, legacyCodes: 'yes' }, 'legacyCodes is a value of type string; expected true or false'],
  ])('of the wrong type is told by its type, never by its value', (input, message) => {
    expect(answer(input)).toMatchObject({ statusCode: '1001', status: 'Failed', message });
  });
});

describe('the credentials of an input', () => {
  test.each([
    'https://api.twilio.com/2010-04-01/Accounts/',
    'https://api.twilio.com/2010-04-01/Accounts',
    ' https://api.twilio.com/2010-04-01/Accounts// ',
    'https://api.twilio.com/2010-04-01',
  ])('go to the address without Accounts: %s', (urlString) => {
    expect(flogoCredentials({ ...INPUTS, urlString })).toEqual({
      accountSid: 'AC1',
      username: 'AC1',
      password: 'token',
      baseUrl: 'https://api.twilio.com/2010-04-01',
    });
  });

  test('are missing where SID or token is blank or no text', () => {
    for (const change of [{ accountSid: ' ' }, { authToken: '' }, { authToken: {} }]) {
      expect(flogoCredentials({ ...INPUTS, ...change })).toBeNull();
    }
    expect(flogoCredentials('text')).toBeNull();
  });
});
