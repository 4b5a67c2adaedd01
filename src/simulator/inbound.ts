/** Messages and calls that come in from simulated phones, and the signed webhooks that tell of them. */

import type { FormFields } from '../core/parameter.ts';
import type { CallbackResult } from './callback-request.ts';
import type { Simulation } from './exchange.ts';
import type { Call, Message, PhoneNumber, SimulatorAccount } from './model.ts';
import { TollboardError } from '../core/errors.ts';
import { segmentsOf } from '../core/segments.ts';
import { armCall, moveCall, voiceFields } from './call-life.ts';
import { newCall } from './calls.ts';
import { armMessage } from './message-life.ts';
import { contentTypeOf, mediaRecords, newMessage } from './messages.ts';
import { applyOptOut } from './opt-out.ts';

export interface InboundMessage {
  from: string;
  to: string;
  body: string;
  mediaUrl: string[];
  /** Whose number, where several accounts have it; default: the first that does. */
  accountSid?: string;
  /** Further fields that the webhook carries, e.g. `ProfileName`. */
  extra: FormFields;
}

/** What came of it. `webhook` null: the number has no URL. */
export interface InboundResult<T> {
  record: T;
  webhook: CallbackResult | null;
  /** Text of Twilio's own reply to an opt-out word, or null. */
  reply: string | null;
}

/** Errors: `TOLLBOARD_SIMULATOR_NUMBER_UNKNOWN`. */
export async function receiveMessage(sim: Simulation, inbound: InboundMessage): Promise<InboundResult<Message>> {
  const { account, number } = numberOf(sim, inbound.to, inbound.accountSid);
  const message = newMessage(sim, account.sid, {
    to: inbound.to,
    from: inbound.from,
    body: inbound.body,
    mediaUrl: inbound.mediaUrl,
    direction: 'inbound',
    status: 'received',
    numSegments: segmentsOf(inbound.body).segments,
    dateSent: sim.clock.now(),
    receivedAt: sim.clock.now(),
  });
  sim.store.messages.save(message);
  for (const media of mediaRecords(sim, message)) sim.store.media.save(media);
  const reply = applyOptOut(sim, account, inbound.from, inbound.to, inbound.body);
  if (reply !== null) sendReply(sim, account, message, reply);
  await sim.store.committed();
  const urls = { main: number.smsUrl, fallback: number.smsFallbackUrl };
  const methods = { main: number.smsMethod, fallback: number.smsFallbackMethod };
  const fields = messageFields(message, inbound.extra);
  return { record: message, webhook: await webhook(sim, account, { urls, methods, fields, voice: false }), reply };
}

/** An inbound call rings, asks the number's VoiceUrl, is answered and hung up; without a URL it fails at once. */
export async function receiveCall(
  sim: Simulation,
  inbound: { from: string; to: string; accountSid?: string },
): Promise<InboundResult<Call>> {
  const { account, number } = numberOf(sim, inbound.to, inbound.accountSid);
  const call = newCall(sim, account.sid, {
    to: inbound.to,
    from: inbound.from,
    direction: 'inbound',
    status: 'ringing',
    phoneNumberSid: number.sid,
    statusCallback: number.statusCallback === '' ? null : number.statusCallback,
    statusCallbackMethod: number.statusCallbackMethod,
    dateCreated: sim.clock.now(),
    dateUpdated: sim.clock.now(),
  });
  sim.store.calls.save(call);
  await sim.store.committed();
  const urls = { main: number.voiceUrl, fallback: number.voiceFallbackUrl };
  const methods = { main: number.voiceMethod, fallback: number.voiceFallbackMethod };
  const answer = await webhook(sim, account, { urls, methods, fields: voiceFields(call, 'ringing'), voice: true });
  if (answer === null || answer.errorCode !== null) {
    moveCall(sim, call, 'failed');
  } else {
    call.document = answer.body;
    const now = sim.clock.now();
    moveCall(sim, call, 'in-progress');
    call.plan = [
      { at: now + (sim.scenarios.forPhone(inbound.from, null).after?.durationMs ?? 1000), status: 'completed' },
    ];
    armCall(sim, call);
  }
  return { record: call, webhook: answer, reply: null };
}

interface Webhook {
  urls: { main: string; fallback: string };
  methods: { main: string; fallback: string };
  fields: FormFields;
  voice: boolean;
}

/** The main URL, and the fallback with ErrorCode and ErrorUrl where the main one failed. */
async function webhook(
  sim: Simulation,
  account: SimulatorAccount,
  { urls, methods, fields, voice }: Webhook,
): Promise<CallbackResult | null> {
  if (urls.main === '') return null;
  const token = account.authToken;
  const first = await sim.callbacks.request({ url: urls.main, method: methods.main, fields, token, voice });
  if (first.errorCode === null || urls.fallback === '') return first;
  const failed: FormFields = [...fields, ['ErrorCode', String(first.errorCode)], ['ErrorUrl', urls.main]];
  return sim.callbacks.request({ url: urls.fallback, method: methods.fallback, fields: failed, token, voice });
}

/** Twilio docs: inbound message webhook. */
function messageFields(message: Message, extra: FormFields): FormFields {
  const fields: FormFields = [
    ['ToCountry', ''],
    ['SmsMessageSid', message.sid],
    ['NumMedia', String(message.numMedia)],
    ['SmsSid', message.sid],
    ['SmsStatus', 'received'],
    ['FromCountry', ''],
    ['To', message.to],
    ['NumSegments', String(message.numSegments)],
    ['MessageSid', message.sid],
    ['AccountSid', message.accountSid],
    ['From', message.from ?? ''],
    ['ApiVersion', '2010-04-01'],
    ['Body', message.body],
  ];
  for (const [index, url] of message.mediaUrl.entries()) {
    fields.push([`MediaContentType${index}`, contentTypeOf(url)], [`MediaUrl${index}`, url]);
  }
  const own = new Set(fields.map(([name]) => name));
  return [...fields, ...extra.filter(([name]) => !own.has(name))];
}

function sendReply(sim: Simulation, account: SimulatorAccount, message: Message, body: string): void {
  const now = sim.clock.now();
  const reply = newMessage(sim, account.sid, {
    to: message.from ?? '',
    from: message.to,
    body,
    mediaUrl: [],
    direction: 'outbound-reply',
    status: 'queued',
    plan: [
      { at: now + 100, status: 'sent' },
      { at: now + 300, status: 'delivered' },
    ],
  });
  sim.store.messages.save(reply);
  armMessage(sim, reply);
}

function numberOf(
  sim: Simulation,
  to: string,
  accountSid: string | undefined,
): { account: SimulatorAccount; number: PhoneNumber } {
  for (const account of sim.accounts) {
    if (accountSid !== undefined && account.sid !== accountSid) continue;
    const number = sim.store.numbers
      .of(account.sid)
      .find(({ phoneNumber }) => phoneNumber === to.replace(/^[a-z]+:/, ''));
    if (number !== undefined) return { account, number };
  }
  throw new TollboardError('TOLLBOARD_SIMULATOR_NUMBER_UNKNOWN', { details: { number: to } });
}
