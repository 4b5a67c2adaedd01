import type { CreateResult } from '../core/ports.ts';
import type { TransportAnswer } from './transport.ts';
import { describe, expect, it } from 'vitest';
import { clockOffsetMs, createFailure, createResult, listedResource, refusalReport, statusFact } from './answers.ts';
import { TransportFailure } from './transport.ts';

const SM = `SM${'a1'.repeat(16)}`;
const NOW = Date.UTC(2026, 6, 1, 12);

function answer(status: number, body: unknown, headers: Record<string, string> = {}): TransportAnswer {
  return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function refusal(status: number, code: number | undefined, message = 'No.') {
  return {
    ...(code === undefined ? {} : { code, more_info: `https://www.twilio.com/docs/errors/${code}` }),
    message,
    status,
  };
}

function outcome(status: number, body: unknown, headers?: Record<string, string>): CreateResult {
  return createResult('message', answer(status, body, headers), NOW);
}

describe('createResult', () => {
  it('accepts 2xx with a SID and keeps what Twilio said', () => {
    const resource = {
      sid: SM,
      status: 'accepted',
      num_segments: '0',
      from: null,
      error_code: null,
      error_message: null,
    };
    expect(outcome(201, resource, { 'twilio-request-id': 'RQ1' })).toEqual({
      outcome: 'accepted',
      resource,
      requestId: 'RQ1',
      sid: SM,
      status: 'accepted',
      errorCode: null,
      errorMessage: null,
      from: null,
      segments: 0,
    });
    expect(outcome(200, { sid: SM.toUpperCase().replace('SM', 'MM') }).outcome).toBe('accepted');
    expect(createResult('call', answer(201, { sid: SM.replace('SM', 'CA'), status: 'queued' }), NOW).outcome).toBe(
      'accepted',
    );
  });

  it.each([
    ['without a SID', 201, {}],
    ['with a SID of another kind', 201, { sid: SM.replace('SM', 'CA') }],
    ['with a SID that is too short', 201, { sid: 'SM12' }],
    ['with a SID that is no text', 201, { sid: 1 }],
    ['that is half a document', 201, `{"sid": "${SM}", `],
    ['that is a list', 200, [{ sid: SM }]],
    ['that is empty', 204, ''],
    ['that is a page', 200, '<html>Welcome to the hotel network</html>'],
  ])('does not believe a 2xx %s', (_what, status, body) => {
    const result = outcome(status, body);
    expect(result.outcome).toBe('unknown');
    expect(result).toMatchObject({
      error: { code: 'TOLLBOARD_DELIVERY_LOST_ANSWER', stage: 'unknown', httpStatus: status },
    });
  });

  it.each([
    [400, 21211],
    [401, 20003],
    [403, 20005],
    [404, 20404],
    [400, 21610],
    [400, 572006],
    [429, 63038],
  ])('takes a %i with %i as a refusal: nothing was sent', (status, code) => {
    const result = outcome(status, refusal(status, code), { 'twilio-request-id': 'RQ2' });
    expect(result.outcome).toBe('rejected');
    expect(result).toMatchObject({
      error: {
        twilioCode: code,
        httpStatus: status,
        requestId: 'RQ2',
        stage: 'before_send',
        moreInfo: expect.stringContaining(String(code)),
      },
    });
    expect((result as { error: { remedy: string } }).error.remedy).not.toBe('');
  });

  it('takes a 404 without code as Twilio’s only with Twilio’s request id', () => {
    expect(outcome(404, refusal(404, undefined), { 'twilio-request-id': 'RQ3' }).outcome).toBe('rejected');
    expect(outcome(404, refusal(404, undefined)).outcome).toBe('unknown');
  });

  it.each([
    ['a 429 of a stranger', 429, 'Too many requests', {}],
    ['a 429 with somebody else’s JSON', 429, { message: 'slow down' }, {}],
    ['a page of a proxy', 403, '<html>Blocked</html>', { 'content-type': 'text/html; charset=utf-8' }],
    ['a gateway’s own JSON error', 404, { timestamp: 1, status: 404, error: 'Not Found', message: 'x', path: '/' }, {}],
    ['a code that is an HTTP status', 403, { code: 403, message: 'denied', status: 403 }, {}],
    ['a body that speaks of another status', 400, refusal(404, 20404), {}],
    ['a redirect', 302, '', { location: 'https://elsewhere.example' }],
    ['Twilio’s 500', 500, refusal(500, 20500), {}],
    ['Twilio’s 503', 503, refusal(503, 20503), {}],
    ['a 5xx with the code of a refusal', 503, refusal(503, 20429), {}],
    ['a bad gateway', 502, '<html>', {}],
    ['a 407', 407, '', {}],
  ])('proves nothing: %s', (_what, status, body, headers) => {
    expect(outcome(status, body, headers as Record<string, string>)).toMatchObject({
      outcome: 'unknown',
      error: { stage: 'unknown', httpStatus: status },
    });
  });

  it.each([
    [429, 20429, undefined, null],
    [429, 20429, '2', 2_000],
    [429, 20429, '0.5', 500],
    [429, 20429, 'Wed, 01 Jul 2026 12:00:10 GMT', 10_000],
    [429, 20429, 'Wed, 01 Jul 2026 11:00:00 GMT', 0],
    [429, 20429, 'soon', null],
    [400, 21611, undefined, null],
    [429, 10004, undefined, null],
  ])('slows down on %i with %i and Retry-After %s', (status, code, header, retryAfterMs) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
    expect(outcome(status, refusal(status, code), headers)).toMatchObject({ outcome: 'rate_limited', retryAfterMs });
  });
});

