/** Automations of a running gateway: fired by stored events, each once, whatever is killed in between. */

import type { AddressInfo } from 'node:net';
import type { RunView } from '../../src/core/automations.ts';
import type { Logger } from '../../src/core/ports.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { type RunningGateway, startGateway } from '../../src/gateway.ts';
import { systemClock } from '../../src/system.ts';

const ANN = '+15551230001';
const BEA = '+15551230002';

interface Stage {
  folder: string;
  gateway: RunningGateway;
  log: string[];
  /** Sends a text to Ann: its statuses are events. */
  text(body: string): Promise<void>;
  runs(id: string): Promise<RunView[]>;
  /** Resolves once the runs of an automation are as wished. */
  until(id: string, wished: (runs: readonly RunView[]) => boolean): Promise<RunView[]>;
  sent(to: string): Promise<string[]>;
  restart(): Promise<void>;
}

async function stage(yaml: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-automations-'));
  const config = join(folder, 'tollboard.yaml');
  writeFileSync(config, yaml);
  const log: string[] = [];
  const note = (facts: object, message: string) => void log.push(`${message} ${JSON.stringify(facts)}`);
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note };
  const start = async () => {
    const flags = { config, data: join(folder, 'data'), port: '0', simulatorPort: '0' };
    return startGateway(await loadSettings({ flags, env: {}, cwd: folder }), { logger });
  };
  let gateway = await start();
  onTestFinished(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (path: string, method = 'GET') => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
    const body = method === 'POST' ? { body: '{}' } : {};
    const response = await fetch(`${gateway.url}/api/v1${path}`, { method, headers, ...body });
    return (await response.json()) as Record<string, unknown>;
  };
  const runs = async (id: string) => ((await ask(`/automations/${id}/runs`)).runs ?? []) as RunView[];
  const made: Stage = {
    folder,
    get gateway() {
      return gateway;
    },
    log,
    async text(body) {
      const [entry] = await gateway.messenger.send([{ kind: 'message', to: ANN, params: { body }, host: 'library' }]);
      await gateway.messenger.wait(entry?.id ?? '', 'final');
    },
    runs,
    async until(id, wished) {
      for (;;) {
        const found = await runs(id);
        if (wished(found)) return found;
        await systemClock.sleep(20);
      }
    },
    async sent(to) {
      const entries = await gateway.api.entries({ kind: 'message', limit: 100, to });
      return entries.map(({ body }) => body ?? '').reverse();
    },
    async restart() {
      await gateway.stop();
      gateway = await start();
    },
  };
  return made;
}

const ended = (count: number) => (runs: readonly RunView[]) =>
  runs.filter(({ ending }) => ending !== 'running').length >= count;

const ON_DELIVERED = `
  - id: delivered
    trigger:
      - trigger: event
        event_type: twilio_message_status
        event_data: {MessageStatus: delivered, To: '${ANN}'}
`;

