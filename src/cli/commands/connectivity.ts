/** `tollboard connectivity`: can Twilio be reached with these credentials? Sends nothing. */

import type { CommandRow } from '../command.ts';
import { printChecks } from '../checks.ts';
import { DESTINATION_OPTIONS } from '../command.ts';
import { withMessenger } from '../messenger.ts';

export const commands: readonly CommandRow[] = [
  {
    name: 'connectivity',
    summary: 'Check that Twilio can be reached with the credentials.',
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withMessenger(call, async ({ messenger }) => {
        const { checks } = await messenger.check(call.io.interrupted);
        return printChecks(checks, call.out);
      }),
  },
];
