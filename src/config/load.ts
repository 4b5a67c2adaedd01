/** Loads the settings of a gateway or a one-shot command: flag > environment > file > default. */

import type { Located, Place } from '../core/located.ts';
import type { AccountSettings, AutomationSettings, PlainFile, Settings } from './settings.ts';
import type { Found, Values } from './values.ts';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { normalizeBaseUrl } from '../core/base-url.ts';
import { TollboardError } from '../core/errors.ts';
import { toPlain } from '../core/located.ts';
import { sinksOf } from './sinks.ts';
import { collectValues } from './values.ts';

export interface SettingsFlags {
  config?: string;
  data?: string;
  host?: string;
  port?: string;
  accounts?: string;
  /** `auto` (default), `always` or `never`. */
  simulator?: string;
  /** Default 8656; 0 takes any free one. */
  simulatorPort?: string;
}

export interface SettingsSources {
  flags: SettingsFlags;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

export interface LoadedSettings {
  settings: Settings;
  /** Every value with its origin, for `config show`. */
  values: Values;
}

const SIMULATOR_MODES = ['auto', 'always', 'never'] as const;
const SIMULATOR_PORT = 8656;

/** Settings alone; see {@link loadSettingsWithOrigins} for the errors. */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  return (await loadSettingsWithOrigins(sources)).settings;
}

/**
 * Reads `flags.config`, else `TOLLBOARD_CONFIG`, else `./tollboard.yaml` where it exists. Throws the errors
 * `TOLLBOARD_CONFIG_*`: each names the place (file, line and column, variable or flag), the value and what was expected.
 */
export async function loadSettingsWithOrigins(sources: SettingsSources): Promise<LoadedSettings> {
  const { flags, env, cwd } = sources;
  const configFile = findConfigFile(sources);
  // The YAML parser costs more start-up time than everything else here, so it is loaded only for a file.
  const source = configFile === null ? null : await import('./source.ts');
  const raw = new Map<string, Located>();
  const values = collectValues({
    raw,
    file: source === null || configFile === null ? null : source.readSource(configFile.path, env, configFile.namedBy),
    printPlace: (place) => source?.printPlace(place) ?? '',
    env,
    flags: { '--host': flags.host, '--port': flags.port, '--data': flags.data, '--accounts': flags.accounts },
    cwd,
  });
  const accounts = accountsOf(values);
  const settings = settingsOf(values, flags);
  const { accountsFile } = settings.simulator;
  if (accountsFile !== null) {
    const namedBy = values.get('simulator.accounts')?.where;
    settings.simulator.accounts = await readPlain(accountsFile, env, namedBy);
  }
  const warnings = accounts.flatMap(sidWarning);
  let wasThere = configFile !== null;
  const reload = async () => {
    const next = await loadSettings(sources);
    // Rather a mistake than the wish to have no automations: those would lose their place among the events.
    if (wasThere && next.configFile === null) {
      const details = { where: 'configuration', file: usualFile(cwd), fault: 'it is gone' };
      throw new TollboardError('TOLLBOARD_CONFIG_FILE_UNREADABLE', { details });
    }
    wasThere = next.configFile !== null;
    return next.automation;
  };
  const automation = {
    automations: raw.get('automation') ?? null,
    notify: raw.get('notify') ?? null,
    restCommand: raw.get('rest_command') ?? null,
    homeAssistant: homeAssistantOf(values),
    printPlace: (place: Place) => source?.printPlace(place) ?? '',
    configFile: configFile?.path ?? usualFile(cwd),
    reload,
    atStart: atStartOf(values),
  };
  return { settings: { ...settings, accounts, automation, configFile: configFile?.path ?? null, warnings }, values };
}

/** A YAML or JSON file as plain data, tags resolved: for what is declared outside the configuration. */
export async function readPlain(file: string, env: SettingsSources['env'], namedBy?: string): Promise<PlainFile> {
  const { readSource, placeAt, printPlace } = await import('./source.ts');
  const source = readSource(file, env, namedBy);
  return { value: toPlain(source), placeOf: (where) => printPlace(placeAt(source, where)) };
}

/**
 * The data directory by a configuration that cannot be used: for commands to a gateway that runs on with what it read
 * before. Null where the file does not say it plainly.
 */
