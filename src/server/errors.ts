/** Every refusal in one form: `{error: {code, kind, message, remedy, details, requestId}}`. */

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../core/errors.ts';
import type { ServerContext } from './context.ts';
import { ERROR_KINDS, isTollboardError, TollboardError } from '../core/errors.ts';

/** HTTP has statuses of its own for its own faults; every other code follows its kind. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  TOLLBOARD_HTTP_BODY_MALFORMED: 400,
  TOLLBOARD_HTTP_BODY_TOO_LARGE: 413,
  TOLLBOARD_HTTP_CONTENT_TYPE: 415,
  TOLLBOARD_HTTP_HOST_REFUSED: 421,
  TOLLBOARD_HTTP_METHOD_NOT_ALLOWED: 405,
  TOLLBOARD_HTTP_REQUEST_MALFORMED: 400,
};

/** Seconds after which a refusal for want of something (a locked or full store, a free stream) is worth repeating. */
const RETRY_AFTER_SECONDS = 1;

export function httpStatusOf(error: TollboardError): number {
  return HTTP_STATUS[error.code] ?? ERROR_KINDS[error.kind].httpStatus;
}

export function errorText(error: TollboardError, requestId: string): string {
  const { code, kind, message, remedy, report } = error;
  const details: Record<string, unknown> = { ...error.details };
  if (report.stage !== null) details.stage = report.stage;
  if (report.twilioCode !== null) details.twilioCode = report.twilioCode;
  if (report.twilioMessage !== null) details.twilioMessage = report.twilioMessage;
  if (report.httpStatus !== null) details.httpStatus = report.httpStatus;
  if (report.requestId !== null) details.twilioRequestId = report.requestId;
  if (report.moreInfo !== null) details.moreInfo = report.moreInfo;
  return JSON.stringify({ error: { code, kind, message, remedy, details, requestId } });
}

/** Fastify's own faults in our words; the details they need are those of {@link publicError}. */
const FASTIFY_FAULTS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'TOLLBOARD_HTTP_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'TOLLBOARD_HTTP_CONTENT_TYPE',
  FST_ERR_CTP_EMPTY_TYPE: 'TOLLBOARD_HTTP_CONTENT_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'TOLLBOARD_HTTP_BODY_MALFORMED',
  FST_ERR_CTP_INVALID_JSON_BODY: 'TOLLBOARD_HTTP_BODY_MALFORMED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'TOLLBOARD_HTTP_BODY_MALFORMED',
  FST_ERR_BAD_URL: 'TOLLBOARD_HTTP_REQUEST_MALFORMED',
  FST_ERR_MAX_PARAM_LENGTH: 'TOLLBOARD_HTTP_REQUEST_MALFORMED',
};

/** What an exception may show of itself: Fastify's own faults become ours; an unknown one shows nothing. */
export function publicError(error: unknown, request: FastifyRequest): TollboardError {
  if (isTollboardError(error)) return error;
  // The JSON parser marks what it throws with the status that it means.
  const unparsed = error instanceof SyntaxError && 'statusCode' in error;
  const code = unparsed ? 'TOLLBOARD_HTTP_BODY_MALFORMED' : FASTIFY_FAULTS[(error as Partial<FastifyError>).code ?? ''];
  if (code === undefined) return new TollboardError('TOLLBOARD_INTERNAL', { cause: error });
  const expected = expectedType(request);
  const details: Partial<Record<ErrorCode, Record<string, unknown>>> = {
    TOLLBOARD_HTTP_BODY_TOO_LARGE: { limit: request.routeOptions.bodyLimit },
    TOLLBOARD_HTTP_BODY_MALFORMED: { form: expected === 'application/json' ? 'JSON' : 'form data' },
    TOLLBOARD_HTTP_CONTENT_TYPE: { value: request.headers['content-type']?.slice(0, 80) ?? 'absent', expected },
    TOLLBOARD_HTTP_REQUEST_MALFORMED: { reason: 'the URL is not well-formed' },
  };
  return new TollboardError(code, { details: details[code] ?? {} });
}

/** What is shown of an error, with its HTTP status; logged: refusals quietly, faults of ours with their cause. */
export function noteRefusal(
  context: Pick<ServerContext, 'logger'>,
  error: unknown,
  request: FastifyRequest,
): { shown: TollboardError; status: number } {
  const shown = publicError(error, request);
  const status = httpStatusOf(shown);
  const facts = { requestId: request.id, method: request.method, route: request.routeOptions.url ?? null, status };
  if (shown.kind === 'internal') {
    context.logger.error({ ...facts, code: shown.code, cause: causeOf(shown) }, 'a request failed inside');
  } else context.logger.debug({ ...facts, code: shown.code }, 'a request was refused');
  return { shown, status };
}

/** Answers with the error in our form. */
export function sendError(context: ServerContext, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { shown, status } = noteRefusal(context, error, request);
  // Not yet there when the URL itself could not be read.
  reply.header('x-request-id', request.id);
  if (shown.code === 'TOLLBOARD_HTTP_TOKEN_INVALID') reply.header('www-authenticate', 'Bearer');
  if (status === 503 || status === 429) reply.header('retry-after', RETRY_AFTER_SECONDS);
  reply.code(status).type('application/json').serializer(String).send(errorText(shown, request.id));
}

/** For the log only: name and stack of what was thrown inside. */
function causeOf(error: TollboardError): string {
  const { cause } = error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? error.stack);
}

/** Paths that take forms. */
const FORMS = ['/callbacks/', '/2010-04-01'];

function expectedType(request: FastifyRequest): string {
  const url = request.routeOptions.url ?? '';
  return FORMS.some((prefix) => url.startsWith(prefix)) ? 'application/x-www-form-urlencoded' : 'application/json';
}
