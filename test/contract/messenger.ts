/** One suite for every Messenger: gateway, direct and remote answer alike, over the real client and a real simulator. */

import type { AccountSettings } from '../../src/config/settings.ts';
import type { Messenger, SendRequest } from '../../src/core/ports.ts';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Entry, FINAL_STATES } from '../../src/core/entry.ts';
import { type Implementation, SENDER, type Setup, startWorld, type World } from '../support/messenger-world.ts';

const [ANN, BEA, CEM] = ['+15550100001', '+15550100002', '+15550100003'];
/** Of no verified caller ID: what a trial account must not text. */
const STRANGER = '+15551230001';
const NOBODY = `SM${'f'.repeat(32)}`;
const WRONG = '9'.repeat(32);
/** Times real time, where backoff or a search has to pass. Deadlines shrink with it, to 3 s for an answer. */
const HURRY = 10;

const text = (to: string | readonly string[], more: Partial<SendRequest> = {}): SendRequest => ({
  kind: 'message',
  to,
  params: { body: 'Hello' },
  host: 'library',
  ...more,
});

export function messengerSuite(implementation: Implementation): void {
  const unused = new Set(Object.keys(implementation.skips));

  function holds(name: string, body: () => Promise<void>): void {
    const reason = implementation.skips[name];
    unused.delete(name);
    if (reason === undefined) test(name, body);
    else test.skip(`${name} (skipped: ${reason})`, body);
  }

  /** One world serves all tests that leave it as it was; a setup asks for one of its own. */
  let shared: World | undefined;

  async function start(setup?: Setup): Promise<World> {
    if (setup !== undefined) {
      const own = await startWorld(implementation, setup);
      onTestFinished(() => own.close());
      return own;
    }
    shared ??= await startWorld(implementation, {});
    const { simulator } = shared;
    simulator.control.scenarios.clear();
    const after = simulator.control.messages().messages.at(-1)?.seq ?? 0;
    return { ...shared, taken: () => simulator.control.messages({ after }).messages };
  }

  describe(`the ${implementation.name} messenger`, () => {
    afterAll(async () => {
      await shared?.close();
      expect([...unused], 'skips of tests that do not exist').toEqual([]);
    });
    sending(holds, start);
    refusals(holds, start);
    following(holds, start);
    misfortunes(holds, start);
    account(holds, start);
  });
}

type Holds = (name: string, body: () => Promise<void>) => void;
type Start = (setup?: Setup) => Promise<World>;

