/** The accounts file: declared accounts, their numbers and keys, and scenarios. */

import type { DeclaredAccount } from './accounts.ts';
import type { Scenario } from './scenarios.ts';
import { parseAddress } from '../core/address.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { readScenarios } from './scenarios.ts';
import { anything, flag, listOf, misfit, oneOf, record, required, secretText, text } from './shape.ts';

export interface AccountsFile {
  /** Whether the four usual accounts exist beside the declared ones. Default true. */
  defaults: boolean;
  accounts: DeclaredAccount[];
  scenarios: Scenario[];
}

const readNumber = record({
  phoneNumber: text,
  friendlyName: text,
  smsUrl: text,
  smsMethod: oneOf('GET', 'POST'),
  smsFallbackUrl: text,
  voiceUrl: text,
  voiceMethod: oneOf('GET', 'POST'),
  voiceFallbackUrl: text,
  statusCallback: text,
});
const readCallerId = record({ phoneNumber: text, friendlyName: text });
const readKey = record({ sid: text, secret: secretText });
const readService = record({ sid: text, senders: listOf(text), statusCallback: text });

const readAccount = record({
  /** Any text without blanks, slashes, colons and dots. */
  sid: text,
  authToken: secretText,
  friendlyName: text,
  type: oneOf('full', 'trial'),
  status: oneOf('active', 'suspended', 'closed'),
  /** Test credentials with the magic numbers. */
  test: flag,
  /** SID of the parent account. */
  owner: text,
  /** US dollars as text. */
  balance: text,
  /** Numbers in E.164, or objects with phone_number and the URLs. */
  numbers: listOf(orObject(readNumber)),
  verified: listOf(orObject(readCallerId)),
  apiKeys: listOf(readKey),
  services: listOf(readService),
});

const readFile = record({ defaults: flag, accounts: listOf(readAccount), scenarios: anything });

/**
 * Checks a parsed file. Throws `TOLLBOARD_SIMULATOR_INPUT_INVALID` naming the place (with file, line and column where
 * `placeOf` knows them by the path), the value and what was expected.
 */
export function parseAccountsFile(value: unknown, now: number, placeOf?: (path: string) => string): AccountsFile {
  try {
    return parseFile(value, now);
  } catch (error) {
    if (!isTollboardError(error) || placeOf === undefined) throw error;
    const where = String(error.details.where).replace(/^accounts file\.?/, '');
    const details = { ...error.details, where: where === '' ? placeOf('') : `${placeOf(where)}: ${where}` };
    throw new TollboardError(error.code, { details });
  }
}

function parseFile(value: unknown, now: number): AccountsFile {
  const file = readFile(value, 'accounts file');
  const accounts = (file.accounts ?? []).map((account, index) => declared(account, `accounts[${index}]`, now));
  const sids = new Set<string>();
  for (const [index, { sid }] of accounts.entries()) {
    if (sids.has(sid)) throw misfit(`accounts[${index}].sid`, sid, 'a SID that no other account has');
    sids.add(sid);
  }
  return {
    defaults: file.defaults ?? true,
    accounts,
    scenarios: file.scenarios === undefined ? [] : readScenarios(file.scenarios, 'scenarios'),
  };
}

function declared(account: ReturnType<typeof readAccount>, where: string, now: number): DeclaredAccount {
  const sid = required(account.sid, `${where}.sid`, 'the account SID');
  if (!/^[^\s/:.?#%]{1,64}$/.test(sid))
    throw misfit(`${where}.sid`, sid, 'at most 64 characters without blanks / : . ? # %');
  return {
    sid,
    authToken: required(account.authToken, `${where}.auth_token`, 'the auth token'),
    friendlyName: account.friendlyName ?? sid,
    type: account.type === 'trial' ? 'Trial' : 'Full',
    status: account.status ?? 'active',
    test: account.test ?? false,
    ownerAccountSid: account.owner ?? sid,
    balance: account.balance ?? '100.00',
    apiKeys: (account.apiKeys ?? []).map((key, index) => ({
      sid: required(key.sid, `${where}.api_keys[${index}].sid`, 'the SID of the key'),
      secret: required(key.secret, `${where}.api_keys[${index}].secret`, 'the secret of the key'),
    })),
    services: (account.services ?? []).map((service, index) => ({
      sid: required(service.sid, `${where}.services[${index}].sid`, 'MG and 32 hex digits'),
      senders: (service.senders ?? []).map((number) => e164(number, `${where}.services[${index}].senders`)),
      statusCallback: service.statusCallback ?? null,
    })),
    dateCreated: now,
    numbers: (account.numbers ?? []).map((number, index) => ({
      ...number,
      phoneNumber: e164(number.phoneNumber, `${where}.numbers[${index}]`),
    })),
    verified: (account.verified ?? []).map((callerId, index) => {
      const phoneNumber = e164(callerId.phoneNumber, `${where}.verified[${index}]`);
      return { phoneNumber, friendlyName: callerId.friendlyName ?? phoneNumber };
    }),
  };
}

/** A bare number stands for an object with that `phone_number`. */
function orObject<T extends { phoneNumber?: string }>(reader: (value: unknown, where: string) => T) {
  return (value: unknown, where: string): T => {
    if (typeof value === 'number') throw misfit(where, value, 'a number such as "+15551112222", with + and in quotes');
    return reader(typeof value === 'string' ? { phoneNumber: value } : value, where);
  };
}

function e164(value: string | undefined, where: string): string {
  const address = parseAddress(value ?? '');
  if (address?.kind === 'e164') return address.value;
  throw misfit(where, value ?? 'nothing', 'a number such as +15551112222, in quotes');
}
