/** The remote messenger over the real server, and over a server that breaks connections on purpose. */

import type { Clock, SendRequest } from '../../src/core/ports.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { isTollboardError, type TollboardError } from '../../src/core/errors.ts';
import { createRemoteMessenger, type RemoteMessenger } from '../../src/remote/messenger.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../support/api-server.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type RawConnection, rawAnswer, startRawServer } from '../support/raw-server.ts';

const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: ApiServerOptions = {}): Promise<{ api: ApiServer; remote: RemoteMessenger }> {
  const api = await startApiServer(options);
  closers.push(() => api.close());
  return { api, remote: connect(api.url, api.token) };
}

/** Pauses between tries end at once; the minute's patience for an answer stays. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 60_000 ? 1 : ms, signal),
};

/** The same for a gateway that is away for a moment. */
const brisk: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal) };

function connect(url: string, token = 'token', clock = systemClock, newToken?: () => string | null): RemoteMessenger {
  const renewal = newToken === undefined ? {} : { newToken };
  const remote = createRemoteMessenger({ url, token, clock, random: systemRandom, ...renewal });
  closers.push(() => remote.close());
  return remote;
}

const text = (to: string | string[], params: SendRequest['params'] = { body: 'hello' }): SendRequest => ({
  kind: 'message',
  to,
  params,
  host: 'cli',
});

async function failure(promise: Promise<unknown>): Promise<TollboardError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isTollboardError(error)) throw new Error(`expected an error of ours, got ${String(error)}`);
  return error;
}

describe('over a gateway', () => {
  test('sends, fetches and explains; the entry keeps the name of the surface', async () => {
    const { remote } = await start();
    const [first, second] = await remote.send([text(['+15551230001', '+15551230002'])]);
    expect(first).toMatchObject({ state: 'queued', to: '+15551230001', host: 'cli', body: 'hello' });
    expect(second).toMatchObject({ state: 'queued', to: '+15551230002' });
    expect(await remote.fetch(first?.id ?? '')).toEqual(first);
    expect(await remote.explain(first?.id ?? '')).toMatchObject({ id: first?.id, decisions: [{ what: 'accepted' }] });
    expect(await remote.fetch('SM0')).toBeNull();
    expect(await remote.explain('SM0')).toBeNull();
  });

  test('every option of a request arrives', async () => {
    const { api, remote } = await start();
    const call: SendRequest = {
      kind: 'call',
      to: '+15551230001',
      params: { say: { text: 'hello' } },
      account: 'default',
      notBefore: Date.UTC(2099, 0, 1),
      onUnknown: 'hold',
      host: 'ansible',
    };
    const [entry] = await remote.send([call]);
    expect(entry).toMatchObject({ kind: 'call', state: 'scheduled', host: 'ansible' });
    const record = await api.store.entry({ id: entry?.id ?? '' });
    expect(record).toMatchObject({ notBefore: call.notBefore, onUnknown: 'hold' });
    expect(await remote.fetch(entry?.id ?? '')).toEqual(entry);
  });

  test('a lone refused recipient is an outcome; a fault of the request throws with code and remedy', async () => {
    const { remote } = await start();
    const outcomes = await remote.send([text('+15551230001'), text('15551112222')]);
    expect(outcomes.map(({ state }) => state)).toEqual(['queued', 'rejected']);
    expect(outcomes[1]).toMatchObject({
      id: null,
      to: '15551112222',
      error: { code: 'TOLLBOARD_MESSAGE_TO_INVALID', twilioCode: 21211, remedy: expect.stringContaining('+1555') },
    });
    const error = await failure(remote.send([text('+15551230001', { bdy: 'x' })]));
    expect(error).toMatchObject({ code: 'TOLLBOARD_PARAMETER_UNKNOWN', remedy: 'Did you mean body?' });
    expect(error.details.requestId).toMatch(/^RQ/);
  });

  test('a key given by the caller joins repeats', async () => {
    const { remote } = await start();
    const first = await remote.send([text('+15551230001')], { idempotencyKey: 'k' });
    const again = await remote.send([text('+15551230001')], { idempotencyKey: 'k' });
    expect(again).toEqual(first.map((entry) => ({ ...entry, replayed: true })));
    const error = await failure(remote.send([text('+15551230002')], { idempotencyKey: 'k' }));
    expect(error.code).toBe('TOLLBOARD_IDEMPOTENCY_MISMATCH');
  });

  test('without a key, two sends are two messages', async () => {
    const { remote } = await start();
    const [one] = await remote.send([text('+15551230001')]);
    const [two] = await remote.send([text('+15551230001')]);
    expect(one?.id).not.toBe(two?.id);
  });

  test('acts on entries and reads the account', async () => {
    const { remote } = await start();
    const [entry] = await remote.send([{ ...text('+15551230001'), notBefore: Date.UTC(2099, 0, 1) }]);
    const id = entry?.id ?? '';
    expect(await remote.cancel(id)).toMatchObject({ id, state: 'canceled' });
    expect((await failure(remote.resolve(id, 'drop'))).code).toBe('TOLLBOARD_ENTRY_STATE');
    expect((await remote.redact(id)).body).not.toBe('hello');
    expect(await remote.recipients()).toMatchObject([{ phoneNumber: '+15550100001' }]);
    expect(await remote.check()).toMatchObject({ ok: true });
  });

  test('a wrong token is refused as by the gateway', async () => {
    const { api } = await start();
    const error = await failure(connect(api.url, 'wrong').fetch('SM1'));
    expect(error).toMatchObject({ code: 'TOLLBOARD_HTTP_TOKEN_INVALID', kind: 'unauthorized' });
    expect(JSON.stringify(error.report)).not.toContain('wrong');
  });
});

