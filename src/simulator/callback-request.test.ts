import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { countingRandom } from '../../test/support/entries.ts';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createCallbackSender } from './callback-request.ts';

/** Connections that the sender opens to one receiver. */
const SOCKETS = 64;

it('a callback that waits for a free connection is not given up meanwhile', async () => {
  const open: ServerResponse[] = [];
  const full = Promise.withResolvers<void>();
  let held = true;
  const server = createServer((request, response) => {
    request.resume();
    open.push(response);
    if (open.length === SOCKETS) full.resolve();
    if (!held) response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = createManualClock();
  const sender = createCallbackSender({ base: clock, random: countingRandom() });
  onTestFinished(async () => {
    sender.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/#rc=0`;
  const callback = { url, method: 'POST', fields: [], token: 't', voice: false };
  const all = Array.from({ length: SOCKETS + 10 }, () => sender.request(callback, new AbortController().signal));
  await full.promise;
  // Longer than a connection may take, shorter than an answer may.
  clock.advance(6000);
  held = false;
  for (const response of open) response.writeHead(204).end();
  const results = await Promise.all(all);
  expect(results.filter(({ status }) => status !== 204)).toEqual([]);
});
