/** `/api/v1/store/backup`: a copy of the whole database, as one snapshot. */

import type { Api, ServerContext } from '../context.ts';
import { Readable } from 'node:stream';
import { apiAnswers, binaryAnswer } from '../answers.ts';

const TYPE = 'application/vnd.sqlite3';

export function storeRoutes(api: Api, { gateway }: ServerContext): void {
  api.get(
    '/store/backup',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'backup',
        tags: ['operation'],
        summary: 'A copy of the database, for a backup',
        description:
          'One consistent snapshot. It knows that it is a copy: a gateway that first starts on it looks for what was to be sent at Twilio before it sends any of it.',
        response: apiAnswers({ 200: binaryAnswer('An SQLite database.', TYPE) }, [409, 503]),
      },
    },
    async (_request, reply) => {
      const { bytes, content } = await gateway.backup();
      const name = 'attachment; filename="tollboard.sqlite"';
      const headers = { 'content-type': TYPE, 'content-length': String(bytes), 'content-disposition': name };
      return reply.headers(headers).send(Readable.from(content, { objectMode: false }));
    },
  );
}
