/** Ten thousand silent connections at once: the server stays up, and whoever asks something is served throughout. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { expect, test } from 'vitest';
import { startApiServer } from '../support/api-server.ts';

const CONNECTIONS = 10_000;

test('10,000 connections are bounded: those within the limit are served, the rest closed, and all is well after', async () => {
  const api = await startApiServer({ limits: { headersMs: 2000, checkMs: 200 } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const health = async (through?: http.Agent) => {
    const asked = http.get(`${api.url}/healthz`, { agent: through ?? false });
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  };
  expect(await health(agent)).toBe(200);
  // In a process of its own: both ends of 10,000 connections are more files than one process may hold.
  const crowd = fork(new URL('../support/crowd.ts', import.meta.url), [String(api.server.port), String(CONNECTIONS)]);
  const [opened] = (await once(crowd, 'message')) as [{ closed: number }];
  expect(await health(agent)).toBe(200);
  expect(await health()).toBe(200);
  expect(opened.closed).toBeGreaterThanOrEqual(CONNECTIONS - 2048);
  const before = process.memoryUsage().rss;
  crowd.send('wait');
  const [ended] = (await once(crowd, 'message')) as [{ closed: number }];
  expect(ended.closed).toBe(CONNECTIONS);
  expect(await health()).toBe(200);
  expect(process.memoryUsage().rss).toBeLessThan(before + 200 * 1024 * 1024);
  agent.destroy();
  await api.close();
});
