/** From what ByteChef hands to Send SMS to one request: names of both generations, conditions, Twilio's own fields. */

import type { ErrorReport } from '../../core/errors.ts';
import type { ParameterValue, ParameterValues } from '../../core/parameter.ts';
import type { HostCredentials, Work } from '../host.ts';
import type { Property } from './definition.ts';
import type { BytechefOutput } from './result.ts';
import { withoutCredentials } from '../../core/base-url.ts';
import { errorReport } from '../../core/errors.ts';
import { typedValue } from '../../core/form.ts';
import { MESSAGE_PARAMETERS } from '../../core/message-parameters.ts';
import { nearest } from '../../core/nearest.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { BYTECHEF, offset } from './definition.ts';
import { failure } from './result.ts';

/** What the output needs of the input. */
export interface BytechefAsked {
  to: string;
  warnings: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

const { connection: CONNECTION, 'Send SMS': PROPERTIES } = BYTECHEF.fields;

/** `source` and `content` by what they choose. */
const FROM = 1;
const SERVICE = 2;
const BODY = 1;
const MEDIA = 2;

/** A validity of this many seconds or less is not recommended (seed: Validity period). */
const SHORT_VALIDITY = 5;

/** Null without both halves, or where an API key names no account: {@link bytechefRequest} then says what is missing. */
export function bytechefCredentials(input: unknown): HostCredentials | null {
  const { username, password } = connectionOf(input);
  const accountSid = accountOf(input, username);
  if (username === '' || password === '' || accountSid === null) return null;
  return { accountSid, username, password, baseUrl: null };
}

/**
 * `{connectionParameters, inputParameters}` to one request. The names are those of the component when the seed was made
 * (`to`, `accountSid`) or of today (`To`, `username`). A property that is unset, null or blank is not sent; one that is
 * hidden by its condition neither, but for From beside a Messaging Service SID (seed: "You may also provide a from").
 */
export function bytechefRequest(input: unknown): Work<BytechefAsked, BytechefOutput> {
  const { values, unknown } = namedValues(PROPERTIES, record(input).inputParameters);
  const to = textOf(values.to);
  const { username, password } = connectionOf(input);
  const account = accountOf(input, username);
  const params = paramsOf(values);
  const fault =
    shapeFault(input) ??
    credentialsFault(username, password, account) ??
    (unknown === null ? null : unknownFault(unknown)) ??
    chooserFault(values) ??
    sendAtFault(values.sendAt) ??
    objectFault(values) ??
    presenceFault(to, values, params);
  if (fault !== null) return { do: 'answer', ok: false, output: failure(to, fault) };
  return {
    do: 'send',
    asked: { to, warnings: warningsOf(params) },
    requests: [{ kind: 'message', to, params, host: 'bytechef', ...(account === null ? {} : { account }) }],
    stopAtFailure: true,
    resource: true,
  };
}

/** Values under the properties' own names, blank ones left out, and the first name that is none of them. */
function namedValues(properties: readonly Property[], given: unknown): { values: Values; unknown: string | null } {
  const names = new Map(properties.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((one) => [one, name])));
  const values: Record<string, unknown> = {};
  let unknown: string | null = null;
  for (const [key, value] of Object.entries(record(given))) {
    const name = names.get(key);
    if (name === undefined) unknown ??= key;
    else if (!isBlank(value)) values[name] ??= value;
  }
  return { values, unknown };
}

function connectionOf(input: unknown): { username: string; password: string } {
  const { values } = namedValues(CONNECTION, record(input).connectionParameters);
  return { username: textOf(values.accountSid), password: textOf(values.authToken) };
}

/** The property Account SID, else the connection's; null where that is an API key, or nothing. */
function accountOf(input: unknown, username: string): string | null {
  const { values } = namedValues(PROPERTIES, record(input).inputParameters);
  if (values.accountSid !== undefined) return textOf(values.accountSid);
  return username === '' || isApiKey(username) ? null : username;
}

function isApiKey(username: string): boolean {
  return username.startsWith('SK');
}

/** Whoever writes the properties beside each other would else be told of a recipient that is there. */
function shapeFault(input: unknown): ErrorReport | null {
  const given = record(input).inputParameters;
  if (isPlainObject(given)) return null;
  return errorReport('TOLLBOARD_HOST_INPUT_INVALID', {
    details: {
      host: 'bytechef',
      field: 'inputParameters',
      value: given === undefined ? 'absent' : JSON.stringify(given).slice(0, 80),
      expected: 'an object with the properties of Send SMS, and connectionParameters beside it',
    },
  });
}

/** Nothing at all is no fault: then the Messenger has credentials of its own. */
function credentialsFault(username: string, password: string, account: string | null): ErrorReport | null {
  const [given, missing] =
    username === '' && password !== ''
      ? ['an Auth Token', 'an Account SID']
      : username !== '' && password === ''
        ? ['an Account SID', 'an Auth Token']
        : isApiKey(username) && account === null
          ? ['an API key', 'the property Account SID, which then names the account']
          : [];
  if (given === undefined) return null;
  return errorReport('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE', {
    details: { where: 'connection', given, missing },
    remedy: 'Fill in both halves of the connection, and with an API key the property Account SID.',
  });
}

function unknownFault(name: string): ErrorReport {
  const near = nearest(
    name,
    PROPERTIES.map((property) => property.name),
  );
  const remedy = near === null ? 'Leave it out; the definition of Send SMS lists all 26.' : `Did you mean ${near}?`;
  return errorReport('TOLLBOARD_PARAMETER_UNKNOWN', {
    message: `${name.slice(0, 64)} is not a property of Send SMS.`,
    remedy,
  });
}

