/** Webhooks for benchmarks, each another message, signed by the official SDK. */

import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';

export const ACCOUNT = `AC${'0'.repeat(32)}`;
export const TOKEN = '1'.repeat(32);
export const PUBLIC_URL = 'https://gateway.example.com';

export interface Webhook {
  body: string;
  signature: string;
}

/** As Twilio sends a text of a usual length. */
export function webhook(index: number, path: string): Webhook {
  const sid = `SM${index.toString(16).padStart(32, '0')}`;
  const fields = {
    ToCountry: 'US',
    ToState: 'CA',
    SmsMessageSid: sid,
    NumMedia: '0',
    ToCity: '',
    FromZip: '94107',
    SmsSid: sid,
    FromState: 'CA',
    SmsStatus: 'received',
    FromCity: 'SAN FRANCISCO',
    Body: `Open the garage, please: number ${index}.`,
    FromCountry: 'US',
    To: '+15550000001',
    ToZip: '',
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: ACCOUNT,
    From: '+15551230001',
    ApiVersion: '2010-04-01',
  };
  return {
    body: new URLSearchParams(fields).toString(),
    signature: getExpectedTwilioSignature(TOKEN, PUBLIC_URL + path, fields),
  };
}
