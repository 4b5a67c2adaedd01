/**
 * Every sentence and number of the connector, for this host and for the app in Python, which gets them generated.
 * Placeholders are `{name}`, which Python's `str.format` fills alike.
 */

/** Sentences of the connector 2.0.3 (and, for `deliveryFailed` and its parts, 2.0.6) word for word; `ours` are added. */
export const TEXTS = {
  fromPhone: 'Please specify the from_phone value with a country code starting with the + char for e.g +15101281337',
  notConnected: 'Error Connecting to server. Details: {details}',
  badJson: 'Unable to parse JSON response. Error: {details}',
  errorFromServer: 'Error from server. Status Code: {status} Data from server: {body}',
  html: 'Status Code: {status}. Data from server:\n{body}\n',
  empty: 'Empty response and no information in the header',
  otherAnswer: "Can't process response from server. Status Code: {status} Data from server: {body}",
  noSid: 'SID not part of the response',
  noStatus: 'Status key not part of the response',
  deliveryStatus: 'Message delivery status: {status}',
  deliveryFailed: 'Message delivery failed with status: {status}',
  deliveryFailedCode: ', error code: {code}',
  deliveryFailedMessage: ', error message: {message}',
  connecting: 'Connecting to the Twilio account to check connectivity',
  sendingTest: 'Sending a message to validate config',
  testMessage: 'Testing connectivity from Phantom to Twilio',
  testFailed: 'Test Connectivity Failed',
  testPassed: 'Test connectivity Passed',
  inHandler: 'In action handler for: {action}',
  polling: 'Polling attempt {attempt} of {attempts} to check status of message delivery',
  // Ours.
  maybeSent:
    "The message to {to}, asked for at {at}, may have been sent: do not send it again before you have looked for it in Twilio's message log.",
  maybeSentAs:
    'The message {id} to {to} may have been sent: do not send it again before you have looked up what became of it.',
  pollFailed: 'Polling attempt {attempt} found no status, the message stays sent: {reason}',
  noCountryCode:
    '{to} has no + and is neither 10 digits nor 11 that begin with 1, so no country code was added: it goes out as given.',
  baseUrl: 'Please specify the base_url value as a URL for e.g {example}',
  missing: 'Please specify the {name} value: {where} lacks it',
  noParameters: 'The action has no parameters: give to_phone, the number of a recipient, and message',
  unknownAction: 'There is no action {action}; this app has: {actions}',
  notAnObject: 'The input is no action of SOAR: expected an object with identifier, config and parameters',
} as const;

export type TextName = keyof typeof TEXTS;

/** Asked at once and then every 5 s, at most 12 times, which is about a minute. */
export const POLL = { everyMs: 5000, attempts: 12 } as const;

/** Of a request to Twilio, and of an answer: what is larger is no answer of Twilio's. */
export const LIMITS = { timeoutMs: 30_000, answerBytes: 1024 * 1024 } as const;

export const BASE_URL_EXAMPLE = 'https://api.twilio.com/2010-04-01';

/** Nothing changes any more. `read` is how a channel says that it was delivered and seen. */
export const FINAL_STATUSES: readonly string[] = ['delivered', 'read', 'undelivered', 'failed', 'canceled'];
export const BAD_STATUSES: readonly string[] = ['undelivered', 'failed', 'canceled'];

/** Fills a sentence; a placeholder without a value stays. */
export function fill(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
  return TEXTS[name].replaceAll(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}
