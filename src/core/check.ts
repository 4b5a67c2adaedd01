/** Checks the values of create parameters against their rows: type, choices, bounds and form. */

import type { ErrorCode, ErrorReport } from './errors.ts';
import type { Parameter, ParameterValue, ParameterValues } from './parameter.ts';
import { errorReport } from './errors.ts';
import { nearest } from './nearest.ts';
import { isPlainObject } from './plain-object.ts';

/** The first value that does not fit its row, in the order of the rows; null when all fit. Empty text counts as absent. */
export function checkValues(rows: readonly Parameter[], params: ParameterValues): ErrorReport | null {
  for (const row of rows) {
    const value = params[row.name];
    if (row.wire === 'To' || value === undefined || value === '') continue;
    const fault = faultOf(row, value);
    if (fault !== null) return faultReport(row, value, fault);
  }
  return null;
}

/** The first name that no row has; null when all are known. `kind` is for the sentence. */
export function checkNames(rows: readonly Parameter[], kind: string, params: ParameterValues): ErrorReport | null {
  const known = namesOf(rows);
  for (const name of Object.keys(params)) {
    if (known.has(name)) continue;
    const near = nearest(name, known);
    const verb = kind === 'call' ? 'call' : 'send';
    const remedy = near === null ? `Leave it out; \`tollboard ${verb} --help\` lists them.` : `Did you mean ${near}?`;
    return errorReport('TOLLBOARD_PARAMETER_UNKNOWN', { details: { name: name.slice(0, 64), kind, remedy } });
  }
  return null;
}

const NAMES = new WeakMap<readonly Parameter[], ReadonlySet<string>>();

/** Made once for each table. */
function namesOf(rows: readonly Parameter[]): ReadonlySet<string> {
  const names = NAMES.get(rows) ?? new Set(rows.map(({ name }) => name));
  NAMES.set(rows, names);
  return names;
}

/** True for an absolute http or https URL. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^/]/i.test(text) && !/\s/.test(text);
}

/** Milliseconds since the epoch of an ISO 8601 time that names its zone (`Z` or `±hh:mm`); null for anything else. */
export function isoTime(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const time = Date.parse(text);
  return day > lastDay || Number.isNaN(time) ? null : time;
}

interface Fault {
  readonly what: 'type' | 'choice' | 'range' | 'length' | 'form' | 'text';
  readonly expected: string;
  /** The list item at fault. */
  readonly item?: string;
}

function faultOf(row: Parameter, value: ParameterValue): Fault | null {
  const type = TYPES[row.type];
  if (!type.fits(value)) return { what: 'type', expected: type.expected };
  return (
    textFault(row, value) ??
    choiceFault(row, value) ??
    rangeFault(row, value) ??
    lengthFault(row, value) ??
    formFault(row, value)
  );
}

const isText = (value: ParameterValue): value is string => typeof value === 'string';
const isNumber = (value: ParameterValue): value is number => typeof value === 'number' && Number.isFinite(value);

const TYPES: Record<Parameter['type'], { expected: string; fits: (value: ParameterValue) => boolean }> = {
  string: { expected: 'a string', fits: isText },
  url: { expected: 'an http or https URL', fits: isText },
  sid: { expected: 'a SID', fits: isText },
  datetime: { expected: 'a time in ISO 8601 with its zone, such as 2026-01-31T09:00:00Z', fits: isText },
  integer: { expected: 'a whole number', fits: (value) => Number.isSafeInteger(value) },
  number: { expected: 'a number', fits: isNumber },
  boolean: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  list: {
    expected: 'a string or an array of strings',
    fits: (value) => isText(value) || (Array.isArray(value) && value.every((item) => typeof item === 'string')),
  },
  json: {
    expected: 'a JSON object, or one as text',
    fits: (value) => isText(value) || isPlainObject(value),
  },
};

// Not isWellFormed(): the module for Ansible checks with this table too, on Node 18, which lacks it.
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Half of a surrogate pair has no place in UTF-8: on disk and at Twilio another character would stand in its place. */
function textFault(row: Parameter, value: ParameterValue): Fault | null {
  if (row.type !== 'string' || !isText(value) || !LONE_SURROGATE.test(value)) return null;
  return { what: 'text', expected: 'text without halves of a character (lone surrogates)' };
}

function choiceFault(row: Parameter, value: ParameterValue): Fault | null {
  if (row.choices === undefined) return null;
  const expected = row.choices.join(', ');
  for (const item of items(value)) {
    // Twilio docs let several recording events stand in one value, separated by blanks.
    for (const word of row.type === 'list' ? item.split(' ') : [item]) {
      if (!row.choices.includes(word)) return { what: 'choice', expected, item: word };
    }
  }
  return null;
}

function rangeFault(row: Parameter, value: ParameterValue): Fault | null {
  if (typeof value !== 'number') return null;
  if (value >= (row.min ?? -Infinity) && value <= (row.max ?? Infinity)) return null;
  const bounds = [
    row.min === undefined ? null : `at least ${row.min}`,
    row.max === undefined ? null : `at most ${row.max}`,
  ];
  return { what: 'range', expected: bounds.filter((bound) => bound !== null).join(' and ') };
}

function lengthFault(row: Parameter, value: ParameterValue): Fault | null {
  if (row.maxLength === undefined || (!isText(value) && !Array.isArray(value))) return null;
  const length = row.type === 'list' ? items(value).length : value.length;
  return length > row.maxLength ? { what: 'length', expected: `at most ${row.maxLength}` } : null;
}

