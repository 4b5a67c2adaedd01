/** From a request to the entries that will be stored: checked, one per recipient, repeats joined. Pure. */

import type { Decision, Entry, EntryRecord, NewEntry, OnUnknown } from './entry.ts';
import type { ErrorReport } from './errors.ts';
import type { ParameterValues } from './parameter.ts';
import type { Random, SendRequest } from './ports.ts';
import { parseAddress } from './address.ts';
import { checkCall, spokenParams } from './call.ts';
import { entryView } from './entry.ts';
import { TollboardError } from './errors.ts';
import { checkMessage, checkParameters } from './message.ts';
import { mintId } from './mint-id.ts';
import { concernsRecipient } from './refusal.ts';
import { segmentsOf } from './segments.ts';

/** The most recipients of one request (interface §5). */
export const MAX_RECIPIENTS = 10_000;

export interface PrepareContext {
  /** Milliseconds since the epoch. */
  now: number;
  random: Random;
  /** The account that will send, already resolved. */
  account: { accountSid: string; simulated: boolean };
  /** The sender when the request names none; null when there is none. */
  defaultSender: string | null;
  /** The default of `delivery.on_unknown`. */
  onUnknown: OnUnknown;
  idempotencyKey: string | null;
  /** Why this sender must not text this recipient (opt-out), or null. */
  refusal(sender: string | null, recipient: string): ErrorReport | null;
}

export interface Prepared {
  /** One per different recipient, in input order; refused ones are `rejected` already. */
  entries: NewEntry[];
  decisions: Decision[];
  /** For each recipient of the input, in order: which of `entries` it is, and whether it repeats an earlier one. */
  recipients: Array<{ index: number; duplicate: boolean }>;
}

/**
 * Faults of one recipient become `rejected` entries; faults of the request itself throw (`TOLLBOARD_REQUEST_*`,
 * `TOLLBOARD_MESSAGE_*`, `TOLLBOARD_CALL_*`, `TOLLBOARD_SENDER_MISSING`), as does a single recipient that is refused.
 */
export function prepareRequest(request: SendRequest, context: PrepareContext): Prepared {
  const addresses = recipientsOf(request);
  const params = completeParams(request, context);
  const entries: NewEntry[] = [];
  const recipients: Prepared['recipients'] = [];
  const seen = new Map<string, number>();
  const measured = measure(request, params);
  for (const given of addresses) {
    const to = parseAddress(given)?.value ?? given.trim();
    const earlier = seen.get(to);
    if (earlier !== undefined) {
      recipients.push({ index: earlier, duplicate: true });
      continue;
    }
    const error = refusalOf(request, to, params, context);
    if (error !== null && (addresses.length === 1 || !concernsRecipient(error))) throw refused(error, context);
    seen.set(to, entries.length);
    recipients.push({ index: entries.length, duplicate: false });
    entries.push(newEntry(request, to, params, measured, error, context));
  }
  return { entries, decisions: entries.map((entry) => firstDecision(entry)), recipients };
}

/** The outcomes in input order, repeats marked. `entries` are those of {@link Prepared}, stored or not. */
export function outcomes(prepared: Prepared, entries: readonly (NewEntry | EntryRecord)[]): Entry[] {
  return prepared.recipients.map(({ index, duplicate }) => {
    const entry = entryView(entries[index] as NewEntry);
    return duplicate ? { ...entry, duplicate: true } : entry;
  });
}

/** An error report as an exception, for a request that is refused as a whole; `simulated` goes to the details. */
export function refused(error: ErrorReport, { account }: Pick<PrepareContext, 'account'>): TollboardError {
  return TollboardError.from(error, account.simulated ? { simulated: true } : {});
}

function recipientsOf(request: SendRequest): readonly string[] {
  const addresses = typeof request.to === 'string' ? [request.to] : request.to;
  if (addresses.length === 0) throw new TollboardError('TOLLBOARD_REQUEST_NO_RECIPIENT');
  if (addresses.length > MAX_RECIPIENTS) {
    throw new TollboardError('TOLLBOARD_REQUEST_TOO_MANY_RECIPIENTS', {
      details: { count: addresses.length, max: MAX_RECIPIENTS },
    });
  }
  return addresses;
}

