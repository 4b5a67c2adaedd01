/** What `send` and `call` share: recipients and options in, outcomes and exit code out. */

import type { Entry, EntryKind } from '../core/entry.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { SendRequest } from '../core/ports.ts';
import type { Call, OptionRow } from './command.ts';
import type { Output } from './output.ts';
import type { Plan, PlannedRecipient } from './plan.ts';
import { isoTime } from '../core/check.ts';
import { TollboardError } from '../core/errors.ts';
import { plainRandom, systemClock } from '../system.ts';
import { destinationWords, listOption, numberOption, textOption, usageError } from './command.ts';
import { handOver, isOpen, waitForEnd, waitSignal } from './deliver.ts';
import { exitCode } from './exit-code.ts';
import { openMessenger } from './messenger.ts';
import { printable } from './output.ts';
import { columnValues, parameterValues } from './parameter-flags.ts';
import { inInputOrder, planRequests, withKey } from './plan.ts';
import { parseRecipients } from './recipients-input.ts';
import { printEntries } from './results.ts';
import { findDestination } from './where.ts';

/** Options of both commands beside Twilio's parameters and the destination. */
export const SENDING_OPTIONS: readonly OptionRow[] = [
  {
    flags: '--to <address>',
    description:
      'Recipient; give it several times, or - to read standard input: one per line, or CSV with a header line "to,…".',
    repeat: true,
    required: true,
  },
  { flags: '--wait [seconds]', description: 'Wait for the final status.', default: '120 seconds' },
  { flags: '--at <time>', description: "The gateway's own schedule: an ISO 8601 time with its zone." },
  {
    flags: '--idempotency-key <key>',
    description: 'Repeating the command with the same key sends nothing twice (with standard input: <key>:<chunk>).',
  },
  { flags: '--on-unknown <choice>', description: 'When an answer was lost and Twilio lists no copy: resend, or hold.' },
  { flags: '--account <name>', description: 'Name or SID of a configured account.' },
  { flags: '--dry-run', description: 'Show what would be sent, and send nothing.' },
  { flags: '--direct', description: 'Straight to Twilio, past any gateway; nothing is stored.' },
];

const WAIT_SECONDS = 120;
const MAX_WAIT_SECONDS = 86_400;
const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** `params`: what the command adds to the flags, e.g. `say`. */
export async function sendAll(kind: EntryKind, call: Call, params: ParameterValues = {}): Promise<number> {
  const { options, io, out } = call;
  const waitSeconds = waitOption(call);
  const common = commonRequest(kind, call);
  const asked = await makePlan(kind, call, { ...parameterValues(kind, options), ...params }, common);
  // The checks of core are loaded only here: a gateway makes its own.
  if (options.dryRun === true) return (await import('./dry-run.ts')).dryRun(asked, call);
  const urlOption = kind === 'call' ? 'gatewayUrl' : 'url';
  const destination = await findDestination({ options, env: io.env, cwd: io.cwd, urlOption });
  const later = `ask "tollboard status <id>${destinationWords(options, urlOption)}"`;
  if (destination.kind === 'direct') refuseStored(call);
  // Minted here, not per chunk: it is what the command can be repeated with.
  const plan =
    destination.kind === 'direct' || asked.idempotencyKey !== null ? asked : withKey(asked, plainRandom.hex(32));
  const { messenger, close } = await openMessenger(destination);
  try {
    const total = plan.chunks.reduce((sum, chunk) => sum + chunk.request.to.length, 0);
    const sendProgress = out.progress('Handing over', total);
    const handed = await handOver(plan, messenger, {
      interrupted: io.interrupted,
      // The gateway answers soon, and an answer tells more than a broken connection; a direct send may seek for a minute.
      ...(destination.kind === 'direct' ? { sendSignal: io.interrupted } : {}),
      onProgress: sendProgress.done,
    }).finally(sendProgress.end);
    if (handed.error !== null) out.error(handed.error);
    let outcomes = handed.outcomes;
    if (waitSeconds !== null && !io.interrupted.aborted) {
      const waitProgress = out.progress('Waiting', total);
      const { signal, stop } = waitSignal(waitSeconds, io.interrupted, systemClock);
      const waited = await waitForEnd(outcomes, messenger, { signal, onProgress: waitProgress.done });
      stop();
      waitProgress.end();
      outcomes = waited.outcomes;
      if (waited.error !== null) tellEndOfWait(waited.error, later, out);
    }
    const entries = inInputOrder(plan, outcomes);
    printEntries(entries, out);
    if (io.interrupted.aborted) tellInterruption(entries, { later, where: destination.kind, out });
    return exitCode(entries, waitSeconds !== null);
  } finally {
    await close();
  }
}

