/** `docs/guide/hosts/README.md` shows what each host answers in each of the five situations, taken from real runs. */

import type { EntryRecord } from '../../src/core/entry.ts';
import type { Ending } from '../../src/hosts/run.ts';
import type { HostForm } from '../contract/hosts/form.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { form as ansible } from '../contract/hosts/ansible.ts';
import { form as bytechef } from '../contract/hosts/bytechef.ts';
import { form as flogo } from '../contract/hosts/flogo.ts';
import { form as homeAssistant } from '../contract/hosts/home-assistant.ts';
import { form as soar } from '../contract/hosts/soar.ts';
import { createDrivenClock } from '../support/driven-clock.ts';
import { type Setup, startTestGateway, startWorld, type World } from '../support/messenger-world.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

// biome-ignore lint/suspicious/noExplicitAny: outputs are read as their users read them
type Output = any;

interface Shown {
  form: HostForm;
  /** The few words of the table. */
  words(output: Output): string;
  /** What of the output is shown below it. */
  excerpt(output: Output): unknown;
}

const HOSTS: Record<string, Shown> = {
  Ansible: {
    form: ansible,
    words: ({ failed = false, changed }) => `\`failed: ${failed}\`, \`changed: ${changed}\``,
    excerpt: ({ changed, failed, msg, sent, unsent, unsure }) => ({ changed, failed, msg, sent, unsent, unsure }),
  },
  'Splunk SOAR': {
    form: soar,
    words: ({ result_data: results }) => codes(results, 'status'),
    excerpt: ({ status, message, result_data: results }) => ({
      status,
      message,
      result_data: results.map(pick('status', 'message', 'summary', 'parameter')),
    }),
  },
  ByteChef: {
    form: bytechef,
    words: ({ error, status }) => (error === undefined ? `\`status: ${status}\`` : failureOf(error)),
    excerpt: (output) => (output.error === undefined ? pick('sid', 'status', 'to', 'from')(output) : output),
  },
  Flogo: {
    form: flogo,
    words: ({ statusCode, status }) => `\`${statusCode}\` \`${status}\``,
    excerpt: (output) => output,
  },
  'Home Assistant': {
    form: homeAssistant,
    words: ({ results }) => codes(results, 'status'),
    excerpt: (output) => output,
  },
};

const [ANN, NOBODY] = ['+15551230001', '+1555'];
/** Times real time, once there is nothing more to wait for. */
const HURRY = 200;

interface Situation {
  to: readonly string[];
  ending: Ending;
  account?: Setup['account'];
  before?(world: World): void;
  /** Held is what cannot be found; soon, so that a host is still waiting. */
  hold?: true;
  /** The host's own time stands still until an entry is so, and then runs. */
  until?(entry: EntryRecord): boolean;
}

const SITUATIONS: Record<string, Situation> = {
  accepted: {
    to: [ANN],
    ending: 'ok',
    account: { baseUrl: 'http://127.0.0.1:1' },
    until: ({ state, attempts }) => state === 'queued' && attempts > 0,
  },
  'partly failed': { to: [ANN, NOBODY], ending: 'some', until: ({ state }) => state === 'sent' || state === 'done' },
  failed: { to: [NOBODY], ending: 'failed' },
  unknown: {
    to: [ANN],
    ending: 'unsure',
    before({ simulator: { control } }) {
      control.faults.add({ fault: 'proxy_error', accept: true, count: 1, method: 'POST' });
      control.faults.add({ fault: 'server_error', method: 'GET' });
      control.faults.add({ fault: 'callback_lost' });
    },
    until: ({ state }) => state === 'unknown',
  },
  held: {
    to: [ANN],
    ending: 'unsure',
    hold: true,
    before: ({ simulator: { control } }) => void control.faults.add({ fault: 'proxy_error', count: 1, method: 'POST' }),
    until: ({ state }) => state === 'held',
  },
};

const PAGE = 'docs/guide/hosts/README.md';
const BLOCK = /(?<=<!-- forms: [^\n]* -->\n)[\s\S]*(?=<!-- end of forms -->)/;

test('the page of the hosts shows what they answer in each of the five situations', async () => {
  const rows: string[] = [];
  const details: string[] = [];
  for (const [name, situation] of Object.entries(SITUATIONS)) {
    const cells: string[] = [];
    details.push(`## ${name[0]?.toUpperCase()}${name.slice(1)}`, '');
    for (const [title, { form, words, excerpt }] of Object.entries(HOSTS)) {
      if (situation.to.length > form.maxRecipients) {
        cells.push('–');
        continue;
      }
      const { output, ending } = await play(form, situation);
      expect(ending, `${title}: ${name}`).toBe(situation.ending);
      const warned = /do not (?:re)?send/i.test(JSON.stringify(output));
      cells.push(`${words(output)}${warned ? ', says not to send again' : ''}`);
      details.push(`${title}:`, '', '```json', shortened(excerpt(output)), '```', '');
    }
    rows.push(`| ${[name, ...cells, `\`${situation.ending}\``].join(' | ')} |`);
  }
  const head = ['form', ...Object.keys(HOSTS), 'ending'];
  const table = [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows];
  const written = ['', ...table, '', ...details].join('\n');
  const page = readRepositoryFile(PAGE);
  if (process.env.TOLLBOARD_WRITE_DOCS === '1')
    writeFileSync(
      join(ROOT, PAGE),
      page.replace(BLOCK, () => written),
    );
  else expect(BLOCK.exec(page)?.[0]).toBe(written);
});

async function play({ host, input }: HostForm, situation: Situation) {
  const hostClock = createDrivenClock();
  onTestFinished(() => hostClock.close());
  if (situation.until === undefined) hostClock.run(HURRY);
  const world = await startWorld(
    {
      async start(given, clock) {
        const hold = { onUnknown: 'hold', resolveWindowMs: 1000 } as const;
        const settings = situation.hold ? { ...given, delivery: { ...given.delivery, ...hold } } : given;
        const { gateway, tried } = await startTestGateway(settings, clock);
        gateway.api.onCommit(({ entries }) => {
          if (entries.some((entry) => situation.until?.(entry))) hostClock.run(HURRY);
        });
        return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
      },
    },
    situation.account === undefined ? {} : { account: situation.account },
  );
  try {
    situation.before?.(world);
    world.clock.run(20);
    const [account] = world.simulator.accounts;
    const asked = { to: situation.to, from: '+15550000001', body: 'The build is green.' };
    const { sid: accountSid = '', authToken = '' } = account ?? {};
    const given = input({ ...asked, accountSid, authToken, baseUrl: world.simulator.url });
    return await host.report(given, world.messenger, { clock: hostClock });
  } finally {
    await world.close();
  }
}

function shortened(output: unknown): string {
  return JSON.stringify(output, null, 2)
    .replaceAll(/\b(SM|MM)[0-9a-f]{32}\b/g, '$1…')
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '2026-07-01T12:00:00.000Z');
}

function pick(...names: string[]) {
  return (output: Output) => Object.fromEntries(names.map((name) => [name, output[name]]));
}

function codes(rows: Output[], name: string): string {
  return rows.map((row) => `\`${row[name]}\``).join(', ');
}

function failureOf({ status, mayHaveBeenSent }: Output): string {
  return mayHaveBeenSent ? '`mayHaveBeenSent: true`' : `\`error.status: ${status}\``;
}
