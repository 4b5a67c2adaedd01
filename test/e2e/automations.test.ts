import type { Program } from '../support/program.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createProgram } from '../support/program.ts';

const NOTIFIER = "notify: {name: ops, platform: twilio_sms, from_number: '+15550000001'}\n";
let program: Program;
beforeAll(async () => {
  program = createProgram();
  writeFileSync(
    path.join(program.cwd, 'tollboard.yaml'),
    `automation:
  - alias: Say hello
    trigger: {trigger: time, at: '03:00'}
    action:
      - action: notify.persistent_notification
        data: {message: 'hello at {{ now().year > 2000 }}'}
  - alias: Held
    trigger: {trigger: time, at: '03:00'}
    action: [{wait_for_trigger: {trigger: event, event_type: never}}]
  - alias: Line
    mode: queued
    trigger: {trigger: time, at: '03:00'}
    action: [{wait_for_trigger: {trigger: event, event_type: never}}]
`,
  );
  await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
});
afterAll(() => program.close());

describe('tollboard automations', () => {
  it('lists, runs and traces what the gateway has', async () => {
    const list = await program.run(['automations', 'list', '--json']);
    expect(list.lines).toMatchObject([
      { id: 'say_hello', alias: 'Say hello', mode: 'single', running: 0 },
      { id: 'held' },
      { id: 'line' },
    ]);
    const none = await program.run(['automations', 'trace', 'say_hello']);
    expect(none).toMatchObject({ code: 0, out: '', err: expect.stringContaining('not run yet') });
    const begun = await program.run(['automations', 'run', 'say_hello', '--json']);
    expect(begun).toMatchObject({ code: 0, lines: [{ automation: 'say_hello', outcome: 'started' }] });
    const trace = async () => (await program.run(['automations', 'trace', 'say_hello', '--json'])).lines[0];
    let run = await trace();
    while (run?.ending === 'running') run = await trace();
    expect(run).toMatchObject({ ending: 'finished', steps: [{}, { result: { message: 'hello at True' } }] });
    const all = await program.run(['automations', 'trace', 'say_hello', '--list', '--json']);
    expect(all.lines).toHaveLength(1);
  });

  it('begins no run by hand that the mode does not let in, and tells of one that waits', async () => {
    expect(await program.run(['automations', 'run', 'held'])).toMatchObject({ code: 0 });
    const busy = await program.run(['automations', 'run', 'held']);
    expect(busy).toMatchObject({ code: 1, err: expect.stringContaining('TOLLBOARD_AUTOMATION_BUSY') });
    expect(busy.err).toContain('The automation held has 1 under way');
    expect((await program.run(['automations', 'run', 'line'])).out).toContain('Began manual-');
    expect((await program.run(['automations', 'run', 'line'])).out).toMatch(/^Queued .* behind those under way/);
  });

  it('checks a file without running anything, with file and line of each fault', async () => {
    const file = path.join(program.cwd, 'broken.yaml');
    writeFileSync(
      file,
      "trigger: {trigger: time, at: '3:00'}\naction:\n  - action: notify.nobody\n    data: {message: '{{ 1 + }}'}\n",
    );
    const good = await program.run(['automations', 'check']);
    expect(good).toMatchObject({ code: 0, err: expect.stringContaining('3 automations, nothing wrong') });
    const bad = await program.run(['automations', 'check', 'broken.yaml', '--json']);
    expect(bad.code).toBe(2);
    expect(bad.lines).toMatchObject([
      {
        path: 'actions/0',
        where: expect.stringMatching(/broken\.yaml:3:/),
        message: expect.stringContaining('line 1'),
      },
      { path: 'actions/0', message: expect.stringContaining('there is no service notify.nobody') },
    ]);
    writeFileSync(
      file,
      `${NOTIFIER}automation:\n  trigger: {trigger: time, at: '3:00'}\n  action: [{action: notify.ops, data: {message: x}, response_variable: r}]\n`,
    );
    const silent = await program.run(['automations', 'check', 'broken.yaml']);
    expect(silent.out).toMatch(/broken\.yaml:4:\d+: .*notify\.ops gives nothing back: leave response_variable out\.$/m);
    writeFileSync(
      file,
      `rest_command:\n  tell: {url: 'http://127.0.0.1/{{ text | nofilter }}'}\nautomation:\n  trigger: {trigger: time, at: '3:00'}\n  action: [{action: rest_command.tell}]\n`,
    );
    const request = await program.run(['automations', 'check', 'broken.yaml']);
    expect(request.out).toMatch(/broken\.yaml:2:\d+: rest_command\.tell: there is no filter nofilter\.$/m);
    const missing = await program.run(['automations', 'check', 'nowhere.yaml']);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('TOLLBOARD_CONFIG_FILE_UNREADABLE') });
  });

  it('checks a file of automations by the services of the configuration that includes it', async () => {
    writeFileSync(
      path.join(program.cwd, 'gates.yaml'),
      "- trigger: {trigger: time, at: '3:00'}\n  action: [{action: notify.ops, data: {message: x}}, {action: cover.open_cover}]\n",
    );
    writeFileSync(
      path.join(program.cwd, 'house.yaml'),
      `${NOTIFIER}home_assistant: {url: 'http://127.0.0.1:8123', token: a-token}\nautomation: !include gates.yaml\n`,
    );
    expect(await program.run(['automations', 'check', 'gates.yaml', '--config', 'house.yaml'])).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('1 automation, nothing wrong'),
    });
    // That of tollboard.yaml has neither.
    const { out } = await program.run(['automations', 'check', 'gates.yaml']);
    expect(out.match(/notify\.ops|cover\.open_cover/g)).toHaveLength(2);
  });

  it('finds a field of an event that can never fit, for want of quotes', async () => {
    const events = "{To: +15550000001, From: 15551230001, NumMedia: '{{ 0 }}'}";
    writeFileSync(
      path.join(program.cwd, 'unquoted.yaml'),
      `trigger: {trigger: event, event_type: twilio_data_received, event_data: ${events}}
action:
  - wait_for_trigger: {platform: event, event_type: twilio_data_received, event_data: {NumMedia: 0}}
  - wait_for_trigger: {platform: event, event_type: mine, event_data: {count: 0}}
`,
    );
    const { code, out } = await program.run(['automations', 'check', 'unquoted.yaml']);
    expect(code).toBe(2);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^unquoted\.yaml:1:\d+: automation_1: triggers\/0: event_data has From as 15551230001, .*quotes/,
      ),
      expect.stringMatching(
        /^unquoted\.yaml:3:\d+: automation_1: actions\/0\/wait_for_trigger\/0: event_data has NumMedia as 0, /,
      ),
    ]);
  });

  it('finds an event that nothing fires, where one of ours may be meant', async () => {
    writeFileSync(
      path.join(program.cwd, 'misspelt.yaml'),
      `- {trigger: {trigger: event, event_type: twilio_data_recieved}, action: []}
- {id: own, trigger: {trigger: event, event_type: twilio_data_receipt}, action: []}
- {id: far, trigger: {trigger: event, event_type: tick}, action: [{event: twilio_data_receipt}]}
`,
    );
    const { code, out } = await program.run(['automations', 'check', 'misspelt.yaml']);
    expect([code, out]).toEqual([
      2,
      expect.stringMatching(
        /^misspelt\.yaml:1:\d+: automation_1: triggers\/0: nothing fires the event_type twilio_data_recieved: twilio_data_received may be meant\.\n$/,
      ),
    ]);
  });

  it('takes a file for a configuration that has the keys of one', async () => {
    writeFileSync(path.join(program.cwd, 'few.yaml'), NOTIFIER);
    expect(await program.run(['automations', 'check', 'few.yaml'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('0 automations, nothing wrong'),
    });
  });

  it('ends each fault with one full stop', async () => {
    writeFileSync(
      path.join(program.cwd, 'large.yaml'),
      "trigger: {trigger: time, at: '3:00'}\naction: [{variables: {a: \"{{ 'x' * 1000000000 }}\"}}]\n",
    );
    expect((await program.run(['automations', 'check', 'large.yaml'])).out).toMatch(/[^.]\.\n$/);
  });

  it('says which configuration is not there, rather than that nothing is wrong', async () => {
    const other = createProgram();
    onTestFinished(() => other.close());
    const { code, err } = await other.run(['automations', 'check']);
    expect(code).toBe(2);
    expect(err).toContain(`${other.cwd}/tollboard.yaml cannot be read (ENOENT)`);
    writeFileSync(
      path.join(other.cwd, 'alone.yaml'),
      'alias: A\ntrigger: {trigger: sun}\naction: [{delay: {{ x }}}]\n',
    );
    expect((await other.run(['automations', 'check', 'alone.yaml'])).err).toMatch(
      /^Error: alone\.yaml:3:19: this is not valid YAML: a mapping stands where a name .* a template needs quotes around it\./,
    );
    writeFileSync(path.join(other.cwd, 'alone.yaml'), 'alias: A\ntrigger: {trigger: sun}\naction: []\n');
    expect((await other.run(['automations', 'check', 'alone.yaml'])).err).toMatch(/^Error: alone\.yaml:2:10: triggers/);
  });

  it('are taken from a configuration that is written after the start', async () => {
    const other = createProgram();
    onTestFinished(() => other.close());
    await other.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
    const list = () => other.run(['automations', 'list', '--json']);
    expect((await list()).lines).toEqual([]);
    writeFileSync(
      path.join(other.cwd, 'tollboard.yaml'),
      "automation: {alias: Late, trigger: {trigger: time, at: '03:00'}, action: []}\n",
    );
    let { lines } = await list();
    while (lines.length === 0) ({ lines } = await list());
    expect(lines).toMatchObject([{ id: 'late' }]);
  });

  it('tells a secret in the wrong place by its name', async () => {
    const long = 'correct-horse-battery-staple-correct-horse-battery';
    writeFileSync(path.join(program.cwd, 'secrets.yaml'), `short: hunter2-hush\nlong: ${long}\n`);
    const wrong = [
      'trigger: {trigger: time, at: !secret NAME}\naction: []\n',
      'mode: !secret NAME\ntrigger: {platform: event, event_type: a}\naction: []\n',
      'trigger: {platform: !secret NAME}\naction: []\n',
      'trigger: {platform: event, event_type: a}\naction: [{delay: !secret NAME}]\n',
      'trigger: {platform: event, event_type: a}\naction: [{action: !secret NAME}]\n',
    ];
    for (const [name, value] of [
      ['short', 'hunter2'],
      ['long', long.slice(0, 15)],
    ] as const)
      for (const yaml of wrong) {
        writeFileSync(path.join(program.cwd, 'hush.yaml'), yaml.replace('NAME', name));
        const { code, out, err } = await program.run(['automations', 'check', 'hush.yaml']);
        expect(code).toBe(2);
        expect(out + err).toContain(`!secret ${name}`);
        expect(out + err).not.toContain(value);
      }
  });

  it('are looked at by the doctor', async () => {
    const doctor = async (file: string) =>
      (await program.run(['doctor', '--config', file, '--json'])).lines.find(({ name }) => name === 'automations');
    expect(await doctor('tollboard.yaml')).toMatchObject({
      ok: true,
      message: expect.stringContaining('3 can be read'),
    });
    writeFileSync(
      path.join(program.cwd, 'wrong.yaml'),
      "automation: {trigger: {trigger: time, at: '3:00'}, action: {action: notify.nobody}}\n",
    );
    expect(await doctor('wrong.yaml')).toMatchObject({ ok: false, message: expect.stringContaining('wrong.yaml:1:') });
  });

  it.each([
    ['an automation that is not there', ['automations', 'run', 'nobody'], 'TOLLBOARD_AUTOMATION_UNKNOWN'],
    ['a run that is not there', ['automations', 'trace', 'say_hello', 'nowhere'], 'TOLLBOARD_AUTOMATION_RUN_UNKNOWN'],
  ])('answers %s with one error', async (_what, args, code) => {
    const { code: exit, err } = await program.run(args);
    expect([exit, err.includes(code)]).toEqual([2, true]);
  });
});
