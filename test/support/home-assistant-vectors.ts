/** The vectors of Home Assistant's notifiers, and the server that answers each target as its vector says, whoever asks. */

import { rawAnswer, startRawServer } from './raw-server.ts';
import { readRepositoryFile } from './tree.ts';

export interface VectorAnswer {
  status: number;
  type: string;
  body: string;
}

export interface NotifyVector {
  name: string;
  /** Without `url`: that is where the answers come from. */
  input: {
    twilio: { account_sid: string; auth_token: string };
    notify: { platform: string; from_number: string | number };
    data: Record<string, unknown>;
  };
  /** By target as it goes to Twilio. `drop`: the request is read and the connection closed. `unreachable`: nobody listens. */
  answers: Record<string, VectorAnswer | { drop: true }> | 'unreachable';
  /** What arrives, in any order: method, path and form. */
  requests: string[];
  results: Array<{ target: string; id: string | null; status: string; twilioCode?: number }>;
  /** What the service in Home Assistant fails with; `{any}` stands for any text. Null: it succeeds. */
  raises: string | null;
}

export const NOTIFY_VECTORS: readonly NotifyVector[] = JSON.parse(
  readRepositoryFile('integrations/home-assistant/vectors.json'),
) as NotifyVector[];

export interface VectorServer {
  url: string;
  /** As {@link NotifyVector.requests}, sorted. */
  asked(): string[];
  close(): Promise<void>;
}

/** Reads are no part of a vector (the search for a lost answer) and are answered with 500. */
export async function serveNotifyVector({ answers }: NotifyVector): Promise<VectorServer> {
  const asked: string[] = [];
  const server = await startRawServer(async (connection) => {
    for (;;) {
      const { head, body } = await connection.request();
      const [method = '', path = ''] = head.split(' ');
      if (method !== 'POST' || answers === 'unreachable') {
        connection.write(rawAnswer(500, '{}', { 'Content-Type': 'application/json' }));
        continue;
      }
      asked.push(inOrder(`${method} ${path} ${body}`));
      const answer = answers[new URLSearchParams(body).get('To') ?? ''];
      if (answer === undefined || 'drop' in answer) return connection.reset();
      const type: Record<string, string> = answer.type === '' ? {} : { 'Content-Type': answer.type };
      connection.write(rawAnswer(answer.status, answer.body, type));
    }
  });
  if (answers === 'unreachable') await server.close();
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked: () => asked.toSorted(),
    close: () => (answers === 'unreachable' ? Promise.resolve() : server.close()),
  };
}

/** The form in the order of its names, as order means nothing to Twilio, and written in one way. */
export function inOrder(request: string): string {
  const [method, path, form = ''] = request.split(' ');
  const fields = [...new URLSearchParams(form)].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return `${method} ${path} ${new URLSearchParams(fields)}`;
}
