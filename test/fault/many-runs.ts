/** Many runs of seeded faults, two at a time; each history is checked, each seed printed. */

import type { Circumstances } from '../support/history-facts.ts';
import { createFaultBench, type FaultBench } from '../support/fault-run.ts';
import { type Schedule, scheduleOf, UNVERIFIED } from '../support/fault-schedule.ts';
import { contradictions } from '../support/history.ts';

/** Runs under way at a time: most of a run is waiting. */
const LANES = 2;

/**
 * What contradicted the promises, one line per contradiction with the seed that shows it. `TOLLBOARD_FAULT_SEED` runs
 * that one only, `TOLLBOARD_FAULT_RUNS` sets the count.
 */
export async function manyRuns(usual: number): Promise<string[]> {
  const seeds = seedsOf(usual);
  console.log(
    `fault runs: ${seeds.length}, seeds from ${seeds[0]}; TOLLBOARD_FAULT_SEED=<seed> runs one of them again`,
  );
  const left = seeds.values();
  const found: string[] = [];
  async function lane(): Promise<void> {
    const bench = createFaultBench();
    try {
      for (const seed of left) {
        const run = await oneRun(scheduleOf(seed), bench);
        found.push(...run.found);
        // At once: a run that hangs must not hide what the others found.
        console.log([run.told, ...run.found].join('\n'));
      }
    } finally {
      await bench.close();
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, seeds.length) }, lane));
  return found;
}

async function oneRun(schedule: Schedule, bench: FaultBench): Promise<{ found: string[]; told: string }> {
  const { seed, acts, polling, perSecond } = schedule;
  const began = performance.now();
  const history = await bench.run(schedule).catch((cause: unknown) => {
    throw new Error(`the run with seed ${seed} broke off`, { cause });
  });
  const found = contradictions(history, circumstancesOf(schedule));
  const what = acts.map((act) => (act.act === 'fault' ? act.fault.fault : act.act)).join(' ');
  const mode = `${polling ? ' polling' : ''}${perSecond === null ? '' : ` ${perSecond}/s`}`;
  const counts = `${history.entries.length} entries, ${history.acceptances.length} taken`;
  const told = `seed ${seed}: ${counts}, ${found.length} contradiction(s), ${Math.round(performance.now() - began)} ms:${mode} ${what}`;
  return { found: found.map((sentence) => `seed ${seed}: ${sentence}`), told };
}

/** What this schedule makes possible. */
function circumstancesOf({ scenarios, acts, polling, perSecond }: Schedule): Circumstances {
  const codes = new Map(scenarios.flatMap(({ to, refuse }) => (refuse === undefined ? [] : [[to, Number(refuse)]])));
  return {
    refusals({ kind }, to) {
      const code = codes.get(to);
      if (code !== undefined) return [code];
      return to === UNVERIFIED ? [kind === 'call' ? 21219 : 21608] : [];
    },
    clockJumps: acts.some(({ act }) => act === 'jump'),
    callbacks: !polling,
    perSecond,
  };
}

function seedsOf(usual: number): number[] {
  const { TOLLBOARD_FAULT_SEED: one, TOLLBOARD_FAULT_RUNS: runs } = process.env;
  if (one !== undefined) return [Number(one)];
  const first = Math.floor(Math.random() * 1e9);
  return Array.from({ length: Number(runs ?? usual) }, (_, index) => first + index);
}
