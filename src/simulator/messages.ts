/** /Messages: create, fetch, update, delete. */

import type { ErrorReport } from '../core/errors.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { Answer, Exchange, Handler, Simulation } from './exchange.ts';
import type { Media, Message, SimulatorAccount } from './model.ts';
import type { Sender } from './senders.ts';
import { parseAddress } from '../core/address.ts';
import { isoTime } from '../core/check.ts';
import { fromForm } from '../core/form.ts';
import { checkMessage, messageStatus } from '../core/message.ts';
import { segmentsOf, smartEncode } from '../core/segments.ts';
import { fieldOf } from '../wire/form.ts';
import { renderMessage } from '../wire/message.ts';
import { missing } from './accounts.ts';
import { magicMessageFault } from './magic-numbers.ts';
import { armMessage, moveMessage, PRICE, planMessage, priceOf, shownRecipient } from './message-life.ts';
import { isOptedOut } from './opt-out.ts';
import { refusal, refusalOf } from './refusals.ts';
import { findSender, pickSender, reserve } from './senders.ts';
import { trialBody, trialMessageFault } from './trial.ts';

const DEFAULT_VALIDITY_SECONDS = 36_000;

/** POST /Messages.json. Order of the checks: form of every field, sender, trial, opt-out, scenario, queue. */
export const createMessage: Handler = (exchange) => {
  const { sim, account, now } = exchange;
  const { to: given, params } = fromForm('message', exchange.form);
  const facts = { to: given, from: textOf(params.from) ?? '' };
  const fault: ErrorReport | null = checkMessage(given, params, now);
  if (fault !== null) return refusalOf(fault, facts);
  const to = parseAddress(given)?.value ?? given;
  if (account.test) return testMessage(exchange, to, params);
  const sender = findSender(sim, account, textOf(params.from), textOf(params.messagingServiceSid));
  if ('code' in sender) return refusal(sender.code, facts);
  const code = policyFault(sim, account, { to, sender, body: textOf(params.body) ?? '' });
  if (code !== null) return refusal(code, facts);
  const message = messageRecord(exchange, to, params, sender);
  const plan = planOf(exchange, message, params);
  if (plan === null) return refusal(21611, facts);
  message.plan = plan;
  sim.store.messages.save(message);
  for (const media of mediaRecords(sim, message)) sim.store.media.save(media);
  armMessage(sim, message);
  return { status: 201, body: showMessage(message, now), created: message.sid };
};

/** GET /Messages/{sid}.json */
export const fetchMessage: Handler = (exchange) => {
  const message = findMessage(exchange);
  return message === null ? missing(exchange) : { status: 200, body: showMessage(message, exchange.now) };
};

/** POST /Messages/{sid}.json: redact with an empty Body, or cancel with Status=canceled; exactly one of them. */
export const updateMessage: Handler = (exchange) => {
  const { sim, form, now } = exchange;
  const message = findMessage(exchange);
  if (message === null) return missing(exchange);
  const body = fieldOf(form, 'Body');
  const status = fieldOf(form, 'Status');
  const asked = [body, status].filter((value) => value !== null).length;
  if (asked !== 1 || (body !== null && body !== '') || (status !== null && status !== 'canceled'))
    return refusal(30400);
  if (status === 'canceled') {
    if (message.status !== 'scheduled') return refusal(30409);
    message.plan = [];
    moveMessage(sim, message, 'canceled', null);
  } else {
    if (!isFinished(message)) return refusal(20009);
    message.body = '';
    message.dateUpdated = now;
    sim.store.messages.save(message);
  }
  return { status: 200, body: showMessage(message, now) };
};

/** DELETE /Messages/{sid}.json, with its media and feedback; a message under way is refused with 20009. */
export const deleteMessage: Handler = (exchange) => {
  const { sim, account } = exchange;
  const message = findMessage(exchange);
  if (message === null) return missing(exchange);
  if (!isFinished(message)) return refusal(20009);
  message.deleted = true;
  sim.store.messages.save(message);
  for (const media of sim.store.media.of(account.sid))
    if (media.parentSid === message.sid) sim.store.media.remove(media);
  const feedback = sim.store.feedback.get(account.sid, message.sid);
  if (feedback !== null) sim.store.feedback.remove(feedback);
  return { status: 204, body: null };
};

export function findMessage({ sim, account, sid }: Exchange): Message | null {
  const message = sim.store.messages.get(account.sid, sid);
  return message === null || message.deleted ? null : message;
}

/** Media records of a message that has just been made, in the order of its URLs. */
export function mediaRecords(sim: Simulation, message: Message): Media[] {
  return message.mediaUrl.map((url) => ({
    sid: `ME${sim.random.hex(32)}`,
    accountSid: message.accountSid,
    parentSid: message.sid,
    contentType: contentTypeOf(url),
    dateCreated: message.dateCreated,
    dateUpdated: message.dateCreated,
    url,
  }));
}

/** A message with the fields that every one begins with. */
export function newMessage(
  sim: Simulation,
  accountSid: string,
  facts: Pick<Message, 'to' | 'from' | 'body' | 'direction' | 'status' | 'mediaUrl'> & Partial<Message>,
): Message {
  const now = sim.clock.now();
  return {
    seq: sim.store.nextSeq(),
    sid: `${facts.mediaUrl.length > 0 ? 'MM' : 'SM'}${sim.random.hex(32)}`,
    accountSid,
    numSegments: 1,
    dateCreated: now,
    dateUpdated: now,
    dateSent: null,
    price: null,
    priceUnit: 'USD',
    numMedia: facts.mediaUrl.length,
    messagingServiceSid: null,
    errorCode: null,
    errorMessage: null,
    receivedBody: facts.body,
    recipient: facts.to,
    receivedAt: null,
    answered: true,
    statusCallback: null,
    provideFeedback: false,
    priceAt: null,
    pricePerSegment: PRICE,
    listedAt: now,
    deleted: false,
    plan: [],
    ...facts,
  };
}

