import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSource } from '../config/source.ts';
import { parseAutomations } from './parse.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollboard-automations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parsed(yaml: string) {
  const file = join(folder, 'automations.yaml');
  writeFileSync(file, yaml);
  return parseAutomations(readSource(file, {}), ({ line, column }) => `automations.yaml:${line}:${column}`);
}

const GARAGE = `
triggers:
  - trigger: event
    event_type: twilio_data_received
    event_data:
      From: '+1XXXXXXXXXXX'
      To: '+1YYYYYYYYYYY'
      CallStatus: ringing
      Direction: inbound
actions:
  - action: cover.open_cover
    target:
      entity_id: cover.garage_door
`;

describe('automations', () => {
  it('are read in the spelling of the document, and in the older one, alike', () => {
    const older = GARAGE.replace('triggers:', 'trigger:')
      .replace('- trigger: event', '- platform: event')
      .replace('actions:', 'action:')
      .replace('- action:', '- service:');
    const [now, then] = [parsed(GARAGE)[0], parsed(older)[0]];
    expect(then).toEqual(now);
    expect(now).toMatchObject({
      id: 'automation_1',
      mode: 'single',
      max: 10,
      triggers: [
        {
          kind: 'event',
          id: '0',
          types: ['twilio_data_received'],
          data: { From: '+1XXXXXXXXXXX', CallStatus: 'ringing', Direction: 'inbound' },
        },
      ],
      actions: [
        { kind: 'service', service: 'cover.open_cover', target: { entity_id: 'cover.garage_door' }, path: 'actions/0' },
      ],
    });
  });

  it('may be a mapping, or a list of them', () => {
    const list = GARAGE.trim()
      .split('\n')
      .map((line, index) => (index === 0 ? `- alias: One\n  ${line}` : `  ${line}`))
      .join('\n');
    expect(parsed(`${list}\n${list.replace('One', 'Two & more')}`).map(({ id }) => id)).toEqual(['one', 'two_more']);
  });

  it('keep types: text stays text, an unquoted number is a number, and what begins with + is never one', () => {
    const yaml = GARAGE.replace("'+1XXXXXXXXXXX'", '+15551230001').replace('ringing', '5');
    expect(parsed(yaml)[0]?.triggers[0]).toMatchObject({ data: { From: '+15551230001', CallStatus: 5 } });
  });

  it('hold every action', () => {
    const [one] = parsed(`
trigger: [{trigger: time, at: '7:30'}, {trigger: time_pattern, minutes: /5, id: five}]
condition:
  - '{{ true }}'
  - or: [{condition: trigger, id: five}, {condition: time, after: '22:00', weekday: mon}]
  - {condition: numeric_state, value_template: '{{ 5 }}', above: 3}
action:
  - variables: {a: 1, b: '{{ a }}'}
  - delay: {minutes: 1, seconds: 30}
  - delay: '00:01:00'
  - wait_for_trigger: {trigger: event, event_type: twilio_data_received}
    timeout: 60
    continue_on_timeout: false
  - wait_template: '{{ false }}'
  - choose: [{conditions: '{{ true }}', sequence: [{stop: done}]}]
    default: [{event: mine, event_data: {x: 1}}]
  - if: '{{ true }}'
    then: {stop: x, error: true}
    else: []
  - repeat: {count: 3, sequence: [{delay: 1}]}
  - repeat: {for_each: [1, 2], sequence: [{delay: 1}]}
  - repeat: {while: '{{ true }}', sequence: []}
  - parallel: [{delay: 1}, {sequence: [{delay: 2}]}]
  - sequence: [{delay: 1}]
  - condition: template
    value_template: '{{ true }}'
  - '{{ 1 == 1 }}'
  - {action: notify.me, data: {message: hi}, response_variable: r, continue_on_error: true, enabled: false}
`);
    expect(one?.triggers.map(({ kind, id }) => [kind, id])).toEqual([
      ['time', '0'],
      ['time_pattern', 'five'],
    ]);
    expect(one?.actions.map(({ kind }) => kind)).toEqual([
      'variables',
      'delay',
      'delay',
      'wait_for_trigger',
      'wait_template',
      'choose',
      'if',
      'repeat',
      'repeat',
      'repeat',
      'parallel',
      'sequence',
      'condition',
      'condition',
      'service',
    ]);
    expect(one?.actions[2]).toMatchObject({ delay: 60_000 });
    expect(one?.actions[5]).toMatchObject({ options: [{ sequence: [{ path: 'actions/5/choose/0/sequence/0' }] }] });
    expect(one?.actions[14]).toMatchObject({ enabled: false, continueOnError: true, response: 'r' });
  });
});

it('triggers may be lists of triggers, and times have weekdays', () => {
  const [one] = parsed(`
triggers:
  - triggers: [{trigger: event, event_type: x}, {trigger: time, at: '7:30', weekday: [mon, fri]}]
  - {trigger: event, event_type: y}
actions: []
`);
  expect(one?.triggers).toMatchObject([
    { kind: 'event', id: '0' },
    { kind: 'time', id: '1', weekday: ['mon', 'fri'] },
    { kind: 'event', id: '2', types: ['y'] },
  ]);
});

it('what is merged stands below what is written beside it, wherever, and the first of several counts', () => {
  const automations = parsed(`
- &one {alias: One, mode: queued, max: 3, trigger: {trigger: time, at: '1:00'}, action: []}
- <<: *one
  alias: Two
- alias: Three
  <<: [{mode: restart}, *one]
`);
  expect(automations).toMatchObject([
    { id: 'one', mode: 'queued', max: 3 },
    { id: 'two', mode: 'queued', max: 3 },
    { id: 'three', mode: 'restart', max: 3 },
  ]);
});

