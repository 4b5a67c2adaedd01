/** A gateway that is killed at random moments, while texts come in: each fires its automation once, to the end. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/system.ts';
import { createProgram, type Service } from '../support/program.ts';

const ROUNDS = 8;
const FROM = '+15551230001';
const BACK = '+15551230002';

test('an automation with texts, a delay and a loop ends once for each text, however often the gateway is killed', async () => {
  const program = createProgram();
  onTestFinished(() => program.close());
  writeFileSync(
    path.join(program.cwd, 'tollboard.yaml'),
    `automation:
  - id: answer
    mode: parallel
    max: 50
    trigger: {trigger: event, event_type: twilio_data_received}
    action:
      - action: twilio.send_message
        data: {to: '${BACK}', body: 'first {{ trigger.event.data.Body }}'}
      - delay: {milliseconds: 700}
      - repeat:
          count: 2
          sequence:
            - action: twilio.send_message
              data: {to: '${BACK}', body: 'round {{ repeat.index }} {{ trigger.event.data.Body }}'}
`,
  );
  const start = () => program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
  let gateway: Service = await start();
  const taken: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const body = `text-${round}`;
    const inbound = await fetch(`${String(gateway.ready.simulatorUrl)}/_simulator/inbound`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ From: FROM, To: '+15550000001', Body: body }),
    });
    const { webhook } = (await inbound.json()) as { webhook: { status: number } | null };
    if (webhook?.status === 200) taken.push(body);
    // From right away to well into the loop.
    await systemClock.sleep((round * 1400) / ROUNDS);
    await gateway.stop('SIGKILL');
    gateway = await start();
  }
  expect(taken).toHaveLength(ROUNDS);
  const runs = async () => (await program.run(['automations', 'trace', 'answer', '--list', '--json'])).lines;
  let all = await runs();
  while (all.length < ROUNDS || all.some(({ ending }) => ending === 'running')) {
    await systemClock.sleep(200);
    all = await runs();
  }
  expect(all).toHaveLength(ROUNDS);
  expect(new Set(all.map(({ ending, error }) => `${String(ending)} ${String(error)}`))).toEqual(
    new Set(['finished null']),
  );
  const bodies = async () =>
    (await program.run(['simulator', 'messages', '--to', BACK, '--json'])).lines
      .map((line) => String(line.body))
      .sort();
  const expected = taken.flatMap((body) => [`first ${body}`, `round 1 ${body}`, `round 2 ${body}`]).sort();
  let seen = await bodies();
  while (seen.length < expected.length) {
    await systemClock.sleep(500);
    seen = await bodies();
  }
  expect(seen).toEqual(expected);
});
