/**
 * The components of integrations/home-assistant through the life of an installation: taken over from Home Assistant's own,
 * asked while it starts, reloaded, misconfigured, removed. Prepared by .ci/hosts/home-assistant.sh.
 */

import { getExpectedBodyHash, getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HomeAssistant, startHomeAssistant } from '../support/home-assistant.ts';
import { CALLER, COMMON, example, missing, OURS, python, SID, TOKEN } from '../support/home-assistant-scene.ts';
import { callForm, messageForm, signedForm, signedJson } from '../support/webhooks.ts';

const WEBHOOK_ID = 'ab'.repeat(32);
const ENTRY_ID = '01jtwilio0000000000000000a';

/** As Home Assistant 2025.4 stores what its own component `twilio` was set up with. */
const OWN_ENTRY = JSON.stringify({
  ...{ key: 'core.config_entries', version: 1, minor_version: 5 },
  data: {
    entries: [
      {
        ...{ entry_id: ENTRY_ID, domain: 'twilio', title: 'Twilio Webhook', source: 'user', unique_id: null },
        ...{ data: { webhook_id: WEBHOOK_ID, cloudhook: false }, options: {}, subentries: [] },
        ...{ version: 1, minor_version: 1, disabled_by: null, discovery_keys: {} },
        ...{ created_at: '2024-01-01T00:00:00+00:00', modified_at: '2024-01-01T00:00:00+00:00' },
        ...{ pref_disable_new_entities: false, pref_disable_polling: false },
      },
    ],
  },
});

const BLOCK = `twilio:\n  account_sid: ${SID}\n  auth_token: ${TOKEN}\n`;

/** With the entry of its own component, so that the URL of the webhook is known beforehand. */
async function start(configuration: string, files: Record<string, string> = {}): Promise<HomeAssistant> {
  const hass = await startHomeAssistant({
    python,
    files: { 'configuration.yaml': configuration + MARK, '.storage/core.config_entries': OWN_ENTRY, ...files },
  });
  onTestFinished(() => hass.stop());
  return hass;
}

const webhookOf = ({ url }: HomeAssistant) => `${url}/api/webhook/${WEBHOOK_ID}`;
/** A genuine webhook. */
const send = (hass: HomeAssistant, form: Record<string, string>) =>
  fetch(webhookOf(hass), signedForm(form, { url: webhookOf(hass), token: TOKEN }));
/** Comes after whatever was fired before it, also after what is kept for a second once Home Assistant has started. */
const mark = (hass: HomeAssistant) => hass.act('script.mark');
const MARK = `
script:
  mark:
    sequence:
      - delay: {milliseconds: 1500}
      - event: twilio_data_received
        event_data: {mark: true}
`;
const states = async (hass: HomeAssistant) =>
  ((await hass.call('config_entries/get', { domain: 'twilio' })) as Array<{ state: string }>).map(({ state }) => state);

