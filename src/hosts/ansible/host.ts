/** Ansible: the module `twilio`, and `twilio_call` beside it. */

import type { Host } from '../host.ts';
import type { AnsibleAsked } from './request.ts';
import type { AnsibleOutput } from './result.ts';
import { definition } from './definition.ts';
import { credentials, request } from './request.ts';
import { result } from './result.ts';

export const ansibleHost: Host<AnsibleAsked, AnsibleOutput> = {
  definition,
  credentials,
  request,
  result,
};
