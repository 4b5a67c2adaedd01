import { describe, expect, test } from 'vitest';
import { createFaults, FAULTS } from './faults.ts';

describe('faults', () => {
  test('strike as often as counted, then no more', () => {
    const faults = createFaults();
    faults.add({ fault: 'reset', count: 2 });
    const struck = [1, 2, 3].map(() => faults.forRequest('GET', '/x')?.fault);
    expect(struck).toEqual(['reset', 'reset', undefined]);
    expect(faults.list()).toMatchObject([{ struck: 2 }]);
  });

  test('match method and path; those of creates mean POST', () => {
    const faults = createFaults();
    faults.add({ fault: 'drop_answer', path: 'Messages' });
    expect(faults.forRequest('GET', '/Messages.json')).toBeNull();
    expect(faults.forRequest('POST', '/Calls.json')).toBeNull();
    expect(faults.forRequest('POST', '/Messages.json')?.fault).toBe('drop_answer');
  });

  test('strike with their probability, repeatable by seed', () => {
    const draw = (seed: number) => {
      const faults = createFaults();
      faults.add({ fault: 'reset', probability: 0.3, seed });
      return Array.from({ length: 2000 }, () => faults.forRequest('POST', '/') !== null);
    };
    const hits = draw(7).filter(Boolean).length;
    expect(hits).toBeGreaterThan(500);
    expect(hits).toBeLessThan(700);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('each belongs to requests, to lists or to callbacks alone', () => {
    for (const fault of FAULTS) {
      const faults = createFaults();
      faults.add({ fault, delayMs: 5 });
      const struck = [faults.forRequest('POST', '/') !== null, faults.listLag('/') > 0, faults.forCallback() !== null];
      expect(struck.filter(Boolean), fault).toHaveLength(1);
    }
  });
});
