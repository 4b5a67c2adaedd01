import type { AccountSettings } from './config/settings.ts';
import type { Clock, SendRequest } from './core/ports.ts';
import type { Simulator } from './simulator/server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectMessenger } from './direct.ts';
import { createSimulator } from './simulator/server.ts';
import { systemClock, systemRandom } from './system.ts';
import { createHttpsTransport } from './twilio/https-transport.ts';

let simulator: Simulator;
const closing: Array<() => Promise<void>> = [];

beforeEach(async () => {
  simulator = await createSimulator({ port: 0, clock: systemClock, random: systemRandom });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await simulator.stop();
});

/** Time passes as fast as the requests do: every sleep ends at once and moves the clock. */
function hurriedClock(): Clock & { slept: number } {
  let ahead = 0;
  return {
    slept: 0,
    now: () => Date.now() + ahead,
    steady: () => performance.now() + ahead,
    async sleep(ms) {
      ahead += ms;
      this.slept += ms;
    },
  };
}

function messenger(
  change: Partial<AccountSettings> = {},
  sender: string | null = '+15550000001',
  clock: Clock = hurriedClock(),
) {
  const [account] = simulator.accounts;
  const settings: AccountSettings = {
    name: 'default',
    accountSid: account?.sid ?? '',
    authTokens: [account?.authToken ?? ''],
    apiKey: null,
    apiSecret: null,
    baseUrl: simulator.url,
    simulated: true,
    ...change,
  };
  const transport = createHttpsTransport({ clock: systemClock });
  const direct = createDirectMessenger({ accounts: [settings], sender }, { clock, transport });
  closing.push(() => direct.close());
  return direct;
}

const text = (to: string | readonly string[], more: Partial<SendRequest> = {}): SendRequest => ({
  kind: 'message',
  to,
  params: { body: 'Hello' },
  host: 'cli',
  ...more,
});
const acceptances = () => simulator.control.messages().messages;

