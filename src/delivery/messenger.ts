/** The durable Messenger: the one port of hosts and commands, over a gateway in the same process. */

import type { Entry, EntryRecord } from '../core/entry.ts';
import type { GatewayApi } from '../core/gateway-api.ts';
import type { Messenger, SendOptions, SendRequest, WaitUntil } from '../core/ports.ts';
import { entryView, FINAL_STATES } from '../core/entry.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { refusedOutcome } from '../core/refusal.ts';

export function createGatewayMessenger(gateway: GatewayApi): Messenger {
  const waiters = new Waiters(gateway);
  return {
    async send(requests: readonly SendRequest[], options: SendOptions = {}): Promise<Entry[]> {
      const answers: Entry[] = [];
      for (const [index, request] of requests.entries()) {
        const { idempotencyKey } = options;
        const key =
          idempotencyKey === undefined || requests.length === 1 ? idempotencyKey : `${idempotencyKey}:${index}`;
        answers.push(...(await sendOne(gateway, request, key === undefined ? {} : { idempotencyKey: key })));
      }
      return answers;
    },
    async fetch(id) {
      const record = await gateway.entry(id);
      return record === null ? null : entryView(record);
    },
    wait: (id, until, signal) => waiters.wait(id, until, signal),
    recipients: (signal) => gateway.recipients(undefined, signal),
    check: (signal) => gateway.connectivity(undefined, signal),
  };
}

/** A single recipient that the check refuses is an outcome of its own, not an exception. */
async function sendOne(gateway: GatewayApi, request: SendRequest, options: SendOptions): Promise<Entry[]> {
  try {
    return (await gateway.send(request, options)).entries;
  } catch (error) {
    const outcome = isTollboardError(error) ? refusedOutcome(request, error.report) : null;
    if (outcome === null) throw error;
    return [outcome];
  }
}

/** True when a wait has nothing more to wait for; an entry that is held waits for a person, not for time. */
export function reached(record: Pick<EntryRecord, 'state'>, until: WaitUntil): boolean {
  return FINAL_STATES.has(record.state) || record.state === 'held' || (until === 'sent' && record.state === 'sent');
}

class Waiters {
  readonly #gateway: GatewayApi;
  readonly #waiting = new Map<string, Set<(record: EntryRecord) => void>>();
  #unsubscribe: (() => void) | null = null;

  constructor(gateway: GatewayApi) {
    this.#gateway = gateway;
  }

  async wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry> {
    const record = await this.#gateway.entry(id);
    if (record === null) throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
    if (reached(record, until) || signal?.aborted) return entryView(record);
    return new Promise((resolve) => {
      const seen = (next: EntryRecord) => {
        if (!reached(next, until)) return;
        this.#forget(record.id, seen);
        signal?.removeEventListener('abort', give);
        resolve(entryView(next));
      };
      const give = () => {
        this.#forget(record.id, seen);
        void this.#gateway.entry(record.id).then(
          (last) => resolve(entryView(last ?? record)),
          () => resolve(entryView(record)),
        );
      };
      this.#remember(record.id, seen);
      signal?.addEventListener('abort', give, { once: true });
      // What changed between the first look and the subscription.
      void this.#gateway.entry(record.id).then(
        (now) => now !== null && seen(now),
        () => undefined,
      );
    });
  }

  #remember(id: string, seen: (record: EntryRecord) => void): void {
    const set = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, set.add(seen));
    this.#unsubscribe ??= this.#gateway.onCommit(({ entries }) => {
      for (const entry of entries) for (const tell of [...(this.#waiting.get(entry.id) ?? [])]) tell(entry);
    });
  }

  #forget(id: string, seen: (record: EntryRecord) => void): void {
    const set = this.#waiting.get(id);
    set?.delete(seen);
    if (set?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
