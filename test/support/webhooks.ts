/** Webhooks as Twilio sends them, signed by the official SDK. */

import type { FormFields } from '../../src/core/parameter.ts';
import { getExpectedBodyHash, getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';

let sids = 0;

/** `SM`, `CA` … and 32 hex digits, never the same twice. */
export function freshSid(prefix: string): string {
  sids += 1;
  return prefix + sids.toString(16).padStart(32, '0');
}

/** Twilio docs: inbound message webhook. */
export function messageForm(account: string, given: Record<string, string> = {}): Record<string, string> {
  const sid = given.MessageSid ?? freshSid('SM');
  return {
    ToCountry: 'US',
    SmsMessageSid: sid,
    NumMedia: '0',
    SmsSid: sid,
    SmsStatus: 'received',
    To: '+15550000001',
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: account,
    From: '+15551230001',
    ApiVersion: '2010-04-01',
    Body: 'Hello + ünïcödé 👍 & more',
    ...given,
  };
}

/** Twilio docs: voice request parameters. */
export function callForm(account: string, given: Record<string, string> = {}): Record<string, string> {
  return {
    CallSid: given.CallSid ?? freshSid('CA'),
    AccountSid: account,
    From: '+15551230001',
    To: '+15550000001',
    CallStatus: 'ringing',
    ApiVersion: '2010-04-01',
    Direction: 'inbound',
    ForwardedFrom: '',
    CallerName: '',
    Caller: '+15551230001',
    Called: '+15550000001',
    ...given,
  };
}

/** The SDK takes an object with lists for repeated names. */
export function sdkParams(fields: FormFields): Record<string, string | string[]> {
  const params: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = params[name];
    params[name] = known === undefined ? value : [...[known].flat(), value];
  }
  return params;
}

export interface Signed {
  /** The webhook as Twilio has it. */
  url: string;
  token: string;
}

/** A POST of a form. */
export function signedForm(fields: Record<string, string>, { url, token }: Signed): RequestInit {
  return {
    method: 'POST',
    body: encoded(Object.entries(fields)),
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature': getExpectedTwilioSignature(token, url, fields),
    },
  };
}

/** The query that belongs to a JSON body, and the request. */
export function signedJson(body: string, { url, token }: Signed): { query: string; init: RequestInit } {
  const query = `?bodySHA256=${getExpectedBodyHash(body)}`;
  const signature = getExpectedTwilioSignature(token, url + query, {});
  const headers = { 'content-type': 'application/json', 'x-twilio-signature': signature };
  return { query, init: { method: 'POST', body, headers } };
}

export function encoded(fields: FormFields): string {
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
}
