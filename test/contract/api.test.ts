/** The HTTP API as outsiders see it; every answer is checked against `/openapi.json` of the same server. */

import type { Entry } from '../../src/core/entry.ts';
import type { Fact } from '../../src/core/outbox.ts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALL_PARAMETERS } from '../../src/core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../src/core/message-parameters.ts';
import {
  ACCOUNT,
  type ApiServer,
  accept,
  claimed,
  move,
  refusal,
  SENDER,
  startApiServer,
  taken,
} from '../support/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

describe('sending', () => {
  test('one recipient: the entry is answered once it is stored', async () => {
    const [entry] = await accept(api, { to: '+15551230001', body: 'hello' });
    expect(entry).toMatchObject({ kind: 'message', state: 'queued', to: '+15551230001', from: SENDER, body: 'hello' });
    expect(entry).toMatchObject({
      host: 'api',
      account: ACCOUNT,
      segments: 1,
      encoding: 'GSM-7',
      simulated: true,
      sid: null,
    });
    expect(entry?.id).toMatch(/^SM[0-9a-f]{32}$/);
    expect(await api.store.entry({ id: entry?.id ?? '' })).toMatchObject({ body: 'hello' });
  });

  test('several recipients: one entry each, in input order, the invalid ones rejected, repeats marked', async () => {
    const to = ['+15551230001', '5551230002', '+15551230003', '+15551230001'];
    const entries = await accept(api, { to, body: 'hello' });
    expect(entries.map(({ to: one, state }) => [one, state])).toEqual([
      ['+15551230001', 'queued'],
      ['5551230002', 'rejected'],
      ['+15551230003', 'queued'],
      ['+15551230001', 'queued'],
    ]);
    expect(entries[1]?.error).toMatchObject({ twilioCode: 21211, remedy: expect.stringContaining('+1') });
    expect(entries[3]).toEqual({ ...entries[0], duplicate: true });
  });

  test('10,000 recipients fit one request, 10,001 and none do not', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `whatsapp:+1555${String(index).padStart(7, '0')}`);
    const entries = await accept(api, { to: many, from: `whatsapp:${SENDER}`, body: 'x'.repeat(1600) });
    expect(entries).toHaveLength(10_000);
    const error = await refusal(api.post('/api/v1/messages', { to: [...many, '+15551230001'], body: 'hello' }));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_REQUEST_TOO_MANY_RECIPIENTS' });
    expect(error.details).toMatchObject({ count: 10_001, max: 10_000 });
    expect(await refusal(api.post('/api/v1/messages', { to: [], body: 'hello' }))).toMatchObject({
      status: 422,
      code: 'TOLLBOARD_REQUEST_NO_RECIPIENT',
    });
  });

  test('one invalid recipient alone is refused and nothing is stored', async () => {
    const before = await api.store.counts();
    const error = await refusal(api.post('/api/v1/messages', { to: '15551112222', body: 'hello' }));
    expect(error).toMatchObject({ status: 422, kind: 'invalid', details: { twilioCode: 21211 } });
    expect(error.remedy).toContain('+1555');
    expect(await api.store.counts()).toEqual(before);
  });

  test.each([
    ['bdy', /^bdy is not a parameter/, 'Did you mean body?'],
    ['notbefore', /^notbefore is not a parameter/, 'Did you mean notBefore?'],
    ['mediaURL', /^mediaURL is not a parameter/, 'Did you mean mediaUrl?'],
  ])('the unknown parameter %s is refused with the nearest name', async (name, message, remedy) => {
    const error = await refusal(api.post('/api/v1/messages', { to: '+15551230001', body: 'hello', [name]: 'x' }));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_PARAMETER_UNKNOWN', remedy });
    expect(error.message).toMatch(message);
  });

  test.each([
    [{ body: 'hello' }, 'to of the body is absent'],
    [{ to: 5, body: 'hello' }, 'to of the body'],
    [{ to: ['+15551230001', null], body: 'hello' }, 'to of the body'],
    [
      { to: '+15551230001', body: 'hello', notBefore: 'tomorrow' },
      'notBefore of the body is "tomorrow"; expected a time',
    ],
    [{ to: '+15551230001', body: 'hello', notBefore: '2027-02-30T00:00:00Z' }, 'notBefore of the body'],
    [
      { to: '+15551230001', body: 'hello', onUnknown: 'drop' },
      'onUnknown of the body is "drop"; expected one of resend, hold',
    ],
    [{ to: '+15551230001', body: 'hello', account: 7 }, 'account of the body is 7; expected'],
    [[], 'The whole of the body is []; expected an object'],
    ['hello', 'The whole of the body is "hello"'],
  ])('the body %j is refused: %s', async (body, message) => {
    const error = await refusal(api.post('/api/v1/messages', body));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_HTTP_BODY_INVALID' });
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('Invalid input');
    expect(error.remedy).toBe('See docs/reference/api.md, which shows the body of every request.');
  });

  test.each([
    [{ body: 'x'.repeat(1601) }, 'TOLLBOARD_MESSAGE_BODY_TOO_LONG'],
    [
      { mediaUrl: Array.from({ length: 11 }, (_, index) => `https://example.com/${index}`) },
      'TOLLBOARD_MESSAGE_MEDIA_TOO_MANY',
    ],
    [
      { body: 'hello', sendAt: '2030-01-01T00:00:00Z', scheduleType: 'fixed' },
      'TOLLBOARD_MESSAGE_SCHEDULE_SERVICE_MISSING',
    ],
    [{ body: 'hello', validityPeriod: 'long' }, 'TOLLBOARD_PARAMETER_TYPE'],
    [{ body: 'hello', account: 'nobody' }, 'TOLLBOARD_ACCOUNT_UNKNOWN'],
  ])('the fault %# is one clear error with a remedy', async (params, code) => {
    const error = await refusal(api.post('/api/v1/messages', { to: '+15551230001', ...params }));
    expect(error.code).toBe(code);
    expect(error.remedy).not.toBe('');
    expect(JSON.stringify(error)).not.toMatch(/ at .*\.ts:\d/);
  });

  test('notBefore, onUnknown and the name of the surface are kept', async () => {
    const body = { to: '+15551230001', body: 'later', notBefore: '2099-01-01T00:00:00+01:00', onUnknown: 'hold' };
    const [entry] = await accept(api, body, { 'tollboard-host': 'cli' });
    expect(entry).toMatchObject({ state: 'scheduled', host: 'cli' });
    const record = await api.store.entry({ id: entry?.id ?? '' });
    expect(record).toMatchObject({ notBefore: Date.UTC(2098, 11, 31, 23), onUnknown: 'hold' });
  });

  test('a call says a text, with TwiML escaped', async () => {
    const say = { text: 'one < two', voice: 'alice', language: 'en-GB' };
    const answer = await api.post('/api/v1/calls', { to: '+15551230001', say });
    const { calls } = (await answer.json()) as { calls: Entry[] };
    expect(calls).toMatchObject([{ kind: 'call', state: 'queued', to: '+15551230001' }]);
    const record = await api.store.entry({ id: calls[0]?.id ?? '' });
    expect(record?.params.twiml).toContain('one &lt; two');
  });

  test('a call with nothing to do is refused', async () => {
    const error = await refusal(api.post('/api/v1/calls', { to: '+15551230001' }));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_CALL_INSTRUCTIONS_MISSING' });
  });
});