/** Twilio takes it and tells its end. */
async function deliver({ store }: ApiServer, id: string, status = 'delivered'): Promise<void> {
  const key = { id };
  const fact = { sid: `SM${id.slice(2)}`, errorCode: null, errorMessage: null };
  await store.apply([{ key, fact: { type: 'claimed', callbackMode: 'own' } }], Date.now());
  await store.apply([{ key, fact: { type: 'accepted', status: 'queued', ...fact } }], Date.now());
  await store.apply([{ key, fact: { type: 'status', source: 'callback', fields: [], status, ...fact } }], Date.now());
}

describe('waiting', () => {
  test('500 waits end as their entries do, over one stream', async () => {
    const { api, remote } = await start({ limits: { streams: 1 } });
    const to = Array.from({ length: 500 }, (_, index) => `+1555200${String(index).padStart(4, '0')}`);
    const entries = await remote.send([text(to)]);
    const waits = entries.map(({ id }) => remote.wait(id ?? '', 'final'));
    for (const { id } of entries) await deliver(api, id ?? '');
    const ended = await Promise.all(waits);
    expect(ended.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
    expect(ended.every(({ status, body }) => status === 'delivered' && body === 'hello')).toBe(true);
  });

  test('what happens between the first look and the wait on the stream is not missed', async () => {
    const { api, remote } = await start();
    const entries = await remote.send([text(['+15551230001', '+15551230002', '+15551230003'])]);
    const [stays = '', marks = '', late = ''] = entries.map(({ id }) => id ?? '');
    const abort = new AbortController();
    const other = remote.wait(stays, 'final', abort.signal);
    const marked = remote.wait(marks, 'final');
    const { entry } = api.gateway;
    let looks = 0;
    api.gateway.entry = async (id) => {
      const record = await entry(id);
      looks += id === late ? 1 : 0;
      if (id !== late || looks > 1) return record;
      await deliver(api, late);
      // Once the later frame has arrived, the one that nobody waited for yet has too.
      await deliver(api, marks);
      await marked;
      return record;
    };
    expect(await remote.wait(late, 'final')).toMatchObject({ id: late, status: 'delivered' });
    abort.abort();
    await other;
  });

  test('an entry that is already there ends the wait at once, an unknown one throws', async () => {
    const { api, remote } = await start();
    const [entry] = await remote.send([text('+15551230001')]);
    const id = entry?.id ?? '';
    await deliver(api, id, 'sent');
    expect(await remote.wait(id, 'sent')).toMatchObject({ state: 'sent', status: 'sent' });
    expect((await failure(remote.wait('SM0', 'final'))).code).toBe('TOLLBOARD_ENTRY_NOT_FOUND');
  });

  test("a wait by Twilio's SID ends too", async () => {
    const { api, remote } = await start();
    const [entry] = await remote.send([text('+15551230001')]);
    const id = entry?.id ?? '';
    await deliver(api, id, 'sent');
    const waiting = remote.wait(`SM${id.slice(2)}`, 'final');
    const fact = { sid: `SM${id.slice(2)}`, status: 'delivered', errorCode: null, errorMessage: null };
    await api.store.apply(
      [{ key: { id }, fact: { type: 'status', source: 'callback', fields: [], ...fact } }],
      Date.now(),
    );
    expect(await waiting).toMatchObject({ id, state: 'done' });
  });

  test('when the signal ends it, the entry is told as it stands', async () => {
    const { remote } = await start();
    const [entry] = await remote.send([text('+15551230001')]);
    const abort = new AbortController();
    const waiting = remote.wait(entry?.id ?? '', 'final', abort.signal);
    abort.abort();
    expect(await waiting).toMatchObject({ id: entry?.id, state: 'queued' });
  });

  test('a gateway that restarts in between is followed again', async () => {
    const { api } = await start();
    let { token } = api;
    const remote = connect(api.url, token, brisk, () => token);
    const [entry] = await remote.send([text('+15551230001')]);
    const id = entry?.id ?? '';
    const waiting = remote.wait(id, 'final');
    await api.server.close();
    await deliver(api, id);
    // Its local token is a new one at each start.
    const again = await startApiServer({ store: api.store, port: api.server.port });
    closers.push(() => again.server.close());
    expect(again.token).not.toBe(token);
    token = again.token;
    expect(await waiting).toMatchObject({ id, status: 'delivered' });
  });

  test('a wait that begins while the gateway is away goes on when it is back', async () => {
    const { api } = await start();
    let { token } = api;
    const remote = connect(api.url, token, brisk, () => token);
    const [entry] = await remote.send([text('+15551230001')]);
    const id = entry?.id ?? '';
    await deliver(api, id);
    await api.server.close();
    const waiting = remote.wait(id, 'final');
    const back = await startApiServer({ store: api.store, port: api.server.port });
    closers.push(() => back.server.close());
    token = back.token;
    expect(await waiting).toMatchObject({ id, status: 'delivered' });
  });

  test('a token that is refused and has no newer one ends the wait', async () => {
    const { api } = await start();
    expect((await failure(connect(api.url, 'old', hasty).wait('SM1', 'final'))).kind).toBe('unauthorized');
  });

  test('where only streams are refused, it polls', async () => {
    const { api } = await start({ limits: { streams: 0 } });
    const remote = connect(api.url, api.token, hasty);
    const [entry] = await remote.send([text('+15551230001')]);
    const waiting = remote.wait(entry?.id ?? '', 'final');
    await deliver(api, entry?.id ?? '');
    expect(await waiting).toMatchObject({ status: 'delivered' });
  });

  test('closing the messenger ends its waits', async () => {
    const { remote } = await start();
    const [entry] = await remote.send([text('+15551230001')]);
    const waiting = remote.wait(entry?.id ?? '', 'final');
    const ended = expect(waiting).rejects.toThrow('closed');
    await remote.fetch(entry?.id ?? '');
    remote.close();
    await ended;
  });
});

describe('when the gateway does not answer', () => {
  /** A server that treats each connection by the script; the last one goes on for all that follow. */
  async function scripted(...scripts: Array<(connection: RawConnection) => Promise<void>>) {
    const server = await startRawServer((connection, index) =>
      scripts[Math.min(index, scripts.length - 1)]?.(connection),
    );
    closers.push(() => server.close());
    return { server, remote: connect(`http://127.0.0.1:${server.port}`, 'token', hasty) };
  }
  const answering =
    (status: number, body: string, headers = {}) =>
    async (connection: RawConnection) => {
      for (;;) {
        await connection.request();
        connection.write(rawAnswer(status, body, headers));
      }
    };
  const breaking = async (connection: RawConnection) => {
    await connection.request();
    connection.reset();
  };
  const accepted = answering(202, JSON.stringify({ messages: [{ id: 'SM1', state: 'queued' }] }));
  const keyOf = ({ head }: { head: string }) => /^idempotency-key: (.+)$/im.exec(head)?.[1];

  test('nobody listens: nothing was handed over, and it is told at once', async () => {
    const { api, remote } = await start();
    await api.server.close();
    const error = await failure(remote.send([text('+15551230001')]));
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_UNREACHABLE', report: { stage: 'before_send' } });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a send whose connection broke is repeated with the same key', async () => {
    const { server, remote } = await scripted(breaking, breaking, accepted);
    expect(await remote.send([text('+15551230001')])).toMatchObject([{ id: 'SM1' }]);
    const keys = server.requests.map(keyOf);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1);
  });

  test('an answer that broke off is asked for again', async () => {
    const half = async (connection: RawConnection) => {
      await connection.request();
      connection.write('HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{"messages":');
      connection.end();
    };
    const { remote } = await scripted(half, accepted);
    expect(await remote.send([text('+15551230001')])).toMatchObject([{ id: 'SM1' }]);
  });

  test('when every repeat breaks, the outcome is unknown and the key is told', async () => {
    const { server, remote } = await scripted(breaking);
    const error = await failure(remote.send([text('+15551230001')], { idempotencyKey: 'order 42' }));
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST', report: { stage: 'unknown' } });
    expect(error.remedy).toContain('order 42');
    expect(server.requests.length).toBeGreaterThan(3);
  });

  test.each([401, 403, 404, 500, 502])('a lost answer stays lost when its repeat is answered %i', async (status) => {
    const { remote } = await scripted(breaking, answering(status, '{}'));
    const error = await failure(remote.send([text('+15551230001')], { idempotencyKey: 'order 42' }));
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST', report: { stage: 'unknown' } });
    expect(error.message).toContain(String(status));
  });

  test('a lost answer stays lost when its repeats find the gateway busy', async () => {
    const { remote } = await scripted(breaking, answering(503, '{}'));
    expect((await failure(remote.send([text('+15551230001')]))).report.stage).toBe('unknown');
  });

  test('what something in between answers to a send for itself proves nothing', async () => {
    for (const [status, stage] of [
      [200, 'unknown'],
      [502, 'unknown'],
      [404, null],
    ] as const) {
      const { remote } = await scripted(answering(status, '<html>proxy</html>'));
      const error = await failure(remote.send([text('+15551230001')]));
      expect(error.report).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED', stage });
    }
  });

  test('of several requests the key of all is told, which is the one to repeat them with', async () => {
    const { remote } = await scripted(breaking);
    const sending = remote.send([text('+15551230001'), text('+15551230002')], { idempotencyKey: 'order-42' });
    expect((await failure(sending)).remedy).toContain('(order-42)');
  });

  test('503 is repeated and then given up with the error of the gateway', async () => {
    const details = {
      code: 'TOLLBOARD_STORE_BUSY',
      kind: 'unavailable',
      message: 'locked',
      remedy: 'Wait.',
      details: {},
    };
    const busy = JSON.stringify({ error: { ...details, requestId: 'RQ1' } });
    const once = async (connection: RawConnection) => {
      await connection.request();
      connection.write(rawAnswer(503, busy, { 'retry-after': '1', connection: 'close' }));
      connection.end();
    };
    const mended = await scripted(once, accepted);
    expect(await mended.remote.send([text('+15551230001')])).toMatchObject([{ id: 'SM1' }]);
    const stuck = await scripted(answering(503, busy, { 'retry-after': '1' }));
    const error = await failure(stuck.remote.send([text('+15551230001')]));
    expect(error).toMatchObject({ code: 'TOLLBOARD_STORE_BUSY', kind: 'unavailable', message: 'locked' });
    expect(stuck.server.requests.length).toBeGreaterThan(3);
  });

  test('a choice or a cancel that broke is not repeated', async () => {
    const { server, remote } = await scripted(breaking);
    const error = await failure(remote.resolve('SM1', 'resend'));
    expect(error.report).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST', stage: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });

  test('what is no gateway is told as such', async () => {
    const { remote } = await scripted(answering(200, '<html>router</html>'));
    expect((await failure(remote.fetch('SM1'))).code).toBe('TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED');
    const other = await scripted(answering(404, '{"detail":"Not Found"}'));
    expect((await failure(other.remote.fetch('SM1'))).code).toBe('TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED');
  });

  test('an error that only a newer gateway knows keeps its words', async () => {
    const error = {
      code: 'TOLLBOARD_NEW',
      kind: 'invalid',
      message: 'New.',
      remedy: 'Do.',
      details: {},
      requestId: 'RQ1',
    };
    const { remote } = await scripted(answering(422, JSON.stringify({ error })));
    expect(await failure(remote.fetch('SM1'))).toMatchObject({
      message: 'New.',
      remedy: 'Do.',
      details: { code: 'TOLLBOARD_NEW' },
    });
  });

  test('a gateway that takes a request and never answers is given up after a minute each time', async () => {
    const clock = createManualClock();
    const server = await startRawServer(async ({ request }) => void (await request()));
    closers.push(() => server.close());
    const asking = failure(connect(`http://127.0.0.1:${server.port}`, 'token', clock).fetch('SM1'));
    for (let tries = 1; tries <= 6; tries++) {
      await server.arrived(tries);
      clock.advance(60_000);
      await clock.untilSleeping(tries < 6 ? 1 : 0);
      if (tries < 6) clock.advance(60_000);
    }
    expect((await asking).code).toBe('TOLLBOARD_GATEWAY_UNREACHABLE');
  });

  test('a send that is aborted ends at once', async () => {
    const server = await startRawServer(async ({ request }) => void (await request()));
    closers.push(() => server.close());
    const abort = new AbortController();
    const remote = connect(`http://127.0.0.1:${server.port}`);
    const sending = remote.send([text('+15551230001')], { signal: abort.signal });
    const ended = expect(sending).rejects.toThrow('enough');
    await server.arrived(1);
    abort.abort(new Error('enough'));
    await ended;
  });
});
