/** The library: `createTollboard` gives one Messenger, durable in this process, over a gateway elsewhere, or direct. */

import type { CallInput, MessageInput } from './core/create-input.ts';
import type { Entry } from './core/entry.ts';
import type { TollboardEvent } from './core/event.ts';
import type { ParameterValue, ParameterValues } from './core/parameter.ts';
import type { CheckReport, Messenger, Recipient, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
import type { GatewayOptions, RunningGateway } from './gateway.ts';
import { normalizeBaseUrl } from './core/base-url.ts';
import { isoTime, shown } from './core/check.ts';
import { TollboardError } from './core/errors.ts';
import { eventView } from './core/event.ts';
import { nearest } from './core/nearest.ts';

export type { CallInput, MessageInput } from './core/create-input.ts';
export type { Choice, Encoding, Entry, EntryKind, EntryState, OnUnknown } from './core/entry.ts';
export type { ErrorCode, ErrorKind, ErrorReport, Stage } from './core/errors.ts';
export type { EventType, TollboardEvent } from './core/event.ts';
export type { ParameterValue } from './core/parameter.ts';
export type { CheckReport, Messenger, Recipient, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
export { isTollboardError, TollboardError } from './core/errors.ts';

export interface TwilioCredentials {
  accountSid: string;
  authToken?: string;
  apiKey?: string;
  apiSecret?: string;
  /** Default `https://api.twilio.com`. */
  baseUrl?: string;
}

export interface TollboardOptions {
  /** A gateway that runs already: everything goes over its API. */
  gateway?: { url: string; token: string };
  /** Default: none, which starts the simulator. */
  twilio?: TwilioCredentials;
  /** Straight to Twilio, nothing stored: for programs that end at once. Needs `twilio`. Default false. */
  direct?: boolean;
  /** Data directory of the gateway in this process. Default `./data`. */
  data?: string;
  /** Configuration file, as `tollboard start --config`. Default: `./tollboard.yaml` where it exists. */
  config?: string;
  /** The sender when a message names none. */
  sender?: string;
  /** Port of the gateway in this process. Default: any free one. */
  port?: number;
  /** Clock, random numbers, logger: for tests and programs with their own. */
  gatewayOptions?: GatewayOptions;
}

export interface Tollboard {
  /** One outcome per recipient, in input order. See {@link Messenger.send}. */
  send(message: MessageInput, options?: SendOptions): Promise<Entry[]>;
  call(call: CallInput, options?: SendOptions): Promise<Entry[]>;
  /** By id or Twilio's SID; null when unknown. */
  fetch(id: string): Promise<Entry | null>;
  /**
   * The entry once it reached `until` (default `final`), or as it stands when the signal ends the wait. Throws
   * `TOLLBOARD_ENTRY_NOT_FOUND`; rejects with an AbortError when the library is closed meanwhile.
   */
  wait(id: string, until?: WaitUntil, signal?: AbortSignal): Promise<Entry>;
  /** Verified caller IDs of the account, every page. */
  recipients(signal?: AbortSignal): Promise<Recipient[]>;
  /** Can Twilio be reached with these credentials? Sends nothing. */
  check(signal?: AbortSignal): Promise<CheckReport>;
  /**
   * Every event from now on; the answer ends the subscription. Throws `TOLLBOARD_EVENTS_NEED_GATEWAY` unless the gateway
   * runs in this process (a remote one streams at `/api/v1/stream`).
   */
  onEvent(listener: (event: TollboardEvent) => void): () => void;
  /** The port itself, for code that knows only that. */
  readonly messenger: Messenger;
  /** URL and local token of the gateway in this process, the simulator's URL; null for remote and direct. */
  readonly running: Pick<RunningGateway, 'url' | 'token' | 'simulatorUrl' | 'simulated'> | null;
  /** Stops what was started and ends connections. May be called twice. */
  close(): Promise<void>;
}

/**
 * Without options: a durable gateway in this process with data in `./data`, over the simulator. Throws the errors of
 * configuration and start (`TOLLBOARD_CONFIG_*`, `TOLLBOARD_DATA_IN_USE`, …). Of this process's own
 * environment only proxies are read and, with `twilio`, TWILIO_BASE_URL where it names no `baseUrl`.
 *
 * @example
 * const tollboard = await createTollboard({ data: './data' });
 * const [text] = await tollboard.send({ to: '+15551230001', body: 'The build is green.' });
 * console.log((await tollboard.wait(text?.id ?? '')).status); // delivered
 * await tollboard.close();
 */
export async function createTollboard(options: TollboardOptions = {}): Promise<Tollboard> {
  checkOptions(options);
  if (options.gateway !== undefined) {
    const { createRemoteMessenger } = await import('./remote/messenger.ts');
    const { systemClock, systemRandom } = await import('./system.ts');
    const { url, token } = options.gateway;
    const remote = createRemoteMessenger({ url, token, clock: systemClock, random: systemRandom });
    return facade(remote, null, async () => remote.close());
  }
  const settings = await settingsOf(options);
  if (options.direct === true) {
    if (settings.accounts.length === 0) throw incomplete('direct', 'twilio');
    const { createDirectMessenger } = await import('./direct.ts');
    const direct = createDirectMessenger(settings);
    return facade(direct, null, () => direct.close());
  }
  const { startGateway } = await import('./gateway.ts');
  const gateway = await startGateway(settings, options.gatewayOptions);
  return facade(gateway.messenger, gateway, () => gateway.stop());
}

const WHERE = 'createTollboard';

/** With which other options each may stand. */
const OPTIONS: Record<keyof TollboardOptions, { remote: boolean; direct: boolean }> = {
  gateway: { remote: true, direct: false },
  twilio: { remote: false, direct: true },
  direct: { remote: false, direct: true },
  data: { remote: false, direct: false },
  config: { remote: false, direct: true },
  sender: { remote: false, direct: true },
  port: { remote: false, direct: false },
  gatewayOptions: { remote: false, direct: false },
};

/**
 * Programs in plain JavaScript misspell and mix options, too. None is overlooked: without its credentials a program
 * would talk to the simulator and believe that its texts had gone out.
 */
function checkOptions(options: TollboardOptions): void {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : name));
  for (const name of given) if (!Object.hasOwn(OPTIONS, name)) throw unknownOption(name);
  const names = given as Array<keyof TollboardOptions>;
  const mode = options.gateway !== undefined ? 'remote' : options.direct === true ? 'direct' : null;
  const stranger = mode === null ? undefined : names.find((name) => !OPTIONS[name][mode] && options[name] !== false);
  if (stranger !== undefined) {
    const expected = `none beside ${mode === 'remote' ? 'gateway, which has its own' : 'direct, which stores nothing'}`;
    throw invalidOption(stranger, 'given', expected);
  }
  if (options.twilio !== undefined) checkCredentials(options.twilio);
}

