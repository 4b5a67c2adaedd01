/** What a gateway's own Twilio API does beyond Twilio's: our ids as SIDs, merged lists. */

import type { Store } from '../../src/core/ports.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { describe, expect, test } from 'vitest';
import { TollboardError } from '../../src/core/errors.ts';
import { startReceiver } from '../support/callback-receiver.ts';
import { type Facade, type FacadeOptions, startFacade } from '../support/facade.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { ask, FROM, PHONE, pass, type RawAnswer, startSimulator } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';

const OTHER = '+15550000002';
/** One text from {@link FROM} leaves at once, the next after a hundred seconds. */
const PACED = { senders: { [FROM]: { perSecond: 0.01 } } };
const TWIML = '<Response/>';

type Form = Array<[string, string]>;
const text = (to: string, body: string, more: Form = []): Form => [['To', to], ['From', FROM], ['Body', body], ...more];

/** A facade whose sender has used up its pace: what is sent from {@link FROM} now waits. */
async function startPaced(options: FacadeOptions = {}): Promise<Facade & { clock: ManualClock }> {
  const clock = createManualClock();
  const facade = await startFacade({ ...options, clock, settings: { ...PACED, ...options.settings } });
  await sdkFor(facade).messages.create({ to: '+15551110000', from: FROM, body: 'first' });
  return Object.assign(facade, { clock });
}

/** Lets the paced ones leave, one each hundred seconds, until Twilio has them all. */
async function leave(facade: Facade & { clock: ManualClock }, sids: readonly string[]): Promise<void> {
  for (const sid of sids) {
    const sent = facade.gateway.messenger.wait(sid, 'sent');
    facade.clock.advance(100_000);
    await sent;
  }
}

const sidsOf = (list: ReadonlyArray<{ sid: string }>) => list.map(({ sid }) => sid);

describe('answers are those of Twilio, byte for byte but for SIDs and auth_token', () => {
  const plain = (answer: RawAnswer) => ({
    status: answer.status,
    text: answer.text
      .replaceAll(/\b(SM|MM|CA|ME|PN|RQ)[0-9a-f]{32}\b/g, '$1…')
      .replaceAll(/"auth_token": "[^"]*"/g, '"auth_token": "…"'),
    challenge: answer.headers.get('www-authenticate'),
    type: answer.headers.get('content-type'),
  });
  const requests: Array<[what: string, method: string, path: string, form?: Form]> = [
    ['a text', 'POST', 'Messages.json', text(PHONE, 'Grüße, "Ann" 👍')],
    ['a text with media', 'POST', 'Messages.json', text(PHONE, 'x', [['MediaUrl', 'https://example.org/a.png']])],
    ['a field that nobody knows', 'POST', 'Messages.json', text(PHONE, 'x', [['Colour', 'red']])],
    ['a bad number', 'POST', 'Messages.json', text('15551113232', 'x')],
    [
      'no recipient',
      'POST',
      'Messages.json',
      [
        ['From', FROM],
        ['Body', 'x'],
      ],
    ],
    [
      'no sender',
      'POST',
      'Messages.json',
      [
        ['To', PHONE],
        ['Body', 'x'],
      ],
    ],
    [
      'a sender that is not ours',
      'POST',
      'Messages.json',
      [
        ['To', PHONE],
        ['From', '+15559999999'],
        ['Body', 'x'],
      ],
    ],
    ['a price that is none', 'POST', 'Messages.json', text(PHONE, 'x', [['MaxPrice', 'cheap']])],
    ['nothing at all', 'POST', 'Messages.json', []],
    [
      'a call',
      'POST',
      'Calls.json',
      [
        ['To', PHONE],
        ['From', FROM],
        ['Twiml', TWIML],
      ],
    ],
    [
      'a call to no number',
      'POST',
      'Calls.json',
      [
        ['To', 'Ann'],
        ['From', FROM],
        ['Twiml', TWIML],
      ],
    ],
    ['several faults at once', 'POST', 'Messages.json', text('15551113232', 'x', [['ValidityPeriod', '-1']])],
    [
      'several faults of a call at once',
      'POST',
      'Calls.json',
      [
        ['To', 'Ann'],
        ['From', FROM],
        ['Url', 'x'],
      ],
    ],
    [
      'a call from no number',
      'POST',
      'Calls.json',
      [
        ['To', PHONE],
        ['From', '00447911123456'],
        ['Twiml', TWIML],
      ],
    ],
    ['an empty list', 'GET', 'Messages.json?To=%2B15559990000&PageSize=3'],
    ['the calls', 'GET', 'Calls.json'],
    ['the numbers', 'GET', 'IncomingPhoneNumbers.json'],
    ['the caller IDs', 'GET', 'OutgoingCallerIds.json'],
    ['a page of caller IDs', 'GET', 'OutgoingCallerIds.json?PageSize=2&Page=0'],
    ['the account', 'GET', `/2010-04-01/Accounts/AC${'0'.repeat(32)}.json`],
    ['the accounts', 'GET', '/2010-04-01/Accounts.json'],
    ['the balance', 'GET', 'Balance.json'],
    ['a message that nobody knows', 'GET', `Messages/SM${'f'.repeat(32)}.json`],
    ['an account that nobody knows', 'GET', '/2010-04-01/Accounts/ACnobody/Messages.json'],
    ['a wrong method', 'DELETE', 'Messages.json'],
  ];
  test.each(requests)('%s', async (_what, method, path, form) => {
    const [simulator, facade] = [await startSimulator(), await startFacade()];
    const given = form === undefined ? {} : { form };
    expect(plain(await ask(facade, method, path, given))).toEqual(plain(await ask(simulator, method, path, given)));
  });

  test('what Twilio refuses comes as it came, with Twilio’s code and status', async () => {
    const facade = await startFacade();
    facade.control.scenarios.add({ to: PHONE, refuse: 21614 });
    const { status, json } = await ask(facade, 'POST', 'Messages.json', { form: text(PHONE, 'x') });
    expect({ status, code: json.code }).toEqual({ status: 400, code: 21614 });
  });
});

