/** Starts the bare Twilio of `mock-twilio.ts`, or another mock, in a process of its own. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export async function startMock(
  latencyMs: number,
  { file = 'mock-twilio.ts', args = [] }: { file?: string; args?: readonly string[] } = {},
): Promise<{ url: string; process: ChildProcess }> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [program, String(latencyMs), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', () => reject(new Error('The mock ended before it was ready.')));
  });
  return { url: (JSON.parse(line) as { url: string }).url, process: child };
}
