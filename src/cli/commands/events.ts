/** `tollboard events`: what Twilio told, stored and as it happens; and handing an event to its consumers again. */

import type { TollboardEvent } from '../../core/event.ts';
import type { EventFilter } from '../../remote/events.ts';
import type { Call, CommandRow } from '../command.ts';
import { EVENT_TYPES } from '../../core/event.ts';
import { DESTINATION_OPTIONS, listOption, textOption, usageError } from '../command.ts';
import { instantOf } from '../instant.ts';
import { withGateway } from '../messenger.ts';
import { printable } from '../output.ts';

/** How far back the list goes when nothing is said. */
const DEFAULT_SINCE = '1d';

export const commands: readonly CommandRow[] = [
  {
    name: 'events',
    summary: 'Show what Twilio told: what came in, and statuses.',
    options: [
      { flags: '--follow', description: 'Go on with events as they happen, until Ctrl-C.' },
      { flags: '--type <type>', description: `Only of this type: ${EVENT_TYPES.join(', ')}.` },
      {
        flags: '--since <time>',
        description: 'Only from then on: ISO 8601, or how long ago, such as 10m, 2h, 7d.',
        default: '1d ago; with --follow: now',
      },
      {
        flags: '--field <name=value>',
        description: "Only where a field of Twilio's has this value, such as From=+15551230001; may be repeated.",
        repeat: true,
      },
      ...DESTINATION_OPTIONS,
    ],
    examples: ['tollboard events --since 2h', 'tollboard events --follow --type twilio_data_received --json'],
    run: (call) => (call.options.follow === true ? follow(call) : list(call)),
  },
  {
    name: 'events replay',
    summary: 'Hand a stored event to automations and sinks once more.',
    arguments: [{ name: '<id>', description: 'Its id (EV…).' }],
    options: [
      {
        flags: '--to <consumer>',
        description: 'Only to this one; may be repeated.',
        default: 'all that take events',
        repeat: true,
      },
      ...DESTINATION_OPTIONS,
    ],
    run: replay,
  },
];

async function list(call: Call): Promise<number> {
  const since = textOption(call.options, 'since') ?? DEFAULT_SINCE;
  const filter = filterOf(call, since);
  return withGateway(call, 'The list of events', async ({ client }) => {
    const { listEvents } = await import('../../remote/events.ts');
    let count = 0;
    for await (const { events } of listEvents(client, filter)) {
      for (const event of events) print(call, event, count++);
    }
    if (count === 0 && !call.out.json) {
      const wide = textOption(call.options, 'since') === undefined;
      call.out.note(wide ? 'No events within a day; "--since 30d" looks further back.' : 'No events fit.');
    }
    return 0;
  });
}

async function follow(call: Call): Promise<number> {
  const filter = filterOf(call, textOption(call.options, 'since'));
  return withGateway(
    call,
    'The list of events',
    async ({ client }) => {
      const [{ followEvents }, { plainRandom, systemClock }] = await Promise.all([
        import('../../remote/events.ts'),
        import('../../system.ts'),
      ]);
      const onAway = () => call.out.note('The gateway is away; this goes on where it stood once it is back.');
      const options = { client, clock: systemClock, random: plainRandom, filter, signal: call.io.interrupted, onAway };
      let count = 0;
      for await (const event of followEvents(options)) print(call, event, count++);
      return 0;
    },
    { ownInterrupt: true },
  );
}

async function replay(call: Call): Promise<number> {
  return withGateway(call, 'Replaying an event', async ({ client }) => {
    const [id = ''] = call.args;
    const to = listOption(call.options, 'to');
    const { consumers } = await client.request<{ consumers: string[] }>({
      method: 'POST',
      path: `/api/v1/events/${encodeURIComponent(id)}/replay`,
      body: to.length === 0 ? {} : { consumers: to },
    });
    if (call.out.json) call.out.line({ id, consumers });
    else call.out.text(`${id} goes once more to ${consumers.join(', ')}.`);
    return 0;
  });
}

function filterOf({ options }: Call, since: string | undefined): EventFilter {
  const type = textOption(options, 'type');
  if (type !== undefined && !EVENT_TYPES.some((known) => known === type))
    throw usageError(`--type is ${JSON.stringify(type)}; expected ${EVENT_TYPES.join(', ')}`);
  const fields = listOption(options, 'field');
  const odd = fields.find((field) => !/^[A-Za-z0-9_]+=/.test(field));
  if (odd !== undefined)
    throw usageError(`--field is ${JSON.stringify(odd)}; expected a name and a value, such as From=+15551230001`);
  return {
    fields,
    ...(type === undefined ? {} : { type }),
    ...(since === undefined ? {} : { since: instantOf('--since', since) }),
  };
}

/** One line each as it comes, also where they are listed: the widths are those of Twilio's numbers and our ids. */
function print({ out }: Call, event: TollboardEvent, before: number): void {
  if (out.json) {
    out.line(event);
    return;
  }
  const { Body, MessageStatus, SmsStatus, CallStatus, From = '-', To = '-' } = event.data;
  const what =
    event.type === 'twilio_data_received'
      ? (Body ?? CallStatus ?? '-')
      : (MessageStatus ?? CallStatus ?? SmsStatus ?? '-');
  const cells = [event.time, event.type, event.id, From, To, what].map((cell) => printable(cell).slice(0, 200));
  if (out.terminal && before === 0) out.text(out.style('bold', padded(['TIME', 'TYPE', 'ID', 'FROM', 'TO', 'WHAT'])));
  out.text(out.terminal ? padded(cells) : cells.join('\t'));
}

const WIDTHS = [24, 21, 34, 13, 13, 0];

function padded(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd();
}
