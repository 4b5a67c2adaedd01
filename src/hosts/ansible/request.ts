/** From a task's arguments, as they stand in the module's argument file, to what is to be sent. */

import type { EntryKind } from '../../core/entry.ts';
import type { ErrorReport } from '../../core/errors.ts';
import type { ParameterValues } from '../../core/parameter.ts';
import type { SendRequest } from '../../core/ports.ts';
import type { HostCredentials, SendWork, Work } from '../host.ts';
import type { ArgumentValue } from './arguments.ts';
import type { AnsibleModule, Argument } from './definition.ts';
import type { AnsibleOutput } from './result.ts';
import { parseAddress } from '../../core/address.ts';
import { withoutCredentials } from '../../core/base-url.ts';
import { checkCall, spokenParams } from '../../core/call.ts';
import { isTollboardError } from '../../core/errors.ts';
import { checkMessage } from '../../core/message.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { pythonText, readArguments } from './arguments.ts';
import { MODULES, WAIT_SECONDS } from './definition.ts';
import { failure, rehearsal } from './result.ts';
import { HIDDEN_ARGUMENT, mapTexts, secretForms } from './secrets.ts';

/** What the result needs of the task. */
export interface AnsibleAsked {
  kind: EntryKind;
  /** Trimmed, each once, in the task's order. */
  numbers: readonly string[];
  /** The success's `msg`. */
  msg: string;
  /** True where the task itself named an idempotency key. */
  keyed: boolean;
  warnings: readonly string[];
  frame: Frame;
}

/** What every result of a task has in common. */
export interface Frame {
  moduleArgs: Readonly<Record<string, unknown>>;
  secrets: readonly string[];
}

type Given = Readonly<Record<string, unknown>>;

export function credentials(input: unknown): HostCredentials | null {
  const given = isPlainObject(input) ? input : {};
  const text = (name: string) => (given[name] === undefined || given[name] === null ? '' : trimmed(given[name]));
  const accountSid = text('account_sid');
  const [key, secret] = [text('api_key'), text('api_secret')];
  const [username, password] = key !== '' && secret !== '' ? [key, secret] : [accountSid, text('auth_token')];
  return accountSid === '' || password === '' ? null : { accountSid, username, password, baseUrl: null };
}

/** Never throws. In check mode (`_ansible_check_mode`) everything is checked and nothing is to be sent. */
export function request(input: unknown): Work<AnsibleAsked, AnsibleOutput> {
  if (!isPlainObject(input)) return refused('The arguments are no JSON object.', { moduleArgs: {}, secrets: [] });
  const name = typeof input._ansible_module_name === 'string' ? input._ansible_module_name : 'twilio';
  const module = /(?:^|\.)twilio_call$/.test(name) ? MODULES.twilio_call : MODULES.twilio;
  const frame = frameOf(module, input);
  const read = readArguments(name, module.arguments, input);
  if ('fault' in read) return refused(read.fault, frame);
  const { values } = read;
  const fault = missing(module, values) ?? halfKey(values);
  if (fault !== null) return refused(fault, frame);
  const { numbers, warnings } = numbersOf(values, input);
  if (numbers.length === 0)
    return refused('to_number names nobody: it is empty, or blanks and commas only. Give at least one number.', frame);

  const params = paramsOf(module, values);
  const asked: AnsibleAsked = {
    kind: module.kind,
    numbers,
    msg: typeof values.msg === 'string' ? values.msg : typeof values.say === 'string' ? values.say : '',
    keyed: keyOf(values) !== '',
    warnings: [...read.warnings, ...warnings, ...accountWarnings(values)],
    frame,
  };
  const stopAtFailure = values.stop_on_error !== false;
  if (input._ansible_check_mode === true)
    return rehearsal(asked, faultsOf(module.kind, numbers, params), stopAtFailure);
  return sendWork(asked, values, params, stopAtFailure);
}

function sendWork(
  asked: AnsibleAsked,
  values: Values,
  params: ParameterValues,
  stopAtFailure: boolean,
): SendWork<AnsibleAsked> {
  const until = values.wait_until === 'final' ? 'final' : 'sent';
  const key = keyOf(values);
  const seconds = typeof values.wait === 'number' ? values.wait : WAIT_SECONDS[until];
  const toOne = (to: SendRequest['to']): SendRequest => ({
    kind: asked.kind,
    to,
    params,
    account: trimmed(values.account_sid),
    host: 'ansible',
  });
  return {
    do: 'send',
    asked,
    requests: stopAtFailure ? asked.numbers.map(toOne) : [toOne(asked.numbers)],
    stopAtFailure,
    ...(key === '' ? {} : { idempotencyKey: key }),
    wait: { until, ms: seconds * 1000 },
  };
}

type Values = Readonly<Record<string, ArgumentValue>>;

/** `''` where the task names none: a blank one would join texts that have nothing to do with each other. */
function keyOf(values: Values): string {
  return trimmed(values.idempotency_key);
}

