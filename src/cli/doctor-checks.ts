/** What `tollboard doctor` looks at: each check says what is, whether that is well, and how to mend it. */

import type { AccountSettings, Settings } from '../config/settings.ts';
import type { SinkSettings, SinkView } from '../core/sinks.ts';
import type { TwilioClient } from '../twilio/client.ts';
import type { CheckRow } from './checks.ts';
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { isTollboardError } from '../core/errors.ts';
import { isLoopback, readGatewayFile } from './where.ts';

type Env = Readonly<Record<string, string | undefined>>;

const ok = (name: string, message: string): CheckRow => ({ name, ok: true, message, remedy: null });
const note = (name: string, message: string, remedy: string | null): CheckRow => ({
  name,
  ok: true,
  warning: true,
  message,
  remedy,
});
const wrong = (name: string, message: string, remedy: string): CheckRow => ({ name, ok: false, message, remedy });

/** A thrown error as a row. */
export function faultRow(name: string, error: unknown): CheckRow {
  if (!isTollboardError(error)) throw error;
  return wrong(name, error.message, error.remedy);
}

/** Variables that other Twilio programs follow and that explain a 401 here. */
export function environmentChecks(env: Env): CheckRow[] {
  const set = ['TWILIO_REGION', 'TWILIO_EDGE'].filter((name) => (env[name] ?? '') !== '');
  if (set.length === 0) return [];
  const said = set.map((name) => `${name}=${env[name]}`).join(' and ');
  return [
    note(
      'environment',
      `${said}: Tollboard does not follow it, and credentials of another region get 401.`,
      'If the credentials belong to that region set TWILIO_BASE_URL to https://api.<edge>.<region>.twilio.com; else unset it.',
    ),
  ];
}

const LOW_SPACE_BYTES = 200 * 1024 * 1024;

export function dataFolderChecks(dataDir: string): CheckRow[] {
  const name = 'data folder';
  const facts = statSync(dataDir, { throwIfNoEntry: false });
  if (facts === undefined) return [ok(name, `${dataDir} is not there yet; "tollboard start" makes it.`)];
  if (!facts.isDirectory())
    return [wrong(name, `${dataDir} is not a folder.`, 'Name another one with --data or data:.')];
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      wrong(
        name,
        `${dataDir} cannot be written by this user.`,
        `Give it to this user, or name another one with --data.`,
      ),
    ];
  }
  const rows: CheckRow[] = [];
  if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
    rows.push(note(name, `Other users may look into ${dataDir}.`, `Run: chmod 700 ${dataDir}`));
  }
  const { bavail, bsize } = statfsSync(dataDir);
  if (bavail * bsize < LOW_SPACE_BYTES) {
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    rows.push(
      wrong(
        name,
        `Only ${free} MB are free at ${dataDir}.`,
        'Free some space: a full disk makes the gateway refuse what it is given.',
      ),
    );
  }
  return rows.length > 0 ? rows : [ok(name, `${dataDir} can be written.`)];
}

export async function gatewayChecks(dataDir: string): Promise<CheckRow[]> {
  const name = 'gateway';
  try {
    const file = readGatewayFile(dataDir);
    if (file === null) return [ok(name, 'No gateway runs on this data folder.')];
    const readiness = await readyState(file.url);
    if (readiness === 'ready') return [ok(name, `Runs at ${file.url} (pid ${file.pid}) and takes writes.`)];
    if (readiness === 'not ready') {
      return [
        wrong(
          name,
          `The gateway at ${file.url} runs and does not take writes.`,
          'Look for a full or locked disk; "tollboard store check" tells more.',
        ),
      ];
    }
    return [
      wrong(
        name,
        `gateway.json names ${file.url} (pid ${file.pid}), where nothing answers: that gateway did not stop cleanly.`,
        'Start it again with "tollboard start"; what it had accepted is on disk and goes on.',
      ),
    ];
  } catch (error) {
    return [faultRow(name, error)];
  }
}

/** Nothing where there are no automations; else one row for each fault that a check finds. */
export async function automationChecks({ automation }: Settings): Promise<CheckRow[]> {
  const { automations: source, notify, restCommand } = automation;
  if (source === null && notify === null && restCommand === null) return [];
  const name = 'automations';
  try {
    const { readAutomations } = await import('../automations.ts');
    const { automations, faults } = await readAutomations(automation);
    if (faults.length === 0) return [ok(name, `${automations.length} can be read, and nothing is wrong with them.`)];
    const remedy = 'Correct it there; tollboard automations check looks again.';
    return faults.map(({ where, path, message }) => wrong(name, `${where}: ${path}: ${message}.`, remedy));
  } catch (error) {
    return [faultRow(name, error)];
  }
}

