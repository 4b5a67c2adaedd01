/** Sinks at work over a store in memory: what happens is told, time is the test's. */

import type { EventType } from '../../src/core/event.ts';
import type { Store } from '../../src/core/ports.ts';
import type { SinkSettings, SinkTarget } from '../../src/core/sinks.ts';
import type { Sinks } from '../../src/sinks/sinks.ts';
import { expect, onTestFinished } from 'vitest';
import { EVENT_TYPES } from '../../src/core/event.ts';
import { createGuardedRequest } from '../../src/delivery/guarded-request.ts';
import { sinkConsumers, startSinks } from '../../src/sinks/sinks.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemRandom } from '../../src/system.ts';
import { signForm } from '../../src/twilio/signature.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { messageForm } from './webhooks.ts';

export const ACCOUNT = `AC${'0'.repeat(32)}`;
export const TOKEN = 'the token of the receiver';
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const DAY = 86_400_000;

export function sink(target: SinkTarget, more: Partial<SinkSettings> = {}): SinkSettings {
  const common = { events: EVENT_TYPES, fields: [], attempts: 3, giveUpAfterMs: DAY };
  return { name: 'shop', kind: 'twilio', target, ...common, ...more };
}

export const form = (url: string, signedUrl = url): SinkTarget => ({ via: 'form', url, signedUrl, authToken: TOKEN });

export interface SinkWorld {
  store: Store;
  clock: ManualClock;
  sinks: Sinks;
  log: Array<Record<string, unknown>>;
  tries: string[];
  /** Resolves once there were so many tries. */
  tried(count: number): Promise<void>;
  add(data: Record<string, string>, type?: EventType): Promise<{ id: string; seq: number }>;
  /** Stops, and starts on the same store. */
  restart(): Promise<void>;
}

/** Sinks over a store in memory, with a clock that stands still. */
export async function startSinkWorld(
  settings: SinkSettings[],
  given: { store?: Store; ownPorts?: number[] } = {},
): Promise<SinkWorld> {
  const clock = createManualClock();
  const store = given.store ?? createMemoryStore({ random: systemRandom });
  const watchers = new Set<() => void>();
  const note = (facts: Record<string, unknown>, message: string) => void log.push({ ...facts, message });
  const log: SinkWorld['log'] = [];
  const tries: string[] = [];
  const start = async () => {
    await store.subscribe(sinkConsumers(settings));
    return startSinks({
      sinks: settings,
      store,
      clock,
      random: { ...systemRandom, number: () => 0.5 },
      logger: { debug: note, info: note, warn: note, error: note },
      sign: signForm,
      request: createGuardedRequest({ clock, ownPorts: () => given.ownPorts ?? [] }),
      onTry(name, result) {
        tries.push(`${name} ${result}`);
        for (const watcher of watchers) watcher();
      },
    });
  };
  const world: SinkWorld = {
    store,
    clock,
    sinks: await start(),
    log,
    tries,
    tried: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (tries.length < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    add: (data, type = 'twilio_data_received') => store.addEvent({ type, data }, false, clock.now()),
    async restart() {
      await world.sinks.stop();
      world.sinks = await start();
    },
  };
  onTestFinished(async () => {
    await world.sinks.stop();
    await store.close();
  });
  return world;
}

/** An inbound text's data. */
export const text = (body: string) => ({ ...messageForm(ACCOUNT, { Body: body }), webhook_id: 'a'.repeat(64) });
export const view = async ({ sinks }: SinkWorld) => (await sinks.sinks())[0];
/** Until the sink waits for its next try: it and the timer of nothing else sleep. */
export const waits = async (world: SinkWorld) => {
  await world.clock.untilSleeping(1);
  expect(await view(world)).toMatchObject({ state: 'retrying' });
};
