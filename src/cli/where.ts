/** Where a command goes: a gateway named by flags, by the environment or by `gateway.json`, else straight to Twilio. */

import type { SettingsSources } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { Options } from './command.ts';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { dataDirDespiteFaults, loadSettings } from '../config/load.ts';
import { isLoopbackHost, withoutCredentials } from '../core/base-url.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { textOption, usageError } from './command.ts';

export type Destination =
  | {
      kind: 'gateway';
      url: string;
      token: string;
      from: 'flags' | 'environment' | 'gateway.json';
      newToken?: () => string | null;
    }
  | { kind: 'direct'; settings: Settings };

export interface GatewayFile {
  url: string;
  token: string;
  pid: number;
  simulatorUrl: string | null;
}

export interface WhereSources {
  options: Options;
  /** Option that names the gateway's address: `call` has a `--url` of Twilio's, so there it is `--gateway-url`. */
  urlOption?: 'url' | 'gatewayUrl';
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

const FILE_LIMIT = 64 * 1024;

const UNREADABLE: ReadonlySet<string> = new Set([
  'TOLLBOARD_CONFIG_SYNTAX',
  'TOLLBOARD_CONFIG_TAG_UNRESOLVED',
  'TOLLBOARD_CONFIG_FILE_UNREADABLE',
]);

/**
 * `--url/--token`, else `TOLLBOARD_URL/TOLLBOARD_TOKEN`, else `gateway.json` of the data folder, else Twilio credentials.
 * `--direct` skips the gateways. Throws `TOLLBOARD_CLI_NO_DESTINATION` where there is neither (`TOLLBOARD_CLI_NO_ACCOUNT` with `--direct`),
 * `TOLLBOARD_CLI_GATEWAY_FILE_REFUSED` for a file that may be somebody else's, and the configuration's errors.
 */
export async function findDestination(sources: WhereSources): Promise<Destination> {
  const { options, env } = sources;
  const flagUrl = textOption(options, sources.urlOption ?? 'url');
  const flag = sources.urlOption === 'gatewayUrl' ? '--gateway-url' : '--url';
  if (options.direct === true) {
    if (flagUrl !== undefined || options.token !== undefined)
      throw usageError(`--direct goes past any gateway, so ${flag} and --token cannot stand beside it`);
  } else {
    const url = flagUrl ?? set(env.TOLLBOARD_URL);
    const token = textOption(options, 'token') ?? set(env.TOLLBOARD_TOKEN);
    if (url !== undefined) return named(url, token, flagUrl === undefined ? 'TOLLBOARD_URL' : flag);
  }
  const settings = await settingsFor(sources).catch((error: unknown) => {
    const running = options.direct === true ? null : dataDirDespite(error, sources);
    const found = running === null ? null : announced(running, options);
    if (found === null) throw error;
    return found;
  });
  if ('kind' in settings) return settings;
  const found = options.direct === true ? null : announced(settings.dataDir, options);
  if (found !== null) return found;
  if (settings.accounts.length > 0) return { kind: 'direct', settings };
  if (options.direct === true) throw new TollboardError('TOLLBOARD_CLI_NO_ACCOUNT');
  throw new TollboardError('TOLLBOARD_CLI_NO_DESTINATION', { details: { dataDir: settings.dataDir } });
}

/** What the gateway says of itself that runs with this configuration; null where none does. Throws the configuration's errors. */
export async function gatewayFileFor(sources: WhereSources): Promise<GatewayFile | null> {
  try {
    return readGatewayFile((await settingsFor(sources)).dataDir);
  } catch (error) {
    const running = dataDirDespite(error, sources);
    const file = running === null ? null : readGatewayFile(running);
    if (file === null) throw error;
    return file;
  }
}

/**
 * A file in the middle of being edited stops no command to the gateway, which runs on with what it read before; one that the
 * command itself names is to be read. Null where the file does not say it plainly.
 */
function dataDirDespite(error: unknown, sources: WhereSources): string | null {
  const edited = isTollboardError(error) && UNREADABLE.has(error.code);
  return edited && sources.options.config === undefined ? dataDirDespiteFaults(settingsSources(sources)) : null;
}

/** The gateway of this data directory, or null where none runs. */
function announced(dataDir: string, options: Options): Destination | null {
  const file = readGatewayFile(dataDir);
  if (file === null) return null;
  const given = textOption(options, 'token');
  const found = { kind: 'gateway', url: file.url, from: 'gateway.json' } as const;
  if (given !== undefined) return { ...found, token: given };
  return { ...found, token: file.token, newToken: () => tokenNow(dataDir, file.url) };
}

export function settingsFor(sources: WhereSources): Promise<Settings> {
  return loadSettings(settingsSources(sources));
}

function settingsSources({ options, env, cwd }: WhereSources): SettingsSources {
  const [data, config] = [textOption(options, 'data'), textOption(options, 'config')];
  return {
    flags: { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) },
    env,
    cwd,
  };
}

