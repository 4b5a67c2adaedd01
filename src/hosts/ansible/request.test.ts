import type { SendWork, Work } from '../host.ts';
import type { AnsibleAsked } from './request.ts';
import type { AnsibleOutput } from './result.ts';
import { describe, expect, test } from 'vitest';
import { credentials, request } from './request.ts';

const TASK = {
  account_sid: 'AC00000000000000000000000000000000',
  auth_token: 'the-auth-token',
  from_number: '+15550000001',
  to_number: '+15551113232',
  msg: 'The build is green.',
};

function sendOf(input: unknown): SendWork<AnsibleAsked> {
  const work = request(input);
  if (work.do !== 'send') throw new Error(`not a send: ${JSON.stringify(work)}`);
  return work;
}

function answerOf(input: unknown): AnsibleOutput {
  const work: Work<AnsibleAsked, AnsibleOutput> = request(input);
  if (work.do !== 'answer') throw new Error('not an answer');
  return work.output;
}

const numbersOf = (to_number: unknown) => sendOf({ ...TASK, to_number }).asked.numbers;

describe('a task of the module twilio', () => {
  test('becomes one request for its number, with nothing that it does not say', () => {
    expect(sendOf(TASK).requests).toEqual([
      {
        kind: 'message',
        to: '+15551113232',
        params: { from: '+15550000001', body: 'The build is green.' },
        account: TASK.account_sid,
        host: 'ansible',
      },
    ]);
  });

  test.each([
    [
      'a text with commas, blanks and a comma too many',
      ' +15551113232, +12025551235 ,,',
      ['+15551113232', '+12025551235'],
    ],
    ['a list with blank and null items', ['+15551113232 ', '', ' ', null], ['+15551113232']],
    ['an integer', 15551113232, ['15551113232']],
    ['a WhatsApp address', 'whatsapp:+15551113232', ['whatsapp:+15551113232']],
  ])('takes its numbers from %s', (_, given, expected) => {
    expect(numbersOf(given)).toEqual(expected);
  });

  test('takes a number once, however it is written, and says so', () => {
    const { asked } = sendOf({ ...TASK, to_number: ['+15551113232', '+1 555 111-3232', '+12025551235'] });
    expect(asked.numbers).toEqual(['+15551113232', '+12025551235']);
    expect(asked.warnings).toEqual(['+1 555 111-3232 is named more than once; it is used once.']);
  });

  test('is told of a number that lost its + for want of quotes', () => {
    const { asked } = sendOf({ ...TASK, to_number: 15551113232 });
    expect(asked.warnings).toEqual([
      '15551113232 is an integer: YAML drops the + of a number that is not in quotes. Write "+15551113232".',
    ]);
  });

  test('knows to_numbers as an alias, which wins', () => {
    expect(sendOf({ ...TASK, to_number: null, to_numbers: ['+12025551235'] }).asked.numbers).toEqual(['+12025551235']);
    const both = sendOf({ ...TASK, to_numbers: '+12025551235' }).asked;
    expect(both.numbers).toEqual(['+12025551235']);
    expect(both.warnings).toEqual(['Both option to_number and its alias to_numbers are set.']);
  });

  test('sends to each number in turn, or with stop_on_error false to all at once', () => {
    const numbers = ['+15551113232', '+12025551235'];
    const inTurn = sendOf({ ...TASK, to_number: numbers });
    expect(inTurn).toMatchObject({ stopAtFailure: true, requests: [{ to: numbers[0] }, { to: numbers[1] }] });
    for (const word of [false, 'no', 'False', 0]) {
      const atOnce = sendOf({ ...TASK, to_number: numbers, stop_on_error: word });
      expect(atOnce).toMatchObject({ stopAtFailure: false, requests: [{ to: numbers }] });
    }
  });

  test('sends a list of media, and never splits a URL', () => {
    const media = (media_url: unknown) => sendOf({ ...TASK, media_url }).requests[0]?.params.mediaUrl;
    expect(media('https://example.com/a,b.png')).toEqual(['https://example.com/a,b.png']);
    expect(media(['https://example.com/a.png', 'https://example.com/b.png'])).toHaveLength(2);
    expect([media(''), media([]), media(null)]).toEqual([undefined, undefined, undefined]);
  });

  test('takes every other create parameter in its own type', () => {
    const given = {
      messaging_service_sid: 'MG00000000000000000000000000000001',
      validity_period: '600',
      max_price: '0.5',
      smart_encoded: 'yes',
      content_variables: { 1: 'Ann' },
      persistent_action: 'geo:37.787,-122.39|Office',
      status_callback: ' ',
    };
    expect(sendOf({ ...TASK, from_number: null, ...given }).requests[0]?.params).toEqual({
      body: TASK.msg,
      messagingServiceSid: given.messaging_service_sid,
      validityPeriod: 600,
      maxPrice: 0.5,
      smartEncoded: true,
      contentVariables: { 1: 'Ann' },
      persistentAction: ['geo:37.787,-122.39|Office'],
    });
  });

  test('turns what is no text into text as Ansible does', () => {
    const body = (msg: unknown) => sendOf({ ...TASK, msg }).requests[0]?.params.body;
    expect(body(5)).toBe('5');
    expect(body(true)).toBe('True');
    expect(body(["it's", null, { a: 1.5 }])).toBe(`["it's", None, {'a': 1.5}]`);
  });

  test('takes a word of its choices back that YAML made a boolean, as Ansible does', () => {
    const call = { ...TASK, msg: undefined, _ansible_module_name: 'twilio_call', say: 'Wake up.' };
    const asyncAmd = (async_amd: unknown) => sendOf({ ...call, async_amd }).requests[0]?.params.asyncAmd;
    expect([asyncAmd(true), asyncAmd(false), asyncAmd('true')]).toEqual(['true', 'false', 'true']);
    expect(answerOf({ ...TASK, risk_check: true }).msg).toContain('got: True');
  });

  test('has no key where it names a blank one, as templates with default() do', () => {
    for (const idempotency_key of ['', ' ', null]) {
      const work = sendOf({ ...TASK, idempotency_key });
      expect(work).not.toHaveProperty('idempotencyKey');
      expect(work.asked.keyed).toBe(false);
    }
    expect(sendOf({ ...TASK, idempotency_key: ' deploy-4711 ' }).idempotencyKey).toBe('deploy-4711');
    expect(answerOf({ ...TASK, idempotency_key: 'k'.repeat(256) }).msg).toBe(
      'value of idempotency_key must have at most 255 characters, got: 256',
    );
  });

  test('waits ten seconds for the verdict, two minutes for the end, or as it says', () => {
    expect(sendOf(TASK).wait).toEqual({ until: 'sent', ms: 10_000 });
    expect(sendOf({ ...TASK, wait_until: 'final' }).wait).toEqual({ until: 'final', ms: 120_000 });
    expect(sendOf({ ...TASK, wait: '3' }).wait).toEqual({ until: 'sent', ms: 3000 });
  });
});