describe('idempotency', () => {
  test('the same key and body gives the stored answer again and says so', async () => {
    const headers = { 'idempotency-key': 'order 42' };
    const body = { to: ['+15551230001', '+15551230002'], body: 'hello' };
    const first = await api.post('/api/v1/messages', body, headers);
    const second = await api.post('/api/v1/messages', body, headers);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await second.json()).toEqual(await first.json());
  });

  test('the same key with another body is refused', async () => {
    const headers = { 'idempotency-key': 'order 43' };
    await accept(api, { to: '+15551230001', body: 'hello' }, headers);
    const error = await refusal(api.post('/api/v1/messages', { to: '+15551230001', body: 'other' }, headers));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_IDEMPOTENCY_MISMATCH' });
  });

  test('twenty requests at once with one key make one entry', async () => {
    const headers = { 'idempotency-key': 'at once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => accept(api, { to: '+15551230009', body: 'once' }, headers)),
    );
    expect(new Set(answers.map(([entry]) => entry?.id)).size).toBe(1);
  });

  test.each(['x'.repeat(256), 'é'])('the key %s is no key', async (key) => {
    const headers = { 'idempotency-key': key };
    const error = await refusal(api.post('/api/v1/messages', { to: '+15551230001', body: 'hello' }, headers));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_HTTP_HEADER_INVALID' });
  });
});

