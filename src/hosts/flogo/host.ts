/** The Flogo activity as a host. */

import type { Host } from '../host.ts';
import type { FlogoDefinition } from './definition.ts';
import type { FlogoAsked, FlogoOutput } from './request.ts';
import { flogoDefinition } from './definition.ts';
import { flogoCredentials, flogoRequest } from './request.ts';
import { flogoResult } from './result.ts';

export const flogoHost: Host<FlogoAsked, FlogoOutput> & { readonly definition: FlogoDefinition } = {
  definition: flogoDefinition,
  credentials: flogoCredentials,
  request: flogoRequest,
  result: flogoResult,
};
