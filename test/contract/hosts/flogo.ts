/** Flogo's form for the conformance suite. */

import type { FlogoOutput } from '../../../src/hosts/flogo/request.ts';
import type { HostForm } from './form.ts';
import { flogo } from '../../../src/hosts.ts';

/** `<number>:<number>:`, where a number can be a channel address with a colon of its own. */
const FAILED_NUMBER = /(?:[a-z]+:)?[^:]+(?=:)/g;
/** In the message of what may have been sent: each number with its id or its time in brackets. */
const UNSURE = /may have been sent to (.*?)\. Taken: (.*?)\. Failed: /;
const ITEM = /(\S+) \((?:id|asked for)/g;

export const form: HostForm = {
  host: flogo,
  maxRecipients: 10_000,
  media: false,
  input: ({ to, from, body, accountSid, authToken, baseUrl }) => ({
    accountSid,
    authToken,
    urlString: `${baseUrl}/2010-04-01/Accounts/`,
    method: 'Send SMS',
    messageBody: body,
    to: to.length === 1 ? to[0] : to.join(','),
    from,
  }),
  read(output, { to }) {
    const { message, failedNumbers } = output as FlogoOutput;
    const failed: string[] = failedNumbers.match(FAILED_NUMBER) ?? [];
    const [, unsure, taken] = UNSURE.exec(message) ?? [];
    if (unsure !== undefined) return { taken: items(taken), failed, unsure: items(unsure), says: message };
    const asked = to.map((number) => String(number).trim()).filter((number) => number !== '');
    return { taken: asked.filter((number) => !failed.includes(number)), failed, unsure: [], says: message };
  },
  skips: {},
};

function items(text = ''): string[] {
  return [...text.matchAll(ITEM)].map((match) => match[1] ?? '');
}
