import type { ErrorReport } from '../../core/errors.ts';
import type { Outcome, Verdict } from '../host.ts';
import type { FlogoAsked } from './request.ts';
import { describe, expect, test } from 'vitest';
import { outcome as anOutcome } from '../../../test/support/outcomes.ts';
import { errorReport } from '../../core/errors.ts';
import { flogoResult } from './result.ts';

function outcome(to: string, verdict: Verdict, facts: Partial<Outcome> = {}): Outcome {
  const id = verdict === 'taken' || verdict === 'accepted' ? `SM${to.slice(1)}` : null;
  return anOutcome(to, { verdict, id, sid: null, status: null, ...facts });
}

function refused(to: string, error: Partial<ErrorReport>): Outcome {
  return outcome(to, 'refused', { error: { ...errorReport('TOLLBOARD_TWILIO_REQUEST'), ...error } });
}

const answered = (httpStatus: number): Partial<ErrorReport> => ({
  httpStatus,
  twilioMessage: `Refused with ${httpStatus}`,
  moreInfo: 'https://www.twilio.com/docs/errors/1',
});

function send(outcomes: Outcome[], change: Partial<FlogoAsked> = {}) {
  const asked: FlogoAsked = {
    method: 'send',
    to: outcomes.map(({ to }) => to).join(','),
    legacyCodes: false,
    ...change,
  };
  return flogoResult(asked, { do: 'send', outcomes });
}

function retrieve(error: Partial<ErrorReport>, legacyCodes = false) {
  const report = { ...errorReport('TOLLBOARD_TWILIO_UNEXPECTED'), ...error };
  return flogoResult(
    { method: 'retrieve', to: '', legacyCodes },
    { do: 'recipients', recipients: null, error: report },
  );
}

describe('a Send', () => {
  test('that all took is 200, Success, and echoes the list as it was given', () => {
    expect(send([outcome('+1', 'taken'), outcome('+2', 'taken')], { to: ' +1, +2,' })).toEqual({
      statusCode: '200',
      status: 'Success',
      message: 'SMS sent successfully to : +1, +2,',
      failedNumbers: '',
    });
  });

  test('that a gateway holds for some says accepted, with the ids', () => {
    expect(send([outcome('+1', 'taken'), outcome('+2', 'accepted')])).toMatchObject({
      statusCode: '200',
      status: 'Success',
      message: 'SMS sent successfully to :+1, SMS accepted, not yet sent, to :+2 (id SM2, accepted)',
    });
  });

  test('that some took is 201, Partial-Success, with each failure in input order', () => {
    expect(send([refused('+1', answered(400)), outcome('+2', 'taken'), refused('+3', answered(429))])).toEqual({
      statusCode: '201',
      status: 'Partial-Success',
      message: [
        '400 Bad RequestError from service, please check To/From detailsMsg from error:Refused with 400,moreinfo from error:https://www.twilio.com/docs/errors/1:\n',
        'An error has occured, response statusCode from Twilio429Msg from error:Refused with 429,moreinfo from error:https://www.twilio.com/docs/errors/1:\n',
      ].join(''),
      failedNumbers: '+1:+3:',
    });
  });

  test('S5: one 401, 404 or 901 never marks a number failed that was taken', () => {
    for (const error of [
      answered(401),
      answered(404),
      { code: 'TOLLBOARD_DELIVERY_NOT_CONNECTED', httpStatus: null } as const,
    ]) {
      expect(send([outcome('+1', 'taken'), refused('+2', error)])).toMatchObject({
        statusCode: '201',
        status: 'Partial-Success',
        failedNumbers: '+2:',
      });
    }
  });

  test('that nobody took has the first present of 901, 401, 404, 405, 429, 500, 400, else 1001', () => {
    const statuses = [403, 400, 500, 429, 405, 404, 401];
    const codes = statuses.map((_, index) =>
      send(statuses.slice(0, index + 1).map((status, at) => refused(`+${at}`, answered(status)))),
    );
    expect(codes.map(({ statusCode }) => statusCode)).toEqual(['1001', '400', '500', '429', '405', '404', '401']);
    expect(codes.every(({ status }) => status === 'Failed')).toBe(true);
    const unconnected = errorReport('TOLLBOARD_DELIVERY_NOT_CONNECTED', { stage: 'before_send' });
    expect(send([refused('+1', answered(401)), refused('+2', unconnected)]).statusCode).toBe('901');
  });

  test('that nobody took for one reason tells it once', () => {
    const failed = send([refused('+1', answered(404)), refused('+2', answered(404))]);
    expect(failed).toMatchObject({ statusCode: '404', failedNumbers: '+1:+2:' });
    expect(failed.message).toBe(
      '404 Not FoundError from service, please check URL/AccountIDMsg from error:Refused with 404,moreinfo from error:https://www.twilio.com/docs/errors/1',
    );
  });

  test('that a 5xx refused for certain is 500 and tells the true status', () => {
    const failed = send([refused('+1', answered(503))]);
    expect(failed.statusCode).toBe('500');
    expect(failed.message).toContain('response statusCode from Twilio503Msg from error:Refused with 503');
  });

  test('that our own check refused is told as what Twilio would have answered, with the remedy', () => {
    const own = errorReport('TOLLBOARD_MESSAGE_TO_MISSING');
    const failed = send([refused('+1', own)]);
    expect(failed.statusCode).toBe('400');
    expect(failed.message).toContain(`${own.message} ${own.remedy}`);
  });

  test('that failed on the way is told by its reason, not as a refused request', () => {
    const error = errorReport('TOLLBOARD_TWILIO_CARRIER', { twilioCode: 30003 });
    const failed = send([outcome('+1', 'undelivered', { id: 'SM1', status: 'undelivered', error })]);
    expect(failed).toMatchObject({ statusCode: '1001', status: 'Failed', failedNumbers: '+1:' });
    expect(failed.message).toBe(`${error.message}:\n`);
    expect(send([outcome('+1', 'undelivered', { status: 'failed' })]).message).toContain('the status failed');
  });

  test('with any unknown or held is 1001, says not to resend, and lists id, taken and failed', () => {
    const lost = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });
    const unsure = send([
      outcome('+1', 'taken'),
      outcome('+2', 'unsure', { error: lost }),
      refused('+3', answered(400)),
      outcome('+4', 'unsure', { error: lost, id: 'SM4' }),
    ]);
    expect(unsure).toMatchObject({ statusCode: '1001', status: 'Failed', failedNumbers: '+3:' });
    expect(unsure.message).toContain(
      'Do not resend: the SMS may have been sent to +2 (asked for at 2026-07-01T12:00:00.000Z), +4 (id SM4). Taken: +1 (id SM1). Failed: +3 (400 Bad Request',
    );
    expect(unsure.message).toContain(lost.message);
    expect(send([outcome('+2', 'unsure', { error: lost })], { legacyCodes: true }).statusCode).toBe('1001');
  });

  test('counts a number that came twice once', () => {
    const error = answered(400);
    const failed = send([refused('+1', error), { ...refused('+1', error), duplicate: true }, outcome('+2', 'taken')]);
    expect(failed.failedNumbers).toBe('+1:');
  });

  test('with legacyCodes ends as the original did: 203 for 401, 404 and 901, else 202, and 201 for some', () => {
    const legacy = { legacyCodes: true };
    expect(send([refused('+1', answered(401)), refused('+2', answered(400))], legacy).statusCode).toBe('203');
    expect(send([refused('+1', answered(429)), refused('+2', answered(400))], legacy).statusCode).toBe('202');
    expect(send([outcome('+1', 'taken'), refused('+2', answered(401))], legacy).statusCode).toBe('201');
    expect(send([outcome('+1', 'taken')], legacy).statusCode).toBe('200');
  });
});

