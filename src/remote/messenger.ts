/** The Messenger over a gateway's HTTP API: durable like the gateway, and safe to repeat by its idempotency keys. */

import type { Choice, Decision, Entry, EntryKind } from '../core/entry.ts';
import type { CheckReport, Clock, Messenger, Random, Recipient, SendOptions, SendRequest } from '../core/ports.ts';
import type { GatewayClient } from './client.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { sendEach } from '../core/send-each.ts';
import { createGatewayClient } from './client.ts';
import { createFollower } from './follower.ts';

export interface RemoteMessengerOptions {
  /** Such as `http://127.0.0.1:8655`. */
  url: string;
  token: string;
  /** Asked after a 401: the token that a restarted gateway has now, or null. Default: the refusal stands. */
  newToken?: () => string | null;
  clock: Clock;
  random: Random;
}

/** A decision as the API writes it: its time in ISO 8601. */
export type ToldDecision = Omit<Decision, 'at'> & { at: string };

/** Beyond the port: what commands ask of a gateway. All throw the gateway's own errors. */
export interface RemoteMessenger extends Messenger {
  readonly client: GatewayClient;
  /** The entry with every decision, oldest first; null when unknown. */
  explain(id: string): Promise<(Entry & { decisions: ToldDecision[] }) | null>;
  cancel(id: string): Promise<Entry>;
  resolve(id: string, choice: Choice, sid?: string): Promise<Entry>;
  redact(id: string): Promise<Entry>;
  /** Ends waits and closes connections. */
  close(): void;
}

/**
 * Connects at the first use. A send whose connection broke is repeated with the same key (minted where the caller gave
 * none), so that nothing is sent twice; 503 is repeated within about 15 seconds.
 */
export function createRemoteMessenger(options: RemoteMessengerOptions): RemoteMessenger {
  const { clock, random } = options;
  const client = createGatewayClient(options);
  const follower = createFollower({ client, clock, random, fetch });

  async function fetch(id: string, signal?: AbortSignal): Promise<Entry | null> {
    return orNull(client.request<Entry>({ method: 'GET', path: pathOf(id), ...withSignal(signal) }));
  }

  async function act(id: string, verb: string, body: unknown = {}): Promise<Entry> {
    return client.request<Entry>({ method: 'POST', path: `${pathOf(id)}/${verb}`, body });
  }

  async function sendOne(request: SendRequest, idempotencyKey: string, signal?: AbortSignal): Promise<Entry[]> {
    let replayed = false;
    const answer = await client.request<Partial<Record<Plural, Entry[]>>>({
      method: 'POST',
      path: `/api/v1/${plural(request.kind)}`,
      body: bodyOf(request),
      headers: { 'idempotency-key': idempotencyKey, 'tollboard-host': request.host },
      repeatable: true,
      // What a repeat of ours is given again is the answer to this very send.
      onHeaders: (headers, repeated) => (replayed = !repeated && headers['idempotency-replayed'] === 'true'),
      ...withSignal(signal),
    });
    const entries = answer[plural(request.kind)] ?? [];
    return replayed ? entries.map((entry) => ({ ...entry, replayed: true })) : entries;
  }

  return {
    client,
    send(requests, { idempotencyKey, signal }: SendOptions = {}) {
      const key = idempotencyKey ?? random.hex(32);
      const sendKeyed = (request: SendRequest, index: number) =>
        sendOne(request, requests.length === 1 ? key : `${key}:${index}`, signal).catch((error: unknown) =>
          Promise.reject(repeatable(error, key)),
        );
      return sendEach(requests, sendKeyed, signal);
    },
    fetch,
    wait: (id, until, signal) => follower.wait(id, until, signal),
    async resource(id, { fresh = false, signal } = {}) {
      const path = `${pathOf(id)}/resource${fresh ? '?fresh=true' : ''}`;
      return orNull(client.request<Record<string, unknown> | null>({ method: 'GET', path, ...withSignal(signal) }));
    },
    async recipients(signal) {
      const answer = await client.request<{ recipients: Recipient[] }>({
        method: 'GET',
        path: '/api/v1/recipients',
        ...withSignal(signal),
      });
      return answer.recipients;
    },
    async check(signal) {
      const { ok, checks } = await client.request<CheckReport>({
        method: 'POST',
        path: '/api/v1/connectivity',
        body: {},
        repeatable: true,
        ...withSignal(signal),
      });
      return { ok, checks };
    },
    explain: (id) => orNull(client.request({ method: 'GET', path: `${pathOf(id)}?explain=true` })),
    cancel: (id) => act(id, 'cancel'),
    resolve: (id, choice, sid) => act(id, 'resolve', { choice, ...(sid === undefined ? {} : { sid }) }),
    redact: (id) => act(id, 'redact'),
    close() {
      follower.close();
      client.close();
    },
  };
}

/** A lost answer names the key of the whole send: that of one of its requests would make the repeat another one. */
function repeatable(error: unknown, idempotencyKey: string): unknown {
  if (!isTollboardError(error) || error.code !== 'TOLLBOARD_GATEWAY_ANSWER_LOST') return error;
  return new TollboardError(error.code, { stage: 'unknown', details: { ...error.details, idempotencyKey } });
}

type Plural = 'messages' | 'calls';

function plural(kind: EntryKind): Plural {
  return kind === 'call' ? 'calls' : 'messages';
}

/** Ids say what they are: `CA` is a call, anything else is looked for among the messages. */
function pathOf(id: string): string {
  return `/api/v1/${plural(id.startsWith('CA') ? 'call' : 'message')}/${encodeURIComponent(id)}`;
}

function bodyOf({ to, params, account, notBefore, onUnknown }: SendRequest): Record<string, unknown> {
  return {
    ...params,
    to,
    ...(account === undefined ? {} : { account }),
    ...(onUnknown === undefined ? {} : { onUnknown }),
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore).toISOString() }),
  };
}

function withSignal(signal?: AbortSignal): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isTollboardError(error) && error.code === 'TOLLBOARD_ENTRY_NOT_FOUND') return null;
    throw error;
  }
}
