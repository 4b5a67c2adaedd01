/** Drives one way to send at a fixed concurrency and tells how fast it was; runs inside each candidate's process. */

export interface Load {
  /** Sends one text; a caller goes on to its next when this resolves. */
  send(index: number): Promise<void>;
  /** Resolves when Twilio has every text sent so far; part of the measured time. Default: at once. */
  settled?(): Promise<void>;
  count: number;
  concurrency: number;
}

export interface Measured {
  perSecond: number;
  /** Processor time of the whole process, all threads, per send. */
  cpuMicros: number;
}

export async function measure(load: Load): Promise<Measured> {
  return measureRounds(load.count, () => drive(load));
}

/** Runs one round unmeasured first: compiling a program of this size takes Node some thousand sends. */
export async function measureRounds(count: number, round: () => Promise<void>): Promise<Measured> {
  await round();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await round();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMicros: (user + system) / count };
}

export async function drive({ send, settled, count, concurrency }: Load): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await send(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await settled?.();
}

export function medianOf(all: readonly Measured[]): Measured {
  return {
    perSecond: median(all.map((one) => one.perSecond)),
    cpuMicros: median(all.map((one) => one.cpuMicros)),
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Fictional numbers, a different one for each send, in no order: neighbours in time are none in an index. */
export function recipient(index: number): string {
  return `+1555${String(1_000_000 + ((index * 7_654_321) % 9_000_000))}`;
}
