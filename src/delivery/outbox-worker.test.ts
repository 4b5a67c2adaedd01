import type { CreateResult, Store, TwilioAccount } from '../core/ports.ts';
import { expect, it, onTestFinished } from 'vitest';
import { accepted, countingRandom, NOON, SENDER } from '../../test/support/entries.ts';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { errorReport } from '../core/errors.ts';
import { twilioErrorReport } from '../core/twilio-errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import { startOutboxWorker } from './outbox-worker.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const REPORT = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });
const NOT_SENT: CreateResult = { outcome: 'not_sent', error: REPORT };
const REFUSED: CreateResult = { outcome: 'rejected', refusal: {}, error: REPORT };

/** Two accounts, `A` and `B`, that answer as the test says; the worker sleeps when `settled` resolves. */
async function start(answer: (account: string) => CreateResult | Promise<CreateResult>, entries: readonly string[]) {
  const clock = createManualClock(NOON);
  const real = createMemoryStore({ random: countingRandom() });
  const records = await accepted(real, ...entries.map((account) => ({ account })));
  const posted: string[] = [];
  let claims = 0;
  const store: Store = {
    ...real,
    claim(query) {
      claims += 1;
      return real.claim(query);
    },
  };
  const account = (sid: string) => ({
    async create() {
      posted.push(sid);
      return answer(sid);
    },
  });
  const accounts = new Map(['A', 'B'].map((sid) => [sid, account(sid) as unknown as TwilioAccount]));
  const worker = startOutboxWorker({
    store,
    accounts,
    clock,
    random: countingRandom(),
    logger: SILENT,
    concurrency: 2,
    claim: { configured: {}, callbackMode: 'never', callbackReachable: false, unsigned: [] },
    callbackBase: () => null,
  });
  onTestFinished(async () => {
    const stopped = worker.stop();
    await settled();
    clock.advance(10_000);
    await stopped;
  });
  const settled = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  await settled();
  return { clock, store: real, records, posted, settled, worker, claims: () => claims };
}

it('an account that cannot be reached rests, and holds up no other', async () => {
  const { clock, store, posted, settled, worker, claims } = await start(
    (account) => (account === 'A' ? NOT_SENT : REFUSED),
    ['A', 'B'],
  );
  expect(posted.sort()).toEqual(['A', 'B']);
  const before = claims();
  await accepted(store, { account: 'B', createdAt: clock.now() + 10 });
  worker.wake(clock.now() + 10);
  await settled();
  clock.advance(10);
  await settled();
  expect(posted).toEqual(['A', 'B', 'B']);
  expect(claims() - before).toBeLessThan(6);
});

it('one request finds out whether a paused account is back, whatever waits', async () => {
  let probe: (result: CreateResult) => void = () => undefined;
  let away = true;
  const { clock, store, posted, settled, worker } = await start(
    () => (away ? NOT_SENT : new Promise((resolve) => (probe = resolve))),
    ['A'],
  );
  await accepted(store, ...Array.from({ length: 9 }, () => ({ account: 'A' })));
  worker.wake();
  await settled();
  expect(posted).toHaveLength(1);
  away = false;
  clock.advance(60_000);
  await settled();
  worker.wake();
  await settled();
  expect(posted).toHaveLength(2);
  probe(REFUSED);
  await settled();
  expect(posted).toHaveLength(4);
});

it('a slow account takes only its own places', async () => {
  const never = new Promise<CreateResult>(() => {});
  const many = [...Array<string>(20).fill('A'), 'B', 'B', 'B'];
  const { posted, records, store } = await start((account) => (account === 'A' ? never : REFUSED), many);
  expect(posted.filter((account) => account === 'A')).toHaveLength(2);
  expect(posted.filter((account) => account === 'B')).toHaveLength(3);
  expect(await store.entry({ id: records[22]?.id ?? '' })).toMatchObject({ state: 'rejected' });
});

it('learns from Twilio’s refusal that a recipient opted out', async () => {
  const { store, records } = await start(
    () => ({ outcome: 'rejected', refusal: {}, error: { ...REPORT, twilioCode: 21610 } }),
    ['A'],
  );
  expect(await store.optedOut('A', SENDER, records[0]?.to ?? '', NOON)).toBe(true);
});

it('a text that waits for another try says so: its remedy asks nobody to send it again, which would double it', async () => {
  const slowed = twilioErrorReport(20429, 'Too many requests', { stage: 'before_send' });
  const none = errorReport('TOLLBOARD_DELIVERY_NOT_CONNECTED', { stage: 'before_send' });
  const { store, records } = await start(
    (account) =>
      account === 'A'
        ? { outcome: 'rate_limited', error: slowed, retryAfterMs: null }
        : { outcome: 'not_sent', error: none },
    ['A', 'B'],
  );
  const [limited, offline] = await Promise.all(records.map(({ id }) => store.entry({ id })));
  expect(limited).toMatchObject({
    state: 'queued',
    error: { code: 'TOLLBOARD_DELIVERY_RATE_LIMITED', twilioCode: 20429, twilioMessage: slowed.twilioMessage },
  });
  expect(offline).toMatchObject({ state: 'queued', error: { code: 'TOLLBOARD_DELIVERY_NOT_CONNECTED' } });
  for (const entry of [limited, offline]) expect(entry?.error?.remedy).toContain('tried again');
});