describe('a task that cannot be carried out', () => {
  const faultOf = (change: Record<string, unknown>) => {
    const { msg, failed, changed, sent } = answerOf({ ...TASK, ...change });
    expect({ failed, changed, sent }).toEqual({ failed: true, changed: false, sent: [] });
    return msg;
  };

  test('names what is missing as Ansible does; null and blank count as missing', () => {
    expect(answerOf({}).msg).toBe('missing required arguments: account_sid, auth_token, from_number, msg, to_number');
    expect(faultOf({ msg: null, from_number: ' ' })).toBe('missing required arguments: from_number, msg');
  });

  test('may leave out what another argument stands for', () => {
    const service = { messaging_service_sid: 'MG00000000000000000000000000000001' };
    expect(request({ ...TASK, from_number: null, ...service }).do).toBe('send');
    expect(request({ ...TASK, msg: null, content_sid: 'HX00000000000000000000000000000001' }).do).toBe('send');
    expect(request({ ...TASK, auth_token: null, api_key: 'SK1', api_secret: 's' }).do).toBe('send');
    expect(faultOf({ api_key: 'SK1' })).toBe('parameters are required together: api_key, api_secret');
  });

  test('may not leave it out for what is blank, as templates with default() write it', () => {
    const keyless = { auth_token: null, api_key: '', api_secret: ' ' };
    expect(faultOf(keyless)).toBe('missing required arguments: auth_token');
    expect(faultOf({ from_number: null, messaging_service_sid: '' })).toBe('missing required arguments: from_number');
    expect(faultOf({ msg: null, content_sid: '' })).toBe('missing required arguments: msg');
    expect(faultOf({ api_key: 'SK1', api_secret: '' })).toBe('parameters are required together: api_key, api_secret');
    expect(request({ ...TASK, api_key: '', api_secret: '' }).do).toBe('send');
  });

  test('names an unknown argument and lists those that there are', () => {
    const msg = faultOf({ foo: 1, _ansible_module_name: 'tollboard.twilio.twilio', _ansible_new_thing: true });
    expect(msg).toMatch(
      /^Unsupported parameters for \(tollboard\.twilio\.twilio\) module: foo\. Supported parameters include: account_sid, .*, to_number \(to_numbers\), .*\.$/,
    );
  });

  test.each([
    [
      { to_number: { a: 1 } },
      "argument 'to_number' is of type <class 'dict'> and we were unable to convert to list: <class 'dict'> cannot be converted to a list",
    ],
    [
      { wait: 'soon' },
      "argument 'wait' is of type <class 'str'> and we were unable to convert to int: <class 'str'> cannot be converted to an int",
    ],
    [{ wait: -1 }, 'value of wait must be from 0 to 86400, got: -1'],
    [{ risk_check: 'maybe' }, 'value of risk_check must be one of: enable, disable, got: maybe'],
    [{ to_number: ' , ' }, 'to_number names nobody: it is empty, or blanks and commas only. Give at least one number.'],
    [{ to_number: [] }, 'to_number names nobody: it is empty, or blanks and commas only. Give at least one number.'],
  ])('is answered with one clear sentence: %j', (change, sentence) => {
    expect(faultOf(change)).toBe(sentence);
  });

  test('is answered also where there are no arguments at all', () => {
    for (const input of [null, undefined, 'text', [], 5]) expect(answerOf(input).failed).toBe(true);
  });
});