function sending(holds: Holds, start: Start): void {
  holds('sends a text and tells all that is known of it', async () => {
    const { messenger, simulator, taken } = await start();
    const [entry, ...rest] = await messenger.send([text(ANN, { params: { body: 'Grüße 👍' } })]);
    expect(rest).toEqual([]);
    expect(entry).toMatchObject({ kind: 'message', to: ANN, from: SENDER, body: 'Grüße 👍', host: 'library' });
    expect(entry).toMatchObject({ segments: 1, encoding: 'UCS-2', error: null, simulated: true });
    expect(entry?.id).toMatch(/^SM[0-9a-f]{32}$/);
    expect(entry?.account).toBe(simulator.accounts[0]?.sid);
    const end = await messenger.wait(entry?.id ?? '', 'final');
    expect(end).toMatchObject({ id: entry?.id, state: 'done', status: 'delivered', attempts: 1, error: null });
    expect(taken()).toMatchObject([{ sid: end.sid, to: ANN, from: SENDER, body: 'Grüße 👍' }]);
  });

  holds('gives one outcome per recipient, in the order of the request', async () => {
    const { messenger, taken } = await start();
    const entries = await messenger.send([text([CEM, ANN, BEA])]);
    expect(entries.map(({ to }) => to)).toEqual([CEM, ANN, BEA]);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(3);
    for (const { id } of entries) expect(await messenger.wait(id ?? '', 'final')).toMatchObject({ state: 'done' });
    expect(new Set(taken().map(({ to }) => to))).toEqual(new Set([ANN, BEA, CEM]));
    expect(taken()).toHaveLength(3);
  });

  holds('takes several requests at once and keeps their order', async () => {
    const { messenger, simulator, taken } = await start();
    const calls = () => simulator.control.calls().calls.length;
    const before = calls();
    const call: SendRequest = { ...text(BEA, { kind: 'call' }), params: { twiml: '<Response><Hangup/></Response>' } };
    const entries = await messenger.send([text([CEM, ANN]), call, text(ANN, { params: { body: 'Again' } })]);
    expect(entries.map(({ kind, to }) => `${kind} ${to}`)).toEqual([
      `message ${CEM}`,
      `message ${ANN}`,
      `call ${BEA}`,
      `message ${ANN}`,
    ]);
    for (const { id } of entries) await messenger.wait(id ?? '', 'sent');
    expect(taken()).toHaveLength(3);
    expect(calls()).toBe(before + 1);
  });

  holds('keeps the outcomes of the other requests when one cannot be sent', async () => {
    const { messenger, taken } = await start();
    const lost = text(CEM, { account: 'nobody' });
    const entries = await messenger.send([text(ANN), lost, text(BEA)]);
    expect(entries.map(({ to }) => to)).toEqual([ANN, CEM, BEA]);
    expect(entries[1]).toMatchObject({
      id: null,
      state: 'rejected',
      error: { code: 'TOLLBOARD_ACCOUNT_UNKNOWN', remedy: expect.any(String) },
    });
    for (const entry of [entries[0], entries[2]]) await messenger.wait(entry?.id ?? '', 'final');
    expect(taken()).toHaveLength(2);
    await expect(messenger.send([lost, lost])).rejects.toMatchObject({ code: 'TOLLBOARD_ACCOUNT_UNKNOWN' });
    expect(await messenger.send([])).toEqual([]);
  });

  holds('sends once to a number given twice and repeats its outcome', async () => {
    const { messenger, taken } = await start();
    const [first, other, again] = await messenger.send([text([ANN, BEA, ' +15550100001 '])]);
    expect(again).toEqual({ ...first, duplicate: true });
    expect(first).not.toHaveProperty('duplicate');
    for (const entry of [first, other]) await messenger.wait(entry?.id ?? '', 'final');
    expect(taken()).toHaveLength(2);
  });

  holds('calls a phone and says a text', async () => {
    const { messenger, simulator } = await start();
    const say = { text: 'Doors & windows', language: 'en-GB' };
    const [entry] = await messenger.send([{ kind: 'call', to: ANN, params: { say }, host: 'library' }]);
    expect(entry).toMatchObject({ kind: 'call', to: ANN, from: SENDER, segments: null, encoding: null });
    expect(entry?.id).toMatch(/^CA[0-9a-f]{32}$/);
    expect(await messenger.wait(entry?.id ?? '', 'final')).toMatchObject({ state: 'done', status: 'completed' });
    const call = simulator.control.calls({ to: ANN }).calls.at(-1);
    expect(call?.twiml).toContain('<Say language="en-GB">Doors &amp; windows</Say>');
  });

  holds('sends media', async () => {
    const { messenger, taken } = await start();
    const mediaUrl = ['https://example.org/a.jpg', 'https://example.org/b.jpg'];
    const [entry] = await messenger.send([text(ANN, { params: { mediaUrl } })]);
    expect(entry).toMatchObject({ body: null, segments: 1 });
    expect(entry?.id).toMatch(/^MM[0-9a-f]{32}$/);
    const end = await messenger.wait(entry?.id ?? '', 'final');
    expect(end).toMatchObject({ state: 'done', status: 'delivered' });
    expect(taken()).toMatchObject([{ sid: end.sid, mediaUrl }]);
  });

  holds('joins requests of one idempotency key', async () => {
    const { messenger, taken } = await start();
    const request = text([ANN, BEA]);
    const first = await messenger.send([request], { idempotencyKey: 'order 42' });
    const again = await messenger.send([request], { idempotencyKey: 'order 42' });
    expect(again).toEqual(first.map((entry) => ({ ...entry, replayed: true })));
    expect(first[0]).not.toHaveProperty('replayed');
    expect(first.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['order 42', 'order 42']);
    const other = messenger.send([text(CEM)], { idempotencyKey: 'order 42' });
    await expect(other).rejects.toMatchObject({ code: 'TOLLBOARD_IDEMPOTENCY_MISMATCH' });
    for (const { id } of first) await messenger.wait(id ?? '', 'final');
    expect(taken()).toHaveLength(2);
  });

  holds('keeps a text until its time', async () => {
    const { messenger, clock, taken } = await start();
    const [entry] = await messenger.send([text(ANN, { notBefore: clock.now() + 3_600_000 })]);
    expect(entry).toMatchObject({ state: 'scheduled', status: null, sid: null });
    expect(taken()).toEqual([]);
    await clock.advance(3_600_000);
    expect(await messenger.wait(entry?.id ?? '', 'final')).toMatchObject({ state: 'done', status: 'delivered' });
  });
}