describe('looking at entries', () => {
  test('lists come newest first, page by page, and end with next null', async () => {
    const sent = await accept(api, {
      to: Array.from({ length: 5 }, (_, i) => `+1555200000${i}`),
      body: 'page',
      from: '+15550000002',
    });
    const pages: string[][] = [];
    for (let after = ''; ; ) {
      const answer = await api.fetch(`/api/v1/messages?limit=2&from=%2B15550000002${after}`);
      const { messages, next } = (await answer.json()) as { messages: Entry[]; next: string | null };
      pages.push(messages.map(({ to }) => to));
      if (next === null) break;
      after = `&after=${next}`;
    }
    const expected = sent.map(({ to }) => to).reverse();
    expect(pages).toEqual([expected.slice(0, 2), expected.slice(2, 4), expected.slice(4)]);
  });

  test('lists are filtered by state, recipient and time', async () => {
    await accept(api, { to: '+15552100001', body: 'later', notBefore: '2099-01-01T00:00:00Z' });
    const listed = async (query: string) =>
      ((await (await api.fetch(`/api/v1/messages?${query}`)).json()) as { messages: Entry[] }).messages;
    expect(await listed('to=%2B15552100001&state=scheduled')).toHaveLength(1);
    expect(await listed('to=%2B15552100001&state=queued')).toHaveLength(0);
    expect(await listed('to=%2B15552100001&since=2098-01-01T00:00:00Z')).toHaveLength(0);
    expect(await listed('to=%2B15552100001&status=delivered')).toHaveLength(0);
    expect((await listed('limit=1000')).every(({ kind }) => kind === 'message')).toBe(true);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=many', 'limit'],
    ['state=lost', 'state'],
    ['since=yesterday', 'since'],
    ['staet=queued', 'staet'],
  ])('the query %s is refused naming %s', async (query, name) => {
    const error = await refusal(api.fetch(`/api/v1/messages?${query}`));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_HTTP_QUERY_INVALID', details: { name } });
    expect(error.message).not.toContain('Invalid');
    expect(error.message).not.toMatch(/NaN|number to be/);
    expect(error.message).not.toContain('received');
    if (name === 'limit') expect(error.message).toContain('expected a whole number from 1 to 1000');
  });

  test('a misspelt filter is answered with the nearest one', async () => {
    expect((await refusal(api.fetch('/api/v1/messages?staet=queued'))).message).toContain('(state?)');
  });

  test("an entry is found by its id and by Twilio's SID", async () => {
    const [entry] = await accept(api, { to: '+15552200001', body: 'hello' });
    const id = entry?.id ?? '';
    const sid = `SM${'5'.repeat(32)}`;
    await move(api, id, claimed, taken(sid));
    for (const name of [id, sid]) {
      const answer = await api.fetch(`/api/v1/messages/${name}`);
      expect(await answer.json()).toMatchObject({ id, sid, state: 'sent', status: 'queued' });
    }
  });

  test('explain adds every decision, oldest first', async () => {
    const [entry] = await accept(api, { to: '+15552200002', body: 'hello' });
    await move(api, entry?.id ?? '', claimed, taken(`SM${'6'.repeat(32)}`));
    const answer = await api.fetch(`/api/v1/messages/${entry?.id}?explain=true`);
    const { decisions } = (await answer.json()) as { decisions: Array<{ what: string; at: string }> };
    expect(decisions.map(({ what }) => what).slice(0, 2)).toEqual(['accepted', 'claimed']);
    expect(decisions[0]?.at).toMatch(/^\d{4}-.*Z$/);
  });

  test('a message is not found among the calls, nor an id that never was', async () => {
    const [entry] = await accept(api, { to: '+15552200003', body: 'hello' });
    for (const path of [`/api/v1/calls/${entry?.id}`, '/api/v1/messages/SM0', '/api/v1/messages?after=SM0']) {
      expect(await refusal(api.fetch(path))).toMatchObject({ status: 404, code: 'TOLLBOARD_ENTRY_NOT_FOUND' });
    }
  });
});

