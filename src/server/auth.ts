/** Who asks: Bearer tokens for the API, beside them accounts for the hosts. */

import type { GatewayApi } from '../core/gateway-api.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';

/** Longest token looked at; ours are far shorter. */
const MAX_TOKEN = 512;

/** Throws `TOLLBOARD_HTTP_TOKEN_INVALID` unless the header carries a token that the gateway knows. */
export async function requireBearer(gateway: GatewayApi, authorization: string | undefined): Promise<void> {
  const bearer = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined && bearer.length <= MAX_TOKEN && (await gateway.authorize({ bearer }))) return;
  throw new TollboardError('TOLLBOARD_HTTP_TOKEN_INVALID');
}

/**
 * A Bearer token, or Basic with a configured account or an issued key (interface §3). Throws
 * `TOLLBOARD_HTTP_TOKEN_INVALID`, `TOLLBOARD_ACCOUNT_UNKNOWN` (404, Twilio 20404) and `TOLLBOARD_ACCOUNT_CREDENTIALS` (401, 20003).
 */
export async function requireAccount(gateway: GatewayApi, authorization: string | undefined): Promise<void> {
  const basic = basicCredentials(authorization);
  if (basic === null) return requireBearer(gateway, authorization);
  if (await gateway.authorize(basic)) return;
  try {
    gateway.proveAccount({ accountSid: basic.username, ...basic });
  } catch (error) {
    throw refusalOf(error, basic.username);
  }
}

/** As interface §3 says it, but without the accounts that there are: who asks is not known yet. */
function refusalOf(error: unknown, username: string): TollboardError {
  const code = isTollboardError(error) ? error.code : null;
  if (username === '' || username.startsWith('SK') || code === null)
    return new TollboardError('TOLLBOARD_HTTP_TOKEN_INVALID', { remedy: BASIC_REMEDY });
  const details = { account: username.slice(0, 64), known: 'those of tollboard.yaml' };
  return code === 'TOLLBOARD_ACCOUNT_UNKNOWN'
    ? new TollboardError(code, { details, httpStatus: 404 })
    : new TollboardError('TOLLBOARD_ACCOUNT_CREDENTIALS', { details, httpStatus: 401 });
}

const BASIC_REMEDY =
  'Give the SID of an account of the configuration and its auth token, or a key of "tollboard config token create"; or send `Authorization: Bearer <token>`.';

/** RFC 7617; null for any other scheme, and for what is none of it. */
export function basicCredentials(header: string | undefined): { username: string; password: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined || encoded.length > 2 * MAX_TOKEN) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
