import type { Located } from '../core/located.ts';
import type { Automation } from './definition.ts';
import type { Run } from './journal.ts';
import type { RunWorld, ServiceCall } from './run.ts';
import type { Fired } from './trigger.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { readSource } from '../config/source.ts';
import { systemClock } from '../system.ts';
import { NotKept } from './journal.ts';
import { parseAutomations } from './parse.ts';
import { carryOn } from './run.ts';
import { createTemplateEngine } from './template/engine.ts';

/** No two templates see the same time: what is evaluated again is seen to be. */
let seconds = 0;
const engine = createTemplateEngine({ clock: { ...systemClock, now: () => ++seconds * 1000 } });
const folder = mkdtempSync(join(tmpdir(), 'tollboard-run-'));
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function automation(yaml: string): Automation {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, `trigger: {trigger: event, event_type: twilio_data_received}\n${yaml}`);
  const [one] = parseAutomations(readSource(file, {}) as Located, ({ line }) => `a.yaml:${line}`);
  return one as Automation;
}

const trigger: Fired = {
  platform: 'event',
  id: '0',
  idx: '0',
  alias: null,
  event: {
    id: 'EV1',
    event_type: 'twilio_data_received',
    data: { From: '+15551230001', Body: 'open {{ 1 }}', NumMedia: '0' },
    time_fired: '2026-07-01T12:00:00.000Z',
  },
};

class Killed extends Error {}
class Full extends Error {}

interface Laboratory {
  run: Run;
  /** Calls as the world saw them; a key that was seen does nothing again. */
  calls: ServiceCall[];
  /** Of those, the keys of calls that were made before they stood on disk. */
  early: string[];
  /** Keys of calls that were made though their results stood on disk, or with other data than before. */
  wrong: string[];
  saves: number;
  sleeps: number;
}

