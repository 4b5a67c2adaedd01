/** A Clock that a test drives: it stands still, is moved by hand, jumps, or runs at a multiple of real time. */

import type { Clock } from '../../src/core/ports.ts';

export interface DrivenClock extends Clock {
  /** Moves time on. Sleeps end one after the other, each at its own time, and what they do next happens on the way. */
  advance(ms: number): Promise<void>;
  /** Changes what `now` says, as a corrected system clock does; sleeps keep their length. */
  jump(ms: number): void;
  /**
   * Runs by itself, `speed` times as fast as real time; 0 stands still. `at`: the real instant from which on; clocks of
   * several processes that are given the same one stay together, however late the message comes.
   */
  run(speed: number, at?: number): void;
  /** What another process needs to make a clock that goes with this one. */
  reading(): ClockReading;
  /** Ends every sleep without waking it; nothing is left that keeps a process alive. */
  close(): void;
}

/** At the real instant `at` the clock says `now` and runs at `speed`. */
export interface ClockReading {
  now: number;
  /** As {@link realTime} tells it. */
  at: number;
  speed: number;
}

interface Sleep {
  /** In steady time: what has passed since the clock was made, jumps left out. */
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Real milliseconds since the epoch, with fractions: the same in every process of this machine. */
export function realTime(): number {
  return performance.timeOrigin + performance.now();
}

/** A start in milliseconds since the epoch (default noon of 1 July 2026, UTC): stands still. A reading: goes with it. */
export function createDrivenClock(begin: number | ClockReading = Date.UTC(2026, 6, 1, 12)): DrivenClock {
  const reading = typeof begin === 'number' ? { now: begin, at: realTime(), speed: 0 } : begin;
  const sleeps = new Set<Sleep>();
  let jumped = 0;
  let order = 0;
  let { speed } = reading;
  let since = { real: reading.at, steady: 0 };
  let timer: NodeJS.Timeout | undefined;

  const steady = (real = realTime()) => since.steady + (real - since.real) * speed;
  const now = (real = realTime()) => Math.round(reading.now + steady(real) + jumped);

  function setTo(ms: number, real = realTime()): void {
    since = { real, steady: ms };
  }

  function first(): Sleep | undefined {
    let earliest: Sleep | undefined;
    for (const sleep of sleeps) if (earliest === undefined || isBefore(sleep, earliest)) earliest = sleep;
    return earliest;
  }

  function wakeDue(): void {
    for (let sleep = first(); sleep !== undefined && sleep.at <= steady(); sleep = first()) sleep.wake();
    arm();
  }

  function arm(): void {
    clearTimeout(timer);
    const next = first();
    if (next === undefined || speed === 0) return;
    timer = setTimeout(wakeDue, Math.max(0, (next.at - steady()) / speed));
  }

  return {
    now: () => now(),
    steady: () => steady(),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleep: Sleep = { at: steady() + Math.max(0, ms), order: order++, wake: () => end(resolve) };
        const abort = () => end(() => reject(signal?.reason as Error));
        const end = (settle: () => void) => {
          sleeps.delete(sleep);
          signal?.removeEventListener('abort', abort);
          settle();
        };
        signal?.addEventListener('abort', abort, { once: true });
        sleeps.add(sleep);
        if (first() === sleep) arm();
      });
    },
    async advance(ms) {
      const target = steady() + ms;
      for (let sleep = first(); sleep !== undefined && sleep.at <= target; sleep = first()) {
        setTo(Math.max(steady(), sleep.at));
        sleep.wake();
        await turn();
      }
      setTo(target);
      arm();
    },
    jump(ms) {
      jumped += ms;
    },
    run(times, at = realTime()) {
      setTo(steady(at), at);
      speed = times;
      wakeDue();
    },
    reading() {
      const at = realTime();
      return { now: now(at), at, speed };
    },
    close() {
      sleeps.clear();
      clearTimeout(timer);
    },
  };
}

function isBefore(left: Sleep, right: Sleep): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** Lets everything that can go on without time do so: promises, then one turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
