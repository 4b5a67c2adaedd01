/** What the actions of a running gateway do to the world, and what comes back from it. */

import type { RunView } from '../../src/core/automations.ts';
import { expect, test } from 'vitest';
import { ANN, stage } from '../support/automation-stage.ts';
import { startReceiver } from '../support/callback-receiver.ts';

const BEA = '+15551230002';
const OWN = '+15550000001';
const BY_HAND = "id: go, trigger: {trigger: time, at: '03:00'}";

const ended = (count: number) => (runs: readonly RunView[]) =>
  runs.filter(({ ending }) => ending !== 'running').length >= count;

test("what came is sent as it came, by Twilio's own names of parameters, too", async () => {
  const { incoming, until, sent } = await stage(`
notify: {platform: twilio_sms, name: bea, from_number: '${OWN}'}
automation:
  - id: pass_on
    mode: queued
    trigger: {trigger: event, event_type: twilio_data_received}
    action:
      - action: notify.bea
        data: {message: '{{ trigger.event.data.Body }}', target: ['${BEA}']}
      - action: twilio.send_message
        data: {To: '${BEA}', From: '${OWN}', Body: '{{ trigger.event.data.Body }}', ValidityPeriod: '{{ 60 * 2 }}'}
      - action: twilio.reply
        data: {message: '{{ trigger.event.data.Body }}'}
`);
  const texts = ['1.50', '[1,2]', '12345678901234567890', "{'a':1}", 'None', '007'];
  for (const text of texts) {
    const { webhook } = await incoming('inbound', { From: ANN, To: OWN, Body: text });
    expect(webhook?.body).toBe(`<Response><Message>${text.replaceAll("'", '&apos;')}</Message></Response>`);
  }
  const runs = await until('pass_on', ended(texts.length));
  expect(runs.map(({ ending, error }) => [ending, error])).toEqual(texts.map(() => ['finished', null]));
  expect(await sent(BEA)).toEqual(texts.flatMap((text) => [text, text]));
});

test('a rest_command takes what came into its URL and JSON without being led elsewhere', async () => {
  const receiver = await startReceiver(() => ({ status: 200, body: '{}' }));
  const { incoming, until } = await stage(`
rest_command:
  tell: {url: '${receiver.url}/of/{{ who | urlencode }}', method: post, payload: '{"text": {{ text | to_json }}}'}
automation:
  id: tell
  trigger: {trigger: event, event_type: twilio_data_received}
  action:
    action: rest_command.tell
    data: {who: '{{ trigger.event.data.ProfileName }}', text: '{{ trigger.event.data.Body }}'}
`);
  const Body = 'x", "admin": true, "y": "\n</b>';
  await incoming('inbound', { From: ANN, To: OWN, Body, ProfileName: '../?a=1#b &ü' });
  expect(await until('tell', ended(1))).toMatchObject([{ error: null }]);
  const [told] = receiver.received;
  expect(told?.target).toBe('/of/../%3Fa%3D1%23b%20%26%C3%BC'.replace('/of/../', '/'));
  expect(JSON.parse(told?.body ?? '')).toEqual({ text: Body });
});

test('a rest_command that is led elsewhere fails its action', async () => {
  const location = 'http://169.254.169.254/latest/meta-data/';
  const receiver = await startReceiver(() => ({ status: 302, headers: { location } }));
  const { run, until } = await stage(`
rest_command: {there: {url: '${receiver.url}'}}
automation: {${BY_HAND}, action: {action: rest_command.there}}
`);
  await run('go');
  const [one] = await until('go', ended(1));
  expect(one?.error).toMatch(/rest_command\.there.*HTTP 302, a redirect, which is not followed/);
  expect(receiver.received).toHaveLength(1);
});

test('a rest_command under way when the gateway ends is called again', async () => {
  const receiver = await startReceiver((index) => (index === 0 ? { status: 200, hang: true } : { status: 200 }));
  const { run, until, restart } = await stage(`
rest_command: {there: {url: '${receiver.url}'}}
automation: {${BY_HAND}, action: [{action: rest_command.there}, {variables: {a: 1}}]}
`);
  await run('go');
  await receiver.arrived(1);
  await restart();
  expect(await until('go', ended(1))).toMatchObject([{ ending: 'finished', error: null }]);
  expect(receiver.received).toHaveLength(2);
});

test('a notification is shown in the Home Assistant of the configuration', async () => {
  const receiver = await startReceiver(() => ({ status: 200, body: '[]' }));
  const { run, until } = await stage(`
home_assistant: {url: '${receiver.url}', token: t}
automation:
  ${BY_HAND.replaceAll(', trigger:', '\n  trigger:')}
  action: {action: notify.persistent_notification, data: {title: Door, message: '{{ "op" ~ "en" }}', notification_id: d}}
`);
  await run('go');
  const [one] = await until('go', ended(1));
  expect(one?.steps.at(-1)?.result).toEqual({ title: 'Door', message: 'open' });
  expect(receiver.received).toMatchObject([{ target: '/api/services/persistent_notification/create' }]);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({
    title: 'Door',
    message: 'open',
    notification_id: 'd',
  });
});

test('an included file is one automation, and two of its triggers that fit one event begin one run', async () => {
  const included = `
id: both
mode: queued
trigger:
  - {trigger: event, event_type: twilio_data_received}
  - {trigger: event, event_type: twilio_data_received, event_data: {Body: hi}}
action: {action: notify.persistent_notification, data: {message: '{{ trigger.id }}'}}
`;
  const { incoming, until } = await stage('automation: !include both.yaml\n', { 'both.yaml': included });
  await incoming('inbound', { From: ANN, To: OWN, Body: 'hi' });
  await incoming('inbound', { From: ANN, To: OWN, Body: 'ho' });
  const runs = await until('both', ended(2));
  expect(runs.map(({ trigger }) => (trigger as { id?: string }).id)).toEqual(['0', '0']);
});

test('a late reply goes out from the account that the text came in for', async () => {
  const second = `AC${'0'.repeat(31)}1`;
  const { gateway, incoming, until } = await stage(`
automation:
  id: late
  trigger: {trigger: event, event_type: twilio_data_received}
  action: [{delay: 6}, {action: twilio.reply, data: {message: late}}]
`);
  const verified = '+15550100001';
  await incoming('inbound', { From: verified, To: OWN, Body: 'x', AccountSid: second });
  expect(await until('late', ended(1))).toMatchObject([{ error: null }]);
  const [entry] = await gateway.api.entries({ kind: 'message', limit: 1, to: verified });
  expect(entry).toMatchObject({ account: second, from: OWN, body: 'late' });
});
