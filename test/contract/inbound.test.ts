/** What comes in from Twilio: verified, stored once, answered. */

import type { EventRecord } from '../../src/core/event.ts';
import type { Replier } from '../../src/core/inbound.ts';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemRandom } from '../../src/system.ts';
import {
  ACCOUNT,
  type ApiServer,
  AUTH_TOKEN,
  refusal,
  startApiServer,
  WEBHOOK,
  WEBHOOK_ID,
} from '../support/api-server.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { callForm, encoded, messageForm, sdkParams, signedForm, signedJson } from '../support/webhooks.ts';

const received = async ({ store }: ApiServer): Promise<EventRecord[]> => store.events({ limit: 1000 });
const post = (api: ApiServer, fields: Record<string, string>, url = api.url) =>
  api.anonymous(WEBHOOK, signedForm(fields, { url: url + WEBHOOK, token: AUTH_TOKEN }));
const outcome = async (answer: Response) => [answer.status, answer.headers.get('content-type'), await answer.text()];
const TAKEN = [200, 'text/xml; charset=utf-8', '<Response/>'];
const REFUSED = [403, null, ''];

describe('a webhook', () => {
  let api: ApiServer;
  beforeAll(async () => {
    api = await startApiServer();
  });
  afterAll(() => api.close());

  test('of a message becomes an event with every field by Twilio’s name, and the id of the webhook', async () => {
    const fields = messageForm(ACCOUNT, { MediaUrl0: 'https://example.com/a.png', NewField: 'x', Empty: '' });
    expect(await outcome(await post(api, fields))).toEqual(TAKEN);
    const event = (await received(api)).at(-1);
    expect(event).toMatchObject({ type: 'twilio_data_received', simulated: true, entryId: null });
    expect(Object.entries(event?.data ?? {})).toEqual([...Object.entries(fields), ['webhook_id', WEBHOOK_ID]]);
    expect(event).not.toHaveProperty('form');
  });

  test.each([
    ['repeated', '&AddOns=1&AddOns=2'],
    ['named as ours', '&webhook_id=x'],
    ['whose names objects put first', '&2=x'],
  ])('with fields %s keeps its form beside the data', async (_what, more) => {
    const body = `${encoded(Object.entries(messageForm(ACCOUNT)))}${more}`;
    const fields = [...new URLSearchParams(body)];
    const signature = getExpectedTwilioSignature(AUTH_TOKEN, api.url + WEBHOOK, sdkParams(fields));
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature };
    expect(await outcome(await api.anonymous(WEBHOOK, { method: 'POST', body, headers }))).toEqual(TAKEN);
    expect((await received(api)).at(-1)?.form).toEqual(fields);
  });

  test('of a call becomes one, too, and one more with its next status', async () => {
    const before = (await received(api)).length;
    const call = callForm(ACCOUNT);
    for (const fields of [call, call, { ...call, CallStatus: 'completed' }])
      expect(await outcome(await post(api, fields))).toEqual(TAKEN);
    const statuses = (await received(api)).slice(before).map(({ data }) => data.CallStatus);
    expect(statuses).toEqual(['ringing', 'completed']);
  });

  test('of a message is the same one however often it comes, in any order of fields, and is another one with another status', async () => {
    const before = (await received(api)).length;
    const message = messageForm(ACCOUNT);
    const reordered = Object.fromEntries(Object.entries(message).reverse());
    // The fallback URL gets the same message with two more fields.
    const fallback = { ...message, ErrorCode: '11200', ErrorUrl: 'https://example.com' };
    for (const fields of [message, message, reordered, fallback])
      expect(await outcome(await post(api, fields))).toEqual(TAKEN);
    expect((await received(api)).length).toBe(before + 1);
    await post(api, { ...message, SmsStatus: 'delivered', MessageStatus: 'delivered' });
    expect((await received(api)).length).toBe(before + 2);
  });

  test('sent again with another idempotency token of Twilio’s does nothing', async () => {
    const before = (await received(api)).length;
    const request = signedForm(callForm(ACCOUNT), { url: api.url + WEBHOOK, token: AUTH_TOKEN });
    for (const token of ['a', 'b', '']) {
      const headers = { ...(request.headers as Record<string, string>), 'i-twilio-idempotency-token': token };
      expect(await outcome(await api.anonymous(WEBHOOK, { ...request, headers }))).toEqual(TAKEN);
    }
    expect((await received(api)).length).toBe(before + 1);
  });

  test('that comes fifty times at once is one event', async () => {
    const before = (await received(api)).length;
    const fields = messageForm(ACCOUNT);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(api, fields).then(outcome)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(TAKEN)]));
    expect((await received(api)).length).toBe(before + 1);
  });

  test('may come by PUT, as JSON with its hash, and as multipart form', async () => {
    const at = { url: api.url + WEBHOOK, token: AUTH_TOKEN };
    const put = messageForm(ACCOUNT);
    expect(await outcome(await api.anonymous(WEBHOOK, { ...signedForm(put, at), method: 'PUT' }))).toEqual(TAKEN);
    const parts = messageForm(ACCOUNT);
    const form = new FormData();
    for (const [name, value] of Object.entries(parts)) form.append(name, value);
    form.append('File', new Blob(['no parameter']), 'a.txt');
    const { 'x-twilio-signature': signature = '' } = signedForm(parts, at).headers as Record<string, string>;
    const multipart = { method: 'POST', body: form, headers: { 'x-twilio-signature': signature } };
    expect(await outcome(await api.anonymous(WEBHOOK, multipart))).toEqual(TAKEN);
    const json = signedJson(JSON.stringify({ AccountSid: ACCOUNT, Body: 'hi', Nested: { a: [1] }, N: 1 }), at);
    expect(await outcome(await api.anonymous(WEBHOOK + json.query, json.init))).toEqual(TAKEN);
    const list = signedJson('[{"type":"com.twilio"}]', at);
    expect(await outcome(await api.anonymous(WEBHOOK + list.query, list.init))).toEqual(TAKEN);
    const data = (await received(api)).slice(-4).map((event) => event.data);
    expect(data).toEqual([
      { ...put, webhook_id: WEBHOOK_ID },
      { ...parts, webhook_id: WEBHOOK_ID },
      { AccountSid: ACCOUNT, Body: 'hi', Nested: '{"a":[1]}', N: '1', webhook_id: WEBHOOK_ID },
      { body: '[{"type":"com.twilio"}]', webhook_id: WEBHOOK_ID },
    ]);
  });

  test('with a repeated field keeps the first value, and cannot name another webhook or a prototype', async () => {
    const fields = messageForm(ACCOUNT, { webhook_id: 'mine', ['__proto__']: 'x' });
    const at = { url: api.url + WEBHOOK, token: AUTH_TOKEN };
    const body = `${encoded(Object.entries(fields))}&From=%2B15551230001&__proto__=x`;
    const own = Object.fromEntries([...Object.entries(fields), ['__proto__', 'x']]);
    const { headers } = signedForm(own, at);
    expect(await outcome(await api.anonymous(WEBHOOK, { method: 'POST', body, headers: headers ?? {} }))).toEqual(
      TAKEN,
    );
    const { data = {}, form } = (await received(api)).at(-1) ?? {};
    // The whole form is kept beside it, for receivers that check a signature over all of it.
    expect(form).toEqual([...new URLSearchParams(body)]);
    expect(Object.entries(data)).toContainEqual(['webhook_id', WEBHOOK_ID]);
    expect(Object.entries(data)).toContainEqual(['__proto__', 'x']);
    expect(data.From).toBe('+15551230001');
  });

  test('that is not genuine, and one to an unknown id, get the same answer and do nothing', async () => {
    const before = (await received(api)).length;
    const fields = messageForm(ACCOUNT);
    const at = { url: api.url + WEBHOOK, token: AUTH_TOKEN };
    const genuine = signedForm(fields, at);
    const type = 'application/x-www-form-urlencoded';
    const signature = (genuine.headers as Record<string, string>)['x-twilio-signature'] ?? '';
    const headers = { 'content-type': type, 'x-twilio-signature': signature };
    const elsewhere = `/api/webhook/${'0'.repeat(64)}`;
    const json = signedJson('{"AccountSid":"x"}', at);
    const attempts: Array<[path: string, init: RequestInit]> = [
      [WEBHOOK, { ...genuine, headers: { 'content-type': type } }],
      [WEBHOOK, { ...genuine, body: `${genuine.body}&Surprise=1` }],
      [WEBHOOK, signedForm({ ...fields, AccountSid: `AC${'f'.repeat(32)}` }, at)],
      [WEBHOOK, signedForm(Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'AccountSid')), at)],
      [WEBHOOK, signedForm(fields, { ...at, token: 'another token' })],
      [WEBHOOK, signedForm(fields, { ...at, token: '' })],
      [`${WEBHOOK}?x=1`, genuine],
      [WEBHOOK, { method: 'POST', headers: { 'x-twilio-signature': signature } }],
      [WEBHOOK, { method: 'POST', body: 'x', headers: { ...headers, 'content-type': 'text/plain' } }],
      [WEBHOOK, { method: 'POST', body: new Uint8Array([120]), headers: { 'x-twilio-signature': signature } }],
      ...['', ';', 'no type', 'a/b; c'].map((odd): [string, RequestInit] => [
        WEBHOOK,
        { method: 'PUT', body: 'x', headers: { ...headers, 'content-type': odd } },
      ]),
      [WEBHOOK, { method: 'POST', body: 'x', headers: { ...headers, 'content-type': 'multipart/form-data' } }],
      [WEBHOOK, { method: 'POST', body: '{}', headers: { ...headers, 'content-type': 'application/json' } }],
      [WEBHOOK + json.query, json.init],
      [elsewhere, genuine],
      [elsewhere, signedForm(fields, { ...at, url: api.url + elsewhere })],
      ['/api/webhook/x', signedForm(fields, { ...at, url: `${api.url}/api/webhook/x` })],
    ];
    for (const [path, init] of attempts) expect(await outcome(await api.anonymous(path, init))).toEqual(REFUSED);
    expect((await received(api)).length).toBe(before);
    const warnings = api.log.filter(({ message }) => message.startsWith('a webhook was refused'));
    expect(warnings).toHaveLength(1);
    expect(await outcome(await api.anonymous(WEBHOOK, genuine))).toEqual(TAKEN);
  });

  test('whose fields were cut at other places has a genuine signature, and yet is the same one', async () => {
    const before = (await received(api)).length;
    const message = messageForm(ACCOUNT);
    const call = callForm(ACCOUNT);
    await post(api, message);
    await post(api, call);
    // One field is swallowed by the one before it: the text that is signed stays the same.
    const { NumMedia, ...restOfMessage } = message;
    const { ForwardedFrom, ...restOfCall } = call;
    for (const fields of [
      { ...restOfMessage, MessageSid: `${message.MessageSid}NumMedia${NumMedia}` },
      { ...restOfCall, Direction: `${call.Direction}ForwardedFrom${ForwardedFrom}` },
    ])
      expect(await outcome(await post(api, fields))).toEqual(TAKEN);
    expect((await received(api)).length).toBe(before + 2);
  });

  test('is no secret to ask for: HEAD and GET answer alike for every id', async () => {
    for (const path of [WEBHOOK, `/api/webhook/${'0'.repeat(64)}`, '/api/webhook/x']) {
      const head = await api.anonymous(path, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      const got = await api.anonymous(path);
      expect([got.status, got.headers.get('allow')]).toEqual([405, 'HEAD, POST, PUT']);
    }
  });

  test('is at most 64 kB, whatever its id', async () => {
    const large = { method: 'POST', body: `A=${'x'.repeat(64 * 1024)}`, headers: { 'content-type': 'text/plain' } };
    for (const path of [WEBHOOK, '/api/webhook/x'])
      expect(await refusal(api.anonymous(path, large))).toMatchObject({ status: 413 });
  });
});

