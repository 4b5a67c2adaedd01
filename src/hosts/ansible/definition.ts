/** Ansible's modules `twilio` and `twilio_call` as data: the seed's page word for word, and what Tollboard adds. */

import type { EntryKind } from '../../core/entry.ts';
import type { Parameter } from '../../core/parameter.ts';
import type { Field, HostDefinition, OutputField } from '../host.ts';
import { CALL_PARAMETERS } from '../../core/call-parameters.ts';
import { MESSAGE_PARAMETERS } from '../../core/message-parameters.ts';

/** Ansible's own words for the types of arguments. */
export const ARGUMENT_TYPES = ['str', 'int', 'float', 'bool', 'list', 'dict'] as const;
export type ArgumentType = (typeof ARGUMENT_TYPES)[number];

export interface Argument extends Field {
  readonly type: ArgumentType;
  /** twilio-node's name of the create parameter that it becomes; absent where it is none. */
  readonly parameter?: string;
  /** A text is split at its commas, as Ansible does; else it is a list of one. */
  readonly commas?: true;
  /** Paragraphs of `ansible-doc` after the description. */
  readonly more?: readonly string[];
}

export interface AnsibleModule {
  readonly name: 'twilio' | 'twilio_call';
  readonly kind: EntryKind;
  readonly shortDescription: string;
  readonly synopsis: readonly string[];
  /** Of the release that brought the module under this name. */
  readonly versionAdded: string;
  readonly arguments: readonly Argument[];
  readonly notes: readonly string[];
}

/** Seconds for Twilio's verdict, and for a final status (interface §7, §1). */
export const WAIT_SECONDS = { sent: 10, final: 120, max: 86_400 } as const;

const ACCOUNT: readonly Argument[] = [
  {
    name: 'account_sid',
    type: 'str',
    required: true,
    twilio: null,
    description: "user's Twilio account token found on the account page",
    more: ['The account SID. It begins with C(AC).'],
  },
  {
    name: 'auth_token',
    type: 'str',
    required: true,
    secret: true,
    twilio: null,
    description: "user's Twilio authentication token",
    more: ['Not needed with O(api_key) and O(api_secret).'],
  },
];

const OWN: readonly Argument[] = [
  {
    name: 'api_key',
    type: 'str',
    required: false,
    twilio: null,
    added: true,
    description: 'SID of an API key (C(SK) and 32 hex digits), which signs in instead of O(auth_token).',
  },
  {
    name: 'api_secret',
    type: 'str',
    required: false,
    secret: true,
    twilio: null,
    added: true,
    description: 'Secret of O(api_key).',
  },
  {
    name: 'gateway_url',
    type: 'str',
    required: false,
    twilio: null,
    added: true,
    description:
      'Address of a Tollboard gateway, such as C(http://127.0.0.1:8655). What it accepted is on its disk, and is sent once.',
    more: [
      'Default is the environment variable E(TOLLBOARD_URL). Without either the module goes straight to Twilio.',
      'The account must be one of the gateway, with these credentials.',
    ],
  },
  {
    name: 'gateway_token',
    type: 'str',
    required: false,
    secret: true,
    twilio: null,
    added: true,
    description:
      'Token of the gateway: one of C(tollboard config token create), or the local one of its C(gateway.json).',
    more: ['Default is the environment variable E(TOLLBOARD_TOKEN).'],
  },
  {
    name: 'idempotency_key',
    type: 'str',
    required: false,
    maxLength: 255,
    twilio: null,
    added: true,
    description:
      'A name for this send, such as C(deploy-4711). A second run with the same key and the same arguments sends nothing, is not changed, and returns the first results.',
    more: ['Needs a gateway, which keeps keys for seven days.'],
  },
  {
    name: 'stop_on_error',
    type: 'bool',
    required: false,
    default: true,
    twilio: null,
    added: true,
    description:
      'Send to one number after the other and stop at the first failure. Set to V(false) to send to all in parallel; the task then fails at the end and names each failure.',
  },
  {
    name: 'wait_until',
    type: 'str',
    required: false,
    default: 'sent',
    choices: [{ value: 'sent' }, { value: 'final' }],
    twilio: null,
    added: true,
    description:
      'What to wait for: V(sent) is the answer of Twilio, V(final) its last status. With V(final), what was not delivered is a failure.',
  },
  {
    name: 'wait',
    type: 'int',
    required: false,
    min: 0,
    max: WAIT_SECONDS.max,
    twilio: null,
    added: true,
    description: `Seconds to wait at most; default ${WAIT_SECONDS.sent}, or ${WAIT_SECONDS.final} with O(wait_until=final). What is still under way then counts as sent, with the status it has.`,
  },
];

/** Create parameters that an argument above stands for. */
const NAMED: Readonly<Record<EntryKind, ReadonlySet<string>>> = {
  message: new Set(['to', 'from', 'body', 'mediaUrl']),
  call: new Set(['to', 'from']),
};

const TYPES: Readonly<Record<Parameter['type'], ArgumentType>> = {
  string: 'str',
  url: 'str',
  sid: 'str',
  datetime: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  list: 'list',
  json: 'dict',
};

/** Never shown, nor what they hold: they open a SIP trunk or place calls in another's name. */
const SECRETS: ReadonlySet<string> = new Set(['sipAuthPassword', 'callToken']);

/** Every other create parameter, under its name in Ansible's spelling. */
function others(rows: readonly Parameter[], kind: EntryKind): Argument[] {
  return rows
    .filter(({ name }) => !NAMED[kind].has(name))
    .map((row) => ({
      name: row.name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      type: TYPES[row.type],
      required: false,
      ...(SECRETS.has(row.name) ? { secret: true as const } : {}),
      ...(row.choices === undefined ? {} : { choices: row.choices.map((value) => ({ value })) }),
      ...(row.type === 'list' && row.choices !== undefined ? { commas: true as const } : {}),
      twilio: row.wire,
      parameter: row.name,
      added: true as const,
      description: row.description,
    }));
}

