/** Home Assistant, outbound: `notify` by text and by call. */

import type { Host } from '../host.ts';
import type { NotifyAsked, NotifyOutput } from './result.ts';
import { definition } from './definition.ts';
import { credentials, request, withAccount } from './request.ts';
import { result } from './result.ts';

export const homeAssistantHost: Host<NotifyAsked, NotifyOutput> = {
  definition,
  credentials,
  withAccount,
  request,
  result,
};
