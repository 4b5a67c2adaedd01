/** `tollboard sinks list|test|replay|drop`: where events are handed on to, and what became of it. */

import type { DeadLetter, SinkTest, SinkView } from '../../core/sinks.ts';
import type { Call, CommandRow } from '../command.ts';
import { DESTINATION_OPTIONS, textOption, usageError } from '../command.ts';
import { instantOf } from '../instant.ts';
import { withGateway } from '../messenger.ts';

const PATH = '/api/v1/sinks';

export const commands: readonly CommandRow[] = [
  {
    name: 'sinks list',
    summary: 'List the sinks of the gateway and how each stands.',
    arguments: [{ name: '[name]', description: 'Only this one.' }],
    options: [
      { flags: '--dead', description: 'List dead letters instead: events that were given up.' },
      ...DESTINATION_OPTIONS,
    ],
    run: (call) =>
      withGateway(call, 'A list of sinks', async ({ client }) => {
        const { sinks } = await client.request<{ sinks: SinkView[] }>({ method: 'GET', path: PATH });
        const [name] = call.args;
        const chosen = name === undefined ? sinks : sinks.filter((sink) => sink.name === name);
        // The gateway says it best which ones there are.
        if (name !== undefined && chosen.length === 0)
          await client.request({ method: 'GET', path: pathOf(name, 'dead') });
        if (call.options.dead !== true) return printSinks(chosen, call);
        const letters: DeadLetter[] = [];
        for (const sink of chosen) {
          const { dead } = await client.request<{ dead: DeadLetter[] }>({
            method: 'GET',
            path: pathOf(sink.name, 'dead'),
          });
          letters.push(...dead);
        }
        return printDead(letters, call);
      }),
  },
  {
    name: 'sinks test',
    summary: 'Send a made-up text to a sink and say what came of it.',
    arguments: [{ name: '<name>', description: "The sink's name." }],
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A test of a sink', async ({ client }) => {
        const [name = ''] = call.args;
        const test = await client.request<SinkTest>({ method: 'POST', path: pathOf(name, 'test'), body: {} });
        const { error } = test;
        if (call.out.json) call.out.line(test);
        else if (error === null) call.out.text(`${name} took the test event ${test.event}.`);
        else call.out.text(`${name} did not take the test event: ${error.message}\n  ${error.remedy}`);
        return test.delivered ? 0 : 1;
      }),
  },
  {
    name: 'sinks replay',
    summary: 'Hand events to a sink once more.',
    arguments: [
      { name: '<name>', description: "The sink's name." },
      { name: '[event...]', description: 'Ids of stored events (EV…): tollboard events lists them.' },
    ],
    options: [
      { flags: '--dead', description: 'All dead letters of the sink.' },
      {
        flags: '--since <time>',
        description: 'All events from then on: ISO 8601, or how long ago, such as 10m, 2h, 7d.',
      },
      { flags: '--until <time>', description: 'With --since: and up to then.', default: 'now' },
      ...DESTINATION_OPTIONS,
    ],
    examples: ['tollboard sinks replay shop --dead', 'tollboard sinks replay shop --since 2h --until 1h'],
    run: replay,
  },
  {
    name: 'sinks drop',
    summary: 'Forget dead letters of a sink; the events stay.',
    arguments: [
      { name: '<name>', description: "The sink's name." },
      { name: '[event...]', description: 'Ids of their events (EV…): tollboard sinks list --dead shows them.' },
    ],
    options: [{ flags: '--dead', description: 'All dead letters of the sink.' }, ...DESTINATION_OPTIONS],
    run: drop,
  },
];

async function replay(call: Call): Promise<number> {
  const { name, body } = chosenReplay(call);
  return withGateway(call, 'Replaying events', async ({ client }) => {
    const { events } = await client.request<{ events: string[] }>({
      method: 'POST',
      path: pathOf(name, 'replay'),
      body,
    });
    if (call.out.json) call.out.line({ sink: name, events });
    else if (events.length > 0)
      call.out.text(`${name} gets ${events.length === 1 ? 'one event' : `${events.length} events`} once more.`);
    else if (body.dead === true) call.out.note(`${name} has no dead letters that it wants and whose events are there.`);
    const left = (body.events ?? []).filter((id) => !events.includes(id));
    if (left.length > 0) call.out.note(`Not for ${name}, by its events and where: ${left.join(', ')}.`);
    else if (events.length === 0 && body.since !== undefined) call.out.note(`No events of that time are for ${name}.`);
    return 0;
  });
}

