/** One run of a schedule of faults: real processes, a client that never gives up, and in the end the whole history. */

import type { Entry } from '../../src/core/entry.ts';
import type { TollboardEvent } from '../../src/core/event.ts';
import type { PhoneCall, PhoneMessage } from '../../src/simulator/control.ts';
import type { DrivenClock } from './driven-clock.ts';
import type { Act, Schedule, Sending } from './fault-schedule.ts';
import type { GatewayCalls, GatewayStart, StartedGateway } from './gateway-process.ts';
import type { Acceptance, Asked, History } from './history-facts.ts';
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
  #trialSid = '';

  constructor(schedule: Schedule, stage: Stage) {
    this.#schedule = schedule;
    this.#stage = stage;
  }

  async run(): Promise<History> {
    const { clock, simulator } = this.#stage;
    const { sendings, acts, scenarios, stormMs } = this.#schedule;
    clock.run(STORM_SPEED);
    const { trialSid, ...twilio } = await simulator.call('open', { clock: clock.reading() });
    this.#twilio = twilio;
    this.#trialSid = trialSid;
    await simulator.call('scenarios', scenarios);
    await this.#start();
    this.#begun = clock.now();
    const asking = Promise.all(sendings.map((sending) => this.#ask(sending)));
    // What it says is heard at the end of the run.
    asking.catch(() => undefined);
    for (const act of acts) {
      await this.#until(act.at);
      await this.#perform(act);
    }
    await this.#until(stormMs);
    await this.#calmDown();
    const asked = await asking;
    await this.#program?.call('settled', SETTLE_MS);
    const entries = [
      ...(await this.#list<Entry>('messages', 'messages')),
      ...(await this.#list<Entry>('calls', 'calls')),
    ];
    const events = await this.#list<TollboardEvent>('events', 'events');
    const acceptances = [...(await simulator.call('acceptances')), ...(await simulator.call('calls'))];
    return { asked, entries, events, acceptances: acceptances.map(acceptanceOf), claims: await this.#claims(entries) };
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
      trialSid: this.#trialSid,
      perSecond: this.#schedule.perSecond,
      delivery: { statusCallback: this.#schedule.polling ? 'never' : 'always' },
    });
  }

  #until(at: number): Promise<void> {
    const { clock } = this.#stage;
    return clock.sleep(this.#begun + at - clock.now());
  }

  /** A client that asks until it is answered, or until its patience ends; always the same under the same key. */
  async #ask(sending: Sending): Promise<Asked> {
    const { clock } = this.#stage;
    const { hangsUpAfterMs, patience, cancelAfterMs } = sending;
    await this.#until(sending.at);
    const notBefore = sending.notBeforeMs === undefined ? null : clock.now() + sending.notBeforeMs;
    const asked: Asked = {
      ...sending,
      account: this.#sidOf(sending),
      notBefore,
      acknowledged: null,
      refused: null,
      canceled: [],
    };
    const request = JSON.stringify(requestOf(sending, asked));
    for (let tries = 0; tries < patience; tries += 1) {
      const hangUp = new AbortController();
      if (tries === 0 && hangsUpAfterMs !== undefined) void clock.sleep(hangsUpAfterMs).then(() => hangUp.abort());
      const answer = await this.#post(`/api/v1/${sending.kind}s`, request, { key: sending.key, signal: hangUp.signal });
      if (answer?.status === 422 || answer?.status === 403)
        return { ...asked, acknowledged: [], refused: answer.json.error?.details?.twilioCode ?? 0 };
      const entries = answer?.json.messages ?? answer?.json.calls;
      if (entries !== undefined) {
        const ids = entries.map(({ id }) => id ?? '');
        const canceled = cancelAfterMs === undefined ? [] : await this.#cancel(sending, ids, cancelAfterMs);
        return { ...asked, acknowledged: ids, canceled };
      }
      await clock.sleep(1000);
    }
    return asked;
  }

  #sidOf({ account }: Sending): string {
    return account === 'trial' ? this.#trialSid : (this.#twilio?.accountSid ?? '');
  }

  /** Asks once for each; the ids that the gateway said it had canceled. */
  async #cancel({ kind }: Sending, ids: readonly string[], afterMs: number): Promise<string[]> {
    await this.#stage.clock.sleep(afterMs);
    const canceled: string[] = [];
    for (const id of ids) {
      const answer = await this.#post(`/api/v1/${kind}s/${id}/cancel`, '{}', { expected: EXPECTED_OF_CANCEL });
      if (answer?.status === 200 && answer.json.state === 'canceled') canceled.push(id);
    }
    return canceled;
  }

  /** Null when nobody answered, or the gateway could not do it just now. */
  async #post(path: string, text: string, of: Posting = {}): Promise<Answer | null> {
    const { url, token } = this.#gateway;
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(of.key === undefined ? {} : { 'idempotency-key': of.key }),
    };
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: text, signal: of.signal ?? null })
      .then(
        async (response) => ({ status: response.status, json: (await response.json()) as Answer['json'] }),
        () => null,
      )
      .catch(() => null);
    if (answer === null || answer.status === 401 || answer.status >= 500) return null;
    if (answer.status < 300 || (of.expected ?? EXPECTED).has(answer.status)) return answer;
    throw new Error(`refused: ${path} ${JSON.stringify(answer.json)}`);
  }

  /** When the requests of each sender left, where there is a pace to keep. */
  async #claims(entries: readonly Entry[]): Promise<History['claims']> {
    if (this.#schedule.perSecond === null) return [];
    const { url, token } = this.#gateway;
    const claims: Array<History['claims'][number]> = [];
    for (const { id, kind, account } of entries) {
      const path = `${url}/api/v1/${kind}s/${id}?explain=true`;
      const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
      const { decisions } = (await answer.json()) as { decisions: Array<{ at: string; what: string }> };
      for (const { at, what } of decisions) {
        if (what === 'claimed') claims.push({ account: account ?? '', at: Date.parse(at) });
      }
    }
    return claims;
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

interface Answer {
  status: number;
  json: {
    messages?: Entry[];
    calls?: Entry[];
    state?: string;
    error?: { details?: { twilioCode?: number } };
  };
}

/** Refusals that a correct client may meet: of a recipient who opted out, of what is too late to cancel. */
const EXPECTED: ReadonlySet<number> = new Set([403, 409, 422]);
/** Whether a call can be canceled is Twilio's to say, in a storm as well. */
const EXPECTED_OF_CANCEL: ReadonlySet<number> = new Set([...EXPECTED, 429]);

interface Posting {
  key?: string;
  signal?: AbortSignal;
  /** Statuses of refusals that are no fault of the run. */
  expected?: ReadonlySet<number>;
}

function requestOf({ kind, to, body, mediaUrl, validityPeriod, onUnknown }: Sending, asked: Asked): object {
  return {
    to,
    account: asked.account,
    ...(kind === 'call' ? { twiml: twimlOf(body) } : { body, mediaUrl, validityPeriod }),
    onUnknown,
    ...(asked.notBefore === null ? {} : { notBefore: new Date(asked.notBefore).toISOString() }),
  };
}

function twimlOf(text: string): string {
  return `<Response><Say>${text}</Say></Response>`;
}

/** What the simulator took, as the checker compares it. */
function acceptanceOf(taken: PhoneMessage | PhoneCall): Acceptance {
  const { sid, accountSid: account, to, status, statusCallback } = taken;
  const of = { sid, account, to, status, calledBack: statusCallback !== null, at: Date.parse(taken.acceptedAt) };
  if (!('body' in taken)) return { ...of, kind: 'call', body: null, media: 0 };
  return { ...of, kind: 'message', body: taken.body.replace(TRIAL_PREFIX, ''), media: taken.mediaUrl.length };
}

/** Twilio puts it before every text of a trial account. */
const TRIAL_PREFIX = /^Sent from your Twilio trial account - /;

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