function refusals(holds: Holds, start: Start): void {
  holds('tells a refused recipient as an outcome, with nothing stored or sent', async () => {
    const { messenger, taken } = await start();
    const entries = await messenger.send([text('15551113232')]);
    expect(entries).toMatchObject([{ id: null, sid: null, state: 'rejected', to: '15551113232', attempts: 0 }]);
    expect(entries[0]?.simulated).toBe(true);
    expect(entries[0]?.error).toMatchObject({
      code: 'TOLLBOARD_MESSAGE_TO_INVALID',
      kind: 'invalid',
      twilioCode: 21211,
    });
    expect(entries[0]?.error?.remedy).toContain('+15551113232');
    expect(taken()).toEqual([]);
  });

  holds('lets a refused recipient among several stop nobody', async () => {
    const { messenger, taken } = await start();
    const [good, bad, other] = await messenger.send([text([ANN, '15551113232', BEA])]);
    expect(bad).toMatchObject({ state: 'rejected', to: '15551113232', error: { twilioCode: 21211 } });
    for (const entry of [good, other])
      expect(await messenger.wait(entry?.id ?? '', 'final')).toMatchObject({ status: 'delivered' });
    expect(taken().map(({ to }) => to)).not.toContain('15551113232');
    expect(taken()).toHaveLength(2);
  });

  const faults: Array<[what: string, request: SendRequest, code: string]> = [
    ['an unknown parameter', text(ANN, { params: { bdy: 'Hello' } }), 'TOLLBOARD_PARAMETER_UNKNOWN'],
    ['a value of the wrong type', text(ANN, { params: { body: 'Hello', attempt: 'two' } }), 'TOLLBOARD_PARAMETER_TYPE'],
    ['1,601 characters', text([ANN, BEA], { params: { body: 'x'.repeat(1601) } }), 'TOLLBOARD_MESSAGE_BODY_TOO_LONG'],
    ['neither body nor media', text(ANN, { params: {} }), 'TOLLBOARD_MESSAGE_CONTENT_MISSING'],
    ['a call without instructions', text(ANN, { kind: 'call', params: {} }), 'TOLLBOARD_CALL_INSTRUCTIONS_MISSING'],
    ['nobody to send to', text([]), 'TOLLBOARD_REQUEST_NO_RECIPIENT'],
    ['an account that is not configured', text(ANN, { account: 'attic' }), 'TOLLBOARD_ACCOUNT_UNKNOWN'],
  ];
  for (const [what, request, code] of faults) {
    holds(`refuses a request as a whole: ${what}`, async () => {
      const { messenger, taken } = await start();
      const error = await messenger.send([request]).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'TollboardError', code, remedy: expect.stringMatching(/\w/) });
      expect(taken()).toEqual([]);
    });
  }

  holds('hands nothing over once the signal is aborted', async () => {
    const { messenger, taken } = await start();
    const signal = AbortSignal.abort(new Error('enough'));
    await messenger.send([text(ANN), text(BEA)], { signal }).then(
      (entries) => expect(entries).toMatchObject([{ state: 'rejected' }, { state: 'rejected' }]),
      (error: unknown) => expect(error).toMatchObject({ message: 'enough' }),
    );
    // What had been handed over would go out before this one.
    const [later] = await messenger.send([text(CEM)]);
    await messenger.wait(later?.id ?? '', 'final');
    expect(taken().map(({ to }) => to)).toEqual([CEM]);
  });
}

