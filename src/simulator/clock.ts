/** The simulator's own time: the injected clock plus an offset, freezable, and the steps that fall due on it. */

import type { Clock } from '../core/ports.ts';

/** One thing to do at an instant of the simulator's clock. */
interface Step {
  at: number;
  order: number;
  run: () => void;
}

export interface SimulatorClock {
  /** Milliseconds since the epoch, as the simulated Twilio sees them. */
  now(): number;
  /** Runs `step` once the clock has reached `at`; in order of time, then of asking. */
  at(at: number, step: () => void): void;
  /** Runs everything that falls due on the way, each at its own time. */
  advance(ms: number): void;
  /** Jumps, also backwards; steps that are due then run at once. */
  set(ms: number): void;
  /** A frozen clock moves by `advance` and `set` only. */
  freeze(frozen: boolean): void;
  state(): { now: number; frozen: boolean; pending: number };
  /** Starts waiting for the next step; `stop` forgets all steps. */
  start(): void;
  stop(): void;
}

export function createSimulatorClock(base: Clock): SimulatorClock {
  const steps: Step[] = [];
  let order = 0;
  let offset = 0;
  let frozenAt: number | null = null;
  let running = false;
  let waitingFor = Number.POSITIVE_INFINITY;
  let wait = new AbortController();

  const now = (): number => frozenAt ?? base.now() + offset;

  function moveTo(ms: number): void {
    if (frozenAt === null) offset = ms - base.now();
    else frozenAt = ms;
  }

  function runDue(): void {
    while (steps[0] !== undefined && steps[0].at <= now()) pop(steps).run();
    arm();
  }

  /** One sleep at a time, for the earliest step; an earlier step replaces it. */
  function arm(): void {
    const next = steps[0]?.at ?? Number.POSITIVE_INFINITY;
    if (!running || frozenAt !== null || next >= waitingFor) return;
    wait.abort();
    wait = new AbortController();
    if (next === Number.POSITIVE_INFINITY) return;
    waitingFor = next;
    base.sleep(Math.max(0, next - now()), wait.signal).then(
      () => {
        waitingFor = Number.POSITIVE_INFINITY;
        runDue();
      },
      () => undefined,
    );
  }

  function rearm(): void {
    waitingFor = Number.POSITIVE_INFINITY;
    wait.abort();
    runDue();
  }

  return {
    now,
    at(at, run) {
      push(steps, { at, order: order++, run });
      if (at < waitingFor) arm();
    },
    advance(ms) {
      const target = now() + ms;
      while (steps[0] !== undefined && steps[0].at <= target) {
        if (steps[0].at > now()) moveTo(steps[0].at);
        pop(steps).run();
      }
      moveTo(target);
      rearm();
    },
    set(ms) {
      moveTo(ms);
      rearm();
    },
    freeze(frozen) {
      if (frozen === (frozenAt !== null)) return;
      if (frozenAt === null) frozenAt = now();
      else {
        offset = frozenAt - base.now();
        frozenAt = null;
      }
      rearm();
    },
    state: () => ({ now: now(), frozen: frozenAt !== null, pending: steps.length }),
    start() {
      running = true;
      rearm();
    },
    stop() {
      running = false;
      steps.length = 0;
      waitingFor = Number.POSITIVE_INFINITY;
      wait.abort();
    },
  };
}

function isBefore(left: Step, right: Step): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** Binary heap, the earliest step first. */
function push(heap: Step[], step: Step): void {
  let index = heap.length;
  heap.push(step);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above] as Step;
    if (!isBefore(step, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = step;
}

function pop(heap: Step[]): Step {
  const top = heap[0] as Step;
  const moved = heap.pop() as Step;
  if (heap.length === 0) return top;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1] as Step, heap[below] as Step)) below += 1;
    const child = heap[below] as Step;
    if (!isBefore(child, moved)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = moved;
  return top;
}