describe('a webhook behind a proxy', () => {
  test.each([
    ['that ends TLS', 'https://gateway.example.com'],
    ['that ends TLS on a port of its own', 'https://gateway.example.com:8443'],
    ['under a plain public address', 'http://gateway.example.com:8080'],
    ['that takes a prefix away', 'https://example.com/tollboard'],
  ])('%s is verified by the public URL, not by what the proxy made of it', async (_what, publicUrl) => {
    const api = await startApiServer({ publicUrl });
    try {
      const fields = callForm(ACCOUNT);
      expect(await outcome(await post(api, fields, publicUrl))).toEqual(TAKEN);
      // Twilio drops the port of a call over HTTPS.
      const portless = publicUrl.replace(/^(https:..[^:/]+):\d+$/, '$1');
      expect(await outcome(await post(api, callForm(ACCOUNT), portless))).toEqual(TAKEN);
      expect(await outcome(await post(api, callForm(ACCOUNT), api.url))).toEqual(REFUSED);
      expect(await received(api)).toHaveLength(2);
    } finally {
      await api.close();
    }
  });
});

describe('the answer to a webhook', () => {
  const TWIML = '<Response><Message>You said: hi</Message></Response>';

  async function asked(replier: Replier, work: (api: ApiServer, asks: () => number) => Promise<void>) {
    let asks = 0;
    const api = await startApiServer({
      replier(event, signal) {
        asks += 1;
        return replier(event, signal);
      },
    });
    try {
      await work(api, () => asks);
    } finally {
      await api.close();
    }
  }

  test('is the TwiML of whoever replies, and its repeats get the stored one', async () => {
    await asked(
      async ({ data }) => (data.Body === 'hi' ? TWIML : null),
      async (api, asks) => {
        const fields = messageForm(ACCOUNT, { Body: 'hi' });
        for (let times = 0; times < 3; times += 1)
          expect(await outcome(await post(api, fields))).toEqual([200, 'text/xml; charset=utf-8', TWIML]);
        expect(asks()).toBe(1);
        expect(await outcome(await post(api, messageForm(ACCOUNT)))).toEqual(TAKEN);
      },
    );
  });

  test('is waited for by repeats that come before it is known', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    await asked(
      () => promise,
      async (api, asks) => {
        const fields = messageForm(ACCOUNT);
        const answers = Array.from({ length: 5 }, () => post(api, fields).then((answer) => answer.text()));
        while (asks() === 0) await new Promise((next) => setImmediate(next));
        resolve(TWIML);
        expect(await Promise.all(answers)).toEqual(Array(5).fill(TWIML));
        expect(asks()).toBe(1);
      },
    );
  });

  test('is empty when the reply fails, and when it does not come within five seconds', async () => {
    await asked(
      () => Promise.reject(new Error('broken')),
      async (api) => {
        expect(await outcome(await post(api, messageForm(ACCOUNT)))).toEqual(TAKEN);
        expect(await received(api)).toHaveLength(1);
      },
    );
    const clock = createManualClock();
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const api = await startApiServer({
      clock,
      replier(_event, signal) {
        begun.resolve();
        signal.addEventListener('abort', () => aborted.resolve());
        return new Promise(() => undefined);
      },
    });
    const answer = post(api, messageForm(ACCOUNT));
    await begun.promise;
    clock.advance(5_000);
    expect(await outcome(await answer)).toEqual(TAKEN);
    await aborted.promise;
    await api.close();
  });

  test('is 503 while the store takes nothing, so that Twilio tries its fallback; nothing is half done', async () => {
    const store = createMemoryStore({ random: systemRandom });
    const api = await startApiServer({ store });
    await store.close();
    const answer = await post(api, messageForm(ACCOUNT));
    expect(answer.status).toBe(503);
    expect(await received(api)).toEqual([]);
    await api.close();
  });
});
