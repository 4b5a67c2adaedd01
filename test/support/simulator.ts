/** A simulator for tests: any free port, a clock that only the test moves, stopped when the test ends. */

import type { Simulator, SimulatorOptions } from '../../src/simulator/server.ts';
import { onTestFinished } from 'vitest';
import { createSimulator } from '../../src/simulator/server.ts';
import { systemRandom } from '../../src/system.ts';
import { createManualClock } from './manual-clock.ts';
import { expectTwilioAnswer } from './twilio-openapi.ts';

export const FROM = '+15550000001';
export const PHONE = '+15551112222';

/** Time stands at noon of 1 July 2026 until {@link pass} moves it. */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({ clock: createManualClock(), random: systemRandom, port: 0, ...options });
  onTestFinished(() => simulator.stop());
  return simulator;
}

/** Lets time pass on the simulator's clock and waits until every callback that it caused has ended. */
export async function pass(simulator: Pick<Simulator, 'control'>, ms: number): Promise<void> {
  await simulator.control.clock.move({ advanceMs: ms, settle: true });
}

export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever members the test asks it for
  json: any;
}

/** One request to the simulated API as any HTTP client makes it; the answer is judged by Twilio's OpenAPI. */
export async function ask(
  simulator: Pick<Simulator, 'url' | 'accounts'>,
  method: string,
  path: string,
  {
    form,
    account = 0,
    authorization,
  }: { form?: Array<[string, string]>; account?: number; authorization?: string | null } = {},
): Promise<RawAnswer> {
  const declared = simulator.accounts[account];
  const basic = `Basic ${Buffer.from(`${declared?.sid}:${declared?.authToken}`).toString('base64')}`;
  const full = path.startsWith('/') ? path : `/2010-04-01/Accounts/${declared?.sid}/${path}`;
  const response = await fetch(`${simulator.url}${full}`, {
    method,
    redirect: 'manual',
    headers: authorization === null ? {} : { authorization: authorization ?? basic },
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  if (response.status < 300 || response.status >= 400) expectTwilioAnswer(method, full, response.status, text);
  return { status: response.status, headers: response.headers, text, json: text === '' ? null : JSON.parse(text) };
}
