/**
 * The vectors of the Flogo activity (input, Twilio's answers, output) through the host in TypeScript, over the real
 * direct messenger. The Go activity runs the same file: integrations/flogo/twiliosms/sms/vectors_test.go.
 */

import type { AccountSettings } from '../../../src/config/settings.ts';
import type { Clock } from '../../../src/core/ports.ts';
import type { FlogoOutput } from '../../../src/hosts/flogo/request.ts';
import { describe, expect, test } from 'vitest';
import file from '../../../integrations/flogo/vectors.json' with { type: 'json' };
import { normalizeBaseUrl } from '../../../src/core/base-url.ts';
import { createDirectMessenger } from '../../../src/direct.ts';
import { flogoHost } from '../../../src/hosts/flogo/host.ts';
import { runHost } from '../../../src/hosts/run.ts';
import { systemClock } from '../../../src/system.ts';
import { createHttpsTransport } from '../../../src/twilio/https-transport.ts';
import { type RawRequest, rawAnswer, startRawServer } from '../../support/raw-server.ts';

interface Answer {
  drop?: boolean | undefined;
  status?: number | undefined;
  contentType?: string | undefined;
  location?: string | undefined;
  body?: unknown;
}

interface Vector {
  name: string;
  inputs: Record<string, unknown>;
  legacyCodes?: boolean | string | undefined;
  unreachable?: boolean | undefined;
  twilio: Array<{ method: string; to?: string | undefined; uri?: string | undefined; answers: Answer[] }>;
  output: FlogoOutput;
}

const vectors: readonly Vector[] = file.vectors;

/** What the direct messenger finds where it looks for a lost answer: nothing. */
const EMPTY_LIST: Answer = { status: 200, body: { messages: [], next_page_uri: null } };

/** Gives the answers of a vector, each once; a request that the vector does not expect is told. */
async function startScripted(vector: Vector) {
  const left = vector.twilio.map((row) => ({ ...row, answers: [...row.answers] }));
  const unexpected: string[] = [];
  const answerTo = ({ head, body }: RawRequest): Answer => {
    const [method = '', uri = ''] = head.split(' ');
    const to = new URLSearchParams(body).get('To') ?? undefined;
    const row = left.find((one) => one.method === method && (method === 'GET' ? one.uri === uri : one.to === to));
    const answer = row?.answers.shift();
    if (answer !== undefined) return answer;
    if (method === 'GET' && uri.includes('/Messages.json?')) return EMPTY_LIST;
    unexpected.push(`${method} ${uri} ${to ?? ''}`);
    return { status: 418 };
  };
  const server = await startRawServer(async (connection) => {
    for (;;) {
      const {
        drop,
        status = 200,
        contentType = 'application/json',
        location,
        body = '',
      } = answerTo(await connection.request());
      if (drop === true) return connection.reset();
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const headers = { 'Content-Type': contentType, ...(location === undefined ? {} : { Location: location }) };
      connection.write(rawAnswer(status, text, headers));
    }
  });
  return { server, unexpected };
}

/** Waits cost nothing; a lost answer is looked for a minute long. */
function hurriedClock(): Clock {
  let now = Date.UTC(2026, 6, 1, 12);
  return {
    now: () => now,
    steady: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

async function outputOf(vector: Vector): Promise<{ output: FlogoOutput; unexpected: string[] }> {
  const { server, unexpected } = await startScripted(vector);
  const url = `http://127.0.0.1:${server.port}`;
  if (vector.unreachable === true) await server.close();
  const inputs = Object.fromEntries(
    Object.entries(vector.inputs).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace('{url}', url) : value,
    ]),
  );
  const input = { ...inputs, legacyCodes: vector.legacyCodes };
  const credentials = flogoHost.credentials(input);
  const account: AccountSettings = {
    name: 'default',
    accountSid: credentials?.accountSid ?? '',
    authTokens: [credentials?.password ?? ''],
    apiKey: null,
    apiSecret: null,
    baseUrl: normalizeBaseUrl(credentials?.baseUrl ?? '') ?? url,
    simulated: false,
  };
  const clock = hurriedClock();
  const transport = createHttpsTransport({ clock: systemClock, environment: {} });
  const messenger = createDirectMessenger({ accounts: [account], sender: null }, { clock, transport });
  try {
    const { output } = await runHost(flogoHost, input, messenger, { clock });
    return { output, unexpected };
  } finally {
    await messenger.close();
    await server.close();
  }
}

/** `{any}` in an expected message stands for what the two implementations word on their own. */
function pattern(message: string): RegExp {
  const parts = message.split('{any}').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's');
}

describe('the vectors of the Flogo activity', () => {
  test('are many', () => {
    expect(vectors.length).toBeGreaterThan(50);
  });

  test.each(vectors)('$name', async (vector) => {
    const { output, unexpected } = await outputOf(vector);
    const { message, ...others } = vector.output;
    expect(output).toMatchObject(others);
    expect(output.message).toMatch(pattern(message));
    expect(unexpected).toEqual([]);
    expect(JSON.stringify(output)).not.toContain('token-of-the-vectors');
  });
});