/** One row for each sink: as the running gateway sees it, else as far as it can be seen without handing anything on. */
export async function sinkChecks({ sinks, dataDir }: Settings): Promise<CheckRow[]> {
  const running = sinks.length === 0 ? null : await runningSinks(dataDir);
  return sinks.map((sink) => {
    const name = `sink ${sink.name}`;
    const fault = programFault(sink);
    if (fault !== null) return wrong(name, fault, 'Correct the path in command:, or make the file executable.');
    const view = running?.find((one) => one.name === sink.name);
    if (view === undefined && running !== null)
      return note(
        name,
        'The running gateway does not have it yet.',
        'Start the gateway again: sinks are read at its start.',
      );
    if (view?.retry !== null && view?.retry !== undefined)
      return wrong(name, `${view.waiting} waiting. ${view.retry.error.message}`, view.retry.error.remedy);
    if (view !== undefined && view.dead > 0)
      return note(
        name,
        `${view.dead} dead ${view.dead === 1 ? 'letter' : 'letters'}.`,
        `tollboard sinks list ${sink.name} --dead shows why; sinks replay hands them on again.`,
      );
    const kind = sink.kind.replaceAll('_', ' ');
    return ok(
      name,
      `${kind}, ${view === undefined ? 'configured; "tollboard sinks test" tries it' : `${view.delivered} delivered`}.`,
    );
  });
}

