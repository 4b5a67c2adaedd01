/** The create form of an entry as it goes to Twilio, our status callback included where it is ours to track. */

import type { EntryRecord } from '../core/entry.ts';
import type { FormFields, ParameterValues } from '../core/parameter.ts';
import { toForm } from '../core/form.ts';

/** A call's events, all of which we need; the caller's own choice decides only what is forwarded to the caller. */
const CALL_EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

/** `base` is where our callbacks come in, e.g. `https://example.org`; used only when the entry's mode is `own`. */
export function createForm(entry: EntryRecord, base: string | null): FormFields {
  const params = entry.callbackMode === 'own' && base !== null ? withOwnCallback(entry, base) : entry.params;
  return toForm(entry.kind, entry.to, params, entry.extra);
}

/** The `ref` of the query comes back untouched: the one place where Twilio carries a reference of ours. */
function withOwnCallback(entry: EntryRecord, base: string): ParameterValues {
  const statusCallback = `${base}/callbacks/${entry.kind}?ref=${entry.id}`;
  if (entry.kind === 'message') return { ...entry.params, statusCallback };
  return { ...entry.params, statusCallback, statusCallbackMethod: 'POST', statusCallbackEvent: CALL_EVENTS };
}
