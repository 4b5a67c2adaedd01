/** The public entry of the simulator: Twilio on this machine, for tests of other programs. */

import type { Clock, Random } from './core/ports.ts';
import type { Simulator, SimulatorOptions } from './simulator/server.ts';
import { createSimulator as start } from './simulator/server.ts';
import { systemClock, systemRandom } from './system.ts';

export type { SimulatorControl } from './simulator/control.ts';
export type { Simulator } from './simulator/server.ts';

export interface StandaloneSimulatorOptions extends Omit<SimulatorOptions, 'clock' | 'random'> {
  /** Default: the system's. */
  clock?: Clock;
  /** Default: the system's. */
  random?: Random;
}

/** A running simulator; `port: 0` takes any free one. Point any Twilio client at its `url`. See {@link SimulatorOptions}. */
export function createSimulator(options: StandaloneSimulatorOptions = {}): Promise<Simulator> {
  return start({ clock: systemClock, random: systemRandom, ...options });
}
