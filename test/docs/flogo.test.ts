/** Flogo's own examples run as their page says. */

import type { FlogoOutput } from '../../src/hosts/flogo/request.ts';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import seed from '../contract/data/seed-flogo.json' with { type: 'json' };
import { createProgram, type Program } from '../support/program.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const commands = readRepositoryFile('examples/seeds/flogo/README.md').matchAll(/^npx tollboard ([^|\n]*)/gm);
const [start = '', ...hosts] = [...commands].map(([, line = '']) => line.trim());

let program: Program;
beforeAll(async () => {
  program = createProgram();
  cpSync(join(ROOT, 'examples'), join(program.cwd, 'examples'), { recursive: true });
  await program.serve([...start.split(' '), '--port', '0', '--simulator-port', '0', '--json']);
});
afterAll(() => program.close());

async function run(line = ''): Promise<FlogoOutput> {
  const { code, out, err } = await program.run(line.split(' '));
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as FlogoOutput;
}

const success = (message: string): FlogoOutput => ({
  statusCode: '200',
  status: 'Success',
  message,
  failedNumbers: '',
});

describe("Flogo's own examples", () => {
  const [one, ...more] = ['+16175551212', '+16175551213', '+16175551214'];

  test('send to the number of the page, and to many', async () => {
    expect(seed.settings.find(({ setting }) => setting === 'to')?.description).toContain(one);
    expect(await run(hosts[0])).toEqual(success(`SMS sent successfully to :${one}`));
    expect(await run(hosts[1])).toEqual(success(`SMS sent successfully to :${[one, ...more].join(',')}`));
    const { lines } = await program.run(['simulator', 'messages', '--json']);
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map(({ to }) => to))).toEqual(new Set([one, ...more]));
  });

  test('retrieve a list that can be sent to as it is', async () => {
    expect(await run(hosts[2])).toEqual(success([one, ...more].join(',')));
  });
});
