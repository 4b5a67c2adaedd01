import { describe, expect, it } from 'vitest';
import { createLineages, runOf } from './lineages.ts';

describe('lineages', () => {
  it('let one run lead to as many others as it likes, and those to theirs', () => {
    const lineages = createLineages();
    lineages.begin('root', null);
    for (let n = 0; n < 1000; n++) {
      lineages.begin(`child ${n}`, 'root');
      lineages.begin(`grandchild ${n}`, `child ${n}`);
    }
    for (const run of ['root', 'child 999', 'grandchild 999']) expect(() => lineages.check(run)).not.toThrow();
  });

  it('end a row, and a tree, after a hundred runs that are further away', () => {
    const lineages = createLineages();
    lineages.begin('0', null);
    let last = 0;
    for (const children of [1, 1, 1, 2, 2, 2, 2, 2, 2, 2]) {
      const first = last;
      for (let n = 0; n < 8 * children; n++) lineages.begin(String(++last), String(first));
    }
    expect(() => lineages.check(String(last))).toThrow(
      /more than 100 runs .* in a ring\. Give one of them a condition/,
    );
    expect(() => lineages.check('1')).not.toThrow();
    lineages.begin('another', null);
    expect(() => lineages.check('another')).not.toThrow();
  });

  it('find the run of an effect by its key', () => {
    expect(runOf('EV1.auto:actions/0')).toBe('EV1.auto');
    expect(runOf('EV1.auto:actions/0.other:actions/1/choose/0[2]:url')).toBe('EV1.auto:actions/0.other');
    expect(runOf('something else')).toBeNull();
  });
});