function following(holds: Holds, start: Start): void {
  holds("fetches by id and by Twilio's SID", async () => {
    const { messenger } = await start();
    const [entry] = await messenger.send([text(ANN)]);
    const end = await messenger.wait(entry?.id ?? '', 'final');
    expect(end.sid).toMatch(/^SM[0-9a-f]{32}$/);
    expect(await messenger.fetch(end.id ?? '')).toEqual(end);
    expect(await messenger.fetch(end.sid ?? '')).toEqual(end);
    expect(await messenger.wait(end.sid ?? '', 'final')).toEqual(end);
  });

  holds('shows a text as Twilio itself writes it, as last told and as it is now', async () => {
    const { messenger, simulator } = await start();
    const mediaUrl = 'https://example.org/a.jpg';
    const [entry] = await messenger.send([text(ANN, { params: { body: 'Hello', mediaUrl } })]);
    const { sid } = await messenger.wait(entry?.id ?? '', 'sent');
    const told = await messenger.resource(entry?.id ?? '');
    expect(told).toMatchObject({ sid, to: ANN, body: 'Hello', num_media: '1', error_code: null, price_unit: 'USD' });
    expect(Object.keys(told ?? {})).toHaveLength(20);
    await messenger.wait(sid ?? '', 'final');
    const now = await messenger.resource(sid ?? '', { fresh: true });
    expect(now).toMatchObject({ sid, status: 'delivered', account_sid: simulator.accounts[0]?.sid });
    for (const id of [NOBODY, 'nonsense', '', '../messages'])
      expect(await messenger.resource(id, { fresh: true }), id).toBeNull();
  });

  holds('shows nothing of a text that Twilio refused', async () => {
    const { messenger } = await start();
    const request = text([ANN, BEA], { params: { body: 'x', from: '+15557654321' } });
    for (const entry of await messenger.send([request])) {
      const { id, state } = await ended(messenger, entry);
      expect(state).toBe('rejected');
      if (id !== null) expect(await messenger.resource(id)).toBeNull();
    }
  });

  holds('fetches nothing for what nobody knows', async () => {
    const { messenger } = await start();
    for (const id of [NOBODY, `CA${'f'.repeat(32)}`, 'nonsense', 'SM', '', '../messages', 'SM?limit=1'])
      expect(await messenger.fetch(id), id).toBeNull();
  });

  holds('waits only until Twilio has it, where that is asked for', async () => {
    const { messenger, simulator } = await start();
    simulator.control.scenarios.add({ to: ANN, after: { sentMs: 100, deliveredMs: 3_600_000 } });
    const [entry] = await messenger.send([text(ANN)]);
    const now = await messenger.wait(entry?.id ?? '', 'sent');
    expect(now).toMatchObject({ state: 'sent', sid: expect.stringMatching(/^SM/) });
  });

  holds('gives the entry as it stands when the signal ends the wait', async () => {
    const { messenger, simulator } = await start();
    simulator.control.scenarios.add({ to: ANN, after: { sentMs: 100, deliveredMs: 3_600_000 } });
    const [entry] = await messenger.send([text(ANN)]);
    const id = entry?.id ?? '';
    await messenger.wait(id, 'sent');
    const abort = new AbortController();
    const waiting = messenger.wait(id, 'final', abort.signal);
    abort.abort();
    expect(await waiting).toMatchObject({ id, state: 'sent' });
    expect(await messenger.wait(id, 'final', AbortSignal.abort())).toMatchObject({ id, state: 'sent' });
  });

  holds('does not wait for what nobody knows', async () => {
    const { messenger } = await start();
    for (const id of [NOBODY, 'nonsense'])
      await expect(messenger.wait(id, 'final')).rejects.toMatchObject({ code: 'TOLLBOARD_ENTRY_NOT_FOUND' });
  });

  holds('tells a bad end with its cause', async () => {
    const { messenger, simulator } = await start();
    simulator.control.scenarios.add({ to: ANN, deliver: 'undelivered', errorCode: 30003 });
    simulator.control.scenarios.add({ to: BEA, answer: 'busy' });
    const [message] = await messenger.send([text(ANN)]);
    const [call] = await messenger.send([{ kind: 'call', to: BEA, params: { say: { text: 'x' } }, host: 'library' }]);
    const end = await messenger.wait(message?.id ?? '', 'final');
    expect(end).toMatchObject({
      state: 'done',
      status: 'undelivered',
      error: { twilioCode: 30003, stage: 'after_send' },
    });
    expect(end.error?.remedy).toMatch(/\w/);
    expect(await messenger.wait(call?.id ?? '', 'final')).toMatchObject({
      state: 'done',
      status: 'busy',
      error: { stage: 'after_send' },
    });
  });
}

