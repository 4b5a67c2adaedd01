import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createDeadlines } from './deadlines.ts';

/** Lets the promises of sleeps that ended run on. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const clock = createManualClock();
  const expired: string[] = [];
  const deadlines = createDeadlines(clock);
  const add = (ms: number, name: string) => deadlines.after(ms, () => expired.push(name));
  return { clock, expired, deadlines, add };
}

describe('deadlines', () => {
  it('expire each at its time, in order, with one sleep per length', async () => {
    const { clock, expired, add } = setUp();
    add(100, 'a');
    clock.advance(40);
    add(100, 'b');
    add(1_000, 'c');
    expect(clock.sleeping).toBe(2);
    clock.advance(60);
    await turn();
    expect(expired).toEqual(['a']);
    clock.advance(40);
    await turn();
    expect(expired).toEqual(['a', 'b']);
    clock.advance(10_000);
    await turn();
    expect(expired).toEqual(['a', 'b', 'c']);
    expect(clock.sleeping).toBe(0);
  });

  it('leave no sleep behind once all are cancelled, and start again after that', async () => {
    const { clock, expired, add } = setUp();
    const cancel = [add(100, 'a'), add(100, 'b')];
    for (const forget of cancel) forget();
    expect(clock.sleeping).toBe(0);
    add(100, 'c');
    expect(clock.sleeping).toBe(1);
    clock.advance(100);
    await turn();
    expect(expired).toEqual(['c']);
    add(100, 'd');
    clock.advance(100);
    await turn();
    expect(expired).toEqual(['c', 'd']);
  });

  it('do not let a cancelled first one hurry or hold the next', async () => {
    const { clock, expired, add } = setUp();
    const cancel = add(100, 'a');
    clock.advance(50);
    add(100, 'b');
    cancel();
    clock.advance(50);
    await turn();
    expect(expired).toEqual([]);
    clock.advance(50);
    await turn();
    expect(expired).toEqual(['b']);
  });

  it('come at most one length late when the clock is set back', async () => {
    const { clock, expired, add } = setUp();
    add(100, 'a');
    add(100, 'b');
    clock.jump(-3_600_000);
    clock.advance(100);
    await turn();
    expect(expired).toEqual(['a']);
    clock.advance(100);
    await turn();
    expect(expired).toEqual(['a', 'b']);
  });

  it('are all forgotten by clear', async () => {
    const { clock, expired, deadlines, add } = setUp();
    add(100, 'a');
    add(200, 'b');
    deadlines.clear();
    expect(clock.sleeping).toBe(0);
    clock.advance(1_000);
    await turn();
    expect(expired).toEqual([]);
  });
});