/**
 * `<data>/gateway.json`, or null where there is none. It holds a token, so it is believed only when it is mine, readable
 * by nobody else, no link, and names a loopback address; otherwise `TOLLBOARD_CLI_GATEWAY_FILE_REFUSED`.
 */
export function readGatewayFile(dataDir: string): GatewayFile | null {
  const file = path.join(dataDir, 'gateway.json');
  const refuse = (fault: string) =>
    new TollboardError('TOLLBOARD_CLI_GATEWAY_FILE_REFUSED', { details: { file, fault } });
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw refuse(code === 'ELOOP' ? 'it is a link' : `it cannot be read (${code})`);
  }
  try {
    const { uid, mode } = fstatSync(handle);
    if (process.getuid !== undefined && uid !== process.getuid()) throw refuse('it belongs to another user');
    if ((mode & 0o077) !== 0) throw refuse(`its mode is ${(mode & 0o777).toString(8)}, not 600`);
    const content = Buffer.alloc(FILE_LIMIT);
    const parsed = parseGatewayFile(content.toString('utf8', 0, readSync(handle, content, 0, FILE_LIMIT, 0)));
    if (parsed === null) throw refuse('its content is not that of a gateway');
    if (!isLoopback(parsed.url)) throw refuse('its URL is not a loopback address');
    return parsed;
  } finally {
    closeSync(handle);
  }
}

/** The token of a gateway that started again at the same address; null where the file says nothing (yet). */
function tokenNow(dataDir: string, url: string): string | null {
  try {
    const file = readGatewayFile(dataDir);
    return file?.url === url ? file.token : null;
  } catch {
    return null;
  }
}

/** True for http(s) addresses of this machine alone. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && isLoopbackHost(new URL(url).hostname);
}

/** `origin`: the flag or variable that named it. */
function named(
  url: string,
  token: string | undefined,
  origin: '--url' | '--gateway-url' | 'TOLLBOARD_URL',
): Destination {
  if (!isPlainAddress(url)) {
    throw usageError(
      `${origin} is ${JSON.stringify(withoutCredentials(url).slice(0, 80))}; expected an http or https address without credentials`,
    );
  }
  if (token === undefined)
    throw usageError(`The gateway at ${new URL(url).origin} needs a token: give --token or TOLLBOARD_TOKEN`);
  const from = origin === 'TOLLBOARD_URL' ? 'environment' : 'flags';
  return { kind: 'gateway', url: url.replace(/\/+$/, ''), token, from };
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function parseGatewayFile(text: string): GatewayFile | null {
  try {
    const { url, token, pid, simulatorUrl } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== 'string' || typeof token !== 'string' || typeof pid !== 'number') return null;
    return { url, token, pid, simulatorUrl: typeof simulatorUrl === 'string' ? simulatorUrl : null };
  } catch {
    return null;
  }
}

function set(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
