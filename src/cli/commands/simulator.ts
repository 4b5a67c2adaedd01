/** `tollboard simulator`: the offline Twilio alone, and the verbs that steer a running one. */

import type { Call, CommandRow, OptionRow, Options } from '../command.ts';
import type { ControlRequest } from '../control-client.ts';
import path from 'node:path';
import { parseDuration } from '../../config/duration.ts';
import { readPlain } from '../../config/load.ts';
import { systemClock, systemRandom } from '../../system.ts';
import { JSON_OPTION, listOption, numberOption, textOption, usageError } from '../command.ts';
import { askControl, simulatorUrl } from '../control-client.ts';

const CONTROL_OPTIONS: readonly OptionRow[] = [
  {
    flags: '--simulator-url <url>',
    description: 'Address of the simulator.',
    default: 'TOLLBOARD_SIMULATOR_URL, else gateway.json, else http://127.0.0.1:8656',
  },
  { flags: '--data <dir>', description: 'Data folder with gateway.json.', default: './data' },
  JSON_OPTION,
];

const FILTER_OPTIONS: readonly OptionRow[] = [
  { flags: '--to <number>', description: 'Only to this number.' },
  { flags: '--from <number>', description: 'Only from this number.' },
  { flags: '--since <time>', description: 'Only accepted at or after this ISO 8601 time.' },
];

const WEBHOOK_OPTIONS: readonly OptionRow[] = [
  { flags: '--from <number>', description: 'The phone.' },
  { flags: '--to <number>', description: "The account's number." },
  { flags: '--account-sid <sid>', description: 'Whose number, where several accounts own it.' },
];

/** Fields of a fault or scenario beyond the first: `name=value`, a number where it looks like one. */
const FIELD_OPTION: OptionRow = {
  flags: '--set <name=value>',
  description: 'A further field; may be repeated.',
  repeat: true,
};

export const commands: readonly CommandRow[] = [
  {
    name: 'simulator',
    summary: 'Run the offline Twilio alone, until a signal stops it.',
    options: [
      { flags: '--port <port>', description: 'Port; 0 takes any free one.', default: '8656' },
      { flags: '--accounts <file>', description: 'Declares accounts, numbers and scenarios.' },
      { flags: '--data <dir>', description: 'Keep accounts and messages in this folder.', default: 'in memory' },
      { flags: '--trial <rules>', description: 'Rules of trial accounts: seeds or 2026.', default: 'seeds' },
      { flags: '--cors', description: 'Let web pages of any origin use it.' },
      { flags: '--json', description: 'The first line, when ready, is one JSON object.' },
    ],
    examples: ['tollboard simulator --port 0 --json'],
    run,
  },
  verb(
    'inbound',
    'A phone texts one of the numbers.',
    [
      ...WEBHOOK_OPTIONS,
      { flags: '--body <text>', description: 'The text.' },
      { flags: '--media-url <url>', description: 'A picture; may be repeated.', repeat: true },
    ],
    (options) => ({
      method: 'POST',
      path: 'inbound',
      body: { ...webhookFields(options), Body: textOption(options, 'body') ?? '', ...mediaField(options) },
    }),
  ),
  verb(
    'calls',
    'List calls; with --inbound a phone calls one of the numbers.',
    [
      { flags: '--inbound', description: 'A phone calls: --from, --to.' },
      ...FILTER_OPTIONS,
      { flags: '--account-sid <sid>', description: 'Whose number, with --inbound.' },
    ],
    (options) =>
      options.inbound === true
        ? { method: 'POST', path: 'calls', body: webhookFields(options) }
        : { method: 'GET', path: `calls${filterQuery(options)}` },
    { 'ACCEPTED AT': 'acceptedAt', FROM: 'from', TO: 'to', STATUS: 'status', SECONDS: 'duration', SID: 'sid' },
  ),
  verb(
    'messages',
    'List what every phone got and every acceptance.',
    FILTER_OPTIONS,
    (options) => ({ method: 'GET', path: `messages${filterQuery(options)}` }),
    { 'ACCEPTED AT': 'acceptedAt', FROM: 'from', TO: 'to', STATUS: 'status', SID: 'sid', BODY: 'body' },
  ),
  verb(
    'faults',
    'List, add or clear faults.',
    [
      { flags: '--add <fault>', description: 'For instance drop_answer, rate_limit, server_error, callback_lost.' },
      FIELD_OPTION,
      { flags: '--clear', description: 'Remove all.' },
    ],
    (options) =>
      change(
        'faults',
        options,
        textOption(options, 'add') === undefined ? null : { fault: textOption(options, 'add') },
      ),
  ),
  verb(
    'scenarios',
    'List, add or clear scenarios of a phone or a sender.',
    [
      { flags: '--to <number>', description: 'The phone.' },
      { flags: '--from <number>', description: 'The sender.' },
      FIELD_OPTION,
      { flags: '--clear', description: 'Remove all.' },
    ],
    (options) => {
      const [to, from] = [textOption(options, 'to'), textOption(options, 'from')];
      return change(
        'scenarios',
        options,
        to === undefined && from === undefined
          ? null
          : { ...(to === undefined ? {} : { to }), ...(from === undefined ? {} : { from }) },
      );
    },
  ),
  verb(
    'clock',
    'Show the clock, or move it.',
    [
      { flags: '--advance <duration>', description: 'For instance 10m.' },
      { flags: '--set <time>', description: 'An ISO 8601 time.' },
    ],
    clockRequest,
  ),
  verb('coverage', 'Show which endpoints were used.', [], () => ({ method: 'GET', path: 'coverage' })),
];

