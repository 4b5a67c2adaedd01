/** The error catalogue: every code Tollboard can answer with, its kind, its sentence and its remedy. */

/**
 * Generic kinds. One table maps each to HTTP and back, so that the client of our own server rebuilds the same error.
 * `exit` is the command line's exit code when such an error ends a command.
 */
export const ERROR_KINDS = {
  invalid: { httpStatus: 422, exit: 2 },
  unauthorized: { httpStatus: 401, exit: 2 },
  forbidden: { httpStatus: 403, exit: 2 },
  not_found: { httpStatus: 404, exit: 2 },
  conflict: { httpStatus: 409, exit: 2 },
  rate_limited: { httpStatus: 429, exit: 1 },
  unavailable: { httpStatus: 503, exit: 1 },
  timeout: { httpStatus: 504, exit: 1 },
  internal: { httpStatus: 500, exit: 1 },
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

/**
 * Where a send failed. `before_send`: nothing left this machine, safe to repeat. `unknown`: the request left and no
 * answer that proves anything came back. `after_send`: Twilio took it, only bookkeeping failed; never send again.
 */
export type Stage = 'before_send' | 'unknown' | 'after_send';

interface CatalogueRow {
  readonly kind: ErrorKind;
  /** Sentence with `{placeholders}` filled from the details: what failed, where, the value, what was expected. */
  readonly message: string;
  /** The next action, one imperative sentence; may hold `{placeholders}`. */
  readonly remedy: string;
  /** Twilio's own code for the same fault: what the facade and the simulator answer. */
  readonly twilioCode?: number;
}

/** Every code, sorted by area. `docs/reference/errors.md` is generated from this table. */
export const ERRORS = {
  TOLLBOARD_CLI_INPUT_INVALID: {
    kind: 'invalid',
    message: '{where}: {fault}.',
    remedy: 'Mend that line and run the command again; nothing was sent.',
  },
  TOLLBOARD_CLI_INTERRUPTED: {
    kind: 'unavailable',
    message: 'The command was interrupted before {to} was handed over; nothing was sent to it.',
    remedy: 'Run the command again with the same --idempotency-key and input: what was handed over is not sent again.',
  },
  TOLLBOARD_CLI_NO_DESTINATION: {
    kind: 'invalid',
    message: 'There is no gateway at {dataDir} and no Twilio account in the environment or the configuration.',
    remedy:
      'Start a gateway with "npx tollboard start", name one with --url and --token, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.',
  },
  TOLLBOARD_CLI_NEEDS_GATEWAY: {
    kind: 'invalid',
    message: '{what} needs a gateway: straight to Twilio nothing is stored.',
    remedy: 'Start one with "npx tollboard start", or name one with --url and --token.',
  },
  TOLLBOARD_CLI_USAGE: {
    kind: 'invalid',
    message: '{fault}.',
    remedy: 'See "tollboard {command}--help".',
  },
  TOLLBOARD_CONFIG_ACCOUNT_MISSING: {
    kind: 'invalid',
    message: 'The simulator is switched off (never) and no Twilio account is configured.',
    remedy: 'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or allow the simulator with --simulator auto.',
  },
  TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE: {
    kind: 'invalid',
    message: '{where}: the credentials are incomplete: {given} without {missing}.',
    remedy:
      'Give an account SID with its auth token, or with an API key and its secret; or give none at all for the simulator.',
  },
  TOLLBOARD_CONFIG_FILE_UNREADABLE: {
    kind: 'invalid',
    message: '{where}: the file {file} cannot be read ({fault}).',
    remedy: 'Check the path and the permissions of {file}.',
  },
  TOLLBOARD_CONFIG_KEY_LATER: {
    kind: 'invalid',
    message: '{where}: this version does not have "{key}" yet.',
    remedy: 'Remove the key, or run a version of Tollboard that has it.',
  },
  TOLLBOARD_CONFIG_KEY_UNKNOWN: {
    kind: 'invalid',
    message: '{where}: "{key}" is not a setting{under}.',
    remedy: 'Write "{nearest}" if that was meant; docs/reference/configuration.md lists every setting.',
  },
  TOLLBOARD_CONFIG_SYNTAX: {
    kind: 'invalid',
    message: '{where}: this is not valid YAML: {fault}.',
    remedy: 'Mend the file at that place.',
  },
  TOLLBOARD_CONFIG_TAG_UNRESOLVED: {
    kind: 'invalid',
    message: '{where}: {tag} {name} names nothing: {fault}.',
    remedy: 'Correct the name, or define what it names.',
  },
  TOLLBOARD_CONFIG_VALUE_INVALID: {
    kind: 'invalid',
    message: '{where}: {key} is {value}; expected {expected}.',
    remedy: 'Change the value of {key}.',
  },
  TOLLBOARD_INTERNAL: {
    kind: 'internal',
    message: 'Something failed inside Tollboard.',
    remedy: 'Look for the request id in the log and report it with the lines around it.',
  },
} as const satisfies Record<string, CatalogueRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An error as entries, API answers and command output show it: plain data, no stack, no secret. */
export interface ErrorReport {
  code: string;
  kind: ErrorKind;
  message: string;
  remedy: string;
  /** Present on failures of a send. */
  stage: Stage | null;
  twilioCode: number | null;
  httpStatus: number | null;
  /** Twilio's request id (`Twilio-Request-Id`) where it gave one. */
  requestId: string | null;
  moreInfo: string | null;
}

export interface TollboardErrorOptions {
  cause?: unknown;
  /** Facts that fill the placeholders and go to `details`; never a secret. */
  details?: Record<string, unknown>;
  stage?: Stage;
  twilioCode?: number;
  httpStatus?: number;
  requestId?: string;
  moreInfo?: string;
  /** Replaces the catalogue's sentence: only for texts that came from Twilio or from a person. */
  message?: string;
  remedy?: string;
}

const BRAND: unique symbol = Symbol.for('tollboard.error') as never;

/** The one error class. Its `code` is a key of {@link ERRORS}; everything else follows from that row and the details. */
export class TollboardError extends Error {
  readonly [BRAND] = true;
  override readonly name = 'TollboardError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: Record<string, unknown>;
  readonly report: ErrorReport;

  constructor(code: ErrorCode, options: TollboardErrorOptions = {}) {
    const row: CatalogueRow = ERRORS[code];
    const details = options.details ?? {};
    super(options.message ?? fill(row.message, details), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.kind = row.kind;
    this.remedy = options.remedy ?? fill(row.remedy, details);
    this.details = details;
    const twilioCode = options.twilioCode ?? row.twilioCode ?? null;
    this.report = {
      code,
      kind: row.kind,
      message: this.message,
      remedy: this.remedy,
      stage: options.stage ?? null,
      twilioCode,
      httpStatus: options.httpStatus ?? null,
      requestId: options.requestId ?? null,
      moreInfo: options.moreInfo ?? (twilioCode === null ? null : `https://www.twilio.com/docs/errors/${twilioCode}`),
    };
  }
}

/** True for errors of this family, also across two copies of the package. */
export function isTollboardError(value: unknown): value is TollboardError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** Shorthand for a report without throwing: entries carry reports, not exceptions. */
export function errorReport(code: ErrorCode, options: TollboardErrorOptions = {}): ErrorReport {
  return new TollboardError(code, options).report;
}

function fill(template: string, details: Record<string, unknown>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (name in details ? String(details[name]) : whole));
}
