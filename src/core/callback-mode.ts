/** Whose StatusCallback goes out with an entry, and which of Twilio's callbacks its caller wants to hear of. */

import type { CallbackMode, EntryRecord } from './entry.ts';
import type { ParameterValues } from './parameter.ts';

export interface CallbackPolicy {
  /** `delivery.status_callback` of the configuration. */
  readonly callbackMode: 'always' | 'auto' | 'never';
  /** True where Twilio can reach our callback URL (public_url or simulator). */
  readonly callbackReachable: boolean;
  /** Accounts that never get our own callback: its signature could not be checked, or Twilio could not reach it. */
  readonly unsigned: readonly string[];
}

/**
 * `own` when we may and it would be called; else the caller's URL goes out unchanged (`caller`), or none does. An
 * ApplicationSid silences StatusCallback (Twilio docs: create a Message), and a Messaging Service may have a callback of
 * its own that ours would replace; only `always` overrides the latter.
 */
export function chooseCallbackMode(
  entry: Pick<EntryRecord, 'account' | 'from' | 'params'>,
  policy: CallbackPolicy,
): CallbackMode {
  const others: CallbackMode = entry.params.statusCallback === undefined ? 'none' : 'caller';
  if (policy.callbackMode === 'never' || policy.unsigned.includes(entry.account)) return others;
  if (entry.params.applicationSid !== undefined) return others;
  if (policy.callbackMode === 'always') return 'own';
  return policy.callbackReachable && !usesMessagingService(entry) ? 'own' : others;
}

/** Twilio's call events by call status (Twilio docs: StatusCallbackEvent); every final status is `completed`. */
const CALL_EVENTS: Readonly<Record<string, string>> = {
  initiated: 'initiated',
  queued: 'initiated',
  ringing: 'ringing',
  'in-progress': 'answered',
};

/**
 * True when the caller's own URL has to be told of this status. For messages always; for calls only the events that
 * were asked for in StatusCallbackEvent, `completed` when none was.
 */
export function callerWants(kind: EntryRecord['kind'], params: ParameterValues, status: string): boolean {
  if (params.statusCallback === undefined) return false;
  if (kind === 'message') return true;
  const given = params.statusCallbackEvent ?? [];
  const asked = Array.isArray(given) ? given : String(given).split(/[\s,]+/);
  return (asked.length === 0 ? ['completed'] : asked).includes(CALL_EVENTS[status] ?? 'completed');
}

function usesMessagingService({ from, params }: Pick<EntryRecord, 'from' | 'params'>): boolean {
  return params.messagingServiceSid !== undefined || (from ?? '').startsWith('MG');
}
