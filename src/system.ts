/** The real clock and the real random numbers: handed out by the roots, replaced by tests. */

import type { Clock, Random } from './core/ports.ts';

/** Timers beyond this overflow in Node and would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const timer = setTimeout(done, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
      function done() {
        signal?.removeEventListener('abort', abort);
        resolve();
      }
      function abort() {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      }
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};

/** Ids come from a pool of cryptographic bytes: one system call for many. */
let pool = '';

export const systemRandom: Random = {
  number: () => Math.random(),
  hex(length) {
    // Not imported: most one-shot commands need no random numbers, and node:crypto costs 5 ms at a start.
    if (pool.length < length) {
      pool = process.getBuiltinModule('node:crypto').randomBytes(Math.max(4096, length)).toString('hex');
    }
    const digits = pool.slice(0, length);
    pool = pool.slice(length);
    return digits;
  },
};

/**
 * For one-shot commands: unique, not secret. Time and 64 bits tell their keys apart as surely, and node:crypto costs them
 * 6 ms at every start.
 */
export const plainRandom: Random = {
  number: () => Math.random(),
  hex(length) {
    let digits = Date.now().toString(16);
    while (digits.length < length) digits += Math.random().toString(16).slice(2);
    return digits.slice(0, length);
  },
};