/** Null where no gateway runs here or it does not answer: its own check says so. */
async function runningSinks(dataDir: string): Promise<SinkView[] | null> {
  try {
    const file = readGatewayFile(dataDir);
    if (file === null) return null;
    const answer = await globalThis.fetch(`${file.url}/api/v1/sinks`, {
      headers: { authorization: `Bearer ${file.token}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(READY_MS),
    });
    return answer.ok ? ((await answer.json()) as { sinks: SinkView[] }).sinks : null;
  } catch {
    return null;
  }
}

function programFault({ target }: SinkSettings): string | null {
  if (target.via !== 'command') return null;
  const program = target.argv[0] ?? '';
  try {
    accessSync(program, constants.X_OK);
    return statSync(program).isFile() ? null : `${program} is not a program.`;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? `There is no program ${program}.` : `${program} cannot be run by this user.`;
  }
}

/** What no account in sight means, here: the simulator, a gateway that has one of its own, or a start that is refused. */
export async function noAccountChecks(dataDir: string): Promise<CheckRow[]> {
  const name = 'accounts';
  const simulated = await simulatedBy(dataDir);
  if (simulated === false)
    return [
      note(
        name,
        "The running gateway has a Twilio account that is in nobody's sight here, so it is not looked at.",
        'Run doctor with the environment and the --config of that gateway.',
      ),
    ];
  const starts = '"tollboard start" runs the simulator';
  const real = simulated === null && existsSync(path.join(dataDir, 'tollboard.sqlite'));
  return [
    note(
      name,
      `No Twilio account is configured: ${starts}${real ? ', unless this data is that of a real account' : ''}.`,
      'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN when real texts are to leave.',
    ),
  ];
}

/** As the gateway on this folder says; null where none answers. */
async function simulatedBy(dataDir: string): Promise<boolean | null> {
  try {
    const file = readGatewayFile(dataDir);
    if (file === null) return null;
    const answer = await globalThis.fetch(`${file.url}/healthz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(READY_MS),
    });
    return ((await answer.json()) as { simulated: boolean }).simulated;
  } catch {
    return null;
  }
}

const READY_MS = 3000;

async function readyState(url: string): Promise<'ready' | 'not ready' | 'silent'> {
  try {
    const answer = await globalThis.fetch(`${url}/readyz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(READY_MS),
    });
    await answer.body?.cancel();
    return answer.ok ? 'ready' : 'not ready';
  } catch {
    return 'silent';
  }
}

/** Which way statuses come, and why. */
export function callbackChecks(settings: Settings): CheckRow[] {
  const name = 'status callbacks';
  const { publicUrl, delivery } = settings;
  if (settings.accounts.length === 0) return [];
  if (delivery.statusCallback === 'never') return [ok(name, 'Switched off (never): statuses come by polling.')];
  // Which accounts those are, and how to change it, their own checks say.
  if (settings.accounts.every(({ authTokens }) => authTokens.length === 0))
    return [ok(name, 'No account has an auth token to verify them by: statuses come by polling.')];
  if (publicUrl === null && delivery.statusCallback === 'always') {
    return [
      note(
        name,
        "Switched on (always) without a public_url: Twilio is given the gateway's own address, which only a Twilio on this machine reaches.",
        'Set public_url to the https address under which Twilio reaches this gateway.',
      ),
    ];
  }
  if (publicUrl === null) {
    return [
      note(
        name,
        'There is no public_url: statuses come by polling, within seconds to minutes.',
        'Set public_url to the https address under which Twilio reaches this gateway.',
      ),
    ];
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol !== 'https:' || hostname.includes('_') || isLoopback(publicUrl)) {
    return [
      wrong(
        name,
        `Twilio does not take callbacks to ${publicUrl}: statuses come by polling.`,
        'Use an https address that the internet reaches, with a host without underscore.',
      ),
    ];
  }
  return [ok(name, `Twilio tells statuses to ${publicUrl}.`)];
}

/** Whether what comes in can arrive; what the numbers themselves say, `tollboard numbers list` shows. */
export function webhookChecks({ accounts, publicUrl }: Settings): CheckRow[] {
  const name = 'webhook';
  // Which accounts have no token, and how to change it, their own checks say.
  if (accounts.every(({ authTokens }) => authTokens.length === 0)) return [];
  if (publicUrl !== null) return [ok(name, `Twilio sends what comes in to ${publicUrl}, once a number points there.`)];
  if (accounts.every(({ baseUrl }) => isLoopback(baseUrl)))
    return [ok(name, 'A Twilio on this machine sends what comes in, once a number points here.')];
  return [
    note(
      name,
      'There is no public_url: no message and no call comes in.',
      'Set public_url to the address under which Twilio reaches this gateway, then: tollboard numbers connect.',
    ),
  ];
}

const SKEW_MS = 60_000;
const KEY_ONLY =
  'There is an API key and no auth token: statuses come by polling, nothing inbound can be verified, /2010-04-01 opens to issued keys only.';

export async function accountChecks(
  account: AccountSettings,
  client: TwilioClient,
  signal: AbortSignal,
): Promise<CheckRow[]> {
  const name = `account ${account.name}`;
  const keyOnly = account.authTokens.length > 0 ? [] : [note(name, KEY_ONLY, 'Add auth_token to have callbacks.')];
  try {
    await client.probe(signal);
  } catch (error) {
    return [faultRow(name, error), ...keyOnly];
  }
  const rows = [ok(name, `Twilio answers at ${account.baseUrl} for ${account.accountSid}.`)];
  const skew = client.observations.clockOffsetMs;
  if (skew !== null && Math.abs(skew) > SKEW_MS) {
    rows.push(
      wrong(
        'clock',
        `This machine's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'behind' : 'ahead of'} Twilio's.`,
        'Set the clock, for instance by NTP: schedules and expiry follow it.',
      ),
    );
  }
  rows.push(...(keyOnly.length > 0 ? keyOnly : await standing(name, client, signal)));
  return rows;
}

/** Suspended looks like a wrong password elsewhere; trial explains refused recipients. */
async function standing(name: string, client: TwilioClient, signal: AbortSignal): Promise<CheckRow[]> {
  const { status, type } = await client.account(signal).catch(() => ({ status: undefined, type: undefined }));
  if (typeof status === 'string' && status !== 'active') {
    return [wrong(name, `The account is ${status}.`, "Settle it in Twilio's console.")];
  }
  if (type !== 'Trial') return [];
  return [
    note(
      name,
      'A trial account: it sends to verified caller IDs only ("tollboard recipients").',
      'Verify recipients, or upgrade the account.',
    ),
  ];
}

export async function senderChecks(settings: Settings, client: TwilioClient, signal: AbortSignal): Promise<CheckRow[]> {
  const name = 'sender';
  const { sender } = settings;
  let owned: string[];
  try {
    owned = await client.ownedNumbers(signal);
  } catch (error) {
    return [faultRow(name, error)];
  }
  const list = owned.length === 0 ? 'none' : owned.join(', ');
  if (sender === null) {
    if (owned.length === 1) return [ok(name, `${owned[0]}, the account's only number.`)];
    return [
      note(
        name,
        `There is no default sender; the account owns: ${list}.`,
        'Set sender: or TWILIO_FROM, or give --from with each message.',
      ),
    ];
  }
  if (!sender.startsWith('+')) return [ok(name, `${sender}; whether the account may use it shows when it sends.`)];
  if (owned.includes(sender)) return [ok(name, `${sender} belongs to the account.`)];
  return [
    wrong(
      name,
      `${sender} does not belong to the account, which owns: ${list}.`,
      'Set sender: or TWILIO_FROM to one of them.',
    ),
  ];
}
