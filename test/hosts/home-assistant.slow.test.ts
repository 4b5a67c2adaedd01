/**
 * A real Home Assistant with the components of integrations/home-assistant: set up as its page says, the page's two
 * automations over signed webhooks of the simulator, forged ones, and its notifiers. Prepared by .ci/hosts/home-assistant.sh.
 */

import type { Simulator } from '../../src/simulator/server.ts';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../src/simulator/server.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { type HomeAssistant, startHomeAssistant } from '../support/home-assistant.ts';
import {
  CALLER,
  COMMON,
  example,
  missing,
  noticed,
  OURS,
  python,
  SID,
  TOKEN,
} from '../support/home-assistant-scene.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { readRepositoryFile } from '../support/tree.ts';
import { freshSid, messageForm } from '../support/webhooks.ts';

const SERVICE = `MG${'5'.repeat(32)}`;
const MANY = Array.from({ length: 12 }, (_, index) => `+15551231${String(index).padStart(3, '0')}`);

describe.skipIf(missing !== '')(`a real Home Assistant with the components${missing}`, () => {
  let hass: HomeAssistant;
  let simulator: Simulator;
  const clock = createManualClock();
  /** As it was shown when it was set up. */
  let webhookUrl = '';

  beforeAll(async () => {
    const accounts = { accounts: [{ sid: SID, auth_token: TOKEN, numbers: [OURS] }] };
    simulator = await createSimulator({ clock, random: systemRandom, port: 0, accounts });
    const block = readRepositoryFile('examples/seeds/home-assistant/configuration.yaml')
      .replace('ACCOUNT_SID_FROM_TWILIO', SID)
      .replace('AUTH_TOKEN_FROM_TWILIO', TOKEN);
    hass = await startHomeAssistant({
      python,
      files: {
        'configuration.yaml': `${COMMON}
${block.trimEnd()}
  url: ${simulator.url}/
notify:
  - platform: twilio_sms
    name: Twilio SMS
    from_number: "${OURS}"
  - platform: twilio_call
    name: twilio_call
    from_number: "${OURS}"
  - platform: twilio_sms
    name: bare
    from_number: ${OURS}
  - platform: twilio_sms
    name: service
    from_number: ${SERVICE}
  - platform: twilio_sms
    name: nobody
    from_number: "not a sender!"
${example('garage-door')}
automation incoming: !include twilio-incoming.yaml
system_log:
  fire_event: true
automation nag:
  - alias: nag
    triggers: [{trigger: event, event_type: nag}]
    actions: [{action: notify.twilio_sms, data: {message: "{{ trigger.event.data.message }}", target: ${JSON.stringify([...MANY, '12'])}}}]
automation reply:
  - alias: reply
    triggers: [{trigger: event, event_type: twilio_data_received, event_data: {Body: ping}}]
    actions:
      - action: notify.twilio_sms
        data: {message: pong, target: "{{ [trigger.event.data.From] }}"}
      - event: replied
script:
  tell_template:
    sequence:
      - action: notify.twilio_sms
        data: {message: "Nobody", target: "{{ '${CALLER}' }}"}
  tell_both:
    sequence:
      - action: notify.twilio_sms
        data:
          message: "Both"
          target: ["nobody at all!", "${CALLER}"]
      - action: input_boolean.turn_on
        target: { entity_id: input_boolean.garage_open }
`,
        'twilio-incoming.yaml': example('twilio-incoming'),
      },
    });
  });
  afterAll(async () => {
    await hass?.stop();
    await simulator?.stop();
  });

  test('is set up by a page without fields, which shows the URL and the two boxes that it belongs into', async () => {
    const flows = '/api/config/config_entries/flow';
    const asked = await hass.rest('POST', flows, { handler: 'twilio' });
    expect(asked).toMatchObject({ type: 'form', step_id: 'user', data_schema: [] });
    const made = await hass.rest('POST', `${flows}/${asked.flow_id}`, {});
    expect(made).toMatchObject({ type: 'create_entry', title: 'Twilio Webhook' });
    webhookUrl = made.description_placeholders.webhook_url;
    expect(webhookUrl).toMatch(new RegExp(`^${hass.url}/api/webhook/[0-9a-f]{64}$`));
    const { resources } = await hass.call('frontend/get_translations', {
      language: 'en',
      category: 'config',
      integration: ['twilio'],
    });
    const shown = resources['component.twilio.config.create_entry.default'];
    for (const words of ['**A call comes in**', '**A message comes in**', '{webhook_url}', '**active numbers**'])
      expect(shown).toContain(words);
    expect(await hass.rest('POST', flows, { handler: 'twilio' })).toMatchObject({
      type: 'abort',
      reason: 'single_instance_allowed',
    });
    const [entry] = await hass.call('config_entries/get', { domain: 'twilio' });
    const again = await hass.rest('POST', flows, { handler: 'twilio', entry_id: entry.entry_id });
    expect(again).toMatchObject({ step_id: 'reconfigure', description_placeholders: { webhook_url: webhookUrl } });
    await hass.rest('POST', `${flows}/${again.flow_id}`, {});
    // As the page says: the URL goes into both boxes of the number.
    const { incoming_phone_numbers: numbers } = await twilio(simulator, 'GET', 'IncomingPhoneNumbers.json');
    const form = { SmsUrl: webhookUrl, VoiceUrl: webhookUrl };
    await twilio(simulator, 'POST', `IncomingPhoneNumbers/${numbers[0].sid}.json`, form);
  });

  test("opens the garage door by the page's first example when the number calls, and only then", async () => {
    const events = await hass.events('twilio_data_received');
    const before = events.all.length;
    await simulator.control.call({ From: '+15551230002', To: OURS });
    await events.until(before + 1);
    expect((await hass.rest('GET', '/api/states/cover.garage_door')).state).toBe('closed');
    await simulator.control.call({ From: CALLER, To: OURS });
    await hass.state('cover.garage_door', 'open');
    expect(events.all.at(-1)).toMatchObject({
      ...{ From: CALLER, To: OURS, CallStatus: 'ringing', Direction: 'inbound', AccountSid: SID },
      webhook_id: webhookUrl.slice(-64),
    });
  });

  test("makes a text a persistent notification by the page's second example, with sender, body and all event data", async () => {
    const fired = await hass.events('call_service');
    const { webhook } = await simulator.control.inbound({
      ...{ From: CALLER, To: OURS, Body: 'open {{ 1 + 1 }} — "ünï" 👍', MediaUrl: ['https://example.org/a.png'] },
    });
    expect(webhook).toMatchObject({ status: 200, body: '', errorCode: null });
    const text = await noticed(hass, fired, 'open {{ 1 + 1 }} — "ünï" 👍');
    // Home Assistant takes a template that gives a number for one, so `sender` has lost its plus; the event has it.
    expect(text).toMatch(/^incoming twilio message from \+?15551230001: open \{\{ 1 \+ 1 \}\} — "ünï" 👍\n/);
    for (const part of [`'From': '${CALLER}'`, `'To': '${OURS}'`, "'NumMedia': '1'", "'MediaUrl0':", "'webhook_id':"])
      expect(text).toContain(part);
  });

  test('fires nothing for what Twilio did not sign, and answers it as an id that nobody has', async () => {
    const events = await hass.events('twilio_data_received');
    const before = events.all.length;
    const form = messageForm(SID, { From: CALLER, To: OURS });
    const genuine = getExpectedTwilioSignature(TOKEN, webhookUrl, form);
    const unknown = await post(`${hass.url}/api/webhook/${'0'.repeat(64)}`, form, genuine);
    const forged: Array<[what: string, url: string, form: Record<string, string>, signature: string | null]> = [
      ['no signature', webhookUrl, form, null],
      ['an empty signature', webhookUrl, form, ''],
      ['another token', webhookUrl, form, getExpectedTwilioSignature('another', webhookUrl, form)],
      ['an altered byte', webhookUrl, { ...form, Body: `${form.Body}.` }, genuine],
      ['a parameter more', webhookUrl, { ...form, Extra: '1' }, genuine],
      ['a query', `${webhookUrl}?x=1`, form, genuine],
      [
        'another host',
        webhookUrl,
        form,
        getExpectedTwilioSignature(TOKEN, webhookUrl.replace('127.0.0.1', 'evil'), form),
      ],
    ];
    for (const [what, url, fields, signature] of forged)
      expect([what, await post(url, fields, signature)]).toEqual([what, unknown]);
    const raw = await fetch(webhookUrl, {
      method: 'POST',
      body: '{"From": "x"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(raw.status).toBe(200);
    const odd = await fetch(webhookUrl, {
      ...{
        method: 'POST',
        body: 'a=%ff',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=nonsense' },
      },
    });
    expect(odd.status).toBe(200);
    // The same request, once genuine: whatever fired before it would have come before.
    await post(webhookUrl, form, genuine);
    await events.until(before + 1);
    expect(events.all.length).toBe(before + 1);
    expect(events.all.at(-1)).toMatchObject({ MessageSid: form.MessageSid });
    expect(hass.output()).toContain('X-Twilio-Signature does not fit');
  });

  test('fires once for what Twilio repeats, also after a restart, and again for a later status', async () => {
    const events = await hass.events('twilio_data_received');
    const before = events.all.length;
    const form = messageForm(SID, { MessageSid: freshSid('SM') });
    const send = (fields: Record<string, string>, headers = {}, method = 'POST') =>
      post(webhookUrl, fields, getExpectedTwilioSignature(TOKEN, webhookUrl, fields), headers, method);
    await send(form, { 'I-Twilio-Idempotency-Token': 'one' });
    await send(form, { 'I-Twilio-Idempotency-Token': 'two' }, 'PUT');
    // The fallback URL's two fields are signed and make it no other text.
    await send({ ...form, ErrorCode: '11200', ErrorUrl: webhookUrl });
    await send({ ...form, SmsStatus: 'read' });
    await events.until(before + 2);
    expect(events.all.slice(before).map(({ SmsStatus }) => SmsStatus)).toEqual(['received', 'read']);
    await hass.restart();
    const later = await hass.events('twilio_data_received');
    expect(await send(form)).toMatchObject({ status: 200 });
    const other = messageForm(SID, { MessageSid: freshSid('SM') });
    await send(other);
    await later.until(1);
    expect(later.all.map(({ MessageSid }) => MessageSid)).toEqual([other.MessageSid]);
  });

  test('answers the methods as Home Assistant always has', async () => {
    const status = async (method: string, url: string) => (await fetch(url, { method })).status;
    const nobody = `${hass.url}/api/webhook/${'1'.repeat(64)}`;
    expect(await status('HEAD', webhookUrl)).toBe(200);
    expect(await status('GET', webhookUrl)).toBe(405);
    expect(await status('HEAD', nobody)).toBe(200);
    const form = messageForm(SID);
    const answer = await post(webhookUrl, form, getExpectedTwilioSignature(TOKEN, webhookUrl, form));
    expect(answer).toEqual({ status: 200, type: 'text/plain; charset=utf-8', text: '' });
  });

  test('texts every target, tells a bad one among good ones to whoever called, and stops that automation', async () => {
    const good = ['+15551230011', '+15551230012'];
    await hass.act('notify.twilio_sms', {
      message: 'Hello',
      title: 'Door',
      target: good,
      data: { media_url: 'https://example.org/a.png' },
    });
    const taken = () => simulator.control.messages().messages.filter(({ direction }) => direction === 'outbound-api');
    expect(
      taken()
        .map(({ to }) => to)
        .sort(),
    ).toEqual(good);
    for (const text of taken())
      expect(text).toMatchObject({ from: OURS, body: 'Hello', mediaUrl: ['https://example.org/a.png'] });
    const failed = hass.act('notify.twilio_sms', {
      message: 'Again',
      target: [good[0], '15551230013', '+1555123', good[1]],
    });
    await expect(failed).rejects.toThrow(
      /^Failed: 2 of 4 targets\. 15551230013: .* write it as "\+15551230013", .*; \+1555123: HTTP 400 error: Unable to create record: .*\(Twilio 21211\)\. Sent to: \+15551230011, \+15551230012\.$/,
    );
    expect(
      taken()
        .filter(({ body }) => body === 'Again')
        .map(({ to }) => to)
        .sort(),
    ).toEqual(good);
    await hass.act('input_boolean.turn_off', { entity_id: 'input_boolean.garage_open' });
    await expect(hass.act('script.tell_both')).rejects.toThrow(/nobody at all!/);
    expect(
      taken()
        .filter(({ body }) => body === 'Both')
        .map(({ to }) => to),
    ).toEqual([CALLER]);
    expect((await hass.rest('GET', '/api/states/input_boolean.garage_open')).state).toBe('off');
    await expect(hass.act('notify.twilio_sms', { message: 'Nobody' })).rejects.toThrow(/At least 1 target is required/);
  });

  test('says not to resend what may have been sent, and sends it once', async () => {
    simulator.control.faults.add({ fault: 'drop_answer', method: 'POST', count: 1 });
    const lost = hass.act('notify.twilio_sms', { message: 'Once', target: CALLER });
    await expect(lost).rejects.toThrow(/the text to \+15551230001 of \d{4}-\d\d-\d\dT.* Do not send it again/);
    expect(simulator.control.messages().messages.filter(({ body }) => body === 'Once')).toHaveLength(1);
  });

  test('tries every target also where the automation that asked is stopped meanwhile', async () => {
    // As many as go out at a time; the others wait for them.
    simulator.control.faults.add({ fault: 'slow', method: 'POST', count: 10 });
    const under = clock.sleeping;
    await hass.rest('POST', '/api/events/nag', { message: 'Nag' });
    await clock.untilSleeping(under + 10);
    await hass.act('automation.turn_off', { entity_id: 'automation.nag' });
    const logged = await hass.events('system_log_event');
    const told = () => logged.all.some((event) => /^1 of 13 targets failed, and whoever/.test(String(event.message)));
    clock.advance(1000);
    for (let count = 1; !told(); count += 1) await logged.until(count);
    const taken = simulator.control.messages().messages.filter(({ body }) => body === 'Nag');
    expect(taken.map(({ to }) => to).sort()).toEqual(MANY);
  });

  test('tries every target also where Home Assistant is stopped meanwhile', async () => {
    await hass.act('automation.turn_on', { entity_id: 'automation.nag' });
    simulator.control.faults.add({ fault: 'slow', method: 'POST', count: 10 });
    const under = clock.sleeping;
    await hass.rest('POST', '/api/events/nag', { message: 'Stop' });
    await clock.untilSleeping(under + 10);
    const restarted = hass.restart();
    // It takes no request any more, so its stop has begun.
    while (await fetch(hass.url).catch(() => null)) await systemClock.sleep(50);
    clock.advance(1000);
    await restarted;
    const taken = simulator.control.messages().messages.filter(({ body }) => body === 'Stop');
    expect(taken.map(({ to }) => to).sort()).toEqual(MANY);
  });

  test('answers a text by a template that gives a list, and says so where one gives the number alone', async () => {
    const replied = await hass.events('replied');
    await simulator.control.inbound({ From: CALLER, To: OURS, Body: 'ping' });
    await replied.until(1);
    const pongs = simulator.control.messages().messages.filter(({ body }) => body === 'pong');
    expect(pongs).toMatchObject([{ to: CALLER, from: OURS }]);
    await expect(hass.act('script.tell_template')).rejects.toThrow(/15551230001 has no plus, .* template give a list/);
  });

  test('calls every target and speaks, with voice and language', async () => {
    await hass.act('notify.twilio_call', {
      ...{
        message: 'The <door> is open',
        target: [CALLER, '+15551230002'],
        data: { voice: 'Polly.Amy', language: 'en-GB' },
      },
    });
    const calls = simulator.control.calls().calls.filter(({ direction }) => direction === 'outbound-api');
    expect(calls.map(({ to }) => to).sort()).toEqual([CALLER, '+15551230002']);
    const spoken = '<Response><Say voice="Polly.Amy" language="en-GB">The &lt;door&gt; is open</Say></Response>';
    expect(calls.map(({ twiml }) => twiml)).toEqual([spoken, spoken]);
    const failed = hass.act('notify.twilio_call', { message: 'x', target: ['12', CALLER] });
    await expect(failed).rejects.toThrow(/^Failed: 1 of 2 targets\. 12: .* Sent to: \+15551230001\.$/);
  });

  test('takes a from_number that YAML took for an integer, and a messaging service, as the original does', async () => {
    await hass.act('notify.bare', { message: 'Bare', target: CALLER });
    const [text] = simulator.control.messages().messages.filter(({ body }) => body === 'Bare');
    expect(text).toMatchObject({ to: CALLER, from: OURS });
    await hass.act('notify.service', { message: 'Service', target: CALLER });
    const [pooled] = simulator.control.messages().messages.filter(({ body }) => body === 'Service');
    expect(pooled).toMatchObject({ to: CALLER, messagingServiceSid: SERVICE });
  });

  test('S6: refuses a from_number that is no sender, in words', async () => {
    expect(hass.output()).toMatch(/from_number is 'not a sender!'; expected a number such as/);
    const services = await hass.call('get_services');
    expect(Object.keys(services.notify)).toEqual(expect.arrayContaining(['twilio_sms', 'twilio_call']));
    expect(Object.keys(services.notify)).not.toContain('nobody');
  });

  test('has logged no secret, and no error of its own', async () => {
    const said = hass.output();
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain(Buffer.from(`${SID}:${TOKEN}`).toString('base64'));
    expect(said).not.toMatch(/Error processing webhook|Error setting up platform twilio|Error importing/);
    expect(said).not.toMatch(/blocking call|never awaited|never retrieved/);
    const manifest = await hass.call('manifest/get', { integration: 'twilio' });
    expect(manifest).toMatchObject({
      domain: 'twilio',
      name: 'Twilio',
      config_flow: true,
      iot_class: 'cloud_push',
      is_built_in: false,
    });
  });
});

test.skipIf(missing !== '')(`without the block twilio: it takes every webhook and says so${missing}`, async () => {
  const notify = `notify:\n  - {platform: twilio_sms, name: twilio_sms, from_number: "${OURS}"}\n`;
  const hass = await startHomeAssistant({ python, files: { 'configuration.yaml': `${COMMON}${notify}` } });
  onTestFinished(() => hass.stop());
  expect(hass.output()).toMatch(/twilio_sms needs the account: add the block twilio: with account_sid and auth_token/);
  const flows = '/api/config/config_entries/flow';
  const { flow_id: flow } = await hass.rest('POST', flows, { handler: 'twilio' });
  const { description_placeholders: shown } = await hass.rest('POST', `${flows}/${flow}`, {});
  expect(hass.output()).toContain('Nobody can tell who calls the webhook: add the block twilio:');
  const events = await hass.events('twilio_data_received');
  const form = messageForm(SID, { From: CALLER });
  await post(shown.webhook_url, form, null);
  await events.until(1);
  expect(events.all).toMatchObject([{ MessageSid: form.MessageSid, From: CALLER }]);
});

async function twilio(simulator: Simulator, method: string, path: string, form?: Record<string, string>) {
  const answer = await fetch(`${simulator.url}/2010-04-01/Accounts/${SID}/${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}` },
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever members the test asks it for
  return (await answer.json()) as any;
}

async function post(
  url: string,
  form: Record<string, string>,
  signature: string | null,
  headers: Record<string, string> = {},
  method = 'POST',
) {
  const signed: Record<string, string> = signature === null ? {} : { 'X-Twilio-Signature': signature };
  const init: RequestInit = { method, body: new URLSearchParams(form), headers: { ...signed, ...headers } };
  const answer = await fetch(url, init);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}