/** Names and types are checked, `say` becomes TwiML, the default sender is filled in. */
function completeParams(request: SendRequest, context: PrepareContext): ParameterValues {
  const params = request.kind === 'call' ? spokenParams(request.params) : { ...request.params };
  const error = checkParameters(request.kind, params);
  if (error !== null) throw refused(error, context);
  if (needsDefaultSender(request)) {
    if (context.defaultSender === null) throw new TollboardError('TOLLBOARD_SENDER_MISSING');
    params.from = context.defaultSender;
  }
  if (typeof params.from === 'string') params.from = parseAddress(params.from)?.value ?? params.from.trim();
  return params;
}

/** Twilio's own API has no default sender: what lacks one is refused there like anything else. */
export function needsDefaultSender({ host, params }: Pick<SendRequest, 'host' | 'params'>): boolean {
  return host !== 'facade' && params.from === undefined && params.messagingServiceSid === undefined;
}

function refusalOf(
  request: SendRequest,
  to: string,
  params: ParameterValues,
  context: PrepareContext,
): ErrorReport | null {
  const check = request.kind === 'call' ? checkCall : checkMessage;
  const error = check(to, params, context.now);
  return error ?? context.refusal(senderOf(params), to);
}

function senderOf(params: ParameterValues): string | null {
  const sender = params.from ?? params.messagingServiceSid;
  return typeof sender === 'string' ? sender : null;
}

interface Measured {
  body: string | null;
  segments: number | null;
  encoding: NewEntry['encoding'];
  media: boolean;
}

/** Body, segments and encoding are the same for every recipient of a request. */
function measure(request: SendRequest, params: ParameterValues): Measured {
  if (request.kind === 'call') {
    const say = request.params.say as { text?: unknown } | undefined;
    return { body: typeof say?.text === 'string' ? say.text : null, segments: null, encoding: null, media: false };
  }
  const body = typeof params.body === 'string' ? params.body : null;
  const media = (Array.isArray(params.mediaUrl) && params.mediaUrl.length > 0) || params.sendAsMms === true;
  if (body === null) return { body, segments: media ? 1 : null, encoding: null, media };
  const counted = segmentsOf(body, { smartEncoded: params.smartEncoded === true });
  return { body, segments: media ? 1 : counted.segments, encoding: counted.encoding, media };
}

function newEntry(
  request: SendRequest,
  to: string,
  params: ParameterValues,
  measured: Measured,
  error: ErrorReport | null,
  context: PrepareContext,
): NewEntry {
  const { now } = context;
  const notBefore = request.notBefore ?? null;
  const later = notBefore !== null && notBefore > now;
  const validity =
    typeof params.validityPeriod === 'number' && request.kind === 'message' ? params.validityPeriod : null;
  const sender = typeof params.from === 'string' ? params.from : null;
  return {
    id: mintId(request.kind === 'call' ? 'CA' : measured.media ? 'MM' : 'SM', now, context.random),
    kind: request.kind,
    sid: null,
    state: error !== null ? 'rejected' : later ? 'scheduled' : 'queued',
    status: null,
    to,
    from: sender,
    body: measured.body,
    params,
    extra: request.extra ?? [],
    idGiven: false,
    deleted: false,
    host: request.host,
    account: context.account.accountSid,
    idempotencyKey: context.idempotencyKey,
    segments: measured.segments === null ? null : to.includes(':') ? 1 : measured.segments,
    encoding: measured.encoding,
    attempts: 0,
    error,
    resolution: null,
    simulated: context.account.simulated,
    onUnknown: request.onUnknown ?? context.onUnknown,
    callbackMode: 'none',
    dueAt: error !== null ? null : later ? notBefore : now,
    notBefore,
    expiresAt: validity === null ? null : (later ? notBefore : now) + validity * 1000,
    sendingAt: null,
    leftAfter: null,
    listings: [],
    lookups: 0,
    polls: 0,
    failedPolls: 0,
    createdAt: now,
    updatedAt: now,
  };
}

function firstDecision(entry: NewEntry): Decision {
  if (entry.error !== null) return { at: entry.createdAt, what: 'rejected', why: entry.error.message };
  if (entry.state === 'scheduled' && entry.notBefore !== null) {
    const until = new Date(entry.notBefore).toISOString();
    return { at: entry.createdAt, what: 'accepted', why: `Accepted on disk; waits for its time, ${until}.` };
  }
  return { at: entry.createdAt, what: 'accepted', why: 'Accepted on disk; its turn comes at once.' };
}
