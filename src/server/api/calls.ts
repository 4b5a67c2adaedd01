/** `/api/v1/calls` */

import type { Api, ServerContext } from '../context.ts';
import { createBody } from '../schemas.ts';
import { entryRoutes } from './entries.ts';

const create = createBody('call');

export function callRoutes(api: Api, context: ServerContext): void {
  entryRoutes(api, context, { kind: 'call', plural: 'calls', create });
}