describe('a create that Twilio does not answer in time', () => {
  test('is answered at once under our id when its sender has to wait, and keeps that id for ever', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    const created = await client.messages.create({
      to: PHONE,
      from: FROM,
      body: 'Hi',
      mediaUrl: ['https://h.example/a.png'],
    });
    expect(created).toMatchObject({ status: 'accepted', to: PHONE, body: 'Hi', numMedia: '1' });
    const { sid } = created;
    expect(created.uri).toContain(`/Messages/${sid}.json`);
    expect(await client.messages(sid).fetch()).toMatchObject({ sid, status: 'accepted' });
    expect(await client.messages(sid).media.list()).toEqual([]);
    await leave(facade, [sid]);
    await pass(facade, 1000);
    const twilio = facade.control.messages({ to: PHONE }).messages[0]?.sid ?? '';
    expect(twilio).not.toBe(sid);
    for (const known of [sid, twilio]) {
      const message = await client.messages(known).fetch();
      expect(message).toMatchObject({ sid, status: 'delivered' });
      expect(JSON.stringify(message)).not.toContain(twilio);
    }
    const [media] = await client.messages(sid).media.list();
    expect(media).toMatchObject({ parentSid: sid });
    expect(
      await client
        .messages(sid)
        .media(media?.sid ?? '')
        .fetch(),
    ).toMatchObject({ parentSid: sid });
    expect(await client.messages(sid).feedback.create({ outcome: 'confirmed' })).toMatchObject({ messageSid: sid });
    expect(sidsOf(await client.messages.list({ to: PHONE }))).toEqual([sid]);
    expect(await client.messages(sid).update({ body: '' })).toMatchObject({ sid, body: '' });
    expect((await facade.gateway.api.entry(sid))?.body).toBe('');
    expect(await client.messages(sid).remove()).toBe(true);
    await expect(client.messages(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(client.messages(twilio).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  test('is answered after answer_within, and is found under both SIDs once Twilio’s answer is there', async () => {
    const clock = createManualClock();
    const facade = await startFacade({ clock });
    facade.control.faults.add({ fault: 'callback_lost' });
    facade.control.faults.add({ fault: 'slow', delayMs: 8000, path: 'Messages', count: 1 });
    const client = sdkFor(facade);
    const creating = client.messages.create({ to: PHONE, from: FROM, body: 'Late' });
    const created = await whileTimePasses(clock, creating);
    expect(created.status).toBe('accepted');
    expect(clock.now() - createManualClock().now()).toBeGreaterThanOrEqual(5000);
    await whileTimePasses(clock, facade.gateway.messenger.wait(created.sid, 'sent'));
    const { sid } = created;
    expect(facade.control.messages().messages.map(({ body }) => body)).toEqual(['Late']);
    expect(sidsOf(await client.messages.list())).toEqual([sid]);
    expect((await client.messages(facade.control.messages().messages[0]?.sid ?? '').fetch()).sid).toBe(sid);
  });

  test('is no refusal when the answer was lost: it is looked for, and shown once all the while', async () => {
    const clock = createManualClock();
    const facade = await startFacade({ clock, settings: { facade: { answerWithinMs: 0 } } });
    facade.control.faults.add({ fault: 'callback_lost' });
    facade.control.faults.add({ fault: 'drop_answer', path: 'Messages', count: 1 });
    const client = sdkFor(facade);
    const created = await whileTimePasses(clock, client.messages.create({ to: PHONE, from: FROM, body: 'Lost' }));
    expect(created.status).toBe('accepted');
    while ((await facade.gateway.api.entry(created.sid))?.state !== 'unknown') await turn();
    expect(sidsOf(await client.messages.list())).toEqual([created.sid]);
    const open = await client.messages(created.sid).fetch();
    expect(open).toMatchObject({ status: 'accepted', errorCode: null });
    expect(open.errorMessage).toContain('nothing came back that proves anything');
    await whileTimePasses(clock, facade.gateway.messenger.wait(created.sid, 'sent'));
    expect(sidsOf(await client.messages.list())).toEqual([created.sid]);
    expect(await client.messages(created.sid).fetch()).toMatchObject({ errorCode: null, errorMessage: null });
    expect(facade.control.messages().messages).toHaveLength(1);
  });

  test('tells why it is held, where nothing at Twilio could tell what became of it', async () => {
    const clock = createManualClock();
    const facade = await startFacade({ clock, settings: { facade: { answerWithinMs: 0 } } });
    facade.control.faults.add({ fault: 'callback_lost' });
    facade.control.faults.add({ fault: 'drop_answer', path: 'Messages', count: 1 });
    const client = sdkFor(facade);
    const text = { to: PHONE, from: FROM, body: 'Lost', contentRetention: 'discard' } as const;
    const { sid, status } = await whileTimePasses(clock, client.messages.create(text));
    expect(status).toBe('accepted');
    while ((await facade.gateway.api.entry(sid))?.state !== 'held') {
      clock.advance(1000);
      await turn();
    }
    const held = await client.messages(sid).fetch();
    expect(held).toMatchObject({ status: 'accepted', errorCode: null, errorMessage: expect.stringMatching(/\w/) });
  });

  test('ends as failed with Twilio’s code when Twilio refuses it later, and its StatusCallback is told', async () => {
    const receiver = await startReceiver();
    const facade = await startPaced();
    facade.control.scenarios.add({ to: PHONE, refuse: 21610 });
    const client = sdkFor(facade);
    const created = await client.messages.create({ to: PHONE, from: FROM, body: 'x', statusCallback: receiver.url });
    await leave(facade, [created.sid]);
    expect(await client.messages(created.sid).fetch()).toMatchObject({ status: 'failed', errorCode: 21610 });
    await until(() => receiver.received.length > 0);
    expect(receiver.received[0]?.fields).toMatchObject({
      MessageSid: created.sid,
      MessageStatus: 'failed',
      ErrorCode: '21610',
    });
    // From now on the gateway knows, and says so as Twilio does.
    const other = client.messages.create({ to: PHONE, from: FROM, body: 'again' });
    await expect(other).rejects.toMatchObject({ status: 400, code: 21610 });
    expect(await client.messages(created.sid).remove()).toBe(true);
    await expect(client.messages(created.sid).fetch()).rejects.toMatchObject({ status: 404 });
    expect(await client.messages.list({ to: PHONE })).toEqual([]);
  });

  test('is answered at once where Twilio says too fast', async () => {
    const facade = await startFacade();
    facade.control.faults.add({ fault: 'rate_limit', path: 'Messages', count: 1 });
    // Time stands still: a wait would never end.
    const created = await sdkFor(facade).messages.create({ to: PHONE, from: FROM, body: 'x' });
    expect(created.status).toBe('accepted');
    expect(await facade.gateway.api.entry(created.sid)).toMatchObject({ idGiven: true, state: 'queued' });
  });

  test('is no refusal when the disk takes nothing more after the acceptance', async () => {
    let refusals = 0;
    const store = (inner: Store): Store => ({
      ...inner,
      apply(changes, now) {
        if (changes.some(({ fact }) => fact.type === 'idGiven') && refusals++ === 0)
          return Promise.reject(new TollboardError('TOLLBOARD_STORE_FULL', { details: { file: 'x' } }));
        return inner.apply(changes, now);
      },
    });
    const facade = await startPaced({ store });
    const { sid } = await sdkFor(facade).messages.create({ to: PHONE, from: FROM, body: 'x' });
    while ((await facade.gateway.api.entry(sid))?.idGiven !== true) await turn();
    expect(refusals).toBe(2);
  });

  test('is a 503 that may be repeated when the disk did not take it at all', async () => {
    const store = (inner: Store): Store => ({
      ...inner,
      accept: () => Promise.reject(new TollboardError('TOLLBOARD_STORE_FULL', { details: { file: 'x' } })),
    });
    const facade = await startFacade({ store });
    const { status, json, headers } = await ask(facade, 'POST', 'Messages.json', { form: text(PHONE, 'x') });
    expect({ status, code: json.code }).toEqual({ status: 503, code: 20503 });
    expect(headers.get('retry-after')).toBe('1');
    expect(facade.control.messages().messages).toEqual([]);
  });

  test('can be canceled while it waits, but neither deleted nor redacted', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    const { sid } = await client.messages.create({ to: PHONE, from: FROM, body: 'x' });
    await expect(client.messages(sid).remove()).rejects.toMatchObject({ status: 409, code: 20009 });
    await expect(client.messages(sid).update({ body: '' })).rejects.toMatchObject({ code: 20009 });
    await expect(client.messages(sid).update({ body: 'other' })).rejects.toMatchObject({ code: 30400 });
    await expect(client.messages(sid).feedback.create({})).rejects.toMatchObject({ status: 409, code: 20409 });
    expect(await client.messages(sid).update({ status: 'canceled' })).toMatchObject({ sid, status: 'canceled' });
    await expect(client.messages(sid).update({ status: 'canceled' })).rejects.toMatchObject({ code: 30409 });
    facade.clock.advance(200_000);
    expect(facade.control.messages({ to: PHONE }).messages).toEqual([]);
  });

  test('holds for calls alike', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    const dial = () => client.calls.create({ to: PHONE, from: FROM, twiml: TWIML });
    const [first, second] = [await dial(), await dial()];
    expect(first).toMatchObject({ status: 'queued', to: PHONE });
    await expect(client.calls(first.sid).update({ twiml: TWIML })).rejects.toMatchObject({ code: 21220 });
    expect((await client.calls(second.sid).update({ status: 'completed' })).status).toBe('canceled');
    await leave(facade, [first.sid]);
    const call = await client.calls(first.sid).fetch();
    expect(call).toMatchObject({ sid: first.sid });
    expect(call.subresourceUris.recordings).toContain(first.sid);
    expect(sidsOf(await client.calls.list({ status: 'canceled' }))).toEqual([second.sid]);
    expect(sidsOf(await client.calls.list())).toEqual([second.sid, first.sid]);
  });
});

/** What pages share in the SDK's types. */
interface Page {
  instances: Array<{ sid: string }>;
  nextPage(): Promise<Page> | undefined;
  previousPage(): Promise<Page> | undefined;
}

describe('lists', () => {
  test('have what waits and what Twilio has, each once, over many pages', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1)
      made.unshift((await client.messages.create({ to: PHONE, from: OTHER, body: `sent ${index}` })).sid);
    for (let index = 0; index < 5; index += 1)
      made.unshift((await client.messages.create({ to: PHONE, from: FROM, body: `waits ${index}` })).sid);
    for (const pageSize of [1, 2, 3, 5, 11, 50])
      expect(sidsOf(await client.messages.list({ to: PHONE, pageSize })), String(pageSize)).toEqual(made);
    expect(sidsOf(await client.messages.list({ to: PHONE, limit: 6 }))).toEqual(made.slice(0, 6));
    expect(sidsOf(await client.messages.list({ from: FROM, to: PHONE }))).toEqual(made.slice(0, 5));
    expect(await client.messages.list({ dateSentAfter: new Date(0) })).toEqual([]);
    await leave(facade, made.slice(0, 5).reverse());
    await pass(facade, 5000);
    expect(new Set(sidsOf(await client.messages.list({ to: PHONE, pageSize: 4 })))).toEqual(new Set(made));
    expect(await client.messages.list({ to: PHONE })).toHaveLength(12);
  });

  test('go back page by page by previous_page_uri, also where what waits leads them', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    for (let index = 0; index < 7; index += 1)
      await client.messages.create({ to: PHONE, from: OTHER, body: `sent ${index}` });
    for (let index = 0; index < 5; index += 1)
      await client.messages.create({ to: PHONE, from: FROM, body: `waits ${index}` });
    const forth: string[][] = [];
    let page: Page = await client.messages.page({ to: PHONE, pageSize: 2 });
    for (;;) {
      forth.push(sidsOf(page.instances));
      const next = await page.nextPage();
      if (next === undefined) break;
      page = next;
    }
    const back = [sidsOf(page.instances)];
    for (let previous = await page.previousPage(); previous !== undefined; previous = await previous.previousPage())
      back.unshift(sidsOf(previous.instances));
    expect(forth.length).toBeGreaterThan(5);
    expect(back).toEqual(forth);
  });

  test('miss and repeat nothing when messages leave between two pages', async () => {
    const facade = await startPaced();
    const client = sdkFor(facade);
    const made: string[] = [];
    for (let index = 0; index < 3; index += 1)
      made.unshift((await client.messages.create({ to: PHONE, from: OTHER, body: `sent ${index}` })).sid);
    for (let index = 0; index < 6; index += 1)
      made.unshift((await client.messages.create({ to: PHONE, from: FROM, body: `waits ${index}` })).sid);
    const oldestFirst = made.slice(0, 6).reverse();
    const seen: string[] = [];
    let page: Page = await client.messages.page({ to: PHONE, pageSize: 2 });
    for (;;) {
      seen.push(...sidsOf(page.instances));
      const next = oldestFirst.shift();
      if (next !== undefined) await leave(facade, [next]);
      const following = await page.nextPage();
      if (following === undefined) break;
      page = following;
    }
    expect(seen.toSorted()).toEqual(made.toSorted());
  });

  test('of caller IDs are one page unless pages are asked for', async () => {
    const verified = Array.from({ length: 120 }, (_, index) => `+1555200${String(index).padStart(4, '0')}`);
    const sid = `AC${'c'.repeat(32)}`;
    const accounts = { accounts: [{ sid, auth_token: 'x', verified }], defaults: false };
    const facade = await startFacade({ simulator: { accounts } });
    const { json } = await ask(facade, 'GET', 'OutgoingCallerIds.json');
    expect(json).toMatchObject({ next_page_uri: null, previous_page_uri: null, start: 0, end: 119, page: 0 });
    expect(json.outgoing_caller_ids).toHaveLength(120);
    const paged = await ask(facade, 'GET', 'OutgoingCallerIds.json?PageSize=50');
    expect(paged.json.outgoing_caller_ids).toHaveLength(50);
    expect(paged.json.next_page_uri).toContain('Page=1');
    const one = await ask(facade, 'GET', 'OutgoingCallerIds.json?PhoneNumber=%2B15552000007');
    expect(one.json.outgoing_caller_ids).toHaveLength(1);
    expect(one.json.first_page_uri).toContain('PhoneNumber=%2B15552000007');
  });
});

/** Until it is settled, step by step: whatever waits for time gets it, and the rest its turn. */
async function whileTimePasses<T>(clock: ManualClock, work: Promise<T>, stepMs = 100): Promise<T> {
  let settled = false;
  const watched = work.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  while (!settled) {
    clock.advance(stepMs);
    await turn();
  }
  return watched;
}

/** Turns of the event loop, until what is awaited came in from outside. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
