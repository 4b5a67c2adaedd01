/** `tollboard sinks list|test|replay|drop`: where events are handed on to, and what became of it. */

import type { DeadLetter, SinkTest, SinkView } from '../../core/sinks.ts';
import type { Call, CommandRow } from '../command.ts';
import { DESTINATION_OPTIONS, usageError } from '../command.ts';
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
    options: [{ flags: '--dead', description: 'All dead letters of the sink.' }, ...DESTINATION_OPTIONS],
    examples: ['tollboard sinks replay shop --dead'],
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
  const { name, events, dead } = chosenEvents(call, 'sinks replay');
  return withGateway(call, 'Replaying events', async ({ client }) => {
    const body = dead ? { dead } : { events };
    const answer = await client.request<{ events: string[] }>({ method: 'POST', path: pathOf(name, 'replay'), body });
    const count = answer.events.length;
    if (call.out.json) call.out.line({ sink: name, events: answer.events });
    else if (count === 0) call.out.note(`${name} has no dead letters whose events are still there.`);
    else call.out.text(`${name} gets ${count === 1 ? 'one event' : `${count} events`} once more.`);
    return 0;
  });
}

async function drop(call: Call): Promise<number> {
  const { name, events } = chosenEvents(call, 'sinks drop');
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

/** Ids, or all dead letters; never neither, so that nothing happens by a slip. */
function chosenEvents({ args, options }: Call, command: string): { name: string; events: string[]; dead: boolean } {
  const [name = '', ...events] = args;
  const dead = options.dead === true;
  if (dead === events.length > 0) throw usageError(command, 'expected ids of events, or --dead');
  return { name, events, dead };
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
    for (const { name, retry } of sinks) {
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
