/** From the activity's inputs to what is to be done. */

import type { HostCredentials, Work } from '../host.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { BLANKS, CODES, DEFAULT_METHOD, fill, METHOD_NAMES, STATUSES, TEXTS } from './answers.ts';

/** The four outputs; `''` where the original leaves one unset. */
export interface FlogoOutput {
  statusCode: string;
  status: string;
  message: string;
  /** `<number>:<number>:`, in input order. */
  failedNumbers: string;
}

/** What the result must know of the input. */
export interface FlogoAsked {
  method: 'send' | 'retrieve';
  /** The input `to`, as it was given. */
  to: string;
  legacyCodes: boolean;
}

type Inputs = Record<'accountSid' | 'authToken' | 'urlString' | 'method' | 'messageBody' | 'to' | 'from', string>;

const INPUT_NAMES = ['accountSid', 'authToken', 'urlString', 'method', 'messageBody', 'to', 'from'] as const;
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [undefined, false],
  [null, false],
  ['', false],
  [false, false],
  ['false', false],
  [true, true],
  ['true', true],
]);

/** Never throws: what is wrong with the input is told in the activity's own form. */
export function flogoRequest(input: unknown): Work<FlogoAsked, FlogoOutput> {
  const read = readInputs(input);
  if ('fault' in read) return refusal(CODES.internal, read.fault);
  const { inputs, legacyCodes } = read;
  const method = methodOf(inputs.method);
  const recipients = splitRecipients(inputs.to);
  const blank = BLANKS.find(
    ({ input: name, sendOnly }) =>
      (!sendOnly || method === 'send') && (name === 'to' ? recipients.length === 0 : inputs[name].trim() === ''),
  );
  if (blank !== undefined) return refusal(blank.code, blank.message, blank.failsAll ? inputs.to : '');
  if (method === null) return refusal(CODES.internal, fill(TEXTS.unknownMethod, { method: inputs.method }));
  const asked: FlogoAsked = { method, to: inputs.to, legacyCodes };
  if (method === 'retrieve') return { do: 'recipients', asked };
  return {
    do: 'send',
    asked,
    stopAtFailure: false,
    requests: [
      {
        kind: 'message',
        host: 'flogo',
        account: inputs.accountSid.trim(),
        to: recipients,
        params: { from: inputs.from.trim(), body: inputs.messageBody },
      },
    ],
  };
}

/** Null where an input of them is blank or no text. */
export function flogoCredentials(input: unknown): HostCredentials | null {
  const read = readInputs(input);
  if ('fault' in read) return null;
  const accountSid = read.inputs.accountSid.trim();
  const password = read.inputs.authToken.trim();
  if (accountSid === '' || password === '') return null;
  const url = read.inputs.urlString.trim();
  return { accountSid, username: accountSid, password, baseUrl: url === '' ? null : baseUrlOf(url) };
}

/** The input ends with `Accounts/`, which the address of Twilio does not. */
function baseUrlOf(urlString: string): string {
  return urlString.replace(/\/+$/, '').replace(/\/Accounts$/, '');
}

function readInputs(input: unknown): { inputs: Inputs; legacyCodes: boolean } | { fault: string } {
  if (!isPlainObject(input)) {
    return { fault: wrongType('The input', input, 'an object with the seven inputs') };
  }
  const inputs = {} as Inputs;
  for (const name of INPUT_NAMES) {
    const text = textOf(input[name]);
    if (text === null) return { fault: wrongType(name, input[name], 'a text') };
    inputs[name] = text;
  }
  const legacyCodes = FLAGS.get(input.legacyCodes);
  if (legacyCodes === undefined) return { fault: wrongType('legacyCodes', input.legacyCodes, 'true or false') };
  return { inputs, legacyCodes };
}

/** Null where it is neither text nor number; the engine hands numbers over as text, too. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

/** An unset method is the document's default; null for one that is not known. */
function methodOf(text: string): 'send' | 'retrieve' | null {
  const method = text.trim() === '' ? DEFAULT_METHOD : text.trim();
  return Object.hasOwn(METHOD_NAMES, method) ? METHOD_NAMES[method as keyof typeof METHOD_NAMES] : null;
}

/** Each once, in the order of the list. */
function splitRecipients(to: string): string[] {
  const parts = to.split(',').map((part) => part.trim());
  return [...new Set(parts)].filter((part) => part !== '');
}

/** The kind of value only: it could be a secret. */
function wrongType(input: string, value: unknown, expected: string): string {
  const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
  return fill(TEXTS.wrongType, { input, what, expected });
}

function refusal(statusCode: string, message: string, failedNumbers = ''): Work<FlogoAsked, FlogoOutput> {
  return { do: 'answer', ok: false, output: { statusCode, status: STATUSES.failed, message, failedNumbers } };
}
