/** The Messenger straight to Twilio: nothing is stored, nothing is sent twice, a lost answer is looked for at Twilio. */

import type { AccountSettings, Settings } from './config/settings.ts';
import type { Entry, EntryKind, EntryRecord, NewEntry } from './core/entry.ts';
import type { ErrorReport } from './core/errors.ts';
import type { Fact } from './core/outbox.ts';
import type { Clock, Messenger, Random, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
import type { Transport } from './twilio/transport.ts';
import { entryView, FINAL_STATES } from './core/entry.ts';
import { errorReport, isTollboardError, TollboardError } from './core/errors.ts';
import { toForm } from './core/form.ts';
import { transition } from './core/outbox.ts';
import { refusedOutcome } from './core/refusal.ts';
import { outcomes, prepareRequest } from './core/request.ts';
import { conclude, unrecognisable } from './core/resolution.ts';
import { backoffMs } from './core/retry.ts';
import { systemClock, systemRandom } from './system.ts';
import { createTwilioClient, type TwilioClient } from './twilio/client.ts';
import { createHttpsTransport } from './twilio/https-transport.ts';
import { version } from './version.ts';

export interface DirectOptions {
  /** Default: the system's. */
  clock?: Clock;
  random?: Random;
  /** Default: node:https with the proxies of the environment. */
  transport?: Transport;
}

export interface DirectMessenger extends Messenger {
  /** Ends connections. */
  close(): Promise<void>;
}

/** How long a lost answer is looked for; after that the outcome is `unknown`. */
const SEEK_MS = 60_000;
/** A listing right after the loss would miss a record that appears late. */
const SEEK_PAUSES_MS = [2000, 4000, 8000, 15_000];
/** Requests under way at a time. */
const LANES = 10;
/** Requests that Twilio certainly did not process are repeated this often, with backoff. */
const ATTEMPTS = 6;
const POLL_PAUSES_MS = [500, 1000, 2000, 5000];
/** Failed looks in a row (most of a minute) until a wait without a signal gives up. */
const MAX_FAILED_LOOKS = 10;
/** Kinds that waiting does not mend. */
const FATAL: ReadonlySet<string> = new Set(['unauthorized', 'forbidden', 'invalid', 'not_found']);

/**
 * The first account is the default. An `idempotencyKey` and a `notBefore` in the future throw
 * `TOLLBOARD_DIRECT_NEEDS_GATEWAY`: without a store they cannot be kept. The `id` of what Twilio took is Twilio's SID.
 */
export function createDirectMessenger(
  settings: Pick<Settings, 'accounts' | 'sender'>,
  options: DirectOptions = {},
): DirectMessenger {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const transport = options.transport ?? createHttpsTransport({ clock, environment: process.env });
  const sessions = settings.accounts.map((account) => ({
    account,
    client: createTwilioClient(account, { transport, clock, userAgent: `tollboard/${version}` }),
  }));
  /** What this process sent, by our id and by Twilio's SID. */
  const known = new Map<string, { entry: EntryRecord; session: Session }>();

  async function send(requests: readonly SendRequest[], sending: SendOptions = {}): Promise<Entry[]> {
    if (sending.idempotencyKey !== undefined) throw needsGateway('An idempotency key');
    const answers: Entry[] = [];
    for (const request of requests) answers.push(...(await sendOne(request, sending.signal)));
    return answers;
  }

  async function sendOne(request: SendRequest, signal: AbortSignal | undefined): Promise<Entry[]> {
    const now = clock.now();
    if (request.notBefore !== undefined && request.notBefore > now) throw needsGateway("The gateway's own schedule");
    const session = sessionOf(sessions, request.account);
    const defaultSender = await senderFor(request, session, settings.sender, signal);
    try {
      const prepared = prepareRequest(request, {
        now,
        random,
        account: session.account,
        defaultSender,
        onUnknown: 'hold',
        idempotencyKey: null,
        refusal: () => null,
      });
      const records = await deliverAll(prepared.entries, session, { clock, random, signal });
      for (const entry of records) {
        known.set(entry.id, { entry, session });
        if (entry.sid !== null) known.set(entry.sid, { entry, session });
      }
      return outcomes(prepared, records).map(withTwilioId);
    } catch (error) {
      const { simulated } = session.account;
      const outcome = isTollboardError(error) ? refusedOutcome(request, error.report, simulated) : null;
      if (outcome === null) throw error;
      return [outcome];
    }
  }

  /** As Twilio has it now; a stranger's SID is asked of the default account. */
  async function fetch(id: string, signal?: AbortSignal): Promise<Entry | null> {
    const mine = known.get(id);
    const session = mine?.session ?? sessionOf(sessions, undefined);
    if (mine !== undefined && mine.entry.sid === null) return withTwilioId(entryView(mine.entry));
    const resource = await orNull(session.client.fetchResource(kindOf(id), mine?.entry.sid ?? id, signal));
    if (resource === null) return null;
    const entry = seen(mine?.entry ?? strangerEntry(id, session.account, resource), resource, clock.now());
    if (mine !== undefined) mine.entry = entry;
    return withTwilioId(entryView(entry));
  }

  /** Goes on through looks that failed for now: then the entry is still what it was when last seen. */
  async function wait(id: string, until: WaitUntil, signal?: AbortSignal): Promise<Entry> {
    let failures = 0;
    for (let polls = 0; ; polls++) {
      try {
        const entry = await fetch(id);
        if (entry === null) throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
        const over =
          FINAL_STATES.has(entry.state) || entry.sid === null || (until === 'sent' && entry.state === 'sent');
        if (over || signal?.aborted) return entry;
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!isTollboardError(error) || FATAL.has(error.kind)) throw error;
        const last = known.get(id)?.entry;
        if (signal?.aborted && last !== undefined) return withTwilioId(entryView(last));
        if (signal?.aborted || (signal === undefined && failures >= MAX_FAILED_LOOKS)) throw error;
      }
      const pause = POLL_PAUSES_MS[Math.min(polls, POLL_PAUSES_MS.length - 1)] ?? 0;
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  return {
    send,
    fetch,
    wait,
    recipients: (signal) => sessionOf(sessions, undefined).client.recipients(signal),
    async check(signal) {
      const { account, client } = sessionOf(sessions, undefined);
      const fault = await client.probe(signal).then(() => null, refusalOf);
      const message = fault?.message ?? `Twilio answers for account ${account.accountSid}.`;
      return {
        ok: fault === null,
        checks: [{ name: 'credentials', ok: fault === null, message, remedy: fault?.remedy ?? null }],
      };
    },
    close: () => transport.close(),
  };
}

interface Session {
  account: AccountSettings;
  client: TwilioClient;
}

interface Delivering {
  clock: Clock;
  random: Random;
  signal: AbortSignal | undefined;
}

async function deliverAll(entries: readonly NewEntry[], session: Session, world: Delivering): Promise<EntryRecord[]> {
  const records = entries.map((entry): EntryRecord => ({ ...entry, seq: 0 }));
  // What meets every recipient alike (no connection, wrong credentials) is found out once, not a thousand times.
  let halted: ErrorReport | null = null;
  let next = 0;
  const lane = async () => {
    while (next < records.length) {
      const place = next++;
      const record = records[place];
      if (record === undefined || record.state === 'rejected') continue;
      const error: ErrorReport | null = world.signal?.aborted === true ? interrupted(record.to) : halted;
      if (error !== null) {
        records[place] = move(record, { type: 'rejected', error }, world.clock.now());
        continue;
      }
      const { entry, halt } = await deliver(record, session.client, world);
      records[place] = entry;
      halted ??= halt;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return seekLost(records, session.client, world);
}

async function deliver(
  record: EntryRecord,
  client: TwilioClient,
  { clock, random, signal }: Delivering,
): Promise<{ entry: EntryRecord; halt: ErrorReport | null }> {
  const form = toForm(record.kind, record.to, record.params, record.extra);
  let entry = record;
  for (;;) {
    entry = move(
      entry,
      { type: 'claimed', callbackMode: entry.params.statusCallback === undefined ? 'none' : 'caller' },
      clock.now(),
    );
    // Never aborted: that would not call the request back, only lose its answer.
    const result = await client.create(entry.kind, form);
    const now = clock.now();
    if (result.outcome === 'accepted') return { entry: move(entry, { ...result, type: 'accepted' }, now), halt: null };
    if (result.outcome === 'unknown')
      return { entry: move(entry, { type: 'lost', error: result.error }, now), halt: null };
    const again = result.outcome === 'rate_limited' && entry.attempts < ATTEMPTS && signal?.aborted !== true;
    if (!again) {
      const halt = result.outcome === 'not_sent' || result.error.kind === 'unauthorized' ? result.error : null;
      return { entry: move(entry, { type: 'rejected', error: result.error }, now), halt };
    }
    const pause = backoffMs(entry.attempts, random.number(), result.retryAfterMs);
    entry = move(entry, { type: 'retry', error: result.error, at: now + pause }, now);
    await clock.sleep(pause, signal).catch(() => undefined);
  }
}

/** Looks for what may have been taken, for at most {@link SEEK_MS}; nothing is ever sent again. */
async function seekLost(
  records: EntryRecord[],
  client: TwilioClient,
  { clock, signal }: Delivering,
): Promise<EntryRecord[]> {
  const found = new Map<string, EntryRecord>();
  /** Of the last complete listing in which it was not found; absent where there was none. */
  const verdicts = new Map<string, string>();
  const lost = records.filter((record) => record.state === 'unknown');
  const since = clock.now();
  const until = since + SEEK_MS;
  const open = () => lost.filter((record) => !found.has(record.id) && !unrecognisable(record));
  for (let round = 0; open().length > 0 && clock.now() < until && signal?.aborted !== true; round++) {
    const pause = SEEK_PAUSES_MS[Math.min(round, SEEK_PAUSES_MS.length - 1)] ?? 0;
    await clock.sleep(Math.min(pause, until - clock.now()), signal).catch(() => undefined);
    for (const to of new Set(open().map((record) => record.to))) {
      const group = open().filter((record) => record.to === to);
      const listing = await listFor(group, to, client, signal);
      if (listing === null) continue;
      const taken = [...records, ...found.values()].flatMap(({ sid }) => sid ?? []);
      const evidence = { lost: group, underWay: [], explained: new Set(taken), now: clock.now(), ...listing };
      for (const [id, conclusion] of conclude(evidence)) {
        const record = group.find((one) => one.id === id);
        if (conclusion.verdict === 'ambiguous') verdicts.set(id, conclusion.why.replace(/\.$/, ''));
        if (conclusion.verdict === 'absent') verdicts.set(id, NO_COPY);
        if (conclusion.verdict !== 'found' || record === undefined) continue;
        const why = 'Twilio lists it.';
        found.set(id, move(record, { ...conclusion.resource, type: 'found', why }, clock.now()));
      }
    }
  }
  const seconds = Math.round((clock.now() - since) / 1000);
  return records.map((record) => {
    if (record.state !== 'unknown') return record;
    const verdict = verdicts.get(record.id);
    const search =
      verdict === NO_COPY
        ? `for ${seconds} seconds Twilio listed no copy`
        : (verdict ?? (unrecognisable(record) ? "a copy could not be told in Twilio's list" : NOT_READ));
    return (
      found.get(record.id) ?? {
        ...record,
        error: errorReport('TOLLBOARD_DIRECT_ANSWER_LOST', {
          stage: 'unknown',
          details: { search, reason: record.error?.message ?? '' },
        }),
      }
    );
  });
}

const NO_COPY = 'no copy';
const NOT_READ = "Twilio's list could not be read";

/** Null when the list is not known to be whole. */
async function listFor(
  group: readonly EntryRecord[],
  to: string,
  client: TwilioClient,
  signal: AbortSignal | undefined,
) {
  const since = Math.min(...group.map((record) => record.sendingAt ?? record.createdAt));
  const kind = group[0]?.kind ?? 'message';
  try {
    const listing = await client.list(kind, to, since, signal);
    return listing.complete ? listing : null;
  } catch {
    // Others were taken: a look that failed must not cost their outcomes.
    return null;
  }
}

function move(entry: EntryRecord, fact: Fact, now: number): EntryRecord {
  const next = transition(entry, fact, now);
  return next.ok ? { ...entry, ...next.patch, updatedAt: now } : entry;
}

/** The state that Twilio's own record of it proves. */
function seen(entry: EntryRecord, resource: Record<string, unknown>, now: number): EntryRecord {
  const code = Number(resource.error_code ?? Number.NaN);
  const fact = {
    sid: String(resource.sid),
    status: String(resource.status),
    errorCode: Number.isInteger(code) ? code : null,
    errorMessage: typeof resource.error_message === 'string' ? resource.error_message : null,
  };
  return move(entry, { ...fact, type: 'status', source: 'poll', fields: [] }, now);
}

/** An entry for a SID that this process did not send: what Twilio tells, and nothing made up. */
function strangerEntry(sid: string, account: AccountSettings, resource: Record<string, unknown>): EntryRecord {
  const text = (name: string) => (typeof resource[name] === 'string' ? (resource[name] as string) : null);
  const created = Date.parse(text('date_created') ?? '');
  const at = Number.isNaN(created) ? 0 : created;
  return {
    seq: 0,
    id: sid,
    kind: kindOf(sid),
    sid,
    state: 'sent',
    status: null,
    to: text('to') ?? '',
    from: text('from'),
    body: text('body'),
    params: {},
    extra: [],
    host: 'cli',
    account: account.accountSid,
    idempotencyKey: null,
    segments: Number(resource.num_segments ?? 0) || null,
    encoding: null,
    attempts: 1,
    error: null,
    resolution: null,
    simulated: account.simulated,
    onUnknown: 'hold',
    callbackMode: 'none',
    dueAt: null,
    notBefore: null,
    expiresAt: null,
    sendingAt: null,
    listings: [],
    lookups: 0,
    polls: 0,
    createdAt: at,
    updatedAt: at,
  };
}

/** Nothing is stored, so the only id by which it can be found later is Twilio's. */
function withTwilioId(entry: Entry): Entry {
  return { ...entry, id: entry.state === 'rejected' ? null : entry.sid };
}

/** `sender:` or TWILIO_FROM, else the account's only number; several are an error that lists them. */
async function senderFor(
  { params }: SendRequest,
  { client }: Session,
  sender: string | null,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (sender !== null || params.from !== undefined || params.messagingServiceSid !== undefined) return sender;
  const [first, ...others] = await client.ownedNumbers(signal);
  if (others.length === 0) return first ?? null;
  throw new TollboardError('TOLLBOARD_SENDER_AMBIGUOUS', { details: { numbers: [first, ...others].join(', ') } });
}

function sessionOf(sessions: readonly Session[], wanted: string | undefined): Session {
  const session =
    wanted === undefined
      ? sessions[0]
      : sessions.find(({ account }) => account.name === wanted || account.accountSid === wanted);
  if (session !== undefined) return session;
  const names = sessions.map(({ account }) => account.name).join(', ') || 'none';
  throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account: wanted ?? '(default)', known: names } });
}

function kindOf(sid: string): EntryKind {
  return sid.startsWith('CA') ? 'call' : 'message';
}

function refusalOf(error: unknown): TollboardError {
  return isTollboardError(error) ? error : new TollboardError('TOLLBOARD_INTERNAL', { cause: error });
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isTollboardError(error) && (error.kind === 'not_found' || error.report.httpStatus === 404)) return null;
    throw error;
  }
}

function interrupted(to: string): ErrorReport {
  return errorReport('TOLLBOARD_CLI_INTERRUPTED', {
    stage: 'before_send',
    details: { to, again: 'Send it again to this recipient alone.' },
  });
}

function needsGateway(what: string): TollboardError {
  return new TollboardError('TOLLBOARD_DIRECT_NEEDS_GATEWAY', { details: { what } });
}
