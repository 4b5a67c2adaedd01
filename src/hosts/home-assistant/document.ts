/** The integration's page, part by part in its own order, then what its two notifiers take. */

import type { DocumentPart, Field } from '../host.ts';
import { definition } from './definition.ts';

const { identity, title, description, fields, outputs, notes } = definition;
const twilio: readonly Field[] = fields.twilio;

/** The front matter of the page, under its own keys. */
const FACTS: ReadonlyArray<readonly string[]> = [
  ['ha_category', identity.category],
  ['ha_release', identity.release],
  ['ha_config_flow', String(identity.configFlow)],
  ['ha_domain', identity.domain],
  ['ha_iot_class', identity.iotClass],
  ['ha_integration_type', identity.integrationType],
];

const CONFIGURATION = `To use this notification integration in your installation, add the following to your \`configuration.yaml\` file:`;

const ENTRY = `# Example configuration.yaml entry
twilio:
  account_sid: ACCOUNT_SID_FROM_TWILIO
  auth_token: AUTH_TOKEN_FROM_TWILIO`;

const USAGE = `After configuring the base Twilio integration, add and configure either or both of the [Twilio SMS](/integrations/twilio_sms) and [Twilio Phone](/integrations/twilio_call) integrations to utilize the notification functionality.

To be able to receive events from Twilio, your Home Assistant instance needs to be accessible from the web and you need to have the external URL [configured](/integrations/homeassistant/#external_url) in Home Assistant.

To set it up, go to the integrations page in the configuration screen and find Twilio. Click on configure. Follow the instructions on the screen to configure Twilio.

You will get a URL of the following format: \`https://<home-assistant-domain>/api/webhook/9940e99a26fae4dcf6fe0a478124b6b58b578ea4c55c9a584beb1c9f5057bb91\`. To generate inbound events, you have to configure your [webhooks with Twilio](https://www.twilio.com/docs/glossary/what-is-a-webhook):
 - Go to your Twilio [console](https://www.twilio.com/console).
 - Under **phone numbers** > **manage** > **active numbers** > (select number) > **configure**.
 - Paste your URL in the webhook URL box for **A call comes in** and **A message comes in** and save.

Events coming in from Twilio will be available as events in Home Assistant and are fired as \`twilio_data_received\`. The data specified by Twilio will be available as the event data. You can use this event to trigger automations.`;

const GARAGE_DOOR = `automation:
  triggers:
    - trigger: event
      event_type: twilio_data_received
      event_data:
        From: '+1XXXXXXXXXXX'
        To: '+1YYYYYYYYYYY'
        CallStatus: ringing
        Direction: inbound
  actions:
    - action: cover.open_cover
      target:
        entity_id: cover.garage_door`;

const GARAGE_DOOR_MEANING = `The above opens the garage door when the number \`+1XXXXXXXXXXX\` calls \`+1YYYYYYYYYYY\` (considering that \`+1YYYYYYYYYYY\` is one of your numbers registered in Twilio).`;

const TWILIO_INCOMING = `alias: "Twilio incoming"
triggers:
  - trigger: event
    event_type: twilio_data_received
actions:
  - variables:
      sender: |
        {{ trigger.event.data.From }}
      message: |
        {{ trigger.event.data.Body }}
  - action: notify.persistent_notification
    data:
      message: |
        incoming twilio message from {{sender}}: {{ message }}
        all event data: {{ trigger.event.data }}`;

export const homeAssistantDocument: readonly DocumentPart[] = [
  {
    heading: title,
    text: 'Instructions on how to add Twilio notifications to Home Assistant.',
    table: { head: ['key', 'value'], rows: FACTS },
  },
  { heading: 'Introduction', text: `${description}\n\n${notes.join('\n')}` },
  {
    heading: 'Configuration',
    text: `${CONFIGURATION}\n\n${ENTRY}\n`,
    table: {
      head: ['key', 'description', 'required', 'type'],
      rows: twilio
        .filter(({ added }) => added !== true)
        .map((row) => [row.name, row.description, String(row.required), row.type]),
    },
  },
  { heading: 'Usage', text: USAGE },
  { heading: 'Here is an example:', text: `${GARAGE_DOOR}\n\n${GARAGE_DOOR_MEANING}` },
  { heading: 'An example of an SMS handler:', text: TWILIO_INCOMING },
  { heading: 'Configuration added by Tollboard', table: keyTable(twilio.filter(({ added }) => added === true)) },
  { heading: 'In JSON: notify', table: keyTable(fields.notify) },
  { heading: 'In JSON: data', table: keyTable(fields.data) },
  {
    heading: 'In JSON: output',
    table: {
      head: ['key', 'description', 'type'],
      rows: outputs.map((row) => [row.name, row.description ?? '', row.type]),
    },
  },
];

function keyTable(rows: readonly Field[]): NonNullable<DocumentPart['table']> {
  return {
    head: ['key', 'description', 'required', 'type', 'values'],
    rows: rows.map(({ name, description: text, required, type, choices = [] }) => [
      name,
      text,
      String(required),
      type,
      choices.map(({ value }) => value).join(', '),
    ]),
  };
}
