/**
 * What the activity answers, as data: its codes and its texts. The Go activity reads the same data from a file made
 * of this one. Codes: interface of the host (`docs/guide/hosts/flogo.md`); texts: those of the original activity,
 * where it had one. `{…}` is filled in.
 */

import type { Method } from './definition.ts';

/** What each spelling of `method` asks for. The document's own is `Retrive Recipients`. */
export const METHOD_NAMES: Readonly<Record<Method | 'Retrieve Recipients', 'send' | 'retrieve'>> = {
  'Send SMS': 'send',
  'Retrive Recipients': 'retrieve',
  'Retrieve Recipients': 'retrieve',
};

export const DEFAULT_METHOD: Method = 'Send SMS';

export interface Blank {
  readonly input: 'urlString' | 'accountSid' | 'authToken' | 'messageBody' | 'to' | 'from';
  readonly code: string;
  readonly message: string;
  /** Checked for a Send only. */
  readonly sendOnly: boolean;
  /** Whether `failedNumbers` is then the input `to`, as in the original. */
  readonly failsAll: boolean;
}

/** In the order in which they are looked for; the first one found is the answer. */
export const BLANKS: readonly Blank[] = [
  { input: 'urlString', code: '504', message: 'Url String field is blank', sendOnly: false, failsAll: false },
  { input: 'accountSid', code: '505', message: 'Account SID field is blank', sendOnly: false, failsAll: false },
  { input: 'authToken', code: '506', message: 'Auth Token String field is blank', sendOnly: false, failsAll: false },
  { input: 'messageBody', code: '501', message: 'SMS body is blank', sendOnly: true, failsAll: true },
  { input: 'to', code: '502', message: 'To field is blank', sendOnly: true, failsAll: false },
  { input: 'from', code: '503', message: 'From field is blank', sendOnly: true, failsAll: false },
];

export const STATUSES = { success: 'Success', partial: 'Partial-Success', failed: 'Failed' } as const;

export const CODES = {
  success: '200',
  partial: '201',
  connectivity: '901',
  internal: '1001',
  /** For a 5xx that has no code of its own; the message tells the true status. */
  serverError: '500',
  /** HTTP statuses that are their own code. */
  send: ['400', '401', '404', '405', '429', '500'],
  retrieve: ['302', '304', '401', '404', '429', '500', '503'],
  /** Where nobody took it: the first of these that any recipient had. */
  order: ['901', '401', '404', '405', '429', '500', '400', '1001'],
  /** What the original made of the same: `concernsAll` for the codes that meet every recipient alike. */
  legacy: { concernsAll: ['901', '401', '404'], first: '203', other: '202', retrieve: '203' },
} as const;

export const TEXTS = {
  sent: 'SMS sent successfully to :{to}',
  /** Of what a gateway has on disk and Twilio not yet; `{items}` as in {@link TEXTS.item}. */
  accepted: 'SMS accepted, not yet sent, to :{items}',
  /** By code, then `other` for what came with an HTTP status, then `plain`. */
  failure: {
    '400': '400 Bad RequestError from service, please check To/From detailsMsg from error:{message}{more}',
    '401': '401 UnauthorizedError from service,please check AuthTokenMsg from error:{message}{more}',
    '404': '404 Not FoundError from service, please check URL/AccountIDMsg from error:{message}{more}',
    '901': 'Check the connectivity.....{message}',
    other: 'An error has occured, response statusCode from Twilio{status}Msg from error:{message}{more}',
    plain: '{message}',
  },
  more: ',moreinfo from error:{url}',
  /** After each failure of several. */
  failureEnd: ':\n',
  unsure:
    'Do not resend: the SMS may have been sent to {unsure}. Taken: {taken}. Failed: {failed}. Msg from error:{reasons}',
  item: '{to} (id {id})',
  /** Where there is no id to look it up by. */
  itemAt: '{to} (asked for at {at})',
  itemAccepted: '{to} (id {id}, accepted)',
  itemFailed: '{to} ({text})',
  none: 'none',
  /** A list of items. */
  between: ', ',
  /** The reasons of the Go activity; the gateway has sentences of its own. */
  reason: {
    status: 'HTTP status {status}, which proves nothing',
    noSid: 'the answer has no SID',
    noList: 'the answer has no list of numbers',
    elsewhere: 'the next page lies elsewhere or was read before',
    tooManyPages: 'more than {max} pages',
    tooLong: 'the answer is longer than {max} bytes',
    stopped: 'the flow was stopped before it was sent',
  },
  unknownMethod: 'Method "{method}" is not known; use "Send SMS" or "Retrive Recipients"',
  wrongType: '{input} is {what}; expected {expected}',
  notUrl:
    'urlString is "{url}"; expected an http(s) address such as https://api.twilio.com/2010-04-01/Accounts/, without credentials, query or fragment',
} as const;

/** Fills the `{…}` of a text in one pass: what was filled in is not looked at again. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
