/** Home Assistant's Twilio notifiers as data: the `twilio` block, the two platforms, and the data of a call of theirs. */

import type { HostDefinition } from '../host.ts';

/** Head of the seed. `integrationType` is what its documentation has where the manifest says nothing. */
export interface HomeAssistantIdentity {
  domain: string;
  category: string;
  release: string;
  configFlow: boolean;
  iotClass: string;
  integrationType: string;
  event: string;
}

export const definition = {
  identity: {
    domain: 'twilio',
    category: 'Hub',
    release: '0.40',
    configFlow: true,
    iotClass: 'Cloud Push',
    integrationType: 'integration',
    event: 'twilio_data_received',
  },
  host: 'home-assistant',
  title: 'Twilio',
  description:
    'The `twilio` integration enables the sending of notifications via SMS and the creation of calls with [Twilio](https://twilio.com).',
  fields: {
    twilio: [
      {
        name: 'account_sid',
        type: 'string',
        required: true,
        twilio: 'AccountSid',
        description:
          'Your Twilio Account SID which can be found in your [console](https://www.twilio.com/console). It starts with the letters `AC`.',
      },
      {
        name: 'auth_token',
        type: 'string',
        required: true,
        secret: true,
        twilio: null,
        description:
          'Your Twilio AUTH TOKEN which can be found in your [console](https://www.twilio.com/console). It should be directly under where you found the `account_sid`.',
      },
      {
        name: 'url',
        type: 'string',
        required: false,
        twilio: null,
        description: 'Where Twilio is spoken to: a gateway such as `http://127.0.0.1:8655`. Absent: Twilio itself.',
        added: true,
      },
    ],
    notify: [
      {
        name: 'platform',
        type: 'string',
        required: true,
        choices: [
          { value: 'twilio_sms', label: 'Twilio SMS' },
          { value: 'twilio_call', label: 'Twilio Phone' },
        ],
        twilio: null,
        description: 'Which of the two notifies: by text or by call.',
      },
      {
        name: 'name',
        type: 'string',
        required: false,
        default: 'notify',
        twilio: null,
        description: 'The name of the service: `notify.<name>`.',
      },
      {
        name: 'from_number',
        type: 'string',
        required: true,
        twilio: 'From',
        description:
          'The sender. Texts: a number in E.164 format, an alphanumeric sender ID, or a channel address. Calls: a number in E.164 format.',
      },
    ],
    data: [
      {
        name: 'message',
        type: 'template',
        required: true,
        twilio: 'Body',
        description: 'The text to send or to speak. In a call a message that is a URL is the address of the TwiML.',
      },
      {
        name: 'title',
        type: 'template',
        required: false,
        twilio: null,
        description: 'Taken as every notifier takes it; Twilio has no place for it.',
      },
      {
        name: 'target',
        type: 'list',
        required: true,
        twilio: 'To',
        description: 'One or more numbers in E.164 format, in quotes: without them YAML drops the plus.',
      },
      {
        name: 'data.media_url',
        type: 'list',
        required: false,
        twilio: 'MediaUrl',
        description: 'Texts only: one or more addresses of media.',
      },
      {
        name: 'data.voice',
        type: 'string',
        required: false,
        twilio: 'Twiml',
        description: 'Calls only: the voice that speaks the message.',
        added: true,
      },
      {
        name: 'data.language',
        type: 'string',
        required: false,
        twilio: 'Twiml',
        description: 'Calls only: the language of the voice, such as `en-GB`.',
        added: true,
      },
    ],
  },
  outputs: [
    { name: 'results.*.target', type: 'string', twilio: 'to', description: 'The target as given.', added: true },
    { name: 'results.*.id', type: 'string', twilio: 'sid', description: 'By which it can be looked up.', added: true },
    {
      name: 'results.*.status',
      type: 'string',
      twilio: 'status',
      description:
        "Twilio's word; `accepted` while only a gateway has it, `rejected` for what was not sent, `unknown` for what may have been.",
      added: true,
    },
    { name: 'results.*.error', type: 'object', twilio: null, description: 'Why it failed, or null.', added: true },
  ],
  notes: [
    'A free trial account is available at [Twilio](https://twilio.com) website providing free calls to verified phone numbers.',
    'Calls are limited to 10 minutes and will play a short trial message before your message runs. Upgraded accounts have no limitation.',
  ],
} as const satisfies HostDefinition & { identity: HomeAssistantIdentity };