async function makePlan(
  kind: EntryKind,
  call: Call,
  params: ParameterValues,
  common: Omit<SendRequest, 'to' | 'params'>,
): Promise<Plan> {
  const given = listOption(call.options, 'to');
  const recipients: PlannedRecipient[] = [];
  if (given.filter((to) => to === '-').length > 1)
    throw usageError('Standard input can be read only once: give --to - once');
  for (const to of given) {
    if (to !== '-') recipients.push({ to: to.trim(), params });
    else
      for (const row of await readRecipients(call))
        recipients.push({ to: row.to, params: rowParams(kind, params, row.columns) });
  }
  if (recipients.length === 0) throw usageError('There is no recipient: the input is empty');
  return planRequests(recipients, {
    common,
    idempotencyKey: textOption(call.options, 'idempotencyKey') ?? null,
    streamed: given.includes('-'),
  });
}

async function readRecipients(call: Call): Promise<ReturnType<typeof parseRecipients>> {
  const { stdin, interrupted } = call.io;
  if (stdin.isTTY === true) call.out.note('Reading recipients from standard input; Ctrl-D ends it.');
  const stop = () => stdin.destroy(new DOMException('Interrupted.', 'AbortError'));
  interrupted.addEventListener('abort', stop, { once: true });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdin as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_INPUT_BYTES) throw tooLarge();
    parts.push(part);
  }
  interrupted.removeEventListener('abort', stop);
  return parseRecipients(Buffer.concat(parts).toString('utf8'));
}

function rowParams(
  kind: EntryKind,
  params: ParameterValues,
  columns: Readonly<Record<string, string>>,
): ParameterValues {
  return Object.keys(columns).length === 0 ? params : { ...params, ...columnValues(kind, columns) };
}

function commonRequest(kind: EntryKind, { options }: Call): Omit<SendRequest, 'to' | 'params'> {
  const at = textOption(options, 'at');
  const onUnknown = textOption(options, 'onUnknown');
  const account = textOption(options, 'account');
  const notBefore = at === undefined ? null : isoTime(at);
  if (at !== undefined && notBefore === null) {
    throw usageError(`--at is ${JSON.stringify(at.slice(0, 40))}; expected a time such as 2027-01-31T09:00:00Z`);
  }
  if (onUnknown !== undefined && onUnknown !== 'resend' && onUnknown !== 'hold') {
    throw usageError(`--on-unknown is ${JSON.stringify(onUnknown.slice(0, 40))}; expected resend or hold`);
  }
  return {
    kind,
    host: 'cli',
    ...(notBefore === null ? {} : { notBefore }),
    ...(onUnknown === undefined ? {} : { onUnknown }),
    ...(account === undefined ? {} : { account }),
  };
}

function waitOption({ options }: Call): number | null {
  if (options.wait === undefined) return null;
  if (options.wait === true) return WAIT_SECONDS;
  return numberOption('--wait', String(options.wait), { min: 0, max: MAX_WAIT_SECONDS });
}

/** Refused before anything is sent: leaving them out would break what they promise. */
function refuseStored({ options }: Call): void {
  for (const [name, flag] of [
    ['at', '--at'],
    ['idempotencyKey', '--idempotency-key'],
  ] as const) {
    if (options[name] !== undefined)
      throw new TollboardError('TOLLBOARD_DIRECT_NEEDS_GATEWAY', { details: { what: flag } });
  }
}

/** What was handed over stays so, whatever became of the wait: the lines tell the ids. */
function tellEndOfWait(error: TollboardError, later: string, out: Output): void {
  out.note(`The wait ended: ${error.message}`);
  out.note(`What was sent is listed as last seen; do not send it again, ${later}.`);
}

function tellInterruption(
  entries: readonly Entry[],
  { later, where, out }: { later: string; where: 'gateway' | 'direct'; out: Output },
): void {
  const own = entries.filter((entry) => entry.duplicate !== true);
  const nameless = own.filter((entry) => entry.state === 'unknown' && entry.id === null);
  if (where === 'direct' && nameless.length > 0) {
    const numbers = nameless.map((entry) => printable(entry.to)).join(' ');
    out.note(`Interrupted. Nobody knows whether Twilio took it for ${numbers}; look at its log before you repeat it.`);
  }
  const open = own.filter(isOpen);
  if (open.length === 0) return;
  const who = where === 'gateway' ? 'The gateway' : 'Twilio';
  out.note(`Interrupted. ${who} goes on with ${open.map((entry) => entry.id).join(' ')}; ${later}.`);
}

function tooLarge(): TollboardError {
  return new TollboardError('TOLLBOARD_CLI_INPUT_INVALID', {
    details: { where: 'Standard input', fault: `it holds more than ${MAX_INPUT_BYTES} bytes` },
  });
}
