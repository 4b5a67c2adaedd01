/** A simulator and a messenger over it, on one clock: the ground on which messengers are judged. */

import type { AccountSettings, Settings } from '../../src/config/settings.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Clock, Logger, Messenger } from '../../src/core/ports.ts';
import type { RunningGateway } from '../../src/gateway.ts';
import type { PhoneMessage } from '../../src/simulator/control.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/server.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../../src/gateway.ts';
import { createSimulator } from '../../src/simulator/server.ts';
import { systemRandom } from '../../src/system.ts';
import { createDrivenClock, type DrivenClock } from './driven-clock.ts';
import { defaultSettings } from './settings.ts';

/** A messenger under test. Its start and its end are the implementation's own; all else is judged alike. */
export interface Implementation {
  name: string;
  start(settings: Settings, clock: Clock): Promise<StartedMessenger>;
  /** Tests that do not apply, by name, each with the reason. */
  skips: Readonly<Record<string, string>>;
}

export interface StartedMessenger {
  messenger: Messenger;
  /** The entry once its first request to Twilio has ended, however it ended. */
  tried(entry: Entry): Promise<Entry>;
  close(): Promise<void>;
}

export interface World extends StartedMessenger {
  simulator: Simulator;
  clock: DrivenClock;
  /** What Twilio took, in order. */
  taken(): PhoneMessage[];
}

export interface Setup {
  simulator?: Partial<SimulatorOptions>;
  account?: Partial<AccountSettings>;
}

export const SENDER = '+15550000001';
/** Times real time, always. */
const PACE = 5;

/** A simulator, and over it what the implementation starts, on one clock that runs {@link PACE} times as fast. */
export async function startWorld(implementation: Pick<Implementation, 'start'>, setup: Setup): Promise<World> {
  const clock = createDrivenClock();
  clock.run(PACE);
  const simulator = await createSimulator({ clock, random: systemRandom, port: 0, ...setup.simulator });
  const dataDir = mkdtempSync(join(tmpdir(), 'tollboard-messenger-'));
  const started = await implementation.start(settingsFor(simulator, dataDir, setup.account), clock);
  return {
    ...started,
    simulator,
    clock,
    taken: () => simulator.control.messages().messages,
    async close() {
      await started.close();
      await simulator.stop();
      clock.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A gateway over the simulator: what both the durable and the remote messenger stand on. */
export async function startTestGateway(
  settings: Settings,
  clock: Clock,
): Promise<{ gateway: RunningGateway; tried: StartedMessenger['tried'] }> {
  const gateway = await startGateway(settings, { clock, logger: SILENT });
  const { api } = gateway;
  return {
    gateway,
    async tried(entry) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = async () => {
        const record = await api.entry(entry.id ?? '');
        if (record !== null && record.attempts > 0 && record.state !== 'sending') resolve();
      };
      const forget = api.onCommit(() => void look());
      await look();
      await promise;
      forget();
      return (await gateway.messenger.fetch(entry.id ?? '')) ?? entry;
    },
  };
}

function settingsFor(simulator: Simulator, dataDir: string, change: Partial<AccountSettings> = {}): Settings {
  const accounts = simulator.accounts.slice(0, 2).map(
    ({ sid, authToken }, index): AccountSettings => ({
      name: index === 0 ? 'default' : 'trial',
      accountSid: sid,
      authTokens: [authToken],
      apiKey: null,
      apiSecret: null,
      baseUrl: simulator.url,
      simulated: true,
      ...(index === 0 ? change : {}),
    }),
  );
  return { ...defaultSettings(dataDir), accounts, sender: SENDER };
}
