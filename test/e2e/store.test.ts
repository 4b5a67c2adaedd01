/** Backup and check as a user runs them: with a gateway, after it, without a database, and where the copy cannot be written. */

import type { Program, Service } from '../support/program.ts';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let gateway: Service;
const START = ['start', '--port', '0', '--simulator-port', '0', '--json'];
const inFolder = (...parts: string[]) => path.join(program.cwd, ...parts);

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(START);
  await program.run(['send', '--to', '+15550100001', '--body', 'kept', '--wait']);
});
afterAll(() => program.close());

describe('with a gateway', () => {
  it('a backup comes from the gateway, private and whole, and leaves nothing behind', async () => {
    const { code, lines, err } = await program.run(['store', 'backup', 'one.sqlite', '--json']);
    expect([code, err]).toEqual([0, '']);
    expect(lines).toEqual([{ file: inFolder('one.sqlite'), bytes: statSync(inFolder('one.sqlite')).size }]);
    expect(statSync(inFolder('one.sqlite')).mode & 0o777).toBe(0o600);
    expect(readdirSync(inFolder('data')).filter((name) => name.startsWith('copy'))).toEqual([]);
    expect(existsSync(inFolder('one.sqlite.partial'))).toBe(false);
  });

  it('is reached by address and token alone, from any folder', async () => {
    const { url, token } = gateway.ready as Record<string, string>;
    const env = { TOLLBOARD_URL: url ?? '', TOLLBOARD_TOKEN: token ?? '' };
    const { code } = await program.run(['store', 'backup', 'two.sqlite', '--data', 'nowhere'], { env });
    expect(code).toBe(0);
    const foreign = await program.run(['store', 'check'], { env: { ...env, TOLLBOARD_TOKEN: 'wrong' } });
    expect(foreign).toMatchObject({ code: 2, err: expect.stringContaining('token') });
  });

  it('the check says what is there', async () => {
    const { code, out } = await program.run(['store', 'check']);
    expect(code).toBe(0);
    expect(out).toContain('Entries: 1 done.');
  });

  it('the check of what is no database says so, and nothing of entries', async () => {
    mkdirSync(inFolder('broken'));
    writeFileSync(
      inFolder('broken', 'tollboard.sqlite'),
      'no database at all, but long enough for a header '.repeat(9),
    );
    const { code, out } = await program.run(['store', 'check', '--data', 'broken']);
    expect(code).toBe(1);
    expect(out).toMatch(/^wrong {3}file: .*not an intact Tollboard database/);
    expect(out).not.toContain('ntries');
  });

  it('a copy that cannot be written is one clear error, and no file is replaced', async () => {
    writeFileSync(inFolder('precious'), 'precious');
    const there = await program.run(['store', 'backup', 'precious']);
    expect(there).toMatchObject({ code: 1, err: expect.stringContaining('TOLLBOARD_STORE_BACKUP_EXISTS') });
    const nowhere = await program.run(['store', 'backup', 'no/such/folder.sqlite']);
    expect(nowhere).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot be written: ENOENT.*folder that exists/s),
    });
    expect(statSync(inFolder('precious')).size).toBe(8);
  });

  it('one whose gateway.json is gone is left alone', async () => {
    renameSync(inFolder('data', 'gateway.json'), inFolder('kept.json'));
    const { code, err } = await program.run(['store', 'check']);
    renameSync(inFolder('kept.json'), inFolder('data', 'gateway.json'));
    expect(code).toBe(1);
    expect(err).toMatch(/in use by another gateway \(process \d+\).*--url and --token/s);
  });
});

describe('without a gateway', () => {
  it('both work on the folder, also after the gateway was killed, and take its lock for that long', async () => {
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    expect(existsSync(inFolder('data', 'gateway.json'))).toBe(true);
    expect(await program.run(['store', 'check'])).toMatchObject({ code: 0, err: '' });
    expect(await program.run(['store', 'backup', 'three.sqlite'])).toMatchObject({ code: 0 });
    const again = await program.serve(START);
    expect((await again.stop()).code).toBe(0);
  });

  it('a copy is a database: put in place, the next gateway goes on from it', async () => {
    for (const name of ['tollboard.sqlite', 'tollboard.sqlite-wal', 'tollboard.sqlite-shm'])
      rmSync(inFolder('data', name), { force: true });
    renameSync(inFolder('three.sqlite'), inFolder('data', 'tollboard.sqlite'));
    const again = await program.serve(START);
    const { out } = await program.run(['store', 'check']);
    expect(out).toContain('Entries: 1 done.');
    await again.stop();
  });

  it('a folder without a database is named, and not made', async () => {
    for (const verb of [['check'], ['backup', 'four.sqlite']]) {
      const { code, err } = await program.run(['store', ...verb, '--data', 'elsewhere']);
      expect(code).toBe(2);
      expect(err).toMatch(/There is no database in .*elsewhere.*--data/s);
    }
    expect(existsSync(inFolder('elsewhere'))).toBe(false);
  });
});
