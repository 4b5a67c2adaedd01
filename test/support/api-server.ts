/** The real server over the real service and a store in memory; only Twilio is a double, at the outer boundary. */

import type { AutomationGateway } from '../../src/core/automations.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { GatewayApi } from '../../src/core/gateway-api.ts';
import type { InboundRequest, Replier } from '../../src/core/inbound.ts';
import type { Fact } from '../../src/core/outbox.ts';
import type { Clock, Random, Store } from '../../src/core/ports.ts';
import type { SinkGateway } from '../../src/core/sinks.ts';
import type { RelayingClient } from '../../src/delivery/facade-gateway.ts';
import type { AccountClient } from '../../src/delivery/gateway-service.ts';
import type { NumberClient, OwnedNumber } from '../../src/inbound/numbers.ts';
import type { RunningServer, ServerOptions } from '../../src/server/app.ts';
import { TollboardError } from '../../src/core/errors.ts';
import { createCreateWaits } from '../../src/delivery/create-waits.ts';
import { createFacadeGateway } from '../../src/delivery/facade-gateway.ts';
import { createGatewayService } from '../../src/delivery/gateway-service.ts';
import { createLateChanges } from '../../src/delivery/late-changes.ts';
import { createInboundGateway } from '../../src/inbound/inbound-gateway.ts';
import { createAccountProof } from '../../src/server/account-proof.ts';
import { createServer } from '../../src/server/app.ts';
import { createMeters } from '../../src/server/meters.ts';
import { createTokens } from '../../src/server/tokens.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { signedDigest } from '../../src/twilio/signature.ts';
import { type CheckedFetch, checkedFetch } from './openapi.ts';
import { NO_AUTOMATION_GATEWAY, NO_SINK_GATEWAY } from './settings.ts';

export const ACCOUNT = `AC${'0'.repeat(32)}`;
export const AUTH_TOKEN = 'the auth token of the account';
export const SENDER = '+15550000001';
/** The one in Home Assistant's document. */
export const WEBHOOK_ID = '9940e99a26fae4dcf6fe0a478124b6b58b578ea4c55c9a584beb1c9f5057bb91';
export const WEBHOOK = `/api/webhook/${WEBHOOK_ID}`;
/** The only signature that the double of the verifier takes. */
export const SIGNATURE = 'genuine';

export interface ApiServerOptions {
  limits?: ServerOptions['limits'];
  clock?: Clock;
  random?: Random;
  publicUrl?: string;
  hosts?: string[];
  port?: number;
  store?: Store;
  /** Replaces single methods of the gateway: for faults that only the outside can cause. */
  gateway?: Partial<GatewayApi>;
  twilio?: Partial<AccountClient>;
  replier?: Replier;
  /** What the account owns; connecting changes them in place. */
  numbers?: OwnedNumber[];
  automations?: AutomationGateway;
  sinks?: SinkGateway;
}

