/** Automations at work without a gateway: events in, calls of services out. */

import type { Automation } from '../../src/automation/definition.ts';
import type { Run } from '../../src/automation/journal.ts';
import type { ServiceCall } from '../../src/automation/run.ts';
import type { EventDraft } from '../../src/core/outbox.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { parseAutomations } from '../../src/automation/parse.ts';
import { CONSUMER, type Runner, startRunner } from '../../src/automation/runner.ts';
import { createSecrets } from '../../src/automation/secrets.ts';
import { createTemplateEngine } from '../../src/automation/template/engine.ts';
import { readSource } from '../../src/config/source.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';

const engine = createTemplateEngine({ clock: systemClock });
const folder = mkdtempSync(join(tmpdir(), 'tollboard-runner-'));
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function automations(yaml: string): Automation[] {
  const file = join(folder, 'automations.yaml');
  writeFileSync(file, yaml);
  return parseAutomations(readSource(file, {}), ({ line }) => `automations.yaml:${line}`);
}

const inbound = (Body: string): EventDraft => ({
  type: 'twilio_data_received',
  data: { From: '+15551230001', Body },
});

export const DAY = 86_400_000;

export interface Bench {
  /** What the next start reads. */
  yaml: string;
  clock: ManualClock;
  runner: Runner;
  calls: ServiceCall[];
  warnings: string[];
  /** What each warning tells beside its text. */
  facts: object[];
  quiet: string[];
  /** Stores an event. */
  event(body: string): Promise<string>;
  /** Resolves once `count` calls were made. */
  called(count: number): Promise<string[]>;
  /** Resolves once the runs of an automation have these endings. */
  endings(id: string, wanted: readonly string[]): Promise<Run[]>;
  restart(): Promise<void>;
}

/** Automations over a store in memory and a clock that stands still. */
export async function bench(yaml: string, store = createMemoryStore({ random: systemRandom })): Promise<Bench> {
  const clock = createManualClock();
  const calls: ServiceCall[] = [];
  const [warnings, quiet]: [string[], string[]] = [[], []];
  const facts: object[] = [];
  let tell: () => void = () => undefined;
  const warn = (told: object, text: string) => {
    warnings.push(text);
    facts.push(told);
  };
  const logger = { debug() {}, info() {}, warn, error() {} };
  const start = () =>
    startRunner({
      store,
      clock,
      logger,
      engine,
      automations: automations(made?.yaml ?? yaml),
      consume: (wanted) => store.subscribe(wanted ? [CONSUMER] : []),
      keepTracesMs: 90 * DAY,
      secrets: createSecrets(),
      async call(call) {
        calls.push(call);
        tell();
        if (call.service === 'fail.now') throw new Error('it failed');
        return null;
      },
      onQuiet: (id) => void quiet.push(id),
    });
  let made: Bench | null = null;
  let runner = await start();
  onTestFinished(() => runner.stop());
  made = {
    yaml,
    clock,
    get runner() {
      return runner;
    },
    calls,
    warnings,
    facts,
    quiet,
    event: async (body) => (await store.addEvent(inbound(body), false, clock.now())).id,
    async called(count) {
      while (calls.length < count) await new Promise<void>((resolve) => (tell = resolve));
      return calls.map(({ service }) => service);
    },
    async endings(id, wanted) {
      for (;;) {
        const runs = await runner.runs(id);
        if (JSON.stringify(runs.map(({ ending }) => ending)) === JSON.stringify(wanted)) return runs;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async restart() {
      await runner.stop();
      runner = await start();
    },
  };
  return made;
}

/** An automation that the text `go` fires. */
export const on = (id: string, more: string) =>
  `- {id: ${id}, trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: go}}, ${more}}\n`;
