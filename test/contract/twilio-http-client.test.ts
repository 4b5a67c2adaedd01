/** Unchanged programs of Twilio's official SDK, through a gateway; good answers are judged by Twilio's OpenAPI. */

import type { RunningGateway } from '../../src/gateway.ts';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  createTwilioHttpClient,
  type TwilioHttpClient,
  type TwilioHttpClientOptions,
  type TwilioRequest,
} from '../../src/twilio-http-client.ts';
import { startHalfOpenProxy } from '../support/half-open-proxy.ts';
import { startTestGateway, startWorld, type World } from '../support/messenger-world.ts';
import { rawAnswer, startRawServer } from '../support/raw-server.ts';
import { expectTwilioAnswer } from '../support/twilio-openapi.ts';

const [FULL, TRIAL] = [`AC${'0'.repeat(32)}`, `AC${'0'.repeat(31)}1`];
const [ANN, BEA] = ['+15550100001', '+15550100002'];
const STRANGER = '+15551230001';
const FROM = '+15550000001';

let world: World;
let gateway: RunningGateway;

beforeAll(async () => {
  world = await startWorld(
    {
      async start(settings, clock) {
        const started = await startTestGateway(settings, clock);
        gateway = started.gateway;
        return { messenger: gateway.messenger, tried: started.tried, close: () => gateway.stop() };
      },
    },
    {},
  );
});
afterAll(() => world.close());
beforeEach(() => {
  world.simulator.control.scenarios.clear();
  world.simulator.control.faults.clear();
});

/** The SDK as any program makes it; the gateway's client stands between, its good answers are judged. */
function sdk(options: Partial<TwilioHttpClientOptions> = {}, accountSid = FULL): twilio.Twilio {
  const client = createTwilioHttpClient<TwilioHttpClient>({ url: gateway.url, token: gateway.token, ...options });
  const httpClient = {
    async request(request: TwilioRequest) {
      const answer = await client.request(request);
      const { pathname } = new URL(request.uri);
      if (answer.statusCode < 300)
        expectTwilioAnswer(request.method.toUpperCase(), pathname, answer.statusCode, JSON.stringify(answer.body));
      return answer;
    },
  };
  return twilio(accountSid, 'never leaves this process', { httpClient: httpClient as never });
}

/** Tells what Twilio took from now on. */
function takenFromNow(): () => string[] {
  const { control } = world.simulator;
  const after = control.messages().messages.at(-1)?.seq ?? 0;
  return () => control.messages({ after }).messages.map(({ body }) => body);
}

async function exception(promise: Promise<unknown>): Promise<InstanceType<typeof twilio.RestException>> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(twilio.RestException);
  return error as InstanceType<typeof twilio.RestException>;
}

