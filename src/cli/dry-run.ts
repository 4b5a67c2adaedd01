/** `--dry-run`: what would be sent, checked and measured; nothing is sent and no gateway is needed. */

import type { Entry } from '../core/entry.ts';
import type { SendRequest } from '../core/ports.ts';
import type { Call } from './command.ts';
import type { Plan } from './plan.ts';
import { isTollboardError } from '../core/errors.ts';
import { refusedOutcome } from '../core/refusal.ts';
import { outcomes, prepareRequest } from '../core/request.ts';
import { plainRandom, systemClock } from '../system.ts';
import { exitCode } from './exit-code.ts';
import { printable } from './output.ts';
import { inInputOrder } from './plan.ts';
import { settingsFor } from './where.ts';

/** Stands in for a default sender that only the gateway or Twilio knows; it is shown as null. */
const STAND_IN_SENDER = '+15550000000';

/** One line of `--dry-run --json`. `state` is what it would be accepted as, or `rejected` with its error. */
export interface DryRunLine {
  dryRun: true;
  kind: Entry['kind'];
  state: Entry['state'];
  to: string;
  /** Null: the default sender. */
  from: string | null;
  body: string | null;
  params: SendRequest['params'];
  segments: number | null;
  encoding: Entry['encoding'];
  error: Entry['error'];
  duplicate?: true;
}

export async function dryRun(plan: Plan, call: Call): Promise<number> {
  const { options, io, out } = call;
  const { sender } = await settingsFor({ options, env: io.env, cwd: io.cwd });
  const entries = inInputOrder(
    plan,
    plan.chunks.map(({ request }) => prepare(request, sender, plan.individual)),
  );
  if (out.json) {
    for (const [index, entry] of entries.entries())
      out.line(dryRunLine(entry, plan.chunks[plan.recipients[index]?.chunk ?? 0]?.request));
  } else {
    printForPeople(entries, call);
  }
  return exitCode(entries, false);
}

function prepare(request: SendRequest, sender: string | null, individual: boolean): Entry[] {
  try {
    const prepared = prepareRequest(request, {
      now: systemClock.now(),
      random: plainRandom,
      account: { accountSid: '', simulated: false },
      defaultSender: sender ?? STAND_IN_SENDER,
      onUnknown: 'resend',
      idempotencyKey: null,
      refusal: () => null,
    });
    return outcomes(prepared, prepared.entries);
  } catch (error) {
    if (!isTollboardError(error)) throw error;
    const outcome = refusedOutcome(request, error.report);
    if (outcome !== null) return [outcome];
    if (!individual) throw error;
    const recipients = typeof request.to === 'string' ? [request.to] : request.to;
    return recipients.map((to) => ({ ...(blank(request) as Entry), to, error: error.report }));
  }
}

/** The form of a refused recipient, borrowed from an address that is refused for certain. */
function blank(request: SendRequest): Entry | null {
  const report = {
    code: '',
    kind: 'invalid',
    message: '',
    remedy: '',
    stage: null,
    twilioCode: 21211,
    twilioMessage: null,
    httpStatus: null,
    requestId: null,
    moreInfo: null,
  } as const;
  return refusedOutcome({ ...request, to: '' }, report);
}

function dryRunLine(entry: Entry, request: SendRequest | undefined): DryRunLine {
  const { kind, state, to, body, segments, encoding, error, duplicate } = entry;
  const from = entry.from === STAND_IN_SENDER ? null : entry.from;
  const line: DryRunLine = {
    dryRun: true,
    kind,
    state,
    to,
    from,
    body,
    params: request?.params ?? {},
    segments,
    encoding,
    error,
  };
  return duplicate === true ? { ...line, duplicate } : line;
}

function printForPeople(entries: readonly Entry[], { out }: Call): void {
  const first = entries.find((entry) => entry.error === null);
  if (first !== undefined) {
    const from = first.from === null || first.from === STAND_IN_SENDER ? 'the default sender' : first.from;
    const body = first.body === null ? '' : ` ${JSON.stringify(printable(first.body))}`;
    out.aside(`Would be sent from ${printable(from)}:${body}`);
  }
  out.table(
    ['TO', 'ENCODING', 'SEGMENTS', 'NOTE'],
    entries.map((entry) => [
      entry.to,
      entry.encoding ?? '-',
      String(entry.segments ?? '-'),
      entry.duplicate === true ? 'repeated: sent once' : (entry.error?.message ?? ''),
    ]),
  );
  const sent = entries.filter((entry) => entry.error === null && entry.duplicate !== true);
  const segments = sent.reduce((sum, entry) => sum + (entry.segments ?? 0), 0);
  const refused = entries.filter((entry) => entry.error !== null).length;
  out.aside(
    `${sent.length} to send, ${segments} ${segments === 1 ? 'segment' : 'segments'}, ${refused} refused. Nothing was sent.`,
  );
}
