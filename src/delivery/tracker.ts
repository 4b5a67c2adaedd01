/** The tracker: polls what no callback told, and takes status callbacks after checking who sent them. */

import type { EntryRecord } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { CallbackRequest } from '../core/gateway-api.ts';
import type { Fact, StatusFact } from '../core/outbox.ts';
import type { FormFields } from '../core/parameter.ts';
import type { Clock, Logger, Store, TwilioAccount } from '../core/ports.ts';
import type { LateChanges } from './late-changes.ts';
import type { DueLoop } from './loop.ts';
import { isTollboardError } from '../core/errors.ts';
import { statusFields } from '../core/status-fields.ts';
import { startDueLoop } from './loop.ts';

export interface TrackerOptions {
  store: Store;
  accounts: ReadonlyMap<string, TwilioAccount>;
  clock: Clock;
  logger: Logger;
}

const POLLS_AT_ONCE = 10;
const BATCH = 200;

export function startTracker(options: TrackerOptions): DueLoop {
  const { store, clock, logger } = options;
  return startDueLoop({
    name: 'tracker',
    clock,
    logger,
    nextDue: () => store.nextDue(['sent']),
    async work(signal) {
      const due = await store.due(['sent'], clock.now(), BATCH);
      for (let start = 0; start < due.length && !signal.aborted; start += POLLS_AT_ONCE) {
        await Promise.all(due.slice(start, start + POLLS_AT_ONCE).map((entry) => poll(entry, options, signal)));
      }
      return due.length === BATCH;
    },
  });
}

async function poll(entry: EntryRecord, options: TrackerOptions, signal: AbortSignal): Promise<void> {
  const { store, clock } = options;
  const key = { id: entry.id };
  const account = options.accounts.get(entry.account);
  const answer =
    account === undefined || entry.sid === null ? null : await account.fetch(entry.kind, entry.sid, signal);
  if (signal.aborted) return;
  if (answer !== null && 'sid' in answer && answer.status !== entry.status) {
    const [applied] = await store.apply([{ key, fact: statusFact(entry, answer) }], clock.now());
    if (applied?.outcome === 'applied') return;
  }
  await store.apply([{ key, fact: polled(answer) }], clock.now());
}

/** A status that brought no news, an account that is gone and a message that Twilio does not know use up a poll; trouble does not. */
function polled(answer: StatusFact | ErrorReport | null): Fact {
  if (answer === null) {
    return { type: 'polled', why: 'Its account is not in the configuration, so it could not be polled.' };
  }
  if ('sid' in answer) return { type: 'polled', why: `Polled: still ${answer.status}.` };
  const why = `The poll failed: ${answer.message}`;
  return answer.httpStatus === 404 ? { type: 'polled', why } : { type: 'polled', why, failed: true };
}

function statusFact(entry: EntryRecord, answer: StatusFact): Fact {
  return { type: 'status', source: 'poll', fields: statusFields(entry, answer), ...answer };
}

export interface CallbackOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Checks the signature over the URL as Twilio called it and all fields, with the tokens of that account. */
  verify(account: string, pathAndQuery: string, fields: FormFields, signature: string): boolean;
  /** Takes what the disk does not take just now. */
  late: LateChanges;
}

/**
 * A callback does something only when its signature is right for the account it names, and its entry is of that
 * account. What an entry already knows, or what would move it backwards, changes nothing and is `applied` all the same:
 * Twilio must not try again. A locked or full disk does not keep one waiting for its answer: it is written later.
 */
export async function takeCallback(
  request: CallbackRequest,
  options: CallbackOptions,
): Promise<'applied' | 'forged' | 'unknown'> {
  const { store, verify } = options;
  const field = (name: string) => request.fields.find(([wire]) => wire === name)?.[1] ?? null;
  const account = field('AccountSid');
  if (request.signature === null || account === null) return 'forged';
  if (!verify(account, request.pathAndQuery, request.fields, request.signature)) return 'forged';
  const entry = await store.entry({ id: request.ref });
  if (entry === null) return 'unknown';
  if (entry.account !== account || entry.kind !== request.kind) return 'forged';
  const sid = field(request.kind === 'call' ? 'CallSid' : 'MessageSid');
  const status = field(request.kind === 'call' ? 'CallStatus' : 'MessageStatus');
  if (sid === null || status === null) return 'unknown';
  const code = Number(field('ErrorCode') ?? Number.NaN);
  const fact: Fact & StatusFact = {
    type: 'status',
    source: 'callback',
    fields: request.fields,
    sid,
    status,
    errorCode: Number.isInteger(code) ? code : null,
    errorMessage: field('ErrorMessage'),
    from: entry.from === null ? field('From') : null,
  };
  try {
    await applyStatus(entry, fact, options);
  } catch (error) {
    if (!isTollboardError(error) || error.kind !== 'unavailable') throw error;
    options.late.keep({ key: { id: entry.id }, fact });
  }
  return 'applied';
}

async function applyStatus(entry: EntryRecord, fact: Fact & StatusFact, options: CallbackOptions): Promise<void> {
  const { store, clock, logger } = options;
  const { sid } = fact;
  const [applied] = await store.apply([{ key: { id: entry.id }, fact }], clock.now());
  const shown = applied?.outcome === 'refused' ? applied.entry.sid : sid;
  if (shown === sid) return;
  // Equal texts to one number are matched by count, so another entry may show the message made for this one.
  const [other] = await store.apply([{ key: { sid }, fact }], clock.now());
  if (other?.outcome === 'missing') {
    logger.warn({ entry: entry.id, sid: shown, other: sid }, 'a callback tells of a message that no entry shows');
  }
}
