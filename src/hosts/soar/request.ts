/** From the connector's input (SOAR's action JSON) to what is to be done. */

import type { SendRequest } from '../../core/ports.ts';
import type { HostCredentials, Work } from '../host.ts';
import type { SoarOutput, SoarParameter } from './result.ts';
import { normalizeBaseUrl } from '../../core/base-url.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { soarDefinition } from './definition.ts';
import { recipientOf } from './recipient.ts';
import { refusedOutput, result } from './result.ts';
import { BASE_URL_EXAMPLE, fill, POLL } from './texts.ts';

/** One parameter set of an action: one result. */
export interface SoarSlot {
  parameter: SoarParameter;
  context: Record<string, unknown>;
  /** What went out as given although it has no country code. */
  warning: string | null;
  /** Why nothing is sent for it; null: it is sent. */
  refusal: string | null;
}

export interface SoarAsked {
  identifier: string;
  /** Where the action's request goes to at Twilio, for what it says of a path that it does not know. */
  path: string;
  slots: readonly SoarSlot[];
}

interface Config {
  accountSid: string;
  authToken: string;
  baseUrl: string;
  fromPhone: string;
  toPhone: string;
}

export function credentials(input: unknown): HostCredentials | null {
  const { accountSid, authToken, baseUrl } = configOf(objectOf(input) ?? {});
  if (accountSid === '' || authToken === '') return null;
  return { accountSid, username: accountSid, password: authToken, baseUrl: baseUrl === '' ? null : baseUrl };
}

export function request(input: unknown): Work<SoarAsked, SoarOutput> {
  const action = objectOf(input);
  const identifier = text(action?.identifier);
  if (action === null || identifier === '') return refused('', fill('notAnObject'));
  // The platform starts the connector before it asks for an action.
  const config = configOf(action);
  const fault = configFault(config);
  if (fault !== null) return refused(identifier, fault);
  const known = soarDefinition.actions.map((row) => row.identifier);
  if (!known.some((name) => name === identifier))
    return refused(identifier, fill('unknownAction', { action: identifier, actions: known.join(', ') }));
  if (identifier === 'send_text') return sending(identifier, config, parameterSets(action));
  if (config.toPhone === '')
    return { do: 'check', asked: { identifier, path: pathOf(config, '.json'), slots: [slotOf({}, {}, null, null)] } };
  return sending(identifier, config, [{ to_phone: config.toPhone, message: fill('testMessage') }], true);
}

/** One request for each parameter set; sets that lack a value get their result without one. */
function sending(
  identifier: string,
  config: Config,
  sets: ReadonlyArray<Record<string, unknown>>,
  test = false,
): Work<SoarAsked, SoarOutput> {
  const requests: SendRequest[] = [];
  const slots = sets.map((set) => {
    const { context, ...parameter } = set;
    const body = typeof set.message === 'number' ? String(set.message) : set.message;
    const missing = text(set.to_phone) === '' ? 'to_phone' : typeof body !== 'string' || body === '' ? 'message' : null;
    const shown = test ? {} : (parameter as SoarParameter);
    if (missing !== null) return slotOf(shown, context, null, fill('missing', { name: missing, where: 'the action' }));
    const { to, asGiven } = recipientOf(text(set.to_phone));
    const params = { body: String(body), from: config.fromPhone };
    requests.push({ kind: 'message', to, params, account: config.accountSid, host: 'soar' });
    return slotOf(shown, context, asGiven ? fill('noCountryCode', { to }) : null, null);
  });
  const asked = { identifier, path: pathOf(config, '/Messages.json'), slots };
  if (slots.length === 0) return refused(identifier, fill('noParameters'));
  if (requests.length === 0) return { do: 'answer', output: result(asked, { do: 'send', outcomes: [] }), ok: false };
  return { do: 'send', asked, requests, stopAtFailure: false, follow: POLL };
}

function pathOf({ accountSid }: Config, suffix: string): string {
  return `/2010-04-01/Accounts/${accountSid}${suffix}`;
}

function slotOf(parameter: SoarParameter, context: unknown, warning: string | null, refusal: string | null): SoarSlot {
  return { parameter, context: objectOf(context) ?? {}, warning, refusal };
}

/** The connector refuses to start: no action has a result. */
function refused(identifier: string, message: string): Work<SoarAsked, SoarOutput> {
  return { do: 'answer', output: refusedOutput(identifier, message), ok: false };
}

function configFault({ accountSid, authToken, baseUrl, fromPhone }: Config): string | null {
  const missing = Object.entries({ base_url: baseUrl, account_sid: accountSid, auth_token: authToken });
  const [name] = missing.find(([, value]) => value === '') ?? [];
  if (name !== undefined) return fill('missing', { name, where: "the asset's configuration" });
  if (normalizeBaseUrl(baseUrl) === null) return fill('baseUrl', { example: BASE_URL_EXAMPLE });
  return fromPhone.startsWith('+') ? null : fill('fromPhone');
}

function configOf(action: Record<string, unknown>): Config {
  const config = objectOf(action.config) ?? {};
  return {
    accountSid: text(config.account_sid),
    authToken: text(config.auth_token),
    baseUrl: text(config.base_url),
    fromPhone: text(config.from_phone),
    toPhone: text(config.to_phone),
  };
}

function parameterSets({ parameters }: Record<string, unknown>): Array<Record<string, unknown>> {
  const sets = Array.isArray(parameters) ? parameters : [parameters ?? {}];
  return sets.map((set) => objectOf(set) ?? {});
}

/** YAML and hand-written JSON bring numbers as numbers. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return isPlainObject(value) ? value : null;
}
