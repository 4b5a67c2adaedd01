/** Ansible's form for the conformance suite. */

import type { AnsibleOutput } from '../../../src/hosts/ansible/result.ts';
import type { HostForm } from './form.ts';
import { ansible } from '../../../src/hosts.ts';

export const form: HostForm = {
  host: ansible,
  maxRecipients: 10_000,
  media: true,
  input: ({ to, from, body, mediaUrl, accountSid, authToken }) => ({
    account_sid: accountSid,
    auth_token: authToken,
    from_number: from,
    to_number: to,
    msg: body,
    ...(mediaUrl === undefined ? {} : { media_url: mediaUrl }),
    _ansible_module_name: 'tollboard.twilio.twilio',
    _ansible_check_mode: false,
  }),
  read(output) {
    const { sent, unsent, unsure, msg, warnings = [], results } = output as AnsibleOutput;
    return {
      taken: sent.map(({ number }) => number),
      failed: unsent,
      unsure: unsure.map(({ number }) => number),
      says: [msg, ...warnings, ...results.flatMap(({ error }) => error?.remedy ?? [])].join('\n'),
    };
  },
  skips: {},
};
