/** Numbers over the API: pointed here, and back to exactly what stood there. */

import type { NumberView } from '../../src/core/inbound.ts';
import type { OwnedNumber } from '../../src/inbound/numbers.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, refusal, startApiServer, WEBHOOK } from '../support/api-server.ts';

const NUMBER = '+15550000001';
const SID = `PN${'1'.repeat(32)}`;

/** Messages to an application, calls by GET to somebody else's page, over a trunk. */
const owned = (): OwnedNumber => ({
  sid: SID,
  phoneNumber: NUMBER,
  friendlyName: 'Home',
  smsUrl: 'https://example.com/sms',
  smsMethod: 'POST',
  smsApplicationSid: `AP${'2'.repeat(32)}`,
  voiceUrl: 'https://example.com/voice?x=1',
  voiceMethod: 'GET',
  voiceApplicationSid: null,
  trunkSid: `TK${'3'.repeat(32)}`,
});

let api: ApiServer;
let numbers: OwnedNumber[];
beforeEach(async () => {
  numbers = [owned()];
  api = await startApiServer({ numbers });
});
afterEach(() => api.close());

const act = (verb: string, number = NUMBER) =>
  api.fetch(`/api/v1/numbers/${encodeURIComponent(number)}/${verb}`, { method: 'POST' });
const list = async () =>
  ((await (await api.fetch('/api/v1/numbers')).json()) as { numbers: NumberView[]; simulated: boolean }).numbers;

describe('a number', () => {
  test('is connected by both URLs and POST, with nothing in between, and restored to exactly what it was', async () => {
    const url = api.url + WEBHOOK;
    expect(await list()).toMatchObject([{ connected: false, before: null, smsUrl: 'https://example.com/sms' }]);
    const before = { smsUrl: 'https://example.com/sms', voiceUrl: 'https://example.com/voice?x=1' };
    expect(await (await act('connect')).json()).toMatchObject({ connected: true, smsUrl: url, voiceUrl: url, before });
    expect(numbers).toEqual([
      {
        ...owned(),
        ...{ smsUrl: url, smsMethod: 'POST', smsApplicationSid: null },
        ...{ voiceUrl: url, voiceMethod: 'POST', voiceApplicationSid: null, trunkSid: null },
      },
    ]);
    expect(await (await act('connect', SID)).json()).toMatchObject({ connected: true, before });
    expect(await (await act('restore')).json()).toMatchObject({ connected: false, before: null, ...before });
    expect(numbers).toEqual([owned()]);
  });

  test('connected again after somebody changed it is restored to their change, and elsewhere to what stood there first', async () => {
    await act('connect');
    Object.assign(numbers[0] ?? {}, { smsUrl: 'https://example.com/changed', smsMethod: 'GET' });
    await act('connect');
    await act('restore');
    const sms = { smsUrl: 'https://example.com/changed', smsMethod: 'GET', smsApplicationSid: null };
    expect(numbers).toEqual([{ ...owned(), ...sms }]);
  });

  test('connected under another public address before is connected anew, and restored, to what stood there first', async () => {
    await act('connect');
    const moved = await startApiServer({ numbers, publicUrl: 'https://new.example.com', store: api.store });
    const ask = async (verb: string) =>
      (await moved.fetch(`/api/v1/numbers/${SID}/${verb}`, { method: 'POST' })).json() as Promise<NumberView>;
    expect(await ask('restore')).toMatchObject({ connected: false, before: null });
    expect(numbers).toEqual([owned()]);
    await act('connect');
    const url = `https://new.example.com${WEBHOOK}`;
    expect(await ask('connect')).toMatchObject({ connected: true, smsUrl: url, voiceUrl: url });
    await ask('restore');
    expect(numbers).toEqual([owned()]);
    await moved.server.close();
  });

  test('that somebody changed since is not restored over their change', async () => {
    await act('connect');
    Object.assign(numbers[0] ?? {}, { voiceUrl: 'https://example.com/changed' });
    expect(await refusal(act('restore'))).toMatchObject({
      status: 409,
      code: 'TOLLBOARD_NUMBER_CHANGED',
      details: { voiceUrl: 'https://example.com/changed' },
    });
    expect(numbers[0]?.voiceUrl).toBe('https://example.com/changed');
    expect(await list()).toMatchObject([{ before: { smsUrl: 'https://example.com/sms' } }]);
  });

  test('whose change never reached Twilio is restored without one', async () => {
    await act('connect');
    numbers[0] = owned();
    expect(await (await act('restore')).json()).toMatchObject({ connected: false, before: null });
    expect(numbers).toEqual([owned()]);
  });

  test('connected only for its calls by hand keeps what is set for its messages, and the other way round', async () => {
    const url = api.url + WEBHOOK;
    Object.assign(numbers[0] ?? {}, { voiceUrl: url, voiceMethod: 'POST', trunkSid: null });
    const before = structuredClone(numbers);
    await act('connect');
    await act('restore');
    expect(numbers).toEqual(before);
  });

  test('of many is named among some of them', async () => {
    for (let count = 0; count < 30; count += 1) numbers.push({ ...owned(), phoneNumber: `+1555000${1000 + count}` });
    const { message } = await refusal(act('connect', '+15559999999'));
    expect(message).toContain(`${NUMBER}, +15550001000`);
    expect(message).toContain(' and 11 more');
  });

  test('that is not ours or not connected is refused in words', async () => {
    expect(await refusal(act('connect', '+15559999999'))).toMatchObject({
      status: 404,
      code: 'TOLLBOARD_NUMBER_UNKNOWN',
      message: expect.stringContaining(NUMBER),
    });
    expect(await refusal(act('restore'))).toMatchObject({ status: 409, code: 'TOLLBOARD_NUMBER_NOT_CONNECTED' });
  });
});

test('the webhook is told with its address', async () => {
  expect(await (await api.fetch('/api/v1/webhook')).json()).toEqual({
    url: api.url + WEBHOOK,
    ready: true,
    message: expect.any(String),
    remedy: null,
  });
});
