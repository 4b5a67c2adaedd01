/** Automations of a running gateway: fired by stored events, each once, whatever is killed in between. */

import type { AddressInfo } from 'node:net';
import type { RunView } from '../../src/core/automations.ts';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/system.ts';
import { ANN, stage } from '../support/automation-stage.ts';
import { readRepositoryFile } from '../support/tree.ts';

const BEA = '+15551230002';

interface Seen {
  url: string;
  authorization: string | undefined;
  body: string;
}

/** Stands where a Home Assistant or another program would: takes requests and says yes. */
async function receiver(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
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
    const { text, until, sent, restart } = await stage(`
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
    const all = await until('delivered', ended(1));
    expect(all).toHaveLength(1);
    const [begun, over] = all[0]?.steps.filter(({ path }) => path === 'actions/1') ?? [];
    const end = begun?.result as { until: string } | undefined;
    expect(Date.parse(over?.time ?? '')).toBeGreaterThanOrEqual(Date.parse(end?.until ?? ''));
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
    const { gateway, runs, log } = await stage(`
automation:
  - id: slow
    trigger: {trigger: event, event_type: twilio_message_status, event_data: {MessageStatus: sent}}
    action: [{wait_for_trigger: {trigger: event, event_type: never}}]
`);
    const to = ['+15551230011', '+15551230012', '+15551230013'];
    await gateway.messenger.send([{ kind: 'message', to, params: { body: 'x' }, host: 'library' }]);
    while (log.filter((line) => line.includes('already runs as often as it may')).length < 2)
      await systemClock.sleep(20);
    expect(await runs('slow')).toMatchObject([{ ending: 'running' }]);
  });

  test('calls a rest_command and a Home Assistant', async () => {
    const { url, seen } = await receiver();
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
    const { text, until, log } = await stage(`
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
    const place = /"where":"[^"]*tollboard\.yaml:\d+:\d+"/;
    expect(log.filter((line) => place.test(line))).toEqual([
      expect.stringMatching(/^an automation has a fault; .*the service cover\.open_cover is Home Assistant's/),
      expect.stringMatching(/^a run failed; /),
    ]);
  });
});

test('a secret reaches whom it is for, over a restart, and no trace, no log and no file', async () => {
  // So long that sentences show it cut short.
  const pin = `hunter2-is-a-secret-${'0123456789'.repeat(9)}`;
  const { url, seen } = await receiver();
  const { folder, text, until, restart, log } = await stage(
    `
rest_command:
  tell: {url: '${url}/tell', method: post, payload: '{{ pin }}'}
automation:${ON_DELIVERED}
    action:
      - variables: {pin: !secret pin}
      - delay: {milliseconds: 1500}
      - action: rest_command.tell
        data: {pin: '{{ pin }}'}
      - delay: '{{ pin }}'
`,
    { 'secrets.yaml': `pin: "${pin}"\n` },
  );
  await text('one');
  await until('delivered', (all) => all[0]?.steps.some(({ path }) => path === 'actions/1') ?? false);
  await restart();
  const [run] = await until('delivered', ended(1));
  expect(seen).toMatchObject([{ body: pin }]);
  expect(run?.error).toContain("actions/3: the duration is '!secret pin…; expected seconds");
  expect(run?.steps[0]?.changed).toEqual({ pin: '!secret pin' });
  const files = readdirSync(join(folder, 'data')).map((name) => readFileSync(join(folder, 'data', name), 'latin1'));
  for (const where of [JSON.stringify(run), log.join('\n'), ...files]) expect(where).not.toContain('hunter2');
});

