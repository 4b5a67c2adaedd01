/** `tollboard send`: a text to one or many recipients. */

import type { CommandRow } from '../command.ts';
import { DESTINATION_OPTIONS } from '../command.ts';
import { parameterOptions } from '../parameter-flags.ts';
import { SENDING_OPTIONS, sendAll } from '../sending.ts';

export const commands: readonly CommandRow[] = [
  {
    name: 'send',
    summary: 'Send a text to one or many recipients.',
    options: [...SENDING_OPTIONS, ...DESTINATION_OPTIONS, ...parameterOptions('message')],
    examples: [
      'tollboard send --to +15550100001 --body "Hello" --wait',
      'tollboard send --to - --body "The office is closed today." --wait < numbers.txt',
      'tollboard send --to +15550100001 --body "Good morning" --at 2027-01-31T08:00:00+01:00',
    ],
    run: (call) => sendAll('message', call),
  },
];
