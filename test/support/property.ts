/** How property tests run: one seed per process, printed, and taken from TOLLBOARD_TEST_SEED to run the same again. */

import type { IProperty, Parameters } from 'fast-check';
import { fail } from 'node:assert';
import { randomInt } from 'node:crypto';
import { check, defaultReportMessage } from 'fast-check';

const given = process.env.TOLLBOARD_TEST_SEED;
if (given !== undefined && !/^-?\d+$/.test(given)) fail(`TOLLBOARD_TEST_SEED is '${given}'; expected a whole number.`);

export const SEED = given === undefined ? randomInt(2 ** 31) : Number(given);
console.info(`property seed ${SEED} (TOLLBOARD_TEST_SEED=${SEED} runs the same again)`);

/** Throws with seed and counterexample unless the property holds; `numRuns` is 100 when not said otherwise. */
export function holds<T>(property: IProperty<T>, settings: Parameters<T> = {}): void {
  const run = check(property, { seed: SEED, ...settings });
  if (run.failed) throw new Error(defaultReportMessage(run), { cause: run.errorInstance });
}
