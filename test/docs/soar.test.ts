/** Splunk SOAR's own examples run as their page says. */

import type { SoarOutput } from '../../src/hosts/soar/result.ts';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import seed from '../contract/data/seed-soar.json' with { type: 'json' };
import { createProgram, type Ended, type Program } from '../support/program.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const commands = readRepositoryFile('examples/seeds/soar/README.md').matchAll(/^npx tollboard ([^|\n]*)/gm);
const [start = '', ...hosts] = [...commands].map(([, line = '']) => line.trim());
const [messageExamples = [], bodyExamples = []] = ['action_result.message', 'action_result.data.*.body'].map(
  (name) => seed.outputs.find((row) => row.name === name)?.examples,
);

let program: Program;
beforeAll(async () => {
  program = createProgram();
  cpSync(join(ROOT, 'examples'), join(program.cwd, 'examples'), { recursive: true });
  await program.serve([...start.split(' '), '--port', '0', '--simulator-port', '0', '--json']);
});
afterAll(() => program.close());

const run = async (line = ''): Promise<Pick<Ended, 'code'> & { output: SoarOutput }> => {
  const { code, out, err } = await program.run(line.split(' '));
  expect(err).toBe('');
  return { code, output: JSON.parse(out) as SoarOutput };
};

describe("Splunk SOAR's own examples", () => {
  test('send message ends as the page shows it', async () => {
    const { code, output } = await run(hosts[0]);
    expect([code, output.status, output.result_summary]).toEqual([
      0,
      'success',
      { total_objects: 1, total_objects_successful: 1 },
    ]);
    const [result] = output.result_data;
    expect(result).toMatchObject({
      status: 'success',
      message: messageExamples[1],
      summary: { message_delivery_status: 'delivered' },
      parameter: { to_phone: '5101112345', message: 'Happy Halloween to GV' },
      data: [{ body: bodyExamples[0], from: '+15123456789', to: '+15101112345', status: 'delivered', num_media: '0' }],
    });
  });

  test('the account that is not there fails in the words of the page', async () => {
    const { code, output } = await run(hosts[1]);
    expect([code, output.result_data[0]?.status, output.result_data[0]?.message]).toEqual([
      1,
      'failed',
      messageExamples[0],
    ]);
  });

  test('test connectivity passes, and sends nothing', async () => {
    const { code, output } = await run(hosts[2]);
    expect([code, output.result_data[0]?.message]).toEqual([0, 'Test connectivity Passed']);
    const { lines } = await program.run(['simulator', 'messages', '--json']);
    expect(lines.map(({ to }) => to)).toEqual(['+15101112345']);
  });
});
