/**
 * A real Home Assistant beside a gateway: with the package of plain YAML and the events that the gateway hands on, and with
 * the components that send through it. Prepared by .ci/hosts/home-assistant.sh.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, type HomeAssistant, startHomeAssistant } from '../support/home-assistant.ts';
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
import { createProgram, type Program, type Service } from '../support/program.ts';
import { readRepositoryFile } from '../support/tree.ts';

const secrets = (port: number, token: string) => `
tollboard_notify_url: http://127.0.0.1:${port}/hosts/home-assistant
twilio_account_sid: ${SID}
twilio_auth_token: ${token}
twilio_from_number: "${OURS}"
`;

describe.skipIf(missing !== '')(`a real Home Assistant without the components, beside a gateway${missing}`, () => {
  let hass: HomeAssistant;
  let program: Program;
  let gateway: Service;

  beforeAll(async () => {
    program = createProgram();
    const port = await freePort();
    hass = await startHomeAssistant({
      python,
      components: false,
      files: {
        'configuration.yaml': `${COMMON.replace('homeassistant:\n', 'homeassistant:\n  packages: !include_dir_named packages\n')}
notify:
${example('garage-door')}
automation incoming: !include twilio-incoming.yaml
automation ask:
  - mode: queued
    triggers: [{trigger: event, event_type: ask}]
    actions:
      - action: script.twilio_sms
        data: {message: "{{ trigger.event.data.text }}", target: "${CALLER}"}
        response_variable: outcome
      - event: answered
        event_data: {ok: "{{ outcome.ok }}", why: "{{ outcome.text }}"}
automation reply:
  - triggers: [{trigger: event, event_type: twilio_data_received, event_data: {Body: ping}}]
    actions:
      - action: script.twilio_sms
        data: {message: pong, target: "{{ [trigger.event.data.From] }}"}
        response_variable: outcome
      - event: answered
        event_data: {ok: "{{ outcome.ok }}", why: "{{ outcome.text }}"}
`,
        'twilio-incoming.yaml': example('twilio-incoming'),
        'packages/tollboard.yaml': readRepositoryFile('integrations/home-assistant/packages/tollboard.yaml'),
        'secrets.yaml': secrets(port, TOKEN),
      },
    });
    const accounts = { accounts: [{ sid: SID, auth_token: TOKEN, numbers: [OURS] }] };
    writeFileSync(join(program.cwd, 'accounts.yaml'), JSON.stringify(accounts));
    const sinks = { home: { kind: 'home_assistant', url: hass.url, token: hass.token } };
    writeFileSync(join(program.cwd, 'tollboard.yaml'), JSON.stringify({ sinks }));
    const options = ['--accounts', 'accounts.yaml', '--port', String(port), '--simulator-port', '0', '--json'];
    gateway = await program.serve(['start', ...options]);
  });
  afterAll(async () => {
    await hass?.stop();
    await program?.close();
  });

  const phones = async () => (await program.run(['simulator', 'messages', '--json'])).lines;

  test('has nothing against the package in its own check of the configuration', async () => {
    const { result, errors, warnings } = await hass.rest('POST', '/api/config/core/check_config');
    expect({ result, errors, warnings }).toEqual({ result: 'valid', errors: null, warnings: null });
    const services = await hass.call('get_services');
    expect(Object.keys(services.script)).toEqual(expect.arrayContaining(['twilio_sms', 'twilio_call']));
    expect(Object.keys(services.script.twilio_sms.fields)).toEqual(['message', 'target', 'data']);
  });

  test('texts by the scripts of the package, and tells what became of each target', async () => {
    const [message, bea] = ['+1 is "one" {{ 1 }}', '+15551230002'];
    const media = { media_url: 'https://example.org/a.png' };
    const good = await hass.act(
      'script.twilio_sms',
      { message, target: [CALLER, bea], data: media },
      { response: true },
    );
    expect(good.response).toMatchObject({
      ok: true,
      text: '',
      results: [
        { target: CALLER, error: null },
        { target: bea, error: null },
      ],
    });
    const texts = await phones();
    expect(texts.map(({ to }) => String(to)).sort()).toEqual([CALLER, bea]);
    for (const text of texts) expect(text).toMatchObject({ from: OURS, body: message, mediaUrl: [media.media_url] });
    const mixed = { message: '12', target: ['15551230003', CALLER] };
    const some = await hass.act('script.twilio_sms', mixed, { response: true });
    expect(some.response).toMatchObject({ ok: false, results: [{ status: 'rejected' }, { error: null }] });
    expect(some.response.text).toMatch(/^15551230003: .* Write it with \+: \+15551230003/);
    expect((await phones()).filter(({ body }) => body === '12')).toHaveLength(1);
    // What a template gives to a script is read as what it looks like.
    const odd = ['True', '[1, 2]', "{'a': 1}", '007', '1e3', 'None'];
    const answered = await hass.events('answered');
    for (const text of odd) await hass.rest('POST', '/api/events/ask', { text });
    await answered.until(odd.length);
    expect(answered.all).toEqual(odd.map(() => ({ ok: true, why: '' })));
    expect((await phones()).map(({ body }) => body)).toEqual(expect.arrayContaining(odd));
    const none = await hass.act('script.twilio_sms', { message: 'x', target: [] }, { response: true });
    expect(none.response).toMatchObject({ ok: false, results: [] });
    expect(none.response.text).toContain('At least 1 target is required');
  });

  test('calls by the scripts of the package', async () => {
    const spoken = { message: 'The door is open', target: CALLER, data: { language: 'en-GB' } };
    const { response } = await hass.act('script.twilio_call', spoken, { response: true });
    expect(response).toMatchObject({ ok: true, results: [{ target: CALLER, error: null }] });
    const { lines } = await program.run(['simulator', 'calls', '--json']);
    const twiml = '<Response><Say language="en-GB">The door is open</Say></Response>';
    expect(lines).toMatchObject([{ to: CALLER, twiml }]);
  });

  test("runs the page's two examples on what the gateway hands on", async () => {
    await program.run(['simulator', 'calls', '--inbound', '--from', CALLER, '--to', OURS]);
    await hass.state('cover.garage_door', 'open');
    const fired = await hass.events('call_service');
    await program.run(['simulator', 'inbound', '--from', CALLER, '--to', OURS, '--body', 'open {{ 1 + 1 }}']);
    const text = await noticed(hass, fired, 'open {{ 1 + 1 }}');
    for (const part of [`'From': '${CALLER}'`, `'To': '${OURS}'`, "'webhook_id':"]) expect(text).toContain(part);
  });

  test('answers a text by a template that gives its sender as a list', async () => {
    const answered = await hass.events('answered');
    const before = answered.all.length;
    await program.run(['simulator', 'inbound', '--from', CALLER, '--to', OURS, '--body', 'ping']);
    await answered.until(before + 1);
    expect(answered.all.at(-1)).toEqual({ ok: true, why: '' });
    expect((await phones()).find(({ body }) => body === 'pong')).toMatchObject({ to: CALLER, from: OURS });
  });

  test('says what the gateway has against it', async () => {
    const port = Number(new URL(String(gateway.ready.url)).port);
    hass.write('secrets.yaml', secrets(port, 'another-token'));
    await hass.act('rest_command.reload');
    const { response } = await hass.act('script.twilio_sms', { message: 'x', target: CALLER }, { response: true });
    expect(response).toMatchObject({ ok: false, results: [], text: expect.stringMatching(/token/) });
    hass.write('secrets.yaml', secrets(port, TOKEN));
    await hass.act('rest_command.reload');
  });

  test('fails where the gateway is gone, and has logged no secret', async () => {
    await gateway.stop();
    const gone = hass.act('script.twilio_sms', { message: 'x', target: CALLER }, { response: true });
    await expect(gone).rejects.toThrow(/127\.0\.0\.1/);
    for (const secret of [TOKEN, Buffer.from(`${SID}:${TOKEN}`).toString('base64')])
      expect(hass.output()).not.toContain(secret);
  });
});

describe.skipIf(missing !== '')(`a real Home Assistant with the components, through a gateway${missing}`, () => {
  let hass: HomeAssistant;
  let program: Program;
  let gateway: Service;

  beforeAll(async () => {
    program = createProgram();
    const port = await freePort();
    const accounts = { accounts: [{ sid: SID, auth_token: TOKEN, numbers: [OURS] }] };
    writeFileSync(join(program.cwd, 'accounts.yaml'), JSON.stringify(accounts));
    const options = ['--accounts', 'accounts.yaml', '--port', String(port), '--simulator-port', '0', '--json'];
    gateway = await program.serve(['start', ...options]);
    const notify = (platform: string) => `  - {platform: ${platform}, name: ${platform}, from_number: "${OURS}"}\n`;
    const block = `twilio: {account_sid: ${SID}, auth_token: "${TOKEN}", url: "http://127.0.0.1:${port}/2010-04-01/"}\n`;
    const configuration = `${COMMON}${block}notify:\n${notify('twilio_sms')}${notify('twilio_call')}`;
    hass = await startHomeAssistant({ python, files: { 'configuration.yaml': configuration } });
  });
  afterAll(async () => {
    await hass?.stop();
    await program?.close();
  });

  test('texts and calls every target, each an entry of the gateway', async () => {
    const data = { media_url: ['https://example.org/a.png', 'https://example.org/b.png'] };
    const mixed = { message: 'ünï 👍', title: 'Door', target: [CALLER, '12', '+15551230002'], data };
    await expect(hass.act('notify.twilio_sms', mixed)).rejects.toThrow(
      /^Failed: 1 of 3 targets\. 12: .* Sent to: \+15551230001, \+15551230002\.$/,
    );
    await hass.act('notify.twilio_call', { message: 'The door is open', target: CALLER });
    const texts = (await program.run(['simulator', 'messages', '--json'])).lines;
    expect(texts.map(({ to }) => String(to)).sort()).toEqual([CALLER, '+15551230002']);
    for (const text of texts) expect(text).toMatchObject({ from: OURS, body: 'ünï 👍', mediaUrl: data.media_url });
    const calls = (await program.run(['simulator', 'calls', '--json'])).lines;
    expect(calls).toMatchObject([{ to: CALLER, twiml: '<Response><Say>The door is open</Say></Response>' }]);
    const entries = async (what: string) => {
      const authorization = `Bearer ${gateway.ready.token}`;
      const answer = await fetch(`${gateway.ready.url}/api/v1/${what}`, { headers: { authorization } });
      return ((await answer.json()) as Record<string, unknown[]>)[what];
    };
    expect(await entries('messages')).toHaveLength(2);
    expect(await entries('calls')).toHaveLength(1);
  });

  test('says that nothing was sent where the gateway is gone', async () => {
    await gateway.stop();
    const gone = hass.act('notify.twilio_sms', { message: 'x', target: [CALLER, '+15551230002'] });
    await expect(gone).rejects.toThrow(
      /^Failed: 2 of 2 targets\. \+15551230001: no connection to .*so nothing was sent; /,
    );
    expect(hass.output()).not.toContain(TOKEN);
  });
});
