/** The durable Messenger: the one port of hosts and commands, over a gateway in the same process. */

import type { Entry, EntryRecord } from '../core/entry.ts';
import type { GatewayApi } from '../core/gateway-api.ts';
import type { Messenger, SendOptions, SendRequest, WaitUntil } from '../core/ports.ts';
import { entryView, reached } from '../core/entry.ts';
import { TollboardError } from '../core/errors.ts';
import { sendEach } from '../core/send-each.ts';

export interface GatewayMessenger extends Messenger {
  /** Ends the waits under way: they reject with an AbortError, as those of a closed remote messenger do. */
  close(): void;
}

/** `account`: name or SID of the account whose recipients and credentials are looked at. Default: the first one. */
export function createGatewayMessenger(gateway: GatewayApi, account?: string): GatewayMessenger {
  const waiters = new Waiters(gateway);
  return {
    send(requests: readonly SendRequest[], { idempotencyKey, signal }: SendOptions = {}): Promise<Entry[]> {
      const sendOne = async (request: SendRequest, index: number) => {
        const numbered = idempotencyKey !== undefined && requests.length > 1;
        const key = numbered ? `${idempotencyKey}:${index}` : idempotencyKey;
        const { entries, replayed } = await gateway.send(request, key === undefined ? {} : { idempotencyKey: key });
        return replayed ? entries.map((entry) => ({ ...entry, replayed: true as const })) : entries;
      };
      return sendEach(requests, sendOne, signal);
    },
    async fetch(id) {
      const record = await gateway.entry(id);
      return record === null ? null : entryView(record);
    },
    wait: (id, until, signal) => waiters.wait(id, until, signal),
    resource: (id, options) => gateway.resource(id, options),
    recipients: (signal) => gateway.recipients(account, signal),
    check: (signal) => gateway.connectivity(account, signal),
    close: () => waiters.close(),
  };
}

interface Waiting {
  seen(record: EntryRecord): void;
  fail(error: Error): void;
}

class Waiters {
  readonly #gateway: GatewayApi;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #closed: Error | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(gateway: GatewayApi) {
    this.#gateway = gateway;
  }

  /** Listens first and looks then, so that nothing falls between the two. */
  wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) throw this.#closed;
      let last: EntryRecord | null = null;
      const end = (settle: () => void) => {
        this.#forget(id, waiting);
        signal?.removeEventListener('abort', give);
        settle();
      };
      const seen = (record: EntryRecord) => {
        last = record;
        if (reached(record, until) || signal?.aborted) end(() => resolve(entryView(record)));
      };
      const look = () => {
        this.#gateway.entry(id).then((record) => {
          if (record !== null) seen(record);
          else fail(new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } }));
        }, fail);
      };
      const fail = (error: Error) => end(() => reject(error));
      const waiting: Waiting = { seen, fail };
      const give = () => (last === null ? undefined : seen(last));
      this.#remember(id, waiting);
      signal?.addEventListener('abort', give, { once: true });
      look();
    });
  }

  close(): void {
    const error = new DOMException('The messenger was closed.', 'AbortError');
    this.#closed ??= error;
    for (const { fail } of [...this.#waiting.values()].flatMap((set) => [...set])) fail(error);
  }

  /** By id, or by the SID that Twilio gave: a caller may know either. */
  #remember(id: string, waiting: Waiting): void {
    const set = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, set.add(waiting));
    this.#unsubscribe ??= this.#gateway.onCommit(({ entries }) => {
      for (const entry of entries) {
        this.#tell(entry.id, entry);
        if (entry.sid !== null) this.#tell(entry.sid, entry);
      }
    });
  }

  #tell(id: string, entry: EntryRecord): void {
    const set = this.#waiting.get(id);
    if (set !== undefined) for (const { seen } of [...set]) seen(entry);
  }

  #forget(id: string, waiting: Waiting): void {
    const set = this.#waiting.get(id);
    set?.delete(waiting);
    if (set?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
