/** A status that no callback told, in the fields that a callback would have had: events and forwards then have one shape. */

import type { EntryRecord, EntryState } from './entry.ts';
import type { StatusFact } from './outbox.ts';
import type { FormFields } from './parameter.ts';

type Told = Pick<StatusFact, 'sid' | 'status' | 'errorCode' | 'from'>;

/** Of a poll, a listing, our own cancel (Twilio docs: message status callback, call status callback). */
export function statusFields(entry: EntryRecord, { sid, status, errorCode, from }: Told): FormFields {
  const names =
    entry.kind === 'call'
      ? ([
          ['CallSid', sid],
          ['CallStatus', status],
        ] as FormFields)
      : ([
          ['MessageSid', sid],
          ['MessageStatus', status],
          ['SmsSid', sid],
          ['SmsStatus', status],
        ] as FormFields);
  const fields: FormFields = [...names, ['AccountSid', entry.account], ['To', entry.to]];
  if (from ?? entry.from) fields.push(['From', from ?? entry.from ?? '']);
  fields.push(['ApiVersion', '2010-04-01']);
  if (errorCode !== null) fields.push(['ErrorCode', String(errorCode)]);
  return fields;
}

/** What Twilio's own status would say of an end that Twilio never heard of. */
const UNSENT_ENDS: Partial<Record<EntryState, string>> = {
  rejected: 'failed',
  expired: 'failed',
  canceled: 'canceled',
};

/** The end of an entry that Twilio never had, for a caller that was given our id as the SID; null where it is none. */
export function unsentEnd(entry: EntryRecord): Told | null {
  const status = entry.sid === null ? UNSENT_ENDS[entry.state] : undefined;
  if (status === undefined) return null;
  return { sid: entry.id, status, errorCode: status === 'failed' ? (entry.error?.twilioCode ?? null) : null };
}
