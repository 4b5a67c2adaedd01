/** Who a message is from: ownership, Messaging Services, and the pace that a scenario gives a sender. */

import type { Simulation } from './exchange.ts';
import type { PhoneNumber, SimulatorAccount } from './model.ts';
import { parseAddress } from '../core/address.ts';

/** A sender that may be used, or Twilio's code of why not. */
export type Sender =
  | { from: string | null; messagingServiceSid: string | null; alphanumeric: boolean }
  | { code: number };

/** `from` and `service` as the form gave them; a service SID in From acts as the service. */
export function findSender(
  sim: Simulation,
  account: SimulatorAccount,
  from: string | undefined,
  service: string | undefined,
): Sender {
  const given = from === undefined || from === '' ? null : parseAddress(from);
  if (given?.kind === 'sid' && given.value.startsWith('MG')) return serviceSender(sim, account, given.value, null);
  const code = given === null ? null : senderFault(sim, account, given.value, given.kind);
  if (code !== null) return { code };
  if (service !== undefined && service !== '') return serviceSender(sim, account, service, given?.value ?? null);
  return { from: given?.value ?? null, messagingServiceSid: null, alphanumeric: given?.kind === 'alphanumeric' };
}

/** The number that a service sends from: its first sender, else the account's first number. */
export function pickSender(sim: Simulation, account: SimulatorAccount, service: string): string | null {
  const declared = account.services.find(({ sid }) => sid === service);
  return declared?.senders[0] ?? sim.store.numbers.of(account.sid)[0]?.phoneNumber ?? null;
}

export function ownedNumber(sim: Simulation, account: SimulatorAccount, phoneNumber: string): PhoneNumber | null {
  return sim.store.numbers.of(account.sid).find((number) => number.phoneNumber === phoneNumber) ?? null;
}

/** Another account's number, our own caller ID that is no Twilio number, or no Twilio number at all. */
function senderFault(sim: Simulation, account: SimulatorAccount, value: string, kind: string): number | null {
  if (kind === 'alphanumeric') return null;
  const number = kind === 'channel' ? value.replace(/^[^:]*:/, '') : value;
  const owned = ownedNumber(sim, account, number);
  if (owned !== null) return owned.capabilities.sms ? null : 21661;
  if (sim.accounts.some((other) => ownedNumber(sim, other, number) !== null)) return 21660;
  const verified = sim.store.callerIds.of(account.sid).some(({ phoneNumber }) => phoneNumber === number);
  return verified || kind === 'channel' || kind === 'sid' ? 21606 : 21659;
}

function serviceSender(sim: Simulation, account: SimulatorAccount, service: string, from: string | null): Sender {
  const declared = account.services.find(({ sid }) => sid === service);
  if (from !== null && declared !== undefined && !declared.senders.includes(from)) return { code: 21703 };
  if (pickSender(sim, account, service) === null) return { code: 21704 };
  return { from, messagingServiceSid: service, alphanumeric: false };
}

const QUEUE_SECONDS = 36_000;

/** The time at which `segments` leave at the sender's pace; null when its queue is full (21611). */
export function reserve(
  sim: Simulation,
  account: SimulatorAccount,
  from: string,
  slot: { earliest: number; segments: number },
): number | null {
  const scenario = sim.scenarios.forSender(from);
  if (scenario?.perSecond === undefined) return slot.earliest;
  const key = `${account.sid} ${from}`;
  const at = Math.max(slot.earliest, sim.queues.get(key) ?? 0);
  const waiting = ((at - slot.earliest) / 1000) * scenario.perSecond;
  if (waiting + slot.segments > (scenario.queueLimit ?? scenario.perSecond * QUEUE_SECONDS)) return null;
  sim.queues.set(key, at + (slot.segments / scenario.perSecond) * 1000);
  return at;
}