describe('messages', () => {
  test('a text goes out once and is followed to its end', async () => {
    const taken = takenFromNow();
    const created = await sdk().messages.create({ to: ANN, from: FROM, body: 'Grüße 👍' });
    expect(created).toMatchObject({ accountSid: FULL, to: ANN, from: FROM, body: 'Grüße 👍', numSegments: '1' });
    expect(created).toMatchObject({ direction: 'outbound-api', errorCode: null, apiVersion: '2010-04-01' });
    expect(created.sid).toBe(world.simulator.control.messages({ to: ANN }).messages.at(-1)?.sid);
    expect(created.dateCreated).toBeInstanceOf(Date);
    await gateway.messenger.wait(created.sid, 'final');
    expect(await sdk().messages(created.sid).fetch()).toMatchObject({ sid: created.sid, status: 'delivered' });
    expect(taken()).toEqual(['Grüße 👍']);
  });

  test('every parameter arrives', async () => {
    const mediaUrl = ['https://example.org/a.jpg', 'https://example.org/b.jpg'];
    const { sid } = await sdk().messages.create({ to: ANN, from: FROM, body: 'x', mediaUrl, smartEncoded: true });
    expect(world.simulator.control.messages({ to: ANN }).messages.at(-1)).toMatchObject({ sid, mediaUrl });
  });

  test('a bad end has its error code', async () => {
    world.simulator.control.scenarios.add({ to: STRANGER, deliver: 'undelivered', errorCode: 30003 });
    const { sid } = await sdk().messages.create({ to: STRANGER, from: FROM, body: 'x' });
    await gateway.messenger.wait(sid, 'final');
    const message = await sdk().messages(sid).fetch();
    expect(message).toMatchObject({ status: 'undelivered', errorCode: 30003 });
    expect(message.errorMessage).toMatch(/\w/);
  });

  test('lists them newest first, each once, over pages', async () => {
    const client = sdk();
    const sids: string[] = [];
    for (let n = 0; n < 5; n++)
      sids.unshift((await client.messages.create({ to: '+15551239999', from: FROM, body: `n${n}` })).sid);
    const filter = { to: '+15551239999' };
    expect((await client.messages.list({ ...filter, pageSize: 2 })).map(({ sid }) => sid)).toEqual(sids);
    expect((await client.messages.list({ ...filter, limit: 3 })).map(({ sid }) => sid)).toEqual(sids.slice(0, 3));
    const page = await client.messages.page({ ...filter, pageSize: 4 });
    expect((await page.nextPage())?.instances.map(({ sid }) => sid)).toEqual(sids.slice(4));
    expect(await client.messages.list({ from: '+15550000002', limit: 1 })).toEqual([]);
  });

  test('cancels what is scheduled and redacts what has ended', async () => {
    const messagingServiceSid = `MG${'0'.repeat(32)}`;
    const sendAt = new Date(world.clock.now() + 3_600_000);
    const client = sdk();
    const later = await client.messages.create({
      to: ANN,
      body: 'Later',
      messagingServiceSid,
      sendAt,
      scheduleType: 'fixed',
    });
    expect(later.status).toBe('scheduled');
    expect((await client.messages(later.sid).update({ status: 'canceled' })).status).toBe('canceled');
    const { sid } = await client.messages.create({ to: ANN, from: FROM, body: 'Secret' });
    await gateway.messenger.wait(sid, 'final');
    expect(await client.messages(sid).update({ body: '' })).toMatchObject({ sid, body: '' });
    expect((await client.messages(sid).fetch()).body).toBe('');
  });
});

describe('calls', () => {
  test('a call goes out and is followed to its end', async () => {
    const client = sdk();
    const call = await client.calls.create({ to: ANN, from: FROM, twiml: '<Response><Hangup/></Response>' });
    expect(call).toMatchObject({ accountSid: FULL, to: ANN, from: FROM, direction: 'outbound-api' });
    expect(call.sid).toBe(world.simulator.control.calls({ to: ANN }).calls.at(-1)?.sid);
    await gateway.messenger.wait(call.sid, 'final');
    expect((await client.calls(call.sid).fetch()).status).toBe('completed');
    expect((await client.calls.list({ status: 'completed', to: ANN, limit: 1 })).map(({ sid }) => sid)).toEqual([
      call.sid,
    ]);
    expect(await client.calls.list({ status: 'busy', limit: 1 })).toEqual([]);
  });

  test('a call that does not talk yet can be canceled', async () => {
    world.simulator.control.scenarios.add({ to: BEA, after: { ringingMs: 3_600_000 } });
    const client = sdk();
    const call = await client.calls.create({ to: BEA, from: FROM, twiml: '<Response/>' });
    expect((await client.calls(call.sid).update({ status: 'canceled' })).status).toBe('canceled');
  });
});