/** Source and Content choose by number. */
function chooserFault(values: Values): ErrorReport | null {
  for (const { name, twilio, choices } of PROPERTIES) {
    const value = values[name];
    if (value === undefined || twilio !== null || choices === undefined) continue;
    if (choices.some((choice) => choice.value === Number(value))) continue;
    const words = choices.map((choice) => `${choice.value} (${choice.label})`).join(', ');
    const details = { name, value: JSON.stringify(value).slice(0, 80), expected: words };
    return errorReport('TOLLBOARD_PARAMETER_CHOICE', { details, remedy: `Give ${name} as one of these numbers.` });
  }
  return null;
}

function presenceFault(to: string, values: Values, params: ParameterValues): ErrorReport | null {
  if (to === '') return errorReport('TOLLBOARD_MESSAGE_TO_MISSING');
  const sender = { [FROM]: 'from', [SERVICE]: 'messagingServiceSid' }[Number(values.source)];
  const hasSender =
    sender === undefined
      ? params.from !== undefined || params.messagingServiceSid !== undefined
      : params[sender] !== undefined;
  if (!hasSender) {
    return errorReport('TOLLBOARD_MESSAGE_SENDER_MISSING', {
      remedy: 'Fill in From (Source 1) or Messaging Service SID (Source 2).',
    });
  }
  const { body, mediaUrl, contentSid } = params;
  const content = Number(values.content) === BODY ? body : (body ?? mediaUrl ?? contentSid);
  if (content !== undefined) return null;
  return errorReport('TOLLBOARD_MESSAGE_CONTENT_MISSING', {
    remedy: 'Fill in Body (Content 1), or Media URL or Content SID (Content 2).',
  });
}

/** Twilio's create parameters among the properties, by the conditions that hide them. */
function paramsOf(values: Values): ParameterValues {
  const source = Number(values.source);
  const content = Number(values.content);
  const hidden = new Set([
    ...(source === FROM ? ['messagingServiceSid'] : []),
    ...(content === BODY ? ['contentSid'] : []),
    ...(content === MEDIA ? ['body'] : []),
  ]);
  const params: ParameterValues = {};
  for (const parameter of MESSAGE_PARAMETERS) {
    const value = values[parameter.name];
    if (value === undefined || parameter.name === 'to' || hidden.has(parameter.name)) continue;
    if (parameter.type === 'list') params[parameter.name] = listOf(value);
    else if (parameter.type === 'datetime') params[parameter.name] = sendAtOf(value) ?? textOf(value);
    else if (parameter.name === 'body') params.body = String(value);
    else if (typeof value === 'string') params[parameter.name] = typedValue(parameter, value.trim());
    else if (typeof value === 'number' && !NUMERIC.has(parameter.type)) params[parameter.name] = String(value);
    else params[parameter.name] = value as ParameterValue;
  }
  return params;
}

const NUMERIC: ReadonlySet<string> = new Set(['integer', 'number']);

function listOf(value: unknown): string[] {
  return itemsOf(value).map((item) => String(item).trim());
}

/** Blank items are left out. */
function itemsOf(value: unknown): unknown[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => !isBlank(item));
}

/**
 * `{dateTime, zoneId}` as ISO 8601 in UTC; ISO 8601 text as it is (seed: "Must be in ISO 8601 format"). Null for what is
 * neither, or names a zone that ByteChef does not offer.
 */
function sendAtOf(value: unknown): string | null {
  if (typeof value === 'string') return value.trim();
  const { dateTime, zoneId } = record(value);
  if (typeof dateTime !== 'string' || typeof zoneId !== 'string') return null;
  const zone = /^Etc\/GMT([+-])(\d{1,2})$/.exec(zoneId);
  if (zone === null || !LOCAL_TIME.test(dateTime)) return null;
  const behind = Number(`${zone[1]}${zone[2]}`);
  if (behind < -14 || behind > 12) return null;
  const time = Date.parse(`${dateTime}${offset(-behind)}`);
  return Number.isNaN(time) ? null : `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Without a zone of its own: that is `zoneId`'s part. */
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?$/;

function sendAtFault(value: unknown): ErrorReport | null {
  if (value === undefined || sendAtOf(value) !== null) return null;
  return errorReport('TOLLBOARD_PARAMETER_TYPE', {
    details: {
      name: 'sendAt',
      value: JSON.stringify(value).slice(0, 80),
      expected:
        'an object with a dateTime such as 2026-12-01T09:30:00 and a zoneId from Etc/GMT-14 to Etc/GMT+12, or ISO 8601 text',
    },
  });
}

/** An object would go out as its name in JavaScript; where one belongs, its own check looks at it. */
function objectFault(values: Values): ErrorReport | null {
  for (const { name, type } of MESSAGE_PARAMETERS) {
    if (type === 'json' || type === 'datetime') continue;
    const list = type === 'list';
    const parts = list ? itemsOf(values[name]) : [values[name]];
    const misfit = parts.find((part) => typeof part === 'object' && part !== null);
    if (misfit === undefined) continue;
    const value = name === 'body' ? 'an object' : withoutCredentials(JSON.stringify(misfit)).slice(0, 80);
    const expected = list ? 'a list of texts' : 'one value';
    return errorReport('TOLLBOARD_PARAMETER_TYPE', { details: { name, value, expected } });
  }
  return null;
}

function warningsOf({ validityPeriod }: ParameterValues): string[] {
  if (typeof validityPeriod !== 'number' || validityPeriod > SHORT_VALIDITY) return [];
  return [`Validity period is ${validityPeriod}. A validity_period greater than 5 is recommended.`];
}

function isBlank(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'string' && value.trim() === '') ||
    (Array.isArray(value) && value.every(isBlank)) ||
    (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isBlank))
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).trim();
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(value) ? value : {};
}
