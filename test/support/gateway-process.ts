/** A program: a gateway in a process of its own, on a clock that the test drives. The shipped program has no such hook. */

import type { Settings } from '../../src/config/settings.ts';
import type { EntryState } from '../../src/core/entry.ts';
import type { RunningGateway } from '../../src/gateway.ts';
import type { ClockReading, DrivenClock } from './driven-clock.ts';
import { enableCompileCache } from 'node:module';
import { defaultSettings } from './settings.ts';

// Before anything large is imported: killed gateways start again and again.
enableCompileCache();
const { startGateway } = await import('../../src/gateway.ts');
const { createDrivenClock } = await import('./driven-clock.ts');
const { answerCalls } = await import('./process-calls.ts');

export interface GatewayStart {
  dataDir: string;
  /** Twilio, that is the simulator. */
  twilio: TwilioAddress;
  /** A second account there, named `trial`. */
  trialSid?: string;
  /** Of every account's sender. */
  perSecond?: number | null;
  /** 0: any free one. */
  port: number;
  clock: ClockReading;
  /** Of a request to Twilio, by the driven clock. */
  requestTimeoutMs?: number;
  maxPageCount?: number;
  delivery?: Partial<Settings['delivery']>;
  sinks?: Settings['sinks'];
}

export interface TwilioAddress {
  url: string;
  accountSid: string;
  authToken: string;
}

export interface StartedGateway {
  url: string;
  token: string;
  port: number;
}

let gateway: RunningGateway | null = null;
let clock: DrivenClock | null = null;

const calls = {
  async start(options: GatewayStart): Promise<StartedGateway> {
    clock = createDrivenClock(options.clock);
    const { requestTimeoutMs, maxPageCount } = options;
    gateway = await startGateway(settingsOf(options), {
      clock,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      ...(maxPageCount === undefined ? {} : { maxPageCount }),
    });
    return { url: gateway.url, token: gateway.token, port: Number(new URL(gateway.url).port) };
  },
  /** Moves time, and everything that waits for it. */
  advance: async (ms: number) => clock?.advance(ms),
  /** Moves only what the clock says. */
  jump: (ms: number) => clock?.jump(ms),
  run: ({ speed, at }: Omit<ClockReading, 'now'>) => clock?.run(speed, at),
  now: () => clock?.now() ?? 0,
  /** Lets time of the running clock pass. */
  sleep: async (ms: number) => clock?.sleep(ms),
  webhookUrl: () => gateway?.webhookUrl ?? null,
  /** The process dies as soon as an event is on disk: before anybody hears of it. */
  dieAtEvent: () =>
    void gateway?.api.onCommit(({ events }) => {
      if (events.length > 0) process.kill(process.pid, 'SIGKILL');
    }),
  /** True once every entry is final or held; false when `withinMs` of the clock have passed before. */
  settled: (withinMs: number) => untilCounts(withinMs, (counts) => UNFINISHED.every((state) => counts[state] === 0)),
  /** Resolves once `count` entries are in `state` (the clock may stand still). */
  reached: ({ state, count }: { state: EntryState; count: number }) =>
    untilCounts(Infinity, (counts) => counts[state] === count),
  async stop(): Promise<void> {
    await gateway?.stop();
    clock?.close();
    gateway = null;
  },
};

export type GatewayCalls = typeof calls;

answerCalls(calls);

/** Silent about everything that is not a final or held state: `sent` counts as unfinished. */
const UNFINISHED = ['scheduled', 'queued', 'sending', 'unknown', 'sent'] as const;

async function untilCounts(withinMs: number, fits: (counts: Record<EntryState, number>) => boolean): Promise<boolean> {
  if (gateway === null || clock === null) throw new Error('no gateway runs');
  const { api } = gateway;
  const over = new AbortController();
  const late = clock.sleep(withinMs, over.signal).then(
    () => false,
    () => true,
  );
  const result = await Promise.race([look(), late]);
  over.abort();
  return result;

  /** Looks again after every commit, for a commit is the only way to get there. */
  async function look(): Promise<boolean> {
    let changed = () => {};
    const forget = api.onCommit(() => changed());
    over.signal.addEventListener('abort', forget);
    for (;;) {
      const news = new Promise<void>((resolve) => {
        changed = resolve;
      });
      if (fits(await api.counts())) return true;
      await news;
    }
  }
}

const SENDER = '+15550000001';

function settingsOf({ dataDir, twilio, trialSid, perSecond, port, delivery, sinks = [] }: GatewayStart): Settings {
  const account = (name: string, accountSid: string): Settings['accounts'][number] => ({
    name,
    accountSid,
    authTokens: [twilio.authToken],
    apiKey: null,
    apiSecret: null,
    baseUrl: twilio.url,
    simulated: false,
  });
  const settings = defaultSettings(dataDir);
  return {
    ...settings,
    listen: { ...settings.listen, port },
    accounts: [account('default', twilio.accountSid), ...(trialSid === undefined ? [] : [account('trial', trialSid)])],
    sender: SENDER,
    senders: perSecond === undefined || perSecond === null ? {} : { [SENDER]: { perSecond } },
    delivery: { ...settings.delivery, statusCallback: 'always', ...delivery },
    sinks,
  };
}
