/**
 * Callers of a gateway: `client-load.ts URL TOKEN COUNT CONCURRENCY` sends COUNT texts for every line on standard input and
 * prints the ids that were answered as one JSON line.
 */

import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { drive, recipient } from './load.ts';

const [url = '', token = '', count = '0', concurrency = '50'] = process.argv.slice(2);
const pool = new Pool(url, { connections: Number(concurrency), pipelining: 1 });
const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };

for await (const _line of createInterface({ input: process.stdin })) {
  const ids: string[] = [];
  await drive({
    count: Number(count),
    concurrency: Number(concurrency),
    async send(index) {
      const body = JSON.stringify({ to: recipient(index), body: 'The build is green.' });
      const answer = await pool.request({ path: '/api/v1/messages', method: 'POST', headers, body });
      const { messages } = (await answer.body.json()) as { messages?: Array<{ id: string }> };
      if (messages?.[0] === undefined) throw new Error(`The gateway answered ${answer.statusCode} without an entry.`);
      ids.push(messages[0].id);
    },
  });
  console.log(JSON.stringify(ids));
}
