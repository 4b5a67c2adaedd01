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
  conflict: { httpStatus: 409, exit: 1 },
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
  TOLLBOARD_ACCOUNT_CREDENTIALS: {
    kind: 'unauthorized',
    message: 'The credentials given for account {account} are not those of the configuration.',
    remedy: 'Give the auth token or the API key that tollboard.yaml has for this account.',
    twilioCode: 20003,
  },
  TOLLBOARD_ACCOUNT_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no account {account} in the configuration; configured are: {known}.',
    remedy: 'Name a configured account, or add this one under accounts: in tollboard.yaml.',
    twilioCode: 20404,
  },
  TOLLBOARD_AUTOMATION_BUSY: {
    kind: 'conflict',
    message: 'The automation {id} has {running} under way, as many as its mode {mode} lets in, so none was begun.',
    remedy: 'Wait until one has ended (tollboard automations list), or give it another mode or a higher max.',
  },
  TOLLBOARD_AUTOMATION_INVALID: {
    kind: 'invalid',
    message: '{where}: {path} {fault}; expected {expected}.',
    remedy: 'Correct it there; tollboard automations check reads the file without running anything.',
  },
  TOLLBOARD_AUTOMATION_RUN_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no run {run} of this automation, or no longer: the newest 20 are kept, as long as events are.',
    remedy: 'Choose one that is kept: tollboard automations trace ID --list.',
  },
  TOLLBOARD_AUTOMATION_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no automation {id}; there are: {known}.',
    remedy: 'Name one by its id: tollboard automations list.',
  },
  TOLLBOARD_DATA_IN_USE: {
    kind: 'conflict',
    message: 'The data directory {dir} is in use by another gateway ({owner}).',
    remedy: 'Stop that gateway, or start this one with another --data directory.',
  },
  TOLLBOARD_DATA_UNUSABLE: {
    kind: 'invalid',
    message: 'The data directory {dir} cannot be used: {reason}.',
    remedy: 'Give it to this user, or name another one with --data or data: in tollboard.yaml.',
  },
  TOLLBOARD_REQUEST_ABORTED: {
    kind: 'timeout',
    message: 'The caller ended the send while this request was under way, so it may have been taken.',
    remedy: 'Repeat the whole send under its idempotency key, or look whether it was sent, before you send it again.',
  },
  TOLLBOARD_REQUEST_NO_RECIPIENT: {
    kind: 'invalid',
    message: 'The request names no recipient: `to` is an empty list.',
    remedy: 'Give at least one recipient, e.g. +15551230001.',
    twilioCode: 21604,
  },
  TOLLBOARD_REQUEST_TOO_MANY_RECIPIENTS: {
    kind: 'invalid',
    message: 'The request names {count} recipients; at most {max} fit one request.',
    remedy: 'Split the recipients over several requests, each with its own Idempotency-Key.',
  },
  TOLLBOARD_SENDER_AMBIGUOUS: {
    kind: 'invalid',
    message: 'No sender: the request names none, no default is set, and the account owns several numbers: {numbers}.',
    remedy: 'Give --from with one of them, or set sender: in tollboard.yaml or TWILIO_FROM.',
    twilioCode: 21603,
  },
  TOLLBOARD_SENDER_MISSING: {
    kind: 'invalid',
    message: 'No sender: the request has neither `from` nor `messagingServiceSid`, and no default sender is set.',
    remedy: 'Give --from, or set sender: in tollboard.yaml or TWILIO_FROM.',
    twilioCode: 21603,
  },
  TOLLBOARD_TOKEN_NAME_INVALID: {
    kind: 'invalid',
    message: 'The token name "{name}" is not usable; expected 1 to 64 letters, digits, blanks or . _ @ -.',
    remedy: 'Choose a name such as "ansible-prod".',
  },
  TOLLBOARD_CALL_FROM_INVALID: {
    kind: 'invalid',
    message:
      'From of the call is {value}; expected an E.164 number such as +15551112222, or `client:` or `sip:` with a name.',
    remedy: 'Give a number that the account owns or verified, with + and country code.',
    twilioCode: 21212,
  },
  TOLLBOARD_CALL_FROM_MISSING: {
    kind: 'invalid',
    message: 'The call has no From.',
    remedy: 'Give `from`: a number of the account or a verified caller ID.',
    twilioCode: 21213,
  },
  TOLLBOARD_CALL_INSTRUCTIONS_MISSING: {
    kind: 'invalid',
    message: 'The call has nothing to do: url, twiml, applicationSid and say are absent.',
    remedy: 'Give one of `url`, `twiml`, `applicationSid` or `say`.',
    twilioCode: 21205,
  },
  TOLLBOARD_CALL_SAY_BESIDE: {
    kind: 'invalid',
    message: 'The call has say and {name}; only one of them can be heard.',
    remedy: 'Leave out `say` or `{name}`.',
  },
  TOLLBOARD_CALL_SAY_INVALID: {
    kind: 'invalid',
    message: 'The say of the call is not usable: {value}; expected {expected}.',
    remedy: 'Give `say` as {text, voice, language} with a text of 1 to 4096 characters.',
  },
  TOLLBOARD_CALL_SEND_DIGITS_INVALID: {
    kind: 'invalid',
    message: 'sendDigits is {value}; expected at most 32 of 0-9, A-D, #, *, w and W.',
    remedy: 'Write only keys of a telephone, w for half a second and W for a second of pause.',
    twilioCode: 21206,
  },
  TOLLBOARD_CALL_STATUS_EVENT_INVALID: {
    kind: 'invalid',
    message: 'statusCallbackEvent holds {value}; expected initiated, ringing, answered or completed.',
    remedy: 'Use the names of the four events, one per item.',
    twilioCode: 21626,
  },
  TOLLBOARD_CALL_TO_INVALID: {
    kind: 'invalid',
    message:
      'To of the call is {value}; expected an E.164 number such as +15551112222, or a `client:` or `sip:` address.',
    remedy: '{remedy}',
    twilioCode: 21217,
  },
  TOLLBOARD_CALL_TO_MISSING: {
    kind: 'invalid',
    message: 'The call has no To.',
    remedy: 'Give `to`: a number with + and country code, or a `client:` or `sip:` address.',
    twilioCode: 21201,
  },
  TOLLBOARD_CALL_TWIML_TOO_LONG: {
    kind: 'invalid',
    message: 'twiml has {length} characters; at most 4000 are allowed.',
    remedy: 'Shorten it, or serve it from a `url`.',
    twilioCode: 32018,
  },
  TOLLBOARD_CLI_GATEWAY_FILE_REFUSED: {
    kind: 'invalid',
    message: '{file} names a gateway, but {fault}, so it is not believed.',
    remedy: 'Remove the file if it is not yours; else start the gateway again, or name it with --url and --token.',
  },
  TOLLBOARD_CLI_INPUT_INVALID: {
    kind: 'invalid',
    message: '{where}: {fault}.',
    remedy: 'Mend that line and run the command again; nothing was sent.',
  },
  TOLLBOARD_CLI_INTERRUPTED: {
    kind: 'unavailable',
    message: 'The command was interrupted before {to} was handed over; nothing was sent to it.',
    remedy: '{again}',
  },
  TOLLBOARD_CLI_NO_ACCOUNT: {
    kind: 'invalid',
    message: 'Straight to Twilio needs a Twilio account, and there is none in the environment or the configuration.',
    remedy: 'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or leave out --direct to go through a gateway.',
  },
  TOLLBOARD_CLI_NO_DESTINATION: {
    kind: 'invalid',
    message: 'There is no gateway at {dataDir} and no Twilio account in the environment or the configuration.',
    remedy:
      'Start a gateway with "npx tollboard start", name one with --url and --token, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.',
  },
  TOLLBOARD_CLI_OUTPUT_FAILED: {
    kind: 'unavailable',
    message: 'Standard output cannot be written ({reason}).',
    remedy:
      'Make room for it. What was sent stays sent: ask for it ("tollboard events", "tollboard status <id>"), do not send it again.',
  },
  TOLLBOARD_CLI_SIMULATOR_REFUSED: {
    kind: 'invalid',
    message: 'The simulator at {url} refused the request with HTTP {status}.',
    remedy: 'Check that the address is that of a Tollboard simulator of this version.',
  },
  TOLLBOARD_CLI_SIMULATOR_UNREACHABLE: {
    kind: 'unavailable',
    message: 'There is no simulator at {url}.',
    remedy: 'Start one with "tollboard simulator" or "tollboard start", or name it with --simulator-url.',
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
  TOLLBOARD_CONFIG_DEFAULT_CREDENTIALS: {
    kind: 'forbidden',
    message: 'Listening on {host} would open the simulator with its well-known credentials to other machines.',
    remedy: 'Listen on 127.0.0.1, or declare accounts with tokens of your own (--accounts FILE with defaults: false).',
  },
  TOLLBOARD_CONFIG_FILE_UNREADABLE: {
    kind: 'invalid',
    message: '{where}: the file {file} cannot be read ({fault}).',
    remedy: 'Check the path and the permissions of {file}.',
  },
  TOLLBOARD_CONFIG_KEY_UNKNOWN: {
    kind: 'invalid',
    message: '{where}: "{key}" is not a setting{under}.',
    remedy: 'Write "{nearest}" if that was meant; docs/reference/configuration.md lists every setting.',
  },
  TOLLBOARD_CONFIG_REAL_DATA: {
    kind: 'invalid',
    message:
      'The data directory {dir} belongs to the account {account} at Twilio and no account is configured; the simulator does not start over real data by itself.',
    remedy: 'Set the credentials of that account, or name another data directory with --data for the simulator.',
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
  TOLLBOARD_DIRECT_ANSWER_LOST: {
    kind: 'timeout',
    message: 'The request left and its answer was lost; {search}. {reason}',
    remedy:
      "Do not send it again before you have looked at Twilio's own log; a gateway resolves lost answers by itself.",
  },
  TOLLBOARD_DIRECT_NEEDS_GATEWAY: {
    kind: 'invalid',
    message: '{what} needs a gateway: straight to Twilio nothing is stored.',
    remedy: 'Start one with "npx tollboard start", or name one with --url and --token.',
  },
  TOLLBOARD_DELIVERY_ACCOUNT_UNKNOWN: {
    kind: 'not_found',
    message: 'The account of this entry is not configured here, so it was not sent.',
    remedy: 'Add the account to the configuration and restart, then choose `resend` or `drop` for the entry.',
  },
  TOLLBOARD_DELIVERY_AMBIGUOUS: {
    kind: 'conflict',
    message: 'Twilio lists messages that could be this one, and nothing tells them apart.',
    remedy: "Compare with Twilio's log, then choose `sent`, `resend` or `drop` for the entry.",
  },
  TOLLBOARD_DELIVERY_EXPIRED: {
    kind: 'timeout',
    message: 'Its validity period passed before Twilio took it; nothing was sent.',
    remedy: 'Send it again if it still matters, with a longer validityPeriod.',
  },
  TOLLBOARD_DELIVERY_HELD_ABSENT: {
    kind: 'conflict',
    message: 'The answer was lost and Twilio lists no such message; it is held, as on_unknown says hold.',
    remedy: 'Choose `sent`, `resend` or `drop` for the entry.',
  },
  TOLLBOARD_DELIVERY_INTERRUPTED: {
    kind: 'unavailable',
    message: 'The gateway stopped while the request was under way, so it may have reached Twilio.',
    remedy: 'Wait: it is looked for at Twilio before anything is repeated.',
  },
  TOLLBOARD_DELIVERY_RESTORED: {
    kind: 'unavailable',
    message: 'It waited to be sent when this database was copied, and may have been sent since.',
    remedy: 'Wait: it is looked for at Twilio before anything is sent.',
  },
  TOLLBOARD_DELIVERY_LOST_ANSWER: {
    kind: 'timeout',
    message: 'The request left and no answer that proves anything came back.',
    remedy: 'Do not send it again: it is looked for at Twilio first; follow the entry by its id.',
  },
  TOLLBOARD_DELIVERY_NOT_CONNECTED: {
    kind: 'unavailable',
    message: 'No connection to Twilio could be made; nothing left this machine.',
    remedy:
      'Check the network, the proxy and base_url. What is queued is tried again by itself; what was rejected may be sent again.',
  },
  TOLLBOARD_DELIVERY_RATE_LIMITED: {
    kind: 'rate_limited',
    message: 'Twilio refused for now: too many requests, or the queue of this sender is full. It was not processed.',
    remedy: 'Nothing to do: it is tried again more slowly; set `senders` to a lower per_second if it stays so.',
  },
  TOLLBOARD_ENTRY_NOT_FOUND: {
    kind: 'not_found',
    message: 'No entry has the id or SID {id}.',
    remedy: 'Check the id; entries are kept for `retention.messages`.',
  },
  TOLLBOARD_ENTRY_SID_INVALID: {
    kind: 'invalid',
    message: 'The SID {sid} cannot be this entry: {reason}.',
    remedy: "Copy the SID from Twilio's log, or leave it out.",
  },
  TOLLBOARD_ENTRY_STATE: {
    kind: 'conflict',
    message: 'Entry {id} is {state}, which does not allow this.',
    remedy: 'Look at the entry first: `tollboard status {id} --explain`.',
  },
  TOLLBOARD_EVENT_NOT_CONSUMED: {
    kind: 'conflict',
    message: '{wanted} takes events here, so the event was handed to nobody; those that do: {known}.',
    remedy: 'Name one that takes events, or configure it first.',
  },
  TOLLBOARD_EVENT_NOT_FOUND: {
    kind: 'not_found',
    message: 'No event has the id {id}.',
    remedy: 'Check the id with "tollboard events"; events are kept for `retention.events`.',
  },
  TOLLBOARD_EVENTS_NEED_GATEWAY: {
    kind: 'invalid',
    message: 'Events can be listened to only where the gateway runs in this process.',
    remedy: "Read the gateway's live stream at /api/v1/stream, or start the gateway in this process.",
  },
  TOLLBOARD_GATEWAY_ANSWER_LOST: {
    kind: 'timeout',
    message: 'The gateway at {url} took the request and gave no answer ({reason}); it may have been accepted.',
    remedy: 'Repeat the same request with the same Idempotency-Key ({idempotencyKey}): nothing is then sent twice.',
  },
  TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED: {
    kind: 'internal',
    message: '{url} answered {status} with something that is no answer of a Tollboard gateway.',
    remedy: 'Check that the URL is that of a gateway of this version, with nothing in between that rewrites answers.',
  },
  TOLLBOARD_GATEWAY_UNREACHABLE: {
    kind: 'unavailable',
    message: 'The gateway at {url} cannot be reached ({reason}).',
    remedy:
      'Start it with "npx tollboard start", or correct the URL; it has nothing of this request, so repeating it is safe.',
  },
  TOLLBOARD_HOST_INPUT_INVALID: {
    kind: 'invalid',
    message: 'The input of host {host} has a fault: {field} is {value}; expected {expected}.',
    remedy: 'Correct {field}; tollboard host {host} --describe lists every field.',
  },
  TOLLBOARD_HOST_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no host {host}; there are {known}.',
    remedy: 'Name one of them.',
  },
  TOLLBOARD_HTTP_BODY_INVALID: {
    kind: 'invalid',
    message: '{where} of the body is {value}; expected {expected}.',
    remedy: 'See docs/reference/api.md, which shows the body of every request.',
  },
  TOLLBOARD_HTTP_BODY_MALFORMED: {
    kind: 'invalid',
    message: 'The body is not valid {form}.',
    remedy: 'Send {form} in UTF-8.',
  },
  TOLLBOARD_HTTP_BODY_TOO_LARGE: {
    kind: 'invalid',
    message: 'The body is over the limit of {limit} bytes.',
    remedy: 'Split the request into smaller ones.',
  },
  TOLLBOARD_HTTP_CONTENT_TYPE: {
    kind: 'invalid',
    message: 'The content type is {value}; this route takes {expected}.',
    remedy: 'Send the header `Content-Type: {expected}`.',
  },
  TOLLBOARD_HTTP_HEADER_INVALID: {
    kind: 'invalid',
    message: 'The header {name} is not usable; expected {expected}.',
    remedy: 'Change or leave out the header {name}.',
  },
  TOLLBOARD_HTTP_HOST_REFUSED: {
    kind: 'forbidden',
    message: 'The Host of this request is none of this gateway.',
    remedy: 'Use a loopback name, or add the name under listen.hosts.',
  },
  TOLLBOARD_HTTP_LISTEN_FAILED: {
    kind: 'conflict',
    message: 'Cannot listen on {host}:{port}: {reason}.',
    remedy: 'Choose another port with --port (the simulator of start: --simulator-port), or stop the program there.',
  },
  TOLLBOARD_HTTP_METHOD_NOT_ALLOWED: {
    kind: 'invalid',
    message: '{path} does not take {method}; it takes {allowed}.',
    remedy: 'Use one of {allowed}.',
  },
  TOLLBOARD_HTTP_ORIGIN_REFUSED: {
    kind: 'forbidden',
    message: 'This request comes from a web page of another origin and would change something.',
    remedy: 'Call the gateway from a program, or from a page that it serves itself.',
  },
  TOLLBOARD_HTTP_QUERY_INVALID: {
    kind: 'invalid',
    message: 'The query parameter {name} is {value}; expected {expected}.',
    remedy: 'Change or leave out {name}.',
  },
  TOLLBOARD_HTTP_REQUEST_MALFORMED: {
    kind: 'invalid',
    message: 'This is not a request that can be read: {reason}.',
    remedy: 'Send a well-formed HTTP/1.1 request.',
  },
  TOLLBOARD_HTTP_ROUTE_UNKNOWN: {
    kind: 'not_found',
    message: 'There is nothing at {path}.',
    remedy: 'Look at /openapi.json for every route.',
  },
  TOLLBOARD_HTTP_TOKEN_INVALID: {
    kind: 'unauthorized',
    message: 'The request has no credentials that this gateway knows.',
    remedy:
      'Give --token, or send `Authorization: Bearer <token>`: the token of gateway.json in the data directory, or one of "tollboard config token create".',
  },
  TOLLBOARD_IDEMPOTENCY_MISMATCH: {
    kind: 'invalid',
    message: 'This idempotency key was used before with another request.',
    remedy: 'Use a new key for a new request, or repeat the old request unchanged.',
  },
  TOLLBOARD_INTERNAL: {
    kind: 'internal',
    message: 'Something failed inside Tollboard.',
    remedy: 'Look for the request id in the log and report it with the lines around it.',
  },
  TOLLBOARD_MESSAGE_BODY_TOO_LONG: {
    kind: 'invalid',
    message: 'body has {length} characters; at most 1600 are allowed (an emoji counts as two or more).',
    remedy: 'Shorten the text or send it in parts.',
    twilioCode: 21617,
  },
  TOLLBOARD_MESSAGE_CHANNEL_MISMATCH: {
    kind: 'invalid',
    message: 'To is {to} and From is {from}; both must be of the same channel.',
    remedy: 'Write the channel prefix, such as `whatsapp:`, on both sides or on neither.',
    twilioCode: 21910,
  },
  TOLLBOARD_MESSAGE_CONTENT_MISSING: {
    kind: 'invalid',
    message: 'The message has no content: body, mediaUrl and contentSid are absent or empty.',
    remedy: 'Give a `body`, a `mediaUrl` or a `contentSid`.',
    twilioCode: 21602,
  },
  TOLLBOARD_MESSAGE_CONTENT_SID_MISSING: {
    kind: 'invalid',
    message: 'contentVariables are given without a contentSid.',
    remedy: 'Give the `contentSid` of the template too, or leave the variables out.',
    twilioCode: 21654,
  },
  TOLLBOARD_MESSAGE_CONTENT_VARIABLES_INVALID: {
    kind: 'invalid',
    message: 'contentVariables are not a JSON object.',
    remedy: 'Give an object such as {"1": "Ann"}, or the same as JSON text.',
    twilioCode: 21656,
  },
  TOLLBOARD_MESSAGE_FROM_INVALID: {
    kind: 'invalid',
    message:
      'From is {value}; expected an E.164 number, a short code, 1 to 11 letters and digits, a channel address or a SID.',
    remedy: 'Give a sender that the account owns; a number needs + and its country code.',
    twilioCode: 21212,
  },
  TOLLBOARD_MESSAGE_MEDIA_TOO_MANY: {
    kind: 'invalid',
    message: 'mediaUrl has {length} items; at most 10 are allowed.',
    remedy: 'Send the rest in another message.',
    twilioCode: 21623,
  },
  TOLLBOARD_MESSAGE_MEDIA_URL_INVALID: {
    kind: 'invalid',
    message: 'mediaUrl holds {value}; expected an http or https URL.',
    remedy: 'Give the public http(s) address of each file.',
    twilioCode: 21620,
  },
  TOLLBOARD_MESSAGE_SCHEDULE_SERVICE_MISSING: {
    kind: 'invalid',
    message: 'A schedule at Twilio (sendAt) needs a messagingServiceSid, and there is none.',
    remedy:
      "Give a messagingServiceSid, or use the gateway's own schedule instead: `--at` on the command line, `notBefore` in the API.",
    twilioCode: 35118,
  },
  TOLLBOARD_MESSAGE_SCHEDULE_TYPE_MISSING: {
    kind: 'invalid',
    message: 'sendAt is given without scheduleType, so Twilio would send at once.',
    remedy: 'Add scheduleType `fixed`, or leave sendAt out.',
    twilioCode: 35126,
  },
  TOLLBOARD_MESSAGE_SENDER_MISSING: {
    kind: 'invalid',
    message: 'The message has no sender: from and messagingServiceSid are absent.',
    remedy: 'Give `from` or `messagingServiceSid`, or set a default sender (`sender:` or TWILIO_FROM).',
    twilioCode: 21603,
  },
  TOLLBOARD_MESSAGE_SEND_AT_MISSING: {
    kind: 'invalid',
    message: 'scheduleType is given without sendAt.',
    remedy: 'Add sendAt, a time in ISO 8601 between 15 minutes and 35 days ahead.',
    twilioCode: 35111,
  },
  TOLLBOARD_MESSAGE_SEND_AT_RANGE: {
    kind: 'invalid',
    message: 'sendAt is {value}, {distance}; Twilio takes 15 minutes to 35 days ahead.',
    remedy:
      "Choose another time, or use the gateway's own schedule, which has no such limits: `--at` on the command line, `notBefore` in the API.",
    twilioCode: 35114,
  },
  TOLLBOARD_MESSAGE_TO_EQUALS_FROM: {
    kind: 'invalid',
    message: 'To and From are the same number: {value}.',
    remedy: 'Send to another number.',
    twilioCode: 21266,
  },
  TOLLBOARD_MESSAGE_TO_INVALID: {
    kind: 'invalid',
    message:
      'To is {value}; expected an E.164 number such as +15551112222, or a channel address such as whatsapp:+15551112222.',
    remedy: '{remedy}',
    twilioCode: 21211,
  },
  TOLLBOARD_MESSAGE_TO_MISSING: {
    kind: 'invalid',
    message: 'The message has no To.',
    remedy: 'Give `to`: a number with + and country code, or a channel address.',
    twilioCode: 21604,
  },
  TOLLBOARD_MESSAGE_TO_SHORT_CODE: {
    kind: 'invalid',
    message: 'To is {value}, a short code; messages cannot be sent to one.',
    remedy: 'Give a number with + and country code.',
    twilioCode: 21265,
  },
  TOLLBOARD_NUMBER_CHANGED: {
    kind: 'conflict',
    message:
      'Messages of {number} go to {smsUrl} and calls to {voiceUrl} now, not to this gateway: somebody changed it since, so it was left as it is.',
    remedy: 'Connect it again and then restore it, or set what you want in the Twilio console.',
  },
  TOLLBOARD_NUMBER_NOT_CONNECTED: {
    kind: 'conflict',
    message: 'Nothing is remembered of {number}: this gateway never connected it, or has restored it already.',
    remedy: 'See where it points with "tollboard numbers list"; change that in the Twilio console.',
  },
  TOLLBOARD_NUMBER_UNKNOWN: {
    kind: 'not_found',
    message: 'The account {account} owns no number {number}; it owns: {owned}.',
    remedy: 'Name one of them with + and country code, or another account with --account.',
  },
  TOLLBOARD_PARAMETER_CALLBACK_URL: {
    kind: 'invalid',
    message: '{name} is {value}; expected an http(s) URL of at most 4000 characters whose host has no underscore.',
    remedy: 'Give a URL that Twilio can reach from outside.',
    twilioCode: 21609,
  },
  TOLLBOARD_PARAMETER_CHOICE: {
    kind: 'invalid',
    message: '{name} is {value}; expected one of {expected}.',
    remedy: '{remedy}',
    twilioCode: 20422,
  },
  TOLLBOARD_PARAMETER_LENGTH: {
    kind: 'invalid',
    message: '{name} has {length} {unit}; at most {max} are allowed.',
    remedy: 'Shorten {name}.',
    twilioCode: 20422,
  },
  TOLLBOARD_PARAMETER_RANGE: {
    kind: 'invalid',
    message: '{name} is {value}; expected {expected}.',
    remedy: 'Give {name} a value within its limits.',
    twilioCode: 20422,
  },
  TOLLBOARD_PARAMETER_TYPE: {
    kind: 'invalid',
    message: '{name} is {value}; expected {expected}.',
    remedy: 'Give {name} as {expected}.',
    twilioCode: 20422,
  },
  TOLLBOARD_PARAMETER_UNKNOWN: {
    kind: 'invalid',
    message: '{name} is not a parameter of a {kind}.',
    remedy: '{remedy}',
  },
  TOLLBOARD_POLICY_OPTED_OUT: {
    kind: 'forbidden',
    message: '{recipient} opted out of messages from {sender}; nothing was sent.',
    remedy: 'Wait until the recipient writes START to that sender; do not try other senders.',
    twilioCode: 21610,
  },
  TOLLBOARD_SIMULATOR_CONTROL_UNKNOWN: {
    kind: 'not_found',
    message: 'The simulator has no control {method} {path}.',
    remedy: 'Use one of {known} under /_simulator/.',
  },
  TOLLBOARD_SIMULATOR_EXPOSED: {
    kind: 'forbidden',
    message: 'The simulator will not listen on {host}: its usual accounts have a token that everyone knows.',
    remedy: 'Listen on 127.0.0.1, or declare accounts of your own in a file with `defaults: false`.',
  },
  TOLLBOARD_SIMULATOR_FILE: {
    kind: 'unavailable',
    message: 'The simulator cannot use its file {file}: {reason}.',
    remedy: 'Check the directory and the space on its disk, or move the file away to begin anew.',
  },
  TOLLBOARD_SIMULATOR_INPUT_INVALID: {
    kind: 'invalid',
    message: '{where} is {value}, expected {expected}.',
    remedy: 'Correct it and repeat; docs/reference/simulator.md shows every member.',
  },
  TOLLBOARD_SIMULATOR_NUMBER_UNKNOWN: {
    kind: 'not_found',
    message: "No simulated account owns the number '{number}'.",
    remedy: 'Use +15550000001 or +15550000002, or declare the number in the accounts file.',
  },
  TOLLBOARD_SERVICE_FAILED: {
    kind: 'unavailable',
    message: 'The service {service} failed. {reasons}',
    remedy: 'Look at what it was given: tollboard automations trace.',
  },
  TOLLBOARD_SERVICE_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no service {service}. {hint}',
    remedy: 'Correct the action; tollboard automations check reads the file without running anything.',
  },
  TOLLBOARD_SINK_ANSWER: {
    kind: 'unavailable',
    message: 'The receiver of the sink {sink} answered {status}: {meaning}.',
    remedy: 'Look at the log of the receiver.',
  },
  TOLLBOARD_SINK_COMMAND: {
    kind: 'unavailable',
    message: 'The program {program} of the sink {sink} {ending}.',
    remedy: 'Run it by hand with the line of JSON that it gets: tollboard events --json prints such lines.',
  },
  TOLLBOARD_SINK_REPLAY_TOO_LARGE: {
    kind: 'invalid',
    message: 'More than {limit} events of that time are for the sink {sink}, so none was handed on again.',
    remedy: 'Choose less of it: from (--since) and up to (--until).',
  },
  TOLLBOARD_SINK_UNKNOWN: {
    kind: 'not_found',
    message: 'There is no sink {sink}; there are: {known}.',
    remedy: 'Name one of them, or configure it under sinks: in tollboard.yaml and start the gateway again.',
  },
  TOLLBOARD_STORE_BACKUP_EXISTS: {
    kind: 'conflict',
    message: 'There is a file {file} already, so no backup was written.',
    remedy: 'Name a file that does not exist yet.',
  },
  TOLLBOARD_STORE_BACKUP_FAILED: {
    kind: 'unavailable',
    message: 'The copy {file} cannot be written: {reason}.',
    remedy: 'Name a file in a folder that exists and that you may write, on a disk with room for it.',
  },
  TOLLBOARD_STORE_BUSY: {
    kind: 'unavailable',
    message: 'The database is locked by another program, so nothing was accepted.',
    remedy: 'Repeat the request after a moment; find the program that holds the database if it stays so.',
  },
  TOLLBOARD_STORE_CLOSED: {
    kind: 'unavailable',
    message: 'The store is closed, so nothing was written.',
    remedy: 'Repeat the request when the gateway has started again.',
  },
  TOLLBOARD_STORE_DAMAGED: {
    kind: 'internal',
    message: 'The file {file} is not an intact Tollboard database: {reason}.',
    remedy: 'Stop the gateway, keep a copy of the file, and restore the newest backup.',
  },
  TOLLBOARD_STORE_FULL: {
    kind: 'unavailable',
    message: 'The disk or the database is full, so nothing was accepted.',
    remedy: 'Free space on the disk of the data directory, then repeat the request.',
  },
  TOLLBOARD_STORE_IN_MEMORY: {
    kind: 'invalid',
    message: 'This store lives in memory only, so there is nothing to back up.',
    remedy: 'Start with a data directory.',
  },
  TOLLBOARD_STORE_LOG_FOREIGN: {
    kind: 'conflict',
    message:
      '{file} is a copy that was put in place, and beside it lies the log of the database that was there before.',
    remedy: 'Remove {log} (and the file that ends in -shm), then start again.',
  },
  TOLLBOARD_STORE_MISSING: {
    kind: 'not_found',
    message: 'There is no database in {dir}.',
    remedy: 'Name the data folder of the gateway with --data, or start a gateway there first.',
  },
  TOLLBOARD_STORE_NEWER: {
    kind: 'conflict',
    message: 'The database {file} has schema version {found}, newer than version {known} of this program.',
    remedy: 'Use the version of Tollboard that wrote it, or a newer one.',
  },
  TOLLBOARD_STORE_UNWRITABLE: {
    kind: 'unavailable',
    message: 'The database {file} takes no writes: {reason}.',
    remedy: 'See that this user may write the file and its folder, and that the disk is mounted for writing and sound.',
  },
  TOLLBOARD_STREAM_CLOSED: {
    kind: 'unavailable',
    message: 'The gateway is stopping, so the stream ends here.',
    remedy: 'Connect again later with the header Last-Event-ID; events go on from there.',
  },
  TOLLBOARD_STREAM_LIMIT: {
    kind: 'unavailable',
    message: 'There are already {limit} live streams.',
    remedy: 'Close one, or poll GET /api/v1/events instead.',
  },
  TOLLBOARD_STREAM_TOO_SLOW: {
    kind: 'unavailable',
    message: 'The reader of this stream is slower than what happens, so the stream ends here.',
    remedy: 'Connect again with the header Last-Event-ID; events go on from there.',
  },
  TOLLBOARD_TARGET_REFUSED: {
    kind: 'forbidden',
    message: 'The URL {url} is not called: {reason}.',
    remedy:
      'Give an http or https URL of a server that is not this gateway, not link-local and not a metadata service.',
  },
  TOLLBOARD_TARGET_TIMEOUT: {
    kind: 'timeout',
    message: '{host} did not answer within {seconds} s.',
    remedy: 'Make the receiver answer at once and work afterwards.',
  },
  TOLLBOARD_TARGET_UNREACHABLE: {
    kind: 'unavailable',
    message: '{host} could not be reached or broke the connection ({reason}).',
    remedy: 'Check that the receiver runs and that its name, port and certificate are right.',
  },
  TOLLBOARD_TOKEN_NOT_FOUND: {
    kind: 'not_found',
    message: 'No token has the SID {sid}.',
    remedy: 'List the tokens with "tollboard config token list".',
  },
  TOLLBOARD_TWILIO_ACCOUNT: {
    kind: 'forbidden',
    message: 'Twilio refuses this account.',
    remedy: 'Check the account in the Twilio console.',
  },
  TOLLBOARD_TWILIO_AUTH: {
    kind: 'unauthorized',
    message: 'Twilio did not accept the credentials.',
    remedy: 'Check account SID and auth token or API key, and the region they belong to.',
  },
  TOLLBOARD_TWILIO_CARRIER: {
    kind: 'unavailable',
    message: 'The carrier did not deliver it.',
    remedy: 'Try another time or another sender; ask the carrier if it stays so.',
  },
  TOLLBOARD_TWILIO_CHANNEL: {
    kind: 'invalid',
    message: 'The channel did not take it.',
    remedy: 'Check sender, template and recipient of the channel.',
  },
  TOLLBOARD_TWILIO_COMPLIANCE: {
    kind: 'forbidden',
    message: 'A rule on content, consent or registration stopped it.',
    remedy: 'Check opt-out, content and the registration of the sender.',
  },
  TOLLBOARD_TWILIO_EXPIRY: {
    kind: 'timeout',
    message: 'Its time passed in the queue of Twilio.',
    remedy: 'Send again if it still matters, with a longer validityPeriod.',
  },
  TOLLBOARD_TWILIO_GEO: {
    kind: 'forbidden',
    message: 'The account may not send to that country.',
    remedy: 'Enable the country in the geographic permissions of the account.',
  },
  TOLLBOARD_TWILIO_INBOUND: {
    kind: 'unavailable',
    message: 'An inbound message was not processed.',
    remedy: 'Look the code up and check the webhook of the number.',
  },
  TOLLBOARD_TWILIO_LOOKUP: {
    kind: 'invalid',
    message: 'The lookup was refused.',
    remedy: 'Check the number and the fields asked for.',
  },
  TOLLBOARD_TWILIO_MEDIA: {
    kind: 'invalid',
    message: 'The media could not be used.',
    remedy: 'Check address, type and size of the files.',
  },
  TOLLBOARD_TWILIO_NO_ANSWER: {
    kind: 'unavailable',
    message: 'Twilio gave no answer to {request}: {reason}.',
    remedy: 'Check the network, the proxy and base_url; asking again is safe.',
  },
  TOLLBOARD_TWILIO_NOT_FOUND: {
    kind: 'not_found',
    message: 'Twilio knows no such resource.',
    remedy: 'Check the SID and the account it belongs to.',
  },
  TOLLBOARD_TWILIO_PLATFORM: {
    kind: 'unavailable',
    message: 'Twilio had a fault of its own.',
    remedy: 'Look at the status page of Twilio; see first whether it was sent before repeating it.',
  },
  TOLLBOARD_TWILIO_RATE_LIMIT: {
    kind: 'rate_limited',
    message: 'Twilio takes no more for now.',
    remedy: 'Slow down; repeat later.',
  },
  TOLLBOARD_TWILIO_RECIPIENT: {
    kind: 'invalid',
    message: 'The recipient cannot be reached so.',
    remedy: 'Check the number; do not try it again unchanged.',
  },
  TOLLBOARD_TWILIO_REQUEST: {
    kind: 'invalid',
    message: 'Twilio refused the request.',
    remedy: 'Correct the named parameter.',
  },
  TOLLBOARD_TWILIO_SCHEDULE: {
    kind: 'invalid',
    message: 'Twilio refused the schedule.',
    remedy: 'Check sendAt, scheduleType and messagingServiceSid.',
  },
  TOLLBOARD_TWILIO_SENDER: {
    kind: 'invalid',
    message: 'The sender cannot be used so.',
    remedy: 'Check that the account owns the sender and may use it for this destination.',
  },
  TOLLBOARD_TWILIO_STATE: {
    kind: 'conflict',
    message: 'The resource is not in a state that allows this.',
    remedy: 'Fetch it first and look at its status.',
  },
  TOLLBOARD_TWILIO_TRANSPORT: {
    kind: 'unavailable',
    message: 'The connection to Twilio does not satisfy it.',
    remedy: 'Check TLS version and protocol on the way to Twilio.',
  },
  TOLLBOARD_TWILIO_TRIAL: {
    kind: 'forbidden',
    message: 'A trial account may not do this.',
    remedy: 'Verify the recipient in the console, or upgrade the account.',
  },
  TOLLBOARD_TWILIO_TWIML: {
    kind: 'invalid',
    message: 'The TwiML could not be used.',
    remedy: 'Check the document that the URL answers.',
  },
  TOLLBOARD_TWILIO_UNEXPECTED: {
    kind: 'unavailable',
    message: 'What answered {request} with HTTP status {status} does not speak like Twilio: {reason}.',
    remedy: 'Check base_url and what stands between this machine and Twilio.',
  },
  TOLLBOARD_TWILIO_UNKNOWN: {
    kind: 'invalid',
    message: 'Twilio reported a fault without a known code.',
    remedy: 'Look the code up at https://www.twilio.com/docs/errors; do not repeat it unchanged.',
  },
  TOLLBOARD_TWILIO_WEBHOOK: {
    kind: 'unavailable',
    message: 'Twilio could not use a URL of ours or yours.',
    remedy: 'Check that the URL answers fast, from outside, with the right content type.',
  },
  TOLLBOARD_WEBHOOK_UNREACHABLE: {
    kind: 'conflict',
    message: 'Twilio cannot reach {url}: no public_url is set.',
    remedy: 'Set public_url in tollboard.yaml to the address under which the internet reaches this gateway.',
  },
  TOLLBOARD_WEBHOOK_UNVERIFIED: {
    kind: 'conflict',
    message: 'Nothing that comes in for account {account} could be verified: it has an API key and no auth token.',
    remedy: 'Add auth_token to the account in tollboard.yaml.',
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
  /** Twilio's own sentence, as it came; null where the fault was not told by Twilio. */
  twilioMessage: string | null;
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
  twilioMessage?: string;
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
      twilioMessage: options.twilioMessage ?? null,
      httpStatus: options.httpStatus ?? null,
      requestId: options.requestId ?? null,
      moreInfo: options.moreInfo ?? (twilioCode === null ? null : `https://www.twilio.com/docs/errors/${twilioCode}`),
    };
  }

  /** Rebuilds the exception from a report, e.g. one that an entry carries or that a gateway answered. */
  static from(report: ErrorReport, details: Record<string, unknown> = {}): TollboardError {
    const code = (report.code in ERRORS ? report.code : 'TOLLBOARD_INTERNAL') as ErrorCode;
    const { message, remedy } = report;
    return new TollboardError(code, {
      message,
      remedy,
      details,
      ...(report.stage === null ? {} : { stage: report.stage }),
      ...(report.twilioCode === null ? {} : { twilioCode: report.twilioCode }),
      ...(report.twilioMessage === null ? {} : { twilioMessage: report.twilioMessage }),
      ...(report.httpStatus === null ? {} : { httpStatus: report.httpStatus }),
      ...(report.requestId === null ? {} : { requestId: report.requestId }),
      ...(report.moreInfo === null ? {} : { moreInfo: report.moreInfo }),
    });
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
