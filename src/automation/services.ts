/** What an action may call: Home Assistant's notifiers, Twilio itself, requests of the configuration, a Home Assistant. */

import type { Entry } from '../core/entry.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { Logger, Messenger } from '../core/ports.ts';
import type { Replies } from './replies.ts';
import type { ServiceCall } from './run.ts';
import type { TemplateEngine } from './template/engine.ts';
import type { Value } from './template/python.ts';
import { sayTwiml } from '../core/call.ts';
import { errorReport, TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { escapeXml, xmlFault } from '../core/xml.ts';
import { REPLY } from './replies.ts';
import { pythonText } from './template/python.ts';

/** A block of `notify:`. */
export interface NotifyBlock {
  name: string;
  platform: 'twilio_sms' | 'twilio_call';
  fromNumber: string;
}

/** An entry of `rest_command:`; texts may be templates of the call's data. */
export interface RestCommand {
  url: string;
  method: string;
  payload: string | null;
  contentType: string | null;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** `tollboard.yaml:12:7`. */
  where: string;
}

export interface OutgoingRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface ServicesOptions {
  messenger: Messenger;
  engine: TemplateEngine;
  logger: Logger;
  replies: Replies;
  /** What the webhook of an event was answered with, or null. */
  answerTo(eventId: string): Promise<string | null>;
  notify: readonly NotifyBlock[];
  /** Carries a notification out; which targets failed, with the reason of each. */
  notifyBy(
    block: NotifyBlock,
    data: Readonly<Record<string, Value>>,
    key: string,
    signal: AbortSignal,
  ): Promise<Array<{ target: string; why: string }>>;
  restCommands: Readonly<Record<string, RestCommand>>;
  homeAssistant: { url: string; token: string } | null;
  request(request: OutgoingRequest): Promise<{ status: number; body: string }>;
}

export type Services = (call: ServiceCall, signal: AbortSignal) => Promise<Value>;

type Service = (call: ServiceCall, signal: AbortSignal) => Promise<Value>;

/** Rejects with `TOLLBOARD_SERVICE_*`, or with what the service itself failed with. */
export function createServices(options: ServicesOptions): Services {
  const table = serviceTable(options);
  return async (call, signal) => {
    const service = Object.hasOwn(table, call.service) ? table[call.service] : undefined;
    if (service !== undefined) return service(call, signal);
    if (!/^[a-z0-9_]+\.[a-z0-9_]+$/.test(call.service))
      throw new TollboardError('TOLLBOARD_SERVICE_UNKNOWN', {
        details: { service: call.service.slice(0, 80), hint: 'Write it as domain.service.' },
      });
    const own = OWN_DOMAINS.has(call.service.split('.')[0] ?? '');
    if (!own && options.homeAssistant !== null) return atHomeAssistant(options, call, signal);
    const near = nearest(call.service, Object.keys(table));
    const hint =
      near !== null
        ? `Did you mean ${near}?`
        : own
          ? `There are ${Object.keys(table).join(', ')}.`
          : 'Services of Home Assistant need home_assistant: in tollboard.yaml.';
    throw new TollboardError('TOLLBOARD_SERVICE_UNKNOWN', { details: { service: call.service, hint } });
  };
}

/** `domain.service` of every service that is ours. */
export function serviceNames({ notify, restCommands }: Pick<ServicesOptions, 'notify' | 'restCommands'>): string[] {
  return Object.keys(serviceTable({ notify, restCommands } as ServicesOptions));
}

/** Characters of a text (Twilio docs: Message, Body). */
const LONGEST = 1600;

/** Never forwarded: a mistake in their names is one of ours. */
export const OWN_DOMAINS = new Set(['notify', 'twilio', 'rest_command']);

function serviceTable(options: ServicesOptions): Readonly<Record<string, Service>> {
  const { notify, restCommands } = options;
  return {
    'notify.persistent_notification': (call, signal) => persistentNotification(options, call, signal),
    'persistent_notification.create': (call, signal) => persistentNotification(options, call, signal),
    ...Object.fromEntries(notify.map((block) => [`notify.${block.name}`, notification(options, block)])),
    'twilio.send_message': sending(options, 'message'),
    'twilio.make_call': sending(options, 'call'),
    [REPLY]: (call, signal) => reply(options, call, signal),
    ...Object.fromEntries(
      Object.entries(restCommands).map(([name, command]) => [`rest_command.${name}`, request(options, name, command)]),
    ),
  };
}

/** All targets are tried; those that failed fail the action, which names them (home-assistant/core #170702). */
function notification({ notifyBy }: ServicesOptions, block: NotifyBlock): Service {
  return async ({ service, data, target, key }, signal) => {
    const given = { ...target, ...data };
    const lack = ['message', 'target'].find((name) => isNothing(given[name]));
    if (lack !== undefined) throw lacking({ service }, lack);
    const failed = await notifyBy(block, given, key, signal);
    if (failed.length === 0) return null;
    const reasons = failed.map(({ target: to, why }) => `${to}: ${why}`).join(' ');
    throw new TollboardError('TOLLBOARD_SERVICE_FAILED', { details: { service: `notify.${block.name}`, reasons } });
  };
}

function isNothing(value: Value | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Kept in the trace; shown by the Home Assistant of the configuration, where there is one. */
async function persistentNotification(
  options: ServicesOptions,
  call: ServiceCall,
  signal: AbortSignal,
): Promise<Value> {
  const { message, title, notification_id: id } = call.data;
  if (message === undefined || message === null) throw lacking(call, 'message');
  const shown = { message: pythonText(message), title: title === undefined ? null : pythonText(title) };
  options.logger.info({ run: call.key }, 'a notification of an automation');
  if (options.homeAssistant !== null) {
    const data = {
      message: shown.message,
      ...(shown.title === null ? {} : { title: shown.title }),
      ...(id === undefined ? {} : { notification_id: id }),
    };
    await atHomeAssistant(options, { ...call, service: 'persistent_notification.create', data, target: {} }, signal);
  }
  return shown;
}

/** Twilio's own parameters under Twilio's names or in snake_case; `to` one or a list. */
function sending({ messenger }: ServicesOptions, kind: 'message' | 'call'): Service {
  return async ({ service, data, target, key }, signal) => {
    const { to = target.to, account, ...rest } = byProperty(data);
    const recipients = (Array.isArray(to) ? to : [to])
      .filter((one) => one !== undefined && one !== null)
      .map(pythonText);
    if (recipients.length === 0) throw lacking({ service }, 'to');
    const params = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, textual(name, value)]),
    ) as ParameterValues;
    if (kind === 'call' && typeof params.twiml === 'string') checkTwiml(service, params.twiml);
    const entries = await messenger.send(
      [
        {
          kind,
          to: recipients,
          params,
          host: 'automation',
          ...(account === undefined ? {} : { account: pythonText(account) }),
        },
      ],
      { idempotencyKey: `automation:${key}`, signal },
    );
    const refused = entries.filter(({ state }) => state === 'rejected');
    if (refused.length > 0) throw failed(service, refused);
    return entries.map((entry) => ({ id: entry.id, to: entry.to, state: entry.state }));
  };
}

