import { describe, expect, it } from 'vitest';
import { bench, on } from '../../test/support/automation-bench.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';

describe('events', () => {
  it.each([
    ['a service', 'action: fail.now', 'automations.yaml:5'],
    ['a template', 'variables: {x: "{{ trigger.event.data.Body.y.z }}"}', 'automations.yaml:5'],
    ['a stop', 'stop: "{{ trigger.event.data.Body }}"\n    error: true', 'automations.yaml:5'],
  ])('tells in the log that a run failed by %s, and where, without what a phone wrote', async (_what, part, where) => {
    const { event, endings, warnings, facts } = await bench(
      `triggers: [{trigger: event, event_type: twilio_data_received}]\nid: a\nactions:\n  - delay: 0\n  - ${part}\n`,
    );
    await event('automations.yaml:9: private');
    const [run] = await endings('a', ['failed']);
    expect(warnings).toEqual(['a run failed; tollboard automations trace tells why']);
    expect(facts).toEqual([{ automation: 'a', run: run?.id, where }]);
    expect(run?.error).toMatch(new RegExp(`^${where}: actions/1: `));
  });

  it('fire those that fit, in order, and tell when nobody will answer', async () => {
    const { event, called, endings, quiet } = await bench(
      on('one', "action: [{action: 'a.{{ trigger.event.data.Body }}'}]") + on('two', 'action: [{action: b.b}]'),
    );
    const other = await event('other');
    const go = await event('go');
    expect((await called(2)).sort()).toEqual(['a.go', 'b.b']);
    await endings('one', ['finished']);
    await endings('two', ['finished']);
    expect(quiet).toEqual([other, go]);
  });

  it('get no answer any more once the one run that might reply sleeps past the time for it', async () => {
    const { event, quiet, clock, endings, runner } = await bench(
      on('long', 'action: [{delay: 60}, {action: twilio.reply, data: {message: late}}]') +
        '- {id: short, trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: ask}}, action: [{delay: 2}, {action: twilio.reply, data: {message: in time}}]}\n' +
        '- {id: beside, trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: both}}, action: [{parallel: [{delay: 60}, {sequence: [{delay: 2}, {action: twilio.reply, data: {message: in time}}]}]}]}\n',
    );
    const long = await event('go');
    while (quiet.length < 1) await new Promise((resolve) => setImmediate(resolve));
    expect(quiet).toEqual([long]);
    expect((await runner.runs('long')).map(({ ending }) => ending)).toEqual(['running']);
    const short = await event('ask');
    const beside = await event('both');
    await clock.untilSleeping(5);
    expect(quiet).toEqual([long]);
    clock.advance(2000);
    await endings('short', ['finished']);
    clock.advance(58_000);
    await endings('beside', ['finished']);
    expect(new Set(quiet)).toEqual(new Set([long, short, beside]));
  });

  it('that came while nothing ran are worked off, each once', async () => {
    const { event, called, endings, restart, runner } = await bench(on('one', 'action: [{action: a.b}]'));
    await event('go');
    await called(1);
    await endings('one', ['finished']);
    await runner.stop();
    await event('go');
    await restart();
    expect(await called(2)).toHaveLength(2);
    await endings('one', ['finished', 'finished']);
    await restart();
    expect(await called(2)).toHaveLength(2);
  });

  it('whose settling does not hold are read again before a later one is settled', async () => {
    const store = createMemoryStore({ random: systemRandom });
    let refusals = 1;
    const keep: typeof store.keep = async (keeping) =>
      keeping.settle !== undefined && refusals-- > 0 ? false : store.keep(keeping);
    const { event, called, runner, restart } = await bench(
      on('one', "mode: queued, action: [{action: 'a.{{ trigger.event.id }}'}]"),
      { ...store, keep },
    );
    await runner.stop();
    const ids = [await event('go'), await event('go')];
    await restart();
    expect(await called(2)).toEqual(ids.map((id) => `a.${id}`));
  });

  it('that automations fire in a ring come to an end, with one sentence', async () => {
    const mine = (id: string, type: string, more: string) =>
      `- {id: ${id}, mode: queued, trigger: {trigger: event, event_type: ${type}}, action: [{event: ${more}}]}\n`;
    const { event, runner } = await bench(
      mine('one', '[twilio_data_received, back]', 'there') + mine('two', 'there', 'back'),
    );
    await event('go');
    for (;;) {
      const runs = [...(await runner.runs('one')), ...(await runner.runs('two'))];
      const failed = runs.find(({ ending }) => ending === 'failed');
      if (failed === undefined) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      expect(failed.error).toMatch(
        /automations\.yaml:\d: actions\/0: one event has led to more than 100 runs .* in a ring/,
      );
      break;
    }
  });

  it('of an automation fire another, and are not stored', async () => {
    const { event, called } = await bench(
      on('one', 'action: [{event: mine, event_data: {n: 5}}]') +
        "- {id: two, trigger: {trigger: event, event_type: mine, event_data: {n: 5}}, action: [{action: 'b.n{{ trigger.event.data.n }}'}]}\n",
    );
    await event('go');
    expect(await called(1)).toEqual(['b.n5']);
  });

  it('with a template that fails in a trigger fire nothing, and the log says so', async () => {
    const { event, called, warnings } = await bench(
      "- {id: bad, trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: '{{ nothing.at.all }}'}}, action: [{action: a.b}]}\n" +
        on('good', 'action: [{action: c.d}]'),
    );
    await event('go');
    await event('go');
    expect(await called(1)).toContain('c.d');
    expect(warnings.filter((text) => text.startsWith('a trigger could not be evaluated'))).toHaveLength(1);
  });
});

