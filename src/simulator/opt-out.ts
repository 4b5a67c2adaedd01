/** Opt-out: who told which sender to stop, and the replies that Twilio gives by itself. */

import type { Simulation } from './exchange.ts';
import type { SimulatorAccount } from './model.ts';
import { optOutWord } from '../core/policy/opt-out.ts';

/** Own words with the content that Twilio documents for its default replies. */
const REPLIES = {
  stop: 'You are unsubscribed and will get no more messages from this number. Reply START to get them again.',
  start: 'You will get messages from this number again. Reply HELP for help, STOP to end. Message rates may apply.',
  help: 'Reply STOP to get no more messages from this number. Message and data rates may apply.',
} as const;

/** Blocks or unblocks the pair where the whole text is one of the words; the reply that goes out, or null. */
export function applyOptOut(
  sim: Simulation,
  account: SimulatorAccount,
  from: string,
  to: string,
  body: string,
): string | null {
  const word = optOutWord(body);
  if (word === null) return null;
  const services = account.services.filter((service) => service.senders.includes(to)).map(({ sid }) => sid);
  for (const sender of [to, ...services]) {
    const entry = { sid: keyOf(account.sid, sender, from), accountSid: account.sid, sender, recipient: from };
    if (word === 'stop') sim.store.optOuts.save(entry);
    if (word === 'start') sim.store.optOuts.remove(entry);
  }
  return REPLIES[word];
}

export function isOptedOut(
  sim: Simulation,
  account: SimulatorAccount,
  senders: readonly (string | null)[],
  to: string,
): boolean {
  if (sim.store.optOuts.size() === 0) return false;
  return senders.some(
    (sender) => sender !== null && sim.store.optOuts.get(account.sid, keyOf(account.sid, sender, to)) !== null,
  );
}

function keyOf(accountSid: string, sender: string, recipient: string): string {
  return `${accountSid} ${sender} ${recipient}`;
}
