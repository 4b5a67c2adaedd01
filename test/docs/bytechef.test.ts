/** ByteChef's examples run with the commands of their page, and its own page shows what they print. */

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import seed from '../contract/data/seed-bytechef.json' with { type: 'json' };
import { createProgram, type Program } from '../support/program.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

let program: Program;
beforeAll(() => {
  program = createProgram();
  cpSync(join(ROOT, 'examples'), join(program.cwd, 'examples'), { recursive: true });
});
afterAll(() => program.close());

test("ByteChef's addresses are texted with the commands of the examples' page", async () => {
  const page = readRepositoryFile('examples/seeds/bytechef/README.md');
  const [start = '', host = ''] = [...page.matchAll(/^npx tollboard (?:start|host) .*$/gm)].map(([line]) => line);
  const words = (line: string) => line.split(' ').slice(2);
  await program.serve([...words(start), '--port', '0', '--simulator-port', '0', '--json']);
  const { code, lines, err } = await program.run([...words(host), '--json']);
  expect([code, err]).toEqual([0, '']);
  expect(lines).toMatchObject([{ to: 'whatsapp:+15552229999', from: { rawNumber: 'whatsapp:+15554449999' } }]);
  const phones = await program.run(['simulator', 'messages', '--json']);
  expect(phones.lines.map(({ to, body }) => [to, body])).toEqual([['whatsapp:+15552229999', 'The build is green.']]);
  const failed = await program.run(['host', 'bytechef', '-', '--json'], {
    input: readRepositoryFile('examples/seeds/bytechef/send-sms.json').replace(
      '"whatsapp:+15552229999"',
      '15551230001',
    ),
  });
  const guide = readRepositoryFile('docs/guide/hosts/bytechef.md');
  const shown = JSON.parse(/```json\n(\{\n {2}"error"[\s\S]*?)```/.exec(guide)?.[1] ?? '');
  const own = failed.lines[0] as { error: Record<string, unknown> };
  expect({ ...own.error, message: '', at: '' }).toEqual({ ...shown.error, message: '', at: '' });
  expect(String(own.error.message).replace(/"message": "[^"]*"/, '"message": "…"')).toBe(shown.error.message);
  const { out: described } = await program.run(['host', 'bytechef', '--describe']);
  for (const { name, type, control, description } of seed.action.properties)
    expect(described).toContain([name, type, control, description].join('\t').trimEnd());
  expect(described).toContain(seed.output.properties.map(({ type, control }) => `${type}\t${control}`).join('\n'));
});
