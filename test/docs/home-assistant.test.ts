/** The page and the examples of Home Assistant run as they stand. */

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram, type Program } from '../support/program.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

let program: Program;
beforeAll(() => {
  program = createProgram();
  cpSync(join(ROOT, 'examples'), join(program.cwd, 'examples'), { recursive: true });
});
afterAll(() => program.close());

describe("Home Assistant's own examples", () => {
  test('run with the commands of their page', async () => {
    const page = readRepositoryFile('examples/seeds/home-assistant/README.md');
    const [start = '', host = ''] = [...page.matchAll(/^npx tollboard (?:start|host) .*$/gm)].map(([line]) => line);
    const words = (line: string) => line.split(' ').slice(2);
    await program.serve([...words(start), '--port', '0', '--simulator-port', '0', '--json']);
    const { code, lines, err } = await program.run([...words(host), '--json']);
    expect([code, err]).toEqual([0, '']);
    expect(lines).toMatchObject([
      {
        results: [
          { target: '+15551230001', error: null },
          { target: '+15551230002', error: null },
        ],
      },
    ]);
    const phones = await program.run(['simulator', 'messages', '--json']);
    expect(phones.lines.map(({ body, from }) => [body, from])).toEqual([
      ['The garage door is open.', '+15550004001'],
      ['The garage door is open.', '+15550004001'],
    ]);
  });
});

test('the console path stands in the guide word for word', () => {
  const guide = readRepositoryFile('docs/guide/inbound.md');
  for (const step of [
    'Go to your Twilio [console](https://www.twilio.com/console).',
    'Under **phone numbers** > **manage** > **active numbers** > (select number) > **configure**.',
    'Paste your URL in the webhook URL box for **A call comes in** and **A message comes in** and save.',
  ])
    expect(guide).toContain(step);
});
