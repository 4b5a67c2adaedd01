/** How property tests run: one seed per process, printed, and taken from TOLLBOARD_TEST_SEED to run the same again. */

import type { Parameters } from 'fast-check';
import { fail } from 'node:assert';
import { randomInt } from 'node:crypto';

const given = process.env.TOLLBOARD_TEST_SEED;
if (given !== undefined && !/^-?\d+$/.test(given)) fail(`TOLLBOARD_TEST_SEED is '${given}'; expected a whole number.`);

export const SEED = given === undefined ? randomInt(2 ** 31) : Number(given);
console.info(`property seed ${SEED} (TOLLBOARD_TEST_SEED=${SEED} runs the same again)`);

/** Settings of one property; `numRuns` is 100 when not said otherwise. */
export function propertyRun<T>(settings: Parameters<T> = {}): Parameters<T> {
  return { seed: SEED, ...settings };
}
