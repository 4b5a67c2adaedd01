/** The vectors of the Splunk SOAR app through the TypeScript host, over the real messenger straight to Twilio. */

import type { Clock } from '../../src/core/ports.ts';
import { describe, expect, test } from 'vitest';
import { createDirectMessenger } from '../../src/direct.ts';
import { soar } from '../../src/hosts.ts';
import { systemClock } from '../../src/system.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { likeVector, SOAR_VECTORS, serveVector, type VectorAnswer } from '../support/soar-vectors.ts';

/** Pauses take no time here; time-outs of the connection go by the system's clock. */
function hastyClock(): Clock & { passed: number } {
  const clock = {
    passed: 0,
    now: () => Date.UTC(2026, 6, 1, 12) + clock.passed,
    steady: () => clock.passed,
    async sleep(ms: number, signal?: AbortSignal) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      clock.passed += ms;
    },
  };
  return clock;
}

describe('the Splunk SOAR host', () => {
  test.each(SOAR_VECTORS)('$name', async (vector) => {
    const server = await serveVector(vector, aside);
    const { account_sid: accountSid = '', auth_token: authToken = '' } = vector.input.config;
    const clock = hastyClock();
    const baseUrl = server.baseUrl.replace('/2010-04-01', '');
    const account = { name: 'default', accountSid, authTokens: [authToken], apiKey: null, apiSecret: null };
    const messenger = createDirectMessenger(
      { accounts: [{ ...account, baseUrl, simulated: false }], sender: null },
      { clock, transport: createHttpsTransport({ clock: systemClock, environment: {} }) },
    );
    const { config } = vector.input;
    const input = { ...vector.input, config: { ...config, base_url: server.baseUrl } };
    const output = await soar.run(input, messenger, { clock });
    await messenger.close();
    await server.close();
    expect(output).toEqual(likeVector(vector.output, (pattern) => expect.stringMatching(pattern)));
    expect(JSON.stringify(output)).not.toContain(authToken === '' ? '\0' : authToken);
    expect(sends(server.asked())).toEqual(sends(vector.requests));
  });
});

/** The messenger seeks lost answers in the list, and looks at numbers where the app looks at the account. */
function aside(request: string, next: VectorAnswer | { drop: true } | undefined): VectorAnswer | null {
  if (request.startsWith('GET ') && request.includes('/Messages.json'))
    return { status: 500, type: 'application/json', body: '{}' };
  const probe = request.includes('/IncomingPhoneNumbers.json');
  if (!probe || next === undefined || 'drop' in next || next.status !== 200) return null;
  return { ...next, body: JSON.stringify({ incoming_phone_numbers: [], next_page_uri: null }) };
}

/** Sends and looks at what was sent; a form in the order of its names, as order means nothing to Twilio. */
function sends(requests: readonly string[]): string[] {
  return requests
    .filter((request) => request.includes('/Messages'))
    .map((request) => {
      const [method, path, form = ''] = request.split(' ');
      return [method, path, ...form.split('&').sort()].join(' ');
    });
}
