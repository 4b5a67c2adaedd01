/** `tollboard store backup|check`: a consistent copy of the database, and whether it is intact. */

import type { RemoteMessenger } from '../../remote/messenger.ts';
import type { StoreCheck } from '../../store/sqlite/check.ts';
import type { Call, CommandRow } from '../command.ts';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isTollboardError, TollboardError } from '../../core/errors.ts';
import { backupStore, copyFailure } from '../../store/sqlite/backup.ts';
import { checkStore } from '../../store/sqlite/check.ts';
import { lockDataDirectory } from '../../store/sqlite/lock.ts';
import { systemClock } from '../../system.ts';
import { printChecks } from '../checks.ts';
import { DESTINATION_OPTIONS, textOption } from '../command.ts';
import { withGateway } from '../messenger.ts';
import { readGatewayFile, settingsFor } from '../where.ts';

const RESTORING = [
  'To restore: stop the gateway, remove tollboard.sqlite-wal and tollboard.sqlite-shm, put the copy in place of tollboard.sqlite.',
  'What still waited to be sent when it was copied may have left since: at its first start it is looked for at Twilio, and sent only if it is not there.',
];

export const commands: readonly CommandRow[] = [
  {
    name: 'store backup',
    summary: 'Copy the database as one snapshot: through the gateway, or from its folder while none runs.',
    arguments: [{ name: '<file>', description: 'The copy; must not exist yet.' }],
    options: DESTINATION_OPTIONS,
    examples: ['tollboard store backup tollboard-2026-11-21.sqlite'],
    async run(call) {
      const target = path.resolve(call.io.cwd, call.args[0] ?? '');
      await copyTo(target, call);
      const { size } = statSync(target);
      if (call.out.json) call.out.line({ file: target, bytes: size });
      else call.out.text(`Copied to ${target} (${size} bytes).`);
      if (!call.out.json) for (const line of RESTORING) call.out.note(line);
      return 0;
    },
  },
  {
    name: 'store check',
    summary: 'Check that the database is intact: a copy from the gateway, or the file itself while none runs.',
    options: DESTINATION_OPTIONS,
    async run(call) {
      const { checks, counts, ok } = await check(call);
      const exit = printChecks(checks, call.out);
      const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
      if (call.out.json) return exit;
      if (states.length > 0) call.out.text(`Entries: ${states.join(', ')}.`);
      // Of a file that cannot be read nobody knows whether it has any.
      else if (ok) call.out.text('No entries.');
      return exit;
    },
  },
];

/** The database belongs to who holds the lock of its folder: a gateway that runs is asked, else this command takes its place. */
async function withStore<T>(
  call: Call,
  ways: { gateway: (remote: RemoteMessenger) => Promise<T>; here: (file: string) => Promise<T> | T },
): Promise<T> {
  const { options, io } = call;
  const named = textOption(options, 'url') ?? io.env.TOLLBOARD_URL ?? '';
  if (named !== '') return withGateway(call, 'The store', ways.gateway);
  const { dataDir } = await settingsFor({ options, env: io.env, cwd: io.cwd });
  const file = path.join(dataDir, 'tollboard.sqlite');
  if (!existsSync(file)) throw new TollboardError('TOLLBOARD_STORE_MISSING', { details: { dir: dataDir } });
  const lock = await lockDataDirectory(dataDir).catch((error: unknown) => {
    if (!isTollboardError(error) || error.code !== 'TOLLBOARD_DATA_IN_USE') throw error;
    if (readGatewayFile(dataDir) !== null) return null;
    const remedy = 'Stop it, or name it with --url and --token.';
    throw TollboardError.from({ ...error.report, remedy }, error.details);
  });
  if (lock === null) return withGateway(call, 'The store', ways.gateway);
  try {
    return await ways.here(file);
  } finally {
    lock.release();
  }
}

async function copyTo(target: string, call: Call): Promise<void> {
  if (existsSync(target)) throw new TollboardError('TOLLBOARD_STORE_BACKUP_EXISTS', { details: { file: target } });
  await withStore(call, {
    gateway: (remote) => download(remote, target, call.io.interrupted),
    here: (file) => backupStore(file, target, systemClock.now()),
  });
}

async function check(call: Call): Promise<StoreCheck> {
  return withStore(call, {
    async gateway(remote) {
      const folder = mkdtempSync(path.join(tmpdir(), 'tollboard-check-'));
      try {
        const copy = path.join(folder, 'copy.sqlite');
        await download(remote, copy, call.io.interrupted);
        return checkStore(copy);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    here: checkStore,
  });
}

/** It appears under its name only when it is whole and on disk. */
async function download({ client }: RemoteMessenger, target: string, signal: AbortSignal): Promise<void> {
  const partial = `${target}.partial`;
  try {
    await rm(partial, { force: true });
    const file = await open(partial, 'wx', 0o600);
    try {
      for await (const part of await client.download('/api/v1/store/backup', signal)) await file.write(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw signal.aborted ? error : copyFailure(error, target);
  }
}