/** As of the configuration: half a set is an error, never the simulator. */
function checkCredentials({ accountSid, authToken, apiKey, apiSecret, baseUrl }: TwilioCredentials): void {
  if (!accountSid) throw incomplete('twilio', 'accountSid');
  if (apiKey && !apiSecret) throw incomplete('twilio.apiKey', 'apiSecret');
  if (apiSecret && !apiKey) throw incomplete('twilio.apiSecret', 'apiKey');
  if (!authToken && !apiKey) throw incomplete('twilio.accountSid', 'authToken');
  if (baseUrl === undefined || normalizeBaseUrl(baseUrl) !== null) return;
  throw invalidOption('twilio.baseUrl', shown('baseUrl', baseUrl), 'an http or https address without credentials');
}

function unknownOption(name: string): TollboardError {
  const near = nearest(name, Object.keys(OPTIONS));
  const remedy =
    near === null
      ? `Leave it out; known are ${Object.keys(OPTIONS).join(', ')}.`
      : `Write "${near}" if that was meant.`;
  const details = { where: WHERE, key: name.slice(0, 64), under: '', nearest: near ?? '' };
  return new TollboardError('TOLLBOARD_CONFIG_KEY_UNKNOWN', { details, remedy });
}

function invalidOption(key: string, value: string, expected: string): TollboardError {
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', { details: { where: WHERE, key, value, expected } });
}

