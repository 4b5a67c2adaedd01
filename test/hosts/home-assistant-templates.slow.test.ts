/** Home Assistant's own template engine judges test/contract/data/templates.json. Prepared by .ci/hosts/home-assistant.sh. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import cases from '../contract/data/templates.json' with { type: 'json' };
import { missing, python } from '../support/home-assistant-scene.ts';
import { ROOT } from '../support/tree.ts';

test.skipIf(missing !== '')(`Home Assistant makes of each template what the data says${missing}`, async () => {
  const wanted = new Map<string, string | null>([
    ...Object.entries(cases.same),
    ...Object.keys(cases.refused).map((template): [string, null] => [template, null]),
    ...cases.different.map(({ template, there }): [string, string | null] => [template, there]),
  ]);
  const templates = [...wanted.keys()];
  const script = join(ROOT, 'test/hosts/home-assistant/render_templates.py');
  const running = promisify(execFile)(python, [script], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', TZ: cases.zone },
    maxBuffer: 16 * 1024 * 1024,
  });
  running.child.stdin?.end(JSON.stringify({ now: cases.now, zone: cases.zone, variables: cases.variables, templates }));
  const made = JSON.parse((await running).stdout) as Array<{ text: string } | { error: string }>;
  const told = made.map((one, index) => [templates[index], 'text' in one ? one.text : null]);
  expect(told).toEqual([...wanted]);
});
