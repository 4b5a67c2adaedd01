/** Sinks over the API, checked against OpenAPI. */

import { expect, onTestFinished, test } from 'vitest';
import { EVENT_TYPES } from '../../src/core/event.ts';
import { refusal, startApiServer } from '../support/api-server.ts';
import { startReceiver } from '../support/callback-receiver.ts';
import { form, sink, startSinkWorld, text } from '../support/sinks.ts';

test('the API lists sinks and dead letters, tests and replays, and says which there are', async () => {
  let status = 400;
  const receiver = await startReceiver(() => ({ status }));
  const world = await startSinkWorld([sink(form(receiver.url), { attempts: 1, fields: [['NumMedia', '0']] })]);
  const api = await startApiServer({ sinks: world.sinks });
  onTestFinished(() => api.close());
  const { id } = await world.add(text('one'));
  await world.tried(1);
  await world.clock.untilSleeping(1);
  const ask = async (path: string) => (await api.fetch(`/api/v1/sinks${path}`)).json();
  expect(await ask('')).toEqual({
    sinks: [
      {
        name: 'shop',
        kind: 'twilio',
        target: `${receiver.url}/`,
        events: [...EVENT_TYPES],
        where: { NumMedia: '0' },
        state: 'idle',
        waiting: 0,
        delivered: 0,
        lastDeliveredAt: null,
        dead: 1,
        retry: null,
      },
    ],
  });
  expect(await ask('/shop/dead')).toMatchObject({ dead: [{ sink: 'shop', event: id, attempts: 1 }] });
  const dropped = await api.fetch('/api/v1/sinks/shop/dead?event=EV1', { method: 'DELETE' });
  expect([dropped.status, await dropped.json()]).toEqual([200, { events: [] }]);
  status = 204;
  expect(await (await api.post('/api/v1/sinks/shop/test', {})).json()).toMatchObject({ delivered: true });
  const replayed = await api.post('/api/v1/sinks/shop/replay', { dead: true });
  expect([replayed.status, await replayed.json()]).toEqual([202, { events: [id] }]);
  await world.tried(2);
  expect(await (await api.post('/api/v1/sinks/shop/replay', { events: [id] })).json()).toEqual({ events: [id] });
  await world.tried(3);
  const at = new Date(world.clock.now()).toISOString();
  for (const stretch of [{ since: at }, { since: at, until: at }])
    expect(await (await api.post('/api/v1/sinks/shop/replay', stretch)).json()).toEqual({ events: [id] });
  await world.tried(5);
  expect(receiver.values('Body')).toEqual(['one', 'Tollboard tests the sink shop.', 'one', 'one', 'one', 'one']);
  for (const body of [{}, { since: 'yesterday' }, { until: at }, { dead: true, since: at }])
    expect(await refusal(api.post('/api/v1/sinks/shop/replay', body))).toMatchObject({ status: 422 });
  expect(await refusal(api.post('/api/v1/sinks/shop/replay', {}))).toMatchObject({
    message: 'The whole of the body is {}; expected one of events, dead and since.',
  });
  expect(await refusal(api.fetch('/api/v1/sinks/x/dead'))).toMatchObject({
    status: 404,
    code: 'TOLLBOARD_SINK_UNKNOWN',
    message: 'There is no sink x; there are: shop.',
  });
});

test('dead letters are forgotten one by one or all together, and those of events that are gone with a replay', async () => {
  const receiver = await startReceiver(() => ({ status: 400 }));
  const world = await startSinkWorld([sink(form(receiver.url), { attempts: 1 })]);
  const api = await startApiServer({ sinks: world.sinks });
  onTestFinished(() => api.close());
  const drop = async (query = '') => (await api.fetch(`/api/v1/sinks/shop/dead${query}`, { method: 'DELETE' })).json();
  const events = [];
  for (const body of ['one', 'two', 'three']) events.push((await world.add(text(body))).id);
  await world.tried(3);
  await world.clock.untilSleeping(1);
  expect(await drop(`?event=${events[1]}`)).toEqual({ events: [events[1]] });
  expect((await world.sinks.deadLetters('shop')).map(({ event }) => event)).toEqual([events[0], events[2]]);
  expect(await drop()).toEqual({ events: [events[0], events[2]] });
  expect(await world.sinks.deadLetters('shop')).toEqual([]);
  await world.add(text('four'));
  await world.tried(4);
  await world.clock.untilSleeping(1);
  const gone = world.clock.now() + 1;
  await world.store.prune({ messagesMs: 0, eventsMs: 0, idempotencyMs: 0 }, gone);
  expect(await world.sinks.replay('shop', 'dead')).toEqual([]);
  expect(await world.sinks.deadLetters('shop')).toEqual([]);
});
