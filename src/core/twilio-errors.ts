/** Twilio's error codes as a table, and the report that a code becomes. */

import type { ErrorCode, ErrorReport, Stage } from './errors.ts';
import rows from './data/twilio-errors.json' with { type: 'json' };
import { ERRORS, errorReport } from './errors.ts';

export type TwilioErrorCategory =
  | 'account'
  | 'auth'
  | 'carrier'
  | 'channel'
  | 'compliance'
  | 'expiry'
  | 'geo'
  | 'inbound'
  | 'lookup'
  | 'media'
  | 'platform'
  | 'rate-limit'
  | 'recipient'
  | 'request'
  | 'schedule'
  | 'sender'
  | 'state'
  | 'transport'
  | 'trial'
  | 'twiml'
  | 'webhook';

/** One code of Twilio's error dictionary. Causes and remedies are in our own words. */
export interface TwilioErrorRow {
  readonly code: number;
  /** Absent where the code never comes as an answer to a request. */
  readonly httpStatus?: number;
  /** Twilio's own title of the error. */
  readonly message: string;
  readonly category: TwilioErrorCategory;
  /** Repeating later can help. It never says that repeating is safe: see the stage of the failure. */
  readonly retryable: boolean;
  /** Where it shows: the answer to a request, the final status of a message or call, or Twilio's debugger. */
  readonly surface: 'rest' | 'message' | 'debugger' | 'call';
  readonly cause: string;
  readonly remedy: string;
  /** How well the HTTP status is known. */
  readonly httpConfidence?: 'seen' | 'documented' | 'assumed';
}

/** All codes, ascending. */
export const TWILIO_ERRORS = rows as readonly TwilioErrorRow[];

const BY_CODE = new Map(TWILIO_ERRORS.map((row) => [row.code, row]));

export function twilioError(code: number): TwilioErrorRow | undefined {
  return BY_CODE.get(code);
}

/** What is known of a failure beside its code. */
export interface TwilioFailureFacts {
  stage?: Stage;
  httpStatus?: number;
  requestId?: string | null;
  moreInfo?: string | null;
}

/**
 * Twilio's error as a report: code and kind by category, Twilio's sentence with its code, the remedy of the table. A
 * code that the table lacks counts as permanent, and the remedy says to look it up (Twilio docs: meanings shift, new
 * codes appear every month). Without a code the HTTP status decides.
 */
export function twilioErrorReport(
  code: number | null,
  message: string | null,
  facts: TwilioFailureFacts = {},
): ErrorReport {
  const row = code === null ? undefined : twilioError(code);
  const errorCode = row === undefined ? codeByStatus(code, facts.httpStatus) : codeByRow(row);
  const theirs = message?.trim() || row?.message || '';
  const ours = ERRORS[errorCode].message;
  // One word, such as `Authenticate` for a wrong token, says nothing to a person.
  const sentence = /\s/.test(theirs) ? theirs : theirs === '' ? ours : `${withoutStop(ours)}: ${theirs}`;
  const report = errorReport(errorCode, {
    message: code === null ? sentence : `${withoutStop(sentence)} (Twilio ${code}).`,
    ...(row === undefined ? {} : { remedy: row.remedy }),
    ...(code === null ? {} : { twilioCode: code }),
    ...(message === null ? {} : { twilioMessage: message }),
    ...(facts.stage === undefined ? {} : { stage: facts.stage }),
    ...(facts.httpStatus === undefined ? {} : { httpStatus: facts.httpStatus }),
  });
  return { ...report, requestId: facts.requestId ?? null, moreInfo: facts.moreInfo ?? report.moreInfo };
}

const BY_CATEGORY: Record<TwilioErrorCategory, ErrorCode> = {
  account: 'TOLLBOARD_TWILIO_ACCOUNT',
  auth: 'TOLLBOARD_TWILIO_AUTH',
  carrier: 'TOLLBOARD_TWILIO_CARRIER',
  channel: 'TOLLBOARD_TWILIO_CHANNEL',
  compliance: 'TOLLBOARD_TWILIO_COMPLIANCE',
  expiry: 'TOLLBOARD_TWILIO_EXPIRY',
  geo: 'TOLLBOARD_TWILIO_GEO',
  inbound: 'TOLLBOARD_TWILIO_INBOUND',
  lookup: 'TOLLBOARD_TWILIO_LOOKUP',
  media: 'TOLLBOARD_TWILIO_MEDIA',
  platform: 'TOLLBOARD_TWILIO_PLATFORM',
  'rate-limit': 'TOLLBOARD_TWILIO_RATE_LIMIT',
  recipient: 'TOLLBOARD_TWILIO_RECIPIENT',
  request: 'TOLLBOARD_TWILIO_REQUEST',
  schedule: 'TOLLBOARD_TWILIO_SCHEDULE',
  sender: 'TOLLBOARD_TWILIO_SENDER',
  state: 'TOLLBOARD_TWILIO_STATE',
  transport: 'TOLLBOARD_TWILIO_TRANSPORT',
  trial: 'TOLLBOARD_TWILIO_TRIAL',
  twiml: 'TOLLBOARD_TWILIO_TWIML',
  webhook: 'TOLLBOARD_TWILIO_WEBHOOK',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'TOLLBOARD_TWILIO_AUTH',
  403: 'TOLLBOARD_TWILIO_ACCOUNT',
  404: 'TOLLBOARD_TWILIO_NOT_FOUND',
  409: 'TOLLBOARD_TWILIO_STATE',
  429: 'TOLLBOARD_TWILIO_RATE_LIMIT',
};

function codeByRow(row: TwilioErrorRow): ErrorCode {
  return row.category === 'request' && row.httpStatus === 404
    ? 'TOLLBOARD_TWILIO_NOT_FOUND'
    : BY_CATEGORY[row.category];
}

function codeByStatus(code: number | null, httpStatus: number | undefined): ErrorCode {
  if (code !== null || httpStatus === undefined) return 'TOLLBOARD_TWILIO_UNKNOWN';
  if (httpStatus >= 500) return 'TOLLBOARD_TWILIO_PLATFORM';
  return BY_STATUS[httpStatus] ?? 'TOLLBOARD_TWILIO_UNKNOWN';
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.\s*$/, '');
}