describe.skipIf(missing !== '')(`the components in a real Home Assistant${missing}`, () => {
  test("go on with the entry of Home Assistant's own component, its URL included", async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    expect(await states(hass)).toEqual(['loaded']);
    const events = await hass.events('twilio_data_received');
    const form = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, form);
    await events.until(1);
    expect(events.all).toEqual([{ ...form, webhook_id: WEBHOOK_ID }]);
  });

  test('keep what comes while Home Assistant starts until its automations can hear it, and then fire it once', async () => {
    const early = `${COMMON}frontend:\nearly:\n${BLOCK}counter:\n  fired:\n${example('garage-door')}
automation count:
  - triggers: [{trigger: event, event_type: twilio_data_received}]
    actions: [{action: counter.increment, target: {entity_id: counter.fired}}]
`;
    const call = callForm(SID, { From: CALLER, To: OURS });
    const hass = await start(early, {
      'custom_components/early/manifest.json': JSON.stringify({
        ...{ domain: 'early', name: 'Early', version: '1.0.0', after_dependencies: ['frontend'] },
        ...{ codeowners: [], dependencies: [], documentation: 'https://example.org', requirements: [] },
      }),
      'custom_components/early/__init__.py': EARLY,
      'early.json': JSON.stringify({ url: `{url}/api/webhook/${WEBHOOK_ID}`, token: TOKEN, form: call }),
    });
    expect(hass.output()).toMatch(/early: answered 200 200 while not_running/);
    await hass.state('cover.garage_door', 'open');
    await hass.state('counter.fired', '1');
    // Whatever fired twice would have come before this one.
    const events = await hass.events('twilio_data_received');
    const text = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, text);
    await events.until(1);
    await hass.state('counter.fired', '2');
  });

  test('fire once for what is repeated around a reload of the entry', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const events = await hass.events('twilio_data_received');
    const form = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, form);
    await hass.rest('POST', `/api/config/config_entries/entry/${ENTRY_ID}/reload`);
    expect(await states(hass)).toEqual(['loaded']);
    await send(hass, form);
    const other = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, other);
    await events.until(2);
    expect(events.all.map(({ MessageSid }) => MessageSid)).toEqual([form.MessageSid, other.MessageSid]);
  });

  test('fire what Twilio signs as JSON with its members as data', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const events = await hass.events('twilio_data_received');
    const post = async (body: string, type: string, { method = 'POST', hashed = body } = {}) => {
      const url = `${webhookOf(hass)}?bodySHA256=${getExpectedBodyHash(hashed)}`;
      const signature = getExpectedTwilioSignature(TOKEN, url, {});
      const headers = { 'content-type': type, 'x-twilio-signature': signature };
      const request: RequestInit = { method, body, headers };
      return fetch(url, request);
    };
    const json = { AccountSid: SID, Body: 'ünï {{ 1 }}', Tags: { a: [1, 'ü'] }, NumMedia: 0, webhook_id: 'a lie' };
    expect((await post(JSON.stringify(json), 'application/json')).status).toBe(200);
    await post('no object', 'text/plain', { method: 'PUT' });
    await post('{"a":"b"}', 'application/json', { hashed: '{}' });
    const last = messageForm(SID);
    await send(hass, last);
    await events.until(3);
    const own = { webhook_id: WEBHOOK_ID };
    expect(events.all).toEqual([
      { ...json, Tags: '{"a":[1,"ü"]}', NumMedia: '0', ...own },
      { body: 'no object', ...own },
      { ...last, ...own },
    ]);
  });

  test('take a form and JSON as Home Assistant hands on what comes from elsewhere, a cloud hook for one', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const events = await hass.events('twilio_data_received');
    const handOn = (query: string, { method, body, headers }: RequestInit) =>
      hass.call('webhook/handle', { webhook_id: WEBHOOK_ID, method, body, headers, query });
    const signer = { url: webhookOf(hass), token: TOKEN };
    const form = messageForm(SID, { From: CALLER, To: OURS });
    expect(await handOn('', signedForm(form, signer))).toMatchObject({ status: 200, body: '' });
    const { query, init } = signedJson('{"Body":"ünï"}', signer);
    await handOn(query.slice(1), init);
    await handOn(query.slice(1), { ...init, body: '{"Body":"uni"}' });
    await handOn('', signedForm(form, { ...signer, token: 'another' }));
    await mark(hass);
    await events.until(3);
    const own = { webhook_id: WEBHOOK_ID };
    expect(events.all).toEqual([{ ...form, ...own }, { Body: 'ünï', ...own }, { mark: true }]);
  });

  test('without an external URL refuse every webhook and give none', async () => {
    const hass = await start(`${COMMON.replace(/ {2}external_url:.*\n/, '  name: Home\n')}${BLOCK}`);
    const events = await hass.events('twilio_data_received');
    const form = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, form);
    await mark(hass);
    await events.until(1);
    expect(events.all).toEqual([{ mark: true }]);
    // What it logs is written by another thread.
    expect(hass.output()).toContain('the external URL of Home Assistant (none)');
    await hass.rest('DELETE', `/api/config/config_entries/entry/${ENTRY_ID}`);
    const flows = '/api/config/config_entries/flow';
    const { flow_id: flow } = await hass.rest('POST', flows, { handler: 'twilio' });
    const made = await hass.rest('POST', `${flows}/${flow}`, {});
    expect(made).toMatchObject({ type: 'abort', reason: 'webhook_not_internet_accessible' });
  });

  test('leave nothing behind when the entry is removed', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const form = messageForm(SID, { From: CALLER, To: OURS });
    await send(hass, form);
    await hass.restart();
    expect(hass.stored()).toContain('twilio.replays');
    await hass.rest('DELETE', `/api/config/config_entries/entry/${ENTRY_ID}`);
    const events = await hass.events('twilio_data_received');
    const later = { ...form, SmsStatus: 'read' };
    const gone = await send(hass, later);
    expect(gone.status).toBe(200);
    await mark(hass);
    await events.until(1);
    expect(events.all).toEqual([{ mark: true }]);
    await hass.restart();
    expect(hass.stored()).not.toContain('twilio.replays');
  });

  test('begin anew with another entry', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    await send(hass, messageForm(SID, { From: CALLER, To: OURS }));
    await hass.rest('DELETE', `/api/config/config_entries/entry/${ENTRY_ID}`);
    const flows = '/api/config/config_entries/flow';
    const { flow_id: flow } = await hass.rest('POST', flows, { handler: 'twilio' });
    const { description_placeholders: shown } = await hass.rest('POST', `${flows}/${flow}`, {});
    const events = await hass.events('twilio_data_received');
    const form = messageForm(SID, { From: CALLER, To: OURS });
    await fetch(shown.webhook_url, signedForm(form, { url: shown.webhook_url, token: TOKEN }));
    // The first one may have been kept for a second, as Home Assistant has only just started.
    await events.until(events.all.length + 1);
    while (events.all.at(-1)?.MessageSid !== form.MessageSid) await events.until(events.all.length + 1);
    await hass.restart();
    expect(hass.stored()).toContain('twilio.replays');
  });

  test('remember for a restart also what comes in a stream without a pause', async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const end = performance.now() + 20_000;
    while (!hass.stored().includes('twilio.replays') && performance.now() < end) await send(hass, messageForm(SID));
    expect(hass.stored()).toContain('twilio.replays');
  });

  test('tell that webhooks cannot be verified where it is seen, until they can be', async () => {
    const issues = async (hass: HomeAssistant) =>
      ((await hass.call('repairs/list_issues')) as { issues: Array<Record<string, unknown>> }).issues.filter(
        ({ domain }) => domain === 'twilio',
      );
    const hass = await start(COMMON);
    expect(await issues(hass)).toMatchObject([
      { domain: 'twilio', issue_id: 'unverified', severity: 'warning', translation_key: 'unverified' },
    ]);
    const category = { language: 'en', category: 'issues', integration: ['twilio'] };
    const { resources } = await hass.call('frontend/get_translations', category);
    expect(resources['component.twilio.issues.unverified.description']).toContain('`account_sid` and `auth_token`');
    const verified = await start(`${COMMON}${BLOCK}`);
    expect(await issues(verified)).toEqual([]);
  });
});