describe('refusals come as the SDK knows them', () => {
  const text = { to: ANN, from: FROM, body: 'x' };
  const cases: Array<[what: string, run: (client: twilio.Twilio) => Promise<unknown>, expected: object]> = [
    [
      'a number without its plus',
      (c) => c.messages.create({ ...text, to: '15551113232' }),
      { status: 400, code: 21211 },
    ],
    ['1,601 characters', (c) => c.messages.create({ ...text, body: 'x'.repeat(1601) }), { status: 400, code: 21617 }],
    ['no content', (c) => c.messages.create({ to: ANN, from: FROM }), { status: 400, code: 21602 }],
    [
      'a sender that is not ours',
      (c) => c.messages.create({ ...text, from: '+15557654321' }),
      { status: 400, code: 21659 },
    ],
    ['a call to no number', (c) => c.calls.create({ to: 'Ann', from: FROM, url: 'http://x.y/' }), { status: 400 }],
    ['a message nobody knows', (c) => c.messages(`SM${'f'.repeat(32)}`).fetch(), { status: 404, code: 20404 }],
    ['a call asked for as a message', (c) => c.messages(`CA${'f'.repeat(32)}`).fetch(), { status: 404, code: 20404 }],
    [
      'an update of what nobody knows',
      (c) => c.calls('CA1').update({ status: 'canceled' }),
      { status: 404, code: 20404 },
    ],
  ];
  test.each(cases)('%s', async (_what, run, expected) => {
    const taken = takenFromNow();
    const error = await exception(run(sdk()));
    expect(error).toMatchObject({ ...expected, message: expect.stringMatching(/\w/) });
    expect(taken()).toEqual([]);
  });

  test('with our code and remedy in the details', async () => {
    const error = await exception(sdk().messages.create({ ...text, to: '15551113232' }));
    expect(error.details).toMatchObject({ code: 'TOLLBOARD_MESSAGE_TO_INVALID' });
    expect(error.moreInfo).toBe('https://www.twilio.com/docs/errors/21211');
    expect(error.message).toContain('+15551113232');
  });

  test("Twilio's own, of a trial account", async () => {
    const error = await exception(sdk({}, TRIAL).messages.create({ ...text, to: STRANGER }));
    expect(error).toMatchObject({ status: 400, code: 21608 });
  });

  test('an account that the gateway does not have', async () => {
    const other = sdk({}, `AC${'e'.repeat(32)}`);
    expect(await exception(other.messages.create(text))).toMatchObject({ status: 404, code: 20404 });
  });

  test('a wrong gateway token, which is not repeated', async () => {
    const error = await exception(sdk({ token: 'not-the-token' }).messages.create(text));
    expect(error).toMatchObject({ status: 401, details: { code: 'TOLLBOARD_HTTP_TOKEN_INVALID' } });
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('not-the-token');
  });

  test('what belongs to another account of the gateway is not there', async () => {
    const { sid } = await sdk().messages.create(text);
    const trial = sdk({}, TRIAL);
    expect(await exception(trial.messages(sid).fetch())).toMatchObject({ status: 404, code: 20404 });
    expect(await exception(trial.messages(sid).update({ body: '' }))).toMatchObject({ status: 404 });
    expect((await trial.messages.list()).filter((message) => message.sid === sid)).toEqual([]);
  });
});

describe('what does not go through a gateway', () => {
  test('is answered by one clear error and does nothing', async () => {
    const client = sdk();
    const { sid } = await client.messages.create({ to: ANN, from: FROM, body: 'Stays' });
    await gateway.messenger.wait(sid, 'final');
    const asks: Array<() => Promise<unknown>> = [
      () => client.messages(sid).remove(),
      () => client.messages(sid).update({ body: 'Other words' }),
      () => client.messages(sid).update({}),
      () => client.messages.list({ dateSentAfter: new Date() }),
      () => client.messages(sid).media.list(),
      () => client.calls(`CA${'1'.repeat(32)}`).recordings.list(),
      () => client.incomingPhoneNumbers.list(),
      () => client.lookups.v2.phoneNumbers(ANN).fetch(),
      () => client.verify.v2.services(`VA${'1'.repeat(32)}`).verifications.create({ to: ANN, channel: 'sms' }),
    ];
    for (const ask of asks) {
      const error = await exception(ask());
      expect(error.status, String(ask)).toBe(501);
      expect(error.message).toContain('does not go through a Tollboard gateway; nothing was done');
    }
    expect((await client.messages(sid).fetch()).body).toBe('Stays');
  });
});