export function dataDirDespiteFaults(sources: SettingsSources): string | null {
  const { flags, cwd } = sources;
  if (flags.data !== undefined) return path.resolve(cwd, flags.data);
  const file = findConfigFile(sources)?.path;
  if (file === undefined || !existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  if (/^\s*\{/.test(text)) return null;
  const [, written] = /^(?:data|"data"|'data')[ \t]*:(.*)$/m.exec(text) ?? [];
  if (written === undefined) return path.resolve(cwd, './data');
  const [, plain] = /^[ \t]+([\w./-]+)[ \t\r]*(?:#.*)?$/.exec(written) ?? [];
  return plain === undefined ? null : path.resolve(path.dirname(file), plain);
}

function findConfigFile({ flags, env, cwd }: SettingsSources): { path: string; namedBy: string } | null {
  if (flags.config !== undefined) return { path: path.resolve(cwd, flags.config), namedBy: '--config' };
  const named = env.TOLLBOARD_CONFIG ?? '';
  if (named !== '') return { path: path.resolve(cwd, named), namedBy: 'TOLLBOARD_CONFIG' };
  const usual = usualFile(cwd);
  return existsSync(usual) ? { path: usual, namedBy: 'configuration' } : null;
}

function usualFile(cwd: string): string {
  return path.resolve(cwd, 'tollboard.yaml');
}

function settingsOf(
  values: Values,
  flags: SettingsFlags,
): Omit<Settings, 'accounts' | 'automation' | 'configFile' | 'warnings'> {
  const text = (key: string) => String(values.get(key)?.value ?? '');
  const optional = (key: string) => (values.has(key) ? text(key) : null);
  const number = (key: string) => Number(values.get(key)?.value);
  return {
    listen: { host: text('listen.host'), port: number('listen.port'), hosts: texts(values, 'listen.hosts') },
    publicUrl: optional('public_url'),
    dataDir: text('data'),
    store: text('store'),
    sender: optional('sender'),
    senders: Object.fromEntries(
      namesUnder(values, 'senders').map((name) => [name, { perSecond: number(`senders.${name}.per_second`) }]),
    ),
    simulator: {
      mode: simulatorMode(flags.simulator),
      port: simulatorPort(flags.simulatorPort),
      accountsFile: optional('simulator.accounts'),
      accounts: null,
      trial: text('simulator.trial') as '2026' | 'seeds',
    },
    delivery: {
      onUnknown: text('delivery.on_unknown') as 'resend' | 'hold',
      resolveWindowMs: number('delivery.resolve_window'),
      concurrency: number('delivery.concurrency'),
      statusCallback: text('delivery.status_callback') as 'auto' | 'always' | 'never',
    },
    facade: { answerWithinMs: number('facade.answer_within') },
    sinks: sinksOf(values),
    retention: {
      messagesMs: number('retention.messages'),
      idempotencyMs: number('retention.idempotency'),
      eventsMs: number('retention.events'),
    },
  };
}

/** All but what automations are made of. */
function atStartOf(values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, { value }] of values) {
    const [group = ''] = key.split('.', 1);
    if (group !== 'home_assistant') found[group] = (found[group] ?? '') + JSON.stringify([key, value]);
  }
  return found;
}

/** Half of it is an error: whoever names a Home Assistant wants it to be asked. */
function homeAssistantOf(values: Values): AutomationSettings['homeAssistant'] {
  const [url, token] = [values.get('home_assistant.url'), values.get('home_assistant.token')];
  if (url !== undefined && token !== undefined) return { url: String(url.value), token: String(token.value) };
  if (url === undefined && token === undefined) return null;
  const missing = url === undefined ? 'home_assistant.url' : 'home_assistant.token';
  const where = (url ?? token)?.where ?? '';
  const remedy = 'Give its address and a long-lived access token of it; or neither.';
  const details = { where, key: missing, value: 'absent', expected: 'both url and token of home_assistant' };
  throw new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', { details, remedy });
}

function accountsOf(values: Values): AccountSettings[] {
  const groups = [
    { name: 'default', prefix: 'twilio.' },
    ...namesUnder(values, 'accounts').map((name) => ({ name, prefix: `accounts.${name}.` })),
  ];
  const accounts = groups.flatMap(({ name, prefix }) => accountOf(name, prefix, values) ?? []);
  const seen = new Set<string>();
  for (const account of accounts) {
    if (seen.has(account.accountSid) || seen.has(account.name)) throw repeatedAccount(account, values);
    seen.add(account.accountSid).add(account.name);
  }
  return accounts;
}

function accountOf(name: string, prefix: string, values: Values): AccountSettings | null {
  const sid = values.get(`${prefix}account_sid`);
  // A SID from the environment selects another account than the file's: the file's credentials do not belong to it.
  const foreign = sid?.origin === 'environment' && sid.value !== sid.overridden;
  const own = (key: string) => {
    const found = values.get(prefix + key);
    return foreign && found?.origin === 'file' ? undefined : found;
  };
  const token = own('auth_token');
  const key = own('api_key');
  const secret = own('api_secret');
  const parts = [
    { name: 'account_sid', found: sid },
    { name: 'auth_token', found: token },
    { name: 'api_key', found: key },
    { name: 'api_secret', found: secret },
  ];
  const given = parts.filter((part) => part.found !== undefined);
  if (given.length === 0) return null;
  const missing = missingPart(sid !== undefined, token !== undefined, key !== undefined, secret !== undefined);
  if (missing !== null) {
    const where = [...new Set(given.map((part) => part.found?.where))].join(', ');
    throw new TollboardError('TOLLBOARD_CONFIG_CREDENTIALS_INCOMPLETE', {
      details: { where, given: given.map((part) => part.name).join(', '), missing },
    });
  }
  return {
    name,
    accountSid: String(sid?.value),
    authTokens: token === undefined ? [] : (token.value as readonly string[]).slice(),
    apiKey: key === undefined ? null : String(key.value),
    apiSecret: secret === undefined ? null : String(secret.value),
    baseUrl: baseUrlOf(values.get(`${prefix}base_url`)),
    simulated: false,
  };
}

function baseUrlOf(found: Found | undefined): string {
  const text = String(found?.value ?? 'https://api.twilio.com');
  const url = normalizeBaseUrl(text);
  if (url !== null) return url;
  throw new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: {
      where: found?.where ?? '',
      key: 'base_url',
      value: JSON.stringify(text),
      expected: 'an http or https address',
    },
  });
}

