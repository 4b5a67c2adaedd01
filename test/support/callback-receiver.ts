/** An HTTP server that records what it is sent and answers as the test says. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

export interface ReceivedCallback {
  method: string;
  /** Path and query. */
  target: string;
  headers: Record<string, string | undefined>;
  body: string;
  fields: Record<string, string>;
}

export interface CallbackReceiver {
  url: string;
  received: ReceivedCallback[];
  /** Resolves once so many requests were received. */
  arrived(count: number): Promise<void>;
  /** Values of one field, in order of arrival. */
  values(field: string): string[];
}

export interface ReceiverAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** No answer ever comes. */
  hang?: true;
}

/** `answer` decides by the number of the request, from 0; default 204. `destroy` breaks the connection off. */
export async function startReceiver(
  answer: (index: number) => ReceiverAnswer | 'destroy' = () => ({ status: 204 }),
): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const watchers = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const fields = Object.fromEntries(new URLSearchParams(body));
      const headers = request.headers as Record<string, string | undefined>;
      received.push({ method: request.method ?? '', target: request.url ?? '', headers, body, fields });
      const given = answer(received.length - 1);
      for (const watcher of watchers) watcher();
      if (given === 'destroy') return request.socket.destroy();
      if (given.hang) return;
      response.writeHead(given.status, given.headers).end(given.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    received,
    arrived: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (received.length < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    values: (field) => received.map(({ fields }) => fields[field] ?? ''),
  };
}