function incomplete(given: string, missing: string): TollboardError {
  return new TollboardError('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE', { details: { where: WHERE, given, missing } });
}

/**
 * Options play the part of flags and environment; of the environment itself only TWILIO_BASE_URL counts, so that what is
 * tested against another server never reaches Twilio.
 */
async function settingsOf(options: TollboardOptions) {
  const { loadSettings } = await import('./config/load.ts');
  const { twilio } = options;
  return loadSettings({
    flags: {
      port: String(options.port ?? 0),
      simulatorPort: '0',
      ...(options.data === undefined ? {} : { data: options.data }),
      ...(options.config === undefined ? {} : { config: options.config }),
    },
    env: {
      TWILIO_ACCOUNT_SID: twilio?.accountSid,
      TWILIO_AUTH_TOKEN: twilio?.authToken,
      TWILIO_API_KEY: twilio?.apiKey,
      TWILIO_API_SECRET: twilio?.apiSecret,
      TWILIO_BASE_URL: twilio === undefined ? undefined : (twilio.baseUrl ?? process.env.TWILIO_BASE_URL),
      TWILIO_FROM: options.sender,
    },
    cwd: process.cwd(),
  });
}

function facade(messenger: Messenger, gateway: RunningGateway | null, close: () => Promise<void>): Tollboard {
  return {
    send: async (message, options) => messenger.send([requestOf('message', message)], options),
    call: async (call, options) => messenger.send([requestOf('call', call)], options),
    fetch: (id) => messenger.fetch(id),
    wait: (id, until = 'final', signal) => messenger.wait(id, until, signal),
    recipients: (signal) => messenger.recipients(signal),
    check: (signal) => messenger.check(signal),
    onEvent(listener) {
      if (gateway === null) throw new TollboardError('TOLLBOARD_EVENTS_NEED_GATEWAY');
      return gateway.api.onCommit(({ events }) => {
        for (const event of events) listener(eventView(event));
      });
    },
    messenger,
    running: gateway,
    close,
  };
}

/** What no table of Twilio's parameters checks is checked here; the rest is the Messenger's. */
function requestOf(kind: SendRequest['kind'], input: MessageInput | CallInput): SendRequest {
  if (typeof input !== 'object' || input === null) throw wrongType(`The ${kind}`, input, 'an object');
  const { to, notBefore, onUnknown, account, ...rest } = input;
  const addresses: readonly unknown[] = Array.isArray(to) ? to : [to];
  const odd = addresses.findIndex((address) => typeof address !== 'string');
  if (odd >= 0) throw wrongType('to', addresses[odd], 'an address, or a list of addresses');
  const words = ['resend', 'hold', undefined] as const;
  if (!words.includes(onUnknown)) throw wrongType('onUnknown', onUnknown, 'resend or hold');
  const params: ParameterValues = {};
  for (const [name, value] of Object.entries(rest) as Array<[string, ParameterValue | Date | undefined]>) {
    if (value !== undefined) params[name] = value instanceof Date ? instantText(name, value) : value;
  }
  return {
    kind,
    to,
    params,
    host: 'library',
    ...(account === undefined ? {} : { account }),
    ...(notBefore === undefined ? {} : { notBefore: Date.parse(instantText('notBefore', notBefore)) }),
    ...(onUnknown === undefined ? {} : { onUnknown }),
  };
}

function instantText(name: string, value: Date | string): string {
  if (typeof value === 'string' && isoTime(value) !== null) return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  throw wrongType(name, value, 'a Date, or a time in ISO 8601 with its zone');
}

function wrongType(name: string, value: unknown, expected: string): TollboardError {
  const seen = value === undefined ? 'absent' : shown(name, typeof value === 'string' ? value : String(value));
  return new TollboardError('TOLLBOARD_PARAMETER_TYPE', { details: { name, value: seen, expected } });
}
