/** One gateway per data directory, also when the last one was killed. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDirectory } from '../../src/store/sqlite/lock.ts';

const PROGRAM = fileURLToPath(new URL('../support/lock-holder.ts', import.meta.url));

describe('the lock of a data directory', () => {
  let dir: string;
  let child: ChildProcess | null = null;
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'tollboard-lock-')), 'data');
  });
  afterEach(async () => {
    if (child !== null && child.exitCode === null && child.signalCode === null) await end(child);
    child = null;
    await rm(join(dir, '..'), { recursive: true, force: true });
  });

  async function holder(): Promise<ChildProcess> {
    child = spawn(process.execPath, [PROGRAM, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout as NodeJS.EventEmitter, 'data');
    return child;
  }

  async function end(process: ChildProcess): Promise<void> {
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
  }

  it('names the process that holds it', async () => {
    const { pid } = await holder();
    const failure = lockDataDirectory(dir);
    await expect(failure).rejects.toMatchObject({ code: 'TOLLBOARD_DATA_IN_USE', kind: 'conflict' });
    await expect(failure).rejects.toThrow(`process ${pid}`);
  });

  it('is free again when its holder was killed, whatever the side file says', async () => {
    await end(await holder());
    expect(existsSync(join(dir, 'lock.pid'))).toBe(true);
    const lock = await lockDataDirectory(dir);
    await expect(lockDataDirectory(dir)).rejects.toThrow(`process ${process.pid}`);
    lock.release();
  });

  it.each(['file', 'file/data'])('tells that %s cannot be a directory, and why', async (name) => {
    const parent = join(dir, '..');
    writeFileSync(join(parent, 'file'), '');
    const failure = lockDataDirectory(join(parent, name));
    await expect(failure).rejects.toMatchObject({
      code: 'TOLLBOARD_DATA_UNUSABLE',
      message: expect.stringContaining('a file stands in its way'),
    });
  });

  it.runIf(existsSync('/proc/self'))('does not try for ever where no directory can be made', async () => {
    await expect(lockDataDirectory('/proc/tollboard/data')).rejects.toMatchObject({ code: 'TOLLBOARD_DATA_UNUSABLE' });
  });

  it('is refused within one process too, and free after release, which may be done twice', async () => {
    const lock = await lockDataDirectory(dir);
    await expect(lockDataDirectory(dir)).rejects.toMatchObject({ code: 'TOLLBOARD_DATA_IN_USE' });
    // A refusal must not have let go of what the holder has.
    await expect(lockDataDirectory(dir)).rejects.toMatchObject({ code: 'TOLLBOARD_DATA_IN_USE' });
    lock.release();
    lock.release();
    const next = await lockDataDirectory(dir);
    lock.release();
    await expect(lockDataDirectory(dir)).rejects.toMatchObject({ code: 'TOLLBOARD_DATA_IN_USE' });
    next.release();
    expect(existsSync(join(dir, 'lock.pid'))).toBe(false);
  });

  it('is refused without a name when the side file is unreadable', async () => {
    const lock = await lockDataDirectory(dir);
    writeFileSync(join(dir, 'lock.pid'), 'not a number');
    await expect(lockDataDirectory(dir)).rejects.toThrow('process unknown');
    lock.release();
  });

  it('keeps directory and files to their owner', async () => {
    const lock = await lockDataDirectory(dir);
    const modes = [dir, join(dir, 'lock.db'), join(dir, 'lock.pid')].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    lock.release();
  });
});
