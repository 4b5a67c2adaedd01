/** The vectors of the Splunk SOAR app, and the server that gives their answers in order, whoever asks. */

import { type RawServer, rawAnswer, startRawServer } from './raw-server.ts';
import { readRepositoryFile } from './tree.ts';

export interface VectorAnswer {
  status: number;
  type: string;
  body: string;
}

export interface SoarVector {
  name: string;
  /** Without `base_url`: that is where the answers come from. */
  input: { identifier: string; config: Record<string, string>; parameters: Array<Record<string, unknown>> };
  /** In order. `drop`: the request is read and the connection closed. `unreachable`: nobody listens. */
  answers: ReadonlyArray<VectorAnswer | { drop: true }> | 'unreachable';
  /** What arrives, in order: method, path and form. */
  requests: string[];
  /** `{any}` in a message stands for any text. */
  output: Record<string, unknown>;
}

export const SOAR_VECTORS: readonly SoarVector[] = JSON.parse(
  readRepositoryFile('integrations/soar/vectors.json'),
) as SoarVector[];

export interface VectorServer {
  /** As a user writes it into the asset. */
  baseUrl: string;
  /** As {@link SoarVector.requests}; only those that took one of the answers. */
  asked(): string[];
  close(): Promise<void>;
}

/** `aside` answers requests that are no part of the vector, such as the search for a lost answer. */
export async function serveVector(
  { answers }: SoarVector,
  aside: (request: string, next: VectorAnswer | { drop: true } | undefined) => VectorAnswer | null = () => null,
): Promise<VectorServer> {
  const asked: string[] = [];
  const left = answers === 'unreachable' ? [] : [...answers];
  const server: RawServer = await startRawServer(async (connection) => {
    for (;;) {
      const { head, body } = await connection.request();
      const [method = '', path = ''] = head.split(' ');
      const request = `${method} ${path} ${body}`.trim();
      const own = aside(request, left[0]);
      const answer = own ?? left.shift();
      if (own === null) asked.push(request);
      if (answer === undefined || 'drop' in answer) return connection.reset();
      const { status, type, body: text } = answer;
      connection.write(rawAnswer(status, text, type === '' ? {} : { 'Content-Type': type }));
    }
  });
  if (answers === 'unreachable') await server.close();
  return {
    baseUrl: `http://127.0.0.1:${server.port}/2010-04-01`,
    asked: () => asked,
    close: () => (answers === 'unreachable' ? Promise.resolve() : server.close()),
  };
}

/** A matcher for an expected output: `{any}` in a text stands for any text. */
export function likeVector(value: unknown, asymmetric: (pattern: RegExp) => unknown): unknown {
  if (typeof value === 'string' && value.includes('{any}')) {
    const parts = value.split('{any}').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return asymmetric(new RegExp(`^${parts.join('[^]*')}$`));
  }
  if (Array.isArray(value)) return value.map((item) => likeVector(item, asymmetric));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, likeVector(item, asymmetric)]));
}