/** Carries an automation on until it ends. By number: `kills` at saves, `asleep` in the midst of sleeps; `full`: saves without room. */
async function carried(
  yaml: string,
  { kills = [] as number[], asleep = [] as number[], full = [] as number[], fail = '' } = {},
): Promise<Laboratory> {
  const clock = createManualClock();
  const started: Run = {
    id: 'EV1-a',
    automation: automation(yaml),
    trigger,
    arrival: 1,
    startedAt: clock.now(),
    endedAt: null,
    ending: 'running',
    error: null,
    steps: [],
  };
  const lab: Laboratory = { run: started, calls: [], early: [], wrong: [], saves: 0, sleeps: 0 };
  let disk = JSON.stringify(started);
  const seen = new Map<string, ServiceCall>();
  let run = started;
  let rendering: Promise<unknown> = Promise.resolve();
  /** In the same life, after a save without room. */
  let goesOn = false;
  for (;;) {
    const life = new AbortController();
    const sleep = async (ms: number, signal?: AbortSignal) => {
      lab.sleeps += 1;
      if (asleep.includes(lab.sleeps)) {
        clock.advance(ms / 2);
        life.abort(new Killed());
      }
      signal?.throwIfAborted();
      // As Node's timers, which end after 24 days.
      clock.advance(Math.min(ms, 2 ** 31 - 1));
    };
    const put = async (run: Run, also = () => {}) => {
      lab.saves += 1;
      const [save, text] = [lab.saves, JSON.stringify(run)];
      await new Promise((resolve) => setImmediate(resolve));
      if (full.includes(save)) throw new Full('no space left');
      disk = text;
      also();
      if (!kills.includes(save)) return;
      life.abort(new Killed());
      throw new Killed();
    };
    const world: RunWorld = {
      engine,
      clock: { ...clock, sleep },
      hush: (sentence) => sentence,
      save: put,
      async call(call) {
        if (!seen.has(call.key)) lab.calls.push(call);
        const step = call.key.slice(run.id.length + 1);
        const known = (JSON.parse(disk) as Run).steps.map(({ key }) => key);
        if (!known.includes(step.replace(/(?=\[|$)/, '#call'))) lab.early.push(call.key);
        const before = seen.get(call.key) ?? call;
        if (known.includes(step) || JSON.stringify(before.data) !== JSON.stringify(call.data)) lab.wrong.push(call.key);
        seen.set(call.key, call);
        if (call.service === fail) throw new Error('nobody answers');
        return { called: call.service };
      },
      async fire({ type, data, key }, note) {
        await note((run) => put(run, () => lab.calls.push({ service: type, data, target: {}, key, trigger, by: 'a' })));
      },
      atRest() {},
      sleepsUntil() {},
      beginWait(_waiting, triggers) {
        rendering = triggers;
      },
      async waitForTrigger() {
        await rendering;
        return trigger;
      },
    };
    if (!goesOn) run = JSON.parse(disk) as Run;
    try {
      if (goesOn) await world.save(run);
      await carryOn(run, world, life.signal);
      return { ...lab, run };
    } catch (error) {
      goesOn = error instanceof NotKept || error instanceof Full;
      if (!goesOn && !(error instanceof Killed)) throw error;
    }
  }
}

const HANDLER = `
action:
  - variables:
      sender: |
        {{ trigger.event.data.From }}
      message: |
        {{ trigger.event.data.Body }}
  - action: notify.persistent_notification
    data:
      message: |
        incoming twilio message from {{sender}}: {{ message }}
        all event data: {{ trigger.event.data }}
`;

describe('a run', () => {
  it("prints the document's handler of a text as Home Assistant does, and runs nothing that the text says", async () => {
    const { calls, run } = await carried(HANDLER);
    expect(calls).toMatchObject([
      {
        service: 'notify.persistent_notification',
        data: {
          message: [
            'incoming twilio message from +15551230001: open {{ 1 }}',
            "all event data: {'From': '+15551230001', 'Body': 'open {{ 1 }}', 'NumMedia': '0'}",
          ].join('\n'),
        },
      },
    ]);
    expect(run).toMatchObject({ ending: 'finished', error: null });
  });

  const flows: Array<[what: string, yaml: string, calls: string[], ending?: string]> = [
    ['a condition that does not hold ends it', "condition: '{{ false }}'\naction: [{action: a.b}]", []],
    ['an inline condition ends it', "action: [{action: a.b}, '{{ 1 > 2 }}', {action: c.d}]", ['a.b'], 'stopped'],
    ['stop ends it', 'action: [{action: a.b}, {stop: enough}, {action: c.d}]', ['a.b'], 'stopped'],
    ['stop with error fails it', 'action: [{stop: bad, error: true}]', [], 'failed'],
    [
      'choose takes the first that holds',
      "action: [{choose: [{conditions: '{{ false }}', sequence: [{action: a.a}]}, {conditions: '{{ true }}', sequence: [{action: b.b}]}], default: [{action: c.c}]}]",
      ['b.b'],
    ],
    [
      'choose takes its default',
      "action: [{choose: [{conditions: '{{ false }}', sequence: []}], default: [{action: c.c}]}]",
      ['c.c'],
    ],
    ['if and else', "action: [{if: '{{ false }}', then: [{action: a.a}], else: [{action: b.b}]}]", ['b.b']],
    [
      'repeat counts',
      "action: [{repeat: {count: 3, sequence: [{action: 'a.n{{ repeat.index }}'}]}}]",
      ['a.n1', 'a.n2', 'a.n3'],
    ],
    [
      'repeat goes over items',
      "action: [{repeat: {for_each: [x, y], sequence: [{action: 'a.{{ repeat.item }}'}]}}]",
      ['a.x', 'a.y'],
    ],
    [
      'repeat until',
      "action: [{variables: {n: 0}}, {repeat: {until: '{{ n >= 2 }}', sequence: [{variables: {n: '{{ n + 1 }}'}}, {action: 'a.n{{ n }}'}]}}]",
      ['a.n1', 'a.n2'],
    ],
    [
      'repeat while',
      "action: [{repeat: {while: '{{ repeat.index < 3 }}', sequence: [{action: a.a}]}}]",
      ['a.a', 'a.a'],
    ],
    [
      'what is switched off is passed over',
      "action: [{action: a.a, enabled: false}, {action: b.b, enabled: '{{ 1 == 1 }}'}]",
      ['b.b'],
    ],
    [
      'a response is a variable',
      "action: [{action: a.a, response_variable: r}, {action: 'b.{{ r.called[:1] }}'}]",
      ['a.a', 'b.a'],
    ],
    [
      'delays and waits',
      "action: [{delay: '00:10:00'}, {wait_for_trigger: {trigger: event, event_type: x}, timeout: 5}, {action: 'a.{{ wait.completed }}'}]",
      ['a.True'],
    ],
    [
      'a template is waited for',
      "action: [{wait_template: '{{ false }}', timeout: 3}, {action: 'a.{{ wait.completed }}'}]",
      ['a.False'],
    ],
    [
      'a wait that ends it',
      "action: [{wait_template: '{{ false }}', timeout: 3, continue_on_timeout: false}, {action: a.a}]",
      [],
      'stopped',
    ],
    [
      'what the wait left is known, and of the automation itself its name',
      "alias: My own\naction: [{wait_template: '{{ true }}', timeout: 5}, {action: 'a.{{ wait.remaining is number }}'}, {action: 'a.{{ this.attributes.friendly_name[:2] }}'}, {action: '{{ this.entity_id }}'}]",
      ['a.True', 'a.My', 'automation.my_own'],
    ],
    [
      'data may be a template as a whole',
      "action: [{variables: {d: {x: a.b}}}, {event: '{{ d.x }}', event_data: '{{ d }}'}]",
      ['a.b'],
    ],
    [
      'triggers of a wait are rendered',
      "action: [{wait_for_trigger: {trigger: event, event_type: '{{ \"x\" }}', enabled: '{{ true }}'}}, {action: 'a.{{ wait.trigger.platform }}'}]",
      ['a.event'],
    ],
    ['an event', "action: [{event: mine, event_data: {n: '{{ 1 + 1 }}'}}]", ['mine']],
  ];
  it.each(flows)('%s', async (_what, yaml, calls, ending) => {
    const { calls: made, run } = await carried(yaml);
    expect(made.map(({ service }) => service)).toEqual(calls);
    expect(run.ending).toBe(ending ?? (calls.length === 0 ? 'stopped' : 'finished'));
  });

  it('delays for longer than a timer of Node lasts', async () => {
    const { run } = await carried('action: [{delay: {days: 60}}]');
    expect(Number(run.endedAt) - run.startedAt).toBe(60 * 86_400_000);
  });

  it('makes no call before it is on disk, in no branch', async () => {
    const { calls, early } = await carried('action: [{parallel: [{action: a.a}, {action: b.b}, {action: c.c}]}]');
    expect([calls.length, early]).toEqual([3, []]);
  });

  it('waits for room on the disk instead of failing, also where errors are passed', async () => {
    for (const full of [[1], [1, 2], [2]]) {
      const yaml = 'action: [{action: a.a, continue_on_error: true}, {action: b.b}]';
      const { calls, run, early, wrong } = await carried(yaml, { full });
      expect(calls.map(({ service }) => service)).toEqual(['a.a', 'b.b']);
      expect([early, wrong]).toEqual([[], []]);
      expect(run).toMatchObject({ ending: 'finished', error: null });
    }
  });

  it('goes on over an error only where it is told to', async () => {
    const yaml = 'action: [{action: a.b, continue_on_error: true}, {action: c.d}, {action: a.b}, {action: e.f}]';
    const { calls, run } = await carried(yaml, { fail: 'a.b' });
    expect(calls.map(({ service }) => service)).toEqual(['a.b', 'c.d', 'a.b']);
    expect(run).toMatchObject({ ending: 'failed', error: 'a.yaml:2: actions/2: nobody answers' });
  });

  it('knows the round of the outer loop behind an inner one that failed', async () => {
    const yaml = `action:
  - repeat:
      for_each: [x, y]
      sequence:
        - {repeat: {count: 3, sequence: [{action: a.b}]}, continue_on_error: true}
        - {action: c.d, data: {item: '{{ repeat.item }}'}}`;
    const { calls } = await carried(yaml, { fail: 'a.b' });
    expect(calls.filter(({ service }) => service === 'c.d').map(({ data }) => data)).toEqual([
      { item: 'x' },
      { item: 'y' },
    ]);
  });

  it('keeps an error that it goes on over in its trace, with its place', async () => {
    const yaml = "action: [{action: a.b, data: {x: '{{ nothing.at.all }}'}, continue_on_error: true}, {action: c.d}]";
    const { calls, run } = await carried(yaml);
    expect(calls.map(({ service }) => service)).toEqual(['c.d']);
    expect(run.steps[0]).toMatchObject({
      path: 'actions/0',
      error: expect.stringMatching(/a\.yaml:2: actions\/0: nothing is undefined/),
    });
  });

  const hostile: Array<[what: string, yaml: string, says: RegExp]> = [
    [
      'loops without end',
      "action: [{repeat: {while: '{{ true }}', sequence: [{variables: {a: 1}}]}}]",
      /a\.yaml:2: .*it loops\. Give its loop a condition that ends it\./,
    ],
    ['loops over nothing without end', 'action: [{repeat: {count: 1000000, sequence: []}}]', /go round more than/],
    [
      'has a template with a fault',
      "action: [{action: a.b, data: {x: '{{ nothing.at.all }}'}}]",
      /a\.yaml:2: actions\/0: nothing is undefined/,
    ],
    [
      'counts to what is no number',
      'action: [{repeat: {count: \'{{ "many" }}\', sequence: []}}]',
      /count is 'many'; expected a whole number/,
    ],
    [
      'loops without end over errors that it passes',
      'action: [{repeat: {count: 1000, sequence: [{repeat: {count: 1000000, sequence: []}, continue_on_error: true}]}}]',
      /go round more than/,
    ],
    [
      'keeps more than its journal may hold',
      `action: [{repeat: {count: 10, sequence: [{variables: {a: '{{ "x" * 250000 }}'}, continue_on_error: true}]}}]`,
      /a\.yaml:2: .*more than 1048576 characters/,
    ],
    [
      'has data that are no mapping',
      "action: [{action: a.b, data: '{{ [1] }}'}]",
      /actions\/0: the template makes \[1\]; expected a mapping/,
    ],
    [
      'has a wait whose trigger cannot be rendered',
      "action: [{wait_for_trigger: {trigger: event, event_type: '{{ nothing.at.all }}'}}]",
      /actions\/0\/wait_for_trigger\/0: nothing is undefined/,
    ],
    [
      'has a long value at fault, of which it shows the beginning',
      `action: [{repeat: {count: '{{ "1" ~ "x" * 5000 }}', sequence: []}}]`,
      /count is '1x{1,60}…; expected a whole number$/,
    ],
    [
      'counts to what is no number, but of JavaScript',
      'action: [{repeat: {count: \'{{ "constructor" }}\', sequence: []}}]',
      /count is 'constructor'; expected a whole number/,
    ],
    ['waits for what is no duration', 'action: [{delay: \'{{ "soon" }}\'}]', /the duration is 'soon'/],
  ];
  it.each(hostile)('that %s ends with one sentence and its place', async (_what, yaml, says) => {
    const { run } = await carried(yaml);
    expect(run).toMatchObject({ ending: 'failed', error: expect.stringMatching(says) });
  });
});

describe('a run that is killed, or finds no room,', () => {
  const yaml = `
action:
  - variables: {n: '{{ as_timestamp(now()) }}'}
  - action: notify.a
    data: {message: '{{ n }}', at: '{{ as_timestamp(now()) }}'}
  - delay: 60
  - repeat:
      count: 2
      sequence:
        - action: notify.b
          data: {message: '{{ n }}', at: '{{ as_timestamp(now()) }}'}
        - if: '{{ repeat.index == 2 }}'
          then: [{delay: 5}]
  - parallel: [{action: notify.c}, {sequence: [{delay: 1}, {action: notify.d}]}]
  - event: mine
`;

  it('at any save or sleep, once or twice, ends as one that was not: nothing is done twice, early, late or otherwise', async () => {
    const whole = await carried(yaml);
    const seen = ({ calls, run }: Laboratory) => [calls.map(({ service }) => service), run.ending];
    expect(seen(whole)[0]).toEqual(['notify.a', 'notify.b', 'notify.b', 'notify.c', 'notify.d', 'mine']);
    for (let at = 1; at <= Math.max(whole.saves, whole.sleeps); at++) {
      for (const faults of [
        { kills: [at] },
        { asleep: [at] },
        { kills: [at, at + 1] },
        { full: [at] },
        { full: [at], kills: [at + 1] },
      ]) {
        const lab = await carried(yaml, faults);
        const { run, early, wrong } = lab;
        const [calls, ending] = seen(lab);
        const what = JSON.stringify(faults);
        expect([...(calls as string[])].sort(), what).toEqual([...(seen(whole)[0] as string[])].sort());
        expect([early, wrong, ending], what).toEqual([[], [], 'finished']);
        expect(new Set(lab.calls.flatMap(({ data }) => data.message ?? [])).size, what).toBe(1);
        expect(Number(run.endedAt) - run.startedAt, what).toBe(Number(whole.run.endedAt) - whole.run.startedAt);
      }
    }
  });
});
