/** Bearer tokens for the API. */

import type { GatewayApi } from '../core/gateway-api.ts';
import { TollboardError } from '../core/errors.ts';

/** Longest token looked at; ours are far shorter. */
const MAX_TOKEN = 512;

/** Throws `TOLLBOARD_HTTP_TOKEN_INVALID` unless the header carries a token that the gateway knows. */
export async function requireBearer(gateway: GatewayApi, authorization: string | undefined): Promise<void> {
  const bearer = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined && bearer.length <= MAX_TOKEN && (await gateway.authorize({ bearer }))) return;
  throw new TollboardError('TOLLBOARD_HTTP_TOKEN_INVALID');
}
