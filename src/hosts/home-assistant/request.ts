/** From a call of `notify.<name>` to what is to be sent. Pure; whatever comes in has an answer. */

import type { ParameterValues } from '../../core/parameter.ts';
import type { HostCredentials, Work } from '../host.ts';
import type { NotifyAsked, NotifyOutput } from './result.ts';
import { shown } from '../../core/check.ts';
import { errorReport } from '../../core/errors.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { refusedOutput } from './result.ts';
import { BARE_SENDER, fill } from './texts.ts';

type Fields = Readonly<Record<string, unknown>>;

export function credentials(input: unknown): HostCredentials | null {
  const { account_sid: sid, auth_token: token, url } = fields(fields(input).twilio);
  if (typeof sid !== 'string' || typeof token !== 'string') return null;
  return { accountSid: sid, username: sid, password: token, baseUrl: typeof url === 'string' ? url : null };
}

/** Home Assistant logs the payload of a `rest_command` that fails, so the account may come in a header instead. */
export function withAccount(input: unknown, { username, password }: { username: string; password: string }): unknown {
  const own = fields(input);
  return own.twilio === undefined ? { ...own, twilio: { account_sid: username, auth_token: password } } : input;
}

export function request(input: unknown): Work<NotifyAsked, NotifyOutput> {
  const { twilio, notify, data } = fields(input);
  const [account, block, call] = [fields(twilio), fields(notify), fields(data)];
  const targets = targetsOf(call.target);
  const fault = faultOf(account, block, call);
  if (fault !== null) return refused(targets, ...fault);
  if (targets.length === 0) return refused(targets, 'data.target', call.target, fill('noTarget'));
  const message = written(call.message);
  const sender = withPlus(String(block.from_number).trim(), block.platform);
  const asked = { targets };
  const base = { to: targets, account: String(account.account_sid), host: 'home-assistant' };
  const params =
    block.platform === 'twilio_sms'
      ? text(message, sender, fields(call.data))
      : spoken(message, sender, fields(call.data));
  const kind = block.platform === 'twilio_sms' ? 'message' : 'call';
  return { do: 'send', asked, requests: [{ ...base, kind, params }], stopAtFailure: false };
}

function text(body: string, from: string, { media_url: mediaUrl }: Fields): ParameterValues {
  if (mediaUrl === undefined || mediaUrl === null) return { from, body };
  return { from, body, mediaUrl: list(mediaUrl).map(String) };
}

/** Home Assistant's own schema takes a number without `+`, and its documentation writes it without quotes. */
function withPlus(sender: string, platform: unknown): string {
  const bare = platform === 'twilio_sms' ? BARE_SENDER.twilio_sms : BARE_SENDER.twilio_call;
  return new RegExp(bare).test(sender) ? `+${sender}` : sender;
}

function spoken(message: string, from: string, { voice, language }: Fields): ParameterValues {
  if (/^https?:\/\//.test(message)) return { from, url: message };
  const given = Object.entries({ voice, language }).filter(([, value]) => value !== undefined && value !== null);
  return { from, say: { text: message, ...Object.fromEntries(given) } };
}

/** The first thing that is missing or of the wrong kind, with what was expected. */
function faultOf(
  account: Fields,
  block: Fields,
  call: Fields,
): [field: string, value: unknown, expected: string] | null {
  for (const name of ['account_sid', 'auth_token'] as const)
    if (typeof account[name] !== 'string' || account[name] === '')
      return [`twilio.${name}`, account[name], 'a string; both keys of the block are required'];
  if (block.platform !== 'twilio_sms' && block.platform !== 'twilio_call')
    return ['notify.platform', block.platform, 'twilio_sms or twilio_call'];
  if (!isText(block.from_number))
    return ['notify.from_number', block.from_number, 'the number, in quotes, or the sender ID'];
  if (!isText(call.message) && typeof call.message !== 'boolean')
    return ['data.message', call.message, 'the text to send'];
  if (call.data !== undefined && call.data !== null && !isPlainObject(call.data))
    return ['data.data', call.data, 'a mapping'];
  // What was left out in silence would have no result.
  const misfit = list(call.target).find((one) => !isText(one));
  if (misfit !== undefined) return ['data.target', misfit, 'numbers as text, in quotes'];
  const media = list(fields(call.data).media_url).find((one) => typeof one !== 'string');
  if (media !== undefined) return ['data.data.media_url', media, 'an address, or a list of them'];
  return null;
}

function refused(
  targets: readonly string[],
  field: string,
  value: unknown,
  expected: string,
): Work<NotifyAsked, NotifyOutput> {
  // What should have been a token may still be one.
  const secret = field === 'twilio.auth_token';
  const seen =
    value === undefined || value === null || value === '' ? 'absent' : secret ? typeof value : shown(field, value);
  const details = { host: 'home-assistant', field, value: seen, expected };
  const error = errorReport('TOLLBOARD_HOST_INPUT_INVALID', { stage: 'before_send', details });
  return { do: 'answer', ok: false, output: refusedOutput(targets, error) };
}

/** A single value is a list of one, a number becomes text (`cv.ensure_list`, `cv.string`); blanks around are dropped. */
function targetsOf(target: unknown): string[] {
  return list(target)
    .filter(isText)
    .map((one) => String(one).trim())
    .filter((one) => one !== '');
}

function isText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** As Python writes it: a template that gives `True` has become a boolean before it comes here. */
function written(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function fields(value: unknown): Fields {
  return isPlainObject(value) ? value : {};
}
