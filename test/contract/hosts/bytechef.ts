/** ByteChef's form for the conformance suite. */

import type { BytechefOutput } from '../../../src/hosts/bytechef/result.ts';
import type { HostForm } from './form.ts';
import { isFailure } from '../../../src/hosts/bytechef/result.ts';
import { bytechef } from '../../../src/hosts.ts';

const LOST = new Set(['failed', 'undelivered', 'canceled']);

export const form: HostForm = {
  host: bytechef,
  maxRecipients: 1,
  media: true,
  input: ({ to, from, body, mediaUrl, accountSid, authToken }) => ({
    connectionParameters: { accountSid, authToken },
    inputParameters: { to: to[0], source: 1, from, content: 1, body, ...(mediaUrl === undefined ? {} : { mediaUrl }) },
  }),
  read(answer) {
    const output = answer as BytechefOutput;
    if (isFailure(output)) {
      const { to, message, remedy, mayHaveBeenSent } = output.error;
      const told = to === '' ? [] : [to];
      return {
        taken: [],
        failed: mayHaveBeenSent ? [] : told,
        unsure: mayHaveBeenSent ? told : [],
        says: `${message} ${remedy}`,
      };
    }
    const to = [String(output.to)];
    const failed = LOST.has(String(output.status));
    return { taken: failed ? [] : to, failed: failed ? to : [], unsure: [], says: JSON.stringify(output) };
  },
  skips: {},
};
