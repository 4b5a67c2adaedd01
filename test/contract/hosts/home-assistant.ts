/** Home Assistant's form for the conformance suite. */

import type { NotifyOutput } from '../../../src/hosts/home-assistant/result.ts';
import type { HostForm } from './form.ts';
import { homeAssistant } from '../../../src/hosts.ts';

export const form: HostForm = {
  host: homeAssistant,
  maxRecipients: 100,
  media: true,
  input: ({ to, from, body, mediaUrl, accountSid, authToken }) => ({
    twilio: { account_sid: accountSid, auth_token: authToken },
    notify: { platform: 'twilio_sms', from_number: from },
    data: { message: body, target: to, ...(mediaUrl === undefined ? {} : { data: { media_url: mediaUrl } }) },
  }),
  read(output) {
    const { results, error } = output as NotifyOutput;
    const of = (...words: string[]) => results.filter(({ status }) => words.includes(status)).map((row) => row.target);
    const failed = results.filter((row) => row.error !== null && row.status !== 'unknown').map((row) => row.target);
    return {
      taken: results.filter((row) => row.error === null).map((row) => row.target),
      failed,
      unsure: of('unknown'),
      says: [error, ...results.map((row) => row.error)]
        .flatMap((one) => (one === null || one === undefined ? [] : [`${one.message} ${one.remedy}`]))
        .join('\n'),
    };
  },
  skips: {},
};
