import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { LinkedList } from './linked-list.ts';

test('it holds what a set would hold, in the same order, whatever is removed in between', () => {
  holds(
    fc.property(fc.array(fc.nat(30)), (steps) => {
      const list = new LinkedList<number>();
      const removals = new Map<number, () => boolean>();
      for (const step of steps) {
        const remove = removals.get(step);
        if (remove === undefined) removals.set(step, list.add(step));
        else {
          expect(remove()).toBe(true);
          expect(remove()).toBe(false);
          removals.delete(step);
        }
        expect(list.values()).toEqual([...removals.keys()]);
        expect(list.first).toBe(list.values()[0]);
      }
    }),
  );
});
