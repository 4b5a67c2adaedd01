/** From what was done to the result of a connector run, as SOAR writes it. */

import type { ErrorReport } from '../../core/errors.ts';
import type { Done, Outcome } from '../host.ts';
import type { SoarAsked, SoarSlot } from './request.ts';
import { fill } from './texts.ts';

export interface SoarParameter {
  to_phone?: string | number;
  message?: string;
  [other: string]: unknown;
}

export interface SoarActionResult {
  /** One message as Twilio writes it, with Twilio's JSON types; empty where Twilio never had it. */
  data: Array<Record<string, unknown>>;
  extra_data: Array<{ warning: string }>;
  summary: { message_delivery_status?: string };
  status: 'success' | 'failed';
  message: string;
  parameter: SoarParameter;
  context: Record<string, unknown>;
}

export interface SoarOutput {
  identifier: string;
  result_data: SoarActionResult[];
  result_summary: { total_objects: number; total_objects_successful: number };
  status: 'success' | 'failed';
  message: string;
  /** The platform's own spelling. */
  exception_occured: boolean;
  action_cancelled: boolean;
}

type Told = Pick<SoarActionResult, 'status' | 'message'> & Partial<SoarActionResult>;

export function result({ identifier, path, slots }: SoarAsked, done: Done): SoarOutput {
  const outcomes = done.do === 'send' ? [...done.outcomes] : [];
  const test = identifier === 'test_connectivity';
  const results = slots.map((slot) => {
    const told = slot.refusal === null ? toldOf(done, outcomes.shift(), path) : failure(slot.refusal);
    return actionResult(slot, test ? withoutData(told) : told);
  });
  return run(identifier, results);
}

/** The page of the connector gives the test of connectivity no output. */
function withoutData({ status, message }: Told): Told {
  return { status, message: status === 'success' ? fill('testPassed') : message };
}

/** When the connector refuses to start there is no result of an action, only the run's. */
export function refusedOutput(identifier: string, message: string): SoarOutput {
  return { ...run(identifier, []), status: 'failed', message };
}

