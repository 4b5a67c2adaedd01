/** Starts the callers of `client-load.ts` in a process of their own, so that only the gateway's time is measured. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Clients {
  /** Sends every text once; the ids of those that the gateway accepted. */
  send(): Promise<string[]>;
  stop(): void;
}

export function startClients(url: string, token: string, size: { count: number; concurrency: number }): Clients {
  const file = fileURLToPath(new URL('./client-load.ts', import.meta.url));
  const args = [file, url, token, String(size.count), String(size.concurrency)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    async send() {
      const answer = new Promise<string>((resolve, reject) => {
        lines.once('line', resolve);
        child.once('exit', (code) => reject(new Error(`The callers ended with ${code}.`)));
      });
      child.stdin.write('go\n');
      return JSON.parse(await answer) as string[];
    },
    stop: () => void child.kill(),
  };
}
