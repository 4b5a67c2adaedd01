/** A gateway's own Twilio API for tests, with a simulator behind it, both on a clock that only the test moves. */

import type { AccountSettings, Settings } from '../../src/config/settings.ts';
import type { Clock, Logger, Store } from '../../src/core/ports.ts';
import type { RunningGateway } from '../../src/gateway.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/server.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startGateway } from '../../src/gateway.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemRandom } from '../../src/system.ts';
import { createManualClock } from './manual-clock.ts';
import { defaultSettings } from './settings.ts';
import { startSimulator } from './simulator.ts';

/** What tests of Twilio's API ask: where it answers, for whom, and what the phones saw. */
export type Twilio = Pick<Simulator, 'url' | 'accounts' | 'control'>;
export type StartTwilio = (options?: Partial<SimulatorOptions>) => Promise<Twilio>;

export interface Facade extends Twilio {
  gateway: RunningGateway;
  simulator: Simulator;
  clock: Clock;
  dataDir: string;
  /** Ends this gateway and starts another one on the same data and port; `gateway` is then the new one. */
  restart(): Promise<void>;
}

export interface FacadeOptions {
  simulator?: Partial<SimulatorOptions>;
  settings?: Partial<Settings>;
  account?: Partial<AccountSettings>;
  clock?: Clock;
  /** Kept in SQLite, for {@link Facade.restart}. Default: in memory. */
  onDisk?: boolean;
  /** Stands between the gateway and its store in memory, for what only a disk can do. */
  store?: (store: Store) => Store;
}

/** Removes data directories and stops what was started when the test ends. */
export async function startFacade(options: FacadeOptions = {}): Promise<Facade> {
  const clock = options.clock ?? createManualClock();
  const simulator = await startSimulator({ clock, ...options.simulator });
  const dataDir = mkdtempSync(join(tmpdir(), 'tollboard-facade-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const settings = settingsFor(simulator, dataDir, options);
  const start = (port = 0) =>
    startGateway(
      { ...settings, listen: { ...settings.listen, port } },
      {
        clock,
        logger: SILENT,
        // Opening SQLite takes longer than most tests; whoever restarts needs it.
        ...(options.onDisk === true
          ? {}
          : { store: (options.store ?? ((store) => store))(createMemoryStore({ random: systemRandom })) }),
      },
    );
  let gateway = await start();
  onTestFinished(() => gateway.stop());
  return {
    get url() {
      return gateway.url;
    },
    get gateway() {
      return gateway;
    },
    accounts: simulator.accounts,
    control: simulator.control,
    simulator,
    clock,
    dataDir,
    async restart() {
      const port = Number(new URL(gateway.url).port);
      await gateway.stop();
      gateway = await start(port);
    },
  };
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Every account of the simulator is one of the gateway's, as when it is the gateway's own. */
function settingsFor(simulator: Simulator, dataDir: string, { settings, account }: FacadeOptions): Settings {
  return {
    ...defaultSettings(dataDir),
    accounts: simulator.accounts.map(({ sid, authToken, apiKeys }, index) => ({
      name: index === 0 ? 'default' : sid,
      accountSid: sid,
      authTokens: [authToken],
      apiKey: apiKeys[0]?.sid ?? null,
      apiSecret: apiKeys[0]?.secret ?? null,
      baseUrl: simulator.url,
      simulated: true,
      ...(index === 0 ? account : {}),
    })),
    sender: '+15550000001',
    ...settings,
  };
}