test('automations that text because of their own texts come to an end, with one sentence, and stop nothing else', async () => {
  const { text, until, sent, gateway } = await stage(`
automation:
  - id: ring
    mode: parallel
    max: 50
    trigger: {trigger: event, event_type: twilio_message_status}
    action: [{action: twilio.send_message, data: {to: '${BEA}', body: again}}]
  - id: other
    mode: parallel
    trigger: {trigger: event, event_type: twilio_message_status, event_data: {To: '${ANN}', MessageStatus: delivered}}
    action: [{action: notify.persistent_notification, data: {message: fine}}]
`);
  await text('one');
  const runs = await until('ring', (all) => all.length > 0 && all.every(({ ending }) => ending === 'failed'));
  expect(runs[0]?.error).toMatch(
    /tollboard\.yaml:\d+:\d+: actions\/0: one event has led to more than 100 runs .* in a ring/,
  );
  while (
    Object.entries(await gateway.api.counts()).some(([state, n]) => ['queued', 'sending'].includes(state) && n > 0)
  )
    await systemClock.sleep(50);
  const texts = await sent(BEA);
  expect(texts.length).toBeGreaterThan(20);
  expect(await until('other', ended(1))).toMatchObject([{ ending: 'finished' }]);
});

describe("the document's own automations", () => {
  const OWN = '+15550000001';
  /** Unedited, but for its placeholders. */
  const example = (name: string) =>
    readRepositoryFile(`examples/seeds/home-assistant/${name}`).replace(/\+1X+/, ANN).replace(/\+1Y+/, OWN);

  test('open the garage door for the right caller, and for nobody else', async () => {
    const { url, seen } = await receiver();
    const { incoming, until } = await stage(
      `home_assistant: {url: '${url}', token: t}\n${example('garage-door.yaml')}`,
    );
    await incoming('calls', { From: '+15551239999', To: OWN });
    await incoming('inbound', { From: ANN, To: OWN, Body: 'open' });
    expect((await incoming('calls', { From: ANN, To: OWN })).record.document).toBe('<Response/>');
    await until('automation_1', ended(1));
    expect(seen).toMatchObject([{ url: '/api/services/cover/open_cover', body: '{"entity_id":"cover.garage_door"}' }]);
  });

  test('make a notification of a text, with sender, body and all event data', async () => {
    const lines = example('twilio-incoming.yaml')
      .split('\n')
      .map((line) => `  ${line}`);
    const { incoming, until } = await stage(`automation:\n${lines.join('\n')}\n`);
    await incoming('inbound', { From: ANN, To: OWN, Body: 'The {{ door }} is open' });
    const [run] = await until('twilio_incoming', ended(1));
    const message = String((run?.steps.at(-1)?.result as { message?: string } | undefined)?.message);
    expect(message).toMatch(
      /^incoming twilio message from \+15551230001: The {{ door }} is open\nall event data: {'.*'From': '\+15551230001'/,
    );
    expect(message).toContain("'Body': 'The {{ door }} is open'");
    expect(message).toContain("'webhook_id': '");
  });
});

test('a call is spoken, and where the account refuses TwiML within the request, fetched from the gateway', async () => {
  const yaml = `
simulator: {trial: 2026, accounts: accounts.yaml}
notify: {name: wake, platform: twilio_call, from_number: '+15550000001'}
automation:
  - id: wake
    trigger: {trigger: time, at: '03:00'}
    action: {action: notify.wake, data: {message: 'The <door> is open', target: ['+15550100001'], data: {language: en-GB}}}
`;
  const accounts = `
defaults: false
accounts:
  - {sid: AC7, auth_token: t, type: trial, numbers: ['+15550000001'], verified: ['+15550100001']}
`;
  const { until, calls, run } = await stage(yaml, { 'accounts.yaml': accounts });
  await run('wake');
  expect(await until('wake', ended(1))).toMatchObject([{ ending: 'finished', error: null }]);
  const [call] = await calls();
  expect(call).toMatchObject({ to: '+15550100001', twiml: null });
  // By POST, as Twilio asks for it unless told otherwise, and by GET.
  for (const init of [{ method: 'POST', body: new URLSearchParams({ CallStatus: 'in-progress' }) }, {}]) {
    const page = await fetch(String(call?.url), init);
    expect(page.headers.get('content-type')).toContain('text/xml');
    expect(await page.text()).toBe('<Response><Say language="en-GB">The &lt;door&gt; is open</Say></Response>');
  }
  expect((await fetch(String(call?.url).replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(404);
});

describe('a reply', () => {
  const answering = (actions: string) => `
automation:
  - id: answer
    trigger: {trigger: event, event_type: twilio_data_received}
    action: ${actions}
`;
  const OWN = '+15550000001';

  test('to a text is TwiML while Twilio waits for it', async () => {
    const { incoming, until } = await stage(
      answering("[{action: twilio.reply, data: {message: 'You said: {{ trigger.event.data.Body }} & more'}}]"),
    );
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: '<hello>' });
    expect(webhook).toMatchObject({
      status: 200,
      body: '<Response><Message>You said: &lt;hello&gt; &amp; more</Message></Response>',
    });
    expect(await until('answer', ended(1))).toMatchObject([{ ending: 'finished' }]);
  });

  test.each([
    ['text', 'inbound', '<Message>$</Message>'],
    ['call', 'calls', '<Say>$</Say>'],
  ] as const)('to a %s is text, whatever stands in its message', async (_what, kind, answer) => {
    const message = '</Say></Message><Dial record="always">+19005550100</Dial> & it\'s';
    const { incoming } = await stage(
      answering(`[{action: twilio.reply, data: {message: ${JSON.stringify(message)}}}]`),
    );
    const { webhook, record } = await incoming(kind, {
      From: ANN,
      To: OWN,
      ...(kind === 'inbound' ? { Body: 'x' } : {}),
    });
    const text =
      '&lt;/Say&gt;&lt;/Message&gt;&lt;Dial record=&quot;always&quot;&gt;+19005550100&lt;/Dial&gt; &amp; it&apos;s';
    expect(kind === 'calls' ? record.document : webhook?.body).toBe(
      `<Response>${answer.replace('$', () => text)}</Response>`,
    );
  });

  test('with TwiML of its own is told in words once Twilio was answered', async () => {
    const { incoming, until } = await stage(
      answering("[{delay: 6}, {action: twilio.reply, data: {twiml: '<Response/>'}}]"),
    );
    await incoming('inbound', { From: ANN, To: OWN, Body: 'x' });
    expect(await until('answer', ended(1))).toMatchObject([
      { ending: 'failed', error: expect.stringContaining('reply within 5 seconds, before any delay') },
    ]);
  });

  test('to a call speaks', async () => {
    const { incoming } = await stage(answering('[{action: twilio.reply, data: {message: Welcome, language: en-GB}}]'));
    const { record } = await incoming('calls', { From: ANN, To: OWN });
    expect(record.document).toBe('<Response><Say language="en-GB">Welcome</Say></Response>');
  });

  test('of nobody is empty, at once', async () => {
    const { incoming } = await stage(
      answering('[{delay: 0}, {action: notify.persistent_notification, data: {message: x}}]'),
    );
    expect((await incoming('inbound', { From: ANN, To: OWN, Body: 'x' })).webhook).toMatchObject({
      status: 200,
      body: '<Response/>',
    });
  });

  test('of several automations: the first is the answer, the others say whose it is, and no text is lost', async () => {
    const { incoming, until, sent } = await stage(`
automation:
  - id: first
    trigger: {trigger: event, event_type: twilio_data_received}
    action: [{action: twilio.reply, data: {message: first}}]
  - id: second
    trigger: {trigger: event, event_type: twilio_data_received}
    action: [{delay: {milliseconds: 300}}, {action: twilio.reply, data: {message: second}}]
  - id: third
    trigger: {trigger: event, event_type: twilio_data_received}
    action: [{delay: {milliseconds: 300}}, {action: twilio.reply, data: {twiml: <Response/>}}]
`);
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: 'x' });
    expect(webhook).toMatchObject({ body: '<Response><Message>first</Message></Response>' });
    const [second] = await until('second', ended(1));
    const why = 'The webhook is already answered, by the automation first: the first that replies is its answer.';
    expect(second).toMatchObject({ ending: 'finished' });
    expect(second?.steps.at(-1)?.result).toMatchObject({ answered: 'message', why });
    expect(await sent(ANN)).toEqual(['second']);
    const [third] = await until('third', ended(1));
    expect(third).toMatchObject({ ending: 'failed', error: expect.stringContaining(why) });
  });

  test('that cannot come any more is not waited for, however long other automations run', async () => {
    const { incoming, runs } = await stage(`
automation:
  - id: long
    trigger: {trigger: event, event_type: twilio_data_received}
    action: [{wait_for_trigger: {trigger: event, event_type: never}}]
  - id: never
    trigger: {trigger: event, event_type: twilio_data_received}
    action: [{if: '{{ false }}', then: [{action: twilio.reply, data: {message: x}}]}]
`);
    const began = performance.now();
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: 'x' });
    expect(webhook).toMatchObject({ body: '<Response/>' });
    expect(performance.now() - began).toBeLessThan(4000);
    expect(await runs('long')).toMatchObject([{ ending: 'running' }]);
  });

  test('that comes after Twilio was answered is a text of its own', async () => {
    const { incoming, until, sent } = await stage(
      answering('[{delay: 6}, {action: twilio.reply, data: {message: late}}]'),
    );
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: 'x' });
    expect(webhook).toMatchObject({ body: '<Response/>' });
    await until('answer', ended(1));
    expect(await sent(ANN)).toEqual(['late']);
  });
});

