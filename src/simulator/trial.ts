/** What a trial account may not do, and what it adds. */

import type { Simulation } from './exchange.ts';
import type { SimulatorAccount } from './model.ts';

/** 38 characters that count for the segments (Twilio docs: trial accounts). */
export const TRIAL_PREFIX = 'Sent from your Twilio trial account - ';

/** Longest trial call (Home Assistant: calls are limited to 10 minutes). */
export const TRIAL_CALL_MS = 600_000;

/** The only bodies of a trial account since 2026. */
const TEMPLATES: ReadonlySet<string> = new Set([
  'sms_2fa',
  'sms_appointment_reminders',
  'sms_order_confirmation',
  'sms_delivery_updates',
  'sms_customer_support',
  'sms_marketing_promotions',
  'sms_event_notifications',
  'sms_account_alerts',
  'sms_feedback_surveys',
  'sms_internal_alerts',
]);
const MAX_VERIFIED_2026 = 5;

/** Twilio's code for what a trial account may not send, or null. */
export function trialMessageFault(
  sim: Simulation,
  account: SimulatorAccount,
  message: { to: string; alphanumericSender: boolean; body: string },
): number | null {
  if (account.type !== 'Trial') return null;
  if (message.alphanumericSender) return 21267;
  if (!isVerified(sim, account, message.to)) return 21608;
  return sim.trial === '2026' && !TEMPLATES.has(message.body) ? 572006 : null;
}

export function trialCallFault(
  sim: Simulation,
  account: SimulatorAccount,
  call: { to: string; twiml: boolean },
): number | null {
  if (account.type !== 'Trial') return null;
  if (call.to.startsWith('+') && !isVerified(sim, account, call.to)) return 21219;
  return sim.trial === '2026' && call.twiml ? 10002 : null;
}

/** Body of a trial message as the phone gets it. */
export function trialBody(sim: Simulation, account: SimulatorAccount, body: string): string {
  return account.type === 'Trial' && sim.trial === 'seeds' ? TRIAL_PREFIX + body : body;
}

function isVerified(sim: Simulation, account: SimulatorAccount, to: string): boolean {
  const verified = sim.store.callerIds.of(account.sid);
  const counted = sim.trial === '2026' ? verified.slice(0, MAX_VERIFIED_2026) : verified;
  return counted.some((callerId) => callerId.phoneNumber === to);
}