function messageRecord(
  exchange: Exchange,
  to: string,
  params: ParameterValues,
  sender: Exclude<Sender, { code: number }>,
): Message {
  const { sim, account, now, path } = exchange;
  const service = sender.messagingServiceSid;
  const scheduled = textOf(params.sendAt) !== undefined;
  const given = trialBody(sim, account, textOf(params.body) ?? '');
  const body = params.smartEncoded === true ? smartEncode(given) : given;
  const mediaUrl = Array.isArray(params.mediaUrl) ? (params.mediaUrl as string[]) : [];
  const mms = mediaUrl.length > 0 || params.sendAsMms === true;
  const message = newMessage(sim, account.sid, {
    to: shownRecipient(to, params.addressRetention === 'obfuscate'),
    recipient: to,
    from: sender.from,
    body: params.contentRetention === 'discard' ? '' : body,
    receivedBody: body,
    mediaUrl,
    direction: 'outbound-api',
    status: scheduled ? 'scheduled' : service === null ? 'queued' : 'accepted',
    messagingServiceSid: service,
    numSegments: mms || to.includes(':') ? 1 : segmentsOf(body).segments,
    statusCallback: callbackOf(account, params, service),
    provideFeedback: params.provideFeedback === true,
    pricePerSegment: sim.scenarios.forPhone(to, sender.from).price ?? PRICE,
    listedAt: now + sim.faults.listLag(path),
  });
  if (mms) message.sid = `MM${message.sid.slice(2)}`;
  return message;
}

/** ApplicationSid silences StatusCallback (ByteChef: Application SID); the request's URL wins over the service's. */
function callbackOf(account: SimulatorAccount, params: ParameterValues, service: string | null): string | null {
  if (textOf(params.applicationSid) !== undefined) return null;
  const own = textOf(params.statusCallback);
  if (own !== undefined || service === null) return own ?? null;
  return account.services.find(({ sid }) => sid === service)?.statusCallback ?? null;
}

/** The planned steps; null when the sender's queue is full. */
function planOf(exchange: Exchange, message: Message, params: ParameterValues): Message['plan'] | null {
  const { sim, account, now } = exchange;
  const service = message.messagingServiceSid;
  const start = isoTime(textOf(params.sendAt) ?? '') ?? now;
  const from = message.from ?? (service === null ? '' : (pickSender(sim, account, service) ?? ''));
  const leaves = reserve(sim, account, from, { earliest: start, segments: message.numSegments });
  if (leaves === null) return null;
  const validity = typeof params.validityPeriod === 'number' ? params.validityPeriod : DEFAULT_VALIDITY_SECONDS;
  return planMessage(sim, message, {
    start,
    queuedFor: leaves - start,
    picked: service !== null,
    validityMs: validity * 1000,
    maxPrice: typeof params.maxPrice === 'number' ? params.maxPrice : null,
    cost: message.pricePerSegment * message.numSegments,
  });
}

function policyFault(
  sim: Simulation,
  account: SimulatorAccount,
  { to, sender, body }: { to: string; sender: Exclude<Sender, { code: number }>; body: string },
): number | null {
  const trial = trialMessageFault(sim, account, { to, alphanumericSender: sender.alphanumeric, body });
  if (trial !== null) return trial;
  const service = sender.messagingServiceSid;
  const picked = service === null ? null : pickSender(sim, account, service);
  if (isOptedOut(sim, account, [sender.from ?? picked, service], to)) return 21610;
  return sim.scenarios.forPhone(to, sender.from).refuse ?? null;
}

/** Test credentials: checked and answered, never kept, never told of. */
function testMessage(exchange: Exchange, to: string, params: ParameterValues): Answer {
  const from = textOf(params.from) ?? '';
  if (textOf(params.messagingServiceSid) !== undefined) return refusal(20008);
  const code = magicMessageFault(from, to);
  if (code !== null) return refusal(code, { to, from });
  const message = messageRecord(exchange, to, params, { from, messagingServiceSid: null, alphanumeric: false });
  return { status: 201, body: showMessage(message, exchange.now) };
}

/** A message as the API shows it now: its price when due, no segments before a service has a sender. */
export function showMessage(message: Message, now: number): ReturnType<typeof renderMessage> {
  const pending =
    message.messagingServiceSid !== null && (message.status === 'accepted' || message.status === 'scheduled');
  return renderMessage({ ...message, price: priceOf(message, now), numSegments: pending ? 0 : message.numSegments });
}

function isFinished(message: Message): boolean {
  return messageStatus(message.status).final || (message.status === 'sent' && message.plan.length === 0);
}

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['gif', 'image/gif'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['mp3', 'audio/mpeg'],
  ['mp4', 'video/mp4'],
  ['pdf', 'application/pdf'],
  ['png', 'image/png'],
  ['vcf', 'text/vcard'],
]);

/** By the file name alone: nothing is fetched. */
export function contentTypeOf(url: string): string {
  const extension = /\.(\w+)(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? '';
  return CONTENT_TYPES.get(extension) ?? 'application/octet-stream';
}

/** A parameter's text; empty counts as absent, as Twilio takes it. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