describe('a Retrieve', () => {
  const numbers = (...found: string[]) =>
    found.map((phoneNumber, index) => ({ sid: `PN${index}`, phoneNumber, friendlyName: '' }));

  test('joins the numbers by commas, for the input to', () => {
    const done = { do: 'recipients', recipients: numbers('+1', '+2'), error: null } as const;
    expect(flogoResult({ method: 'retrieve', to: '', legacyCodes: false }, done)).toEqual({
      statusCode: '200',
      status: 'Success',
      message: '+1,+2',
      failedNumbers: '',
    });
  });

  test('of an account without verified numbers is a Success with an empty message', () => {
    const done = { do: 'recipients', recipients: [], error: null } as const;
    expect(flogoResult({ method: 'retrieve', to: '', legacyCodes: true }, done)).toEqual({
      statusCode: '200',
      status: 'Success',
      message: '',
      failedNumbers: '',
    });
  });

  test.each([
    [302, '302'],
    [304, '304'],
    [401, '401'],
    [404, '404'],
    [429, '429'],
    [500, '500'],
    [503, '503'],
    [502, '500'],
    [400, '1001'],
    [200, '1001'],
  ])('answered with %i is %s', (httpStatus, statusCode) => {
    expect(retrieve({ httpStatus })).toMatchObject({ statusCode, status: 'Failed', failedNumbers: '' });
  });

  test('without an answer is 901 with the reason', () => {
    const error = errorReport('TOLLBOARD_TWILIO_NO_ANSWER');
    expect(retrieve(error)).toMatchObject({
      statusCode: '901',
      message: `Check the connectivity.....${error.message} ${error.remedy}`,
    });
  });

  test('with legacyCodes fails with 203', () => {
    expect(retrieve({ httpStatus: 404 }, true)).toMatchObject({ statusCode: '203', status: 'Failed' });
  });
});
