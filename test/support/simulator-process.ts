/** A program: the simulator in a process of its own, on a clock that the test drives. */

import type { PhoneCall, PhoneMessage } from '../../src/simulator/control.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import type { ClockReading, DrivenClock } from './driven-clock.ts';
import type { TwilioAddress } from './gateway-process.ts';
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { createSimulator } = await import('../../src/simulator/server.ts');
const { systemRandom } = await import('../../src/system.ts');
const { createDrivenClock } = await import('./driven-clock.ts');
const { answerCalls } = await import('./process-calls.ts');

export interface SimulatorStart {
  clock: ClockReading;
}

let simulator: Simulator | null = null;
let clock: DrivenClock | null = null;

const calls = {
  /** A fresh Twilio with nothing in it; an earlier one is gone. */
  async open({ clock: reading }: SimulatorStart): Promise<TwilioAddress & { trialSid: string }> {
    await calls.close();
    clock = createDrivenClock(reading);
    simulator = await createSimulator({ clock, random: systemRandom, port: 0 });
    const [full, trial] = simulator.accounts;
    if (full === undefined || trial === undefined) throw new Error('the simulator lacks an account');
    return { url: simulator.url, accountSid: full.sid, trialSid: trial.sid, authToken: full.authToken };
  },
  async close(): Promise<void> {
    await simulator?.stop();
    clock?.close();
    simulator = null;
  },
  advance: async (ms: number) => clock?.advance(ms),
  run: ({ speed, at }: Omit<ClockReading, 'now'>) => clock?.run(speed, at),
  /** Nobody listens any more; everything is kept. */
  away: async () => simulator?.stop(),
  back: async () => simulator?.start(),
  fault: (fault: unknown) => simulator?.control.faults.add(fault),
  clearFaults: () => simulator?.control.faults.clear(),
  /** Resolves once the faults together have struck `count` times. */
  async struck(count: number): Promise<void> {
    const times = () => simulator?.control.faults.list().reduce((sum, { struck }) => sum + struck, 0) ?? count;
    while (times() < count) await new Promise((resolve) => setTimeout(resolve, 2));
  },
  scenarios: (scenarios: unknown) => simulator?.control.scenarios.replace(scenarios),
  /** Resolves when no callback is queued or under way. */
  quiet: async () => simulator?.control.settled(),
  acceptances(): PhoneMessage[] {
    const { messages, next } = simulator?.control.messages({ limit: 10_000 }) ?? { messages: [], next: null };
    if (next !== null) throw new Error('more acceptances than a test should make');
    return messages.filter(({ direction }) => direction === 'outbound-api');
  },
  calls(): PhoneCall[] {
    return (
      simulator?.control.calls({ limit: 10_000 }).calls.filter(({ direction }) => direction === 'outbound-api') ?? []
    );
  },
};

export type SimulatorCalls = typeof calls;

answerCalls(calls);
