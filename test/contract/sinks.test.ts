/** Sinks against real receivers: what arrives there, judged by others' code, in which order, and what becomes of the rest. */

import type { EventRecord } from '../../src/core/event.ts';
import type { FormFields } from '../../src/core/parameter.ts';
import type { Store } from '../../src/core/ports.ts';
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, test } from 'vitest';
import { errorReport, TollboardError } from '../../src/core/errors.ts';
import { eventView } from '../../src/core/event.ts';
import { deadRecord } from '../../src/sinks/progress.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemRandom } from '../../src/system.ts';
import { type CallbackReceiver, type ReceivedCallback, startReceiver } from '../support/callback-receiver.ts';
import { ACCOUNT, form, SECRET, sink, startSinkWorld, TOKEN, text, view, waits } from '../support/sinks.ts';
import { callForm, sdkParams } from '../support/webhooks.ts';

const OLD_SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

function only({ received }: CallbackReceiver): ReceivedCallback {
  const [first, second] = received;
  if (first === undefined || second !== undefined) throw new Error(`it got ${received.length} requests, not one`);
  return first;
}

describe('an event arrives', () => {
  test("as Home Assistant's event API takes it", async () => {
    const receiver = await startReceiver(() => ({ status: 200 }));
    const target = { via: 'event_api', url: receiver.url, token: 'long-lived' } as const;
    const world = await startSinkWorld([sink(target, { kind: 'home_assistant' })]);
    const data = text('open');
    await world.add(data);
    await world.add({ MessageStatus: 'delivered', entryId: 'SM1' }, 'twilio_message_status');
    await world.tried(2);
    const posted = receiver.received.filter(({ method }) => method === 'POST');
    expect(posted.map(({ target: path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/api/events/twilio_data_received', data],
      ['/api/events/twilio_message_status', { MessageStatus: 'delivered', entryId: 'SM1' }],
    ]);
    expect(posted[0]?.headers).toMatchObject({
      authorization: 'Bearer long-lived',
      'content-type': 'application/json',
    });
  });

  test('not before Home Assistant has started, as until then no automation would hear it', async () => {
    const states = ['NOT_RUNNING', 'STARTING', 'RUNNING'];
    const receiver = await startReceiver(() => ({ status: 200, body: `{"state":"${states.shift()}"}` }));
    const target = { via: 'event_api', url: receiver.url, token: 'long-lived' } as const;
    const world = await startSinkWorld([sink(target, { kind: 'home_assistant' })]);
    await world.add(text('open'));
    for (const tries of [1, 2]) {
      await world.tried(tries);
      await world.clock.untilSleeping(1);
      expect((await world.sinks.sinks())[0]).toMatchObject({
        delivered: 0,
        dead: 0,
        retry: { attempts: tries, error: { message: expect.stringContaining('its automations hear nothing yet') } },
      });
      world.clock.advance(60_000);
    }
    await world.tried(3);
    expect(world.tries).toEqual(['shop failed', 'shop failed', 'shop delivered']);
    const state = 'GET /api/core/state';
    expect(receiver.received.map(({ method, target: path }) => `${method} ${path}`)).toEqual([
      ...[state, state, state],
      'POST /api/events/twilio_data_received',
    ]);
    expect(receiver.received[0]?.headers).toMatchObject({ authorization: 'Bearer long-lived' });
  });

  test("as Twilio's own form with a signature that the official SDK takes for the receiver's URL", async () => {
    const receiver = await startReceiver();
    const url = `${receiver.url}/sms?shop=1&x=%20`;
    const world = await startSinkWorld([sink(form(url))]);
    const event = await world.add({ ...text('Hello + ünïcödé 👍 & more'), Empty: '' });
    await world.add({ ...callForm(ACCOUNT), webhook_id: 'x' });
    await world.add({ CallSid: 'CA1', CallStatus: 'completed', entryId: 'CA1' }, 'twilio_call_status');
    await world.tried(3);
    for (const { headers, fields, target } of receiver.received) {
      const signature = headers['x-twilio-signature'] ?? '';
      expect(target).toBe('/sms?shop=1&x=%20');
      expect(validateRequest(TOKEN, signature, url, fields)).toBe(true);
      expect(validateRequest(TOKEN, signature, `${url}1`, fields)).toBe(false);
      expect(validateRequest(`${TOKEN}1`, signature, url, fields)).toBe(false);
      // What we added ourselves is not Twilio's.
      expect(Object.keys(fields)).not.toContain('webhook_id');
      expect(Object.keys(fields)).not.toContain('entryId');
    }
    expect(receiver.received[0]?.fields).toMatchObject({ Body: 'Hello + ünïcödé 👍 & more', Empty: '' });
    expect(receiver.received[0]?.headers['i-twilio-idempotency-token']).toBe(event.id);
  });

  test("as Twilio's own form with every value of a repeated field, in its order", async () => {
    const receiver = await startReceiver();
    const world = await startSinkWorld([sink(form(receiver.url))]);
    const fields: FormFields = [
      ['To', '+15550000002'],
      ['AddOns', 'b'],
      ['webhook_id', 'a field of a sender'],
      ['AddOns', 'a'],
      ['2', 'a name that objects put first'],
      ['AddOns', 'b'],
      ['entryId', 'another'],
    ];
    const data = { To: '+15550000002', AddOns: 'b', 2: 'a name that objects put first', webhook_id: 'x' };
    const { event } = await world.store.receive({ keys: ['a'], data, form: fields, simulated: false }, 0);
    await world.tried(1);
    const { body, headers } = only(receiver);
    expect([...new URLSearchParams(body)]).toEqual(fields);
    const signature = headers['x-twilio-signature'] ?? '';
    expect(validateRequest(TOKEN, signature, receiver.url, sdkParams(fields))).toBe(true);
    expect(validateRequest(TOKEN, signature, receiver.url, sdkParams(fields.slice(1)))).toBe(false);
    expect(eventView(event as EventRecord)).not.toHaveProperty('form');
  });

  test('signed for the URL under which a receiver behind a proxy knows itself', async () => {
    const receiver = await startReceiver();
    const outside = 'https://ha.example.com/api/webhook/abc';
    const world = await startSinkWorld([sink(form(`${receiver.url}/api/webhook/abc`, outside))]);
    await world.add(text('hi'));
    await world.tried(1);
    const { headers, fields, target } = only(receiver);
    expect(target).toBe('/api/webhook/abc');
    expect(validateRequest(TOKEN, headers['x-twilio-signature'] ?? '', outside, fields)).toBe(true);
  });

  test('as JSON that the official verifier of Standard Webhooks takes, and plain HMAC too, with either secret', async () => {
    const receiver = await startReceiver();
    const target = { via: 'standard_webhooks', url: receiver.url, secrets: [SECRET, OLD_SECRET] } as const;
    const world = await startSinkWorld([sink(target, { kind: 'standard_webhooks' })]);
    // The verifier refuses what is five minutes off its own clock, which is not ours to set.
    world.clock.jump(Date.now() - world.clock.now());
    const data = text('Grüße');
    const event = await world.add(data);
    await world.tried(1);
    const { headers, body } = only(receiver);
    expect(JSON.parse(body)).toEqual({
      type: 'twilio_data_received',
      timestamp: new Date(world.clock.now()).toISOString(),
      data,
      id: event.id,
      simulated: false,
    });
    for (const secret of [SECRET, OLD_SECRET])
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ id: event.id });
    const altered = body.replace('Gr', 'gr');
    expect(() => new Webhook(SECRET).verify(altered, headers as Record<string, string>)).toThrow(
      'No matching signature',
    );
    const signed = `${event.id}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
      .update(signed)
      .digest('base64');
    expect(headers['webhook-signature']?.split(' ')[0]).toBe(`v1,${mac}`);
    expect(headers['webhook-id']).toBe(event.id);
  });

  test('only where its type and fields are wanted', async () => {
    const receiver = await startReceiver();
    const narrow = { events: ['twilio_data_received'], fields: [['To', '+15550000002']] } as const;
    const world = await startSinkWorld([sink(form(receiver.url), narrow)]);
    await world.add(text('to the other number'));
    await world.add({ ...text('wanted'), To: '+15550000002' });
    await world.add({ To: '+15550000002' }, 'twilio_message_status');
    await world.add({ ...text('wanted too'), To: '+15550000002' });
    await world.tried(2);
    expect(receiver.values('Body')).toEqual(['wanted', 'wanted too']);
  });

  test('once more when it is replayed, to this sink alone, without waiting for anything', async () => {
    const [receiver, other] = [await startReceiver(), await startReceiver()];
    const world = await startSinkWorld([sink(form(receiver.url)), sink(form(other.url), { name: 'other' })]);
    const { id, seq } = await world.add(text('hi'));
    await world.tried(2);
    expect(await world.sinks.replay('shop', [id, id])).toEqual([id]);
    await world.tried(3);
    await world.store.replay(seq);
    await world.tried(5);
    expect([receiver.received.length, other.received.length]).toEqual([3, 2]);
    await expect(world.sinks.replay('shop', ['EV1'])).rejects.toMatchObject({ code: 'TOLLBOARD_EVENT_NOT_FOUND' });
    await expect(world.sinks.replay('shops', [id])).rejects.toMatchObject({
      code: 'TOLLBOARD_SINK_UNKNOWN',
      message: 'There is no sink shops; there are: shop, other.',
      remedy: 'Did you mean shop?',
    });
    await expect(world.sinks.probe('archive')).rejects.toMatchObject({
      remedy: expect.stringMatching(/^Name one of them, or configure it/),
    });
  });

  test('once more when its time is replayed, in its order, and only where it is wanted', async () => {
    const receiver = await startReceiver();
    const world = await startSinkWorld([sink(form(receiver.url), { fields: [['To', '+15550000001']] })]);
    const began = world.clock.now();
    for (const body of ['one', 'two', 'three', 'four']) {
      await world.add(text(body));
      await world.add({ ...text(`${body} to another number`), To: '+15550000002' });
      world.clock.advance(1000);
    }
    await world.tried(4);
    const [one, other] = await world.store.events({ limit: 2 });
    const replayed = await world.sinks.replay('shop', { since: began + 1000, until: began + 2000 });
    expect(replayed).toHaveLength(2);
    await world.tried(6);
    expect(receiver.values('Body')).toEqual(['one', 'two', 'three', 'four', 'two', 'three']);
    expect(await world.sinks.replay('shop', { since: began + 9000, until: Number.POSITIVE_INFINITY })).toEqual([]);
    expect(await world.sinks.replay('shop', [other?.id ?? '', one?.id ?? ''])).toEqual([one?.id]);
    await world.tried(7);
  });

  test('but not ten thousand and one at a time', async () => {
    const world = await startSinkWorld([sink(form('http://127.0.0.1:1'))]);
    for (let count = 0; count <= 10_000; count += 1) await world.add({ Body: 'x' });
    await expect(world.sinks.replay('shop', { since: 0, until: Number.POSITIVE_INFINITY })).rejects.toMatchObject({
      code: 'TOLLBOARD_SINK_REPLAY_TOO_LARGE',
      message: 'More than 10000 events of that time are for the sink shop, so none was handed on again.',
    });
  });
});

describe('a sink that fails', () => {
  test('is tried again with growing waits, and gets everything in its order', async () => {
    let fails = 3;
    const receiver = await startReceiver(() => ({ status: fails-- > 0 ? 503 : 204 }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    for (const body of ['one', 'two', 'three']) await world.add(text(body));
    for (const [tries, wait] of [
      [1, 1000],
      [2, 5000],
      [3, 30_000],
    ] as const) {
      await world.tried(tries);
      await waits(world);
      const { retry, waiting } = (await view(world)) ?? {};
      expect([waiting, retry?.attempts, Date.parse(retry?.nextAt ?? '') - world.clock.now()]).toEqual([3, tries, wait]);
      expect(retry?.error.message).toBe('The receiver of the sink shop answered 503: it cannot work now.');
      world.clock.advance(wait);
    }
    await world.tried(6);
    expect(receiver.values('Body')).toEqual(['one', 'one', 'one', 'one', 'two', 'three']);
    await world.clock.untilSleeping(1);
    expect(await view(world)).toMatchObject({ state: 'idle', waiting: 0, delivered: 3, dead: 0, retry: null });
  });

  test('is asked again when it said so', async () => {
    const receiver = await startReceiver((index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '90' } } : { status: 204 },
    );
    const world = await startSinkWorld([sink(form(receiver.url))]);
    await world.add(text('one'));
    await world.tried(1);
    await waits(world);
    world.clock.advance(89_999);
    expect(world.tries).toEqual(['shop failed']);
    world.clock.advance(1);
    await world.tried(2);
  });

  test('delays nobody else, whether it never answers or is not there', async () => {
    const silent = await startReceiver(() => ({ status: 204, hang: true }));
    const receiver = await startReceiver();
    const world = await startSinkWorld([
      sink(form(silent.url), { name: 'silent' }),
      sink(form('http://127.0.0.1:1'), { name: 'gone' }),
      sink(form(receiver.url), { name: 'well' }),
    ]);
    for (let count = 0; count < 20; count += 1) await world.add(text(String(count)));
    await world.tried(21);
    expect(receiver.values('Body')).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    expect(world.tries.filter((line) => line === 'silent failed')).toEqual([]);
    world.clock.advance(5000);
    // The one that is not there is tried once more within that time.
    await world.tried(23);
    await world.clock.untilSleeping(3);
    const views = await world.sinks.sinks();
    expect(views.map(({ name, retry }) => [name, retry?.error.code])).toEqual([
      ['silent', 'TOLLBOARD_TARGET_TIMEOUT'],
      ['gone', 'TOLLBOARD_TARGET_UNREACHABLE'],
      ['well', undefined],
    ]);
  });

  test('and refuses an event gets so many tries; then that one is a dead letter and the next has its turn', async () => {
    const receiver = await startReceiver((index) => ({ status: index < 3 ? 400 : 204 }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    const poison = await world.add(text('poison'));
    await world.add(text('fine'));
    for (const [tries, wait] of [
      [1, 1000],
      [2, 5000],
    ] as const) {
      await world.tried(tries);
      await waits(world);
      world.clock.advance(wait);
    }
    await world.tried(4);
    expect(world.tries).toEqual(['shop failed', 'shop failed', 'shop dead', 'shop delivered']);
    expect(await world.sinks.deadLetters('shop')).toEqual([
      {
        sink: 'shop',
        event: poison.id,
        type: 'twilio_data_received',
        time: expect.any(String),
        diedAt: new Date(world.clock.now()).toISOString(),
        attempts: 3,
        error: expect.objectContaining({
          code: 'TOLLBOARD_SINK_ANSWER',
          message: 'The receiver of the sink shop answered 400: it does not take the event.',
        }),
      },
    ]);
    expect(await world.sinks.replay('shop', 'dead')).toEqual([poison.id]);
    await world.tried(5);
    expect(receiver.values('Body')).toEqual(['poison', 'poison', 'poison', 'fine', 'poison']);
    expect(await world.sinks.deadLetters('shop')).toEqual([]);
    expect(await world.sinks.replay('shop', 'dead')).toEqual([]);
  });

  test('keeps its newest thousand dead letters', async () => {
    const texts = { events: ['twilio_data_received'], attempts: 1 } as const;
    const world = await startSinkWorld([sink(form('http://127.0.0.1:1'), texts)], { ownPorts: [1] });
    for (let count = 0; count < 1000; count += 1) await world.add({}, 'twilio_call_status');
    const earlier = await world.store.events({ limit: 1000 });
    const why = { diedAt: 0, attempts: 1, error: errorReport('TOLLBOARD_STORE_FULL') };
    const put = earlier.map((event) => deadRecord('shop', { consumer: 'sink:shop', replay: null, event }, why));
    await world.store.keep({ put });
    const { id } = await world.add(text('the last one'));
    await world.tried(1);
    await world.clock.untilSleeping(1);
    const dead = (await world.sinks.deadLetters('shop')).map(({ event }) => event);
    expect(dead).toEqual([...earlier.slice(1).map((event) => event.id), id]);
  });

  test('for longer than it is waited for loses nothing but to its dead letters', async () => {
    const world = await startSinkWorld([sink(form('http://127.0.0.1:1'), { giveUpAfterMs: 60_000 })]);
    const first = await world.add(text('first'));
    await world.tried(1);
    const began = world.clock.now();
    for (let tries = 1; world.tries.at(-1) !== 'shop dead'; tries += 1) {
      await waits(world);
      world.clock.advance(Date.parse((await view(world))?.retry?.nextAt ?? '') - world.clock.now());
      await world.tried(tries + 1);
    }
    expect(world.clock.now() - began).toBe(60_000);
    await world.clock.untilSleeping(1);
    expect((await world.sinks.deadLetters('shop')).map(({ event }) => event)).toEqual([first.id]);
  });

  test('goes on after a restart where it was: the tries count on, the order stays', async () => {
    let status = 400;
    const receiver = await startReceiver(() => ({ status }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    await world.add(text('one'));
    await world.add(text('two'));
    await world.tried(1);
    await waits(world);
    await world.restart();
    expect((await view(world))?.retry).toMatchObject({ attempts: 1 });
    await waits(world);
    world.clock.advance(1000);
    await world.tried(2);
    await waits(world);
    expect((await view(world))?.retry).toMatchObject({ attempts: 2 });
    status = 204;
    await world.restart();
    await waits(world);
    world.clock.advance(5000);
    await world.tried(4);
    expect(receiver.values('Body')).toEqual(['one', 'one', 'one', 'two']);
  });

  test('and was away from the file begins anew, behind what it missed', async () => {
    const receiver = await startReceiver(() => ({ status: 503 }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    await world.add(text('one'));
    await world.tried(1);
    await waits(world);
    await world.sinks.stop();
    await world.store.subscribe([]);
    await world.restart();
    expect(await view(world)).toMatchObject({ state: 'idle', waiting: 0, retry: null });
  });

  test('is tried at once when a test finds it well again', async () => {
    let status = 401;
    const receiver = await startReceiver(() => ({ status }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    await world.add(text('one'));
    await world.tried(1);
    await waits(world);
    const failed = await world.sinks.probe('shop');
    expect(failed).toMatchObject({ delivered: false, error: { code: 'TOLLBOARD_SINK_ANSWER', httpStatus: 401 } });
    status = 204;
    expect(await world.sinks.probe('shop')).toMatchObject({ sink: 'shop', delivered: true, error: null });
    await world.tried(2);
    expect(receiver.values('Body')).toEqual([
      'one',
      'Tollboard tests the sink shop.',
      'Tollboard tests the sink shop.',
      'one',
    ]);
  });

  test('is not given an event again because what came of it could not be stored', async () => {
    const receiver = await startReceiver();
    const real = createMemoryStore({ random: systemRandom });
    let broken = 2;
    const keep: Store['keep'] = (keeping) =>
      broken-- > 0 ? Promise.reject(new TollboardError('TOLLBOARD_STORE_FULL')) : real.keep(keeping);
    const world = await startSinkWorld([sink(form(receiver.url))], { store: { ...real, keep } });
    await world.add(text('one'));
    for (let times = 0; times < 2; times += 1) {
      await world.tried(1);
      await world.clock.untilSleeping(1);
      world.clock.advance(1000);
    }
    await world.add(text('two'));
    await world.tried(2);
    expect(receiver.values('Body')).toEqual(['one', 'two']);
  });

  test.each([
    [
      'redirects to a metadata address',
      302,
      'The receiver of the sink shop answered 302: a redirect, which is not followed.',
    ],
    ['is not there', 404, 'The receiver of the sink shop answered 404: there is nothing at that path.'],
    [
      'does not take the signature',
      403,
      'The receiver of the sink shop answered 403: the signature or the credentials are not taken.',
    ],
  ])('and %s is told in one clear sentence', async (_what, status, message) => {
    const location = 'http://169.254.169.254/latest/meta-data/';
    const receiver = await startReceiver(() => ({ status, headers: { location } }));
    const world = await startSinkWorld([sink(form(receiver.url))]);
    await world.add(text('one'));
    await world.tried(1);
    await waits(world);
    const error = (await view(world))?.retry?.error;
    expect([error?.message, error?.remedy]).toEqual([message, expect.stringMatching(/^[A-Z].*\.$/)]);
    expect(receiver.received).toHaveLength(1);
  });

  test.each([
    ['a metadata address', 'http://169.254.169.254/latest/meta-data/', 'it leads to a link-local address'],
    ['the gateway itself', 'http://127.0.0.1:8655/api/webhook/x', 'it leads to this gateway itself'],
  ])('because it is %s is never called', async (_what, url, reason) => {
    const world = await startSinkWorld([sink(form(url), { attempts: 1 })], { ownPorts: [8655] });
    await world.add(text('one'));
    await world.tried(1);
    await world.clock.untilSleeping(1);
    const [letter] = await world.sinks.deadLetters('shop');
    expect(letter?.error).toMatchObject({ code: 'TOLLBOARD_TARGET_REFUSED', message: expect.stringContaining(reason) });
  });

  test('never shows its secrets', async () => {
    const receiver = await startReceiver(() => ({ status: 401, body: 'no', headers: { 'x-echo': TOKEN } }));
    const url = receiver.url.replace('//', '//me:pass-word@');
    const world = await startSinkWorld([
      sink(form(`${url}/sms?key=in-the-query`)),
      sink({ via: 'event_api', url: receiver.url, token: 'bearer-token' }, { name: 'home', kind: 'home_assistant' }),
      sink(
        { via: 'standard_webhooks', url: receiver.url, secrets: [SECRET] },
        { name: 'json', kind: 'standard_webhooks' },
      ),
    ]);
    await world.add(text('one'));
    await world.tried(3);
    await world.clock.untilSleeping(3);
    const said = JSON.stringify([await world.sinks.sinks(), world.log, await world.sinks.probe('home')]);
    expect(said).toContain('Home Assistant does not take its token');
    for (const secret of [TOKEN, 'pass-word', 'in-the-query', 'bearer-token', SECRET, SECRET.slice(6)])
      expect(said).not.toContain(secret);
  });
});
