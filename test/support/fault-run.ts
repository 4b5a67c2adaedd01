/** One run of a schedule of faults: real processes, a client that never gives up, and in the end the whole history. */

import type { Entry } from '../../src/core/entry.ts';
import type { TollboardEvent } from '../../src/core/event.ts';
import type { DrivenClock } from './driven-clock.ts';
import type { Act, Schedule, Sending } from './fault-schedule.ts';
import type { GatewayCalls, GatewayStart, StartedGateway } from './gateway-process.ts';
import type { Asked, History } from './history.ts';
import type { Program } from './process-calls.ts';
import type { SimulatorCalls } from './simulator-process.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createDrivenClock, realTime } from './driven-clock.ts';
import { Gateways } from './gateways.ts';
import { forkProgram } from './process-calls.ts';

/** Times real time while things go wrong, and while everything comes to its end. */
const STORM_SPEED = 50;
const CALM_SPEED = 300;
/** Real time that this leaves for an answer: 4.8 s in the storm, 0.8 s after it. */
const REQUEST_TIMEOUT_MS = 240_000;
/** Longest wait for the end of everything, by the clock: lost answers, resends and polls take minutes. */
const SETTLE_MS = 8 * 3_600_000;

export interface FaultBench {
  run(schedule: Schedule): Promise<History>;
  /** Ends every process. */
  close(): Promise<void>;
}