describe('S1: check mode', () => {
  const check = (change: Record<string, unknown> = {}) => answerOf({ ...TASK, ...change, _ansible_check_mode: true });

  test('asks for nothing to be sent, and says that a real run would change something', () => {
    expect(check()).toMatchObject({ changed: true, msg: TASK.msg, sent: [], unsent: ['+15551113232'] });
    expect(check().failed).toBeUndefined();
  });

  test('finds a bad number before the real run does', () => {
    const output = check({ to_number: ['+15551113232', 'nonsense!', '+12025551235'] });
    expect(output).toMatchObject({ failed: true, changed: true, sent: [] });
    expect(output.msg).toMatch(/^unable to send message to nonsense!: To is 'nonsense!'; expected an E\.164 number/);
  });

  test('checks calls too', () => {
    const call = { ...TASK, msg: undefined, _ansible_module_name: 'tollboard.twilio.twilio_call' };
    const { msg: _msg, ...asked } = call;
    expect(answerOf({ ...asked, say: 'Wake up.', _ansible_check_mode: true }).changed).toBe(true);
    const silent = answerOf({ ...asked, _ansible_check_mode: true });
    expect(silent.msg).toMatch(/^unable to call \+15551113232: The call has nothing to do/);
  });
});

describe('a task of the module twilio_call', () => {
  test('becomes a call that says something', () => {
    const { msg: _msg, ...call } = TASK;
    const work = sendOf({
      ...call,
      _ansible_module_name: 'twilio_call',
      say: 'Wake up.',
      language: 'en-GB',
      timeout: 20,
    });
    expect(work.requests).toMatchObject([
      {
        kind: 'call',
        params: { from: '+15550000001', say: { text: 'Wake up.', language: 'en-GB' }, timeout: 20 },
      },
    ]);
  });
});

describe('S3: the credentials of a task', () => {
  test('are the account with its token, or with an API key', () => {
    const { account_sid: accountSid } = TASK;
    expect(credentials({ ...TASK, auth_token: 'the-auth-token\n', account_sid: `${accountSid}\n` })).toEqual({
      accountSid,
      username: accountSid,
      password: 'the-auth-token',
      baseUrl: null,
    });
    expect(credentials({ account_sid: accountSid, api_key: 'SK1', api_secret: 's' })).toEqual({
      accountSid,
      username: 'SK1',
      password: 's',
      baseUrl: null,
    });
    expect(credentials({ account_sid: accountSid })).toBeNull();
    expect(credentials(null)).toBeNull();
  });

  test('appear in no answer, by name or by value', () => {
    const secret = ' se-cret\n';
    const output = answerOf({
      ...TASK,
      auth_token: secret,
      msg: 'the token is se-cret',
      gateway_token: 'gate-secret',
      _ansible_check_mode: true,
    });
    expect(JSON.stringify(output)).not.toMatch(/se-cret|gate-secret/);
    expect(output.msg).toBe('the token is ********');
    expect(output.invocation.module_args).toMatchObject({
      auth_token: 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER',
      gateway_token: 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER',
      account_sid: TASK.account_sid,
      media_url: null,
    });
    const refused = answerOf({ ...TASK, auth_token: 'se-cret', risk_check: 'se-cret' });
    expect(JSON.stringify(refused)).not.toContain('se-cret');
  });

  test('appear in no address that is shown, either', () => {
    const { invocation } = answerOf({
      ...TASK,
      gateway_url: 'http://ann:se-cret@127.0.0.1:8655',
      status_callback: 'https://ann:se-cret@example.com/status',
      media_url: ['https://ann:se-cret@example.com/a.png'],
      _ansible_check_mode: true,
    });
    expect(invocation.module_args).toMatchObject({
      gateway_url: 'http://…@127.0.0.1:8655',
      status_callback: 'https://…@example.com/status',
      media_url: ['https://…@example.com/a.png'],
    });
  });
});
