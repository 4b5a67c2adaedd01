import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, ERRORS, isTollboardError, TollboardError } from './errors.ts';
import { TWILIO_ERRORS, twilioError, twilioErrorReport } from './twilio-errors.ts';

describe("the table of Twilio's errors", () => {
  it('has 242 codes, each once, ascending', () => {
    const codes = TWILIO_ERRORS.map((row) => row.code);
    expect(codes).toHaveLength(242);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
  });

  it('gives every code a sentence, a cause, a remedy and a category that becomes one of our codes', () => {
    for (const row of TWILIO_ERRORS) {
      expect([row.message, row.cause, row.remedy].every((text) => text.trim() !== '')).toBe(true);
      expect(twilioErrorReport(row.code, null).code, String(row.code)).toMatch(/^TOLLBOARD_TWILIO_(?!UNKNOWN)/);
    }
  });

  it('has an HTTP status for every code that answers a request, but for warnings', () => {
    const without = TWILIO_ERRORS.filter((row) => row.surface === 'rest' && row.httpStatus === undefined);
    expect(without.map((row) => row.code)).toEqual([20001, 32019]);
  });

  it('knows every code that our own catalogue names', () => {
    for (const [code, row] of Object.entries(ERRORS)) {
      if ('twilioCode' in row) expect(twilioError(row.twilioCode), code).toBeDefined();
    }
  });
});

describe('an error of Twilio', () => {
  it("keeps Twilio's sentence, code, request id and address, and takes the remedy of the table", () => {
    const report = twilioErrorReport(21211, "Invalid 'To' Phone Number: +1555000XXXX", {
      stage: 'before_send',
      httpStatus: 400,
      requestId: 'RQ1',
      moreInfo: 'https://www.twilio.com/docs/errors/21211',
    });
    expect(report).toEqual({
      code: 'TOLLBOARD_TWILIO_RECIPIENT',
      kind: 'invalid',
      message: "Invalid 'To' Phone Number: +1555000XXXX (Twilio 21211).",
      remedy: twilioError(21211)?.remedy,
      stage: 'before_send',
      twilioCode: 21211,
      twilioMessage: "Invalid 'To' Phone Number: +1555000XXXX",
      httpStatus: 400,
      requestId: 'RQ1',
      moreInfo: 'https://www.twilio.com/docs/errors/21211',
    });
  });

  it('without a sentence takes that of the table', () => {
    expect(twilioErrorReport(30008, null, { stage: 'after_send' }).message).toBe('Unknown error (Twilio 30008).');
    expect(twilioErrorReport(20429, '').message).toBe('Too Many Requests (Twilio 20429).');
    expect(twilioErrorReport(20003, 'Authenticate').message).toBe(
      'Twilio did not accept the credentials: Authenticate (Twilio 20003).',
    );
  });

  it('that the table lacks is permanent and to be looked up', () => {
    expect(twilioErrorReport(999_999, 'Something new', { httpStatus: 400 })).toMatchObject({
      code: 'TOLLBOARD_TWILIO_UNKNOWN',
      kind: 'invalid',
      message: 'Something new (Twilio 999999).',
      remedy: expect.stringContaining('https://www.twilio.com/docs/errors'),
      moreInfo: 'https://www.twilio.com/docs/errors/999999',
    });
  });

  const kinds: Array<[code: number | null, httpStatus: number | undefined, kind: string]> = [
    [20003, 401, 'unauthorized'],
    [20404, 404, 'not_found'],
    [20429, 429, 'rate_limited'],
    [21611, 400, 'rate_limited'],
    [21610, 400, 'forbidden'],
    [21608, 400, 'forbidden'],
    [20500, 500, 'unavailable'],
    [30036, undefined, 'timeout'],
    [null, 401, 'unauthorized'],
    [null, 404, 'not_found'],
    [null, 429, 'rate_limited'],
    [null, 503, 'unavailable'],
    [null, 418, 'invalid'],
    [null, undefined, 'invalid'],
  ];
  it.each(kinds)('with code %s and HTTP status %s is of kind %s', (code, httpStatus, kind) => {
    expect(twilioErrorReport(code, null, httpStatus === undefined ? {} : { httpStatus }).kind).toBe(kind);
  });
});

describe('the catalogue', () => {
  it('gives every code a known kind, a sentence and a remedy', () => {
    for (const [code, row] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^TOLLBOARD_[A-Z]+(_[A-Z0-9]+)*$/);
      expect(Object.keys(ERROR_KINDS)).toContain(row.kind);
      expect(row.message).toMatch(/[.}]$/);
      expect(row.remedy).toMatch(/[.}?]$/);
    }
  });

  it('fills placeholders from the details and leaves unknown ones', () => {
    const error = new TollboardError('TOLLBOARD_ENTRY_STATE', { details: { id: 'SM1' } });
    expect(error.message).toBe('Entry SM1 is {state}, which does not allow this.');
    expect(isTollboardError(error)).toBe(true);
    expect(isTollboardError(new Error('x'))).toBe(false);
  });
});