function missingPart(sid: boolean, token: boolean, key: boolean, secret: boolean): string | null {
  if (!sid) return 'account_sid';
  if (key && !secret) return 'api_secret';
  if (secret && !key) return 'api_key';
  return token || key ? null : 'auth_token';
}

function repeatedAccount(account: AccountSettings, values: Values): TollboardError {
  const key = `accounts.${account.name}`;
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: {
      where: values.get(`${key}.account_sid`)?.where ?? 'configuration',
      key,
      value: account.accountSid,
      expected: 'a name and an account SID that no other account has',
    },
  });
}

function sidWarning(account: AccountSettings): string[] {
  if (account.accountSid.startsWith('AC')) return [];
  return [`The account SID ${account.accountSid} does not begin with AC; Twilio's do. It is used as it is.`];
}

function simulatorMode(text = 'auto'): (typeof SIMULATOR_MODES)[number] {
  const mode = SIMULATOR_MODES.find((candidate) => candidate === text);
  if (mode !== undefined) return mode;
  throw flagInvalid('--simulator', text, `one of ${SIMULATOR_MODES.join(', ')}`);
}

function simulatorPort(text = String(SIMULATOR_PORT)): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw flagInvalid('--simulator-port', text, 'a whole number from 0 to 65535');
}

function flagInvalid(flag: string, text: string, expected: string): TollboardError {
  const value = JSON.stringify(text.slice(0, 60));
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', {
    details: { where: flag, key: flag.slice(2), value, expected },
  });
}

function namesUnder(values: Values, key: string): string[] {
  const prefix = `${key}.`;
  const names = [...values.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  // The setting's own name is the last part; what stands before it, dots and all, is the user's.
  return [...new Set(names.map((name) => name.slice(0, name.lastIndexOf('.'))))];
}

function texts(values: Values, key: string): string[] {
  return [...((values.get(key)?.value as readonly string[] | undefined) ?? [])];
}
