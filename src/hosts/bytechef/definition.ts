/** ByteChef's Twilio component as data: its connection, the 26 properties of Send SMS, the 20 members of the output. */

import type { Field, HostDefinition, OutputField } from '../host.ts';
import { MESSAGE_PARAMETERS } from '../../core/message-parameters.ts';

/** A property of an OBJECT has properties of its own. */
export interface Property extends Field {
  readonly properties?: readonly Property[];
}

/** A member of the output; an OBJECT has members of its own. */
export interface OutputProperty extends OutputField {
  readonly properties?: readonly OutputProperty[];
}

export interface BytechefDefinition extends HostDefinition {
  /** The component's name in workflows, as in `twilio/v1/sendSMS`. */
  readonly component: { readonly name: string; readonly version: number; readonly categories: readonly string[] };
  readonly connection: { readonly version: number; readonly authorization: string };
  readonly action: { readonly name: string; readonly title: string; readonly description: string };
  readonly fields: { readonly connection: readonly Property[]; readonly 'Send SMS': readonly Property[] };
  readonly outputs: readonly OutputProperty[];
}

/** What a row of {@link twilioProperty} says beyond the parameter's own. */
type Row = Partial<Pick<Property, 'required' | 'default' | 'choices' | 'condition' | 'type' | 'properties'>>;

/** Kinds of parameter → ByteChef's types. */
const TYPES: Readonly<Record<string, string>> = {
  integer: 'INTEGER',
  number: 'NUMBER',
  boolean: 'BOOLEAN',
  list: '[STRING]',
};

const BOOLEANS = [
  { value: true, label: 'True' },
  { value: false, label: 'False' },
];

/**
 * Zones of Send at. The sign of the tz database is the reverse of the usual one: `Etc/GMT+5` is five hours behind UTC.
 * ByteChef shows them sorted by label.
 */
const ZONES = Array.from({ length: 27 }, (_, index) => index - 14)
  .map((behind) => ({ value: `Etc/GMT${behind < 0 ? '-' : '+'}${Math.abs(behind)}`, label: `GMT${offset(-behind)}` }))
  .sort((a, b) => (a.label < b.label ? -1 : 1));

/**
 * Texts and names are the seed's; requiredness, defaults, conditions and options are those of the component as it was
 * when the seed was made, but for the limit of Validity period, which is Twilio's of today (36000).
 */
const SEND_SMS: readonly Property[] = [
  {
    name: 'accountSid',
    aliases: ['AccountSid'],
    label: 'Account SID',
    type: 'STRING',
    control: 'TEXT',
    required: false,
    twilio: null,
    description: 'The SID of the Account creating the Message resource.',
  },
  twilioProperty('to', 'To', 'PHONE', { required: true }),
  chooser('source', 'Source', true, ['From', 'Messaging Service SID']),
  twilioProperty('from', 'From', 'PHONE', { required: true, condition: { field: 'source', equals: 1 } }),
  twilioProperty('messagingServiceSid', 'Messaging Service SID', 'TEXT', {
    required: true,
    condition: { field: 'source', equals: 2 },
  }),
  chooser('content', 'Content', false, ['Body', 'Media URL']),
  twilioProperty('body', 'Body', 'TEXT', { required: true, condition: { field: 'content', equals: 1 } }),
  twilioProperty('mediaUrl', 'Media URL', 'ARRAY_BUILDER'),
  twilioProperty('statusCallback', 'Status callback', 'URL'),
  twilioProperty('applicationSid', 'Application SID', 'TEXT'),
  twilioProperty('maxPrice', 'Maximum price', 'NUMBER'),
  twilioProperty('provideFeedback', 'Provide feedback', 'SELECT', { default: false }),
  twilioProperty('attempt', 'Attempt', 'INTEGER'),
  twilioProperty('validityPeriod', 'Validity period', 'INTEGER', { default: 14400 }),
  twilioProperty('forceDelivery', 'Force delivery', 'SELECT'),
  twilioProperty('contentRetention', 'Content retention', 'SELECT', {
    choices: [
      { value: 'retain', label: 'Retain' },
      { value: 'discard', label: 'Discard' },
    ],
  }),
  twilioProperty('addressRetention', 'Address retention', 'SELECT', {
    choices: [
      { value: 'retain', label: 'Retain' },
      { value: 'obfuscate', label: 'Obfuscate' },
    ],
  }),
  twilioProperty('smartEncoded', 'Smart encoded', 'SELECT'),
  twilioProperty('persistentAction', 'Persistent action', 'ARRAY_BUILDER'),
  twilioProperty('shortenUrls', 'Shorten URLs', 'SELECT', { default: false }),
  twilioProperty('scheduleType', 'Schedule type', 'SELECT'),
  twilioProperty('sendAt', 'Send at', 'OBJECT_BUILDER', {
    type: '{DATE_TIME(dateTime), STRING(zoneId)}',
    properties: [
      {
        name: 'dateTime',
        type: 'DATE_TIME',
        control: 'DATE_TIME',
        required: true,
        twilio: null,
        description: '',
      },
      {
        name: 'zoneId',
        type: 'STRING',
        control: 'SELECT',
        required: true,
        choices: ZONES,
        twilio: null,
        description: '',
      },
    ],
  }),
  twilioProperty('sendAsMms', 'Send as MMS', 'SELECT'),
  twilioProperty('contentVariables', 'Content variables', 'TEXT'),
  twilioProperty('riskCheck', 'Risk check', 'SELECT'),
  twilioProperty('contentSid', 'Content SID', 'TEXT', { condition: { field: 'content', equals: 2 } }),
];