describe('acting on entries', () => {
  test('a scheduled message is canceled, then redacted', async () => {
    const [entry] = await accept(api, { to: '+15552300001', body: 'secret', notBefore: '2099-01-01T00:00:00Z' });
    const canceled = await api.fetch(`/api/v1/messages/${entry?.id}/cancel`, { method: 'POST' });
    expect(await canceled.json()).toMatchObject({ id: entry?.id, state: 'canceled' });
    const redacted = await api.post(`/api/v1/messages/${entry?.id}/redact`, {});
    expect(await redacted.json()).toMatchObject({ id: entry?.id, body: expect.not.stringContaining('secret') });
  });

  test('what its state forbids is a conflict', async () => {
    const [entry] = await accept(api, { to: '+15552300002', body: 'hello' });
    const error = await refusal(api.post(`/api/v1/messages/${entry?.id}/redact`, {}));
    expect(error).toMatchObject({ status: 409, code: 'TOLLBOARD_ENTRY_STATE' });
  });

  test('a held message is resolved by a choice', async () => {
    const [entry] = await accept(api, { to: '+15552300003', body: 'hello', onUnknown: 'hold' });
    const id = entry?.id ?? '';
    const held: Fact = { type: 'ambiguous', why: 'for the test', error: await lostReport() };
    await move(api, id, claimed, { type: 'lost', error: await lostReport() }, held);
    const before = (await (await api.fetch(`/api/v1/messages/${id}`)).json()) as Entry;
    expect(before).toMatchObject({ state: 'held', resolution: { choices: expect.arrayContaining(['drop']) } });
    const answer = await api.post(`/api/v1/messages/${id}/resolve`, { choice: 'drop' });
    expect(await answer.json()).toMatchObject({ id, state: 'canceled', resolution: null });
  });

  test.each([
    [{ choice: 'maybe' }, 'choice of the body is "maybe"; expected one of sent, resend, drop'],
    [{}, 'choice of the body is absent'],
    [{ choice: 'drop', why: 'x' }, 'why of the body is not known here'],
  ])('the choice %j is refused: %s', async (body, message) => {
    const [entry] = await accept(api, { to: '+15552300004', body: 'hello' });
    const error = await refusal(api.post(`/api/v1/messages/${entry?.id}/resolve`, body));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_HTTP_BODY_INVALID' });
    expect(error.message).toContain(message);
  });
});

async function lostReport() {
  const { errorReport } = await import('../../src/core/errors.ts');
  return errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });
}

describe('the account', () => {
  test('recipients and connectivity say that they are simulated', async () => {
    const recipients = await (await api.fetch('/api/v1/recipients')).json();
    expect(recipients).toMatchObject({ recipients: [{ phoneNumber: '+15550100001' }], simulated: true });
    const report = await (await api.fetch('/api/v1/connectivity', { method: 'POST' })).json();
    expect(report).toMatchObject({ ok: true, simulated: true });
    const error = await refusal(api.post('/api/v1/connectivity', { account: 'nobody' }));
    expect(error).toMatchObject({ status: 404, code: 'TOLLBOARD_ACCOUNT_UNKNOWN' });
  });
});

