import type { Outcome } from '../host.ts';
import { describe, expect, it, test } from 'vitest';
import { OUTCOME_SID, outcome } from '../../../test/support/outcomes.ts';
import { errorReport } from '../../core/errors.ts';
import { twilioErrorReport } from '../../core/twilio-errors.ts';
import { BYTECHEF } from './definition.ts';
import { bytechefResult, isFailure } from './result.ts';

const SID = OUTCOME_SID;
const RESOURCE = {
  body: 'Hello',
  num_segments: '1',
  direction: 'outbound-api',
  from: '+15550000001',
  to: '+15551112222',
  date_updated: 'Wed, 01 Nov 2017 20:56:57 +0000',
  price: null,
  error_message: null,
  uri: `/2010-04-01/Accounts/AC1/Messages/${SID}.json`,
  account_sid: 'AC1',
  num_media: '0',
  status: 'queued',
  messaging_service_sid: null,
  sid: SID,
  date_sent: null,
  date_created: 'Wed, 01 Nov 2017 20:56:57 +0000',
  error_code: null,
  price_unit: 'usd',
  api_version: '2010-04-01',
  subresource_uris: { media: '/x' },
};

const told = (change: Partial<Outcome>, warnings: string[] = []) =>
  bytechefResult({ to: '+15551112222', warnings }, { do: 'send', outcomes: [outcome('+15551112222', change)] });

describe('a text that was taken', () => {
  const output = told({ resource: RESOURCE });

  it('has the 20 members in their order, then the members of Twilio that do not collide', () => {
    expect(Object.keys(output)).toEqual([
      ...BYTECHEF.outputs.map(({ name }) => name),
      ...Object.keys(RESOURCE).filter((name) => name.includes('_')),
    ]);
  });

  it('wraps sender, times and currency as the page declares them', () => {
    expect(output).toMatchObject({
      from: { rawNumber: '+15550000001' },
      numSegments: '1',
      dateUpdated: { dateTime: '2017-11-01T20:56:57', zoneId: 'UTC' },
      dateSent: null,
      currency: { currencyCode: 'USD', defaultFractionDigits: 2, numericCode: 840 },
      subresourceUris: { media: '/x' },
      num_segments: '1',
      date_created: 'Wed, 01 Nov 2017 20:56:57 +0000',
    });
  });

  it('keeps a sender or currency that is not there yet null, and a strange currency by its code', () => {
    expect(told({ resource: { ...RESOURCE, from: null, price_unit: null } })).toMatchObject({
      from: null,
      currency: null,
    });
    expect(told({ resource: { ...RESOURCE, price_unit: 'XQQ' } })).toMatchObject({
      currency: { currencyCode: 'XQQ', defaultFractionDigits: null, numericCode: null },
    });
  });

  it('has all members also where Twilio could not be asked for it', () => {
    expect(told({ status: 'sent' })).toMatchObject({
      sid: SID,
      status: 'sent',
      to: '+15551112222',
      price: null,
      dateSent: null,
    });
  });

  it('tells warnings only where there are any', () => {
    expect(output).not.toHaveProperty('warnings');
    expect(told({ resource: RESOURCE }, ['short'])).toHaveProperty('warnings', ['short']);
  });
});

describe('the other ends', () => {
  it('accepted by a gateway: its id and the status accepted', () => {
    expect(told({ verdict: 'accepted', sid: null, status: null })).toMatchObject({ sid: SID, status: 'accepted' });
  });

  it('failed on the way: the object with its status, code and message', () => {
    const error = twilioErrorReport(30003, 'Unreachable destination handset', {});
    expect(told({ verdict: 'undelivered', status: 'undelivered', error, resource: RESOURCE })).toMatchObject({
      status: 'undelivered',
      errorCode: 30003,
      errorMessage: 'Unreachable destination handset',
    });
  });

  it('refused by Twilio: its status and body, as ByteChef words it', () => {
    const error = twilioErrorReport(21211, "The 'To' number 5 is not a valid phone number.", {
      httpStatus: 400,
      moreInfo: 'https://www.twilio.com/docs/errors/21211',
    });
    const output = told({ verdict: 'refused', id: null, sid: null, status: null, error });
    expect(isFailure(output) && output.error).toMatchObject({
      message:
        '400: {"code": 21211, "message": "The \'To\' number 5 is not a valid phone number.", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}',
      status: 400,
      twilioCode: 21211,
      mayHaveBeenSent: false,
    });
  });

  it('not connected: a sentence that says that nothing left', () => {
    const error = errorReport('TOLLBOARD_DELIVERY_NOT_CONNECTED', { stage: 'before_send' });
    const output = told({ verdict: 'refused', id: null, sid: null, status: null, error });
    expect(isFailure(output) && output.error).toMatchObject({ status: null, mayHaveBeenSent: false });
    expect(isFailure(output) && output.error.message).toContain('nothing left this machine');
  });

  test.each([
    ['by its id where there is one', SID, `with the id ${SID}`],
    ['by recipient and time where there is none', null, 'asked for at 2026-07-01T12:00:00.000Z'],
  ])('unknown or held: says not to send again, and names it %s', (_name, id, words) => {
    const error = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown', httpStatus: 503 });
    const output = told({ verdict: 'unsure', id, sid: null, status: null, error });
    expect(isFailure(output) && output.error).toMatchObject({ mayHaveBeenSent: true, status: null, id });
    expect(isFailure(output) && output.error.message).toMatch(/^Do not send it again: the text to \+15551112222, /);
    expect(isFailure(output) && output.error.message).toContain(words);
  });
});
