/** `tollboard numbers`: where what comes in on the account's numbers goes, and pointing it here and back. */

import type { NumberView } from '../../core/inbound.ts';
import type { Call, CommandRow, OptionRow } from '../command.ts';
import { DESTINATION_OPTIONS, textOption } from '../command.ts';
import { withGateway } from '../messenger.ts';

const PATH = '/api/v1/numbers';

const ACCOUNT: OptionRow = {
  flags: '--account <name>',
  description: 'Name or SID of a configured account.',
  default: 'the first one',
};
const NUMBER = { name: '<number>', description: 'With + and country code, or its SID (PN…).' };

export const commands: readonly CommandRow[] = [
  {
    name: 'numbers list',
    summary: "List the account's numbers and where their messages and calls go.",
    options: [ACCOUNT, ...DESTINATION_OPTIONS],
    run: (call) =>
      withGateway(call, 'The list of numbers', async ({ client }) => {
        const { numbers } = await client.request<{ numbers: NumberView[] }>({
          method: 'GET',
          path: PATH + query(call),
        });
        if (call.out.json) for (const number of numbers) call.out.line(number);
        else if (numbers.length === 0) call.out.note('The account owns no number.');
        else table(call, numbers);
        return 0;
      }),
  },
  {
    name: 'numbers connect',
    summary: "Point a number's messages and calls to this gateway, and remember what stood there.",
    arguments: [NUMBER],
    options: [ACCOUNT, ...DESTINATION_OPTIONS],
    examples: ['tollboard numbers connect +15550000001'],
    run: (call) => change(call, 'connect'),
  },
  {
    name: 'numbers restore',
    summary: 'Put back what stood there before the number was connected.',
    arguments: [NUMBER],
    options: [ACCOUNT, ...DESTINATION_OPTIONS],
    run: (call) => change(call, 'restore'),
  },
];

async function change(call: Call, verb: 'connect' | 'restore'): Promise<number> {
  return withGateway(call, 'Connecting a number', async ({ client }) => {
    const number = await client.request<NumberView>({
      method: 'POST',
      path: `${PATH}/${encodeURIComponent(call.args[0] ?? '')}/${verb}${query(call)}`,
      // Connected twice is the same; restored twice is an error the second time.
      repeatable: verb === 'connect',
    });
    if (call.out.json) call.out.line(number);
    else table(call, [number]);
    return 0;
  });
}

function query({ options }: Call): string {
  const account = textOption(options, 'account');
  return account === undefined ? '' : `?account=${encodeURIComponent(account)}`;
}

function table({ out }: Call, numbers: readonly NumberView[]): void {
  out.table(
    ['NUMBER', 'NAME', 'HERE', 'MESSAGES GO TO', 'CALLS GO TO'],
    numbers.map(({ phoneNumber, friendlyName, connected, smsUrl, voiceUrl }) => [
      phoneNumber,
      friendlyName,
      connected ? 'yes' : 'no',
      smsUrl ?? '-',
      voiceUrl ?? '-',
    ]),
  );
}
