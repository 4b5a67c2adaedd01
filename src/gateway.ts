/** The composition root: settings in, a started gateway out. The only file that knows every part. */

import type { AccountSettings, Settings } from './config/settings.ts';
import type { GatewayApi } from './core/gateway-api.ts';
import type { WebhookView } from './core/inbound.ts';
import type { Clock, Logger, Messenger, Random, Store } from './core/ports.ts';
import type { Delivery, DeliveryOptions } from './delivery/delivery.ts';
import type { Simulator } from './simulator/server.ts';
import type { TwilioClient } from './twilio/client.ts';
import type { Transport } from './twilio/transport.ts';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { startAutomations } from './automations.ts';
import { isLoopbackHost } from './core/base-url.ts';
import { TollboardError } from './core/errors.ts';
import { WEBHOOK_PATH } from './core/inbound.ts';
import { chooseAccount } from './delivery/accept.ts';
import { createCreateWaits } from './delivery/create-waits.ts';
import { startDelivery } from './delivery/delivery.ts';
import { createFacadeGateway } from './delivery/facade-gateway.ts';
import { createGatewayService } from './delivery/gateway-service.ts';
import { createGuardedRequest } from './delivery/guarded-request.ts';
import { createLateChanges } from './delivery/late-changes.ts';
import { createGatewayMessenger } from './delivery/messenger.ts';
import { createHostRunners } from './host-runners.ts';
import { createInboundGateway, webhookIdOf } from './inbound/inbound-gateway.ts';
import { createAccountProof } from './server/account-proof.ts';
import { createServer } from './server/app.ts';
import { createMeters } from './server/meters.ts';
import { createTokens } from './server/tokens.ts';
import { createSimulator } from './simulator/server.ts';
import { sinkConsumers, startSinks } from './sinks/sinks.ts';
import { createCopies } from './store/sqlite/copies.ts';
import { lockDataDirectory } from './store/sqlite/lock.ts';
import { createSqliteStore } from './store/sqlite/store.ts';
import { systemClock, systemRandom } from './system.ts';
import { listedResource, statusFact } from './twilio/answers.ts';
import { createTwilioClient } from './twilio/client.ts';
import { signedDigest, signForm, verifySignature } from './twilio/signature.ts';
import { createUndiciTransport } from './twilio/undici-transport.ts';
import { version } from './version.ts';

export interface GatewayOptions {
  /** Default: the system's. */
  clock?: Clock;
  /** Default: the system's. */
  random?: Random;
  /** Default: pino, warnings and worse, to standard error. */
  logger?: Logger;
  /** Closed with the gateway. Default: SQLite in the data directory. */
  store?: Store;
  /** Pages the database may grow to; default: as the disk allows. */
  maxPageCount?: number;
  /** Milliseconds until a request without an answer counts as lost. Default 30,000. */
  requestTimeoutMs?: number;
}