const TO_NUMBER = {
  name: 'to_number',
  aliases: ['to_numbers'],
  type: 'list',
  required: true,
  commas: true,
  twilio: 'To',
  more: [
    'A list, or a text with commas. Blanks around a number are dropped; a number that is given twice is used once.',
    'Quote numbers: YAML reads C(+15551112222) without quotes as an integer, which has no C(+).',
  ],
} as const;

const twilio: AnsibleModule = {
  name: 'twilio',
  kind: 'message',
  shortDescription: 'Sends a text message to a mobile phone through Twilio.',
  synopsis: ['Sends a text message to a phone number through the Twilio messaging API.'],
  versionAdded: '1.6',
  arguments: [
    ...ACCOUNT,
    {
      name: 'from_number',
      type: 'str',
      required: true,
      twilio: 'From',
      parameter: 'from',
      description: 'the Twilio number to send the text message from, format +15551112222',
      more: ['Not needed with O(messaging_service_sid).'],
    },
    {
      name: 'media_url',
      type: 'list',
      required: false,
      twilio: 'MediaUrl',
      parameter: 'mediaUrl',
      description:
        'a URL with a picture, video or sound clip to send with an MMS (multimedia message) instead of a plain SMS',
      more: ['Up to ten as a list. A text is one URL, whatever commas it has.'],
    },
    {
      name: 'msg',
      type: 'str',
      required: true,
      twilio: 'Body',
      parameter: 'body',
      description: 'the body of the text message',
      more: ['At most 1,600 characters. Not needed with O(content_sid).'],
    },
    {
      ...TO_NUMBER,
      description: 'one or more phone numbers to send the text message to, format +15551112222',
    },
    ...OWN,
    ...others(MESSAGE_PARAMETERS, 'message'),
  ],
  notes: [
    'This module is non-idempotent because it sends an email through the external API. It is idempotent only in the case that the module fails.',
    "Like the other notification modules, this one requires an external dependency to work. In this case, you'll need a Twilio account with a purchased or verified phone number to send the text message.",
  ],
};

const twilioCall: AnsibleModule = {
  name: 'twilio_call',
  kind: 'call',
  shortDescription: 'Calls a phone through Twilio and says something.',
  synopsis: ['Places a call to one or more phone numbers through the Twilio voice API.'],
  versionAdded: '0.1.0',
  arguments: [
    ...ACCOUNT.map((argument) => ({ ...argument, added: true as const })),
    {
      name: 'from_number',
      type: 'str',
      required: true,
      twilio: 'From',
      parameter: 'from',
      added: true,
      description: 'The number that calls, one of the account or a verified caller ID, format +15551112222.',
    },
    { ...TO_NUMBER, added: true, description: 'One or more phone numbers to call, format +15551112222.' },
    {
      name: 'say',
      type: 'str',
      required: false,
      twilio: 'Twiml',
      added: true,
      description: 'What is spoken once the call is answered. Give this, or O(twiml), O(url) or O(application_sid).',
    },
    {
      name: 'voice',
      type: 'str',
      required: false,
      twilio: null,
      added: true,
      description: 'Voice of O(say), such as C(alice) or C(Polly.Joanna).',
    },
    {
      name: 'language',
      type: 'str',
      required: false,
      twilio: null,
      added: true,
      description: 'Language of O(say), such as C(en-GB).',
    },
    ...OWN,
    ...others(CALL_PARAMETERS, 'call'),
  ],
  notes: [
    'A call is placed at each run, unless O(idempotency_key) names the run.',
    'You need a Twilio account with a purchased or verified phone number to call from.',
  ],
};

export const MODULES = { twilio, twilio_call: twilioCall } as const;

/** What a module returns beside `changed`, `failed` and `invocation`. */
export const RETURNS: readonly OutputField[] = [
  {
    name: 'msg',
    type: 'str',
    twilio: null,
    description: 'The text that was sent, or on a failure what failed, for each number.',
  },
  {
    name: 'sent',
    type: 'list',
    twilio: null,
    added: true,
    description:
      'What Twilio took, or a gateway accepted: C(number), C(id), C(sid) and C(status) of each. Texts that were not delivered afterwards are among them.',
  },
  {
    name: 'unsent',
    type: 'list',
    twilio: null,
    added: true,
    description: 'The numbers to which certainly nothing was sent. These can be sent to again.',
  },
  {
    name: 'unsure',
    type: 'list',
    twilio: null,
    added: true,
    description:
      'What may have been sent, as its answer was lost: C(number), C(id) and C(at) of each. Do not send it again before you have looked.',
  },
  {
    name: 'results',
    type: 'list',
    twilio: null,
    added: true,
    description:
      'One for each number: C(number), C(outcome) (C(sent), C(accepted), C(undelivered), C(unsent) or C(unsure)), C(id), C(sid), C(status), and C(error) with C(code), C(message), C(remedy), C(twilio_code), C(http_status) and C(more_info).',
  },
  {
    name: 'replayed',
    type: 'bool',
    twilio: null,
    added: true,
    description: 'Present and true when O(idempotency_key) had been used before: nothing was sent now.',
  },
];

export const definition = {
  host: 'ansible',
  title: 'twilio - Sends a text message to a mobile phone through Twilio.',
  description: twilio.synopsis.join(' '),
  fields: { options: twilio.arguments, 'options of twilio_call': twilioCall.arguments },
  outputs: RETURNS,
  notes: twilio.notes,
} as const satisfies HostDefinition;