it('what the editor of Home Assistant writes is read', () => {
  const [one] = parsed(`
alias: Made there
description: ''
initial_state: false
max_exceeded: silent
trace: {stored_traces: 5}
triggers: [{trigger: event, event_type: x}]
conditions: [{condition: '{{ true }}'}]
actions:
  - {action: cover.open_cover, metadata: {}, data: {}, entity_id: cover.garage_door}
  - {action: notify.me, data: '{{ dict(message="hi") }}', target: '{{ where }}'}
`);
  expect(one).toMatchObject({
    fires: false,
    exceeded: null,
    traces: 5,
    conditions: [{ kind: 'template', template: '{{ true }}' }],
    actions: [
      { target: { entity_id: 'cover.garage_door' } },
      { data: '{{ dict(message="hi") }}', target: '{{ where }}' },
    ],
  });
});

describe('a fault', () => {
  const action = (yaml: string) => GARAGE.replace(/actions:[\s\S]*/, `actions:\n  - ${yaml}\n`);
  const cases: Array<[what: string, yaml: string, says: RegExp]> = [
    [
      'a misspelt key',
      GARAGE.replace('event_data', 'event_date'),
      /:5:5: triggers\/0 has event_date.*expected event_data\?/,
    ],
    [
      'an unknown trigger',
      GARAGE.replace('trigger: event', 'trigger: mqtt'),
      /:3:5: triggers\/0 is a trigger of kind mqtt; expected event, time/,
    ],
    ['no trigger', 'actions: []\n', /has no trigger/],
    ['no action', "trigger: {trigger: time, at: '1:00'}\n", /:1:1: the automation has no action; expected actions: /],
    ['an unknown mode', `mode: twice\n${GARAGE}`, /mode is twice; expected single, restart, queued, parallel/],
    ['a key twice in two spellings', `${GARAGE}\naction: []\n`, /has actions and action; expected one of them/],
    ['an action that is none', action('device_id: x'), /actions\/0 begins with device_id, which is no action/],
    ['a misspelt action', action('servce: x.y'), /:11:5: actions\/0 has servce, which is no key; expected service\?/],
    [
      'a misspelt kind of trigger',
      GARAGE.replace('- trigger: event', '- platfrom: event'),
      /:3:5: triggers\/0 has platfrom, which is no key; expected platform\?/,
    ],
    ['an unknown key of an automation without triggers', 'use_blueprint: {path: x}\n', /:1:1: .*has use_blueprint/],
    [
      'a state of Home Assistant',
      `${GARAGE}conditions: [{condition: state, entity_id: light.x, state: 'on'}]\n`,
      /conditions\/0 asks for the state of an entity, and a gateway has no states; expected value_template/,
    ],
    ['a wait for nothing', action('wait_for_trigger: []'), /actions\/0 waits for no trigger/],
    ['an empty delay', action('delay:'), /actions\/0 has an empty delay; expected seconds/],
    ['a loudness that is none', `max_exceeded: loud\n${GARAGE}`, /max_exceeded is loud; expected silent, debug/],
    ['too many traces', `trace: {stored_traces: 1000}\n${GARAGE}`, /stored_traces is 1000; expected a number from 0/],
    ['a target twice', action('{action: x.y, entity_id: a.b, target: {}}'), /has entity_id and target/],
    [
      'an unknown key of an action',
      action('action: x.y\n    date: {}'),
      /has date, which the action action does not know; expected data\?/,
    ],
    [
      'a word that is no truth',
      `initial_state: constructor\n${GARAGE}`,
      /has initial_state: constructor; expected true or false/,
    ],
    [
      'a switch that is neither a truth nor a template',
      action('{delay: 1, enabled: maybe}'),
      /actions\/0 has enabled: maybe; expected true, false or a template/,
    ],
    [
      'a text where a mapping belongs',
      action('action: x.y\n    data: hello'),
      /actions\/0\/data is a text; expected a mapping, or a template/,
    ],
    ['a duration that is none', action('delay: soon'), /actions\/0\/delay is soon; expected seconds/],
    ['an empty loop', action('repeat: {sequence: []}'), /has no count, while, until or for_each/],
    ['a text that is no condition', action('just a text'), /is the text just a text; expected a condition/],
    ['no time of day', "trigger: {trigger: time, at: '25:00'}\n", /triggers\/0\/at is 25:00/],
    [
      'a pattern out of bounds',
      "trigger: {trigger: time_pattern, hours: '24'}\n",
      /hours is 24; expected a number below 24/,
    ],
    ['a list where an automation belongs', '- [1]\n', /is a list; expected a mapping/],
  ];
  it.each(cases)('%s: is told with file, line and what was expected', (_what, yaml, says) => {
    expect(() => parsed(yaml)).toThrow(says);
  });

  it('two of one name are told with both places', () => {
    expect(() =>
      parsed(
        `- {id: a, trigger: {trigger: time, at: '1:00'}, action: []}\n- {id: a, trigger: {trigger: time, at: '1:00'}, action: []}\n`,
      ),
    ).toThrow(/automations.yaml:2:3: id is a, as in automations.yaml:1:3/);
  });

  it('without end in depth is refused', () => {
    const deep = `${'[{sequence: '.repeat(40)}[]${'}]'.repeat(40)}`;
    expect(() => parsed(`trigger: {trigger: time, at: '1:00'}\naction: ${deep}\n`)).toThrow(/lies too deep/);
  });
});
