/** The library: `createTollboard` gives one Messenger, durable in this process, over a gateway elsewhere, or direct. */

import type { Entry, OnUnknown } from './core/entry.ts';
import type { TollboardEvent } from './core/event.ts';
import type { ParameterValue, ParameterValues } from './core/parameter.ts';
import type { CheckReport, Messenger, Recipient, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
import type { GatewayOptions, RunningGateway } from './gateway.ts';
import { TollboardError } from './core/errors.ts';
import { eventView } from './core/event.ts';

export type { Choice, Encoding, Entry, EntryKind, EntryState, OnUnknown } from './core/entry.ts';
export type { ErrorCode, ErrorKind, ErrorReport, Stage } from './core/errors.ts';
export type { EventType, TollboardEvent } from './core/event.ts';
export type { ParameterValue } from './core/parameter.ts';
export type { CheckReport, Messenger, Recipient, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
export { isTollboardError, TollboardError } from './core/errors.ts';

/** One text to one or many recipients: twilio-node's property names, and three words of our own. */
export interface MessageInput {
  /** One address or several (at most 10,000). */
  to: string | readonly string[];
  from?: string;
  body?: string;
  mediaUrl?: readonly string[];
  messagingServiceSid?: string;
  /** The gateway's own schedule; in the past or absent means at once. */
  notBefore?: Date;
  /** What happens when complete listings lack a text whose answer was lost. Default `resend`. */
  onUnknown?: OnUnknown;
  /** Name or SID of a configured account. Default: the first. */
  account?: string;
  /** Every other create parameter of Twilio's Messages. */
  [parameter: string]: ParameterValue | Date | undefined;
}

/** A call to one or many: what to say, or TwiML, or a URL that answers with TwiML. */
export interface CallInput {
  to: string | readonly string[];
  from?: string;
  say?: { text: string; voice?: string; language?: string };
  twiml?: string;
  url?: string;
  notBefore?: Date;
  onUnknown?: OnUnknown;
  account?: string;
  /** Every other create parameter of Twilio's Calls. */
  [parameter: string]: ParameterValue | Date | undefined;
}

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
  wait(id: string, until?: WaitUntil, signal?: AbortSignal): Promise<Entry>;
  recipients(): Promise<Recipient[]>;
  check(): Promise<CheckReport>;
  /**
   * Every event from now on; the answer ends the subscription. Throws `TOLLBOARD_EVENTS_NEED_GATEWAY` unless the gateway
   * runs in this process (a remote one streams at `/api/v1/stream`).
   */
  onEvent(listener: (event: TollboardEvent) => void): () => void;
  /** The port itself, for code that knows only that. */
  readonly messenger: Messenger;
  /** URL and local token of the gateway in this process, the simulator's URL; null for remote and direct. */
  readonly running: Pick<RunningGateway, 'url' | 'token' | 'simulatorUrl' | 'simulated'> | null;
  /** Stops what was started. May be called twice. */
  close(): Promise<void>;
}

/**
 * Without options: a durable gateway in this process with data in `./data`, over the simulator. Throws the errors of
 * configuration and start (`TOLLBOARD_CONFIG_*`, `TOLLBOARD_DATA_IN_USE`, …).
 */
export async function createTollboard(options: TollboardOptions = {}): Promise<Tollboard> {
  if (options.gateway !== undefined) {
    const { createRemoteMessenger } = await import('./remote/messenger.ts');
    const { systemClock, systemRandom } = await import('./system.ts');
    return facade(createRemoteMessenger({ ...options.gateway, clock: systemClock, random: systemRandom }), null);
  }
  const settings = await settingsOf(options);
  if (options.direct === true) {
    const { createDirectMessenger } = await import('./direct.ts');
    return facade(createDirectMessenger(settings), null);
  }
  const { startGateway } = await import('./gateway.ts');
  const gateway = await startGateway(settings, options.gatewayOptions);
  return facade(gateway.messenger, gateway);
}

/** Options play the part of flags and environment; nothing is read from this process's own environment. */
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
      TWILIO_BASE_URL: twilio?.baseUrl,
      TWILIO_FROM: options.sender,
    },
    cwd: process.cwd(),
  });
}

function facade(messenger: Messenger, gateway: RunningGateway | null): Tollboard {
  return {
    send: (message, options) => messenger.send([requestOf('message', message)], options),
    call: (call, options) => messenger.send([requestOf('call', call)], options),
    fetch: (id) => messenger.fetch(id),
    wait: (id, until = 'final', signal) => messenger.wait(id, until, signal),
    recipients: () => messenger.recipients(),
    check: () => messenger.check(),
    onEvent(listener) {
      if (gateway === null) throw new TollboardError('TOLLBOARD_EVENTS_NEED_GATEWAY');
      return gateway.api.onCommit(({ events }) => {
        for (const event of events) listener(eventView(event));
      });
    },
    messenger,
    running: gateway,
    close: async () => gateway?.stop(),
  };
}

function requestOf(kind: SendRequest['kind'], input: MessageInput | CallInput): SendRequest {
  const { to, notBefore, onUnknown, account, ...rest } = input;
  const params: ParameterValues = {};
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) params[name] = value instanceof Date ? value.toISOString() : value;
  }
  return {
    kind,
    to,
    params,
    host: 'library',
    ...(account === undefined ? {} : { account }),
    ...(notBefore === undefined ? {} : { notBefore: notBefore.getTime() }),
    ...(onUnknown === undefined ? {} : { onUnknown }),
  };
}