function formFault(row: Parameter, value: ParameterValue): Fault | null {
  const form = FORMS[row.name] ?? typeForm(row);
  if (form === undefined) return null;
  const texts = typeof value === 'object' && !Array.isArray(value) ? [] : items(value);
  const item = texts.find((text) => !form.fits(text));
  return item === undefined ? null : { what: 'form', expected: form.expected, item };
}

interface Form {
  readonly expected: string;
  readonly fits: (text: string) => boolean;
}

/** Forms that a type alone does not say, by parameter. */
const FORMS: Readonly<Record<string, Form>> = {
  mediaUrl: { expected: 'http or https URLs', fits: isHttpUrl },
  statusCallback: { expected: 'an http(s) URL whose host has no underscore', fits: isCallbackUrl },
  recordingStatusCallback: { expected: 'an http(s) URL whose host has no underscore', fits: isCallbackUrl },
  asyncAmdStatusCallback: { expected: 'an http(s) URL whose host has no underscore', fits: isCallbackUrl },
  sendDigits: { expected: 'keys of a telephone', fits: (text) => /^[0-9A-D#*wW]{1,32}$/.test(text) },
  maxPrice: { expected: 'more than 0', fits: (text) => Number(text) > 0 },
};

function typeForm(row: Parameter): Form | undefined {
  const { expected } = TYPES[row.type];
  if (row.type === 'url') return { expected, fits: isHttpUrl };
  if (row.type === 'datetime') return { expected, fits: (text) => isoTime(text) !== null };
  if (row.type === 'json') return { expected, fits: isJsonObject };
  if (row.type !== 'sid') return undefined;
  const form = new RegExp(`^${row.prefix ?? '[A-Z]{2}'}[0-9a-fA-F]{32}$`);
  return { expected: `a SID: ${row.prefix ?? 'two letters'} and 32 hex digits`, fits: (text) => form.test(text) };
}

function isCallbackUrl(text: string): boolean {
  return isHttpUrl(text) && !new URL(text).hostname.includes('_');
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value);
  } catch {
    return false;
  }
}

function items(value: ParameterValue): string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

const GENERIC: Record<Fault['what'], ErrorCode> = {
  type: 'TOLLBOARD_PARAMETER_TYPE',
  choice: 'TOLLBOARD_PARAMETER_CHOICE',
  range: 'TOLLBOARD_PARAMETER_RANGE',
  length: 'TOLLBOARD_PARAMETER_LENGTH',
  form: 'TOLLBOARD_PARAMETER_TYPE',
  text: 'TOLLBOARD_PARAMETER_TYPE',
};

/** Faults with a code of their own, by parameter and fault. */
const OWN: Readonly<Record<string, ErrorCode>> = {
  'asyncAmdStatusCallback:form': 'TOLLBOARD_PARAMETER_CALLBACK_URL',
  'body:length': 'TOLLBOARD_MESSAGE_BODY_TOO_LONG',
  'contentVariables:form': 'TOLLBOARD_MESSAGE_CONTENT_VARIABLES_INVALID',
  'contentVariables:type': 'TOLLBOARD_MESSAGE_CONTENT_VARIABLES_INVALID',
  'mediaUrl:form': 'TOLLBOARD_MESSAGE_MEDIA_URL_INVALID',
  'mediaUrl:length': 'TOLLBOARD_MESSAGE_MEDIA_TOO_MANY',
  'maxPrice:form': 'TOLLBOARD_PARAMETER_RANGE',
  'recordingStatusCallback:form': 'TOLLBOARD_PARAMETER_CALLBACK_URL',
  'sendDigits:form': 'TOLLBOARD_CALL_SEND_DIGITS_INVALID',
  'statusCallback:form': 'TOLLBOARD_PARAMETER_CALLBACK_URL',
  'statusCallback:length': 'TOLLBOARD_PARAMETER_CALLBACK_URL',
  'statusCallbackEvent:choice': 'TOLLBOARD_CALL_STATUS_EVENT_INVALID',
  'twiml:length': 'TOLLBOARD_CALL_TWIML_TOO_LONG',
};

function faultReport(row: Parameter, value: ParameterValue, fault: Fault): ErrorReport {
  const code = OWN[`${row.name}:${fault.what}`] ?? GENERIC[fault.what];
  const near = fault.what === 'choice' ? nearest(fault.item ?? '', row.choices ?? []) : null;
  return errorReport(code, {
    details: {
      name: row.name,
      value: shown(row.name, fault.item ?? value),
      expected: fault.expected,
      length: row.type === 'list' ? items(value).length : String(value).length,
      unit: row.type === 'list' ? 'items' : 'characters',
      max: row.maxLength,
      remedy: near === null ? `Give ${row.name} one of these words.` : `Did you mean ${near}?`,
    },
    // Twilio has no code of its own for halves of characters: it never sees any.
    ...(row.twilioCode === undefined || fault.what === 'text' ? {} : { twilioCode: row.twilioCode }),
  });
}

/** Parameters whose value is content or a secret: errors tell its kind only. */
const HIDDEN: ReadonlySet<string> = new Set(['body', 'twiml', 'contentVariables', 'sipAuthPassword', 'callToken']);

/** A value for an error's sentence: short, without the user part of a URL, content and secrets left out. */
export function shown(name: string, value: unknown): string {
  if (HIDDEN.has(name)) return kindOf(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = text.replaceAll(/\/\/[^/\s@]*@/g, '//***@').replaceAll(/\p{Cc}/gu, ' ');
  return `'${safe.length > 80 ? `${safe.slice(0, 80)}…` : safe}'`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
