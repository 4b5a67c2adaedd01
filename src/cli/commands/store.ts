/** `tollboard store backup|check`: a consistent copy of the database, and whether it is intact. Both only read it. */

import type { Call, CommandRow, OptionRow } from '../command.ts';
import { statSync } from 'node:fs';
import path from 'node:path';
import { backupStore } from '../../store/sqlite/backup.ts';
import { checkStore } from '../../store/sqlite/check.ts';
import { printChecks } from '../checks.ts';
import { JSON_OPTION } from '../command.ts';
import { settingsFor } from '../where.ts';

/** The one command that opens the database, read-only: a damaged one has no gateway to ask. */
const STORE_OPTIONS: readonly OptionRow[] = [
  { flags: '--data <dir>', description: 'Data folder.', default: './data' },
  { flags: '--config <file>', description: 'Configuration file.', default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml' },
  JSON_OPTION,
];

const RESTORING = [
  'To restore: stop the gateway, remove tollboard.sqlite-wal and tollboard.sqlite-shm, put the copy in place of tollboard.sqlite.',
  'What still waited to be sent when it was copied may have left since: at its first start it is looked for at Twilio, and sent only if it is not there.',
];

export const commands: readonly CommandRow[] = [
  {
    name: 'store backup',
    summary: 'Copy the database as one snapshot; the gateway may be running.',
    arguments: [{ name: '<file>', description: 'The copy; must not exist yet.' }],
    options: STORE_OPTIONS,
    examples: ['tollboard store backup tollboard-2026-11-21.sqlite'],
    async run(call) {
      const target = path.resolve(call.io.cwd, call.args[0] ?? '');
      await backupStore(await databaseOf(call), target, Date.now());
      const { size } = statSync(target);
      if (call.out.json) call.out.line({ file: target, bytes: size });
      else call.out.text(`Copied to ${target} (${size} bytes).`);
      if (!call.out.json) for (const line of RESTORING) call.out.note(line);
      return 0;
    },
  },
  {
    name: 'store check',
    summary: 'Check that the database is intact; the gateway may be running.',
    options: STORE_OPTIONS,
    async run(call) {
      const { checks, counts } = checkStore(await databaseOf(call));
      const exit = printChecks(checks, call.out);
      const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
      if (!call.out.json) call.out.text(states.length === 0 ? 'No entries.' : `Entries: ${states.join(', ')}.`);
      return exit;
    },
  },
];

async function databaseOf({ options, io }: Call): Promise<string> {
  const { dataDir } = await settingsFor({ options, env: io.env, cwd: io.cwd });
  return path.join(dataDir, 'tollboard.sqlite');
}
