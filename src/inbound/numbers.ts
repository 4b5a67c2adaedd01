/** Pointing a number's messages and calls to the gateway, and putting back what stood there. */

import type { RoomRecord } from '../core/consumer.ts';
import type { NumberView } from '../core/inbound.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Store } from '../core/ports.ts';
import { TollboardError } from '../core/errors.ts';

/** Where a number's messages and calls go, as set at Twilio; null where nothing is set. */
export interface NumberRouting {
  smsUrl: string | null;
  smsMethod: string | null;
  smsApplicationSid: string | null;
  voiceUrl: string | null;
  voiceMethod: string | null;
  voiceApplicationSid: string | null;
  trunkSid: string | null;
}

export interface OwnedNumber extends NumberRouting {
  sid: string;
  phoneNumber: string;
  friendlyName: string;
}

/** What connecting asks of one account at Twilio. */
export interface NumberClient {
  readonly accountSid: string;
  incomingPhoneNumbers(signal?: AbortSignal): Promise<OwnedNumber[]>;
  updateIncomingPhoneNumber(sid: string, form: FormFields): Promise<unknown>;
}

export interface NumbersOptions {
  store: Store;
  client: NumberClient;
  /** The webhook as Twilio calls it; throws where this account cannot call it, or could not be verified. */
  webhookUrl(): string;
  /** Whether a URL is that webhook, also under an address that the gateway had before. */
  isWebhook(url: string): boolean;
}

const ROOM = 'numbers';

/** Twilio's name of each setting. An application or a trunk takes precedence over the URL (Twilio docs: IncomingPhoneNumber). */
const WIRE: Record<keyof NumberRouting, string> = {
  smsUrl: 'SmsUrl',
  smsMethod: 'SmsMethod',
  smsApplicationSid: 'SmsApplicationSid',
  voiceUrl: 'VoiceUrl',
  voiceMethod: 'VoiceMethod',
  voiceApplicationSid: 'VoiceApplicationSid',
  trunkSid: 'TrunkSid',
};
const SETTINGS = Object.keys(WIRE) as Array<keyof NumberRouting>;
/** What belongs together: where messages go, and where calls go. */
const WAYS: ReadonlyArray<ReadonlyArray<keyof NumberRouting>> = [
  ['smsUrl', 'smsMethod', 'smsApplicationSid'],
  ['voiceUrl', 'voiceMethod', 'voiceApplicationSid', 'trunkSid'],
];

export async function listNumbers(
  { store, client }: NumbersOptions,
  webhook: string,
  signal?: AbortSignal,
): Promise<NumberView[]> {
  const numbers = await client.incomingPhoneNumbers(signal);
  return Promise.all(
    numbers.map(async (number) => view(number, client, webhook, await store.record(ROOM, keyOf(number, client)))),
  );
}

/**
 * What stands there is on disk before it is overwritten; of a number that was connected before, only what somebody changed
 * since. Throws `TOLLBOARD_NUMBER_UNKNOWN`, `TOLLBOARD_WEBHOOK_*` and Twilio's errors.
 */
export async function connectNumber(wanted: string, options: NumbersOptions): Promise<NumberView> {
  const { store, client } = options;
  const url = options.webhookUrl();
  const number = await find(wanted, client);
  const before = await store.record(ROOM, keyOf(number, client));
  if (leadsTo(number, url)) return view(number, client, url, before);
  const known = before?.value as NumberRouting | undefined;
  const value = known === undefined ? routingOf(number) : merged(number, known, options);
  const remembered: RoomRecord = { room: ROOM, key: keyOf(number, client), value, dueAt: null };
  await store.keep({ put: [remembered] });
  await client.updateIncomingPhoneNumber(number.sid, formOf(number, routingTo(url)));
  return view(await find(number.sid, client), client, url, remembered);
}

/**
 * Only where the number still leads here, or nothing was changed after all: what somebody set since is theirs. Throws
 * `TOLLBOARD_NUMBER_NOT_CONNECTED` and `TOLLBOARD_NUMBER_CHANGED`.
 */
