/** `tollboard start`: the gateway, and the simulator where there is no Twilio account, until a signal stops it. */

import type { Settings } from '../../config/settings.ts';
import type { RunningGateway } from '../../gateway.ts';
import type { Call, CommandRow } from '../command.ts';
import { loadSettings } from '../../config/load.ts';
import { shellWord, textOption } from '../command.ts';

const FLAGS = ['port', 'host', 'simulatorPort', 'data', 'config', 'simulator', 'accounts'] as const;

/** A phone of the simulator that receives: any possible number does; this one is also a verified caller ID. */
const EXAMPLE_RECIPIENT = '+15550100001';

export const commands: readonly CommandRow[] = [
  {
    name: 'start',
    summary: 'Start the gateway, and the simulator where there is no Twilio account.',
    options: [
      { flags: '--port <port>', description: 'Port of the gateway; 0 takes any free one.', default: 'PORT, else 8655' },
      { flags: '--host <address>', description: 'Address to listen on.', default: '127.0.0.1' },
      { flags: '--data <dir>', description: 'Data folder; one gateway per folder.', default: './data' },
      {
        flags: '--config <file>',
        description: 'Configuration file.',
        default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml',
      },
      {
        flags: '--simulator <mode>',
        description: 'auto, always or never.',
        default: 'auto: when no account is configured',
      },
      {
        flags: '--simulator-port <port>',
        description: 'Port of the simulator; 0 takes any free one.',
        default: '8656',
      },
      { flags: '--accounts <file>', description: "Declares the simulator's accounts." },
      { flags: '--json', description: 'The first line, when ready, is one JSON object.' },
    ],
    examples: ['tollboard start', 'tollboard start --port 0 --data /var/lib/tollboard --json'],
    run: start,
  },
];

async function start({ options, io, out }: Call): Promise<number> {
  const flags = Object.fromEntries(
    FLAGS.flatMap((name) => [[name, textOption(options, name)]]).filter(([, text]) => text !== undefined),
  );
  const settings = await loadSettings({ flags, env: io.env, cwd: io.cwd });
  for (const warning of settings.warnings) out.note(`Note: ${warning}`);
  const { startGateway } = await import('../../gateway.ts');
  const gateway = await startGateway(settings);
  if (out.json) {
    const { url, token, simulatorUrl, webhookUrl, simulated } = gateway;
    out.line({ url, token, simulatorUrl, webhookUrl, simulated, pid: process.pid });
  } else {
    announce(gateway, settings, (text) => out.text(text));
  }
  await untilAborted(io.interrupted);
  if (!out.json) out.note('Stopping; a second Ctrl-C ends at once.');
  await gateway.stop();
  return 0;
}

function announce(gateway: RunningGateway, settings: Settings, print: (text: string) => void): void {
  print(`Tollboard listens on ${gateway.url}`);
  if (gateway.simulatorUrl !== null) print(`Simulated Twilio at ${gateway.simulatorUrl}: nothing leaves this machine.`);
  const { url, ready, message, remedy } = gateway.webhook;
  print(ready ? `Webhook for what comes in: ${url}` : `No webhook: ${message} ${remedy ?? ''}`);
  print(`Data in ${settings.dataDir}`);
  if (gateway.simulated) print('Statuses: by callbacks of the simulator');
  else
    for (const { name, accountSid } of settings.accounts)
      print(`Statuses of ${name}: ${statusWay(gateway, settings, accountSid)}`);
  const to = gateway.simulated ? EXAMPLE_RECIPIENT : '+<number>';
  const data = settings.dataDir === `${process.cwd()}/data` ? '' : ` --data ${shellWord(settings.dataDir)}`;
  print('In a second shell:');
  print(`  npx tollboard send --to ${to} --body "Hello from Tollboard" --wait${data}`);
}

function statusWay(gateway: RunningGateway, settings: Settings, accountSid: string): string {
  const url = settings.delivery.statusCallback === 'never' ? null : (gateway.callbackUrls.get(accountSid) ?? null);
  return url === null ? 'by polling' : `by callbacks to ${url}`;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
