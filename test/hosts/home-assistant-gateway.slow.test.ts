/**
 * A real Home Assistant without the components, with the package of plain YAML beside a gateway that hands events on to it;
 * and the add-on's start script. Prepared by .ci/hosts/home-assistant.sh.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
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
import { ROOT, readRepositoryFile } from '../support/tree.ts';

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
`,
        'twilio-incoming.yaml': example('twilio-incoming'),
        'packages/tollboard.yaml': readRepositoryFile('integrations/home-assistant/packages/tollboard.yaml'),
        'secrets.yaml': `
tollboard_notify_url: http://127.0.0.1:${port}/hosts/home-assistant
twilio_account_sid: ${SID}
twilio_auth_token: ${TOKEN}
twilio_from_number: "${OURS}"
`,
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

  test('fails where the gateway is gone, and has logged no secret', async () => {
    await gateway.stop();
    const gone = hass.act('script.twilio_sms', { message: 'x', target: CALLER }, { response: true });
    await expect(gone).rejects.toThrow(/127\.0\.0\.1/);
    for (const secret of [TOKEN, Buffer.from(`${SID}:${TOKEN}`).toString('base64')])
      expect(hass.output()).not.toContain(secret);
  });
});

test('the add-on starts a gateway with its options, and keeps them to itself', async () => {
  const program = createProgram();
  onTestFinished(() => program.close());
  const bin = join(program.cwd, 'bin');
  mkdirSync(bin);
  const command = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/tollboard.js')}' "$@"\n`;
  writeFileSync(join(bin, 'tollboard'), command, { mode: 0o755 });
  const hosts = ['homeassistant.local'];
  const options = { account_sid: SID, auth_token: TOKEN, public_url: 'https://gateway.example.com', hosts };
  writeFileSync(join(program.cwd, 'options.json'), JSON.stringify(options));
  const script = join(ROOT, 'integrations/home-assistant/addon/tollboard/run.sh');
  const child = spawn('sh', [script, '--json', '--port', '0'], {
    cwd: program.cwd,
    env: {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      TOLLBOARD_ADDON_DATA: program.cwd,
      SUPERVISOR_TOKEN: 'the-token-of-the-supervisor',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ready = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const ended = once(child, 'close').then(() => Promise.reject(new Error(said)));
  const [line] = await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  const webhookUrl = expect.stringMatching(/^https:\/\/gateway\.example\.com\/api\/webhook\//);
  expect(JSON.parse(line)).toMatchObject({ webhookUrl, simulated: false });
  expect(statSync(join(program.cwd, 'tollboard.yaml')).mode & 0o077).toBe(0);
  for (const secret of [TOKEN, 'the-token-of-the-supervisor']) expect(said).not.toContain(secret);
});
