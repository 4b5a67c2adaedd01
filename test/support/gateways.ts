/** Gateway processes: those stopped cleanly are used again, and one is always ready, so that no test waits for a start. */

import type { GatewayCalls } from './gateway-process.ts';
import type { Program } from './process-calls.ts';
import { forkProgram } from './process-calls.ts';

export class Gateways {
  readonly #all = new Set<Program<GatewayCalls>>();
  readonly #free: Array<Program<GatewayCalls>> = [];

  constructor() {
    this.#free.push(this.#fork());
  }

  take(): Program<GatewayCalls> {
    const program = this.#free.pop() ?? this.#fork();
    if (this.#free.length === 0) this.#free.push(this.#fork());
    return program;
  }

  giveBack(program: Program<GatewayCalls>): void {
    this.#free.push(program);
  }

  async kill(program: Program<GatewayCalls>): Promise<void> {
    await program.kill();
    this.#all.delete(program);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#all].map((program) => program.kill()));
  }

  #fork(): Program<GatewayCalls> {
    const program = forkProgram<GatewayCalls>(new URL('./gateway-process.ts', import.meta.url));
    this.#all.add(program);
    return program;
  }
}
