/** The life of a message: its planned steps, what each changes, and the callback that tells of it. */

import type { FormFields } from '../core/parameter.ts';
import type { Disturbance } from './callbacks.ts';
import type { Simulation } from './exchange.ts';
import type { Message, PlannedStep, SimulatorAccount } from './model.ts';
import { twilioError } from '../core/twilio-errors.ts';
import { masked } from '../wire/refusal.ts';
import { isOptedOut } from './opt-out.ts';
import { pickSender } from './senders.ts';

const QUEUED_MS = 50;
const SENT_MS = 100;
const DELIVERED_MS = 300;
const READ_MS = 500;
/** Time from the receipt to the price. */
const PRICE_MS = 200;
/** US dollars for one segment. */
export const PRICE = 0.0075;

export interface MessagePlan {
  /** When it leaves the schedule: the create, or SendAt. */
  start: number;
  /** Extra time in the sender's queue, ms. */
  queuedFor: number;
  /** A sender has yet to be picked: the message passes through `queued`. */
  picked: boolean;
  /** Longest time in the queue, ms. */
  validityMs: number;
  maxPrice: number | null;
  cost: number;
}

/** The steps that the phone's scenario, the validity and the price limit make of a message. */
export function planMessage(sim: Simulation, message: Message, plan: MessagePlan): PlannedStep[] {
  const { start } = plan;
  const scenario = sim.scenarios.forPhone(message.recipient, message.from);
  const after = scenario.after ?? {};
  const steps: PlannedStep[] = [];
  if (plan.picked) steps.push({ at: start + (after.queuedMs ?? QUEUED_MS), status: 'queued' });
  const sentAt = start + (after.sentMs ?? SENT_MS) + plan.queuedFor;
  if (plan.maxPrice !== null && plan.cost > plan.maxPrice)
    return [...steps, { at: sentAt, status: 'failed', errorCode: 30010 }];
  if (sentAt - start > plan.validityMs) {
    return [...steps, { at: start + plan.validityMs, status: 'failed', errorCode: 30036 }];
  }
  const deliver = scenario.deliver ?? 'delivered';
  if (deliver === 'failed') return [...steps, { at: sentAt, status: 'failed', errorCode: scenario.errorCode ?? 30008 }];
  steps.push({ at: sentAt, status: 'sent' });
  if (deliver === 'sent') return steps;
  const endAt = Math.max(sentAt, start + (after.deliveredMs ?? DELIVERED_MS) + plan.queuedFor);
  if (deliver === 'undelivered')
    return [...steps, { at: endAt, status: deliver, errorCode: scenario.errorCode ?? 30005 }];
  steps.push({ at: endAt, status: 'delivered' });
  if (deliver === 'read') steps.push({ at: endAt + READ_MS - DELIVERED_MS, status: 'read' });
  return steps;
}

/** Puts the next planned step on the clock; also after a restart. */
export function armMessage(sim: Simulation, message: Message): void {
  const next = message.plan[0];
  if (next !== undefined) sim.clock.at(next.at, () => runStep(sim, message));
}

/** Sets a status now, saves, and tells the status callback. */
export function moveMessage(sim: Simulation, message: Message, status: string, errorCode: number | null): void {
  const now = sim.clock.now();
  message.status = status;
  message.dateUpdated = now;
  if (errorCode !== null) {
    message.errorCode = errorCode;
    message.errorMessage = twilioError(errorCode)?.message ?? null;
  }
  if (status === 'sent') message.dateSent = now;
  if (status === 'delivered') message.receivedAt = now;
  if (message.dateSent !== null && message.priceAt === null) message.priceAt = now + PRICE_MS + DELIVERED_MS - SENT_MS;
  sim.store.messages.save(message);
  tell(sim, message);
}

/** The price as it shows now. */
export function priceOf(message: Message, now: number): string | null {
  if (message.priceAt === null || now < message.priceAt) return null;
  return `-${(message.pricePerSegment * Math.max(1, message.numSegments)).toFixed(5)}`;
}

function runStep(sim: Simulation, message: Message): void {
  const step = message.plan.shift();
  if (step === undefined) return;
  const account = sim.accounts.find(({ sid }) => sid === message.accountSid);
  if (account === undefined) return;
  if (step.status === 'queued' && !leaveSchedule(sim, account, message)) {
    message.plan = [];
    moveMessage(sim, message, 'failed', 21610);
    return;
  }
  moveMessage(sim, message, step.status, step.errorCode ?? null);
  armMessage(sim, message);
}

/** Picks the sender of a service message; false when its recipient has opted out since. */
function leaveSchedule(sim: Simulation, account: SimulatorAccount, message: Message): boolean {
  const service = message.messagingServiceSid;
  if (service === null) return true;
  message.from ??= pickSender(sim, account, service);
  return !isOptedOut(sim, account, [message.from, service], message.recipient);
}

function tell(sim: Simulation, message: Message): void {
  if (message.statusCallback === null) return;
  const account = sim.accounts.find(({ sid }) => sid === message.accountSid);
  if (account === undefined) return;
  const request = {
    url: message.statusCallback,
    method: 'POST',
    fields: callbackFields(message),
    token: account.authToken,
    voice: false,
  };
  const disturbance = disturbanceOf(sim, message.recipient, message.from);
  const send = (): void => sim.callbacks.send(message.sid, request, disturbance);
  const committed = sim.store.committed();
  if (committed === null) send();
  else committed.then(send, () => undefined);
}

/** Twilio docs: message status callback. */
function callbackFields(message: Message): FormFields {
  const fields: FormFields = [];
  if (message.errorCode !== null) fields.push(['ErrorCode', String(message.errorCode)]);
  fields.push(['SmsSid', message.sid], ['SmsStatus', message.status], ['MessageStatus', message.status]);
  fields.push(['To', message.to]);
  if (message.messagingServiceSid !== null) fields.push(['MessagingServiceSid', message.messagingServiceSid]);
  fields.push(['MessageSid', message.sid], ['AccountSid', message.accountSid]);
  if (message.from !== null) fields.push(['From', message.from]);
  if (message.status === 'delivered' || message.status === 'undelivered') {
    fields.push(['RawDlrDoneDate', dlrDate(message.dateUpdated)]);
  }
  fields.push(['ApiVersion', '2010-04-01']);
  return fields;
}

/** What the phone's scenario, else a fault, does to the next callback. */
export function disturbanceOf(sim: Simulation, to: string, from: string | null): Disturbance | null {
  const scenario = sim.scenarios.forPhone(to, from).callbacks;
  if (scenario !== undefined) return { kind: scenario };
  const fault = sim.faults.forCallback();
  if (fault === null) return null;
  if (fault.fault === 'callback_delayed') return { kind: 'delayed', delayMs: fault.delayMs ?? 1000 };
  return { kind: fault.fault.slice('callback_'.length) as 'lost' | 'duplicated' | 'reordered' };
}

/** `YYMMDDhhmm` */
function dlrDate(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-T:]/g, '').slice(2, 12);
}

/** The recipient as the resource shows it. */
export function shownRecipient(to: string, obfuscate: boolean): string {
  return obfuscate ? masked(to) : to;
}
