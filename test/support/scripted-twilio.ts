/** A server in Twilio's place that answers creates from a script, lists nothing, and keeps what arrived. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

/** `drop`: the request is read, then the connection breaks. A body that is no text is sent as JSON. */
export type ScriptedAnswer = 'drop' | { status: number; headers?: Record<string, string>; body: unknown };

export interface Arrived {
  method: string;
  path: string;
  /** `user:password` of HTTP Basic, decoded; null without. */
  basic: string | null;
  form: Array<[string, string]>;
}

export interface ScriptedTwilio {
  url: string;
  /** Creates only, in order. */
  creates: Arrived[];
}

const EMPTY_LIST: ScriptedAnswer = { status: 200, body: { messages: [], next_page_uri: null, page: 0, page_size: 50 } };
const NO_MORE: ScriptedAnswer = { status: 500, body: 'the script has no more answers' };

export async function startScriptedTwilio(answers: readonly ScriptedAnswer[]): Promise<ScriptedTwilio> {
  const creates: Arrived[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const create = request.method === 'POST';
      const answer = create ? (answers[creates.length] ?? NO_MORE) : EMPTY_LIST;
      if (create) creates.push(arrived('POST', request.url ?? '', request.headers, body));
      if (answer === 'drop') return void request.socket.destroy();
      const json = typeof answer.body !== 'string';
      response.writeHead(answer.status, { 'Content-Type': json ? 'application/json' : 'text/html', ...answer.headers });
      response.end(json ? JSON.stringify(answer.body) : answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, creates };
}

function arrived(method: string, path: string, headers: { authorization?: string | undefined }, body: string): Arrived {
  const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  return {
    method,
    path,
    basic: encoded === undefined ? null : Buffer.from(encoded, 'base64').toString('utf8'),
    form: [...new URLSearchParams(body)],
  };
}
