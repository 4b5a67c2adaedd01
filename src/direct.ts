/** The Messenger straight to Twilio: nothing is stored, nothing is sent twice, a lost answer is looked for at Twilio. */

import type { AccountSettings, Settings } from './config/settings.ts';
import type { Entry, EntryKind, EntryRecord } from './core/entry.ts';
import type { Clock, Messenger, Random, SendOptions, SendRequest, WaitUntil } from './core/ports.ts';
import type { Transport } from './twilio/transport.ts';
import { checkCredentials } from './core/credentials-check.ts';
import { entryView, FINAL_STATES } from './core/entry.ts';
import { isTollboardError, TollboardError } from './core/errors.ts';
import { moved } from './core/outbox.ts';
import { outcomes, prepareRequest } from './core/request.ts';
import { sendEach } from './core/send-each.ts';
import { deliverOnce } from './delivery/one-shot.ts';
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
  const known = new Map<string, Known>();

  async function send(requests: readonly SendRequest[], sending: SendOptions = {}): Promise<Entry[]> {
    if (sending.idempotencyKey !== undefined) throw needsGateway('An idempotency key');
    return sendEach(requests, (request) => sendOne(request, sending.signal), sending.signal);
  }

  async function sendOne(request: SendRequest, signal: AbortSignal | undefined): Promise<Entry[]> {
    const now = clock.now();
    if (request.notBefore !== undefined && request.notBefore > now) throw needsGateway("The gateway's own schedule");
    const session = sessionOf(sessions, request.account);
    const defaultSender = await senderFor(request, session, settings.sender, signal);
    const prepared = prepareRequest(request, {
      now,
      random,
      account: session.account,
      defaultSender,
      onUnknown: 'hold',
      idempotencyKey: null,
      refusal: () => null,
    });
    const resources = new Map<string, Record<string, unknown>>();
    const onTaken = resources.set.bind(resources);
    const records = await deliverOnce(prepared.entries, session.client, { clock, random, signal, onTaken });
    for (const entry of records) {
      const mine = { entry, session, resource: resources.get(entry.id) ?? null };
      known.set(entry.id, mine);
      if (entry.sid !== null) known.set(entry.sid, mine);
    }
    return outcomes(prepared, records).map(withTwilioId);
  }

  /** As Twilio has it now; a stranger's SID is asked of the default account. */
  async function fetch(id: string, signal?: AbortSignal): Promise<Entry | null> {
    const mine = known.get(id);
    // Anything else is no SID of Twilio's, and nothing is stored here that it could name.
    if (mine === undefined && !/^(SM|MM|CA)[0-9a-f]{32}$/i.test(id)) return null;
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
    async resource(id, { fresh = false, signal } = {}) {
      const mine = known.get(id);
      if (mine !== undefined && mine.entry.sid === null) return null;
      if (!fresh && mine !== undefined && mine.resource !== null) return mine.resource;
      const session = mine?.session ?? sessionOf(sessions, undefined);
      const resource = await orNull(session.client.fetchResource(kindOf(id), mine?.entry.sid ?? id, signal));
      if (mine !== undefined) mine.resource = resource;
      return resource;
    },
    recipients: (signal) => sessionOf(sessions, undefined).client.recipients(signal),
    check: async (signal) => checkCredentials(sessionOf(sessions, undefined).client, signal),
    close: () => transport.close(),
  };
}

/** What this process sent, and what Twilio last told of it. */
interface Known {
  entry: EntryRecord;
  session: Session;
  resource: Record<string, unknown> | null;
}

interface Session {
  account: AccountSettings;
  client: TwilioClient;
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
  return moved(entry, { ...fact, type: 'status', source: 'poll', fields: [] }, now);
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
    idGiven: false,
    deleted: false,
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
    leftAfter: null,
    listings: [],
    lookups: 0,
    polls: 0,
    failedPolls: 0,
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

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isTollboardError(error) && (error.kind === 'not_found' || error.report.httpStatus === 404)) return null;
    throw error;
  }
}

function needsGateway(what: string): TollboardError {
  return new TollboardError('TOLLBOARD_DIRECT_NEEDS_GATEWAY', { details: { what } });
}