export interface ApiServer {
  readonly server: RunningServer;
  readonly url: string;
  readonly token: string;
  readonly store: Store;
  readonly gateway: GatewayApi;
  /** What was logged as a warning or an error. */
  readonly log: Array<{ level: string; message: string; facts: Record<string, unknown> }>;
  /** With the local token, checked against OpenAPI. */
  readonly fetch: CheckedFetch;
  /** The same without a token. */
  readonly anonymous: CheckedFetch;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const store = options.store ?? createMemoryStore({ random });
  const tokens = createTokens({ store, clock, random });
  const log: ApiServer['log'] = [];
  const note = (level: string) => (facts: Record<string, unknown>, message: string) =>
    void log.push({ level, message, facts });
  const logger = { debug: () => undefined, info: () => undefined, warn: note('warn'), error: note('error') };
  const accounts = new Map([[ACCOUNT, { ...twilioDouble(), ...options.twilio }]]);
  const late = createLateChanges({ store, clock, logger });
  const account = { name: 'default', accountSid: ACCOUNT, simulated: true, authTokens: [AUTH_TOKEN] };
  let own = '';
  const address = () => options.publicUrl ?? own;
  const gateway: GatewayApi = {
    ...createGatewayService({
      store,
      accounts,
      accept: {
        accounts: [{ name: 'default', accountSid: ACCOUNT, simulated: true }],
        onUnknown: 'resend',
        clock,
        random,
      },
      sender: SENDER,
      logger,
      verify: (_account, _path, _fields, signature) => signature === SIGNATURE,
      late,
      facade: createFacadeGateway({
        store,
        clock,
        accounts,
        tokened: new Set(accounts.keys()),
        waits: createCreateWaits({ store, clock }),
        late,
        answerWithinMs: 0,
        statusOf: () => null,
        listedOf: () => null,
      }),
      inbound: createInboundGateway({
        store,
        clock,
        logger,
        webhookId: WEBHOOK_ID,
        accounts: [account],
        chooseAccount: () => account,
        clients: new Map([[ACCOUNT, numberDouble(options.numbers ?? [])]]),
        addressOf: () => ({ base: address(), reachable: true }),
        verify: (_account, request) => proofOf(address(), request),
        replier: options.replier ?? null,
        onReceived: () => undefined,
      }),
      onCallback: () => undefined,
      async backup() {
        throw new TollboardError('TOLLBOARD_STORE_IN_MEMORY');
      },
      issueToken: tokens.issue,
      tokens: tokens.list,
      revokeToken: tokens.revoke,
      authorize: tokens.authorize,
      proveAccount: createAccountProof([
        { accountSid: ACCOUNT, authTokens: [AUTH_TOKEN], apiKey: null, apiSecret: null },
      ]),
      metrics: createMeters(() => store.counts()).text,
    }),
    ...options.gateway,
  };
  const server = await createServer({
    gateway,
    automations: options.automations ?? NO_AUTOMATION_GATEWAY,
    sinks: options.sinks ?? NO_SINK_GATEWAY,
    hosts: new Map(),
    listen: { host: '127.0.0.1', port: options.port ?? 0, hosts: options.hosts ?? [] },
    publicUrl: options.publicUrl ?? null,
    logger,
    clock,
    random,
    version: '0.0.0-test',
    simulated: () => true,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const { url } = server;
  own = url;
  const authorized = checkedFetch(url, { headers: { authorization: `Bearer ${tokens.local}` } });
  return {
    server,
    url,
    token: tokens.local,
    store,
    gateway,
    log,
    fetch: authorized,
    anonymous: checkedFetch(url),
    post: (path, body, headers = {}) =>
      authorized(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    async close() {
      await server.close();
      await store.close();
    },
  };
}

export interface Refusal {
  status: number;
  code: string;
  kind: string;
  message: string;
  remedy: string;
  details: Record<string, unknown>;
  requestId: string;
}

export async function refusal(response: Response | Promise<Response>): Promise<Refusal> {
  const answer = await response;
  return { ...((await answer.json()) as { error: Omit<Refusal, 'status'> }).error, status: answer.status };
}

/** Sends texts; throws unless they were accepted. */
export async function accept(api: ApiServer, body: object, headers?: Record<string, string>): Promise<Entry[]> {
  const answer = await api.post('/api/v1/messages', body, headers);
  if (answer.status !== 202) throw new Error(`not accepted: ${await answer.text()}`);
  return ((await answer.json()) as { messages: Entry[] }).messages;
}

/** What delivery would do. */
export async function move(api: ApiServer, id: string, ...facts: Fact[]): Promise<void> {
  for (const fact of facts) await api.store.apply([{ key: { id }, fact }], Date.now());
}

export const claimed: Fact = { type: 'claimed', callbackMode: 'own' };

/** Twilio took it. */
export function taken(sid: string): Fact {
  return { type: 'accepted', sid, status: 'queued', errorCode: null, errorMessage: null };
}

function proofOf(base: string, { pathAndQuery, fields, signature, json }: InboundRequest): string | null {
  const url = base + pathAndQuery;
  const rawBody = json === undefined ? {} : { rawBody: json };
  return signedDigest({ url, fields, signature, authTokens: [AUTH_TOKEN], ...rawBody });
}

/** The form's names are those of Twilio: `SmsUrl` for `smsUrl`. */
function numberDouble(numbers: OwnedNumber[]): NumberClient {
  return {
    accountSid: ACCOUNT,
    incomingPhoneNumbers: async () => structuredClone(numbers),
    async updateIncomingPhoneNumber(sid, form) {
      const number = numbers.find((one) => one.sid === sid);
      const changes = form.map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value || null]);
      Object.assign(number ?? {}, Object.fromEntries(changes));
    },
  };
}

/** Nothing is delivered here: only what the routes themselves ask of Twilio has an answer. */
function twilioDouble(): AccountClient & RelayingClient {
  const never = () => Promise.reject(new Error('nothing is delivered in this test'));
  return {
    accountSid: ACCOUNT,
    create: never,
    fetch: never,
    fetchResource: never,
    list: never,
    cancel: never,
    redact: never,
    recipients: async () => [{ sid: `PN${'0'.repeat(32)}`, phoneNumber: '+15550100001', friendlyName: 'Ann' }],
    ownedNumbers: async () => [SENDER],
    probe: async () => undefined,
    relay: never,
  };
}