export interface RunningGateway {
  readonly url: string;
  /** The local token of this start. */
  readonly token: string;
  readonly simulatorUrl: string | null;
  /** Where Twilio sends what comes in; null where nothing could be verified (no account has an auth token). */
  readonly webhookUrl: string | null;
  /** The same with what keeps webhooks from coming in. */
  readonly webhook: WebhookView;
  /** True when the default account is one of our own simulator. */
  readonly simulated: boolean;
  readonly api: GatewayApi;
  readonly messenger: Messenger;
  /** Where status callbacks of each account come in, or null where statuses come by polling. */
  readonly callbackUrls: ReadonlyMap<string, string | null>;
  /** Stops taking requests, lets those under way end, closes everything. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway on a data directory that no other gateway holds. Throws `TOLLBOARD_DATA_IN_USE`,
 * `TOLLBOARD_CONFIG_ACCOUNT_MISSING`, `TOLLBOARD_CONFIG_REAL_DATA`, `TOLLBOARD_HTTP_LISTEN_FAILED` and the store's
 * errors; whatever had been started is stopped again before it throws.
 */
export async function startGateway(settings: Settings, options: GatewayOptions = {}): Promise<RunningGateway> {
  const parts = new Parts();
  try {
    return await compose(settings, options, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function compose(settings: Settings, options: GatewayOptions, parts: Parts): Promise<RunningGateway> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const logger: Logger = options.logger ?? pino({ level: 'warn' }, pino.destination(2));
  const lock = await lockDataDirectory(settings.dataDir);
  parts.add(() => lock.release());
  const store =
    options.store ??
    (await createSqliteStore({
      file: join(settings.dataDir, 'tollboard.sqlite'),
      random,
      ...(options.maxPageCount === undefined ? {} : { maxPageCount: options.maxPageCount }),
    }));
  parts.add(() => store.close());

  const simulator = await startOwnSimulator(settings, store, { clock, random, logger });
  if (simulator !== null) parts.add(() => simulator.stop());
  const accounts = simulator === null ? settings.accounts : simulatedAccounts(simulator);
  if (simulator !== null) refuseWellKnownTokens(settings.listen.host, accounts);
  for (const account of accounts) await store.noteAccount(account.accountSid, account.simulated, clock.now());

  const transport = createUndiciTransport({ clock, environment: process.env });
  parts.add(() => transport.close());
  const clients = new Map(
    accounts.map((account) => [account.accountSid, clientOf(account, transport, clock, options)]),
  );
  const bySid = new Map(accounts.map((account) => [account.accountSid, account]));
  const tokens = createTokens({ store, clock, random });
  const copies = await createCopies(store, settings.dataDir, { clock, random });
  const meters = createMeters(() => store.counts());
  const callbackUrls = new Map<string, string | null>();
  const callbackBaseOf = (account: string) => callbackUrls.get(account) ?? null;
  const late = createLateChanges({ store, clock, logger });
  parts.add(() => late.stop());
  const waits = createCreateWaits({ store, clock });
  const facade = createFacadeGateway({
    store,
    clock,
    accounts: clients,
    tokened: new Set(accounts.filter((a) => a.authTokens.length > 0).map((a) => a.accountSid)),
    waits,
    late,
    answerWithinMs: settings.facade.answerWithinMs,
    statusOf: statusFact,
    listedOf: listedResource,
  });
  const addresses: Addresses = { own: '', public: settings.publicUrl };
  const webhookId = await webhookIdOf(store, random);
  const inbound = createInboundGateway({
    store,
    clock,
    logger,
    webhookId,
    accounts,
    chooseAccount: (wanted) => chooseAccount(accounts, wanted),
    clients,
    addressOf: (account) => webhookAddress(bySid.get(account), addresses),
    verify(account, { pathAndQuery, fields, json, signature }) {
      const url = webhookBase(bySid.get(account), addresses) + pathAndQuery;
      const authTokens = bySid.get(account)?.authTokens ?? [];
      const rawBody = json === undefined ? {} : { rawBody: json };
      return signedDigest({ url, fields, signature, authTokens, ...rawBody });
    },
    replier: (event, signal) => automations.replier(event, signal),
    onReceived: meters.received,
  });
  let delivery: Delivery | null = null;
  const api = createGatewayService({
    store,
    accounts: clients,
    accept: {
      accounts,
      onUnknown: settings.delivery.onUnknown,
      clock,
      random,
      onAccepting: () => delivery?.hurry(),
    },
    sender: settings.sender,
    logger,
    verify(account, pathAndQuery, fields, signature) {
      const base = callbackBaseOf(account);
      const authTokens = bySid.get(account)?.authTokens ?? [];
      return base !== null && verifySignature({ url: base + pathAndQuery, fields, signature, authTokens });
    },
    late,
    onCallback: meters.calledBack,
    backup: copies.make,
    facade,
    inbound,
    issueToken: tokens.issue,
    tokens: tokens.list,
    revokeToken: tokens.revoke,
    authorize: tokens.authorize,
    proveAccount: createAccountProof(accounts),
    metrics: meters.text,
  });

  const hosts = createHostRunners(api, clock);
  parts.add(() => hosts.close());
  const messenger = createGatewayMessenger(api);
  parts.add(() => messenger.close());
  /** Our own, which no URL of a request may lead to. */
  const ownPorts: number[] = [settings.listen.port, ...(simulator === null ? [] : [simulator.port])];
  const guarded = createGuardedRequest({ ownPorts: () => ownPorts, clock });
  // All of them at once: whoever is left out of a subscription loses its place.
  const consumers = new Set<string>(sinkConsumers(settings.sinks));
  const consume = async (consumer: string, wanted: boolean) => {
    if (wanted) consumers.add(consumer);
    else consumers.delete(consumer);
    await store.subscribe([...consumers]);
  };
  const automations = await startAutomations({
    consume,
    settings: settings.automation,
    keepTracesMs: settings.retention.eventsMs,
    accountSid: accounts[0]?.accountSid ?? '',
    store,
    messenger,
    clock,
    random,
    base: () => callbackBaseOf(accounts[0]?.accountSid ?? ''),
    logger,
    request: ({ body, ...request }) => guarded({ ...request, ...(body === null ? {} : { body }) }),
  });
  parts.add(() => automations.stop());
  const sinks = await startSinks({
    sinks: settings.sinks,
    store,
    clock,
    random,
    logger,
    sign: signForm,
    request: ({ headers, ...request }) =>
      guarded({ ...request, headers: { ...headers, 'user-agent': `tollboard/${version}` }, statusOnly: true }),
    onTry: meters.handedOn,
  });
  parts.add(() => sinks.stop());

  const server = await createServer({
    gateway: api,
    hosts: hosts.byName,
    automations,
    sinks,
    listen: settings.listen,
    publicUrl: settings.publicUrl,
    logger,
    clock,
    random,
    version,
    simulated: () => simulator !== null,
  });
  parts.add(() => server.close());
  // Once more, so that it stops before the server: nobody then calls back a server that is gone.
  if (simulator !== null) parts.add(() => simulator.stop());
  addresses.own = server.url;
  simulator?.pointNumbers(inbound.webhook().url, (url) => url.endsWith(WEBHOOK_PATH + webhookId));
  for (const account of accounts) callbackUrls.set(account.accountSid, callbackBase(account, settings, server.url));
  // Not before: what it calls back with would find nobody.
  simulator?.resume();

  ownPorts.push(server.port);
  const started = await startDelivery({
    store,
    accounts: clients,
    clock,
    random,
    logger,
    concurrency: settings.delivery.concurrency,
    windowMs: settings.delivery.resolveWindowMs,
    retention: settings.retention,
    claim: claimOptions(accounts, settings, callbackUrls),
    callbackBase: callbackBaseOf,
    sign(account, url, fields, kind) {
      const token = bySid.get(account)?.authTokens[0];
      return token === undefined ? null : signForm(url, fields, token, kind);
    },
    post: async (url, body, headers, signal) =>
      (await guarded({ method: 'POST', url, body, headers, statusOnly: true, signal })).status,
    waits,
    onResult: meters.created,
  });
  delivery = started;
  parts.add(() => started.stop());
  await announce(settings.dataDir, {
    url: server.url,
    token: tokens.local,
    pid: process.pid,
    simulatorUrl: simulator?.url ?? null,
  });
  parts.add(() => rm(join(settings.dataDir, 'gateway.json'), { force: true }));

  return {
    url: server.url,
    token: tokens.local,
    simulatorUrl: simulator?.url ?? null,
    webhookUrl: accounts.some(({ authTokens }) => authTokens.length > 0) ? inbound.webhook().url : null,
    webhook: inbound.webhook(),
    simulated: simulator !== null,
    api,
    messenger,
    callbackUrls,
    stop: () => parts.stop(),
  };
}

/**
 * Our own simulator, where it is asked for or nothing else is configured. Never over the data of a real account: a
 * forgotten credential must not turn real texts into simulated ones.
 */
async function startOwnSimulator(
  settings: Settings,
  store: Store,
  world: { clock: Clock; random: Random; logger: Logger },
): Promise<Simulator | null> {
  const { mode, port, accounts: declared } = settings.simulator;
  if (mode === 'never' || (mode === 'auto' && settings.accounts.length > 0)) {
    if (settings.accounts.length === 0) throw new TollboardError('TOLLBOARD_CONFIG_ACCOUNT_MISSING');
    return null;
  }
  const real = (await store.accounts()).find(({ simulated }) => !simulated);
  if (mode === 'auto' && real !== undefined)
    throw new TollboardError('TOLLBOARD_CONFIG_REAL_DATA', {
      details: { dir: settings.dataDir, account: real.account },
    });
  return createSimulator({
    ...world,
    port,
    file: join(settings.dataDir, 'simulator.sqlite'),
    waits: true,
    trial: settings.simulator.trial,
    ...(declared === null ? {} : { accounts: declared.value, placeOf: declared.placeOf }),
  });
}

/** The token that every simulator has by default (interface §8); not secret, so only for this machine. */
const WELL_KNOWN_TOKEN = '1'.repeat(32);

function refuseWellKnownTokens(host: string, accounts: readonly AccountSettings[]): void {
  if (isLoopbackHost(host) || !accounts.some(({ authTokens }) => authTokens.includes(WELL_KNOWN_TOKEN))) return;
  throw new TollboardError('TOLLBOARD_CONFIG_DEFAULT_CREDENTIALS', { details: { host } });
}

function simulatedAccounts(simulator: Simulator): AccountSettings[] {
  return simulator.accounts.map((account, index) => ({
    name: index === 0 ? 'default' : account.sid,
    accountSid: account.sid,
    authTokens: [account.authToken],
    apiKey: null,
    apiSecret: null,
    baseUrl: simulator.url,
    simulated: true,
    numbers: account.numbers.map(({ phoneNumber }) => phoneNumber),
  }));
}

/**
 * Where Twilio reaches us: our own simulator over loopback, everybody else by `public_url` if it is one that Twilio
 * takes (https, no underscore in the host). `status_callback: always` uses what there is.
 */
function callbackBase(account: AccountSettings, settings: Settings, ownUrl: string): string | null {
  if (account.simulated) return ownUrl;
  if (account.authTokens.length === 0) return null;
  const { publicUrl } = settings;
  if (settings.delivery.statusCallback === 'always') return publicUrl ?? ownUrl;
  if (publicUrl === null) return null;
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' && !hostname.includes('_') ? publicUrl : null;
}

interface Addresses {
  own: string;
  public: string | null;
}

/** Where this account's Twilio sends what comes in: our own simulator over loopback, everybody else to `public_url`. */
function webhookBase(account: AccountSettings | undefined, addresses: Addresses): string {
  return account?.simulated === true ? addresses.own : (addresses.public ?? addresses.own);
}

function webhookAddress(account: AccountSettings | undefined, addresses: Addresses) {
  // A Twilio on this machine, such as a simulator that runs by itself, needs no public address.
  const near = account !== undefined && isLoopbackHost(new URL(account.baseUrl).hostname);
  const reachable = account?.simulated === true || addresses.public !== null || near;
  return { base: webhookBase(account, addresses), reachable };
}

function claimOptions(
  accounts: readonly AccountSettings[],
  settings: Settings,
  callbackUrls: ReadonlyMap<string, string | null>,
): DeliveryOptions['claim'] {
  const configured: Record<string, number> = {};
  for (const { accountSid } of accounts) {
    for (const [sender, { perSecond }] of Object.entries(settings.senders))
      configured[`${accountSid}/${sender}`] = perSecond;
  }
  return {
    configured,
    callbackMode: settings.delivery.statusCallback,
    callbackReachable: true,
    unsigned: accounts.map((a) => a.accountSid).filter((sid) => callbackUrls.get(sid) === null),
  };
}

function clientOf(account: AccountSettings, transport: Transport, clock: Clock, options: GatewayOptions): TwilioClient {
  const { requestTimeoutMs } = options;
  return createTwilioClient(account, {
    transport,
    clock,
    userAgent: `tollboard/${version}`,
    ...(requestTimeoutMs === undefined ? {} : { timeoutMs: requestTimeoutMs }),
  });
}

/** `gateway.json`: how commands of the same user find this gateway. Written whole, readable by its owner only. */
async function announce(dataDir: string, gateway: Record<string, unknown>): Promise<void> {
  const file = join(dataDir, 'gateway.json');
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(gateway)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

/** What was started, stopped in the reverse order and only once. */
class Parts {
  readonly #stops: Array<() => Promise<void> | void> = [];
  #stopped: Promise<void> | null = null;

  add(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  /** Everything is stopped, whatever fails on the way; the first failure is told at the end. */
  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
