/** Splunk SOAR: the Twilio connector's configuration, actions and results. */

import type { Host } from '../host.ts';
import type { SoarAsked } from './request.ts';
import type { SoarOutput } from './result.ts';
import { soarDefinition } from './definition.ts';
import { credentials, request } from './request.ts';
import { result } from './result.ts';

/** Its input is the JSON that SOAR hands to a connector: `identifier`, `config`, `parameters`. */
export const soarHost: Host<SoarAsked, SoarOutput> = {
  definition: soarDefinition,
  credentials,
  request,
  result,
};