/** Arguments that count as missing when blank: nothing can be sent without what they name. */
const NEVER_BLANK: ReadonlySet<string> = new Set(['account_sid', 'auth_token', 'from_number']);

/** With which other argument a required one may be left out. */
const INSTEAD: Readonly<Record<string, string>> = {
  auth_token: 'api_key',
  from_number: 'messaging_service_sid',
  msg: 'content_sid',
};

function missing(module: AnsibleModule, values: Values): string | null {
  const absent = (name: string) => values[name] === undefined || (NEVER_BLANK.has(name) && isBlank(values[name]));
  const names = module.arguments
    .filter(({ name, required }) => required && absent(name) && isBlank(values[INSTEAD[name] ?? '']))
    .map(({ name }) => name)
    .sort();
  return names.length === 0 ? null : `missing required arguments: ${names.join(', ')}`;
}

function isBlank(value: ArgumentValue | undefined): boolean {
  return trimmed(value) === '';
}

function halfKey(values: Values): string | null {
  const half = isBlank(values.api_key) !== isBlank(values.api_secret);
  return half ? 'parameters are required together: api_key, api_secret' : null;
}

/** Each number once; blanks around it and empty items dropped. */
function numbersOf(values: Values, given: Given): { numbers: string[]; warnings: string[] } {
  const items = values.to_number as readonly string[];
  const numbers = new Map<string, string>();
  const warnings: string[] = [];
  for (const item of items) {
    const number = item.trim();
    if (number === '') continue;
    const canonical = parseAddress(number)?.value ?? number;
    if (numbers.has(canonical)) warnings.push(`${number} is named more than once; it is used once.`);
    else numbers.set(canonical, number);
  }
  const unquoted = [given.to_number, given.to_numbers, given.from_number].flat().filter(isLongInteger);
  for (const number of new Set(unquoted))
    warnings.push(`${number} is an integer: YAML drops the + of a number that is not in quotes. Write "+${number}".`);
  return { numbers: [...numbers.values()], warnings };
}

function isLongInteger(value: unknown): value is number {
  return typeof value === 'number' && value > 99_999_999;
}

function accountWarnings({ account_sid: sid }: Values): string[] {
  return trimmed(sid).startsWith('AC') ? [] : ['account_sid does not begin with AC, as those of Twilio do.'];
}

/** What is unset, or an empty text, is not sent. */
function paramsOf(module: AnsibleModule, values: Values): ParameterValues {
  const params: ParameterValues = {};
  for (const argument of module.arguments) {
    const value = paramValue(argument, values[argument.name]);
    if (argument.parameter !== undefined && value !== undefined) params[argument.parameter] = value;
  }
  const { say, voice, language } = values;
  if (say !== undefined && say !== '')
    params.say = {
      text: say,
      ...(voice === undefined || voice === '' ? {} : { voice }),
      ...(language === undefined || language === '' ? {} : { language }),
    };
  return params;
}

function paramValue({ parameter }: Argument, value: ArgumentValue | undefined): ArgumentValue | undefined {
  if (Array.isArray(value)) {
    const items = value.map((item: string) => item.trim()).filter((item) => item !== '');
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== 'string') return value;
  const text = parameter === 'body' ? value : value.trim();
  return text === '' ? undefined : text;
}

/** What the check of each number finds, without what depends on the time (`send_at`). */
function faultsOf(kind: EntryKind, numbers: readonly string[], all: ParameterValues): Array<ErrorReport | null> {
  const { sendAt: _sendAt, scheduleType: _scheduleType, ...params } = all;
  if (kind === 'message') return numbers.map((number) => checkMessage(number, params, 0));
  try {
    const complete = spokenParams(params);
    return numbers.map((number) => checkCall(number, complete));
  } catch (error) {
    if (!isTollboardError(error)) throw error;
    return numbers.map(() => error.report);
  }
}

/** `invocation.module_args` as Ansible shows it: every argument, those without a value too; no password of an address. */
function frameOf(module: AnsibleModule, given: Given): Frame {
  const moduleArgs: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const { name, aliases = [], secret, default: preset } of module.arguments) {
    for (const each of [name, ...aliases]) {
      const value = given[each];
      const shown = value ?? (each === name ? (preset ?? null) : undefined);
      if (shown === undefined) continue;
      moduleArgs[each] = secret === true && shown !== null ? HIDDEN_ARGUMENT : mapTexts(shown, withoutCredentials);
      if (secret === true && value !== undefined && value !== null) secrets.push(pythonText(value));
    }
  }
  return { moduleArgs, secrets: secretForms(secrets) };
}

function refused(msg: string, frame: Frame): Work<AnsibleAsked, AnsibleOutput> {
  return { do: 'answer', ok: false, output: failure(msg, frame) };
}

function trimmed(value: unknown): string {
  return pythonText(value ?? '').trim();
}