/** Parameters that are numbers to Twilio stay so; a body that looks like one is a text. */
function textual(name: string, value: Value): unknown {
  return ['body', 'from', 'say'].includes(name) && typeof value !== 'object' ? pythonText(value) : value;
}

function failed(service: string, entries: readonly Entry[]): TollboardError {
  const reasons = entries.map(({ to, error }) => `${to}: ${error?.message ?? 'refused'}`).join(' ');
  return new TollboardError('TOLLBOARD_SERVICE_FAILED', { details: { service, reasons } });
}

/** `MediaUrl`, `media_url` and `mediaUrl` are the same parameter. */
function byProperty(data: Readonly<Record<string, Value>>): Record<string, Value> {
  const camelCase = (name: string) => name.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [camelCase(name.charAt(0).toLowerCase() + name.slice(1)), value]),
  );
}

/**
 * Answers the text or call that fired the run. While Twilio waits for its answer that is TwiML; later a text is answered by
 * a text of its own, and a call can no longer be answered.
 */
async function reply(
  { replies, messenger, answerTo }: ServicesOptions,
  call: ServiceCall,
  signal: AbortSignal,
): Promise<Value> {
  const { trigger, data, key, service } = call;
  const { From: from, To: to, CallSid, AccountSid: account } = trigger.event?.data ?? {};
  if (trigger.event?.event_type !== 'twilio_data_received' || from === undefined || to === undefined)
    throw new TollboardError('TOLLBOARD_SERVICE_FAILED', {
      details: { service, reasons: 'The run was not fired by a text or a call of Twilio.' },
    });
  const twiml = data.twiml === undefined ? null : pythonText(data.twiml);
  const message = data.message ?? data.body;
  if (twiml === null && (message === undefined || message === null)) throw lacking(call, 'message, or twiml');
  if (twiml !== null) checkTwiml(service, twiml);
  const spoken = CallSid !== undefined;
  if (twiml === null && !spoken) checkText(service, pythonText(message));
  const answer =
    twiml ??
    (spoken ? sayTwiml(sayOf(data)) : `<Response><Message>${escapeXml(pythonText(message))}</Message></Response>`);
  const became = await replies.answer(trigger, answer, call.by);
  if (became.outcome === 'answered') return { answered: 'twiml' };
  // It answered before the gateway was killed, and its run had not noted it.
  if (became.outcome === 'late' && (await answerTo(trigger.event.id)) === answer) return { answered: 'twiml' };
  const why =
    became.outcome === 'second'
      ? `The webhook is already answered, by the automation ${became.by}: the first that replies is its answer.`
      : 'Twilio has had its answer already; reply within 5 seconds, before any delay.';
  if (spoken || twiml !== null)
    throw new TollboardError('TOLLBOARD_SERVICE_FAILED', { details: { service, reasons: why } });
  const [entry] = await messenger.send(
    [
      {
        kind: 'message',
        to: from,
        params: { from: to, body: pythonText(message) },
        host: 'automation',
        // The number that was texted is that account's, and no other one may send from it.
        ...(account === undefined ? {} : { account }),
      },
    ],
    { idempotencyKey: `automation:${key}`, signal },
  );
  if (entry?.state === 'rejected') throw failed(service, [entry]);
  return { answered: 'message', id: entry?.id ?? null, why };
}

