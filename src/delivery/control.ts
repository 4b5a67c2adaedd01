/** What a person may do to an entry: cancel it, choose how a held one ends, remove its text. */

import type { Choice, EntryRecord } from '../core/entry.ts';
import type { ErrorReport } from '../core/errors.ts';
import type { Fact, StatusFact } from '../core/outbox.ts';
import type { Clock, Store, TwilioAccount } from '../core/ports.ts';
import { TollboardError } from '../core/errors.ts';
import { statusFields } from '../core/status-fields.ts';

export interface ControlOptions {
  store: Store;
  accounts: ReadonlyMap<string, TwilioAccount>;
  clock: Clock;
}

/** By id or Twilio's SID. Throws `TOLLBOARD_ENTRY_NOT_FOUND`. */
export async function findEntry(id: string, store: Store): Promise<EntryRecord> {
  const entry = (await store.entry({ id })) ?? (await store.entry({ sid: id }));
  if (entry === null) throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
  return entry;
}

/** Before Twilio has it: at once. After: by Twilio's own cancel (scheduled messages; calls that do not talk yet). */
export async function cancel(id: string, options: ControlOptions): Promise<EntryRecord> {
  const entry = await findEntry(id, options.store);
  if (entry.state === 'scheduled' || entry.state === 'queued') {
    return apply(entry, { type: 'canceled', why: 'Canceled before Twilio had it; nothing was sent.' }, options);
  }
  const word = entry.kind === 'call' ? ['queued', 'ringing'] : ['accepted', 'scheduled'];
  if (entry.state !== 'sent' || entry.sid === null || !word.includes(entry.status ?? ''))
    throw wrongState(entry, 'cancel');
  const answer = settled(await accountOf(entry, options).cancel(entry.kind, entry.sid));
  return apply(entry, { type: 'status', source: 'poll', fields: statusFields(entry, answer), ...answer }, options);
}

/** Only for `held` and `unknown` entries. `sent` may name the SID that Twilio's log shows. */
export async function resolveEntry(
  id: string,
  choice: Choice,
  sid: string | null,
  options: ControlOptions,
): Promise<EntryRecord> {
  const entry = await findEntry(id, options.store);
  if (entry.state !== 'held' && entry.state !== 'unknown') throw wrongState(entry, 'resolve');
  if (choice === 'sent' && sid !== null) await checkSid(entry, sid, options);
  return apply(entry, { type: 'chosen', choice, sid }, options);
}

/** Of the right form, nobody else's, and known to Twilio (where Twilio can be asked just now). */
async function checkSid(entry: EntryRecord, sid: string, options: ControlOptions): Promise<void> {
  const refuse = (reason: string) => new TollboardError('TOLLBOARD_ENTRY_SID_INVALID', { details: { sid, reason } });
  const form = entry.kind === 'call' ? /^CA[0-9a-f]{32}$/i : /^(SM|MM)[0-9a-f]{32}$/i;
  if (!form.test(sid)) throw refuse(`expected ${entry.kind === 'call' ? 'CA' : 'SM or MM'} and 32 hex digits`);
  const owner = await options.store.entry({ sid });
  if (owner !== null && owner.id !== entry.id) throw refuse(`it belongs to the entry ${owner.id}`);
  const answer = await options.accounts.get(entry.account)?.fetch(entry.kind, sid);
  if (answer !== undefined && !('sid' in answer) && answer.httpStatus === 404) throw refuse('Twilio knows no such SID');
}

/** Removes the text here and, where Twilio has it, there. Only when nothing more will happen to the entry. */
export async function redact(id: string, options: ControlOptions): Promise<EntryRecord> {
  const entry = await findEntry(id, options.store);
  if (!['done', 'rejected', 'expired', 'canceled'].includes(entry.state)) throw wrongState(entry, 'redact');
  if (entry.kind === 'message' && entry.sid !== null) settled(await accountOf(entry, options).redact(entry.sid));
  return apply(entry, { type: 'redacted' }, options);
}

function accountOf(entry: EntryRecord, options: ControlOptions): TwilioAccount {
  const account = options.accounts.get(entry.account);
  if (account === undefined) {
    const known = [...options.accounts.keys()].join(', ') || 'none';
    throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account: entry.account, known } });
  }
  return account;
}

function settled(answer: StatusFact | ErrorReport): StatusFact {
  if ('sid' in answer) return answer;
  throw TollboardError.from(answer);
}

async function apply(entry: EntryRecord, fact: Fact, { store, clock }: ControlOptions): Promise<EntryRecord> {
  const [applied] = await store.apply([{ key: { id: entry.id }, fact }], clock.now());
  if (applied?.outcome === 'applied') return applied.entry;
  if (applied?.outcome === 'refused') throw wrongState(applied.entry, fact.type);
  throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id: entry.id } });
}

function wrongState(entry: EntryRecord, action: string): TollboardError {
  return new TollboardError('TOLLBOARD_ENTRY_STATE', {
    details: { id: entry.id, state: entry.state, status: entry.status, action },
  });
}
