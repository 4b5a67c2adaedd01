import { describe, expect, it } from 'vitest';
import { bench, on } from '../../test/support/automation-bench.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';

describe('a run by hand', () => {
  const held = (mode: string) =>
    on('one', `${mode}, action: [{wait_for_trigger: {trigger: event, event_type: never}}, {action: a.b}]`);

  it('begins like the first trigger, and an unknown automation is an error', async () => {
    const { runner, called } = await bench(on('one', "action: [{action: 'a.{{ trigger.platform }}'}]"));
    await runner.runNow('one');
    expect(await called(1)).toEqual(['a.manual']);
    await expect(runner.runNow('two')).rejects.toMatchObject({ code: 'TOLLBOARD_AUTOMATION_UNKNOWN' });
  });

  it('within the same millisecond as another one is one of its own', async () => {
    const { runner, called } = await bench(on('one', "mode: parallel, action: [{action: 'a.b'}]"));
    const [first, second] = await Promise.all([runner.runNow('one'), runner.runNow('one')]);
    expect(first.run.id).not.toBe(second.run.id);
    expect(await called(2)).toEqual(['a.b', 'a.b']);
    expect(await runner.runs('one')).toHaveLength(2);
  });

  it.each([
    ['mode: single', ['started']],
    ['mode: queued, max: 3', ['started', 'queued', 'queued']],
    ['mode: parallel, max: 2', ['started', 'started']],
  ])('obeys %s, also where a hundred are begun at once', async (mode, begun) => {
    const { runner } = await bench(held(mode));
    const asked = await Promise.allSettled(Array.from({ length: 100 }, () => runner.runNow('one')));
    expect(asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value.as] : []))).toEqual(begun);
    const refused = asked.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      code: 'TOLLBOARD_AUTOMATION_BUSY',
      message: expect.stringContaining(`${begun.length} under way`),
    });
    expect(runner.automations()).toMatchObject([{ running: begun.length }]);
  });

  it('takes the place of the one under way with mode restart, and leaves one', async () => {
    const { runner, endings } = await bench(held('mode: restart'));
    const begun = await Promise.all(Array.from({ length: 10 }, () => runner.runNow('one')));
    expect(begun.map((one) => one.as)).toEqual(['started', ...Array.from({ length: 9 }, () => 'restarted')]);
    await endings('one', [...Array.from({ length: 9 }, () => 'canceled'), 'running']);
  });

  it('that cannot be kept leaves its place to the next one', async () => {
    const store = createMemoryStore({ random: systemRandom });
    let full = true;
    const keep: typeof store.keep = async (keeping) => {
      if (full) throw new Error('no space left');
      return store.keep(keeping);
    };
    const { runner } = await bench(held('mode: single'), { ...store, keep });
    await expect(runner.runNow('one')).rejects.toThrow('no space left');
    full = false;
    expect(await runner.runNow('one')).toMatchObject({ as: 'started' });
  });
});
