/** `tollboard doctor`: what is wrong with a set-up, and how to mend it. */

import type { Settings } from '../../config/settings.ts';
import type { CheckRow } from '../checks.ts';
import type { Call, CommandRow } from '../command.ts';
import { systemClock } from '../../system.ts';
import { printChecks } from '../checks.ts';
import { JSON_OPTION } from '../command.ts';
import {
  accountChecks,
  automationChecks,
  callbackChecks,
  dataFolderChecks,
  environmentChecks,
  faultRow,
  gatewayChecks,
  noAccountChecks,
  senderChecks,
  sinkChecks,
  webhookChecks,
} from '../doctor-checks.ts';
import { settingsFor } from '../where.ts';

export const commands: readonly CommandRow[] = [
  {
    name: 'doctor',
    summary: 'Say what is wrong with a set-up and how to mend it.',
    options: [
      {
        flags: '--config <file>',
        description: 'Configuration file.',
        default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml',
      },
      { flags: '--data <dir>', description: 'Data folder.', default: './data' },
      JSON_OPTION,
    ],
    run: doctor,
  },
];

async function doctor(call: Call): Promise<number> {
  const { options, io, out } = call;
  const environment = environmentChecks(io.env);
  let settings: Settings;
  try {
    settings = await settingsFor({ options, env: io.env, cwd: io.cwd });
  } catch (error) {
    return printChecks([faultRow('configuration', error), ...environment], out);
  }
  const rows: CheckRow[] = [
    {
      name: 'configuration',
      ok: true,
      message: settings.configFile ?? 'No file; flags, environment and defaults.',
      remedy: null,
    },
    ...settings.warnings.map((message) => ({ name: 'configuration', ok: true, warning: true, message, remedy: null })),
    ...environment,
    ...dataFolderChecks(settings.dataDir),
    ...(await gatewayChecks(settings.dataDir)),
    ...callbackChecks(settings),
    ...(await automationChecks(settings)),
    ...webhookChecks(settings),
    ...(await sinkChecks(settings)),
    ...(await twilioChecks(settings, io.interrupted)),
  ];
  return printChecks(rows, out);
}

async function twilioChecks(settings: Settings, signal: AbortSignal): Promise<CheckRow[]> {
  if (settings.accounts.length === 0) return noAccountChecks(settings.dataDir);
  const { createHttpsTransport } = await import('../../twilio/https-transport.ts');
  const { createTwilioClient } = await import('../../twilio/client.ts');
  const transport = createHttpsTransport({ clock: systemClock, environment: process.env });
  try {
    const rows: CheckRow[] = [];
    for (const [index, account] of settings.accounts.entries()) {
      const client = createTwilioClient(account, { transport, clock: systemClock });
      const checks = await accountChecks(account, client, signal);
      rows.push(...checks);
      if (index === 0 && checks[0]?.ok === true) rows.push(...(await senderChecks(settings, client, signal)));
    }
    return rows;
  } finally {
    await transport.close();
  }
}
