/**
 * What a call is to say, at a URL of the gateway: for accounts that refuse TwiML within the request (Twilio's trial accounts
 * of 2026, code 10002). The name in the URL is signed with a key of this gateway, so that nobody can guess one.
 */

import type { Clock, Random, Store } from '../core/ports.ts';
import { createHmac } from 'node:crypto';
import { sayTwiml } from '../core/call.ts';

export interface SpokenPages {
  /** Keeps the document and tells its URL; null where Twilio cannot reach this gateway. The same `key` has the same URL. */
  publish(say: unknown, key: string): Promise<string | null>;
  /** The document of that name, or null. */
  page(name: string): Promise<string | null>;
}

export interface SpokenPagesOptions {
  store: Store;
  clock: Clock;
  random: Random;
  /** Where Twilio reaches this gateway, or null. */
  base(): string | null;
}

/** Path of the documents, before their 64 hex digits. */
export const PAGE_PATH = '/api/twiml/';

const ROOM = 'spoken-pages';
/** A call is queued for a day at most. */
const KEPT_MS = 86_400_000;

export function createSpokenPages({ store, clock, random, base }: SpokenPagesOptions): SpokenPages {
  let secret: Promise<string> | null = null;

  async function mintedSecret(): Promise<string> {
    const kept = await store.record(ROOM, 'secret');
    if (kept !== null) return String(kept.value);
    const value = random.hex(64);
    await store.keep({ put: [{ room: ROOM, key: 'secret', value, dueAt: null }] });
    return value;
  }

  return {
    async publish(say, key) {
      const address = base();
      if (address === null) return null;
      secret ??= mintedSecret().catch((error: unknown) => {
        // The next one tries again.
        secret = null;
        throw error;
      });
      const name = createHmac('sha256', await secret)
        .update(key)
        .digest('hex');
      const now = clock.now();
      const old = await store.records({ room: ROOM, prefix: 'page/', limit: 100, dueBy: now });
      await store.keep({
        put: [{ room: ROOM, key: `page/${name}`, value: sayTwiml(say), dueAt: now + KEPT_MS }],
        remove: old
          .filter((record) => record.key !== `page/${name}`)
          .map(({ room, key: gone }) => ({ room, key: gone })),
      });
      return address + PAGE_PATH + name;
    },
    async page(name) {
      const record = /^[0-9a-f]{64}$/.test(name) ? await store.record(ROOM, `page/${name}`) : null;
      return record === null || (record.dueAt ?? 0) <= clock.now() ? null : String(record.value);
    },
  };
}