/** Each block is wrong in one way. */
const WRONG: Array<[what: string, block: string, says: RegExp]> = [
  [
    'an unknown key',
    `${BLOCK}  region: ie1\n`,
    new RegExp(`line ${`${COMMON}${BLOCK}`.split('\n').length}: 'region' is an invalid option for 'twilio'`),
  ],
  ['no token', `twilio:\n  account_sid: ${SID}\n`, /required key 'auth_token' not provided/],
  ['nothing in it', 'twilio:\n', /required key 'account_sid' not provided/],
  ['two accounts', `twilio:\n  - account_sid: ${SID}\n    auth_token: ${TOKEN}\n`, /a mapping with .* of one account/],
  ['a SID with a colon', `twilio:\n  account_sid: "AC:1"\n  auth_token: ${TOKEN}\n`, /a text without a colon/],
  ['an empty token', `twilio:\n  account_sid: ${SID}\n  auth_token: " "\n`, /the auth token of the account, a text/],
  ['a list as token', `twilio:\n  account_sid: ${SID}\n  auth_token: [${TOKEN}]\n`, /the auth token of the account/],
  [
    'a password in url',
    `${BLOCK}  url: "http://me:${TOKEN}@10.0.0.1:8655"\n`,
    /address such as http:\/\/127\.0\.0\.1:8655/,
  ],
];

