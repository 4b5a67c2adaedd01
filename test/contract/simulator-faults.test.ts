/** Faults of the simulator: what the client sees, and what the acceptance log knows. */

import type { Simulator } from '../../src/simulator/server.ts';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';

interface Seen {
  status: number | null;
  headers: Record<string, unknown>;
  body: string;
  /** The connection ended before the answer was whole. */
  broken: boolean;
}

/** A create over a connection of its own. */
function create(simulator: Simulator, signal?: AbortSignal): Promise<Seen> {
  const [account] = simulator.accounts;
  return new Promise((resolve) => {
    const seen: Seen = { status: null, headers: {}, body: '', broken: true };
    const sent = request(
      `${simulator.url}/2010-04-01/Accounts/${account?.sid}/Messages.json`,
      {
        method: 'POST',
        agent: false,
        auth: `${account?.sid}:${account?.authToken}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        Object.assign(seen, { status: response.statusCode, headers: response.headers });
        response.on('data', (chunk: Buffer) => {
          seen.body += chunk.toString();
        });
        response.on('error', () => undefined);
        response.on('close', () => resolve({ ...seen, broken: !response.complete }));
      },
    );
    sent.on('error', () => resolve(seen));
    sent.end(new URLSearchParams({ To: PHONE, From: FROM, Body: 'x' }).toString());
  });
}

function log(simulator: Simulator): boolean[] {
  return simulator.control.messages().messages.map(({ answered }) => answered);
}

describe('faults of an answer', () => {
  test.each([
    ['drop_answer', {}, { status: null, broken: true }, [false]],
    ['reset', {}, { status: null, broken: true }, []],
    ['rate_limit', {}, { status: 429, broken: false }, []],
    ['server_error', {}, { status: 500, broken: false }, []],
    ['server_error', { accept: true, status: 503 }, { status: 503, broken: false }, [false]],
    ['proxy_error', {}, { status: 502, broken: false }, []],
    ['proxy_error', { accept: true }, { status: 502, broken: false }, [false]],
    ['truncate', {}, { status: 201, broken: true }, [false]],
    ['no_sid', {}, { status: 201, broken: false, body: '{}' }, [false]],
  ] as const)('%s with %j: the client sees %j, the log holds %j', async (fault, options, seen, accepted) => {
    const simulator = await startSimulator();
    simulator.control.faults.add({ fault, count: 1, ...options });
    expect(await create(simulator)).toMatchObject(seen);
    expect(log(simulator)).toEqual(accepted);
    expect(await create(simulator)).toMatchObject({ status: 201, broken: false });
    expect(log(simulator)).toEqual([...accepted, true]);
  });

  test.each([
    [false, []],
    [true, [false]],
  ] as const)('half_open never answers; taken: %s', async (accept, accepted) => {
    const simulator = await startSimulator();
    simulator.control.faults.add({ fault: 'half_open', accept });
    const given = new AbortController();
    const answer = create(simulator, given.signal);
    const first = await Promise.race([answer, untilStruck(simulator)]);
    expect(first).toBe('struck');
    expect(log(simulator)).toEqual(accepted);
    given.abort();
    expect(await answer).toMatchObject({ status: null, broken: true });
  });

  test('a storm carries Twilio bodies and Retry-After where it was told', async () => {
    const simulator = await startSimulator();
    simulator.control.faults.add({ fault: 'rate_limit', count: 1, retryAfter: 7 });
    simulator.control.faults.add({ fault: 'rate_limit', count: 1 });
    const [told, silent] = [await create(simulator), await create(simulator)];
    expect(told.headers['retry-after']).toBe('7');
    expect(JSON.parse(told.body)).toMatchObject({ code: 20429, status: 429 });
    expect(silent.headers['retry-after']).toBeUndefined();
  });

  test('a proxy answers in HTML', async () => {
    const simulator = await startSimulator();
    simulator.control.faults.add({ fault: 'proxy_error' });
    const { headers, body } = await create(simulator);
    expect(headers['content-type']).toBe('text/html');
    expect(body).toContain('<html>');
  });

  test('a seed gives the same victims again, and a path that does not match is spared', async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const simulator = await startSimulator();
        simulator.control.faults.add({ fault: 'rate_limit', probability: 0.5, seed: 42 });
        simulator.control.faults.add({ fault: 'reset', path: 'Calls' });
        const statuses: Array<number | null> = [];
        for (let index = 0; index < 12; index += 1) statuses.push((await create(simulator)).status);
        return statuses;
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    expect(new Set(runs[0])).toEqual(new Set([201, 429]));
  });

  test('a lagging list shows a message only after its time', async () => {
    const simulator = await startSimulator();
    simulator.control.faults.add({ fault: 'list_lag', delayMs: 10_000 });
    await create(simulator);
    const [account] = simulator.accounts;
    const listed = async () => {
      const authorization = `Basic ${Buffer.from(`${account?.sid}:${account?.authToken}`).toString('base64')}`;
      const response = await fetch(`${simulator.url}/2010-04-01/Accounts/${account?.sid}/Messages.json`, {
        headers: { authorization },
      });
      return ((await response.json()) as { messages: unknown[] }).messages.length;
    };
    await pass(simulator, 9999);
    expect(await listed()).toBe(0);
    await pass(simulator, 1);
    expect(await listed()).toBe(1);
  });
});

/** Resolves once the one fault has struck and its request has been dealt with. */
async function untilStruck(simulator: Simulator): Promise<'struck'> {
  while (simulator.control.faults.list()[0]?.struck === 0) await new Promise((resolve) => setImmediate(resolve));
  // The strike is noted before the body is read: one more round trip lets it be.
  await fetch(`${simulator.url}/_simulator/clock`);
  return 'struck';
}
