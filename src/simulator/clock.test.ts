import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createSimulatorClock } from './clock.ts';

function started() {
  const base = createManualClock(1000);
  const clock = createSimulatorClock(base);
  clock.start();
  const ran: string[] = [];
  const at = (ms: number, name: string) => clock.at(ms, () => ran.push(`${name}@${clock.now()}`));
  return { base, clock, ran, at };
}

/** Lets the promises of ended sleeps run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the simulator clock', () => {
  test('runs steps as the base clock reaches them, in order of time', async () => {
    const { base, ran, at } = started();
    at(1300, 'late');
    at(1100, 'early');
    base.advance(100);
    await turn();
    expect(ran).toEqual(['early@1100']);
    base.advance(500);
    await turn();
    expect(ran).toEqual(['early@1100', 'late@1600']);
  });

  test('holds one sleep at a time whatever waits', () => {
    const { base, at } = started();
    for (let ms = 5000; ms > 2000; ms -= 100) at(ms, 'x');
    expect(base.sleeping).toBe(1);
  });

  test('advance runs each step at its own time, also those that steps add', () => {
    const { clock, ran, at } = started();
    clock.at(1100, () => at(1150, 'second'));
    at(1200, 'third');
    at(1200, 'fourth');
    clock.advance(500);
    expect(ran).toEqual(['second@1150', 'third@1200', 'fourth@1200']);
    expect(clock.now()).toBe(1500);
  });

  test('stands still while frozen and goes on from there', async () => {
    const { base, clock, ran, at } = started();
    at(1100, 'x');
    clock.freeze(true);
    base.advance(10_000);
    await turn();
    expect([clock.now(), ran]).toEqual([1000, []]);
    clock.advance(50);
    clock.freeze(false);
    base.advance(50);
    await turn();
    expect(ran).toEqual(['x@1100']);
  });

  test('survives jumps of the base clock both ways', async () => {
    const { base, ran, at } = started();
    at(1100, 'x');
    base.jump(-500);
    base.advance(100);
    await turn();
    expect(ran).toEqual([]);
    base.advance(500);
    await turn();
    expect(ran).toEqual(['x@1100']);
  });

  test('set jumps, and what is due then runs at once', () => {
    const { clock, ran, at } = started();
    at(5000, 'x');
    clock.set(6000);
    expect(ran).toEqual(['x@6000']);
    clock.set(10);
    expect(clock.now()).toBe(10);
  });

  test('stop forgets every step and leaves no sleep behind', () => {
    const { base, clock, at } = started();
    at(2000, 'x');
    clock.stop();
    expect(base.sleeping).toBe(0);
    expect(clock.state().pending).toBe(0);
  });
});
