/** A copy of the database that is put back: what left since the copying is found, and nothing is sent again. */

import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FaultPair, PHONE, START, usePairs } from '../support/fault-pair.ts';

const startPair = usePairs();

async function download({ url, token }: FaultPair): Promise<Buffer> {
  const answer = await fetch(`${url}/api/v1/store/backup`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/vnd.sqlite3');
  return Buffer.from(await answer.arrayBuffer());
}

it.each([
  ['Twilio’s list', 'found', true],
  ['a callback', 'status', false],
])(
  'what was to be sent when it was copied is sent once, whether it left since or not: told by %s',
  async (_by, told, lost) => {
    const pair = await startPair();
    if (lost) await pair.simulator.call('fault', { fault: 'callback_lost' });
    await pair.simulator.call('away');
    const [left] = await pair.send(PHONE, 'left after the copy');
    const [never] = await pair.send('+15551112223', 'never left');
    const at = new Date(START + 3_600_000).toISOString();
    const [later] = await pair.send('+15551112224', 'for later', { notBefore: at });
    const copy = await download(pair);

    // The original goes on: one text leaves, the other one is canceled before.
    await pair.ask('POST', `/api/v1/messages/${never?.id}/cancel`, {});
    await pair.simulator.call('back');
    // A try that was under way when the clock moved plans its next one after the move: so it moves until the text left.
    let now = START;
    let gone = false;
    const reached = pair.gateway.call('reached', { state: 'sent', count: 1 }).then(() => {
      gone = true;
    });
    for (let step = 120_000; !gone && now < START + 3_000_000; step = 10_000) {
      await pair.gateway.call('advance', step);
      now += step;
    }
    await reached;
    await pair.gateway.call('stop');
    for (const name of ['tollboard.sqlite-wal', 'tollboard.sqlite-shm'])
      rmSync(join(pair.dataDir, name), { force: true });
    writeFileSync(join(pair.dataDir, 'copy.sqlite'), copy);
    copyFileSync(join(pair.dataDir, 'copy.sqlite'), join(pair.dataDir, 'tollboard.sqlite'));

    await pair.start({ now });
    expect(await pair.entry(later?.id ?? '')).toMatchObject({ state: 'scheduled' });
    expect(await pair.entry(left?.id ?? '')).toMatchObject({
      state: 'unknown',
      error: { code: 'TOLLBOARD_DELIVERY_RESTORED', stage: 'unknown' },
    });
    await pair.settle();
    const taken = await pair.acceptances();
    expect(taken.map(({ body }) => body).sort()).toEqual(['for later', 'left after the copy', 'never left']);
    for (const entry of [left, never, later]) {
      expect(await pair.entry(entry?.id ?? '')).toMatchObject({ state: 'done', status: 'delivered' });
    }
    const { decisions } = await pair.entry(left?.id ?? '');
    expect(decisions.map(({ what }) => what)).toEqual(expect.arrayContaining(['restored', told]));
  },
);