describe('when answers are late or lost', () => {
  test('a create that Twilio answers late is accepted under our id, which stays its SID', async () => {
    world.simulator.control.faults.add({ fault: 'slow', delayMs: 2000, method: 'POST', path: 'Messages', count: 1 });
    const client = sdk({ answerWithinMs: 1 });
    const to = '+15551238888';
    const created = await client.messages.create({ to, from: FROM, body: 'Late' });
    expect(created.status).toBe('accepted');
    const end = await gateway.messenger.wait(created.sid, 'final');
    expect(end.sid).not.toBe(created.sid);
    expect(await client.messages(created.sid).fetch()).toMatchObject({ sid: created.sid, status: 'delivered' });
    expect((await client.messages.list({ to })).map(({ sid }) => sid)).toEqual([created.sid]);
    expect(await client.messages(end.sid ?? '').fetch()).toMatchObject({ sid: end.sid, status: 'delivered' });
  });

  test('one that Twilio refuses late ends as failed, with the code', async () => {
    world.simulator.control.scenarios.add({ to: STRANGER, refuse: 21610 });
    world.simulator.control.faults.add({ fault: 'slow', delayMs: 2000, method: 'POST', path: 'Messages', count: 1 });
    const client = sdk({ answerWithinMs: 1 });
    const created = await client.messages.create({ to: STRANGER, from: FROM, body: 'Late' });
    await gateway.messenger.wait(created.sid, 'final');
    expect(await client.messages(created.sid).fetch()).toMatchObject({ status: 'failed', errorCode: 21610 });
  });

  test('an answer of the gateway that gets lost is asked for again, and nothing goes out twice', async () => {
    const proxy = await startHalfOpenProxy({ port: Number(new URL(gateway.url).port) });
    onTestFinished(() => proxy.close());
    const taken = takenFromNow();
    proxy.setMode('mute');
    const lost = proxy.keptBack();
    const creating = sdk({ url: `http://127.0.0.1:${proxy.port}` }).messages.create({
      to: ANN,
      from: FROM,
      body: 'Once',
    });
    await lost;
    proxy.setMode('reset');
    proxy.setMode('pass');
    const created = await creating;
    await gateway.messenger.wait(created.sid, 'final');
    expect(taken()).toEqual(['Once']);
  });

  test('once the gateway has it, a create succeeds whatever becomes of the connection', async () => {
    const id = `SM${'a'.repeat(32)}`;
    const entry = { id, sid: null, kind: 'message', state: 'queued', status: null, to: ANN, from: FROM, body: 'x' };
    const times = { createdAt: '2026-07-01T12:00:00.000Z', updatedAt: '2026-07-01T12:00:00.000Z' };
    const server = await startRawServer(async (connection) => {
      const { head } = await connection.request();
      if (!head.startsWith('POST')) return connection.reset();
      connection.write(rawAnswer(202, JSON.stringify({ messages: [{ ...entry, ...times, account: FULL }] })));
      await connection.request().catch(() => undefined);
      connection.reset();
    });
    onTestFinished(() => server.close());
    const client = sdk({ url: `http://127.0.0.1:${server.port}`, answerWithinMs: 50 });
    expect(await client.messages.create({ to: ANN, from: FROM, body: 'x' })).toMatchObject({
      sid: id,
      status: 'accepted',
    });
  });

  test('no gateway at all: its own error, and nothing was sent', async () => {
    const creating = sdk({ url: 'http://127.0.0.1:1' }).messages.create({ to: ANN, from: FROM, body: 'x' });
    await expect(creating).rejects.toMatchObject({
      code: 'TOLLBOARD_GATEWAY_UNREACHABLE',
      report: { stage: 'before_send' },
    });
  });

  test('an idempotency key in the headers joins repeats', async () => {
    const taken = takenFromNow();
    const client = createTwilioHttpClient<TwilioHttpClient>({ url: gateway.url, token: gateway.token });
    const request = {
      method: 'post',
      uri: `https://api.twilio.com/2010-04-01/Accounts/${FULL}/Messages.json`,
      headers: { 'Idempotency-Key': 'build 7' },
      data: { To: ANN, From: FROM, Body: 'Build 7' },
    };
    const [first, again] = [await client.request(request), await client.request(request)];
    expect((again.body as { sid: string }).sid).toBe((first.body as { sid: string }).sid);
    expect(taken()).toEqual(['Build 7']);
  });
});

describe('options', () => {
  test.each([
    [{ url: 'gateway:8655' }, /url is 'gateway:8655'; expected an http or https address/],
    [{ url: undefined as never }, /url is a value of type undefined/],
    [{ token: '' }, /token is no token/],
    [{ token: 'secret\nInjected: 1' }, /token is no token/],
    [{ answerWithinMs: -1 }, /answerWithinMs is -1; expected milliseconds/],
    [{ answerWithinMs: Number.NaN }, /answerWithinMs is NaN/],
  ])('%j is refused at once', (wrong, message) => {
    const options = { url: gateway.url, token: gateway.token, ...wrong };
    expect(() => createTwilioHttpClient(options)).toThrow(message);
  });
});