describe('modes', () => {
  const slow = (mode: string, more = '') =>
    on('slow', `mode: ${mode}, ${more}action: [{action: a.begin}, {delay: 60}, {action: a.end}]`);

  it('single lets nobody in beside it', async () => {
    const { event, called, warnings, clock, endings } = await bench(slow('single'));
    await event('go');
    await called(1);
    await event('go');
    while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.untilSleeping(2);
    clock.advance(60_000);
    await called(2);
    await endings('slow', ['finished']);
  });

  it('restart ends the one that runs', async () => {
    const { event, called, clock, endings } = await bench(slow('restart'));
    await event('go');
    await called(1);
    // Runs are listed in the order of their beginning.
    clock.advance(1);
    await event('go');
    await called(2);
    await clock.untilSleeping(2);
    clock.advance(60_000);
    expect(await called(3)).toEqual(['a.begin', 'a.begin', 'a.end']);
    const runs = await endings('slow', ['canceled', 'finished']);
    expect(runs[0]?.error).toBe('A newer run took over.');
  });

  it('queued lets one after the other, and parallel as many as it may', async () => {
    const queued = await bench(slow('queued'));
    await queued.event('go');
    await queued.event('go');
    await queued.called(1);
    for (let round = 1; round <= 2; round++) {
      await queued.clock.untilSleeping(2);
      queued.clock.advance(60_000);
      await queued.called(round === 1 ? 3 : 4);
    }
    expect(await queued.called(4)).toEqual(['a.begin', 'a.end', 'a.begin', 'a.end']);
    const parallel = await bench(slow('parallel', 'max: 2, '));
    for (let n = 0; n < 3; n++) await parallel.event('go');
    expect(await parallel.called(2)).toEqual(['a.begin', 'a.begin']);
    while (parallel.warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('times', () => {
  it('come once each, and not for what was missed', async () => {
    const { clock, called, endings, restart, runner } = await bench(
      "- {id: pattern, trigger: {trigger: time_pattern, minutes: '/10'}, action: [{action: a.b}]}\n",
    );
    for (let minute = 0; minute < 20; minute++) {
      await clock.untilSleeping(1);
      clock.advance(30_000);
      await clock.untilSleeping(1);
      clock.advance(30_000);
    }
    await called(2);
    await endings('pattern', ['finished', 'finished']);
    await runner.stop();
    clock.advance(3_600_000);
    await restart();
    expect(await called(2)).toHaveLength(2);
  });

  it('fire nothing where their trigger is switched off by a template', async () => {
    const at = "trigger: {trigger: time_pattern, minutes: '/1'";
    const { clock, called, runner } = await bench(
      `- {id: off, ${at}, enabled: '{{ 1 > 2 }}'}, action: [{action: a.a}]}\n- {id: on, ${at}, enabled: '{{ true }}'}, action: [{action: b.b}]}\n`,
    );
    for (let half = 0; half < 2; half++) {
      await clock.untilSleeping(1);
      clock.advance(30_000);
    }
    expect(await called(1)).toEqual(['b.b']);
    expect(await runner.runs('off')).toEqual([]);
  });

  it('end a wait for a trigger', async () => {
    const { event, clock, called } = await bench(
      on(
        'one',
        "action: [{wait_for_trigger: {trigger: time_pattern, minutes: '/1'}}, {action: 'a.{{ wait.trigger.platform }}'}]",
      ),
    );
    await event('go');
    await clock.untilSleeping(2);
    clock.advance(60_000);
    expect(await called(1)).toEqual(['a.time_pattern']);
  });
});

describe('a restart', () => {
  it('goes on with a delay, and with a wait for what came meanwhile', async () => {
    const { event, called, clock, restart, endings } = await bench(
      on(
        'one',
        'action: [{action: a.a}, {delay: 60}, {wait_for_trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: then}}}, {action: b.b}]',
      ),
    );
    await event('go');
    await called(1);
    await clock.untilSleeping(2);
    clock.advance(30_000);
    await restart();
    await clock.untilSleeping(2);
    clock.advance(30_000);
    await restart();
    await event('then');
    expect(await called(2)).toEqual(['a.a', 'b.b']);
    await endings('one', ['finished']);
  });

  it.each(['reload', 'restart'] as const)(
    'without any automation left, by a %s, lets a wait miss nothing',
    async (way) => {
      const made = await bench(
        on(
          'one',
          'action: [{wait_for_trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: then}}, timeout: 600}, {action: b.b}]',
        ),
      );
      await made.event('go');
      await made.clock.untilSleeping(2);
      made.yaml = '[]';
      if (way === 'restart') await made.restart();
      else await made.runner.reload([]);
      await made.event('then');
      expect(await made.called(1)).toEqual(['b.b']);
      await made.endings('one', ['finished']);
    },
  );

  it('loses nothing that comes for a wait with a time-out, in whatever branch', async () => {
    const store = createMemoryStore({ random: systemRandom });
    // As a disk does it: not at once.
    const record: typeof store.record = async (...args) => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      return store.record(...args);
    };
    const wait = (Body: string) =>
      `{wait_for_trigger: {trigger: event, event_type: twilio_data_received, event_data: {Body: ${Body}}}, timeout: 600}`;
    const { event, called, clock, restart } = await bench(
      on('one', `action: [{delay: 60}, ${wait('then')}, {action: a.a}]`) +
        on('two', `action: [{parallel: [{delay: 600}, {sequence: [${wait('then')}, {action: b.b}]}]}]`),
      { ...store, record },
    );
    await event('go');
    await clock.untilSleeping(4);
    clock.advance(60_000);
    await restart();
    await event('then');
    expect((await called(2)).sort()).toEqual(['a.a', 'b.b']);
  });

  it('goes on with queued runs in the order in which they came, also of one millisecond', async () => {
    const { event, called, clock, restart } = await bench(
      "- {id: one, mode: queued, trigger: {trigger: event, event_type: twilio_data_received}, action: [{action: 'a.{{ trigger.event.data.Body }}'}, {delay: 60}]}\n",
    );
    const order = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'];
    for (const body of order) await event(body);
    await called(1);
    await clock.untilSleeping(2);
    await restart();
    for (let n = 1; n < order.length; n++) {
      await clock.untilSleeping(2);
      clock.advance(60_000);
      await called(n + 1);
    }
    expect(await called(8)).toEqual(order.map((body) => `a.${body}`));
  });

  it('fires no event again that a run has fired, though nothing came to the disk any more and its traces are gone', async () => {
    const store = createMemoryStore({ random: systemRandom });
    const puts = (keeping: Parameters<typeof store.keep>[0], id: string) =>
      (keeping.put ?? []).some(({ key }) => key.startsWith('under-way/') && key.endsWith(`.${id}`));
    let killed = false;
    const keep: typeof store.keep = async (keeping) => {
      if (killed && puts(keeping, 'one')) throw new Error('killed');
      killed ||= puts(keeping, 'two');
      return store.keep(keeping);
    };
    const { event, called, clock, restart, endings } = await bench(
      on('one', 'action: [{event: mine}, {delay: 60}, {action: a.a}]') +
        '- {id: two, trace: {stored_traces: 0}, trigger: {trigger: event, event_type: mine}, action: [{action: b.b}]}\n',
      { ...store, keep },
    );
    await event('go');
    await called(1);
    await endings('two', []);
    await restart();
    killed = false;
    await clock.untilSleeping(2);
    clock.advance(61_000);
    expect(await called(2)).toEqual(['b.b', 'a.a']);
  });

  it('begins also where the disk is full', async () => {
    const store = createMemoryStore({ random: systemRandom });
    let full = false;
    const keep: typeof store.keep = async (keeping) => {
      if (full) throw new Error('no space left');
      return store.keep(keeping);
    };
    const { event, clock, called, restart } = await bench(on('one', 'action: [{delay: 60}, {action: a.b}]'), {
      ...store,
      keep,
    });
    await event('go');
    await clock.untilSleeping(2);
    clock.jump(60_000);
    full = true;
    await restart();
    full = false;
    await clock.untilSleeping(2);
    clock.advance(1000);
    expect(await called(1)).toEqual(['a.b']);
  });

  it('keeps the runs of an id with a slash apart from those of its beginning', async () => {
    const { event, endings, runner } = await bench(
      on('one', 'action: [{action: a.b}]') + on('one/two', 'action: [{action: a.b}]'),
    );
    await event('go');
    await endings('one/two', ['finished']);
    await endings('one', ['finished']);
    expect(await runner.runs('one')).toHaveLength(1);
  });

  it('keeps the newest 20 runs', async () => {
    const { event, called, runner } = await bench(on('one', 'mode: queued, max: 100, action: [{action: a.b}]'));
    for (let n = 0; n < 25; n++) await event('go');
    await called(25);
    let runs = await runner.runs('one');
    while (runs.length > 20 || runs.some(({ ending }) => ending === 'running')) {
      await new Promise((resolve) => setImmediate(resolve));
      runs = await runner.runs('one');
    }
    expect(runs).toHaveLength(20);
  });
});
