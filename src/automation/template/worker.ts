/** The thread that renders: what hangs or runs out of memory there is ended with it, and nothing else stops. */

import type { Rendering } from './sandbox.ts';
import { parentPort } from 'node:worker_threads';
import { isTrap, load, render } from './sandbox.ts';

/** The first message: from now on time counts. */
export const READY = 'ready';

/** `spent`: the engine trapped, the thread must be replaced. */
export type Rendered = { text: string } | { fault: string; spent: boolean };

load();
parentPort?.postMessage(READY);
parentPort?.on('message', (rendering: Rendering) => {
  parentPort?.postMessage(answer(rendering));
});

function answer(rendering: Rendering): Rendered {
  try {
    return { text: render(rendering) };
  } catch (error) {
    const spent = isTrap(error);
    const fault = spent
      ? 'the template takes more memory than it may. Let it build shorter texts and lists.'
      : error instanceof Error
        ? error.message
        : String(error);
    return { fault, spent };
  }
}
