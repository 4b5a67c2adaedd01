/** A status that no callback told (a poll, a listing, our own cancel), in the fields that a callback would have had. */

import type { EntryRecord } from '../core/entry.ts';
import type { StatusFact } from '../core/outbox.ts';
import type { FormFields } from '../core/parameter.ts';

/** Twilio docs: message status callback, call status callback. Events and forwards then have one shape. */
export function statusFields(entry: EntryRecord, answer: StatusFact): FormFields {
  const names =
    entry.kind === 'call'
      ? ([
          ['CallSid', answer.sid],
          ['CallStatus', answer.status],
        ] as FormFields)
      : ([
          ['MessageSid', answer.sid],
          ['MessageStatus', answer.status],
          ['SmsSid', answer.sid],
          ['SmsStatus', answer.status],
        ] as FormFields);
  const fields: FormFields = [...names, ['AccountSid', entry.account], ['To', entry.to]];
  if (answer.from ?? entry.from) fields.push(['From', answer.from ?? entry.from ?? '']);
  fields.push(['ApiVersion', '2010-04-01']);
  if (answer.errorCode !== null) fields.push(['ErrorCode', String(answer.errorCode)]);
  return fields;
}
