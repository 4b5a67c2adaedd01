/** Sinks as a user sees them: from the file, over a text that comes in, to the receiver and back on the command line. */

import { readFileSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { createProgram, type Program } from '../support/program.ts';

const START = ['start', '--port', '0', '--simulator-port', '0', '--json'];
const TOKEN = 'the-token-of-the-shop';

function writeConfig(program: Program, url: string): string {
  const file = path.join(program.cwd, 'events.jsonl');
  writeFileSync(file, '');
  const script = `process.stdin.pipe(require('fs').createWriteStream(process.argv[1], {flags: 'a'}))`;
  const config = `sinks:
  shop:
    kind: twilio
    url: ${url}/sms
    auth_token: ${TOKEN}
    where: To=+15550000001
    attempts: 1
  file:
    kind: command
    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(script)}, ${JSON.stringify(file)}]
    events: twilio_data_received
`;
  writeFileSync(path.join(program.cwd, 'tollboard.yaml'), config);
  return file;
}

/** Until the file has so many lines. */
function lines(file: string, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const look = () => {
      const all = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      if (all.length < count) return;
      watching.close();
      resolve(all);
    };
    const watching = watch(file, look);
    look();
  });
}

test('events go to the sinks of the file, and the command line lists, tests and replays', async () => {
  let status = 400;
  const receiver = await startReceiver(() => ({ status }));
  const program = createProgram();
  onTestFinished(() => program.close());
  const file = writeConfig(program, receiver.url);
  const text = (body: string, to: string) =>
    program.run(['simulator', 'inbound', '--from', '+15551230001', '--to', to, '--body', body]);
  const doctor = async () =>
    (await program.run(['doctor', '--json'])).lines.filter(({ name }) => String(name).startsWith('sink '));
  expect(await doctor()).toMatchObject([
    { name: 'sink shop', ok: true },
    { name: 'sink file', ok: true },
  ]);
  const gateway = await program.serve(START);
  await text('first', '+15550000001');
  await text('to the other number', '+15550000002');
  const written = (await lines(file, 2)).map((line) => JSON.parse(line));
  expect(written.map(({ data }) => data.Body)).toEqual(['first', 'to the other number']);
  await receiver.arrived(1);

  const list = async () => (await program.run(['sinks', 'list', '--json'])).lines;
  let [shop] = await list();
  while (shop?.dead !== 1) [shop] = await list();
  const table = await program.run(['sinks', 'list']);
  expect(table.out).toContain(`shop\ttwilio\t${receiver.url}/sms\tidle\t0\t0\t1\n`);
  expect(table.err).toBe('shop never took one event: tollboard sinks list shop --dead\n');
  const dead = await program.run(['sinks', 'list', 'shop', '--dead', '--json']);
  expect(dead.lines).toMatchObject([
    { sink: 'shop', event: written[0].id, attempts: 1, error: { code: 'TOLLBOARD_SINK_ANSWER', httpStatus: 400 } },
  ]);
  expect(await doctor()).toMatchObject([{ message: '1 dead letter.', warning: true }, { ok: true }]);

  const failed = await program.run(['sinks', 'test', 'shop']);
  expect([failed.code, failed.out]).toEqual([1, expect.stringContaining('answered 400: it does not take the event.')]);
  status = 204;
  expect(await program.run(['sinks', 'test', 'shop'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^shop took the test event EV[0-9a-f]{32}\.\n$/),
  });
  expect(await program.run(['sinks', 'replay', 'shop', '--dead'])).toMatchObject({
    code: 0,
    out: 'shop gets one event once more.\n',
  });
  await receiver.arrived(4);
  expect(receiver.values('Body')).toEqual([
    'first',
    'Tollboard tests the sink shop.',
    'Tollboard tests the sink shop.',
    'first',
  ]);
  const again = await program.run(['sinks', 'replay', 'file', written[1].id, '--json']);
  expect(again.lines).toEqual([{ sink: 'file', events: [written[1].id] }]);
  expect(JSON.parse((await lines(file, 3))[2] ?? '')).toEqual(written[1]);
  const hour = await program.run(['sinks', 'replay', 'file', '--since', '1h', '--until', written[1].time]);
  expect([hour.code, hour.out]).toEqual([0, 'file gets 2 events once more.\n']);
  expect((await lines(file, 5)).slice(3).map((line) => JSON.parse(line))).toEqual(written);
  const other = await program.run(['sinks', 'replay', 'shop', written[1].id]);
  expect([other.code, other.out, other.err]).toEqual([
    0,
    '',
    `Not for shop, by its events and where: ${written[1].id}.\n`,
  ]);

  for (const [args, code] of [
    [['replay', 'shop'], 'TOLLBOARD_CLI_USAGE'],
    [['replay', 'shop', 'EV1', '--dead'], 'TOLLBOARD_CLI_USAGE'],
    [['replay', 'shop', '--since', 'noon'], 'TOLLBOARD_CLI_USAGE'],
    [['replay', 'shop', '--until', '1h'], 'TOLLBOARD_CLI_USAGE'],
    [['replay', 'shop', '--since', '1h', '--until', '2h'], 'TOLLBOARD_CLI_USAGE'],
    [['replay', 'shop', 'EV1'], 'TOLLBOARD_EVENT_NOT_FOUND'],
    [['drop', 'shop'], 'TOLLBOARD_CLI_USAGE'],
  ] as const) {
    const { code: exit, err } = await program.run(['sinks', ...args]);
    expect([exit, err]).toEqual([2, expect.stringContaining(code)]);
  }
  for (const verb of ['test', 'list']) {
    const { code: exit, err } = await program.run(['sinks', verb, 'shops']);
    expect([exit, err]).toEqual([2, expect.stringMatching(/Did you mean shop\?\n\(TOLLBOARD_SINK_UNKNOWN\)/)]);
  }
  const metrics = await (await fetch(`${String(gateway.ready.url)}/metrics`)).text();
  expect(metrics).toContain('tollboard_sink_tries_total{sink="shop",result="dead"} 1\n');
  expect(metrics).toContain('tollboard_sink_tries_total{sink="file",result="delivered"} 5\n');
  const shown = await program.run(['config', 'show', '--json']);
  expect(shown.lines).toContainEqual(expect.objectContaining({ setting: 'sinks.shop.auth_token', value: '********' }));
  expect([shown.out, table.out, dead.out].join()).not.toContain(TOKEN);
});

test('without sinks the list says how to have one', async () => {
  const program = createProgram();
  onTestFinished(() => program.close());
  await program.serve(START);
  expect(await program.run(['sinks', 'list'])).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('sinks:'),
  });
});