export async function restoreNumber(wanted: string, options: NumbersOptions, webhook: string): Promise<NumberView> {
  const { store, client } = options;
  const number = await find(wanted, client);
  const record = await store.record(ROOM, keyOf(number, client));
  if (record === null)
    throw new TollboardError('TOLLBOARD_NUMBER_NOT_CONNECTED', { details: { number: number.phoneNumber } });
  const before = record.value as NumberRouting;
  if (WAYS.some((way) => !isOurs(way, number, options) && !isSame(way, number, before))) {
    const { phoneNumber, smsUrl, voiceUrl } = number;
    const details = { number: phoneNumber, smsUrl: smsUrl ?? 'nothing', voiceUrl: voiceUrl ?? 'nothing' };
    throw new TollboardError('TOLLBOARD_NUMBER_CHANGED', { details });
  }
  const form = formOf(number, before);
  if (form.length > 0) await client.updateIncomingPhoneNumber(number.sid, form);
  await store.keep({ remove: [record] });
  return view(await find(number.sid, client), client, webhook, null);
}

type Way = (typeof WAYS)[number];

function isOurs(way: Way, routing: NumberRouting, { isWebhook }: NumbersOptions): boolean {
  const url = routing[way[0] ?? 'smsUrl'];
  return url !== null && isWebhook(url) && isSame(way, routing, routingTo(url));
}

function isSame(way: Way, a: NumberRouting, b: NumberRouting): boolean {
  return way.every((setting) => a[setting] === b[setting]);
}

function merged(now: NumberRouting, before: NumberRouting, options: NumbersOptions): NumberRouting {
  const kept = WAYS.filter((way) => isOurs(way, now, options)).flat();
  return { ...routingOf(now), ...Object.fromEntries(kept.map((setting) => [setting, before[setting]])) };
}

function routingTo(url: string): NumberRouting {
  const none = { smsApplicationSid: null, voiceApplicationSid: null, trunkSid: null };
  return { smsUrl: url, smsMethod: 'POST', voiceUrl: url, voiceMethod: 'POST', ...none };
}

function routingOf(number: NumberRouting): NumberRouting {
  return Object.fromEntries(SETTINGS.map((setting) => [setting, number[setting]])) as unknown as NumberRouting;
}

function leadsTo(routing: NumberRouting, url: string): boolean {
  return WAYS.every((way) => isSame(way, routing, routingTo(url)));
}

/** Only what changes; an empty value takes a setting away (Twilio docs: IncomingPhoneNumber). */
function formOf(from: NumberRouting, to: NumberRouting): FormFields {
  return SETTINGS.filter((setting) => from[setting] !== to[setting]).map((setting) => [
    WIRE[setting],
    to[setting] ?? '',
  ]);
}

async function find(wanted: string, client: NumberClient): Promise<OwnedNumber> {
  const numbers = await client.incomingPhoneNumbers();
  const found = numbers.find(({ sid, phoneNumber }) => sid === wanted || phoneNumber === wanted);
  if (found !== undefined) return found;
  const owned = named(numbers.map(({ phoneNumber }) => phoneNumber));
  throw new TollboardError('TOLLBOARD_NUMBER_UNKNOWN', {
    details: { number: wanted.slice(0, 40), account: client.accountSid, owned },
  });
}

/** An account may own thousands. */
const NAMED = 20;

function named(numbers: readonly string[]): string {
  const more = numbers.length > NAMED ? ` and ${numbers.length - NAMED} more` : '';
  return `${numbers.slice(0, NAMED).join(', ') || 'none'}${more}`;
}

function view(number: OwnedNumber, client: NumberClient, webhook: string, before: RoomRecord | null): NumberView {
  const { sid, phoneNumber, friendlyName, smsUrl, voiceUrl } = number;
  const was = before?.value as NumberRouting | undefined;
  return {
    ...{ sid, phoneNumber, friendlyName, account: client.accountSid, smsUrl, voiceUrl },
    connected: leadsTo(number, webhook),
    before: was === undefined ? null : { smsUrl: was.smsUrl, voiceUrl: was.voiceUrl },
  };
}

function keyOf({ sid }: OwnedNumber, { accountSid }: NumberClient): string {
  return `${accountSid}/${sid}`;
}
