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
  status = 204;
  expect(await (await api.post('/api/v1/sinks/shop/test', {})).json()).toMatchObject({ delivered: true });
  const replayed = await api.post('/api/v1/sinks/shop/replay', { dead: true });
  expect([replayed.status, await replayed.json()]).toEqual([202, { events: [id] }]);
  await world.tried(2);
  expect(await (await api.post('/api/v1/sinks/shop/replay', { events: [id] })).json()).toEqual({ events: [id] });
  await world.tried(3);
  expect(receiver.values('Body')).toEqual(['one', 'Tollboard tests the sink shop.', 'one', 'one']);
  expect(await refusal(api.post('/api/v1/sinks/shop/replay', {}))).toMatchObject({ status: 422 });
  expect(await refusal(api.fetch('/api/v1/sinks/x/dead'))).toMatchObject({
    status: 404,
    code: 'TOLLBOARD_SINK_UNKNOWN',
    message: 'There is no sink x; there are: shop.',
  });
});
