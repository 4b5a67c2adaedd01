/** The vectors of Home Assistant's notifiers through the TypeScript host, over the real messenger straight to Twilio. */

import type { Clock } from '../../../src/core/ports.ts';
import type { NotifyOutput } from '../../../src/hosts/home-assistant/result.ts';
import { describe, expect, test } from 'vitest';
import { createDirectMessenger } from '../../../src/direct.ts';
import { homeAssistant } from '../../../src/hosts.ts';
import { systemClock } from '../../../src/system.ts';
import { createHttpsTransport } from '../../../src/twilio/https-transport.ts';
import { inOrder, NOTIFY_VECTORS, serveNotifyVector } from '../../support/home-assistant-vectors.ts';

/** Pauses take no time here; time-outs of the connection go by the system's clock. */
function hastyClock(): Clock {
  let passed = 0;
  return {
    now: () => Date.UTC(2026, 6, 1, 12) + passed,
    steady: () => passed,
    async sleep(ms: number, signal?: AbortSignal) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      passed += ms;
    },
  };
}

describe("Home Assistant's host", () => {
  test.each(NOTIFY_VECTORS)('$name', async (vector) => {
    const server = await serveNotifyVector(vector);
    const { account_sid: accountSid, auth_token: authToken } = vector.input.twilio;
    const clock = hastyClock();
    const account = { name: 'default', accountSid, authTokens: [authToken], apiKey: null, apiSecret: null };
    const messenger = createDirectMessenger(
      { accounts: [{ ...account, baseUrl: server.url, simulated: false }], sender: null },
      { clock, transport: createHttpsTransport({ clock: systemClock, environment: {} }) },
    );
    const output = (await homeAssistant.run(vector.input, messenger, { clock })) as NotifyOutput;
    await messenger.close();
    await server.close();
    const results = output.results.map(({ error, ...row }) => ({ ...row, twilioCode: error?.twilioCode ?? null }));
    expect(results).toMatchObject(vector.results);
    expect(results.length).toBe(vector.results.length);
    expect(JSON.stringify(output)).not.toContain(authToken);
    for (const { error } of output.results.filter(({ status }) => status === 'unknown'))
      expect(error?.remedy).toMatch(/^Do not send it again/);
    if (vector.raises === null) expect(output.results.filter(({ error }) => error !== null)).toEqual([]);
    expect(server.asked()).toEqual(vector.requests.map(inOrder).sort());
  });
});
