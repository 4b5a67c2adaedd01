/** A real Home Assistant, as `.ci/hosts/home-assistant.sh` has prepared it: started in a folder of its own, spoken to as a page does. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './tree.ts';

const HOME = process.env.TOLLBOARD_HOME_ASSISTANT ?? join(ROOT, '.tmp/hosts/home-assistant/python');
export const COMPONENTS = join(ROOT, 'integrations/home-assistant/custom_components');

/** The interpreter that has Home Assistant, or null. */
export function homeAssistantPython(): string | null {
  const file = join(HOME, 'bin', 'python');
  return existsSync(join(HOME, 'ready')) && existsSync(file) ? file : null;
}

/** Such as 2026.11.0. */
export function homeAssistantVersion(python: string): string {
  return execFileSync(python, ['-m', 'homeassistant', '--version'], { encoding: 'utf8' }).trim();
}

export interface HomeAssistantOptions {
  python: string;
  /** Path below the configuration folder → text. `{url}` in them is this Home Assistant's own address. */
  files: Record<string, string>;
  /** Whether ours go before its own; default true. */
  components?: boolean;
}

export interface HomeAssistant {
  readonly url: string;
  /** The owner's long-lived access token. */
  readonly token: string;
  /** One command over the WebSocket; rejects with {@link HomeAssistantRefusal}. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever members the test asks it for
  call(type: string, parameters?: Record<string, unknown>): Promise<any>;
  /** An action as an automation takes it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  act(action: string, data?: Record<string, unknown>, wanted?: { response?: boolean }): Promise<any>;
  /** One request to the REST API, with the owner's token. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  rest(method: string, path: string, body?: unknown): Promise<any>;
  /** What was fired of this type since the first call for it; `until` resolves at the n-th. */
  events(type: string): Promise<Fired>;
  /** Resolves once the entity has this state. */
  state(entity: string, state: string): Promise<void>;
  /** Everything printed and logged so far. */
  output(): string;
  /** Writes a file of the configuration folder anew. */
  write(path: string, text: string): void;
  remove(path: string): void;
  /** Names of the files that it keeps its state in. */
  stored(): string[];
  /** Stops it cleanly and starts it again with the same folder and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export class HomeAssistantRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export async function startHomeAssistant({
  python,
  files,
  components = true,
}: HomeAssistantOptions): Promise<HomeAssistant> {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-home-assistant-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text.replaceAll('{url}', url).replaceAll('{port}', String(port)));
  }
  if (components) cpSync(COMPONENTS, join(folder, 'custom_components'), { recursive: true });
  const token = writeOwner(folder);
  let said = '';
  let child: ChildProcess;
  let socket: Connection;

  async function begin(): Promise<void> {
    child = spawn(python, ['-m', 'homeassistant', '--config', folder, '--skip-pip'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', NO_PROXY: '*' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const initialized = new Promise<void>((resolve, reject) => {
      const from = said.length;
      const take = (text: string) => {
        said += text;
        if (said.includes('Home Assistant initialized in', from)) resolve();
      };
      child.stdout?.setEncoding('utf8').on('data', take);
      child.stderr?.setEncoding('utf8').on('data', take);
      child.once('close', (code) => reject(new Error(`Home Assistant ended with ${code}: ${said.slice(from)}`)));
    });
    await initialized;
    socket = await connect(url, token);
    const started = await socket.subscribe('homeassistant_started');
    const { state } = (await socket.call('get_config')) as { state: string };
    if (state !== 'RUNNING') await started.until(1);
  }

  async function end(): Promise<void> {
    socket.close();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, 'exit');
    child.kill('SIGTERM');
    await over;
  }

  await begin();
  return {
    url,
    token,
    call: (type, parameters) => socket.call(type, parameters),
    act(action, data = {}, { response = false } = {}) {
      const [domain = '', service = ''] = action.split('.');
      const call = { domain, service, service_data: data, return_response: response };
      return socket.call('call_service', call);
    },
    async rest(method, path, body) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text);
    },
    events: (type) => socket.subscribe(type),
    async state(entity, wanted) {
      const changes = await socket.subscribe('state_changed');
      for (;;) {
        const count = changes.all.length + 1;
        const states = (await socket.call('get_states')) as Array<{ entity_id: string; state: string }>;
        if (states.some((one) => one.entity_id === entity && one.state === wanted)) return;
        await changes.until(count);
      }
    },
    output: () => said + logOf(folder),
    write: (path, text) => writeFileSync(join(folder, path), text),
    remove: (path) => rmSync(join(folder, path)),
    stored: () => readdirSync(join(folder, '.storage')),
    async restart() {
      await end();
      await begin();
    },
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function logOf(folder: string): string {
  const logs = readdirSync(folder).filter((name) => name.startsWith('home-assistant.log'));
  return logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An owner with a long-lived token, as the first page of a new installation would make them. */
function writeOwner(folder: string): string {
  const [user, refresh, key] = [randomBytes(16), randomBytes(16), randomBytes(64)].map((bytes) =>
    bytes.toString('hex'),
  );
  const day = 86_400;
  const owner = { id: user, group_ids: ['system-admin'], is_owner: true, is_active: true, name: 'Owner' };
  const refreshToken = {
    ...{ id: refresh, user_id: user, client_id: null, client_name: 'Tests', client_icon: null },
    ...{ token_type: 'long_lived_access_token', created_at: new Date().toISOString(), version: '2025.1.0' },
    ...{ access_token_expiration: 10 * day, token: randomBytes(64).toString('hex'), jwt_key: key },
    ...{ last_used_at: null, last_used_ip: null, expire_at: null, credential_id: null },
  };
  const data = {
    users: [{ ...owner, system_generated: false, local_only: false }],
    groups: [{ id: 'system-admin', name: 'Administrators' }],
    credentials: [],
    refresh_tokens: [refreshToken],
  };
  mkdirSync(join(folder, '.storage'), { recursive: true });
  const stored = { version: 1, minor_version: 1, key: 'auth', data };
  writeFileSync(join(folder, '.storage/auth'), JSON.stringify(stored));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: refresh, iat, exp: iat + 10 * day })}`;
  return `${signed}.${createHmac('sha256', key ?? '')
    .update(signed)
    .digest('base64url')}`;
}

interface Answer {
  id?: number;
  type: string;
  success?: boolean;
  result?: unknown;
  error?: { code: string; message: string };
  event?: { data: Record<string, unknown> };
}

/** What was fired since the subscription. */
export interface Fired {
  all: Array<Record<string, unknown>>;
  until(count: number): Promise<void>;
}

interface Connection {
  call(type: string, parameters?: Record<string, unknown>): Promise<unknown>;
  subscribe(event: string): Promise<Fired>;
  close(): void;
}

/** Home Assistant docs: WebSocket API. */
async function connect(url: string, token: string): Promise<Connection> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/websocket`);
  const waiting = new Map<number, (answer: Answer) => void>();
  const events = new Map<number, (data: Record<string, unknown>) => void>();
  const subscriptions = new Map<string, Promise<Fired>>();
  let last = 0;
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)));
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.type === 'auth_required') socket.send(JSON.stringify({ type: 'auth', access_token: token }));
      else if (answer.type === 'auth_ok') resolve();
      else if (answer.type === 'auth_invalid') reject(new Error('the token of the test is refused'));
      else if (answer.type === 'event') events.get(answer.id ?? 0)?.(answer.event?.data ?? {});
      else waiting.get(answer.id ?? 0)?.(answer);
    });
  });

  async function ask(id: number, type: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, type, ...parameters }));
    const { success, result, error } = await answered;
    waiting.delete(id);
    if (success === true) return result;
    throw new HomeAssistantRefusal(error?.code ?? '', error?.message ?? '');
  }

  async function subscribe(event: string): Promise<Fired> {
    const all: Array<Record<string, unknown>> = [];
    const watchers = new Set<() => void>();
    const id = ++last;
    events.set(id, (data) => {
      all.push(data);
      for (const watcher of watchers) watcher();
    });
    await ask(id, 'subscribe_events', { event_type: event });
    return {
      all,
      until: (count) =>
        new Promise((resolve) => {
          const check = () => {
            if (all.length < count) return;
            watchers.delete(check);
            resolve();
          };
          watchers.add(check);
          check();
        }),
    };
  }

  return {
    call: (type, parameters) => ask(++last, type, parameters),
    subscribe(event) {
      const known = subscriptions.get(event) ?? subscribe(event);
      subscriptions.set(event, known);
      return known;
    },
    close: () => socket.close(),
  };
}
