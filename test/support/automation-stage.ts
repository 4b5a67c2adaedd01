/** A gateway with a configuration of its own over its own simulator, for automations: events in, runs and texts out. */

import type { RunView } from '../../src/core/automations.ts';
import type { Logger } from '../../src/core/ports.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { type RunningGateway, startGateway } from '../../src/gateway.ts';
import { systemClock } from '../../src/system.ts';

export const ANN = '+15551230001';

export interface Stage {
  folder: string;
  gateway: RunningGateway;
  log: string[];
  /** Sends a text, to Ann unless told otherwise: its statuses are events. */
  text(body: string, to?: string): Promise<void>;
  runs(id: string): Promise<RunView[]>;
  /** Begins a run by hand. */
  run(id: string): Promise<void>;
  /** Calls that Twilio took. */
  calls(): Promise<SimulatedCall[]>;
  /** Resolves once the runs of an automation are as wished. */
  until(id: string, wished: (runs: readonly RunView[]) => boolean): Promise<RunView[]>;
  sent(to: string): Promise<string[]>;
  /** A text or a call from a simulated phone: what became of it, and what its webhook was answered. */
  incoming(kind: 'inbound' | 'calls', fields: Record<string, string>): Promise<Incoming>;
  restart(): Promise<void>;
}

export interface SimulatedCall {
  to: string;
  url: string | null;
  twiml: string | null;
}

export interface Incoming {
  record: { sid: string; document?: string };
  webhook: { status: number | null; body: string } | null;
}

/** `files`: what the configuration names, by name. */
export async function stage(yaml: string, files: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-automations-'));
  const config = join(folder, 'tollboard.yaml');
  writeFileSync(config, yaml);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const log: string[] = [];
  const note = (facts: object, message: string) => void log.push(`${message} ${JSON.stringify(facts)}`);
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note };
  const start = async () => {
    const flags = { config, data: join(folder, 'data'), port: '0', simulatorPort: '0' };
    return startGateway(await loadSettings({ flags, env: {}, cwd: folder }), { logger });
  };
  let gateway = await start();
  onTestFinished(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (path: string, method = 'GET') => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
    const body = method === 'POST' ? { body: '{}' } : {};
    const response = await fetch(`${gateway.url}/api/v1${path}`, { method, headers, ...body });
    return (await response.json()) as Record<string, unknown>;
  };
  const runs = async (id: string) => ((await ask(`/automations/${id}/runs`)).runs ?? []) as RunView[];
  const made: Stage = {
    folder,
    get gateway() {
      return gateway;
    },
    log,
    async text(body, to = ANN) {
      const [entry] = await gateway.messenger.send([{ kind: 'message', to, params: { body }, host: 'library' }]);
      await gateway.messenger.wait(entry?.id ?? '', 'final');
    },
    runs,
    async run(id) {
      await ask(`/automations/${id}/run`, 'POST');
    },
    async calls() {
      const response = await fetch(`${gateway.simulatorUrl}/_simulator/calls`);
      return ((await response.json()) as { calls: SimulatedCall[] }).calls;
    },
    async until(id, wished) {
      for (;;) {
        const found = await runs(id);
        if (wished(found)) return found;
        await systemClock.sleep(20);
      }
    },
    async sent(to) {
      const entries = await gateway.api.entries({ kind: 'message', limit: 100, to });
      return entries.map(({ body }) => body ?? '').reverse();
    },
    async incoming(kind, fields) {
      const response = await fetch(`${gateway.simulatorUrl}/_simulator/${kind}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      });
      return (await response.json()) as Incoming;
    },
    async restart() {
      await gateway.stop();
      gateway = await start();
    },
  };
  return made;
}