describe.skipIf(missing !== '')(`a block twilio: that is wrong${missing}`, () => {
  test("is told by Home Assistant's own check with its line, what was expected, and no secret", async () => {
    const hass = await start(`${COMMON}${BLOCK}`);
    const check = () => hass.rest('POST', '/api/config/core/check_config');
    expect(await check()).toMatchObject({ result: 'valid', errors: null, warnings: null });
    for (const [what, block, says] of WRONG) {
      hass.write('configuration.yaml', `${COMMON}${block}`.replaceAll('{url}', hass.url).replaceAll('{port}', '8123'));
      // What keeps one integration from being set up is no more than a warning to it.
      const { warnings } = await check();
      expect([what, warnings]).toEqual([
        what,
        expect.stringMatching(/^Invalid config for 'twilio' at configuration\.yaml, line \d/),
      ]);
      expect(warnings).toMatch(says);
      expect(warnings).not.toContain(TOKEN);
    }
    expect(hass.output()).not.toContain(TOKEN);
  });

  test('leaves the webhook closed', async () => {
    const hass = await start(`${COMMON}${BLOCK}  region: ie1\n`);
    expect(hass.output()).toMatch(
      /Invalid config for 'twilio' at configuration\.yaml, line \d+: 'region' is an invalid/,
    );
    const events = await hass.events('twilio_data_received');
    await send(hass, messageForm(SID, { From: CALLER, To: OURS }));
    await mark(hass);
    await events.until(1);
    expect(events.all).toEqual([{ mark: true }]);
  });
});

/** Twice sends a signed webhook to the Home Assistant that is still setting it up. */
const EARLY = `
import asyncio, base64, hashlib, hmac, json, logging
from aiohttp import ClientConnectorError
from homeassistant.const import EVENT_COMPONENT_LOADED
from homeassistant.helpers.aiohttp_client import async_get_clientsession

async def async_setup(hass, config):
    loaded = asyncio.Event()
    async def look(event):
        if event.data["component"] == "twilio":
            loaded.set()
    hass.bus.async_listen(EVENT_COMPONENT_LOADED, look)
    with open(hass.config.path("early.json")) as file:
        asked = json.load(file)
    if "twilio" not in hass.config.components:
        await loaded.wait()
    text = asked["url"] + "".join(name + asked["form"][name] for name in sorted(asked["form"]))
    mac = hmac.new(asked["token"].encode(), text.encode(), hashlib.sha1)
    headers = {"X-Twilio-Signature": base64.b64encode(mac.digest()).decode()}
    session = async_get_clientsession(hass)
    seen = []
    while len(seen) < 2:
        try:
            async with session.post(asked["url"], data=asked["form"], headers=headers) as answer:
                seen.append(str(answer.status))
        except ClientConnectorError:
            # Its server is started meanwhile, and says nothing when it is.
            await asyncio.sleep(0.05)
    logging.getLogger(__name__).warning("early: answered %s while %s", " ".join(seen), hass.state.name)
    return True
`;