/** `columns`: heading and member of what is shown of each item; without them a list is printed as JSON, whole. */
function verb(
  name: string,
  summary: string,
  options: readonly OptionRow[],
  request: (options: Options) => ControlRequest,
  columns: Readonly<Record<string, string>> = {},
): CommandRow {
  const [head, members] = [Object.keys(columns), Object.values(columns)];
  return {
    name: `simulator ${name}`,
    summary,
    options: [...options, ...CONTROL_OPTIONS],
    async run({ options: given, io, out }) {
      const asked = request(given);
      const url = await simulatorUrl(given, io.env, io.cwd);
      const rows: string[][] = [];
      for await (const { answer, list } of pagesOf(url, asked, io.interrupted)) {
        // Lists as JSON lines, so that a long one can be read as it comes.
        if (out.json && list !== null) for (const item of list) out.line(item);
        else if (out.json) out.line(answer);
        else if (list !== null && head.length > 0) rows.push(...list.map((item) => cellsOf(item, members)));
        else out.text(JSON.stringify(answer, null, 2));
      }
      if (!out.json && head.length > 0 && (rows.length > 0 || asked.method === 'GET')) out.table(head, rows);
      return 0;
    },
  };
}

async function run({ options, io, out }: Call): Promise<number> {
  const port = numberOption('--port', textOption(options, 'port') ?? '8656', { min: 0, max: 65_535 });
  const trial = textOption(options, 'trial') ?? 'seeds';
  if (trial !== 'seeds' && trial !== '2026')
    throw usageError(`--trial is ${JSON.stringify(trial.slice(0, 40))}; expected seeds or 2026`);
  const [accounts, data] = [textOption(options, 'accounts'), textOption(options, 'data')];
  const declared =
    accounts === undefined ? null : await readPlain(path.resolve(io.cwd, accounts), io.env, '--accounts');
  const { createSimulator } = await import('../../simulator/server.ts');
  const simulator = await createSimulator({
    port,
    trial,
    clock: systemClock,
    random: systemRandom,
    cors: options.cors === true,
    ...(declared === null ? {} : { accounts: declared.value, placeOf: declared.placeOf }),
    ...(data === undefined ? {} : { file: await simulatorFile(path.resolve(io.cwd, data)) }),
  });
  const account = simulator.accounts[0];
  if (out.json) {
    out.line({
      url: simulator.url,
      accountSid: account?.sid ?? null,
      authToken: account?.authToken ?? null,
      pid: process.pid,
    });
  } else {
    out.text(`Simulated Twilio at ${simulator.url}: nothing leaves this machine.`);
    out.table(
      ['ACCOUNT SID', 'AUTH TOKEN', 'NAME'],
      simulator.accounts.map(({ sid, authToken, friendlyName }) => [sid, authToken, friendlyName]),
    );
  }
  await new Promise<void>((resolve) => {
    if (io.interrupted.aborted) return resolve();
    io.interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  await simulator.stop();
  return 0;
}

async function simulatorFile(folder: string): Promise<string> {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return path.join(folder, 'simulator.sqlite');
}

function webhookFields(options: Options): Record<string, string> {
  const [from, to, account] = [
    textOption(options, 'from'),
    textOption(options, 'to'),
    textOption(options, 'accountSid'),
  ];
  if (from === undefined || to === undefined) throw usageError('Both --from and --to are needed');
  return { From: from, To: to, ...(account === undefined ? {} : { AccountSid: account }) };
}

function mediaField(options: Options): Record<string, readonly string[]> {
  const urls = listOption(options, 'mediaUrl');
  return urls.length === 0 ? {} : { MediaUrl: urls };
}

function filterQuery(options: Options): string {
  const query = new URLSearchParams();
  for (const name of ['to', 'from', 'since']) {
    const value = textOption(options, name);
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? '' : `?${query}`;
}

function change(name: string, options: Options, first: Record<string, unknown> | null): ControlRequest {
  if (options.clear === true) return { method: 'DELETE', path: name };
  const fields = fieldsOf(listOption(options, 'set'));
  if (first === null && Object.keys(fields).length === 0) return { method: 'GET', path: name };
  return { method: 'POST', path: name, body: { ...first, ...fields } };
}

/** `count=3`; `after.sentMs=100` reaches into an object. */
function fieldsOf(given: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const text of given) {
    const at = text.indexOf('=');
    if (at < 1) throw usageError(`--set is ${JSON.stringify(text.slice(0, 40))}; expected name=value`);
    const [field = '', inner] = text.slice(0, at).split('.', 2);
    const value = plainValue(text.slice(at + 1));
    const before = typeof fields[field] === 'object' ? fields[field] : {};
    fields[field] = inner === undefined ? value : { ...before, [inner]: value };
  }
  return fields;
}

function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text) ? Number(text) : text;
}

