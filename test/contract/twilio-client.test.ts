/** The client on the wire: judged by the official SDK for what it sends, by scripted servers for what it believes. */

import type { Parameter, ParameterValue, ParameterValues } from '../../src/core/parameter.ts';
import type { TwilioClient } from '../../src/twilio/client.ts';
import type { TwilioCredentials } from '../../src/twilio/resources.ts';
import type { RawRequest } from '../support/raw-server.ts';
import * as fc from 'fast-check';
import twilio from 'twilio';
import { afterEach, describe, expect, it } from 'vitest';
import { isTollboardError } from '../../src/core/errors.ts';
import { parametersOf, toForm } from '../../src/core/form.ts';
import { createTwilioClient } from '../../src/twilio/client.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { SEED } from '../support/property.ts';
import { rawAnswer, startRawServer } from '../support/raw-server.ts';

const AC = `AC${'0'.repeat(32)}`;
const TOKEN = '1'.repeat(32);
const SM = `SM${'a'.repeat(32)}`;
const CA = `CA${'b'.repeat(32)}`;
const PN = `PN${'c'.repeat(32)}`;
const TO = '+15550100001';
const ROOT = `/2010-04-01/Accounts/${AC}`;

const closing: Array<() => Promise<void>> = [];
let clock = createManualClock();

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A Twilio that answers every request with what `reply` makes of it. */
async function fakeTwilio(reply: (request: RawRequest, count: number) => string) {
  const server = await startRawServer(async (connection) => {
    for (;;) {
      const request = await connection.request();
      connection.write(reply(request, server.requests.length));
    }
  });
  closing.push(() => server.close());
  return { ...server, requests: server.requests, baseUrl: `http://127.0.0.1:${server.port}` };
}

function clientAt(baseUrl: string, more: Partial<TwilioCredentials> = {}): TwilioClient {
  clock = createManualClock();
  const transport = createHttpsTransport({ clock });
  closing.push(() => transport.close());
  const credentials = { accountSid: AC, authTokens: [TOKEN], apiKey: null, apiSecret: null, baseUrl, ...more };
  return createTwilioClient(credentials, { transport, clock, userAgent: 'tollboard/test' });
}

/** The official SDK with its own HTTP client; only the origin of each request is exchanged. */
function sdkAt(baseUrl: string) {
  const httpClient = new twilio.RequestClient();
  const send = httpClient.request.bind(httpClient);
  httpClient.request = (options) => {
    options.uri = options.uri.replace('https://api.twilio.com', baseUrl);
    return send(options);
  };
  return twilio(AC, TOKEN, { httpClient });
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  rawAnswer(status, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });

/** What both sides must agree on. Order of fields is free, order of values of one field is not. */
function wire(request: RawRequest | undefined) {
  const [line = '', ...headerLines] = request?.head.split('\r\n') ?? [];
  const [method = '', target = ''] = line.split(' ');
  const [path = '', query = ''] = target.split('?');
  const header = (name: string) =>
    headerLines.find((text) => text.toLowerCase().startsWith(`${name}:`))?.replace(/^[^:]*: */, '') ?? null;
  const pairs = (text: string) => [...new URLSearchParams(text)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    method,
    path: decodeURIComponent(path),
    query: pairs(query),
    form: pairs(request?.body ?? ''),
    authorization: header('authorization'),
    type: header('content-type'),
    accept: method === 'DELETE' ? null : header('accept'),
  };
}

const RESOURCE = { sid: SM, status: 'queued', to: TO, from: null, date_created: null, price: null };
const PAGE_MEMBERS = { first_page_uri: '', next_page_uri: null, page: 0, page_size: 50, uri: '' };
const RETURNED: ReadonlyArray<readonly [path: RegExp, body: unknown]> = [
  [/^GET \S*\/Messages\.json/, { ...PAGE_MEMBERS, messages: [] }],
  [/^GET \S*\/Calls\.json/, { ...PAGE_MEMBERS, calls: [] }],
  [/^GET \S*\/Media\.json/, { ...PAGE_MEMBERS, media_list: [] }],
  [/^GET \S*\/OutgoingCallerIds\.json/, { ...PAGE_MEMBERS, outgoing_caller_ids: [] }],
  [/^GET \S*\/IncomingPhoneNumbers\.json/, { ...PAGE_MEMBERS, incoming_phone_numbers: [] }],
];

