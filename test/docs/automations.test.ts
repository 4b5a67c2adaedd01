/** The examples of the page on automations do what it says. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAutomations } from '../../src/automations.ts';
import { loadSettings } from '../../src/config/load.ts';
import { ANN, stage } from '../support/automation-stage.ts';
import { readRepositoryFile } from '../support/tree.ts';

const PAGE = readRepositoryFile('docs/guide/automations.md');
const examples = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');
const OWN = '+15550000001';

describe('the page on automations', () => {
  it('has examples in which nothing is wrong', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tollboard-docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const [index, example] of examples.entries()) {
      const file = path.join(folder, `${index}.yaml`);
      writeFileSync(file, example);
      const { automations, faults } = await readAutomations(
        (await loadSettings({ flags: { config: file }, env: {}, cwd: folder })).automation,
      );
      expect([automations.length, faults]).toEqual([1, []]);
    }
  });

  it('tells ops of a text that did not arrive, by its first example', async () => {
    const { gateway, text, sent, until } = await stage((examples[0] ?? '').replace('+15552014545', OWN));
    await fetch(`${gateway.simulatorUrl}/_simulator/scenarios`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: '+15551230009', deliver: 'undelivered', errorCode: 30005 }),
    });
    await text('hi', '+15551230009');
    await until('tell_ops_what_did_not_arrive', ([run]) => run?.ending === 'finished');
    expect(await sent(ANN)).toEqual(['+15551230009 did not get it: 30005']);
  });

  it.each([
    ['<Say>&"', '&lt;Say&gt;&amp;&quot;'],
    ["it's\f</Message><Dial>+19005550100</Dial>", 'it&apos;s &lt;/Message&gt;&lt;Dial&gt;+19005550100&lt;/Dial&gt;'],
    ['{{ 7 * 7 }}{% raw %}', '{{ 7 * 7 }}{% raw %}'],
  ])('answers %j with its text, whatever stands in it', async (came, answered) => {
    const { incoming } = await stage(examples.find((example) => example.includes('twilio.reply')) ?? '');
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: came });
    expect(webhook?.body).toBe(`<Response><Message>You wrote: ${answered}</Message></Response>`);
  });
});