function clockRequest(options: Options): ControlRequest {
  const [advance, set] = [textOption(options, 'advance'), textOption(options, 'set')];
  const advanceMs = advance === undefined ? undefined : parseDuration(advance);
  if (advance !== undefined && advanceMs === undefined) {
    throw usageError(`--advance is ${JSON.stringify(advance.slice(0, 40))}; expected a duration such as 10m`);
  }
  if (advance === undefined && set === undefined) return { method: 'GET', path: 'clock' };
  return {
    method: 'POST',
    path: 'clock',
    body: { ...(advanceMs === undefined ? {} : { advanceMs }), ...(set === undefined ? {} : { set }) },
  };
}

/** One answer, or every page of a long list. */
async function* pagesOf(
  url: string,
  asked: ControlRequest,
  interrupted: AbortSignal,
): AsyncGenerator<{ answer: unknown; list: readonly unknown[] | null }> {
  for (let { path } = asked; ; ) {
    const answer = await askControl(url, { ...asked, path }, interrupted);
    yield { answer, list: listIn(answer) };
    const { next } = answer as { next?: number | null };
    if (typeof next !== 'number') return;
    path = `${asked.path}${asked.path.includes('?') ? '&' : '?'}after=${next}`;
  }
}

function cellsOf(item: unknown, members: readonly string[]): string[] {
  const record = item as Readonly<Record<string, unknown>>;
  return members.map((member) => String(record[member] ?? '-'));
}

function listIn(answer: unknown): readonly unknown[] | null {
  const body = answer as Record<string, unknown>;
  return (
    ['messages', 'calls', 'faults', 'scenarios', 'endpoints'].map((name) => body[name]).find(Array.isArray) ?? null
  );
}
