/**
 * Sinks into a real Home Assistant: by its event API, and by the webhook of the components in integrations/home-assistant,
 * which check the signature. Prepared by .ci/hosts/home-assistant.sh.
 */

import type { Program } from '../support/program.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/system.ts';
import { type HomeAssistant, startHomeAssistant } from '../support/home-assistant.ts';
import { CALLER, COMMON, example, missing, OURS, python, SID, TOKEN } from '../support/home-assistant-scene.ts';
import { createProgram } from '../support/program.ts';

/** A number of the gateway's own simulator. */
const TO = '+15550000001';

const CONFIGURATION = `
${COMMON.replace('{url}', 'https://home.example.com')}
twilio:
  account_sid: ${SID}
  auth_token: ${TOKEN}
frontend:
slow:
counter:
  heard:
automation heard:
  - mode: queued
    triggers: [{trigger: event, event_type: twilio_data_received, event_data: {Body: while it starts}}]
    actions: [{action: counter.increment, target: {entity_id: counter.heard}}]
`;

/** As long as there is a file `wait`, Home Assistant does not end its start. */
const SLOW = `
import asyncio, os

async def async_setup(hass, config):
    while os.path.exists(hass.config.path("wait")):
        await asyncio.sleep(0.05)
    return True
`;
const SLOW_MANIFEST = JSON.stringify({
  ...{ domain: 'slow', name: 'Slow', version: '1.0.0', after_dependencies: ['api', 'frontend'] },
  ...{ codeowners: [], dependencies: [], documentation: 'https://example.org', requirements: [] },
});

describe.skipIf(missing !== '')(`sinks into a real Home Assistant${missing}`, () => {
  let hass: HomeAssistant;
  let program: Program;
  let webhookId = '';

  beforeAll(async () => {
    const configuration = `${CONFIGURATION}\n${example('garage-door').replace(OURS, TO)}`;
    const files = {
      'configuration.yaml': configuration,
      'custom_components/slow/__init__.py': SLOW,
      'custom_components/slow/manifest.json': SLOW_MANIFEST,
    };
    hass = await startHomeAssistant({ python, files });
    const flows = '/api/config/config_entries/flow';
    const asked = await hass.rest('POST', flows, { handler: 'twilio' });
    const made = await hass.rest('POST', `${flows}/${asked.flow_id}`, {});
    webhookId = String(made.description_placeholders.webhook_url).slice(-64);
    program = createProgram();
    writeFileSync(
      path.join(program.cwd, 'tollboard.yaml'),
      `home_assistant: {url: "${hass.url}", token: "${hass.token}"}
sinks:
  events: {kind: home_assistant, events: twilio_data_received}
  webhook:
    kind: home_assistant
    webhook: ${webhookId}
    auth_token: ${TOKEN}
    signed_url: https://home.example.com/api/webhook/${webhookId}
    where: NumMedia=0
  stranger: {kind: home_assistant, url: "${hass.url}", token: not-a-token, events: twilio_data_received}
`,
    );
    await program.serve(['start', '--port', '0', '--simulator-port', '0', '--json']);
  });
  afterAll(async () => {
    await program?.close();
    await hass?.stop();
  });

  test('a text is fired with all its data, once by each way, and the signature is taken', async () => {
    const fired = await hass.events('twilio_data_received');
    const text = ['simulator', 'inbound', '--from', CALLER, '--to', TO, '--body', 'open {{ 1 + 1 }} "ünï" 👍'];
    await program.run(text);
    await fired.until(2);
    const [event] = (await program.run(['events', '--json'])).lines as Array<{ data: Record<string, string> }>;
    const byWay = (own: boolean) => fired.all.find(({ webhook_id: id }) => (id === webhookId) === own);
    expect(byWay(false)).toEqual(event?.data);
    expect(byWay(true)).toEqual({ ...event?.data, webhook_id: webhookId });
    expect(hass.output()).not.toContain('X-Twilio-Signature does not fit');
  });

  test("a call opens the garage door by the automation of Home Assistant's own page", async () => {
    await program.run(['simulator', 'calls', '--inbound', '--from', CALLER, '--to', TO]);
    await hass.state('cover.garage_door', 'open');
  });

  const sinks = async () => (await program.run(['sinks', 'list', '--json'])).lines;
  async function sinksOnce(until: (rows: Awaited<ReturnType<typeof sinks>>) => boolean) {
    for (;;) {
      const rows = await sinks();
      if (until(rows)) return rows;
      await systemClock.sleep(200);
    }
  }

  test('a wrong token is told in one sentence, and the others are well', async () => {
    const rows = await sinksOnce(([events]) => Number(events?.delivered) >= 2);
    expect(rows).toMatchObject([
      { name: 'events', delivered: 2, retry: null },
      { name: 'webhook', delivered: 1, retry: null },
      {
        name: 'stranger',
        delivered: 0,
        retry: {
          error: {
            message: 'The receiver of the sink stranger answered 401: Home Assistant does not take its token.',
            remedy: expect.stringContaining('long-lived access token'),
          },
        },
      },
    ]);
    expect(await program.run(['sinks', 'test', 'webhook'])).toMatchObject({ code: 0 });
    expect(await program.run(['sinks', 'test', 'stranger'])).toMatchObject({ code: 1 });
  });

  test('a text that comes while Home Assistant starts is heard by its automations, once by each way', async () => {
    hass.write('wait', '');
    const started = hass.restart();
    const said = (path: string) => hass.rest('GET', path).catch(() => null);
    while ((await said('/api/core/state'))?.state !== 'NOT_RUNNING') await systemClock.sleep(200);
    // Before, it answers 200 to the webhook as to one that it does not have.
    while ((await said('/api/config/config_entries/entry?domain=twilio'))?.[0]?.state !== 'loaded')
      await systemClock.sleep(200);
    await program.run(['simulator', 'inbound', '--from', CALLER, '--to', TO, '--body', 'while it starts']);
    const [events] = await sinksOnce((rows) => rows[0]?.retry !== null && Number(rows[1]?.delivered) >= 2);
    expect(events).toMatchObject({
      delivered: 2,
      retry: { error: { message: expect.stringContaining('its automations hear nothing yet') } },
    });
    hass.remove('wait');
    await started;
    // Ends the wait of the event that failed.
    expect(await program.run(['sinks', 'test', 'events'])).toMatchObject({ code: 0 });
    await hass.state('counter.heard', '2');
  });
});
