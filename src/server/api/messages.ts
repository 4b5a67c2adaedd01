/** `/api/v1/messages` */

import type { Api, ServerContext } from '../context.ts';
import { createBody } from '../schemas.ts';
import { entryRoutes } from './entries.ts';

const create = createBody('message');

export function messageRoutes(api: Api, context: ServerContext): void {
  entryRoutes(api, context, { kind: 'message', plural: 'messages', create });
}
