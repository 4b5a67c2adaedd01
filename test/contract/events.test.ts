/** Stored events over the API: filtered, paged, followed, replayed. */

import type { TollboardEvent } from '../../src/core/event.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createGatewayClient } from '../../src/remote/client.ts';
import { followEvents, listEvents } from '../../src/remote/events.ts';
import { plainRandom, systemClock } from '../../src/system.ts';
import { type ApiServer, refusal, startApiServer } from '../support/api-server.ts';

let api: ApiServer;
let ending = new AbortController();
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());
afterEach(() => {
  ending.abort();
  ending = new AbortController();
});

const add = (Body: string, From = '+15551230001') =>
  api.store.addEvent({ type: 'twilio_data_received', data: { Body, From } }, true, Date.now());
const client = () => createGatewayClient({ url: api.url, token: api.token, clock: systemClock, random: plainRandom });
const follow = (given: { since?: string; type?: string; fields?: string[] } = {}, onAway = () => {}) =>
  followEvents({
    onAway,
    client: client(),
    clock: systemClock,
    random: plainRandom,
    filter: { fields: [], ...given },
    signal: ending.signal,
  });

describe('events', () => {
  test('are narrowed by fields of Twilio’s, page by page, however rare they are', async () => {
    const rare = '+15559990001';
    for (let index = 0; index < 2500; index += 1) await add(String(index), index % 1000 === 999 ? rare : '+1');
    const get = async (query: string) =>
      (await (await api.fetch(`/api/v1/events?${query}`)).json()) as {
        events: TollboardEvent[];
        cursor: string;
        next: string | null;
      };
    const field = `field=${encodeURIComponent(`From=${rare}`)}`;
    const first = await get(`${field}&limit=1`);
    expect(first.events.map(({ data }) => data.Body)).toEqual(['999']);
    const second = await get(`${field}&limit=1&after=${first.next}`);
    expect(second.events.map(({ data }) => data.Body)).toEqual(['1999']);
    const both = await get(`${field}&field=Body%3D1999`);
    expect(both).toMatchObject({ events: [{ data: { Body: '1999' } }], next: null });
    expect((await get(`field=${encodeURIComponent('Body=a=b')}`)).events).toEqual([]);
    expect(await refusal(api.fetch('/api/v1/events?field=nonsense'))).toMatchObject({ status: 422 });
    // Behind all that is there, though the last fitting one is far before.
    expect(both.cursor).toBe(String(await api.store.newestEvent()));
    const listed: string[] = [];
    for await (const { events } of listEvents(client(), { fields: [] })) listed.push(...events.map(({ id }) => id));
    expect(new Set(listed).size).toBe(2500);
  });

  test('are followed from now on', async () => {
    await add('before');
    const events = follow({ fields: ['From=+1555'] });
    const next = events.next();
    const sending = (async () => {
      while (!ending.signal.aborted) {
        await add('other', '+1');
        await add('mine', '+1555');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    expect((await next).value).toMatchObject({ data: { Body: 'mine' } });
    ending.abort();
    await sending;
  });

  test('are followed from a time in the past without gap or repeat', async () => {
    const since = new Date(Date.now() + 1).toISOString();
    while (Date.now() < Date.parse(since)) await new Promise((resolve) => setImmediate(resolve));
    const stored = [await add('1'), await add('2')];
    const seen: string[] = [];
    let later: Promise<unknown> = Promise.resolve();
    for await (const event of follow({ since, type: 'twilio_data_received' })) {
      seen.push(event.id);
      // Between the page and the stream, and while it stands.
      if (seen.length === 1) later = add('3').then(() => add('4'));
      if (seen.length === 4) break;
    }
    await later;
    expect(seen.slice(0, 2)).toEqual(stored.map(({ id }) => id));
    expect(new Set(seen).size).toBe(4);
  });

  test('are followed on when the gateway was away', async () => {
    const port = Number(new URL(api.url).port);
    let away = 0;
    const missed = Promise.withResolvers<void>();
    const events = follow({}, () => {
      away += 1;
      missed.resolve();
    });
    const first = events.next();
    const early = (async () => {
      for (let done = false; !done; ) {
        await add('first');
        done = await Promise.race([first.then(() => true), new Promise<false>((go) => setTimeout(go, 20, false))]);
      }
    })();
    await first;
    await early;
    const { store, token } = api;
    await api.server.close();
    await add('while away');
    const next = events.next();
    await missed.promise;
    const again = await startApiServer({
      store,
      port,
      gateway: { authorize: async ({ bearer = '' }: { bearer?: string }) => bearer === token } as never,
    });
    const told: Array<string | undefined> = [(await next).value?.data.Body];
    while (told.at(-1) !== 'while away') told.push((await events.next()).value?.data.Body);
    expect(away).toBe(1);
    ending.abort();
    await again.server.close();
    api = await startApiServer();
  });

  test('of a gateway that is away from the beginning are an error: nobody could say from where to go on', async () => {
    const other = await startApiServer();
    const { url, token } = other;
    await other.close();
    const gone = createGatewayClient({ url, token, clock: systemClock, random: plainRandom });
    const { signal } = ending;
    const events = followEvents({
      client: gone,
      clock: systemClock,
      random: plainRandom,
      filter: { fields: [] },
      signal,
    });
    await expect(events.next()).rejects.toMatchObject({ code: 'TOLLBOARD_GATEWAY_UNREACHABLE' });
  });

  test('are refused to whoever has no token', async () => {
    const stranger = createGatewayClient({ url: api.url, token: 'x', clock: systemClock, random: plainRandom });
    const events = followEvents({
      client: stranger,
      clock: systemClock,
      random: plainRandom,
      filter: { fields: [] },
      signal: ending.signal,
    });
    await expect(events.next()).rejects.toMatchObject({ code: 'TOLLBOARD_HTTP_TOKEN_INVALID' });
  });
});

describe('a replay', () => {
  test('hands the event once more to those that take events', async () => {
    const event = await add('again');
    expect(await refusal(api.post(`/api/v1/events/${event.id}/replay`, {}))).toMatchObject({
      status: 409,
      code: 'TOLLBOARD_EVENT_NOT_CONSUMED',
      message: expect.stringContaining('No automation and no sink'),
    });
    await api.store.subscribe(['automation', 'sink:a']);
    const all = await api.post(`/api/v1/events/${event.id}/replay`, {});
    expect([all.status, await all.json()]).toEqual([202, { consumers: ['automation', 'sink:a'] }]);
    const one = await api.post(`/api/v1/events/${event.id}/replay`, { consumers: ['sink:a'] });
    expect(await one.json()).toEqual({ consumers: ['sink:a'] });
    expect(await api.store.deliveries('sink:a', 10)).toMatchObject([
      { event, replay: expect.any(Number) },
      { event, replay: expect.any(Number) },
    ]);
    expect(await refusal(api.post(`/api/v1/events/${event.id}/replay`, { consumers: ['sink:b'] }))).toMatchObject({
      status: 409,
      message: expect.stringContaining('sink:b'),
    });
    expect(await refusal(api.post('/api/v1/events/EVx/replay', {}))).toMatchObject({
      status: 404,
      code: 'TOLLBOARD_EVENT_NOT_FOUND',
    });
  });
});
