/** A gateway and a Twilio in processes of their own, for one test after the other: time is the test's. */

import type { Decision, Entry } from '../../src/core/entry.ts';
import type { PhoneMessage } from '../../src/simulator/control.ts';
import type { GatewayCalls, GatewayStart, StartedGateway } from './gateway-process.ts';
import type { Program } from './process-calls.ts';
import type { SimulatorCalls } from './simulator-process.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { realTime } from './driven-clock.ts';
import { Gateways } from './gateways.ts';
import { forkProgram } from './process-calls.ts';

export const FROM = '+15550000001';
export const PHONE = '+15551112222';
/** Noon of 1 July 2026, UTC. */
export const START = Date.UTC(2026, 6, 1, 12);
const HOUR = 3_600_000;
/** While time flies this leaves a busy machine a second of its own for an answer. */
const REQUEST_TIMEOUT_MS = 300_000;

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever members the test asks it for
  json: any;
}

export interface FaultPair {
  readonly simulator: Program<SimulatorCalls>;
  readonly gateway: Program<GatewayCalls>;
  readonly dataDir: string;
  readonly url: string;
  readonly token: string;
  /** What the gateway was told of Twilio. */
  readonly twilio: GatewayStart['twilio'];
  /** A new gateway on the same data, after a stop or a kill; the clock begins at {@link START} unless `now` is given. */
  start(options?: Partial<GatewayStart> & { now?: number }): Promise<void>;
  /** To the gateway's API, as its owner. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** One text to each; the entries of the answer. */
  send(to: string | string[], body: string, more?: Record<string, unknown>): Promise<Entry[]>;
  entry(id: string): Promise<Entry & { decisions: Decision[] }>;
  entries(): Promise<Entry[]>;
  acceptances(): Promise<PhoneMessage[]>;
  /** Both clocks run so many times as fast as real time; 0 stops them. */
  pace(speed: number): Promise<void>;
  /** Time flies until every entry is final or held; throws when a day passes before. */
  settle(): Promise<void>;
}

/** The start of a pair, for the tests of one file: processes are shared, data and Twilio are fresh for each test. */
export function usePairs(): (options?: Partial<GatewayStart>) => Promise<FaultPair> {
  let stage: Stage | null = null;
  let ends: Array<() => Promise<void>> = [];
  // Starting processes takes long on a machine that has other work.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  beforeAll(() => {
    stage = {
      simulator: forkProgram<SimulatorCalls>(new URL('./simulator-process.ts', import.meta.url)),
      gateways: new Gateways(),
    };
  });
  afterEach(async () => {
    for (const end of ends) await end();
    ends = [];
  });
  afterAll(async () => {
    await Promise.all([stage?.simulator.kill(), stage?.gateways.killAll()]);
  });
  return async (options = {}) => {
    if (stage === null) throw new Error('a pair is started within a test');
    const { pair, end } = await startPair(stage, options);
    ends.push(end);
    return pair;
  };
}

interface Stage {
  simulator: Program<SimulatorCalls>;
  gateways: Gateways;
}

/** Clocks stand still until the test moves them or lets them run. */
async function startPair(
  { simulator, gateways }: Stage,
  options: Partial<GatewayStart>,
): Promise<{ pair: FaultPair; end: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollboard-fault-'));
  const all: Array<Program<GatewayCalls>> = [];
  let started: StartedGateway = { url: '', token: '', port: 0 };
  let twilio: GatewayStart['twilio'] = { url: '', accountSid: '', authToken: '' };
  const gateway = () => all.at(-1) as Program<GatewayCalls>;

  async function ask(method: string, path: string, body?: unknown, headers = {}): Promise<Answer> {
    const answer = await fetch(`${started.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${started.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = (answer.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : null;
    return { status: answer.status, headers: answer.headers, json };
  }

  async function end(): Promise<void> {
    for (const program of all) {
      await program.call('stop').then(
        () => gateways.giveBack(program),
        () => gateways.kill(program),
      );
    }
    await simulator.call('close');
    rmSync(dataDir, { recursive: true, force: true });
  }

  const pair: FaultPair = {
    simulator,
    get gateway() {
      return gateway();
    },
    dataDir,
    get url() {
      return started.url;
    },
    get token() {
      return started.token;
    },
    get twilio() {
      return twilio;
    },
    async start({ now, ...more } = {}) {
      all.push(gateways.take());
      const clock = { now: now ?? START, at: realTime(), speed: 0 };
      const { port } = started;
      const own = { dataDir, twilio, port, clock, requestTimeoutMs: REQUEST_TIMEOUT_MS };
      started = await gateway().call('start', { ...own, ...options, ...more });
    },
    ask,
    async send(to, body, more = {}) {
      const { json, status } = await ask('POST', '/api/v1/messages', { to, body, ...more });
      if (status !== 202) throw new Error(`refused: ${JSON.stringify(json)}`);
      return json.messages;
    },
    entry: async (id) => (await ask('GET', `/api/v1/messages/${id}?explain=true`)).json,
    entries: async () => (await ask('GET', '/api/v1/messages?limit=1000')).json.messages,
    acceptances: () => simulator.call('acceptances'),
    async pace(speed) {
      const from = { speed, at: realTime() };
      await Promise.all([simulator.call('run', from), gateway().call('run', from)]);
    },
    async settle() {
      await pair.pace(300);
      if (!(await gateway().call('settled', 24 * HOUR))) throw new Error('not everything came to an end');
      await pair.pace(0);
    },
  };
  try {
    twilio = await simulator.call('open', { clock: { now: START, at: realTime(), speed: 0 } });
    await pair.start();
    return { pair, end };
  } catch (error) {
    await end();
    throw error;
  }
}
