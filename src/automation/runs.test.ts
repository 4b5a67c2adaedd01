import { describe, expect, it } from 'vitest';
import { bench, DAY, on } from '../../test/support/automation-bench.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';

describe('what is kept', () => {
  /** A store that tells what was read from it. */
  function watched() {
    const store = createMemoryStore({ random: systemRandom });
    const read = { keys: [] as string[], records: 0 };
    const records: typeof store.records = async (query) => {
      const found = await store.records(query);
      read.records += found.length;
      read.keys.push(...found.map(({ key }) => key));
      return found;
    };
    const record: typeof store.record = async (room, key) => {
      read.records += 1;
      return store.record(room, key);
    };
    return { store, read, whole: { ...store, records, record } };
  }

  it('of runs that ended is not read by a start, and costs one small read per run', async () => {
    const { whole, read, store } = watched();
    const yaml =
      on('one', 'mode: queued, max: 100, action: [{action: a.b}]') +
      on('two', 'mode: queued, max: 100, action: [{action: a.b}, {delay: 60}]');
    const { event, called, clock, endings, restart } = await bench(yaml, whole);
    for (let n = 0; n < 30; n++) await event('go');
    await called(31);
    await endings(
      'one',
      Array.from({ length: 20 }, () => 'finished'),
    );
    read.records = 0;
    read.keys.length = 0;
    await event('go');
    await called(32);
    while ((await store.records({ room: 'automation', prefix: 'under-way/', limit: 100 })).length > 31)
      await new Promise((resolve) => setImmediate(resolve));
    expect([read.records, read.keys]).toEqual([1, []]);
    await clock.untilSleeping(2);
    read.records = 0;
    await restart();
    expect(read.records).toBe(31);
    expect(read.keys.every((key) => key.startsWith('under-way/'))).toBe(true);
  });

  it('of runs that end together is written together', async () => {
    const store = createMemoryStore({ random: systemRandom });
    let writes = 0;
    const keep: typeof store.keep = async (keeping) => {
      writes += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return store.keep(keeping);
    };
    const { runner, endings } = await bench(on('one', 'mode: restart, action: [{delay: 60}]'), { ...store, keep });
    await Promise.all(Array.from({ length: 200 }, () => runner.runNow('one')));
    await endings('one', [...Array.from({ length: 20 }, () => 'canceled'), 'running']);
    // One for each beginning, and the one that runs notes the end of its delay.
    expect(writes - 201).toBeLessThan(40);
    expect((await store.records({ room: 'automation', limit: 500 })).map(({ key }) => key.split('/')[0])).toEqual([
      'kept',
      ...Array.from({ length: 20 }, () => 'trace'),
      'under-way',
    ]);
  });

  it('of an automation that left the file goes when its time is over, to the last record', async () => {
    const { whole, store } = watched();
    const made = await bench(on('one', 'mode: queued, action: [{action: a.b}]') + on('two', 'action: []'), whole);
    await made.event('go');
    await made.endings('one', ['finished']);
    await made.endings('two', ['finished']);
    made.yaml = on('three', 'action: []');
    await made.restart();
    expect(await made.runner.runs('one')).toMatchObject([{ ending: 'finished' }]);
    await made.clock.untilSleeping(1);
    made.clock.advance(91 * DAY);
    while ((await store.records({ room: 'automation', limit: 10 })).length > 0)
      await new Promise((resolve) => setImmediate(resolve));
    await expect(made.runner.runs('one')).rejects.toMatchObject({ code: 'TOLLBOARD_AUTOMATION_UNKNOWN' });
  });
});
