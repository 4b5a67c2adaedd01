/** Splunk SOAR's form for the conformance suite. */

import type { SoarActionResult, SoarOutput } from '../../../src/hosts/soar/result.ts';
import type { HostForm } from './form.ts';
import { soar } from '../../../src/hosts.ts';

const MAYBE_SENT = /may have been sent/;

export const form: HostForm = {
  host: soar,
  maxRecipients: 100,
  media: false,
  input: ({ to, from, body, accountSid, authToken, baseUrl }) => ({
    identifier: 'send_text',
    config: {
      base_url: `${baseUrl}/2010-04-01`,
      account_sid: accountSid,
      auth_token: authToken,
      from_phone: from,
    },
    // A set for each recipient, as a playbook names them.
    parameters: to.map((number) => ({ to_phone: number, message: body })),
  }),
  read(output) {
    const { message, result_data: results } = output as SoarOutput;
    const numbers = (rows: readonly SoarActionResult[]) => rows.map(({ parameter }) => String(parameter.to_phone));
    const failed = results.filter(({ status }) => status === 'failed');
    return {
      taken: numbers(results.filter(({ status }) => status === 'success')),
      failed: numbers(failed.filter((row) => !MAYBE_SENT.test(row.message))),
      unsure: numbers(failed.filter((row) => MAYBE_SENT.test(row.message))),
      says: [message, ...results.flatMap((row) => [String(row.parameter.to_phone), row.message])].join('\n'),
    };
  },
  skips: {
    'sends once to a number that is given twice': 'each parameter set of SOAR is an action with a result of its own',
    'leaves a WhatsApp address as it is':
      'from_phone of the connector has to begin with +, so no channel can be the sender',
  },
};