describe('an automation', () => {
  test('fires once for an event that fits, and texts by a notifier of the configuration', async () => {
    const { text, until, sent } = await stage(`
notify:
  - {name: Bea, platform: twilio_sms, from_number: '+15550000001'}
automation:${ON_DELIVERED}
    action:
      - action: notify.bea
        data: {message: 'told of {{ trigger.event.data.MessageSid[:2] }}', target: ['${BEA}']}
`);
    await text('one');
    const [run] = await until('delivered', ended(1));
    expect(run).toMatchObject({ ending: 'finished', error: null, automation: 'delivered' });
    expect(run?.steps.map(({ path }) => path)).toEqual(['actions/0', 'actions/0']);
    expect(await sent(BEA)).toEqual(['told of SM']);
    await text('two');
    await until('delivered', ended(2));
    expect(await sent(BEA)).toHaveLength(2);
  });

  test('tries all targets, and fails with those that failed', async () => {
    const { text, until, sent } = await stage(`
notify: {platform: twilio_sms, name: all, from_number: '+15550000001'}
automation:${ON_DELIVERED}
    action: {action: notify.all, data: {message: hi, target: ['12', '${BEA}']}}
`);
    await text('one');
    const [run] = await until('delivered', ended(1));
    expect(run).toMatchObject({
      ending: 'failed',
      error: expect.stringMatching(/tollboard\.yaml:\d+:\d+: actions\/0: .*12: To is '12'/),
    });
    expect(await sent(BEA)).toEqual(['hi']);
  });

  test('goes on over a restart: a delay keeps its end, and nothing is sent twice', async () => {
    const { text, until, sent, restart, runs } = await stage(`
automation:${ON_DELIVERED}
    action:
      - action: twilio.send_message
        data: {to: '${BEA}', body: before}
      - delay: {milliseconds: 1500}
      - action: twilio.send_message
        data: {to: '${BEA}', body: after}
`);
    await text('one');
    await until('delivered', (all) => all[0]?.steps.some(({ path }) => path === 'actions/1') ?? false);
    await restart();
    expect((await runs('delivered'))[0]).toMatchObject({ ending: 'running' });
    const all = await until('delivered', ended(1));
    expect(all).toHaveLength(1);
    expect(await sent(BEA)).toEqual(['before', 'after']);
  });

  test('waits for another event over a restart', async () => {
    const { text, until, sent, restart } = await stage(`
automation:
  - id: pair
    trigger: {trigger: event, event_type: twilio_message_status, event_data: {MessageStatus: sent}}
    action:
      - wait_for_trigger:
          trigger: event
          event_type: twilio_message_status
          event_data: {MessageStatus: delivered, To: '{{ trigger.event.data.To }}'}
      - action: twilio.send_message
        data: {to: '${BEA}', body: '{{ wait.trigger.event.data.MessageStatus }}'}
`);
    await text('one');
    await until('pair', ended(1));
    await restart();
    expect(await sent(BEA)).toEqual(['delivered']);
  });

  test('of mode single is not begun again while it runs, and says so', async () => {
    const { gateway, until, log } = await stage(`
automation:
  - id: slow
    trigger: {trigger: event, event_type: twilio_message_status, event_data: {MessageStatus: sent}}
    action: [{delay: {milliseconds: 1500}}]
`);
    const to = ['+15551230011', '+15551230012', '+15551230013'];
    await gateway.messenger.send([{ kind: 'message', to, params: { body: 'x' }, host: 'library' }]);
    const runs = await until('slow', ended(1));
    expect(runs).toHaveLength(1);
    expect(log.join('\n')).toContain('already runs as often as it may');
  });

  test('calls a rest_command and a Home Assistant', async () => {
    const seen: Array<{ url: string; authorization: string | undefined; body: string }> = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        seen.push({ url: request.url ?? '', authorization: request.headers.authorization, body });
        response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { text, until } = await stage(`
home_assistant: {url: '${url}', token: a-long-lived-token}
rest_command:
  tell: {url: '${url}/tell/{{ what }}', method: post, payload: '{"a": "{{ what }}"}', content_type: application/json}
automation:${ON_DELIVERED}
    action:
      - action: rest_command.tell
        data: {what: '{{ trigger.event.data.MessageStatus }}'}
        response_variable: answer
      - action: cover.open_cover
        target: {entity_id: cover.garage_door}
        data: {note: '{{ answer.status }}'}
`);
    await text('one');
    expect(await until('delivered', ended(1))).toMatchObject([{ ending: 'finished', error: null }]);
    expect(seen).toEqual([
      { url: '/tell/delivered', authorization: undefined, body: '{"a": "delivered"}' },
      {
        url: '/api/services/cover/open_cover',
        authorization: 'Bearer a-long-lived-token',
        body: '{"entity_id":"cover.garage_door","note":200}',
      },
    ]);
  });

  test('with a service that nobody has fails with its place, and stops nothing else', async () => {
    const { text, until } = await stage(`
automation:${ON_DELIVERED}
    action: {action: cover.open_cover}
  - id: other
    trigger: {trigger: event, event_type: twilio_message_status, event_data: {MessageStatus: delivered}}
    action: {action: notify.persistent_notification, data: {message: fine}}
`);
    await text('one');
    const [failed] = await until('delivered', ended(1));
    expect(failed?.error).toMatch(
      /tollboard\.yaml:\d+:\d+: actions\/0: There is no service cover.open_cover\. .*home_assistant:/,
    );
    const [other] = await until('other', ended(1));
    expect(other).toMatchObject({ ending: 'finished', steps: [{}, { result: { message: 'fine' } }] });
  });
});

describe('a change of the file', () => {
  const file = (id: string) =>
    `automation: {id: ${id}, trigger: {trigger: time, at: '00:00'}, action: [{action: notify.persistent_notification, data: {message: x}}]}\n`;

  test('is taken, and a broken one is refused while the old one runs on', async () => {
    const { folder, gateway, log } = await stage(file('first'));
    const ids = async () => {
      const response = await fetch(`${gateway.url}/api/v1/automations`, {
        headers: { authorization: `Bearer ${gateway.token}` },
      });
      return ((await response.json()) as { automations: Array<{ id: string }> }).automations.map(({ id }) => id);
    };
    expect(await ids()).toEqual(['first']);
    writeFileSync(join(folder, 'tollboard.yaml'), 'automation: {trigger: {trigger: nonsense}}\n');
    while (!log.some((line) => line.includes('nonsense'))) await systemClock.sleep(50);
    expect(await ids()).toEqual(['first']);
    expect(log.join('\n')).toMatch(
      /tollboard\.yaml:1:\d+: triggers\/0 is a trigger of kind nonsense; expected event, time/,
    );
    writeFileSync(join(folder, 'tollboard.yaml'), file('second_one'));
    while ((await ids())[0] !== 'second_one') await systemClock.sleep(50);
  });

  test('that was broken from the beginning keeps the gateway from starting', async () => {
    await expect(stage('automation: {trigger: {trigger: nonsense}}\n')).rejects.toMatchObject({
      code: 'TOLLBOARD_AUTOMATION_INVALID',
    });
  });
});
