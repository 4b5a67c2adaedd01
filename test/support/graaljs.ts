/** GraalJS with ByteChef's surroundings (test/hosts/bytechef/Harness.java), for scripts that run there. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './tree.ts';

/** Where `.ci/hosts/bytechef.sh` puts the jars. */
const JARS = process.env.TOLLBOARD_GRAALJS ?? join(ROOT, '.tmp', 'graaljs');

export interface GraalJob {
  /** `today`: ByteChef's present loader, which hands a component nothing. */
  kind: 'component' | 'script' | 'definition' | 'today';
  code: string;
  input?: unknown;
  connection?: unknown;
  /** In Twilio's place. */
  upstream?: string;
  /** HTTP answers outside 200–399 come as exceptions. */
  throwing?: boolean;
}

export interface GraalAnswer {
  output?: unknown;
  error?: string;
  log?: string[];
}

export interface Graaljs {
  run(job: GraalJob): Promise<GraalAnswer>;
  stop(): Promise<void>;
}

/** What this machine lacks to run it, or null. */
export function missingForGraaljs(): string | null {
  if (spawnSync('java', ['-version']).error !== undefined) return 'java';
  if (!existsSync(JARS) || !readdirSync(JARS).some((file) => /^js-.+\.jar$/.test(file))) return 'GraalJS';
  return null;
}

export function startGraaljs(): Graaljs {
  const java = spawn('java', ['-cp', join(JARS, '*'), join(ROOT, 'test/hosts/bytechef/Harness.java')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => java.once('close', () => resolve()));
  const lines = createInterface({ input: java.stdout })[Symbol.asyncIterator]();
  return {
    async run(job) {
      java.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the harness ended');
      return JSON.parse(String(value)) as GraalAnswer;
    },
    async stop() {
      java.stdin.end();
      await exited;
    },
  };
}