describe('createFailure', () => {
  it('tells what never left from what may have', () => {
    const refused = new TransportFailure('before_send', 'refused', '127.0.0.1:8656, ECONNREFUSED');
    expect(createFailure(refused)).toMatchObject({
      outcome: 'not_sent',
      error: {
        code: 'TOLLBOARD_DELIVERY_NOT_CONNECTED',
        stage: 'before_send',
        message: expect.stringContaining('ECONNREFUSED'),
      },
    });
    const reset = new TransportFailure('unknown', 'reset', '127.0.0.1:8656, ECONNRESET');
    expect(createFailure(reset)).toMatchObject({
      outcome: 'unknown',
      error: {
        code: 'TOLLBOARD_DELIVERY_LOST_ANSWER',
        stage: 'unknown',
        message: expect.stringContaining('ECONNRESET'),
      },
    });
  });
});

describe('refusalReport', () => {
  it('is Twilio’s own error where Twilio answered, else says who answered what', () => {
    expect(refusalReport(answer(404, refusal(404, 20404)), 'GET /x')).toMatchObject({
      twilioCode: 20404,
      kind: 'not_found',
      httpStatus: 404,
    });
    expect(refusalReport(answer(502, '<html>', { 'content-type': 'text/html' }), 'GET /x')).toMatchObject({
      code: 'TOLLBOARD_TWILIO_UNEXPECTED',
      httpStatus: 502,
      message: expect.stringMatching(/GET \/x.*502.*text\/html/),
    });
  });
});

describe('statusFact and listedResource', () => {
  it('read Twilio’s numbers in both spellings and its RFC 2822 dates', () => {
    const row = {
      sid: SM,
      status: 'undelivered',
      error_code: 30003,
      error_message: 'Unreachable',
      from: '+15550000001',
      to: '+15550100001',
      body: 'x',
      num_segments: '2',
      num_media: '1',
      direction: 'outbound-api',
      messaging_service_sid: null,
      date_created: 'Wed, 01 Jul 2026 12:00:00 +0000',
    };
    expect(statusFact('message', row)).toMatchObject({ errorCode: 30003, errorMessage: 'Unreachable', segments: 2 });
    expect(statusFact('message', { ...row, error_code: '30003' })).toMatchObject({ errorCode: 30003 });
    expect(listedResource('message', row)).toMatchObject({
      numMedia: 1,
      createdAt: NOW,
      to: '+15550100001',
      body: 'x',
    });
    expect(listedResource('message', { ...row, date_created: null })).toMatchObject({ createdAt: null });
    expect(listedResource('message', { ...row, to: undefined })).toBeNull();
    expect(statusFact('call', row)).toBeNull();
  });
});

describe('clockOffsetMs', () => {
  it('is Twilio’s time minus ours, or unknown', () => {
    expect(clockOffsetMs(answer(200, {}, { date: 'Wed, 01 Jul 2026 12:01:00 GMT' }), NOW)).toBe(60_500);
    expect(clockOffsetMs(answer(200, {}), NOW)).toBeNull();
    expect(clockOffsetMs(answer(200, {}, { date: 'noon' }), NOW)).toBeNull();
  });
});