describe('tokens', () => {
  test('a named token opens the API until it is revoked', async () => {
    const answer = await api.post('/api/v1/tokens', { name: 'awx' });
    expect(answer.status).toBe(201);
    const { token } = (await answer.json()) as { token: { sid: string; secret: string } };
    expect(token).toMatchObject({ sid: expect.stringMatching(/^SK[0-9a-f]{32}$/), name: 'awx', revokedAt: null });
    const headers = { authorization: `Bearer ${token.secret}` };
    expect((await api.anonymous('/api/v1/messages', { headers })).status).toBe(200);
    const listed = await (await api.fetch('/api/v1/tokens')).text();
    expect(listed).toContain(token.sid);
    expect(listed).not.toContain(token.secret);
    expect((await api.fetch(`/api/v1/tokens/${token.sid}`, { method: 'DELETE' })).status).toBe(204);
    expect((await api.anonymous('/api/v1/messages', { headers })).status).toBe(401);
  });

  test.each(['', 'a/b', 'n'.repeat(65), 'n'.repeat(500)])('a token cannot be called %j', async (name) => {
    const error = await refusal(api.post('/api/v1/tokens', { name }));
    expect(error).toMatchObject({ status: 422, code: 'TOLLBOARD_TOKEN_NAME_INVALID' });
    expect(error.message.length).toBeLessThan(250);
  });

  test('a token that never was cannot be revoked', async () => {
    const error = await refusal(api.fetch('/api/v1/tokens/SK1', { method: 'DELETE' }));
    expect(error).toMatchObject({ status: 404, code: 'TOLLBOARD_TOKEN_NOT_FOUND' });
  });
});

describe('operation', () => {
  test('health, readiness, metrics and the document need no token', async () => {
    const alive = await (await api.anonymous('/healthz')).json();
    expect(alive).toEqual({ status: 'ok', version: '0.0.0-test', simulated: true });
    expect(await (await api.anonymous('/readyz')).json()).toMatchObject({ ready: true });
    const metrics = await (await api.anonymous('/metrics')).text();
    expect(metrics).toContain('tollboard_entries{state="queued"}');
    expect(metrics).not.toMatch(/\+1555|SM[0-9a-f]{32}/);
    expect((await api.anonymous('/openapi.json')).status).toBe(200);
  });

  test('a store that refuses writes: readiness and sends answer 503, lists go on', async () => {
    const { TollboardError } = await import('../../src/core/errors.ts');
    const full = async () => {
      throw new TollboardError('TOLLBOARD_STORE_FULL');
    };
    const store = { ...api.store, accept: full, noteAccount: full } as typeof api.store;
    const other = await startApiServer({ store: { ...store, close: async () => undefined } });
    const answer = await other.post('/api/v1/messages', { to: '+15551230001', body: 'hello' });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await refusal(answer)).toMatchObject({ status: 503, code: 'TOLLBOARD_STORE_FULL' });
    expect((await other.anonymous('/readyz')).status).toBe(503);
    expect((await other.anonymous('/healthz')).status).toBe(200);
    expect((await other.fetch('/api/v1/messages')).status).toBe(200);
    await other.close();
  });

  test('what fails inside shows a request id and nothing else; the log has the cause', async () => {
    const other = await startApiServer({
      gateway: { entries: () => Promise.reject(new Error('secret of the inside')) },
    });
    const answer = await other.fetch('/api/v1/messages');
    const requestId = answer.headers.get('x-request-id');
    const error = await refusal(answer);
    expect(error).toMatchObject({ status: 500, code: 'TOLLBOARD_INTERNAL', details: {}, requestId });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(other.log).toMatchObject([
      { level: 'error', facts: { requestId, cause: expect.stringContaining('secret') } },
    ]);
    await other.close();
  });
});

describe('the document', () => {
  test('is valid OpenAPI 3.1 in which every operation has a name of its own', async () => {
    const document = (await (await api.anonymous('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; description?: string; summary: string }>>;
    };
    const result = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(operations.every(({ summary }) => summary !== '')).toBe(true);
  });

  test.each([
    ['message', 'MessageCreateInput', MESSAGE_PARAMETERS],
    ['call', 'CallCreateInput', CALL_PARAMETERS],
  ] as const)('shows every parameter of a %s with its description', async (_kind, name, rows) => {
    const document = (await (await api.anonymous('/openapi.json')).json()) as {
      components: { schemas: Record<string, { properties: Record<string, { description: string }> }> };
    };
    const properties = document.components.schemas[name]?.properties ?? {};
    for (const row of rows) {
      if (row.wire !== 'To') expect(properties[row.name]?.description, row.name).toBe(row.description);
    }
  });
});
