/** The accounts of the simulated Twilio: the four it always has, those declared in a file, and /Accounts. */

import type { Answer, Exchange, Handler } from './exchange.ts';
import type { CallerId, PhoneNumber, SimulatorAccount } from './model.ts';
import { createHash } from 'node:crypto';
import { renderAccount } from '../wire/account.ts';
import { notFound } from '../wire/error.ts';
import { fieldOf } from '../wire/form.ts';
import { listAnswer } from './exchange.ts';

/** An account with its numbers, as declared. */
export interface DeclaredAccount extends SimulatorAccount {
  numbers: Array<Partial<PhoneNumber> & { phoneNumber: string }>;
  verified: Array<{ phoneNumber: string; friendlyName: string }>;
}

export const DEFAULT_TOKEN = '1'.repeat(32);
const DEFAULT_NUMBERS = ['+15550000001', '+15550000002'];
const DEFAULT_VERIFIED = ['+15550100001', '+15550100002', '+15550100003'];
const MAGIC_SENDER = '+15005550006';

const DEFAULTS = [
  { digit: '0', friendlyName: 'Full account', type: 'Full', status: 'active', test: false },
  { digit: '1', friendlyName: 'Trial account', type: 'Trial', status: 'active', test: false },
  { digit: '2', friendlyName: 'Suspended account', type: 'Full', status: 'suspended', test: false },
  { digit: '3', friendlyName: 'Test credentials', type: 'Full', status: 'active', test: true },
] as const;

/** Full, trial, suspended, test credentials: `AC` + 31 zeros + 0 … 3, one token for all. */
export function defaultAccounts(now: number): DeclaredAccount[] {
  return DEFAULTS.map(({ digit, ...facts }) => {
    const sid = `AC${'0'.repeat(31)}${digit}`;
    return {
      ...facts,
      sid,
      authToken: DEFAULT_TOKEN,
      ownerAccountSid: sid,
      balance: '100.00',
      apiKeys: [],
      services: [],
      dateCreated: now,
      numbers: (facts.test ? [MAGIC_SENDER] : DEFAULT_NUMBERS).map((phoneNumber) => ({ phoneNumber })),
      verified: facts.test ? [] : DEFAULT_VERIFIED.map((phoneNumber) => ({ phoneNumber, friendlyName: phoneNumber })),
    };
  });
}

/** A number as Twilio gives it after buying. Its SID follows from account and number, so that a restart keeps it. */
export function phoneNumberRecord(
  accountSid: string,
  facts: Partial<PhoneNumber> & { phoneNumber: string },
  now: number,
): PhoneNumber {
  return {
    sid: stableSid('PN', accountSid, facts.phoneNumber),
    accountSid,
    friendlyName: facts.phoneNumber,
    dateCreated: now,
    dateUpdated: now,
    smsUrl: '',
    smsMethod: 'POST',
    smsFallbackUrl: '',
    smsFallbackMethod: 'POST',
    smsApplicationSid: null,
    voiceUrl: '',
    voiceMethod: 'POST',
    voiceFallbackUrl: '',
    voiceFallbackMethod: 'POST',
    voiceApplicationSid: null,
    voiceCallerIdLookup: false,
    voiceReceiveMode: 'voice',
    statusCallback: '',
    statusCallbackMethod: 'POST',
    trunkSid: null,
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    ...facts,
  };
}

export function callerIdRecord(accountSid: string, phoneNumber: string, friendlyName: string, now: number): CallerId {
  const sid = stableSid('PN', accountSid, `verified ${phoneNumber}`);
  return { sid, accountSid, friendlyName, phoneNumber, dateCreated: now, dateUpdated: now };
}

/** GET /Accounts.json: the account itself and those it owns. */
export const listAccounts: Handler = (exchange) => {
  const wanted = { name: fieldOf(exchange.query, 'FriendlyName'), status: fieldOf(exchange.query, 'Status') };
  const accounts = exchange.sim.accounts.filter(
    (account) =>
      (account === exchange.account || account.ownerAccountSid === exchange.account.sid) &&
      (wanted.name === null || account.friendlyName === wanted.name) &&
      (wanted.status === null || account.status === wanted.status),
  );
  return listAnswer(exchange, accounts, 'accounts', renderOwn);
};

/** GET /Accounts/{sid}.json. The token is shown to the account itself, as Twilio does. */
export const fetchAccount: Handler = (exchange) => ({ status: 200, body: renderOwn(exchange.account) });

/** The answer for a resource that this account does not have. */
export function missing(exchange: Exchange): Answer {
  return { error: notFound(exchange.path) };
}

function renderOwn(account: SimulatorAccount): ReturnType<typeof renderAccount> {
  return renderAccount({ ...account, dateUpdated: account.dateCreated });
}

function stableSid(prefix: string, ...parts: string[]): string {
  return prefix + createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32);
}
