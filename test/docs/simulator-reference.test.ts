/** The simulator's reference page names all there is and nothing else, and its examples are accepted. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseAccountsFile } from '../../src/simulator/accounts-file.ts';
import { RESOURCES } from '../../src/simulator/api.ts';
import { CONTROL_ROUTES } from '../../src/simulator/control-routes.ts';
import { createFaults, FAULTS } from '../../src/simulator/faults.ts';
import { readScenarios } from '../../src/simulator/scenarios.ts';

const page = readFileSync(new URL('../../docs/reference/simulator.md', import.meta.url), 'utf8');

/** The rows of a section's table: the code in the first cell, and the text of the second. */
function rows(section: string): Array<[name: string, text: string]> {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...text.matchAll(/^\| `([^`]+)` \| (.*?) \|$/gm)].map((match) => [match[1] as string, match[2] as string]);
}

describe('docs/reference/simulator.md', () => {
  test('lists every resource with its methods', () => {
    const served = Object.entries(RESOURCES).map(([path, methods]) => [path, Object.keys(methods).join(', ')]);
    expect(rows('Resources')).toEqual(served);
  });

  test('lists every verb of the control', () => {
    const named = rows('Control').map(([name]) => name);
    expect(named.sort()).toEqual(Object.keys(CONTROL_ROUTES).sort());
  });

  test('lists every fault', () => {
    expect(rows('Faults').map(([name]) => name)).toEqual([...FAULTS]);
  });

  test('names members of scenarios that exist, and no other would be taken', () => {
    const members = rows('Scenarios').map(([name]) => name);
    const refusal = () => readScenarios([{ qqqqqqqqqqqq: 1 }], 'scenarios');
    expect(refusal).toThrow(`one of to, from, ${members.join(', ')}.`);
  });

  test('has an accounts file and a fault that are accepted', () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(parseAccountsFile(parse(yaml), 0)).toMatchObject({
      accounts: [{ sid: 'ACXXXXXXXXXXXXXXXXX' }],
      scenarios: [{}],
    });
    const fault = /`(\{"fault".*?\})`/.exec(page)?.[1] ?? '';
    expect(createFaults().add(JSON.parse(fault))).toMatchObject({ fault: 'drop_answer', count: 3 });
  });
});
