/** The simulator: an offline Twilio on a port of its own, and the object that steers it. */

import type { Clock, Logger, Random } from '../core/ports.ts';
import type { DeclaredAccount } from './accounts.ts';
import type { SimulatorControl } from './control.ts';
import type { Simulation } from './exchange.ts';
import { TollboardError } from '../core/errors.ts';
import { callerIdRecord, defaultAccounts, phoneNumberRecord } from './accounts.ts';
import { parseAccountsFile } from './accounts-file.ts';
import { armCall } from './call-life.ts';
import { createCallbackSender } from './callback-request.ts';
import { createCallbacks } from './callbacks.ts';
import { createSimulatorClock } from './clock.ts';
import { createControl } from './control.ts';
import { createCoverage } from './coverage.ts';
import { createFaults } from './faults.ts';
import { isLoopbackName } from './guard.ts';
import { createHttpServer } from './http.ts';
import { openJournal } from './journal.ts';
import { armMessage } from './message-life.ts';
import { createScenarios } from './scenarios.ts';
import { createSimulatorStore } from './store.ts';

export interface SimulatorOptions {
  clock: Clock;
  random: Random;
  /** Default 8656; 0 takes any free port. */
  port?: number;
  /** Default 127.0.0.1. Another address is refused while the usual accounts exist. */
  host?: string;
  /** Further names that the Host header may carry. */
  hosts?: readonly string[];
  /** SQLite file that keeps accounts and messages; committed before each answer. Default: memory only. */
  file?: string;
  /** The parsed accounts file; see docs/reference/simulator.md. */
  accounts?: unknown;
  /** Where a value of `accounts` stands (`file:line:column`), by its path such as `accounts[0].sid`: for errors. */
  placeOf?: (path: string) => string;
  /** Rules of trial accounts: those of the five documents (default), or those of 2026. */
  trial?: 'seeds' | '2026';
  /** Cross-origin access for web pages, the control included. Default false. */
  cors?: boolean;
  /** Requests under way per account before 429/20429. Default 1000. */
  concurrency?: number;
  /** Connections at once; more are closed. Default 2000. */
  maxConnections?: number;
  /** Messages and calls kept, each, at about 1 kB; the oldest make room. Default 500,000. */
  maxRecords?: number;
  /** What its file still has to do (phones, callbacks) waits for {@link Simulator.resume}. Default false. */
  waits?: boolean;
  logger?: Logger;
}

export interface Simulator {
  /** `http://127.0.0.1:8656`: also the base URL for clients. */
  readonly url: string;
  readonly port: number;
  /** As declared, tokens included; the first is the default account. */
  readonly accounts: readonly DeclaredAccount[];
  readonly control: SimulatorControl;
  /**
   * Sends what comes in on the declared numbers to `url`: on those that nobody gave a URL yet, and on those whose URL is
   * an earlier one of the same receiver.
   */
  pointNumbers(url: string, isEarlier: (url: string) => boolean): void;
  /** Goes on with what its phones have to do; where `waits` was set, once whoever is called back listens. */
  resume(): void;
  /** Listens again after `stop`, on the same port and with the same memory. May be called twice. */
  start(): Promise<void>;
  /** Finishes the requests under way, drops callbacks, closes. May be called twice. */
  stop(): Promise<void>;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A running simulator. Errors: `TOLLBOARD_SIMULATOR_EXPOSED`, `TOLLBOARD_SIMULATOR_INPUT_INVALID` (accounts),
 * `TOLLBOARD_SIMULATOR_FILE`, `TOLLBOARD_HTTP_LISTEN_FAILED`.
 */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock: base, random, host = '127.0.0.1', logger = SILENT } = options;
  const clock = createSimulatorClock(base);
  const file = parseAccountsFile(options.accounts ?? {}, clock.now(), options.placeOf);
  const accounts = joinAccounts(file.defaults ? defaultAccounts(clock.now()) : [], file.accounts);
  if (!isLoopbackName(host) && file.defaults)
    throw new TollboardError('TOLLBOARD_SIMULATOR_EXPOSED', { details: { host } });
  const journal = options.file === undefined ? null : openJournal(options.file);
  const sender = createCallbackSender({ base, random });
  const sim: Simulation = {
    accounts,
    trial: options.trial ?? 'seeds',
    clock,
    random,
    store: createSimulatorStore(journal, options.maxRecords ?? 500_000),
    scenarios: createScenarios(),
    faults: createFaults(),
    callbacks: createCallbacks({ sender, clock, logger }),
    logger,
    queues: new Map(),
    cursors: new Map(),
  };
  sim.scenarios.add(file.scenarios);
  for (const account of accounts) seed(sim, account);
  const coverage = createCoverage();
  const control = createControl(sim, coverage);
  const server = createHttpServer({
    sim,
    control,
    coverage,
    base,
    host,
    port: options.port ?? 8656,
    hosts: options.hosts ?? [],
    cors: options.cors ?? false,
    concurrency: options.concurrency ?? 1000,
    maxConnections: options.maxConnections ?? 2000,
  });

  async function start(): Promise<void> {
    if (server.listening()) return;
    await server.listen();
    sim.callbacks.start();
    for (const message of sim.store.messages.all()) armMessage(sim, message);
    for (const call of sim.store.calls.all()) armCall(sim, call);
    if (options.waits !== true) clock.start();
  }

  async function stop(): Promise<void> {
    clock.stop();
    // First the webhooks: a request may be waiting for one.
    sim.callbacks.stop();
    await server.close();
    await journal?.close();
  }

  function pointNumbers(url: string, isEarlier: (url: string) => boolean): void {
    for (const number of accounts.flatMap(({ sid }) => sim.store.numbers.of(sid))) {
      const untouched = number.dateUpdated === number.dateCreated;
      const fits = (now: string) => (now === '' && untouched) || isEarlier(now);
      if (fits(number.smsUrl)) number.smsUrl = url;
      if (fits(number.voiceUrl)) number.voiceUrl = url;
      sim.store.numbers.save(number);
    }
  }

  await start();
  return {
    get url() {
      return `http://${host.includes(':') ? `[${host}]` : host}:${server.port()}`;
    },
    get port() {
      return server.port();
    },
    accounts,
    control,
    pointNumbers,
    resume: () => clock.start(),
    start,
    stop,
  };
}

/** A declared account replaces the usual one of the same SID. */
function joinAccounts(usual: DeclaredAccount[], declared: DeclaredAccount[]): DeclaredAccount[] {
  const sids = new Set(declared.map(({ sid }) => sid));
  return [...usual.filter(({ sid }) => !sids.has(sid)), ...declared];
}

/** Declared numbers and caller IDs exist at every start; what was changed on them through the API stays. */
function seed(sim: Simulation, account: DeclaredAccount): void {
  const now = sim.clock.now();
  for (const declared of account.numbers) {
    const fresh = phoneNumberRecord(account.sid, declared, now);
    const known = sim.store.numbers.get(account.sid, fresh.sid);
    sim.store.numbers.save(known === null ? fresh : Object.assign(known, declared));
  }
  for (const { phoneNumber, friendlyName } of account.verified) {
    const fresh = callerIdRecord(account.sid, phoneNumber, friendlyName, now);
    if (sim.store.callerIds.get(account.sid, fresh.sid) === null) sim.store.callerIds.save(fresh);
  }
}