describe('straight to Twilio', () => {
  it('each recipient has an outcome of its own, and what Twilio took goes by its SID', async () => {
    const direct = messenger();
    const [good, bad, again] = await direct.send([text(['+15550100001', '555', '+15550100001'])]);
    expect(good).toMatchObject({ state: 'sent', status: 'queued', id: expect.stringMatching(/^SM/) });
    expect(good?.id).toBe(acceptances()[0]?.sid);
    expect(bad).toMatchObject({ state: 'rejected', id: null, error: { twilioCode: 21265 } });
    expect(again).toMatchObject({ id: good?.id, duplicate: true });
    expect(acceptances()).toHaveLength(1);
  });

  it('waits by asking, until the signal or the end', async () => {
    const direct = messenger({}, '+15550000001', systemClock);
    const [entry] = await direct.send([text('+15550100001')]);
    expect(await direct.wait(entry?.id ?? '', 'final')).toMatchObject({ state: 'done', status: 'delivered' });
    await expect(direct.wait(`SM${'0'.repeat(32)}`, 'final')).rejects.toMatchObject({
      code: 'TOLLBOARD_ENTRY_NOT_FOUND',
    });
  });

  it('goes on waiting through failed looks, and tells the last known when the signal ends it', async () => {
    const direct = messenger();
    const [entry] = await direct.send([text('+15550100001')]);
    const id = entry?.id ?? '';
    simulator.control.faults.add({ fault: 'proxy_error', method: 'GET', count: 3 });
    expect(await messenger({}, '+15550000001', systemClock).wait(id, 'final')).toMatchObject({ status: 'delivered' });
    simulator.control.faults.add({ fault: 'proxy_error', method: 'GET' });
    const clock = hurriedClock();
    const other = messenger({}, '+15550000001', clock);
    const [sent] = await other.send([text('+15550100001')]);
    const abort = new AbortController();
    const sleep = clock.sleep.bind(clock);
    let pauses = 0;
    clock.sleep = (ms, signal) => {
      pauses += 1;
      if (pauses === 20) abort.abort();
      return sleep(ms, signal);
    };
    expect(await other.wait(sent?.id ?? '', 'final', abort.signal)).toEqual(sent);
    expect(pauses).toBe(20);
  });

  it('without a signal a wait gives up after many failed looks in a row', async () => {
    const direct = messenger();
    const [entry] = await direct.send([text('+15550100001')]);
    simulator.control.faults.add({ fault: 'proxy_error', method: 'GET' });
    await expect(direct.wait(entry?.id ?? '', 'final')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('finds a message that was taken although its answer was lost, and sends nothing twice', async () => {
    simulator.control.faults.add({ fault: 'drop_answer', count: 1 });
    const [entry] = await messenger().send([text('+15550100001')]);
    expect(entry).toMatchObject({ state: 'sent', error: null, sid: acceptances()[0]?.sid });
    expect(acceptances()).toHaveLength(1);
  });

  it('calls the outcome unknown when Twilio lists no copy for a minute, and still sends nothing twice', async () => {
    simulator.control.faults.add({ fault: 'proxy_error', count: 1 });
    const clock = hurriedClock();
    const [entry] = await messenger({}, '+15550000001', clock).send([text('+15550100001')]);
    // No SID, so there is nothing by which it could be asked for later.
    expect(entry).toMatchObject({
      id: null,
      state: 'unknown',
      error: { code: 'TOLLBOARD_DIRECT_ANSWER_LOST', stage: 'unknown' },
    });
    expect(entry?.error?.message).toContain('for 60 seconds Twilio listed no copy');
    expect(clock.slept).toBeGreaterThanOrEqual(58_000);
    expect(clock.slept).toBeLessThanOrEqual(60_000);
    expect(acceptances()).toHaveLength(0);
  });

  it("does not say that Twilio listed no copy when Twilio's list could not be read", async () => {
    simulator.control.faults.add({ fault: 'proxy_error', count: 1 });
    simulator.control.faults.add({ fault: 'proxy_error', method: 'GET' });
    const [entry] = await messenger().send([text('+15550100001')]);
    expect(entry).toMatchObject({ state: 'unknown', error: { code: 'TOLLBOARD_DIRECT_ANSWER_LOST' } });
    expect(entry?.error?.message).toContain("Twilio's list could not be read");
    expect(entry?.error?.message).not.toContain('no copy');
  });

  it('does not say that Twilio listed no copy where a copy could not be recognised', async () => {
    simulator.control.faults.add({ fault: 'proxy_error', count: 1 });
    const params = { body: 'Hello', contentRetention: 'discard' };
    const [entry] = await messenger().send([text('+15550100001', { params })]);
    expect(entry?.error?.code).toBe('TOLLBOARD_DIRECT_ANSWER_LOST');
    expect(entry?.error?.message).not.toContain('no copy');
  });

  it('repeats what Twilio certainly did not process, a bounded number of times', async () => {
    simulator.control.faults.add({ fault: 'rate_limit', count: 2 });
    expect(await messenger().send([text('+15550100001')])).toMatchObject([{ state: 'sent', attempts: 3 }]);
    simulator.control.faults.add({ fault: 'rate_limit' });
    expect(await messenger().send([text('+15550100002')])).toMatchObject([
      { state: 'rejected', error: { twilioCode: 20429 } },
    ]);
    expect(acceptances()).toHaveLength(1);
  });

  it('finds wrong credentials out once, not once per recipient', async () => {
    const numbers = Array.from({ length: 100 }, (_, n) => `+1555010${String(n).padStart(4, '0')}`);
    const entries = await messenger({ authTokens: ['wrong'] }).send([text(numbers)]);
    expect(entries.every((entry) => entry.state === 'rejected' && entry.error?.twilioCode === 20003)).toBe(true);
    expect(entries.filter((entry) => entry.attempts > 0).length).toBeLessThanOrEqual(10);
  });

  it('says of a refused connection that nothing left this machine', async () => {
    const entries = await messenger({ baseUrl: 'http://127.0.0.1:1' }).send([text('+15550100001')]);
    expect(entries).toMatchObject([{ state: 'rejected', error: { stage: 'before_send' } }]);
  });

  it('refuses what only a store can keep', async () => {
    const direct = messenger();
    const code = 'TOLLBOARD_DIRECT_NEEDS_GATEWAY';
    await expect(direct.send([text('+15550100001')], { idempotencyKey: 'K' })).rejects.toMatchObject({ code });
    await expect(direct.send([text('+15550100001', { notBefore: Date.now() + 60_000 })])).rejects.toMatchObject({
      code,
    });
    expect(acceptances()).toHaveLength(0);
  });

  it('names the owned numbers when there is no sender to choose by itself', async () => {
    const sending = messenger({}, null).send([text('+15550100001')]);
    await expect(sending).rejects.toMatchObject({
      code: 'TOLLBOARD_SENDER_AMBIGUOUS',
      details: { numbers: expect.stringContaining('+15550000002') },
    });
  });

  it('shows a message that another program sent', async () => {
    const [entry] = await messenger().send([text('+15550100001')]);
    const found = await messenger().fetch(entry?.id ?? '');
    expect(found).toMatchObject({ id: entry?.id, to: '+15550100001', body: 'Hello', from: '+15550000001' });
    expect(await messenger().fetch(`CA${'0'.repeat(32)}`)).toBeNull();
  });

  it('lists verified caller IDs and checks the credentials without sending', async () => {
    const direct = messenger();
    expect((await direct.recipients()).map((row) => row.phoneNumber)).toContain('+15550100003');
    expect(await direct.check()).toMatchObject({ ok: true });
    expect(await messenger({ authTokens: ['wrong'] }).check()).toMatchObject({
      ok: false,
      checks: [{ remedy: expect.any(String) }],
    });
    expect(acceptances()).toHaveLength(0);
  });
});