/** One simulator process serves all runs, one after the other; a gateway that will be needed is started ahead. */
export function createFaultBench(): FaultBench {
  const simulator = forkProgram<SimulatorCalls>(new URL('./simulator-process.ts', import.meta.url));
  const gateways = new Gateways();
  return {
    async run(schedule) {
      const clock = createDrivenClock();
      const dataDir = mkdtempSync(join(tmpdir(), 'tollboard-fault-'));
      const world = new World(schedule, { clock, dataDir, simulator, gateways });
      try {
        return await world.run();
      } finally {
        await world.end();
        clock.close();
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
    async close() {
      await Promise.all([simulator.kill(), gateways.killAll()]);
    },
  };
}

interface Stage {
  clock: DrivenClock;
  dataDir: string;
  simulator: Program<SimulatorCalls>;
  gateways: Gateways;
}

class World {
  readonly #schedule: Schedule;
  readonly #stage: Stage;
  #begun = 0;
  #twilio: GatewayStart['twilio'] | null = null;
  #program: Program<GatewayCalls> | null = null;
  #gateway: StartedGateway = { url: '', token: '', port: 0 };
  #jumped = 0;

  constructor(schedule: Schedule, stage: Stage) {
    this.#schedule = schedule;
    this.#stage = stage;
  }

  async run(): Promise<History> {
    const { clock, simulator } = this.#stage;
    const { sendings, acts, scenarios, stormMs } = this.#schedule;
    clock.run(STORM_SPEED);
    this.#twilio = await simulator.call('open', { clock: clock.reading() });
    await simulator.call('scenarios', scenarios);
    await this.#start();
    this.#begun = clock.now();
    const asking = sendings.map((sending) => this.#ask(sending));
    for (const act of acts) {
      await this.#until(act.at);
      await this.#perform(act);
    }
    await this.#until(stormMs);
    await this.#calmDown();
    const asked = await Promise.all(asking);
    await this.#program?.call('settled', SETTLE_MS);
    const entries = await this.#list<Entry>('messages', 'messages');
    const events = await this.#list<TollboardEvent>('events', 'events');
    const acceptances = await simulator.call('acceptances');
    return { asked, entries, events, acceptances };
  }

  /** Whatever happened: nothing of this run is left. */
  async end(): Promise<void> {
    const { simulator, gateways } = this.#stage;
    const program = this.#program;
    this.#program = null;
    if (program !== null) {
      await program.call('stop').then(
        () => gateways.giveBack(program),
        () => gateways.kill(program),
      );
    }
    await simulator.call('close');
  }

  async #start(): Promise<void> {
    const { clock, dataDir, gateways } = this.#stage;
    if (this.#twilio === null) throw new Error('there is no Twilio');
    const program = gateways.take();
    this.#program = program;
    const reading = clock.reading();
    this.#gateway = await program.call('start', {
      dataDir,
      twilio: this.#twilio,
      port: this.#gateway.port,
      clock: { ...reading, now: reading.now + this.#jumped },
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
  }

  #until(at: number): Promise<void> {
    const { clock } = this.#stage;
    return clock.sleep(this.#begun + at - clock.now());
  }

  /** A client that asks until it is answered, or until its patience ends; always under the same key. */
  async #ask(sending: Sending): Promise<Asked> {
    const { clock } = this.#stage;
    const { key, to, body, validityPeriod, hangsUpAfterMs, patience } = sending;
    const text = JSON.stringify({ to, body, ...(validityPeriod === undefined ? {} : { validityPeriod }) });
    await this.#until(sending.at);
    for (let tries = 0; tries < patience; tries += 1) {
      const hangUp = new AbortController();
      if (tries === 0 && hangsUpAfterMs !== undefined) void clock.sleep(hangsUpAfterMs).then(() => hangUp.abort());
      const acknowledged = await this.#post(key, text, hangUp.signal);
      if (acknowledged !== null) return { key, to, body, acknowledged };
      await clock.sleep(1000);
    }
    return { key, to, body, acknowledged: null };
  }

  /** The ids of a 202; null for every other answer, and for none. */
  async #post(key: string, text: string, signal: AbortSignal): Promise<string[] | null> {
    const { url, token } = this.#gateway;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key };
    try {
      const answer = await fetch(`${url}/api/v1/messages`, { method: 'POST', headers, body: text, signal });
      const json = (await answer.json()) as { messages?: Entry[] };
      if (answer.status === 202) return (json.messages ?? []).map(({ id }) => id ?? '');
      if (answer.status !== 401 && answer.status < 500) throw new TypeError(`refused: ${JSON.stringify(json)}`);
      return null;
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('refused')) throw error;
      return null;
    }
  }

  async #perform(act: Act): Promise<void> {
    const { clock, simulator, gateways } = this.#stage;
    const program = this.#program;
    if (program === null) throw new Error('there is no gateway');
    switch (act.act) {
      case 'kill':
        await gateways.kill(program);
        await clock.sleep(act.downMs);
        return this.#start();
      case 'stop':
        await program.call('stop');
        gateways.giveBack(program);
        await clock.sleep(act.downMs);
        return this.#start();
      case 'jump':
        this.#jumped += act.ms;
        return program.call('jump', act.ms);
      case 'lock':
        return holdLock(join(this.#stage.dataDir, 'tollboard.sqlite'), () => clock.sleep(act.ms));
      case 'away':
        await simulator.call('away');
        await clock.sleep(act.ms);
        return simulator.call('back');
      case 'fault':
        return void (await simulator.call('fault', act.fault));
    }
  }

  /** Nothing goes wrong any more, and time flies. */
  async #calmDown(): Promise<void> {
    const { clock, simulator } = this.#stage;
    await simulator.call('clearFaults');
    const faster = { speed: CALM_SPEED, at: realTime() };
    clock.run(faster.speed, faster.at);
    await Promise.all([simulator.call('run', faster), this.#program?.call('run', faster)]);
  }

  /** Every page. */
  async #list<T>(path: string, name: string): Promise<T[]> {
    const { url, token } = this.#gateway;
    const all: T[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query: string = `limit=1000${after === '' ? '' : `&after=${after}`}`;
      const answer = await fetch(`${url}/api/v1/${path}?${query}`, { headers: { authorization: `Bearer ${token}` } });
      const page = (await answer.json()) as Record<string, T[]> & { next: string | null };
      all.push(...(page[name] ?? []));
      after = page.next;
    }
    return all;
  }
}

/** Another connection holds the write lock while `wait` lasts; closing it lets go. */
export async function holdLock<T>(file: string, wait: () => Promise<T>): Promise<T> {
  const other = new DatabaseSync(file, { timeout: 5000 });
  try {
    other.exec('BEGIN IMMEDIATE');
    return await wait();
  } finally {
    other.close();
  }
}
