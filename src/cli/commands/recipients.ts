/** `tollboard recipients`: the verified caller IDs of the account, every page. */

import type { CommandRow } from '../command.ts';
import { DESTINATION_OPTIONS } from '../command.ts';
import { withMessenger } from '../messenger.ts';

export const commands: readonly CommandRow[] = [
  {
    name: 'recipients',
    summary: 'List the verified caller IDs of the account.',
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withMessenger(call, async ({ messenger }) => {
        const { out, io } = call;
        const recipients = await messenger.recipients(io.interrupted);
        if (out.json) for (const recipient of recipients) out.line(recipient);
        else if (recipients.length === 0) out.note('The account has no verified caller IDs.');
        else
          out.table(
            ['NUMBER', 'NAME', 'SID'],
            recipients.map((row) => [row.phoneNumber, row.friendlyName, row.sid]),
          );
        return 0;
      }),
  },
];
