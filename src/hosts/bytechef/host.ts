/** ByteChef: Send SMS of its Twilio component. */

import type { Host } from '../host.ts';
import type { BytechefAsked } from './request.ts';
import type { BytechefOutput } from './result.ts';
import { BYTECHEF } from './definition.ts';
import { bytechefCredentials, bytechefRequest } from './request.ts';
import { bytechefResult } from './result.ts';

export const bytechefHost: Host<BytechefAsked, BytechefOutput> = {
  definition: BYTECHEF,
  credentials: bytechefCredentials,
  request: bytechefRequest,
  result: bytechefResult,
};