const MOMENT: readonly OutputProperty[] = [
  { name: 'dateTime', type: 'DATE_TIME', control: 'DATE_TIME', twilio: null },
  { name: 'zoneId', type: 'STRING', control: 'TEXT', twilio: null },
];

/** In Twilio's order of members. */
const OUTPUTS: readonly OutputProperty[] = [
  text('body', 'body'),
  text('numSegments', 'num_segments'),
  text('direction', 'direction'),
  {
    name: 'from',
    type: '{STRING(rawNumber)}',
    control: 'OBJECT_BUILDER',
    twilio: 'from',
    properties: [{ name: 'rawNumber', type: 'STRING', control: 'TEXT', twilio: null }],
  },
  text('to', 'to'),
  moment('dateUpdated', 'date_updated'),
  text('price', 'price'),
  text('errorMessage', 'error_message'),
  text('uri', 'uri'),
  text('accountSid', 'account_sid'),
  text('numMedia', 'num_media'),
  text('status', 'status'),
  text('messagingServiceSid', 'messaging_service_sid'),
  text('sid', 'sid'),
  moment('dateSent', 'date_sent'),
  moment('dateCreated', 'date_created'),
  { name: 'errorCode', type: 'INTEGER', control: 'INTEGER', twilio: 'error_code' },
  {
    name: 'currency',
    type: '{STRING(currencyCode), INTEGER(defaultFractionDigits), INTEGER(numericCode)}',
    control: 'OBJECT_BUILDER',
    twilio: 'price_unit',
    properties: [
      { name: 'currencyCode', type: 'STRING', control: 'TEXT', twilio: null },
      { name: 'defaultFractionDigits', type: 'INTEGER', control: 'INTEGER', twilio: null },
      { name: 'numericCode', type: 'INTEGER', control: 'INTEGER', twilio: null },
    ],
  },
  text('apiVersion', 'api_version'),
  { name: 'subresourceUris', type: '{}', control: 'OBJECT_BUILDER', twilio: 'subresource_uris' },
];

export const BYTECHEF: BytechefDefinition = {
  host: 'bytechef',
  title: 'Twilio',
  description:
    'Twilio is a cloud communications platform that enables developers to integrate messaging, voice, and video capabilities into their applications.',
  component: { name: 'twilio', version: 1, categories: ['communication'] },
  connection: { version: 1, authorization: 'Basic Auth' },
  action: { name: 'sendSMS', title: 'Send SMS', description: 'Send a new SMS message' },
  fields: {
    connection: [
      {
        name: 'accountSid',
        aliases: ['username'],
        label: 'Account SID',
        type: 'STRING',
        control: 'TEXT',
        required: true,
        twilio: null,
        description: '',
      },
      {
        name: 'authToken',
        aliases: ['password'],
        label: 'Auth Token',
        type: 'STRING',
        control: 'TEXT',
        required: true,
        secret: true,
        twilio: null,
        description: '',
      },
    ],
    'Send SMS': SEND_SMS,
  },
  outputs: OUTPUTS,
  notes: [],
};

/** A property that is a create parameter of a message: its text, limits and words are the parameter's own. */
function twilioProperty(name: string, label: string, control: string, row: Row = {}): Property {
  const parameter = MESSAGE_PARAMETERS.find((one) => one.name === name);
  if (parameter === undefined) throw new Error(`no create parameter is named ${name}`);
  const { wire, type, description, maxLength, min, max, choices } = parameter;
  return {
    name,
    aliases: [wire],
    label,
    type: TYPES[type] ?? 'STRING',
    control,
    required: false,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(choices === undefined ? {} : { choices: choices.map((value) => ({ value })) }),
    ...(type === 'boolean' ? { choices: BOOLEANS } : {}),
    twilio: wire,
    description,
    ...row,
  };
}

/** A property that only says which of two others is filled in. */
function chooser(name: string, label: string, required: boolean, labels: readonly string[]): Property {
  const choices = labels.map((one, index) => ({ value: index + 1, label: one }));
  return {
    name,
    aliases: [label],
    label,
    type: 'INTEGER',
    control: 'SELECT',
    required,
    choices,
    twilio: null,
    description: '',
  };
}

function text(name: string, twilio: string): OutputProperty {
  return { name, type: 'STRING', control: 'TEXT', twilio };
}

function moment(name: string, twilio: string): OutputProperty {
  return {
    name,
    type: '{DATE_TIME(dateTime), STRING(zoneId)}',
    control: 'OBJECT_BUILDER',
    twilio,
    properties: MOMENT,
  };
}

/** Hours as `+05:00`. */
export function offset(hours: number): string {
  return `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
}