interface ReplayBody {
  events?: string[];
  dead?: true;
  since?: string;
  until?: string;
}

/** One of the three ways to choose, never none, so that nothing happens by a slip. */
function chosenReplay({ args, options }: Call): { name: string; body: ReplayBody } {
  const [name = '', ...events] = args;
  const since = textOption(options, 'since');
  const until = textOption(options, 'until');
  const ways = [events.length > 0, options.dead === true, since !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usageError('expected ids of events, --dead, or --since');
  if (until !== undefined && since === undefined) throw usageError('--until goes with --since');
  if (since === undefined) return { name, body: events.length > 0 ? { events } : { dead: true } };
  const body = { since: instantOf('--since', since) };
  if (until === undefined) return { name, body };
  const stretch = { ...body, until: instantOf('--until', until) };
  if (stretch.until < stretch.since) throw usageError('--until is before --since');
  return { name, body: stretch };
}

async function drop(call: Call): Promise<number> {
  const { name, events } = chosenLetters(call);
  return withGateway(call, 'Dropping dead letters', async ({ client }) => {
    const query = new URLSearchParams(events.map((event): [string, string] => ['event', event])).toString();
    const path = `${pathOf(name, 'dead')}${query === '' ? '' : `?${query}`}`;
    const dropped = await client.request<{ events: string[] }>({ method: 'DELETE', path });
    const count = dropped.events.length;
    if (call.out.json) call.out.line({ sink: name, events: dropped.events });
    else if (count === 0) call.out.note(`${name} has no such dead letters.`);
    else call.out.text(`${count === 1 ? 'One dead letter' : `${count} dead letters`} of ${name} forgotten.`);
    return 0;
  });
}

/** Ids, or all dead letters; never neither. */
function chosenLetters({ args, options }: Call): { name: string; events: string[] } {
  const [name = '', ...events] = args;
  if ((options.dead === true) === events.length > 0) throw usageError('expected ids of events, or --dead');
  return { name, events };
}

function pathOf(name: string, what: string): string {
  return `${PATH}/${encodeURIComponent(name)}/${what}`;
}

function printSinks(sinks: readonly SinkView[], { out }: Call): number {
  if (out.json) for (const sink of sinks) out.line(sink);
  else if (sinks.length === 0) out.note('The gateway has no sinks: see sinks: in tollboard.yaml.');
  else {
    out.table(
      ['NAME', 'KIND', 'TARGET', 'STATE', 'WAITING', 'DELIVERED', 'DEAD'],
      sinks.map(({ name, kind, target, state, waiting, delivered, dead }) => {
        return [
          name,
          kind,
          target,
          state,
          waiting >= 1000 ? '1000+' : String(waiting),
          String(delivered),
          String(dead),
        ];
      }),
    );
    for (const { name, retry, dead } of sinks) {
      if (dead > 0)
        out.note(
          `${name} never took ${dead === 1 ? 'one event' : `${dead} events`}: tollboard sinks list ${name} --dead`,
        );
      if (retry === null) continue;
      const { error, attempts, nextAt } = retry;
      out.note(`${name}: ${error.message} Tries: ${attempts}; the next one at ${nextAt}.`);
      out.note(`  ${error.remedy}`);
    }
  }
  return 0;
}

function printDead(letters: readonly DeadLetter[], { out }: Call): number {
  if (out.json) for (const letter of letters) out.line(letter);
  else if (letters.length === 0) out.note('There are no dead letters.');
  else
    out.table(
      ['SINK', 'EVENT', 'TYPE', 'TIME', 'TRIES', 'ERROR'],
      letters.map(({ sink, event, type, time, attempts, error }) => [
        sink,
        event,
        type,
        time,
        String(attempts),
        error.message,
      ]),
    );
  return 0;
}