/** Within TwiML Twilio drops such a text, and tells of it in the console alone (errors 14103 and 21617). */
function checkText(service: string, text: string): void {
  const fault =
    text.trim() === ''
      ? 'is empty: leave the reply out where there is nothing to say'
      : text.length > LONGEST
        ? `has ${text.length} characters; Twilio takes at most ${LONGEST}. Shorten it, or send it in parts`
        : null;
  if (fault === null) return;
  throw new TollboardError('TOLLBOARD_SERVICE_FAILED', { details: { service, reasons: `Its message ${fault}.` } });
}

/** Twilio says of such a document to the caller that an error has occurred (error 12100), and to nobody why. */
function checkTwiml(service: string, twiml: string): void {
  const fault = xmlFault(twiml, 'Response');
  if (fault === null) return;
  const reasons = `Its twiml is not well-formed, ${fault}. Put | e behind whatever came in.`;
  throw new TollboardError('TOLLBOARD_SERVICE_FAILED', { details: { service, reasons } });
}

function sayOf({ message, body, voice, language }: Readonly<Record<string, Value>>): Record<string, unknown> {
  const say: Record<string, unknown> = { text: pythonText(message ?? body) };
  if (voice !== undefined) say.voice = voice;
  if (language !== undefined) say.language = language;
  return say;
}

/** `url`, `payload` and headers see the data of the call as their variables, as in Home Assistant. */
function request({ engine, request: send }: ServicesOptions, name: string, command: RestCommand): Service {
  return async ({ data }, signal) => {
    const text = (template: string) => engine.text(template, data);
    const headers: Record<string, string> = {};
    for (const [header, value] of Object.entries(command.headers)) headers[header] = await text(value);
    if (command.contentType !== null) headers['content-type'] = command.contentType;
    const url = await text(command.url);
    const body = command.payload === null ? null : await text(command.payload);
    const answer = await send({ method: command.method, url, headers, body, timeoutMs: command.timeoutMs, signal });
    if (answer.status >= 300) {
      const why = answer.status < 400 ? ', a redirect, which is not followed' : '';
      throw new TollboardError('TOLLBOARD_SERVICE_FAILED', {
        details: { service: `rest_command.${name}`, reasons: `It was answered with HTTP ${answer.status}${why}.` },
      });
    }
    return { status: answer.status, content: jsonOr(answer.body) };
  };
}

/** `POST /api/services/<domain>/<service>` (Home Assistant docs: REST API). */
async function atHomeAssistant(
  { homeAssistant, request: send }: ServicesOptions,
  call: ServiceCall,
  signal: AbortSignal,
): Promise<Value> {
  const { url, token } = homeAssistant as NonNullable<typeof homeAssistant>;
  const [domain = '', service = ''] = call.service.split('.');
  const answer = await send({
    method: 'POST',
    url: `${url.replace(/\/+$/, '')}/api/services/${domain}/${service}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...call.target, ...call.data }),
    timeoutMs: 10_000,
    signal,
  });
  if (answer.status < 300) return jsonOr(answer.body);
  const why = HOME_ASSISTANT_FAULTS[answer.status] ?? 'it failed there; its log says why';
  throw new TollboardError('TOLLBOARD_SERVICE_FAILED', {
    details: { service: call.service, reasons: `Home Assistant answered HTTP ${answer.status}: ${why}.` },
  });
}

const HOME_ASSISTANT_FAULTS: Readonly<Record<number, string>> = {
  400: 'it has no such service, or the data do not fit',
  401: 'the token of home_assistant: is not valid',
};

function jsonOr(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

function lacking({ service }: Pick<ServiceCall, 'service'>, what: string): TollboardError {
  return TollboardError.from(
    errorReport('TOLLBOARD_SERVICE_FAILED', { details: { service, reasons: `Its data lack ${what}.` } }),
  );
}
