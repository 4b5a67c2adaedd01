/** The Flogo activity as its document describes it: inputs, outputs, settings and response codes, word for word. */

import type { Field, HostDefinition, OutputField } from '../host.ts';

/** A row of the document's tables of response codes. */
export interface ResponseCode {
  readonly code: string;
  readonly type: string;
  readonly description: string;
}

export const METHODS = ['Send SMS', 'Retrive Recipients'] as const;
export type Method = (typeof METHODS)[number];

export interface FlogoDefinition extends HostDefinition {
  /** By the document's own headings. */
  readonly codes: Readonly<Record<'Retrieve List' | 'Send SMS', readonly ResponseCode[]>>;
}

/** The seven inputs; `required` is that of the document's schema, the description that of its table of settings. */
const INPUTS: readonly Field[] = [
  {
    name: 'accountSid',
    type: 'string',
    required: true,
    twilio: null,
    description: 'The account SID of Twilio',
  },
  {
    name: 'authToken',
    type: 'string',
    required: true,
    secret: true,
    twilio: null,
    description: 'Auth Token form Twilio',
  },
  {
    name: 'urlString',
    type: 'string',
    required: true,
    twilio: null,
    description: 'Twilio URI, eg : https://api.twilio.com/2010-04-01/Accounts/',
  },
  {
    name: 'method',
    type: 'string',
    required: true,
    default: 'Send SMS',
    choices: METHODS.map((value) => ({ value })),
    twilio: null,
    description:
      'We expose 2 methods, one to send SMS to a recipient, second to retrieve the list of recipients verified @ your account, the response for the retrieve list will be a comma seperated list of values which can be used to directly send to a twilio sms activity to send smses to multiple recipients',
  },
  {
    name: 'messageBody',
    type: 'string',
    required: false,
    maxLength: 1600,
    twilio: 'Body',
    description: 'The body of SMS, limited to 1600 characters',
  },
  {
    name: 'to',
    type: 'string',
    required: false,
    twilio: 'To',
    description:
      "The number to send SMS to,the destination phone number for SMS/MMS or a Channel user address for other 3rd party channels. Destination phone numbers should be formatted with a '+' and country code e.g., +16175551212 (E.164 format).",
  },
  {
    name: 'from',
    type: 'string',
    required: false,
    twilio: 'From',
    description:
      'Your Twilio number to send SMS using.A Twilio phone number (in E.164 format), alphanumeric sender ID or a Channel Endpoint address enabled for the type of message you wish to send. Phone numbers or short codes purchased from Twilio work here. You cannot (for example) spoof messages from your own cell phone number.',
  },
];

const LEGACY_CODES: Field = {
  name: 'legacyCodes',
  type: 'boolean',
  required: false,
  default: false,
  twilio: null,
  description:
    'True: a Send that nobody took ends with 203 (first failure 401, 404 or 901) or 202, a failed Retrieve with 203, as in the original activity',
  added: true,
};

const OUTPUTS: readonly OutputField[] = ['statusCode', 'status', 'message', 'failedNumbers'].map((name) => ({
  name,
  type: 'string',
  twilio: null,
}));

const BLANK_CODES: readonly ResponseCode[] = [
  { code: '504', type: 'URL BLANK ERROR', description: 'Url String field is blank.' },
  { code: '505', type: 'SID BLANK ERROR', description: 'Account SID field is blank.' },
  { code: '506', type: 'AUTH TOKEN BLANK ERROR', description: 'Auth Token String field is blank.' },
];

const UNREACHED_CODES: readonly ResponseCode[] = [
  {
    code: '901',
    type: 'CONNECTIVITY ERROR',
    description: 'Unable to establish connection to Twilio URL specified.',
  },
  {
    code: '1001',
    type: 'INTERNAL ERROR',
    description: 'Check the message field in response for more details on the error.',
  },
];

const TOO_MANY = 'Your application is sending too many simultaneous requests';

export const flogoDefinition: FlogoDefinition = {
  host: 'flogo',
  title: 'Twilio',
  description:
    'This activity is used to send SMS and to retrieve the stored contacts for a user account. The activity is built using Twilio API reference https://www.twilio.com/docs/usage/api. This activity is built by Team AllStars',
  fields: {
    inputs: INPUTS,
    // The document's table of settings calls every one of them required.
    settings: [...INPUTS.map((field) => ({ ...field, required: true })), LEGACY_CODES],
  },
  outputs: OUTPUTS,
  notes: ['flogo install github.com/DipeshTest/twiliosms', 'Please refer activity_test.go'],
  codes: {
    'Retrieve List': [
      {
        code: '200',
        type: 'OK',
        description: 'The request was successful and the response body contains the representation requested.',
      },
      {
        code: '302',
        type: 'FOUND',
        description:
          'A common redirect response; you can GET the representation at the URI in the Location response header.',
      },
      {
        code: '304',
        type: 'NOT MODIFIED',
        description: "Your client's cached version of the representation is still up to date",
      },
      {
        code: '401',
        type: 'UNAUTHORIZED',
        description: 'The supplied credentials, if any, are not sufficient to access the resource',
      },
      { code: '404', type: 'NOT FOUND', description: 'You know this one' },
      { code: '429', type: 'TOO MANY REQUESTS', description: TOO_MANY },
      {
        code: '500',
        type: 'SERVER ERROR',
        description: "We couldn't return the representation due to an internal server error",
      },
      {
        code: '503',
        type: 'SERVICE UNAVAILABLE',
        description: 'We are temporarily unable to return the representation. Please wait for a bit and try again.',
      },
      ...UNREACHED_CODES,
      ...BLANK_CODES,
    ],
    'Send SMS': [
      {
        code: '200',
        type: 'OK',
        description:
          'The request was successful, we updated the resource and the response body contains the representation.',
      },
      {
        code: '201',
        type: 'CREATED',
        description:
          'The request was successful, we created a new resource and the response body contains the representation.',
      },
      {
        code: '400',
        type: 'BAD REQUEST',
        description: 'The data given in the POST or PUT failed validation. Inspect the response body for details.',
      },
      {
        code: '401',
        type: 'UNAUTHORIZED',
        description: 'The supplied credentials, if any, are not sufficient to create or update the resource.',
      },
      { code: '404', type: 'NOT FOUND', description: 'You know this one.' },
      { code: '405', type: 'METHOD NOT ALLOWED', description: "You can't POST or PUT to the resource." },
      { code: '429', type: 'TOO MANY REQUESTS', description: `${TOO_MANY}.` },
      {
        code: '500',
        type: 'SERVER ERROR',
        description: "We couldn't create or update the resource.Please try again.",
      },
      ...UNREACHED_CODES,
      ...BLANK_CODES,
      { code: '501', type: 'SMS BODY BLANK ERROR', description: 'SMS body is blank.' },
      { code: '502', type: 'TO FIELD BLANK ERROR', description: 'To field is blank.' },
      { code: '503', type: 'FROM FIELD BLANK ERROR', description: 'From field is blank.' },
    ],
  },
};
