/**
 * What the components in Python need beside the definition: sentences, forms and limits, which they get generated.
 * Placeholders are `{name}`, which Python's `str.format` fills alike.
 */

import { CALL_LIMITS } from '../../core/call.ts';

/** `noTarget` and `refused` are Home Assistant's and its library's own words; the rest is ours. */
export const TEXTS = {
  noTarget: 'At least 1 target is required',
  refused: 'HTTP {status} error: Unable to create record: {message}',
  twilioCode: ' (Twilio {code})',
  unsure: 'It is not known whether {what} was sent: {reason}',
  what: 'the {kind} to {target} of {at}',
  whatId: '{target} ({id})',
  doNotResend: "Do not send it again; look for it in Twilio's log first.",
  doNotResendId: 'Do not send it again; tollboard status {id} shows what is being done.',
  notSent: '{target}: {reason}',
  failures: 'Failed: {failed} of {total} targets. {each}',
  sent: ' Sent to: {targets}.',
  untold: '{failed} of {total} targets failed, and whoever asked was stopped before it could be told',
  notConnected: 'no connection to {url} ({reason}), so nothing was sent',
  answerLost: 'no answer came from {url} ({reason}).',
  answerUnclear: 'the answer from {url} proves nothing (HTTP {status}).',
  badTarget:
    '{value} is no number that can be reached; write it with + and its country code, in quotes, as in "+15551112222"',
  badTargetPlus:
    '{value} has no plus, which YAML drops from a number without quotes, and Home Assistant from a template that gives nothing else; write it as "+{value}", or let the template give a list, as with [trigger.event.data.From]',
  badSender:
    'from_number is {value}; expected a number such as "+15551112222" in quotes, a sender ID of up to 11 letters and digits, or a channel address such as whatsapp:+15551112222',
  badCaller: 'from_number is {value}; expected a number such as "+15551112222", in quotes',
  badBlock: 'expected a mapping with account_sid and auth_token of one account',
  badSid: 'expected the SID of the account, a text without a colon',
  badToken: 'expected the auth token of the account, a text in quotes',
  badUrl: 'expected an address such as http://127.0.0.1:8655, without user, password and query',
  badData: '{name} is {value}; expected {expected}',
  noText: 'message is empty; expected the text to speak',
  spokenTooLong: 'the message has {length} characters; at most {max} can be spoken',
  twimlTooLong: 'the message makes {length} characters of TwiML; at most {max} can be sent',
  noBlock:
    '{platform} needs the account: add the block twilio: with account_sid and auth_token to configuration.yaml and restart',
  unverified:
    'Nobody can tell who calls the webhook: add the block twilio: with account_sid and auth_token to configuration.yaml, and every request is checked for the signature of Twilio',
  forged:
    'A request to the webhook was refused: its X-Twilio-Signature does not fit. If it came from Twilio, compare auth_token, and the external URL of Home Assistant ({url}) with what the number has in the console',
} as const;

export type TextName = keyof typeof TEXTS;

/** What is shown while it is set up; the steps are those of the seed. */
export const SETUP = {
  entryTitle: 'Twilio Webhook',
  title: 'Set up the Twilio webhook',
  ask: 'Receive texts and calls of your Twilio numbers as events `twilio_data_received`?',
  show: [
    'To generate inbound events, you have to configure your [webhooks with Twilio]({docs_url}):',
    '- Go to your Twilio [console]({console_url}).',
    '- Under **phone numbers** > **manage** > **active numbers** > (select number) > **configure**.',
    '- Paste your URL in the webhook URL box for **A call comes in** and **A message comes in**, choose **HTTP POST**, and save.',
    'Your URL: `{webhook_url}`',
  ],
  docsUrl: 'https://www.twilio.com/docs/glossary/what-is-a-webhook',
  consoleUrl: 'https://www.twilio.com/console',
  /** In the place of a value that may hold a secret. */
  notShown: '(not shown)',
  unverified: {
    title: 'Nobody can tell who calls the Twilio webhook',
    description:
      'Whoever knows its URL can fire `twilio_data_received`, and so start your automations. Add the block `twilio:` with `account_sid` and `auth_token` to `configuration.yaml` and restart: every request is then checked for the signature of Twilio.',
  },
  aborts: {
    single_instance_allowed: 'The webhook is set up already; its URL is shown by Reconfigure.',
    webhook_not_internet_accessible:
      'Twilio cannot reach this Home Assistant: it needs to be accessible from the web, and the external URL has to be configured.',
    cloud_not_connected: 'Home Assistant Cloud is not connected, so it can give no URL now.',
    reconfigure_successful: 'Nothing else has to be set.',
  },
} as const;

// No \d: to Python it is a digit of any script.
const E164 = '^\\+[1-9][0-9]{1,14}$';
const CHANNEL = '^(?!sips?:|client:)[A-Za-z][A-Za-z0-9_-]{1,30}:\\S+$';
const SHORT_CODE = '^[1-9][0-9]{2,7}$';
/** Twilio docs: alphanumeric sender ID. */
const SENDER_ID = '^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 +_&.-]{0,10}$';
/** Of a messaging service or a SIM, which Twilio takes in the place of a number. */
const SENDER_SID = '^[A-Z]{2}[0-9a-fA-F]{32}$';
/** A number that has lost its plus, as YAML takes it; too long for a short code. */
const BARE_NUMBER = '^[1-9][0-9]{8,14}$';

/** Forms of addresses by platform; a number is compared without its {@link SEPARATORS}. `src/core/address.ts` knows more. */
export const FORMS = {
  twilio_sms: {
    target: [E164, CHANNEL, SHORT_CODE],
    sender: [E164, CHANNEL, SHORT_CODE, SENDER_ID, SENDER_SID, BARE_NUMBER],
  },
  twilio_call: { target: [E164, '^[Ss][Ii][Pp][Ss]?:\\S+$', '^client:\\S.*$'], sender: ['^\\+?[1-9][0-9]{1,14}$'] },
} as const;
/**
 * A sender without plus that still means a whole international number: it is one of the account's own, so nobody else
 * is reached by it.
 */
export const BARE_SENDER = { twilio_sms: BARE_NUMBER, twilio_call: '^[1-9][0-9]{1,14}$' } as const;
export const SEPARATORS = '[\\s().-]';

/** Of a request, of an answer, of requests at a time, and of webhooks that are known again. */
export const LIMITS = {
  timeoutMs: 30_000,
  connectMs: 10_000,
  answerBytes: 1024 * 1024,
  parallel: 10,
  replays: 4096,
  ...CALL_LIMITS,
} as const;

/** Fills a sentence; a placeholder without a value stays. */
export function fill(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
  return TEXTS[name].replaceAll(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}