function misfortunes(holds: Holds, start: Start): void {
  holds('says of an unreachable Twilio that nothing was sent', async () => {
    const { messenger, tried } = await start({ account: { baseUrl: 'http://127.0.0.1:1' } });
    const [entry] = await messenger.send([text(ANN)]);
    if (entry === undefined) throw new Error('no outcome');
    const now = await tried(entry);
    expect(now).toMatchObject({ sid: null, status: null, error: { stage: 'before_send', kind: 'unavailable' } });
    expect(['sent', 'done', 'unknown', 'held']).not.toContain(now.state);
  });

  holds('finds the truth of a lost answer and sends nothing twice', async () => {
    const { messenger, simulator, clock, taken } = await start({});
    simulator.control.faults.add({ fault: 'drop_answer', count: 2 });
    clock.run(HURRY);
    const entries = await messenger.send([text([ANN, BEA])]);
    for (const { id, to } of entries) {
      const end = await messenger.wait(id ?? '', 'final');
      expect(end).toMatchObject({ state: 'done', status: 'delivered', attempts: 1, error: null });
      expect(end.sid).toBe(taken().find((message) => message.to === to)?.sid);
    }
    expect(taken().map(({ answered }) => answered)).toEqual([false, false]);
  });

  const verdicts: Array<[what: string, request: SendRequest, twilioCode: number]> = [
    ['a trial account texts an unverified number', text([STRANGER, ANN], { account: 'trial' }), 21608],
    ['the phone said STOP', text([BEA, ANN]), 21610],
    ['the sender is not ours', text([BEA], { params: { body: 'x', from: '+15557654321' } }), 21659],
  ];
  for (const [what, request, twilioCode] of verdicts) {
    holds(`keeps Twilio's own refusal to its recipient: ${what}`, async () => {
      const { messenger, simulator, taken } = await start({});
      const AccountSid = simulator.accounts[0]?.sid;
      await simulator.control.inbound({ From: BEA, To: SENDER, Body: 'STOP', AccountSid });
      const [refused, other] = await messenger.send([request]);
      if (refused === undefined) throw new Error('no outcome');
      const end = await ended(messenger, refused);
      expect(end).toMatchObject({ state: 'rejected', sid: null, status: null, error: { twilioCode, httpStatus: 400 } });
      expect(end.error).toMatchObject({ message: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\w/) });
      if (other !== undefined)
        expect(await messenger.wait(other.id ?? '', 'final')).toMatchObject({ status: 'delivered' });
      const outbound = taken().filter(({ direction }) => direction === 'outbound-api');
      expect(outbound.map(({ to }) => to)).toEqual(other === undefined ? [] : [other.to]);
    });
  }

  holds('gets every text through a storm of 429, each once', async () => {
    const { messenger, simulator, clock, taken } = await start({});
    simulator.control.faults.add({ fault: 'rate_limit', count: 6 });
    clock.run(HURRY);
    const to = [ANN, BEA, CEM, STRANGER];
    const entries = await messenger.send([text(to)]);
    for (const { id } of entries)
      expect(await messenger.wait(id ?? '', 'final')).toMatchObject({
        state: 'done',
        status: 'delivered',
        error: null,
      });
    expect(
      taken()
        .map((message) => message.to)
        .sort(),
    ).toEqual([...to].sort());
  });

  holds('tells wrong credentials for each recipient and sends nothing', async () => {
    const { messenger, taken } = await start({ account: { authTokens: [WRONG] } });
    const entries = await messenger.send([text([ANN, BEA])]);
    for (const entry of entries) {
      const end = await ended(messenger, entry);
      expect(end).toMatchObject({ state: 'rejected', sid: null, error: { twilioCode: 20003, kind: 'unauthorized' } });
      expect(JSON.stringify(end)).not.toContain(WRONG);
    }
    expect(taken()).toEqual([]);
  });
}

function account(holds: Holds, start: Start): void {
  holds('lists the verified caller IDs of every page', async () => {
    // Twilio's largest page holds 1,000.
    const verified = Array.from({ length: 1001 }, (_, n) => `+1555200${String(n).padStart(4, '0')}`);
    const sid = `AC${'a'.repeat(32)}`;
    const accounts = { accounts: [{ sid, auth_token: 'secret', verified }] };
    const { messenger } = await start({
      simulator: { accounts },
      account: { accountSid: sid, authTokens: ['secret'] },
    });
    const recipients = await messenger.recipients();
    expect(recipients.map(({ phoneNumber }) => phoneNumber).sort()).toEqual(verified);
    expect(recipients[0]).toEqual({
      sid: expect.stringMatching(/^PN[0-9a-f]{32}$/),
      phoneNumber: expect.any(String),
      friendlyName: expect.any(String),
    });
  });

  holds('checks the credentials and sends nothing', async () => {
    const { messenger, simulator, taken } = await start();
    const report = await messenger.check();
    expect(report).toMatchObject({ ok: true, checks: [{ ok: true, remedy: null }] });
    expect(report.checks[0]?.message).toContain(simulator.accounts[0]?.sid);
    expect(taken()).toEqual([]);
  });

  for (const [what, change] of [
    ['a wrong token', { authTokens: [WRONG] }],
    ['no Twilio at all', { baseUrl: 'http://127.0.0.1:1' }],
  ] as const) {
    holds(`fails the check with a remedy: ${what}`, async () => {
      const { messenger } = await start({ account: { ...change } as Partial<AccountSettings> });
      const report = await messenger.check();
      expect(report).toMatchObject({ ok: false, checks: [{ ok: false, remedy: expect.stringMatching(/\w/) }] });
      expect(JSON.stringify(report)).not.toContain(WRONG);
    });
  }
}

/** A recipient that was refused before anything was stored has ended already. */
async function ended(messenger: Messenger, entry: Entry): Promise<Entry> {
  return entry.id === null || FINAL_STATES.has(entry.state) ? entry : messenger.wait(entry.id, 'final');
}
