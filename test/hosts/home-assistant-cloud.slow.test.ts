/**
 * The components with Home Assistant's own cloud integration, whose connection a component of this test stands for: what
 * it stores of a cloud hook and how it hands on what comes by one is its own. Prepared by .ci/hosts/home-assistant.sh.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HomeAssistant, startHomeAssistant } from '../support/home-assistant.ts';
import { CALLER, COMMON, missing, OURS, python, SID, TOKEN } from '../support/home-assistant-scene.ts';
import { messageForm, signedForm } from '../support/webhooks.ts';

const HOOK = 'https://hooks.nabu.example/gAAAAABtheHook';
const FLOWS = '/api/config/config_entries/flow';

describe.skipIf(missing !== '')(`the components in a real Home Assistant with a cloud hook${missing}`, () => {
  let hass: HomeAssistant;

  beforeAll(async () => {
    const manifest = { domain: 'relay', name: 'Relay', version: '1.0.0', dependencies: ['cloud'] };
    const more = { codeowners: [], documentation: 'https://example.org', requirements: [] };
    const files = {
      'configuration.yaml': `${COMMON}cloud:\nrelay:\ntwilio: {account_sid: ${SID}, auth_token: "${TOKEN}"}\n`,
      'custom_components/relay/__init__.py': RELAY,
      'custom_components/relay/manifest.json': JSON.stringify({ ...manifest, ...more }),
    };
    hass = await startHomeAssistant({ python, files });
  });
  afterAll(async () => {
    await hass?.stop();
  });

  const connect = (connected: boolean) => hass.act('relay.connect', { connected });
  const hooks = async () => (await hass.act('relay.hooks', {}, { response: true })).response.hooks;
  const deliver = async (form: Record<string, string>, token = TOKEN) => {
    const { body, headers } = signedForm(form, { url: HOOK, token });
    return (await hass.act('relay.deliver', { body, headers }, { response: true })).response;
  };
  const setUp = async () => {
    const { flow_id: flow } = await hass.rest('POST', FLOWS, { handler: 'twilio' });
    return hass.rest('POST', `${FLOWS}/${flow}`, {});
  };
  const entry = async () => (await hass.call('config_entries/get', { domain: 'twilio' }))[0].entry_id;
  const reconfigure = async () => hass.rest('POST', FLOWS, { handler: 'twilio', entry_id: await entry() });
  const remove = async () => hass.rest('DELETE', `/api/config/config_entries/entry/${await entry()}`);

  test('give no URL while a subscription is not connected', async () => {
    await connect(false);
    expect(await setUp()).toMatchObject({ type: 'abort', reason: 'cloud_not_connected' });
    const category = { language: 'en', category: 'config', integration: ['twilio'] };
    const { resources } = await hass.call('frontend/get_translations', category);
    expect(resources['component.twilio.config.abort.cloud_not_connected']).toContain('Home Assistant Cloud');
  });

  test('show its URL, and fire what Twilio signs for it, once', async () => {
    await connect(true);
    expect(await setUp()).toMatchObject({ type: 'create_entry', description_placeholders: { webhook_url: HOOK } });
    expect(await reconfigure()).toMatchObject({ description_placeholders: { webhook_url: HOOK } });
    const events = await hass.events('twilio_data_received');
    const form = messageForm(SID, { From: CALLER, To: OURS, Body: 'ünï' });
    expect(await deliver({ ...form, Body: 'forged' }, 'another')).toMatchObject({ status: 200 });
    expect(await deliver(form)).toMatchObject({ status: 200, body: '' });
    await deliver(form);
    const last = messageForm(SID);
    await deliver(last);
    await events.until(2);
    const [{ webhook_id: id }] = await hooks();
    expect(events.all).toEqual([
      { ...form, webhook_id: id },
      { ...last, webhook_id: id },
    ]);
    expect(hass.output()).not.toMatch(/Error processing webhook/);
  });

  test('take it back with the entry, also one that was made before there was a subscription', async () => {
    await remove();
    expect(await hooks()).toEqual([]);
    await hass.act('relay.leave');
    expect((await setUp()).description_placeholders.webhook_url).toContain(`${hass.url}/api/webhook/`);
    await connect(true);
    expect(await reconfigure()).toMatchObject({ description_placeholders: { webhook_url: HOOK } });
    expect(await hooks()).toHaveLength(1);
    await remove();
    expect(await hooks()).toEqual([]);
  });
});

/** What a subscription and a connection to the relay change in Home Assistant, without either. */
const RELAY = `
import base64, json
from homeassistant.core import SupportsResponse

HOOK = "${HOOK}"

def token(claims):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f'{part({"alg": "HS256", "typ": "JWT"})}.{part(claims)}.c2ln'

async def async_setup(hass, config):
    cloud = hass.data["cloud"]

    async def create(webhook_id, managed):
        hook = {"webhook_id": webhook_id, "cloudhook_id": "the-hook", "cloudhook_url": HOOK, "managed": managed}
        await cloud.client.async_cloudhooks_update({**cloud.client.cloudhooks, webhook_id: hook})
        return hook

    async def publish():
        pass

    cloud.cloudhooks.async_create = create
    cloud.cloudhooks.async_publish_cloudhooks = publish

    async def connect(call):
        cloud.id_token = token({"custom:sub-exp": "2099-01-01", "cognito:username": "me"})
        cloud.iot.state = "connected" if call.data["connected"] else "disconnected"

    async def leave(call):
        cloud.id_token = None
        cloud.iot.state = "disconnected"

    async def hooks(call):
        return {"hooks": list(cloud.client.cloudhooks.values())}

    async def deliver(call):
        payload = {"cloudhook_id": "the-hook", "method": "POST", "query": "", **call.data}
        return await cloud.client.async_webhook_message(payload)

    hass.services.async_register("relay", "connect", connect)
    hass.services.async_register("relay", "leave", leave)
    hass.services.async_register("relay", "hooks", hooks, supports_response=SupportsResponse.ONLY)
    hass.services.async_register("relay", "deliver", deliver, supports_response=SupportsResponse.ONLY)
    return True
`;
