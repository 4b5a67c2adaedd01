/** `tollboard status`: how an entry stands, why, and the choice of a person for a held one. */

import type { Choice, Entry } from '../../core/entry.ts';
import type { Clock } from '../../core/ports.ts';
import type { RemoteMessenger, ToldDecision } from '../../remote/messenger.ts';
import type { Call, CommandRow } from '../command.ts';
import type { OpenMessenger } from '../messenger.ts';
import type { Output } from '../output.ts';
import { isTollboardError, TollboardError } from '../../core/errors.ts';
import { systemClock } from '../../system.ts';
import { DESTINATION_OPTIONS, destinationWords, textOption, usageError } from '../command.ts';
import { isOpen } from '../deliver.ts';
import { exitCode } from '../exit-code.ts';
import { withGateway, withMessenger } from '../messenger.ts';
import { outcomeWord, printEntries } from '../results.ts';

const CHOICES: readonly Choice[] = ['sent', 'resend', 'drop'];
const WATCH_MS = 500;

export const commands: readonly CommandRow[] = [
  {
    name: 'status',
    summary: 'Show how a message or call stands, explain it, or settle a held one.',
    arguments: [{ name: '<id>', description: "Its id, or Twilio's SID." }],
    options: [
      { flags: '--explain', description: 'Show every decision about it.' },
      { flags: '--watch', description: 'Go on showing changes until its end.' },
      { flags: '--resolve <choice>', description: 'Settle a held one: sent (Twilio has it), resend, or drop.' },
      { flags: '--sid <sid>', description: "Twilio's SID of it, with --resolve sent." },
      ...DESTINATION_OPTIONS,
    ],
    examples: ['tollboard status SM0123… --explain', 'tollboard status SM0123… --resolve drop'],
    run: status,
  },
];

async function status(call: Call): Promise<number> {
  const { options, args } = call;
  const id = args[0] ?? '';
  const choice = textOption(options, 'resolve');
  if (choice !== undefined && !isChoice(choice)) {
    throw usageError(`--resolve is ${JSON.stringify(choice.slice(0, 40))}; expected ${CHOICES.join(', ')}`);
  }
  if (options.sid !== undefined && choice !== 'sent') throw usageError('--sid belongs to --resolve sent');
  if (options.watch === true && options.explain === true)
    throw usageError('--explain shows what was, --watch goes on with what comes: give one of them');
  if (choice !== undefined)
    await withGateway(call, '--resolve', (remote) => remote.resolve(id, choice, textOption(options, 'sid')));
  if (options.explain === true) return withGateway(call, '--explain', (remote) => explain(remote, id, call));
  if (options.watch === true) return withMessenger(call, (open) => watch(open, id, call), { ownInterrupt: true });
  return withMessenger(call, (open) => show(open, id, call));
}

async function show({ messenger, remote }: OpenMessenger, id: string, call: Call): Promise<number> {
  const entry = found(await messenger.fetch(id), id, remote === null);
  printEntries([entry], call.out);
  printChoices(entry, call);
  return exitCode([entry], false);
}

async function explain(remote: RemoteMessenger, id: string, call: Call): Promise<number> {
  const { out } = call;
  const entry = found(await remote.explain(id), id);
  if (out.json) {
    out.line(entry);
  } else {
    printEntries([entry], out);
    out.text('');
    out.table(
      ['WHEN', 'WHAT', 'WHY'],
      entry.decisions.map((decision: ToldDecision) => [decision.at, decision.what, decision.why]),
    );
    printChoices(entry, call);
  }
  return exitCode([entry], false);
}

async function watch(
  { messenger, remote }: OpenMessenger,
  id: string,
  call: Call,
  clock: Clock = systemClock,
): Promise<number> {
  const { out, io } = call;
  let last: Entry | null = null;
  let away = false;
  for (;;) {
    const seen = await messenger.fetch(id).catch((error: unknown) => {
      if (last === null || !isAway(error)) throw error;
      return 'away' as const;
    });
    if (seen !== 'away') {
      const entry = found(seen, id, remote === null);
      if (last === null || entry.updatedAt !== last.updatedAt || outcomeWord(entry) !== outcomeWord(last))
        printChange(entry, out);
      last = entry;
    } else if (!away) out.note(`${remote === null ? 'Twilio' : 'The gateway'} is away; this goes on once it is back.`);
    away = seen === 'away';
    if (last !== null && (!isOpen(last) || io.interrupted.aborted)) {
      if (!out.json) printChoices(last, call);
      return exitCode([last], false);
    }
    await clock.sleep(WATCH_MS, io.interrupted).catch(() => undefined);
  }
}

/** A gateway that stopped: it may start again, and then has the entry. */
function isAway(error: unknown): boolean {
  return isTollboardError(error) && error.kind === 'unavailable';
}

function printChange(entry: Entry, out: Output): void {
  const { updatedAt, error } = entry;
  if (out.json) out.line(entry);
  else out.text(`${updatedAt ?? ''}  ${outcomeWord(entry)}${error === null ? '' : `: ${error.message}`}`);
}

function printChoices(entry: Entry, { options, out }: Call): void {
  if (out.json || entry.resolution === null || entry.id === null) return;
  out.note('It waits for your choice:');
  for (const choice of entry.resolution.choices)
    out.note(`  tollboard status ${entry.id} --resolve ${choice}${destinationWords(options)}`);
}

function found<T>(entry: T | null, id: string, direct = false): T {
  if (entry !== null) return entry;
  throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id }, ...(direct ? { remedy: NO_GATEWAY } : {}) });
}

const NO_GATEWAY =
  "Without a gateway only Twilio's own SIDs (SM…, MM…, CA…) of the configured account are known; for an id of a gateway, start that gateway or name it with --url and --token.";

function isChoice(text: string): text is Choice {
  return (CHOICES as readonly string[]).includes(text);
}