describe('a change of the file', () => {
  const file = (id: string) =>
    `automation: {id: ${id}, trigger: {trigger: time, at: '00:00'}, action: [{action: notify.persistent_notification, data: {message: x}}]}\n`;

  const ids = async ({ url, token }: { url: string; token: string }) => {
    const response = await fetch(`${url}/api/v1/automations`, { headers: { authorization: `Bearer ${token}` } });
    return ((await response.json()) as { automations: Array<{ id: string }> }).automations.map(({ id }) => id);
  };

  test('is taken, and a broken one is refused while the old one runs on', async () => {
    const { folder, gateway, log } = await stage(file('first'));
    expect(await ids(gateway)).toEqual(['first']);
    writeFileSync(join(folder, 'tollboard.yaml'), 'automation: {trigger: {trigger: nonsense}}\n');
    while (!log.some((line) => line.includes('nonsense'))) await systemClock.sleep(50);
    expect(await ids(gateway)).toEqual(['first']);
    expect(log.join('\n')).toMatch(
      /tollboard\.yaml:1:\d+: triggers\/0 is a trigger of kind nonsense; expected event, time/,
    );
    writeFileSync(join(folder, 'tollboard.yaml'), file('second_one'));
    while ((await ids(gateway))[0] !== 'second_one') await systemClock.sleep(50);
  });

  test('with a service that nobody has is taken, and told at once with its place', async () => {
    const { folder, log } = await stage(file('first'));
    writeFileSync(join(folder, 'tollboard.yaml'), file('second').replace('persistent_notification', 'nobody'));
    while (log.length === 0) await systemClock.sleep(50);
    expect(log).toEqual([
      expect.stringMatching(/"where":".*tollboard\.yaml:1:\d+".*there is no service notify\.nobody/),
    ]);
  });

  test('beyond the automations is told, for it takes effect at the next start, and not again when it is taken back', async () => {
    const { folder, gateway, log } = await stage(file('first'));
    const more = 'sinks: {archive: {kind: command, command: [/bin/cat]}}\nsender: "+15550000002"\n';
    writeFileSync(join(folder, 'tollboard.yaml'), file('first') + more);
    while (!log.some((line) => line.includes('read at a start only'))) await systemClock.sleep(50);
    expect(log.find((line) => line.includes('read at a start only'))).toMatch(
      /"keys":\["(sinks|sender)","(sinks|sender)"\]/,
    );
    writeFileSync(join(folder, 'tollboard.yaml'), file('second'));
    while ((await ids(gateway))[0] !== 'second') await systemClock.sleep(50);
    expect(log).toHaveLength(1);
  });

  test('that was broken from the beginning keeps the gateway from starting', async () => {
    await expect(stage('automation: {trigger: {trigger: nonsense}}\n')).rejects.toMatchObject({
      code: 'TOLLBOARD_AUTOMATION_INVALID',
    });
  });
});
