/** An account, its balance, its verified caller IDs and its phone numbers as Twilio's REST API shows them. */

import type { Json } from './json.ts';
import { rfc2822 } from './date.ts';

export interface AccountView {
  sid: string;
  authToken: string;
  friendlyName: string;
  ownerAccountSid: string;
  status: string;
  type: string;
  dateCreated: number;
  dateUpdated: number;
}

export interface CallerIdView {
  sid: string;
  accountSid: string;
  friendlyName: string;
  phoneNumber: string;
  dateCreated: number;
  dateUpdated: number;
}

export interface PhoneNumberView extends CallerIdView {
  smsUrl: string;
  smsMethod: string;
  smsFallbackUrl: string;
  smsFallbackMethod: string;
  smsApplicationSid: string | null;
  voiceUrl: string;
  voiceMethod: string;
  voiceFallbackUrl: string;
  voiceFallbackMethod: string;
  voiceApplicationSid: string | null;
  voiceCallerIdLookup: boolean;
  voiceReceiveMode: string;
  statusCallback: string;
  statusCallbackMethod: string;
  trunkSid: string | null;
  capabilities: { voice: boolean; sms: boolean; mms: boolean; fax: boolean };
}

const ACCOUNT_LISTS = {
  available_phone_numbers: 'AvailablePhoneNumbers',
  balance: 'Balance',
  calls: 'Calls',
  incoming_phone_numbers: 'IncomingPhoneNumbers',
  messages: 'Messages',
  outgoing_caller_ids: 'OutgoingCallerIds',
} as const;

export function renderAccount(account: AccountView): { [name: string]: Json } {
  const uri = accountUri(account.sid);
  return {
    auth_token: account.authToken,
    date_created: rfc2822(account.dateCreated),
    date_updated: rfc2822(account.dateUpdated),
    friendly_name: account.friendlyName,
    owner_account_sid: account.ownerAccountSid,
    sid: account.sid,
    status: account.status,
    subresource_uris: Object.fromEntries(
      Object.entries(ACCOUNT_LISTS).map(([key, name]) => [key, `${uri}/${name}.json`]),
    ),
    type: account.type,
    uri: `${uri}.json`,
  };
}

export function renderBalance(accountSid: string, balance: string, currency: string): { [name: string]: Json } {
  return { account_sid: accountSid, balance, currency };
}

export function renderCallerId(callerId: CallerIdView): { [name: string]: Json } {
  return {
    sid: callerId.sid,
    date_created: rfc2822(callerId.dateCreated),
    date_updated: rfc2822(callerId.dateUpdated),
    friendly_name: callerId.friendlyName,
    account_sid: callerId.accountSid,
    phone_number: callerId.phoneNumber,
    uri: `${accountUri(callerId.accountSid)}/OutgoingCallerIds/${callerId.sid}.json`,
  };
}

export function renderPhoneNumber(number: PhoneNumberView): { [name: string]: Json } {
  return {
    account_sid: number.accountSid,
    address_sid: null,
    address_requirements: 'none',
    api_version: '2010-04-01',
    beta: false,
    capabilities: { ...number.capabilities },
    date_created: rfc2822(number.dateCreated),
    date_updated: rfc2822(number.dateUpdated),
    friendly_name: number.friendlyName,
    identity_sid: null,
    phone_number: number.phoneNumber,
    origin: 'twilio',
    sid: number.sid,
    sms_application_sid: number.smsApplicationSid,
    sms_fallback_method: number.smsFallbackMethod,
    sms_fallback_url: number.smsFallbackUrl,
    sms_method: number.smsMethod,
    sms_url: number.smsUrl,
    status_callback: number.statusCallback,
    status_callback_method: number.statusCallbackMethod,
    trunk_sid: number.trunkSid,
    uri: `${accountUri(number.accountSid)}/IncomingPhoneNumbers/${number.sid}.json`,
    voice_receive_mode: number.voiceReceiveMode,
    voice_application_sid: number.voiceApplicationSid,
    voice_caller_id_lookup: number.voiceCallerIdLookup,
    voice_fallback_method: number.voiceFallbackMethod,
    voice_fallback_url: number.voiceFallbackUrl,
    voice_method: number.voiceMethod,
    voice_url: number.voiceUrl,
    emergency_status: 'Inactive',
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    bundle_sid: null,
    status: 'in-use',
    type: 'local',
  };
}

function accountUri(sid: string): string {
  return `/2010-04-01/Accounts/${sid}`;
}