function anything({ head }: RawRequest): string {
  if (head.startsWith('DELETE')) return 'HTTP/1.1 204 No Content\r\n\r\n';
  const body = RETURNED.find(([pattern]) => pattern.test(head))?.[1] ?? RESOURCE;
  return json(head.startsWith('POST') && /\/(Messages|Calls)\.json/.test(head) ? 201 : 200, body);
}

describe('the client sends what the official SDK sends', () => {
  type Sdk = ReturnType<typeof sdkAt>;
  const since = Date.UTC(2026, 5, 30, 12);
  const rows: ReadonlyArray<
    readonly [name: string, ours: (client: TwilioClient) => Promise<unknown>, theirs: (sdk: Sdk) => Promise<unknown>]
  > = [
    ['fetch a message', (c) => c.fetch('message', SM), (s) => s.messages(SM).fetch()],
    ['cancel a message', (c) => c.cancel('message', SM), (s) => s.messages(SM).update({ status: 'canceled' })],
    ['redact a message', (c) => c.redact(SM), (s) => s.messages(SM).update({ body: '' })],
    ['delete a message', (c) => c.delete('message', SM), (s) => s.messages(SM).remove()],
    [
      'give feedback',
      (c) => c.feedback(SM, 'confirmed'),
      (s) => s.messages(SM).feedback.create({ outcome: 'confirmed' }),
    ],
    ['list media', (c) => c.media(SM), (s) => s.messages(SM).media.list({ pageSize: 1000 })],
    ['fetch a call', (c) => c.fetch('call', CA), (s) => s.calls(CA).fetch()],
    ['cancel a call', (c) => c.cancel('call', CA), (s) => s.calls(CA).update({ status: 'canceled' })],
    [
      'change a call',
      (c) => c.update('call', CA, [['Twiml', '<Response/>']]),
      (s) => s.calls(CA).update({ twiml: '<Response/>' }),
    ],
    ['delete a call', (c) => c.delete('call', CA), (s) => s.calls(CA).remove()],
    ['fetch the account', (c) => c.account(), (s) => s.api.v2010.accounts(AC).fetch()],
    ['fetch the balance', (c) => c.balance(), (s) => s.balance.fetch()],
    ['list verified caller IDs', (c) => c.recipients(), (s) => s.outgoingCallerIds.list({ pageSize: 1000 })],
    ['list owned numbers', (c) => c.incomingPhoneNumbers(), (s) => s.incomingPhoneNumbers.list({ pageSize: 1000 })],
    ['probe', (c) => c.probe(), (s) => s.incomingPhoneNumbers.page({ pageSize: 1 })],
    [
      'set the webhook of a number',
      (c) => c.updateIncomingPhoneNumber(PN, [['SmsUrl', 'https://h.example/a?b=1&c=+']]),
      (s) => s.incomingPhoneNumbers(PN).update({ smsUrl: 'https://h.example/a?b=1&c=+' }),
    ],
  ];

  it.each(rows)('to %s', async (_name, ours, theirs) => {
    const server = await fakeTwilio(anything);
    await ours(clientAt(server.baseUrl)).catch((error: unknown) => error);
    await theirs(sdkAt(server.baseUrl));
    expect(server.requests).toHaveLength(2);
    expect(wire(server.requests[0])).toEqual(wire(server.requests[1]));
  });

  it.each(['message', 'call'] as const)('to create a %s, with any parameters and any text', async (kind) => {
    const server = await fakeTwilio(anything);
    const client = clientAt(server.baseUrl);
    const sdk = sdkAt(server.baseUrl);
    await fc.assert(
      fc.asyncProperty(parameterValues(kind), async (params) => {
        const from = server.requests.length;
        await client.create(kind, toForm(kind, TO, params));
        const theirs = { ...forSdk(kind, params), to: TO };
        if (kind === 'message') await sdk.messages.create(theirs as never);
        else await sdk.calls.create({ from: '', ...theirs } as never);
        const [ours, judged] = server.requests.slice(from).map(wire);
        if (kind === 'call' && params.from === undefined)
          judged?.form.splice(
            judged.form.findIndex(([name]) => name === 'From'),
            1,
          );
        expect(ours).toEqual(judged);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it.each([
    [
      'message',
      'DateSent>',
      (sdk: Sdk) => sdk.messages.list({ to: TO, dateSentAfter: new Date(since), pageSize: 1000 }),
    ],
    ['call', 'StartTime>', (sdk: Sdk) => sdk.calls.list({ to: TO, startTimeAfter: new Date(since), pageSize: 1000 })],
  ] as const)('to list %ss, with %s and then without', async (kind, filter, theirs) => {
    const server = await fakeTwilio(anything);
    await clientAt(server.baseUrl).list(kind, TO, since);
    await theirs(sdkAt(server.baseUrl));
    const [dated, undated, judged] = server.requests.map(wire);
    // The SDK sends an instant, we send the day before: our clock and Twilio's need not agree.
    expect(judged?.query).toContainEqual([filter, '2026-06-30T12:00:00Z']);
    expect(dated?.query).toContainEqual([filter, '2026-06-29']);
    const others = (request: typeof dated) => ({
      ...request,
      query: request?.query.filter(([name]) => name !== filter),
    });
    expect(others(dated)).toEqual(others(judged));
    expect(undated).toEqual(others(judged));
  });

  it('authenticates with the API key where there is one, else with the first token', async () => {
    const server = await fakeTwilio(anything);
    await clientAt(server.baseUrl, { authTokens: [TOKEN, 'older'] }).probe();
    await clientAt(server.baseUrl, { apiKey: 'SK1', apiSecret: 'sécret' }).probe();
    const sent = server.requests.map((request) =>
      Buffer.from(wire(request).authorization?.slice(6) ?? '', 'base64').toString(),
    );
    expect(sent).toEqual([`${AC}:${TOKEN}`, 'SK1:sécret']);
    expect(server.requests[0]?.head).toMatch(/user-agent: tollboard\/test/i);
  });

  it('keeps the prefix of a base URL in front of everything, next pages included', async () => {
    const server = await fakeTwilio(({ head }, count) => {
      const next = count === 1 ? `${ROOT}/OutgoingCallerIds.json?Page=1` : null;
      return json(200, {
        ...PAGE_MEMBERS,
        next_page_uri: next,
        outgoing_caller_ids: [{ sid: PN, phone_number: TO, friendly_name: head.slice(4, 12) }],
      });
    });
    expect(await clientAt(`${server.baseUrl}/prefix`).recipients()).toHaveLength(2);
    for (const request of server.requests) expect(wire(request).path).toBe(`/prefix${ROOT}/OutgoingCallerIds.json`);
  });
});

describe('lists', () => {
  const message = (n: number) => ({
    ...RESOURCE,
    sid: `SM${String(n).padStart(32, '0')}`,
    body: `n${n}`,
    direction: 'outbound-api',
    num_media: '0',
  });

  it('reads every page of both queries and joins them by SID', async () => {
    const server = await fakeTwilio(({ head }) => {
      const page = Number(/[?&]Page=(\d)/.exec(head)?.[1] ?? 0);
      const dated = head.includes('DateSent%3E=');
      const next =
        page < 2
          ? `${ROOT}/Messages.json?To=%2B15550100001${dated ? '&DateSent%3E=2026-06-30' : ''}&Page=${page + 1}&PageToken=PASM1`
          : null;
      return json(
        200,
        { ...PAGE_MEMBERS, next_page_uri: next, messages: [message(page), message(dated ? 100 + page : 200 + page)] },
        { Date: 'Wed, 01 Jul 2026 12:00:30 GMT' },
      );
    });
    const listing = await clientAt(server.baseUrl).list('message', TO, clock.now());
    expect(listing).toMatchObject({ complete: true, error: null, clockOffsetMs: 30_500 });
    expect(listing.resources.map(({ sid }) => Number(sid.slice(2))).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 100, 101, 102, 200, 201, 202,
    ]);
    expect(server.requests).toHaveLength(6);
  });

  it.each([
    ['a page fails', () => json(503, { code: 20503, message: 'x', status: 503 }), 'TOLLBOARD_TWILIO_PLATFORM'],
    ['a page is of a proxy', () => rawAnswer(200, '<html>'), 'TOLLBOARD_TWILIO_UNEXPECTED'],
    ['a page lacks its array', () => json(200, { ...PAGE_MEMBERS, calls: [] }), 'TOLLBOARD_TWILIO_UNEXPECTED'],
    [
      'a page is cut off',
      () => 'HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{"messages": [',
      'TOLLBOARD_TWILIO_NO_ANSWER',
    ],
    [
      'a record has no SID',
      () => json(200, { ...PAGE_MEMBERS, messages: [{ ...message(1), sid: null }] }),
      'TOLLBOARD_TWILIO_UNEXPECTED',
    ],
    [
      'the pages go round',
      () => json(200, { ...PAGE_MEMBERS, next_page_uri: `${ROOT}/Messages.json?Page=1`, messages: [] }),
      'TOLLBOARD_TWILIO_UNEXPECTED',
    ],
    [
      'the next page is text of another kind',
      () => json(200, { ...PAGE_MEMBERS, next_page_uri: 7, messages: [] }),
      'TOLLBOARD_TWILIO_UNEXPECTED',
    ],
  ])('is incomplete when %s', async (_what, second, code) => {
    const server = await startRawServer(async (connection) => {
      for (;;) {
        const { head } = await connection.request();
        const first = !head.includes('Page=1') && head.includes('DateSent');
        const text = first
          ? json(200, { ...PAGE_MEMBERS, next_page_uri: `${ROOT}/Messages.json?Page=1`, messages: [message(7)] })
          : second();
        connection.write(text);
        if (text.includes('Connection: close')) connection.end();
      }
    });
    closing.push(() => server.close());
    const listing = await clientAt(`http://127.0.0.1:${server.port}`).list('message', TO, clock.now());
    expect(listing.complete).toBe(false);
    expect(listing.error?.code).toBe(code);
    expect(listing.resources.map(({ body }) => body)).toContain('n7');
  });

  it.each([
    'https://evil.example/2010-04-01/Accounts/x/Messages.json',
    '//evil.example/2010-04-01/Accounts/x/Messages.json',
    `/2010-04-01/Accounts/AC${'9'.repeat(32)}/Messages.json?Page=1`,
    `${ROOT}/../AC${'9'.repeat(32)}/Messages.json`,
    '/elsewhere',
    'javascript:1',
    `@evil.example${ROOT}/Messages.json`,
  ])('never takes its credentials to %s', async (next) => {
    const other = await fakeTwilio(anything);
    const server = await fakeTwilio(() =>
      json(200, {
        ...PAGE_MEMBERS,
        next_page_uri: next.replace('evil.example', `127.0.0.1:${other.port}`),
        messages: [],
      }),
    );
    const listing = await clientAt(server.baseUrl).list('message', TO, clock.now());
    expect(listing).toMatchObject({ complete: false, error: { code: 'TOLLBOARD_TWILIO_UNEXPECTED' } });
    expect(server.requests).toHaveLength(2);
    expect(other.requests).toHaveLength(0);
  });

  it('gives up a list without end, and says that it is not complete', async () => {
    const server = await fakeTwilio((_request, count) =>
      json(200, { ...PAGE_MEMBERS, next_page_uri: `${ROOT}/Messages.json?Page=${count}`, messages: [message(count)] }),
    );
    const listing = await clientAt(server.baseUrl).list('message', TO, clock.now());
    expect(listing).toMatchObject({ complete: false });
    expect(server.requests).toHaveLength(100);
  });

  it('throws rather than show half of the verified caller IDs', async () => {
    const server = await fakeTwilio((_request, count) =>
      count === 1
        ? json(200, {
            ...PAGE_MEMBERS,
            next_page_uri: `${ROOT}/OutgoingCallerIds.json?Page=1`,
            outgoing_caller_ids: [],
          })
        : json(500, { code: 20500, message: 'Internal Server Error', status: 500 }),
    );
    const error: unknown = await clientAt(server.baseUrl)
      .recipients()
      .catch((reason: unknown) => reason);
    expect(isTollboardError(error) && error.report.twilioCode).toBe(20500);
  });
});

describe('failures', () => {
  it('tell of credentials that Twilio refuses with their remedy, and never repeat them', async () => {
    const server = await fakeTwilio(() =>
      json(
        401,
        { code: 20003, message: 'Authenticate', more_info: 'https://www.twilio.com/docs/errors/20003', status: 401 },
        { 'Twilio-Request-Id': 'RQ9' },
      ),
    );
    const client = clientAt(server.baseUrl);
    const error: unknown = await client.probe().catch((reason: unknown) => reason);
    if (!isTollboardError(error)) throw error;
    expect(error.report).toMatchObject({
      code: 'TOLLBOARD_TWILIO_AUTH',
      kind: 'unauthorized',
      twilioCode: 20003,
      httpStatus: 401,
      requestId: 'RQ9',
    });
    expect(error.remedy).not.toBe('');
    expect(await client.create('message', [['To', TO]])).toMatchObject({
      outcome: 'rejected',
      error: { twilioCode: 20003 },
    });
    expect(await client.fetch('message', SM)).toMatchObject({ code: 'TOLLBOARD_TWILIO_AUTH' });
    const all = JSON.stringify([error.report, error.details, await client.list('message', TO, clock.now())]);
    expect(all).not.toContain(TOKEN);
    expect(all).not.toContain(Buffer.from(`${AC}:${TOKEN}`).toString('base64'));
    expect(server.requests).toHaveLength(5);
  });

  it('of a create are outcomes, never exceptions, also when it is aborted', async () => {
    const silent = await startRawServer(async (connection) => {
      await connection.request();
    });
    closing.push(() => silent.close());
    const client = clientAt(`http://127.0.0.1:${silent.port}`);
    expect(await client.create('message', [['To', TO]], AbortSignal.abort())).toMatchObject({ outcome: 'not_sent' });
    const abort = new AbortController();
    const aborted = client.create('message', [['To', TO]], abort.signal);
    await silent.arrived(1);
    abort.abort();
    expect(await aborted).toMatchObject({ outcome: 'unknown', error: { stage: 'unknown' } });
    const late = client.create('message', [['To', TO]]);
    await silent.arrived(2);
    clock.advance(30_000);
    expect(await late).toMatchObject({ outcome: 'unknown', error: { code: 'TOLLBOARD_DELIVERY_LOST_ANSWER' } });
    expect(silent.requests).toHaveLength(2);
  });

  it('of an aborted read are the reason of its signal', async () => {
    const client = clientAt('http://127.0.0.1:9');
    const reason = new Error('stopping');
    await expect(client.fetch('message', SM, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(client.list('message', TO, 0, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(client.recipients(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('of a connection say what to check', async () => {
    const gone = await startRawServer(() => undefined);
    await gone.close();
    const client = clientAt(`http://127.0.0.1:${gone.port}`);
    expect(await client.create('message', [['To', TO]])).toMatchObject({
      outcome: 'not_sent',
      error: { code: 'TOLLBOARD_DELIVERY_NOT_CONNECTED', stage: 'before_send' },
    });
    expect(await client.fetch('message', SM)).toMatchObject({ code: 'TOLLBOARD_TWILIO_NO_ANSWER', stage: null });
    expect(await client.redact(SM)).toMatchObject({ code: 'TOLLBOARD_TWILIO_NO_ANSWER', stage: 'before_send' });
  });

  it('do not hide what the answers say about load and time', async () => {
    const server = await fakeTwilio(() =>
      json(
        429,
        { code: 20429, message: 'Too Many Requests', status: 429 },
        { 'Twilio-Concurrent-Requests': '97', 'Retry-After': '1', Date: 'Wed, 01 Jul 2026 11:59:00 GMT' },
      ),
    );
    const client = clientAt(server.baseUrl);
    expect(await client.create('message', [['To', TO]])).toMatchObject({
      outcome: 'rate_limited',
      retryAfterMs: 1_000,
    });
    expect(client.observations).toEqual({ concurrentRequests: 97, clockOffsetMs: -59_500 });
  });

  it('keep the account’s own token out of the account', async () => {
    const server = await fakeTwilio(() =>
      json(200, { sid: AC, auth_token: TOKEN, friendly_name: 'mine', status: 'active' }),
    );
    expect(await clientAt(server.baseUrl).account()).toEqual({ sid: AC, friendly_name: 'mine', status: 'active' });
  });
});

/** Random values for every parameter of a create but To, by the types of the table. */
function parameterValues(kind: 'message' | 'call'): fc.Arbitrary<ParameterValues> {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom('+15550000001', 'a+b c&d=e', 'Grüße 👍\r\n', "it's 100%"),
  );
  const byType: Record<Parameter['type'], fc.Arbitrary<ParameterValue>> = {
    string: text,
    sid: text,
    json: text,
    url: fc.webUrl({ withQueryParameters: true }),
    integer: fc.integer({ min: 1, max: 36_000 }),
    number: fc.double({ min: 0.01, max: 99, noNaN: true }),
    boolean: fc.boolean(),
    list: fc.array(text, { minLength: 1, maxLength: 3 }),
    datetime: fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map(seconds),
  };
  const rows = parametersOf(kind).filter(({ wire: field }) => field !== 'To');
  return fc.record(Object.fromEntries(rows.map((row) => [row.name, byType[row.type]])), {
    requiredKeys: [],
  }) as fc.Arbitrary<ParameterValues>;
}

/** The SDK wants Date objects where we keep ISO text. */
function forSdk(kind: 'message' | 'call', params: ParameterValues): Record<string, unknown> {
  const rows = new Map(parametersOf(kind).map((row) => [row.name, row]));
  const entries = Object.entries(params).map(([name, value]) => [
    name,
    rows.get(name)?.type === 'datetime' ? new Date(String(value)) : value,
  ]);
  return Object.fromEntries(entries);
}

function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
