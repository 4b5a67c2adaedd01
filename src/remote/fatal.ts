/** Which failures of a gateway waiting does not mend. */

import type { GatewayClient } from './client.ts';
import { isTollboardError } from '../core/errors.ts';

const KINDS: ReadonlySet<string> = new Set(['unauthorized', 'forbidden', 'invalid', 'not_found']);

/** A refused token may be a restart of the gateway, which is over in a moment. */
export function isFatal(error: unknown, { renewable }: Pick<GatewayClient, 'renewable'>): boolean {
  return isTollboardError(error) && KINDS.has(error.kind) && !(error.kind === 'unauthorized' && renewable);
}