function run(identifier: string, results: SoarActionResult[]): SoarOutput {
  const successful = results.filter(({ status }) => status === 'success').length;
  const counted = [
    [successful, 'succeeded'],
    [results.length - successful, 'failed'],
  ] as const;
  return {
    identifier,
    result_data: results,
    result_summary: { total_objects: results.length, total_objects_successful: successful },
    status: successful === results.length ? 'success' : 'failed',
    message: counted
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${count} ${count === 1 ? 'action' : 'actions'} ${what}`)
      .join(', '),
    exception_occured: false,
    action_cancelled: false,
  };
}

function actionResult({ parameter, context, warning }: SoarSlot, told: Told): SoarActionResult {
  return {
    data: told.data ?? [],
    extra_data: warning === null ? [] : [{ warning }],
    summary: told.summary ?? {},
    status: told.status,
    message: told.message,
    parameter,
    context,
  };
}

function toldOf(done: Done, outcome: Outcome | undefined, path: string): Told {
  if (done.do === 'check') return checked(done, path);
  if (outcome === undefined) return failure(fill('notConnected', { details: 'the run ended before it was sent' }));
  switch (outcome.verdict) {
    case 'taken':
    case 'accepted':
      return delivered(outcome);
    case 'undelivered':
      return undelivered(outcome);
    case 'refused':
      return failure(reasonOf(outcome.error, path));
    case 'unsure':
      return failure(`${reasonOf(outcome.error, path)} ${maybeSent(outcome)}`.trim());
  }
}

function checked({ report, error }: Extract<Done, { do: 'check' }>, path: string): Told {
  if (report === null) return failure(reasonOf(error, path));
  const fault = report.checks.find(({ ok }) => !ok);
  if (fault === undefined) return { status: 'success', message: fill('testPassed') };
  return failure(fault.error === null ? `${fault.message} ${fault.remedy ?? ''}`.trim() : reasonOf(fault.error, path));
}

/** No final status yet is success with the last one; only a gateway has what Twilio does not have: `accepted`. */
function delivered(outcome: Outcome): Told {
  const status = outcome.status ?? 'accepted';
  return {
    status: 'success',
    message: fill('deliveryStatus', { status }),
    summary: { message_delivery_status: status },
    data: [resourceOf(outcome, status)],
  };
}

/** Told as 2.0.6 does, but the message is kept: what Twilio charged for has a SID to look up. */
function undelivered(outcome: Outcome): Told {
  const resource = resourceOf(outcome, outcome.status ?? 'failed');
  const status = String(resource.status);
  return {
    status: 'failed',
    message: failedDelivery(resource),
    summary: { message_delivery_status: status },
    data: [resource],
  };
}

function failedDelivery({ status, error_code: code, error_message: message }: Record<string, unknown>): string {
  return [
    fill('deliveryFailed', { status: String(status) }),
    code === null || code === undefined ? '' : fill('deliveryFailedCode', { code: String(code) }),
    typeof message === 'string' && message !== '' ? fill('deliveryFailedMessage', { message }) : '',
  ].join('');
}

function failure(message: string): Told {
  return { status: 'failed', message };
}

/** Of the request that it is about, `path` is where it went to at Twilio. */
function reasonOf(error: ErrorReport | null, path: string): string {
  if (error === null) return '';
  const { code, message, remedy, twilioCode, moreInfo, httpStatus, stage } = error;
  if (stage === 'unknown') return message;
  if (code === 'TOLLBOARD_DELIVERY_NOT_CONNECTED') return fill('notConnected', { details: message });
  const sentence = error.twilioMessage ?? GATEWAY_REFUSALS[code]?.(path);
  if (httpStatus === null || sentence === undefined) return `${message} ${remedy}`;
  // As Twilio writes it, its blanks included.
  const members = Object.entries({ code: twilioCode, message: sentence, more_info: moreInfo, status: httpStatus });
  const written = members.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return fill('errorFromServer', { status: httpStatus, body: `{${written.join(', ')}}` });
}

/** A gateway that does not have the account answers as Twilio does, here as at its facade. */
const GATEWAY_REFUSALS: Readonly<Record<string, (path: string) => string>> = {
  TOLLBOARD_ACCOUNT_UNKNOWN: (path) => `The requested resource ${path} was not found`,
  TOLLBOARD_ACCOUNT_CREDENTIALS: () => 'Authenticate',
};

function maybeSent({ id, to, at }: Outcome): string {
  return id === null ? fill('maybeSent', { to, at: new Date(at).toISOString() }) : fill('maybeSentAs', { id, to });
}

/** Twilio's own JSON, or its members as far as they are known where Twilio has not told it yet. */
function resourceOf({ resource, entry, id, sid, to, at, error }: Outcome, status: string): Record<string, unknown> {
  if (resource !== null) return { ...resource };
  const account = entry?.account ?? '';
  const name = sid ?? id ?? '';
  const uri = `/2010-04-01/Accounts/${account}/Messages/${name}`;
  const date = new Date(at).toUTCString().replace('GMT', '+0000');
  return {
    body: entry?.body ?? null,
    num_segments: String(entry?.segments ?? 1),
    direction: 'outbound-api',
    from: entry?.from ?? null,
    to,
    date_updated: date,
    price: null,
    error_message: error?.twilioMessage ?? error?.message ?? null,
    uri: `${uri}.json`,
    account_sid: account,
    num_media: '0',
    status,
    messaging_service_sid: null,
    sid: name,
    date_sent: null,
    date_created: date,
    error_code: error?.twilioCode ?? null,
    price_unit: null,
    api_version: '2010-04-01',
    subresource_uris: { media: `${uri}/Media.json` },
  };
}
