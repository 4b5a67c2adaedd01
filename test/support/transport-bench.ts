/** What the transport suites stand on: transports on a manual clock, scripted servers, and a form that must not leak. */

import type { Transport, TransportOptions, TransportRequest } from '../../src/twilio/transport.ts';
import type { RawConnection, RawServer, RawServerOptions } from './raw-server.ts';
import { readFileSync } from 'node:fs';
import { afterEach, expect } from 'vitest';
import { TransportFailure } from '../../src/twilio/transport.ts';
import { createManualClock } from './manual-clock.ts';
import { startRawServer } from './raw-server.ts';

/** For api.test, localhost and 127.0.0.1. */
export const TLS = { key: data('tls-key.pem'), cert: data('tls-certificate.pem') };
export const AUTHORIZATION = 'Basic c2VjcmV0OnNlY3JldA==';
export const FORM = 'To=%2B15550100001&Body=Gr%C3%BC%C3%9Fe';

type Script = (connection: RawConnection, index: number) => Promise<void> | void;

/** Call it inside `describe`: everything opened is closed after each test. */
export function transportBench(create: (options: TransportOptions) => Transport) {
  const closing: Array<() => Promise<unknown>> = [];
  let clock = createManualClock();

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function serve(script: Script, options: RawServerOptions = {}): Promise<RawServer> {
    const server = await startRawServer(script, options);
    closing.push(() => server.close());
    return server;
  }

  return {
    closing,
    /** Of the transport opened last. */
    clock: () => clock,
    open(options: Partial<TransportOptions> = {}): Transport {
      clock = createManualClock();
      const transport = create({ clock, ...options });
      closing.push(() => transport.close());
      return transport;
    },
    serve,
    /** Answers every request of a connection in turn. */
    always: (answer: string, options: RawServerOptions = {}) =>
      serve(async (connection) => {
        for (;;) {
          await connection.request();
          connection.write(answer);
        }
      }, options),
  };
}

export function post(server: { port: number }, path = '/', scheme = 'http'): TransportRequest {
  const headers = {
    authorization: AUTHORIZATION,
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  return { method: 'POST', url: `${scheme}://127.0.0.1:${server.port}${path}`, headers, body: FORM };
}

export function get(server: { port: number }): TransportRequest {
  return { method: 'GET', url: `http://127.0.0.1:${server.port}/list`, headers: { authorization: AUTHORIZATION } };
}

/** The failure of a request that must fail, with this stage and reason where given. */
export async function fails(answer: Promise<unknown>, stage?: string, reason?: string): Promise<TransportFailure> {
  const failure: unknown = await answer.then(
    (value) => expect.fail(`expected a failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(failure instanceof TransportFailure)) throw failure;
  if (stage !== undefined) expect(failure.stage, failure.message).toBe(stage);
  if (reason !== undefined) expect(failure.reason, failure.message).toBe(reason);
  return failure;
}

function data(file: string): string {
  return readFileSync(new URL(`../contract/data/${file}`, import.meta.url), 'utf8');
}
